"""`POST /api/graphql`: `{query, variables, operationName}` in, `{data, errors}` out."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel import jsonable
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.access.permissions import FIELDS
from literalai_otel.server.ingest import Ingest, Outcome
from literalai_otel.server.old_clients import Client
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import JSON, json_answer, media_type
from literalai_otel.server.routes.intake import RETRY_AFTER, Intake
from literalai_otel.server.routes.overload import refusing_overload
from literalai_otel.server.store.projects import Project

INLINE_BYTES: Final = 128 * 1024
"""Bodies up to this size are decoded and checked on the event loop (under 1 ms); larger ones on a thread."""
MAX_EXECUTIONS: Final = 4
MAX_WAITING: Final = 1_024
"""The published clients fire many mutations at once and try none again; what waits is bounded in bytes by `Intake`."""
_CUT: Final = {"literal-cut": "true"}
"""Beside an answer with a list that was not looked through to its end; `extensions.cut` says which."""
# P300 and TS send this for an empty list (spec/literal-wire.md §2.7); it is no valid GraphQL.
_EMPTY_BATCH: Final = re.compile(r"\s*mutation\s+(CreateScores|AddStep)\s*\(\s*\)\s*\{\s*\}\s*")


class Plan(Protocol):
    """What a document of `ingestStep` fields alone does (`resolvers.ingest_plan`)."""

    @property
    def operation(self) -> str | None:
        """The operation's name, if it has one."""
        ...

    def gather(self, variables: dict[str, Any]) -> list[dict[str, Any]]:
        """The steps of a request, in alias order."""
        ...

    def answer(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """The `data` of the response."""
        ...


class Document(Protocol):
    """A valid document (`resolvers.documents`)."""

    @property
    def plan(self) -> Plan | None:
        """None when the document needs the executor."""
        ...


class Engine(Protocol):
    """GraphQL as this route sees it (`resolvers.engine`): this layer and that one know nothing of each other."""

    def known(self, text: str) -> Document | None:
        """The document if it was loaded before; cheap."""
        ...

    def load(self, text: str) -> Document:
        """The document, parsed and validated; slow. Raises `Problem` 400."""
        ...

    def execute(
        self,
        document: Any,
        variables: dict[str, Any],
        operation: str | None,
        *,
        caller: Caller,
        environment: str | None,
        client: Client,
    ) -> dict[str, Any]:
        """`{data, errors?, extensions?}`; blocks. Raises `Problem` 400 and `Overloaded`."""
        ...


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A decoded body."""

    query: str
    variables: dict[str, Any]
    operation: str | None


class GraphQLRoute:
    """Step batches take the fast path to `Ingest`; everything else is executed on a worker thread."""

    def __init__(self, intake: Intake, engine: Engine, ingest: Ingest) -> None:
        self._intake = intake
        self._engine = engine
        self._ingest = ingest
        self._executions = CapacityLimiter(MAX_EXECUTIONS)

    async def post(self, request: Request, caller: Caller) -> Response:
        """Answer one operation."""
        if media_type(request) not in (JSON, ""):
            raise Problem("UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be {JSON}.")
        environment = request.headers.get("x-env", "").strip() or None
        async with self._intake.body(request) as body:
            inline = len(body) <= INLINE_BYTES
            wanted = decode(body) if inline else await to_thread.run_sync(decode, body)
            if _EMPTY_BATCH.fullmatch(wanted.query):
                return json_answer({"data": {}})
            document = self._engine.known(wanted.query)
            if document is None:
                document = await self._on_thread(self._engine.load, wanted.query)
            plan = document.plan
            if plan is not None:
                _check_operation(plan, wanted.operation)
                caller.require(FIELDS["ingestStep"])
                return await self._ingest_steps(plan, wanted, caller.project, environment, inline=inline)
            client = Client(request.headers.get("x-client-name"), request.headers.get("x-client-version"))
            answer = await self._on_thread(self._execute, document, wanted, caller, environment, client)
            return json_answer(answer, headers=_CUT if "cut" in answer.get("extensions", ()) else None)

    async def _ingest_steps(
        self, plan: Plan, wanted: GraphQLRequest, project: Project, environment: str | None, *, inline: bool
    ) -> Response:
        def submit() -> Any:
            return self._ingest.steps(project.id, plan.gather(wanted.variables), environment=environment)

        with refusing_overload():
            future = submit() if inline else await to_thread.run_sync(submit)
        outcomes = await asyncio.wrap_future(future)
        return json_answer({"data": plan.answer(outcomes)})

    def _execute(
        self, document: Document, wanted: GraphQLRequest, caller: Caller, environment: str | None, client: Client
    ) -> dict[str, Any]:
        with refusing_overload():
            return self._engine.execute(
                document,
                wanted.variables,
                wanted.operation,
                caller=caller,
                environment=environment,
                client=client,
            )

    async def _on_thread(self, function: Any, *arguments: Any) -> Any:
        if self._executions.statistics().tasks_waiting >= MAX_WAITING:
            raise Problem("OVERLOADED", "Too many queries wait: try again.", retry_after=RETRY_AFTER)
        return await to_thread.run_sync(function, *arguments, limiter=self._executions)


def decode(body: bytes) -> GraphQLRequest:
    """The request of a body. Raises `Problem` 400 when it is not `{query, variables?, operationName?}`."""
    try:
        payload = jsonable.loads(body)
    except (ValueError, UnicodeDecodeError):
        raise Problem("BAD_REQUEST", "The body is not valid JSON.") from None
    if not isinstance(payload, dict):
        raise Problem("BAD_REQUEST", "The body must be one JSON object: {query, variables, operationName}.")
    fields = cast(dict[str, Any], payload)
    query, variables, operation = fields.get("query"), fields.get("variables"), fields.get("operationName")
    if not isinstance(query, str):
        raise Problem("BAD_REQUEST", "query must be a text: the GraphQL document.")
    if not isinstance(variables, dict | None):
        raise Problem("BAD_REQUEST", "variables must be a JSON object.")
    if not isinstance(operation, str | None):
        raise Problem("BAD_REQUEST", "operationName must be a text.")
    return GraphQLRequest(query, cast(dict[str, Any], variables or {}), operation or None)


def _check_operation(plan: Plan, operation: str | None) -> None:
    if operation is not None and operation != plan.operation:
        raise Problem("BAD_REQUEST", f"The document has no operation named {operation!r}.")
