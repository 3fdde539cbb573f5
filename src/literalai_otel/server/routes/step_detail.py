"""`GET /api/steps/{id}`: one step with everything that the page shows of it."""

from typing import Any, Final
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel import jsonable
from literalai_otel.server import raw_spans
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.address import base_url
from literalai_otel.server.files import Files
from literalai_otel.server.media import preview_of
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import compressed_answer
from literalai_otel.server.store import step_detail
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store

_AT_A_TIME: Final = 4
"""Steps that are read at one time: each may have megabytes."""
_IDS: Final = {"trace_id": "traceId", "span_id": "spanId", "parent_span_id": "parentSpanId"}


class StepDetailRoute:
    """The step of `store.step_detail` as JSON, with addresses of its files and its span."""

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        self._limit = CapacityLimiter(_AT_A_TIME)

    async def get(self, request: Request, caller: Caller) -> Response:
        """The step with `attachments` (each with `url`, `preview`, `isOurs`) and `raw`.

        `raw` is null for a step that came from no span, else `{attributes, events, links, scope, resource, kind,
        status, traceId, spanId, parentSpanId, whole, cut}`. `whole` is false where an SDK of ours sent the step: then
        only what the step's metadata keep of the span is there.
        """
        step_id: str = request.path_params["id"]
        return await to_thread.run_sync(self._answer, request, caller.project, step_id, limiter=self._limit)

    def _answer(self, request: Request, project: Project, step_id: str) -> Response:
        step = self._store.read(step_detail.get, project.id, step_id)
        if step is None:
            raise Problem("NOT_FOUND", f"There is no step {step_id!r} in this project.")
        for attachment in step["attachments"]:
            self._give_address(project, attachment)
        step["raw"] = _raw(step)
        del step["span"]
        headers = {"cache-control": "private, no-cache", "vary": "accept-encoding"}
        return compressed_answer(request, jsonable.dumps(step), headers)

    def _give_address(self, project: Project, attachment: dict[str, Any]) -> None:
        object_key: str | None = attachment["objectKey"]
        attachment["isOurs"] = False
        if object_key is not None and (not attachment["url"] or self._files.holds(project.id, object_key)):
            attachment["isOurs"] = True
            # Without scheme and host: the page may be reached by another name than the clients use.
            path = urlsplit(base_url()).path
            attachment["url"] = path + self._files.read_address(project.public_id, object_key)
        attachment["preview"] = preview_of(attachment["mime"])


def _raw(step: dict[str, Any]) -> dict[str, Any] | None:
    known = raw_spans.whole(step)
    if not known:
        return None
    otel: dict[str, Any] = step["metadata"].get("otel") or {}
    return {
        **{name: known.get(name) for name in ("kind", "status", "statusText", "traceState", "scope", "resource")},
        **{name: otel.get(key) for key, name in _IDS.items()},
        "attributes": known["attributes"],
        "events": known.get("events") or [],
        "links": known.get("links") or [],
        "whole": step["span"] is not None,
        "cut": known.get("cut") is True,
    }
