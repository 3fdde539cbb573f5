"""`GET /api/trace`: all rows of a trace in one answer, compact, compressed and with an ETag. `GET /api/find`: whose."""

from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel import jsonable
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.access.permissions import Need, Resource, Right, Role, may
from literalai_otel.server.access.sessions import Visitor
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import compressed_answer, json_answer, known_tag
from literalai_otel.server.store import memberships, trace
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store

MAX_IDS: Final = 200
"""Rows that are asked for by id: as many as an address of usual length takes."""
_AT_A_TIME: Final = 4
"""Traces that are read at one time: each may be fifty thousand rows."""
_WAYS: Final = ("thread", "run", "step")


class TraceRoute:
    """The rows of `store.trace` as JSON."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._limit = CapacityLimiter(_AT_A_TIME)

    async def get(self, request: Request, caller: Caller) -> Response:
        """`?thread=`, `?run=` or `?step=` -> `{columns, thread, root, rows, missing, cut}` (`store.trace.Trace`).

        A run or a step answers the whole tree that it is in. With `&id=a&id=b` (at most 200) the rows are those of
        these steps alone, as far as they exist, `root` is null, and `thread` too where a thread is not asked for.
        `If-None-Match` with the ETag of an earlier answer is answered 304 where nothing changed.
        """
        way, identity = _wanted(request)
        ids = _ids(request)
        return await to_thread.run_sync(
            lambda: self._answer(request, caller.project, way, identity, ids), limiter=self._limit
        )

    async def find(self, request: Request, visitor: Visitor) -> Response:
        """`/api/find/{kind}/{id}` -> `{project}`: the visitor's project that has the thread, run, generation or step.

        For addresses without a project, as programs print them. Where several have the id it is the oldest project.
        """
        kind, identity = request.path_params["kind"], request.path_params["id"]
        if kind not in trace.KINDS:
            raise Problem("NOT_FOUND", f"Nothing is found by {kind!r}: name one of {', '.join(trace.KINDS)}.")
        found = await to_thread.run_sync(self._find, visitor.account.id, kind, identity)
        if found is None:
            raise Problem("NOT_FOUND", "None of your projects has it.")
        return json_answer({"project": found.public_id})

    def _find(self, account_id: int, kind: str, identity: str) -> Project | None:
        for member in self._store.read(memberships.of_account, account_id):
            allowed = may(Role(member.role), Need(Resource.OBSERVABILITY, Right.READ))
            if allowed and self._store.read(trace.exists, member.project.id, kind, identity):
                return member.project
        return None

    def _answer(self, request: Request, project: Project, way: str, identity: str, ids: list[str] | None) -> Response:
        if ids is not None:
            found = self._store.read(trace.of_ids, project.id, ids, identity if way == "thread" else None)
        elif way == "thread":
            found = self._store.read(trace.of_thread, project.id, identity)
        else:
            found = self._store.read(trace.of_step, project.id, identity)
        if found is None:
            raise Problem("NOT_FOUND", f"There is no {way} {identity!r} in this project.")
        content = jsonable.dumps(
            {
                "columns": trace.COLUMNS,
                "thread": found.thread,
                "root": found.root,
                "rows": found.rows,
                "missing": found.missing,
                "cut": found.cut,
            }
        )
        tag, known = known_tag(request, content)
        headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "accept-encoding"}
        return Response(status_code=304, headers=headers) if known else compressed_answer(request, content, headers)


def _wanted(request: Request) -> tuple[str, str]:
    named = [(way, request.query_params[way]) for way in _WAYS if request.query_params.get(way)]
    if len(named) != 1:
        raise Problem("BAD_USER_INPUT", "Name one of thread, run and step by its id.")
    return named[0]


def _ids(request: Request) -> list[str] | None:
    ids = request.query_params.getlist("id")
    if len(ids) > MAX_IDS:
        raise Problem("BAD_USER_INPUT", f"At most {MAX_IDS} steps can be named by id.")
    return ids or None
