"""Streams recorded in place: the object that the user gets stays the one that the SDK made.

Its private iterator is replaced by a reader, and `close`/`aclose` of its HTTP response tell when reading stops early
(`spec/frameworks.md` §2.4). The span is current only while a chunk is being read, never in the consumer's loop.
The SDK closes the response itself before the consumer sees the end or an error, hence the `busy` flag.
"""

import atexit
import logging
import sys
import weakref
from asyncio import CancelledError
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Protocol

from opentelemetry import context as otel_context
from opentelemetry.context import Context, get_current

from literalai_otel.genai.abandoned import end_later
from literalai_otel.genai.recording import Recording

logger = logging.getLogger(__name__)

# One call less each way for every chunk than the module's functions, which also log what only a test should see.
_RUNTIME: Final = getattr(otel_context, "_RUNTIME_CONTEXT", otel_context)
_attach: Final = _RUNTIME.attach
_detach: Final = _RUNTIME.detach
_EXITS: Final = ("__exit__", "__aexit__")
_EXIT_DEPTH: Final = 6
"""Frames between a close hook and the `with` statement that ends a stream: helpers nest a few."""


class Fold(Protocol):
    """Gathers the chunks of one stream in bounded space."""

    def add(self, chunk: Any) -> None:
        """Take over what `chunk` says."""
        ...

    def finish(self) -> None:
        """Write what was gathered into the invocation."""
        ...


class Watch:
    """What the reader, the close hooks and the end of one stream share.

    `anchor` is the object whose death means that nobody can read any more: the HTTP response, which every stream
    and raw object over it holds. The watch does not hold it.
    """

    __slots__ = (
        "__weakref__",
        "_anchor",
        "_fold",
        "_hooks",
        "add",
        "busy",
        "done",
        "each",
        "orphaned",
        "recording",
        "taken",
    )

    def __init__(self, recording: Recording, fold: Fold, anchor: Any) -> None:
        self.recording = recording
        self.busy = False
        """Whether a read is going on: what the SDK closes meanwhile, it closes itself."""
        self.done = False
        self.taken = False
        """Whether a reader of chunks has taken over, so that readers of bytes only pass on."""
        self.orphaned = False
        """Whether the anchor is gone. What the collector still closes then is no news."""
        self.each = True
        """Whether the recording must hear of the next chunk: of the first one, or of all for the metrics."""
        self.add = fold.add
        """Takes a chunk of which the recording needs not hear."""
        self._fold = fold
        self._hooks: list[str] = []
        self._anchor: weakref.ref[Any] | None = weakref.ref(anchor, self._anchor_gone)
        _OPEN.add(self)

    def chunk(self, chunk: Any) -> None:
        """A chunk was read."""
        try:
            if self.each:
                self.each = self.recording.counts_chunks
                self.recording.chunk()
            self.add(chunk)
        except Exception:
            logger.debug("a chunk was not readable", exc_info=True)

    def complete(self) -> None:
        """The stream was read to its end."""
        if self._finish():
            self.recording.complete()

    def failed(self, error: BaseException) -> None:
        """Reading raised, or the block around the stream did."""
        if not self._finish():
            return
        if isinstance(error, GeneratorExit):
            self.recording.stop("closed")
        else:
            self.recording.fail(error, "cancelled" if isinstance(error, CancelledError) else None)

    def reported(self, error_type: str, message: str) -> None:
        """The provider reported an error in the stream."""
        if self._finish():
            self.recording.fail_as(error_type, message)

    def closed(self, error: BaseException | None) -> None:
        """The response was closed; `error` is what ended the `with` block around it."""
        if error is not None:
            self.failed(error)
        elif self._finish():
            self.recording.stop("closed")

    def abandoned(self) -> None:
        """Nobody will read on."""
        if self._finish():
            self.recording.stop("abandoned")

    def hook(self, name: str, make: Callable[[Callable[..., Any], "Watch"], Callable[..., Any]]) -> None:
        """Replace method `name` of the anchor by `make(original, self)` until the recording ends."""
        anchor = self._anchor() if self._anchor is not None else None
        if anchor is None or not hasattr(anchor, name):
            return
        # Bound: in the collector's hands the anchor still has to close, when weak references are gone already.
        setattr(anchor, name, make(getattr(anchor, name), self))
        self._hooks.append(name)

    def _anchor_gone(self, _: Any) -> None:
        self.orphaned = True
        end_later(self.abandoned)

    def _finish(self) -> bool:
        if self.done or self.recording.ended:
            return False
        self.done = True
        try:
            _OPEN.discard(self)
            self._unhook()
            self._fold.finish()
        except Exception:
            logger.debug("a stream was not readable", exc_info=True)
        return True

    def _unhook(self) -> None:
        anchor = self._anchor() if self._anchor is not None else None
        if anchor is not None:
            for name in self._hooks:
                anchor.__dict__.pop(name, None)
        self._hooks.clear()
        self._anchor = None


