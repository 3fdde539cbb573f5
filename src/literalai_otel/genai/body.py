"""Bodies that the SDK hands over unread (`with_streaming_response`, raw streams), observed while the user reads.

Every way of reading an httpx response (`read`, `iter_text`, `iter_lines`, the SDK's own parsers) goes through
`iter_bytes`/`aiter_bytes`, so the iterator of these is stood in for and each piece is looked at on its way. The
bytes themselves are passed on untouched.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from opentelemetry.context import Context

from literalai_otel.genai.recording import Recording
from literalai_otel.genai.stream import AsyncReader, SyncReader
from literalai_otel.genai.watch import Fold, Watch
from literalai_otel.jsonable import loads

logger = logging.getLogger(__name__)

_DONE: Final = b"[DONE]"


WholeBody = Callable[[bytes], None]
"""Reads a body that is no stream of events into the invocation, once it is complete. May raise."""


class BodyWatch(Watch):
    """A watch that is fed bytes: server-sent events become chunks, anything else is read whole."""

    __slots__ = ("_error", "_events", "_pieces", "_whole")

    def __init__(self, recording: Recording, fold: Fold, anchor: Any, whole: WholeBody, *, is_events: bool) -> None:
        super().__init__(recording, fold, anchor)
        self._events = EventDecoder(self._event) if is_events else None
        self._pieces: list[bytes] = []
        self._whole = whole
        self._error: tuple[str, str] | None = None

    def chunk(self, chunk: Any) -> None:
        """A piece of bytes while the user reads the body, a chunk once its stream is read (`taken`)."""
        if self.taken:
            super().chunk(chunk)
            return
        try:
            if self._events is not None:
                self._events.feed(chunk)
            elif self.recording.active:
                self._pieces.append(chunk)
        except Exception:
            logger.debug("a piece of a body was not readable", exc_info=True)

    def complete(self) -> None:
        """The body was read to its end."""
        try:
            if self._events is None and self._pieces and not self.recording.ended:
                self._whole(b"".join(self._pieces))
        except Exception:
            logger.debug("a body was not readable", exc_info=True)
        if self._error is not None:
            self.reported(*self._error)
        else:
            super().complete()

    def closed(self, error: BaseException | None) -> None:
        """Closed; the SDK's parser closes after an error event, which then is the reason."""
        if error is None and self._error is not None:
            self.reported(*self._error)
        else:
            super().closed(error)

    def _event(self, data: bytes) -> None:
        event = loads(data)
        error = event.get("error")
        if error:
            self._error = (str(error.get("type") or error.get("code") or "error"), str(error.get("message")))
        else:
            super().chunk(event)
            # Bytes keep coming through `chunk`, also when the recording has heard of the first event.
            self.each = True


class EventDecoder:
    """Server-sent events out of bytes that come in any pieces: `on_data` gets the data of each."""

    __slots__ = ("_data", "_on_data", "_rest")

    def __init__(self, on_data: Callable[[bytes], None]) -> None:
        self._on_data = on_data
        self._rest: list[bytes] = []
        """Pieces of a line whose end has not come."""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        """Take the next bytes."""
        ended, newline, rest = piece.rpartition(b"\n")
        if not newline:
            self._rest.append(piece)
            return
        lines = b"".join((*self._rest, ended)).split(b"\n")
        self._rest = [rest] if rest else []
        for line in lines:
            line = line.rstrip(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].lstrip())
            elif not line and self._data:
                data = b"\n".join(self._data)
                self._data.clear()
                if not data.startswith(_DONE):
                    self._on_data(data)


def watch_body(watch: Watch, *, is_async: bool) -> None:
    """Let `watch` see the bytes of its response: as they come, unless it is a `BodyWatch`."""
    if is_async:
        watch.hook("aiter_bytes", _observed(AsyncPieces))
    else:
        watch.hook("iter_bytes", _observed(SyncPieces))


class SyncPieces(SyncReader):
    """Reads bytes for a watch, until the watch reads chunks."""

    __slots__ = ()

    def __next__(self) -> Any:
        """The next piece."""
        return next(self._inner) if self._watch.taken else super().__next__()


class AsyncPieces(AsyncReader):
    """Reads bytes for a watch, until the watch reads chunks."""

    __slots__ = ()

    async def __anext__(self) -> Any:
        """The next piece."""
        return await (self._inner.__anext__() if self._watch.taken else super().__anext__())


def _observed(
    reader: Callable[[Any, Watch, Context], Any],
) -> Callable[[Callable[..., Any], Watch], Callable[..., Any]]:
    def make(original: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
        def iterate(*args: Any, **kwargs: Any) -> Any:
            return reader(original(*args, **kwargs), watch, watch.recording.context)

        return iterate

    return make
