"""The server as an ASGI application: services, routes, lifespan."""

from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from literalai_otel.config import ServerConfig
from literalai_otel.server.auth import Keys, is_loopback
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.resolvers.engine import Engine
from literalai_otel.server.routes.answers import guarded, literal_refusal, otlp_refusal, refuse_route
from literalai_otel.server.routes.graphql import GraphQLRoute
from literalai_otel.server.routes.health import HealthRoute
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.otlp import OtlpRoute
from literalai_otel.server.routes.rest import RestRoute
from literalai_otel.server.store.store import Store

_POST: Final = ["POST"]


def create_app(config: ServerConfig, store: Store) -> Starlette:
    """The application over an open store. It does not own the store: whoever opened it closes it afterwards."""
    ingest = Ingest(store)
    keys = Keys(store, exposed=not is_loopback(config.host))
    intake = Intake(config.max_body_bytes)
    graphql = GraphQLRoute(keys, intake, Engine(store, ingest), ingest)
    rest = RestRoute(keys)
    otlp = OtlpRoute(keys, intake, ingest)
    health = HealthRoute(keys)
    return Starlette(
        routes=[
            Route("/api/graphql", guarded(graphql.post, literal_refusal), methods=_POST),
            Route("/api/my-project", guarded(rest.my_project, literal_refusal), methods=_POST),
            Route("/v1/traces", guarded(otlp.traces, otlp_refusal), methods=_POST),
            Route("/healthz", guarded(health.healthz, literal_refusal), methods=["GET"]),
        ],
        middleware=[Middleware(CollapseSlashes)],
        exception_handlers={HTTPException: refuse_route},
    )


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
