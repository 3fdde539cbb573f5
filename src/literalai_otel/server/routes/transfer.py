"""`POST /api/export/records` and `POST /api/import`: everything that a project has, out and in again."""

from typing import Any, Final, cast

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel import jsonable
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.imports import Imports
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import JSON, json_answer
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.overload import refusing_overload
from literalai_otel.server.routes.parameters import object_of, time_of, whole_of
from literalai_otel.server.store import transfer
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store
from literalai_otel.server.store.transfer_kinds import KINDS, Kind

MAX_FIRST: Final = 1_000
_AT_A_TIME: Final = 2
"""Pages that are read or written at one time: they are large, and people wait for other answers meanwhile."""


class TransferRoute:
    """Export and import of records (`store.transfer_kinds`)."""

    def __init__(self, intake: Intake, store: Store, imports: Imports) -> None:
        self._intake = intake
        self._store = store
        self._imports = imports
        self._limit = CapacityLimiter(_AT_A_TIME)

    async def export_records(self, request: Request, caller: Caller) -> Response:
        """`{kind, after?, first?, since?, until?}` -> `{records, after}`; without `kind`: `{kinds: {name: count}}`.

        `after` of an answer is that of the next question, null at the end.
        """
        async with self._intake.body(request) as body:
            wanted = object_of(body)
        made = transfer.Range(since=time_of(wanted, "since"), until=time_of(wanted, "until"))
        if wanted.get("kind") is None:
            counts = await self._on_thread(self._counts, caller.project, made)
            return json_answer({"projectId": caller.project.public_id, "kinds": counts})
        kind = _kind(wanted["kind"])
        after, first = whole_of(wanted, "after", 0, 2**63 - 1), whole_of(wanted, "first", MAX_FIRST, MAX_FIRST)
        page = await self._on_thread(
            lambda: self._store.read(transfer.page, caller.project.id, kind, after=after, first=first, made=made)
        )
        content = b'{"records":[%b],"after":%b}' % (b",".join(page.records), jsonable.dumps(page.after))
        return Response(content, media_type=JSON)

    async def import_records(self, request: Request, caller: Caller) -> Response:
        """`{records, whole?}` -> `{results: [{id, ok, message}]}`, one for each record in order."""
        async with self._intake.body(request) as body:
            wanted = await to_thread.run_sync(object_of, body)
            records, whole = wanted.get("records"), wanted.get("whole")
            if not isinstance(records, list):
                raise Problem("BAD_REQUEST", "records must be a list of objects.")
            if not isinstance(whole, bool | None):
                raise Problem("BAD_REQUEST", "whole must be true or false.")
            with refusing_overload():
                outcomes = await self._on_thread(
                    lambda: self._imports.put(caller.project.id, cast(list[Any], records), whole=bool(whole))
                )
        return json_answer({"results": [{"id": one.id, "ok": one.ok, "message": one.message} for one in outcomes]})

    def _counts(self, project: Project, made: transfer.Range) -> dict[str, int]:
        return {name: self._store.read(transfer.count, project.id, kind, made) for name, kind in KINDS.items()}

    async def _on_thread(self, function: Any, *arguments: Any) -> Any:
        return await to_thread.run_sync(function, *arguments, limiter=self._limit)


def _kind(name: Any) -> Kind:
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Problem("BAD_USER_INPUT", f"kind must be one of {', '.join(KINDS)}.")
    return kind
