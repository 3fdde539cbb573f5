"""The server as an ASGI application: services, routes, lifespan."""

from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from literalai_otel.config import ServerConfig
from literalai_otel.server import readiness
from literalai_otel.server.address import PublicAddress
from literalai_otel.server.auth import Keys, is_loopback
from literalai_otel.server.files import READ_PATH, UPLOAD_PATH, Files
from literalai_otel.server.imports import Imports
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.resolvers.engine import Engine
from literalai_otel.server.routes.answers import guarded, literal_refusal, otlp_refusal, refuse_route
from literalai_otel.server.routes.file_transfer import FileTransferRoute
from literalai_otel.server.routes.files import FileRoute
from literalai_otel.server.routes.graphql import GraphQLRoute
from literalai_otel.server.routes.health import HealthRoute
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.otlp import OtlpRoute
from literalai_otel.server.routes.otlp_export import OtlpExportRoute
from literalai_otel.server.routes.requests import RequestLog
from literalai_otel.server.routes.rest import RestRoute
from literalai_otel.server.routes.transfer import TransferRoute
from literalai_otel.server.routes.uploads import UploadRoute
from literalai_otel.server.store.scanning import ScanBound
from literalai_otel.server.store.store import Store
from literalai_otel.server.throttle import Throttle

_GET: Final = ["GET"]
_POST: Final = ["POST"]


def create_app(config: ServerConfig, store: Store) -> Starlette:
    """The application over an open store. It does not own the store: whoever opened it closes it afterwards."""
    ingest = Ingest(store)
    keys = Keys(store, exposed=not is_loopback(config.host))
    intake = Intake(config.max_body_bytes)
    files = Files(store, config)
    graphql = GraphQLRoute(keys, intake, Engine(store, ingest, files, ScanBound(seconds=config.scan_seconds)), ingest)
    rest = RestRoute(keys, intake, store)
    uploads = UploadRoute(keys, intake, files, form=config.upload_form)
    file = FileRoute(files)
    otlp = OtlpRoute(keys, intake, ingest)
    otlp_export = OtlpExportRoute(keys, intake, store)
    transfer = TransferRoute(keys, intake, store, Imports(store, ingest))
    file_transfer = FileTransferRoute(keys, intake, files, store)
    health = HealthRoute(readiness.vital_checks(store), {"files": lambda: readiness.storage(files)})
    app = Starlette(
        routes=[
            Route("/api/graphql", guarded(graphql.post, literal_refusal), methods=_POST),
            Route("/api/my-project", guarded(rest.my_project, literal_refusal), methods=_POST),
            Route("/api/export/dataset", guarded(rest.export_dataset, literal_refusal), methods=_POST),
            Route("/api/upload/file", guarded(uploads.ask, literal_refusal), methods=_POST),
            Route(UPLOAD_PATH, guarded(uploads.receive, literal_refusal), methods=["POST", "PUT"]),
            Route(f"{READ_PATH}/{{project}}/{{key:path}}", guarded(file.get, literal_refusal), methods=_GET),
            Route("/v1/traces", guarded(otlp.traces, otlp_refusal), methods=_POST),
            Route("/api/export/records", guarded(transfer.export_records, literal_refusal), methods=_POST),
            Route("/api/export/otlp", guarded(otlp_export.export, literal_refusal), methods=["GET", "POST"]),
            Route("/api/export/file", guarded(file_transfer.export_file, literal_refusal), methods=_POST),
            Route("/api/import/file", guarded(file_transfer.import_file, literal_refusal), methods=_POST),
            Route("/api/import", guarded(transfer.import_records, literal_refusal), methods=_POST),
            Route("/health", guarded(health.healthz, literal_refusal), methods=_GET),
            Route("/healthz", guarded(health.healthz, literal_refusal), methods=_GET),
            Route("/readyz", guarded(health.readyz, literal_refusal), methods=_GET),
        ],
        middleware=[
            Middleware(CollapseSlashes),
            Middleware(
                PublicAddress,
                base_path=config.base_path,
                public_url=config.public_url,
                trusted=config.trusted_proxies,
            ),
            Middleware(RequestLog, everything=config.access_log),
        ],
        exception_handlers={HTTPException: refuse_route},
    )
    app.state.wrong_keys = Throttle()
    app.state.files = files
    return app


class CollapseSlashes:
    """`//api/graphql` is `/api/graphql`: TS and LiteLLM do not strip a trailing slash of the base address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with every run of slashes in the path made one."""
        if scope["type"] == "http" and "//" in scope["path"]:
            path = "/" + "/".join(part for part in scope["path"].split("/") if part)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)
