"""`GET` and `POST /api/export/otlp`: stored steps as OTLP, in JSON or protobuf, page by page."""

from typing import Any, Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import PROTOBUF, json_answer
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.otlp_json import json_of
from literalai_otel.server.routes.parameters import object_of, time_of, whole_of
from literalai_otel.server.spans import export_request
from literalai_otel.server.store import span_pages
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store
from literalai_otel.server.store.transfer import Range

FIRST: Final = 100
MAX_FIRST: Final = 1_000
NEXT: Final = "x-next-after"
"""Header of an answer that is not the last: `after` of the next question."""
_AT_A_TIME: Final = 2


class OtlpExportRoute:
    """`after`, `first`, `since`, `until`, `threadId` in; an `ExportTraceServiceRequest` for `/v1/traces` out.

    They come in the query of a GET, or in the JSON object of a POST.
    """

    def __init__(self, intake: Intake, store: Store) -> None:
        self._intake = intake
        self._store = store
        self._limit = CapacityLimiter(_AT_A_TIME)

    async def export(self, request: Request, caller: Caller) -> Response:
        """A page of spans: JSON unless the request accepts protobuf alone."""
        if request.method == "POST":
            async with self._intake.body(request) as body:
                wanted = object_of(body)
        else:
            wanted = dict[str, Any](request.query_params)
        made = Range(since=time_of(wanted, "since"), until=time_of(wanted, "until"))
        first = whole_of(wanted, "first", FIRST, MAX_FIRST)
        if first == 0:
            raise Problem("BAD_USER_INPUT", "first must be at least 1.")
        after = whole_of(wanted, "after", 0, 2**63 - 1)
        thread_id = wanted.get("threadId")
        if not isinstance(thread_id, str | None):
            raise Problem("BAD_USER_INPUT", "threadId must be a text.")
        in_protobuf = PROTOBUF in request.headers.get("accept", "")
        return await to_thread.run_sync(
            self._page, caller.project, after, first, made, thread_id, in_protobuf, limiter=self._limit
        )

    def _page(
        self, project: Project, after: int, first: int, made: Range, thread_id: str | None, in_protobuf: bool
    ) -> Response:
        page = self._store.read(span_pages.page, project.id, after=after, first=first, made=made, thread_id=thread_id)
        message = export_request(page.steps)
        headers = {} if page.after is None else {NEXT: str(page.after)}
        if in_protobuf:
            return Response(message.SerializeToString(), media_type=PROTOBUF, headers=headers)
        return json_answer(json_of(message), headers=headers)
