"""Changes as server-sent events: `GET /api/live`.

    event: hello    the first: {"build": …}; its id is where the stream begins
    event: change   a list of what changed since the id before; pages read anew what they show of it
    event: reset    too much changed, or the stream was away for too long: read anew whatever is shown
    event: end      the caller may not follow any more: {"code": …}

Each has the number of the project's feed as its id, and quiet streams tell the newest every 15 seconds, so that a
stream is resumed by `Last-Event-ID` or `?after=` with nothing missed and nothing told twice.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from literalai_otel import jsonable
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.live.channel import News
from literalai_otel.server.live.streams import Stream, Streams
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.gate import Gate
from literalai_otel.server.store import journal
from literalai_otel.server.store.journal import Change

QUIET_SECONDS: Final = 15.0
"""How long a stream says nothing: proxies cut connections that look dead."""
CHECK_SECONDS: Final = 5.0
"""How old the answer whether the caller may still follow can be when something is told."""
STALLED_SECONDS: Final = 30.0
"""How long a client may take nothing before its place goes to another."""
KINDS: Final[Mapping[str, str]] = {"steps": journal.STEP, "threads": journal.THREAD, "scores": journal.SCORE}
_HEADERS: Final = {
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",  # nginx hands on what it gets
    "x-content-type-options": "nosniff",
}

_log = logging.getLogger(__name__)


class LiveRoute:
    """Streams of one server. `build` says which build of the page it serves."""

    def __init__(self, gate: Gate, streams: Streams, build: Callable[[], str | None]) -> None:
        self._gate = gate
        self._streams = streams
        self._build = build

    async def follow(self, request: Request, caller: Caller) -> Response:
        """An answer that ends when the client leaves, may not follow any more, or the server stops."""
        kinds = _kinds(request.query_params.get("kinds"))
        after = _number(request.headers.get("last-event-id") or request.query_params.get("after"))
        stream = await self._streams.open(caller.project.id, after)
        return EventStream(self._events(request, caller, stream, kinds), headers=_HEADERS)

    async def _events(
        self, request: Request, caller: Caller, stream: Stream, kinds: Collection[str]
    ) -> AsyncGenerator[bytes]:
        try:
            yield _event("hello", {"build": self._build()}, stream.position)
            checked = time.monotonic()
            while True:
                news = await stream.next(QUIET_SECONDS)
                if stream.ended:
                    return
                if time.monotonic() - checked > CHECK_SECONDS:
                    if (code := await self._refusal(request, caller)) is not None:
                        yield _event("end", {"code": code}, None)
                        return
                    checked = time.monotonic()
                yield _told(news, kinds) or _alive(stream.position)
        finally:
            stream.close()

    async def _refusal(self, request: Request, caller: Caller) -> str | None:
        """Why the caller may not follow any more; roles that read less than before are asked for anew as well."""
        try:
            now = await self._gate.caller_of(request)
        except Problem as problem:
            return problem.code
        return None if (now.project.id, now.role) == (caller.project.id, caller.role) else "FORBIDDEN"


class EventStream(StreamingResponse):
    """Gives its place back as soon as the client leaves, or takes nothing any more."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(events, headers=headers)
        self._events = events

    async def stream_response(self, send: Send) -> None:
        """Sends the events as they come."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._events) as events:
            async for event in events:
                try:
                    async with asyncio.timeout(STALLED_SECONDS):
                        await send({"type": "http.response.body", "body": event, "more_body": True})
                except TimeoutError:
                    _log.info("a client of /api/live takes nothing any more")
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _kinds(given: str | None) -> Collection[str]:
    names = [name for name in (given or ",".join(KINDS)).split(",") if name]
    unknown = [name for name in names if name not in KINDS]
    if unknown or not names:
        raise Problem("BAD_USER_INPUT", f"kinds are some of {', '.join(KINDS)}, with commas between them.")
    return {KINDS[name] for name in names}


def _number(given: str | None) -> int | None:
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise Problem("BAD_USER_INPUT", "after, or Last-Event-ID, is the id of an event of this stream.")
    return int(given)


def _told(news: News | None, kinds: Collection[str]) -> bytes | None:
    """The event of the news; None where there is nothing of these kinds in it."""
    if news is None:
        return None
    if news.changes is None:
        return _event("reset", {}, news.sequence)
    found = [_wire(change) for change in news.changes if change.kind in kinds]
    return _event("change", found, news.sequence) if found else None


def _wire(change: Change) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": change.kind, "id": change.id, "op": "delete" if change.deleted else "upsert"}
    if change.kind == journal.STEP:
        told |= {
            "threadId": change.thread_id,
            "rootRunId": change.root_run_id,
            "parentId": change.parent_id,
            "type": change.type,
            "isGeneration": bool(change.is_generation),
        }
    elif change.kind == journal.SCORE:
        told["stepId"] = change.parent_id
    return told


def _event(name: str, data: Any, number: int | None) -> bytes:
    first = b"" if number is None else b"id: %d\n" % number
    return first + b"event: %s\ndata: %s\n\n" % (name.encode(), jsonable.dumps(data))


def _alive(number: int) -> bytes:
    """Nothing happens by it but that the client knows the newest id."""
    return b": alive\nid: %d\n\n" % number