class _OpenWatches:
    """The watches of streams that have not ended: something must hold them, since their streams may be gone."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._ends_at_exit = False

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, watch: Watch) -> None:
        if not self._ends_at_exit:
            # With the first stream, not at import: exit handlers run backwards, and delivery comes after this one.
            self._ends_at_exit = True
            atexit.register(self._end_all)
        self._watches.add(watch)

    def discard(self, watch: Watch) -> None:
        self._watches.discard(watch)

    def _end_all(self) -> None:
        for watch in list(self._watches):
            watch.abandoned()


_OPEN: Final = _OpenWatches()


class SyncReader:
    """The iterator that stands in for a sync stream's own."""

    __slots__ = ("_context", "_inner", "_watch")

    def __init__(self, inner: Any, watch: Watch, context: Context) -> None:
        self._inner = inner
        self._watch = watch
        self._context = context

    def __iter__(self) -> "SyncReader":
        return self

    def __next__(self) -> Any:
        watch = self._watch
        if watch.done:
            return next(self._inner)
        watch.busy = True
        token = _attach(self._context)
        try:
            item = next(self._inner)
        except StopIteration:
            watch.complete()
            raise
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            _detach(token)
            watch.busy = False
        if watch.each:
            watch.chunk(item)
        else:
            try:
                watch.add(item)
            except Exception:
                logger.debug("a chunk was not readable", exc_info=True)
        return item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class AsyncReader:
    """The iterator that stands in for an async stream's own."""

    __slots__ = ("_context", "_inner", "_watch")

    def __init__(self, inner: Any, watch: Watch, context: Context) -> None:
        self._inner = inner
        self._watch = watch
        self._context = context

    def __aiter__(self) -> "AsyncReader":
        return self

    async def __anext__(self) -> Any:
        watch = self._watch
        if watch.done:
            return await self._inner.__anext__()
        watch.busy = True
        token = _attach(self._context)
        elsewhere = False
        try:
            item = await self._inner.__anext__()
        except StopAsyncIteration:
            watch.complete()
            raise
        except BaseException as error:
            # A coroutine that is collected is closed in whatever context the collector runs.
            elsewhere = isinstance(error, GeneratorExit) and get_current() is not self._context
            watch.failed(error)
            raise
        finally:
            if not elsewhere:
                _detach(token)
            watch.busy = False
        if watch.each:
            watch.chunk(item)
        else:
            try:
                watch.add(item)
            except Exception:
                logger.debug("a chunk was not readable", exc_info=True)
        return item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def record_stream(stream: Any, watch: Watch) -> bool:
    """Read the chunks of `stream` for `watch`; False when it has no iterator that could be replaced."""
    inner = getattr(stream, "_iterator", None)
    if inner is None:
        return False
    if not isinstance(inner, SyncReader | AsyncReader):
        reader = AsyncReader if hasattr(inner, "__anext__") else SyncReader
        stream._iterator = reader(inner, watch, watch.recording.context)
        watch.taken = True
    return True


def watch_closing(watch: Watch, *, is_async: bool) -> None:
    """Tell `watch` when the anchor is closed."""
    if is_async:
        watch.hook("aclose", _async_close)
    else:
        watch.hook("close", _sync_close)


def _sync_close(original: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    def close(*args: Any, **kwargs: Any) -> Any:
        if watch.busy or watch.orphaned:
            return original(*args, **kwargs)
        error = _error_of_block()
        try:
            result = original(*args, **kwargs)
        except BaseException as problem:
            watch.failed(error or problem)
            raise
        watch.closed(error)
        return result

    return close


def _async_close(original: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    async def aclose(*args: Any, **kwargs: Any) -> Any:
        if watch.busy or watch.orphaned:
            return await original(*args, **kwargs)
        error = _error_of_block()
        try:
            result = await original(*args, **kwargs)
        except BaseException as problem:
            watch.failed(error or problem)
            raise
        watch.closed(error)
        return result

    return aclose


def _error_of_block() -> BaseException | None:
    """The exception that ends the `with` block around a stream, None when there is no block or no exception.

    `__exit__` of an SDK's stream calls `close()` without it, so it is read from the frame of `__exit__`.
    """
    frame: FrameType | None = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - inspect's version is the same, slower
    for _ in range(_EXIT_DEPTH):
        if frame is None:
            return None
        if frame.f_code.co_name in _EXITS:
            for value in frame.f_locals.values():
                if isinstance(value, BaseException):
                    return value
                if isinstance(value, tuple) and len(value) == 3 and isinstance(value[1], BaseException):  # pyright: ignore[reportUnknownArgumentType] - any local
                    return value[1]
        frame = frame.f_back
    return None
