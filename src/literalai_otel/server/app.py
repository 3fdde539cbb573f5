"""The server as an ASGI application: services, routes, lifespan."""

from pathlib import Path
from typing import Final
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import request_response
from starlette.types import ASGIApp, Receive, Scope, Send

from literalai_otel.config import ServerConfig
from literalai_otel.server import readiness
from literalai_otel.server.access.first_start import is_loopback
from literalai_otel.server.access.keys import Keys
from literalai_otel.server.access.permissions import (
    ADD_ITEM,
    ANNOTATE,
    CHANGE_KEYS,
    READ_ALL,
    RULE_PROJECT,
    SEE_DATASETS,
    SEE_KEYS,
    SEE_LOGS,
    SEE_NOTES,
    SEE_PROJECT,
    WRITE_ALL,
    WRITE_LOGS,
)
from literalai_otel.server.access.sessions import Sessions
from literalai_otel.server.address import PublicAddress
from literalai_otel.server.files import READ_PATH, UPLOAD_PATH, Files
from literalai_otel.server.imports import Imports
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.live.streams import Streams
from literalai_otel.server.resolvers.engine import Engine
from literalai_otel.server.routes.account import AccountRoute
from literalai_otel.server.routes.answers import guarded, literal_refusal, otlp_refusal, refuse_route
from literalai_otel.server.routes.credentials import CredentialsRoute
from literalai_otel.server.routes.dashboard import DashboardRoute
from literalai_otel.server.routes.file_transfer import FileTransferRoute
from literalai_otel.server.routes.files import FileRoute
from literalai_otel.server.routes.gate import Gate
from literalai_otel.server.routes.graphql import GraphQLRoute
from literalai_otel.server.routes.health import HealthRoute
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.live import LiveRoute
from literalai_otel.server.routes.log_changes import LogChangesRoute
from literalai_otel.server.routes.logs import LogsRoute
from literalai_otel.server.routes.members import InvitationsRoute, MembersRoute
from literalai_otel.server.routes.otlp import OtlpRoute
from literalai_otel.server.routes.otlp_export import OtlpExportRoute
from literalai_otel.server.routes.pages import BUILT, PagesRoute
from literalai_otel.server.routes.projects import ProjectsRoute
from literalai_otel.server.routes.requests import RequestLog
from literalai_otel.server.routes.rest import RestRoute
from literalai_otel.server.routes.session import SessionRoute
from literalai_otel.server.routes.settings import SettingsRoute
from literalai_otel.server.routes.step_detail import StepDetailRoute
from literalai_otel.server.routes.trace import TraceRoute
from literalai_otel.server.routes.transfer import TransferRoute
from literalai_otel.server.routes.uploads import UploadRoute
from literalai_otel.server.store.scanning import ScanBound
from literalai_otel.server.store.store import Store
from literalai_otel.server.throttle import Throttle

_GET: Final = ["GET"]
_POST: Final = ["POST"]
_PATCH: Final = ["PATCH"]
_DELETE: Final = ["DELETE"]


