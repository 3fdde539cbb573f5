"""Streams recorded in place: the object that the user gets stays the one that the SDK made.

Its private iterator is replaced by a reader (`spec/frameworks.md` §2.4). The span is current only while a chunk is
being read, never in the consumer's loop.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry.context import Context, get_current

from literalai_otel.genai.watch import Watch

logger = logging.getLogger(__name__)

# Two calls less each way for every chunk than the module's functions, which also log what only a test should see.
_RUNTIME: Final[Any] = getattr(otel_context, "_RUNTIME_CONTEXT", otel_context)
_VARIABLE: Final[Any] = getattr(_RUNTIME, "_current_context", None)
_attach: Final[Callable[[Context], Any]] = getattr(_VARIABLE, "set", _RUNTIME.attach)
_detach: Final[Callable[[Any], Any]] = getattr(_VARIABLE, "reset", _RUNTIME.detach)


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


def record_stream(stream: Any, watch: Watch, attribute: str = "_iterator") -> bool:
    """Read the chunks of `stream` for `watch`; False when it has no iterator that could be replaced.

    `attribute` is where the stream keeps it.
    """
    inner = getattr(stream, attribute, None)
    if inner is None:
        return False
    if not isinstance(inner, SyncReader | AsyncReader):
        reader = AsyncReader if hasattr(inner, "__anext__") else SyncReader
        setattr(stream, attribute, reader(inner, watch, watch.recording.context))
        watch.taken = True
    return True
