"""Streams recorded in place: the object that the user gets stays the one that the SDK made.

Its private iterator is replaced by a reader (`spec/frameworks.md` §2.4). The span is current only while a chunk is
being read, never in the consumer's loop.
"""

import logging
import weakref
from collections.abc import Generator
from typing import Any

from opentelemetry.context import Context, get_current

from literalai_otel.genai.current import attach, detach
from literalai_otel.genai.watch import Watch

logger = logging.getLogger(__name__)


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
        token = attach(self._context)
        try:
            item = next(self._inner)
        except StopIteration:
            watch.complete()
            raise
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            detach(token)
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
        token = attach(self._context)
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
                detach(token)
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


def followed(iterator: Generator[Any], watch: Watch) -> Generator[Any]:
    """What stands in for the `iterator` of a stream so that `watch` hears of its first chunk and of its end.

    The caller takes what the chunks are made of, and makes the recording current meanwhile: this then costs next to
    nothing.
    """
    reader: Any = _followed(iterator, watch)
    watch.reader = weakref.ref(reader)
    watch.taken = True
    return reader


def _followed(inner: Generator[Any], watch: Watch) -> Generator[Any]:
    try:
        while watch.each:
            try:
                item = next(inner)
            except StopIteration:
                break
            watch.heard(item)
            yield item
        yield from inner
    except GeneratorExit:
        # Who closes this or collects it decides nothing: the response says how the stream ended.
        raise
    except BaseException as error:
        watch.failed(error)
        raise
    watch.complete()