def create_app(config: ServerConfig, store: Store) -> Starlette:
    """The application over an open store. It does not own the store: whoever opened it closes it afterwards."""
    ingest = Ingest(store)
    keys = Keys(store, exposed=not is_loopback(config.host))
    sessions = Sessions(store)
    gate = Gate(keys, sessions)
    intake = Intake(config.max_body_bytes)
    files = Files(store, config)
    graphql = GraphQLRoute(intake, Engine(store, ingest, files, ScanBound(seconds=config.scan_seconds)), ingest)
    rest = RestRoute(intake, store)
    uploads = UploadRoute(intake, files, form=config.upload_form)
    file = FileRoute(files)
    otlp = OtlpRoute(intake, ingest)
    otlp_export = OtlpExportRoute(intake, store)
    transfer = TransferRoute(intake, store, Imports(store, ingest))
    file_transfer = FileTransferRoute(intake, files, store)
    logs = LogsRoute(store, ScanBound(seconds=config.scan_seconds))
    log_changes = LogChangesRoute(intake, store)
    settings = SettingsRoute(intake, store)
    traces = TraceRoute(store)
    step_detail = StepDetailRoute(store, files)
    pages = PagesRoute(Path(config.static_dir) if config.static_dir else BUILT)
    session = SessionRoute(intake, store, sessions, lambda: pages.build)
    account = AccountRoute(intake, store, sessions, session)
    projects = ProjectsRoute(intake, store, keys)
    credentials = CredentialsRoute(intake, store, keys)
    members = MembersRoute(intake, store)
    invitations = InvitationsRoute(intake, store, sessions, session)
    streams = Streams(store)
    live = LiveRoute(gate, streams, lambda: pages.build)
    dashboard = DashboardRoute(store, config.scan_seconds)
    health = HealthRoute(readiness.vital_checks(store), {"files": lambda: readiness.storage(files)})
    app = Starlette(
        routes=[
            gate.route("/api/graphql", graphql.post, needs=(), methods=_POST),
            gate.open_route("/api/session", session.get, methods=_GET),
            gate.open_route("/api/session", session.sign_in, methods=_POST),
            gate.open_route("/api/session/link", session.use_link, methods=_POST),
            gate.account_route("/api/session", session.sign_out, methods=_DELETE),
            gate.account_route("/api/account", account.change, methods=_PATCH),
            gate.account_route("/api/projects", projects.listed, methods=_GET),
            gate.account_route("/api/projects", projects.create, methods=_POST),
            gate.route("/api/projects/{project_id}", projects.rename, needs=RULE_PROJECT, methods=_PATCH),
            gate.route("/api/projects/{project_id}", projects.delete, needs=RULE_PROJECT, methods=_DELETE),
            gate.route("/api/projects/{project_id}/leave", projects.leave, needs=(), methods=_POST),
            gate.route("/api/projects/{project_id}/transfer", projects.transfer, needs=RULE_PROJECT, methods=_POST),
            gate.route("/api/keys", credentials.listed, needs=SEE_KEYS, methods=_GET),
            gate.route("/api/keys", credentials.create, needs=CHANGE_KEYS, methods=_POST),
            gate.route("/api/keys/{key:int}", credentials.revoke, needs=CHANGE_KEYS, methods=_DELETE),
            gate.route("/api/members", members.listed, needs=SEE_PROJECT, methods=_GET),
            gate.route("/api/members/{user}", members.change, needs=RULE_PROJECT, methods=_PATCH),
            gate.route("/api/members/{user}", members.remove, needs=RULE_PROJECT, methods=_DELETE),
            gate.route("/api/invitations", members.invite, needs=RULE_PROJECT, methods=_POST),
            gate.route("/api/invitations/{invitation}", members.withdraw, needs=RULE_PROJECT, methods=_DELETE),
            gate.open_route("/api/invitations/look", invitations.look, methods=_POST),
            gate.open_route("/api/invitations/accept", invitations.accept, methods=_POST),
            gate.route("/api/my-project", rest.my_project, needs=(), methods=_POST),
            gate.route("/api/export/dataset", rest.export_dataset, needs=SEE_DATASETS, methods=_POST),
            gate.route("/api/upload/file", uploads.ask, needs=WRITE_LOGS, methods=_POST),
            gate.open_route(UPLOAD_PATH, uploads.receive, methods=["POST", "PUT"]),
            gate.open_route(f"{READ_PATH}/{{project}}/{{key:path}}", file.get, methods=_GET),
            gate.route("/v1/traces", otlp.traces, needs=WRITE_LOGS, methods=_POST, render=otlp_refusal),
            gate.route("/api/export/records", transfer.export_records, needs=READ_ALL, methods=_POST),
            gate.route("/api/export/otlp", otlp_export.export, needs=SEE_LOGS, methods=["GET", "POST"]),
            gate.route("/api/export/file", file_transfer.export_file, needs=READ_ALL, methods=_POST),
            gate.route("/api/import/file", file_transfer.import_file, needs=WRITE_ALL, methods=_POST),
            gate.route("/api/import", transfer.import_records, needs=WRITE_ALL, methods=_POST),
            gate.route("/api/tags", settings.tags, needs=SEE_NOTES, methods=_GET),
            gate.route("/api/tags", settings.add_tag, needs=ANNOTATE, methods=_POST),
            gate.route("/api/tags/{tag:int}", settings.change_tag, needs=ANNOTATE, methods=_PATCH),
            gate.route("/api/tags/{tag:int}", settings.delete_tag, needs=ANNOTATE, methods=_DELETE),
            gate.route("/api/usage", settings.usage, needs=SEE_LOGS, methods=_GET),
            gate.route("/api/prices/models", settings.models, needs=SEE_LOGS, methods=_GET),
            gate.route("/api/logs/{kind}", logs.rows, needs=SEE_LOGS, methods=_GET),
            gate.route("/api/logs/{kind}/fields", logs.fields, needs=SEE_LOGS, methods=_GET),
            gate.route("/api/logs/{kind}/facets", logs.facets, needs=SEE_LOGS, methods=_GET),
            gate.route("/api/logs/scores", log_changes.scores, needs=ANNOTATE, methods=_POST),
            gate.route("/api/logs/{kind}/tags", log_changes.tags, needs=ANNOTATE, methods=_POST),
            gate.route("/api/logs/datasets/{dataset}/items", log_changes.items, needs=ADD_ITEM, methods=_POST),
            gate.route("/api/dashboard", dashboard.get, needs=SEE_LOGS, methods=_GET),
            gate.route("/api/live", live.follow, needs=SEE_LOGS, methods=_GET),
            gate.route("/api/trace", traces.get, needs=SEE_LOGS, methods=_GET),
            gate.account_route("/api/find/{kind}/{id:path}", traces.find, methods=_GET),
            gate.route("/api/steps/{id:path}", step_detail.get, needs=SEE_LOGS, methods=_GET),
            gate.open_route("/health", health.healthz, methods=_GET),
            gate.open_route("/healthz", health.healthz, methods=_GET),
            gate.open_route("/readyz", health.readyz, methods=_GET),
            gate.open_route("/assets/{path:path}", pages.asset, methods=_GET),
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
    # What no route answers, if it is none of the API's addresses, is one of the page's own.
    app.router.default = request_response(guarded(pages.index, literal_refusal))
    app.state.wrong_keys = Throttle()
    app.state.files = files
    app.state.streams = streams
    return app


class CollapseSlashes:
    """`//api/graphql` is `/api/graphql`: TS and LiteLLM do not strip a trailing slash of the base address.

    Slashes of an id are written `%2F`, and stay.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with every run of slashes in the path as it was sent made one."""
        if scope["type"] == "http" and b"//" in scope["raw_path"]:
            raw_path = b"/" + b"/".join(part for part in scope["raw_path"].split(b"/") if part)
            scope = {**scope, "path": unquote(raw_path.decode("ascii")), "raw_path": raw_path}
        await self._app(scope, receive, send)
