"""Generators recorded while they are read: what stands in for one is a generator too.

Frameworks and users look at the type, so no object of ours may take its place. The recording is current only while
the generator runs, never in the consumer's loop: attached for each resumption, detached before the item is handed out.
"""

from collections.abc import AsyncGenerator, Generator
from inspect import isasyncgen
from typing import Any

from opentelemetry.context import Context

from literalai_otel.genai.current import attach, detach, get_current
from literalai_otel.genai.recording import Recording
from literalai_otel.genai.watch import Fold, Watch


def read_generator(inner: Any, recording: Recording, fold: Fold) -> Any:
    """A generator that gives what `inner`, a sync or async one, gives, and ends `recording` when that ends.

    What is sent, thrown or returned passes through. When nobody can read it any more, the recording ends as
    `abandoned`.
    """
    reading = _Reading()
    context = recording.context
    generator: Any = _read_async(inner, reading, context) if isasyncgen(inner) else _read(inner, reading, context)
    generator.__name__, generator.__qualname__ = inner.__name__, inner.__qualname__
    reading.watch = Watch(recording, fold, generator)
    return generator


class _Reading:
    """What a generator knows of itself: its watch, which can only be made once the generator is there."""

    __slots__ = ("watch",)

    watch: Watch


def _read(inner: Any, reading: _Reading, context: Context) -> Generator[Any, Any, Any]:
    watch = reading.watch
    resume, value = inner.send, None
    while True:
        token = attach(context)
        try:
            item = resume(value)
        except StopIteration as stop:
            watch.complete()
            return stop.value
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            detach(token)
        watch.chunk(item)
        resume, value = inner.send, None
        try:
            value = yield item
        except GeneratorExit:
            # The collector throws it too: then the watch has heard of it before and ends on another thread.
            if not watch.orphaned:
                _close(inner, watch, context)
            raise
        except BaseException as thrown:
            resume, value = inner.throw, thrown


def _close(inner: Any, watch: Watch, context: Context) -> None:
    token = attach(context)
    try:
        inner.close()
    except BaseException as error:
        watch.failed(error)
        raise
    finally:
        detach(token)
    watch.closed(None)


async def _read_async(inner: Any, reading: _Reading, context: Context) -> AsyncGenerator[Any, Any]:
    watch = reading.watch
    resume, value = inner.asend, None
    while True:
        token = attach(context)
        elsewhere = False
        try:
            item = await resume(value)
        except StopAsyncIteration:
            watch.complete()
            return
        except BaseException as error:
            # A coroutine that is collected is closed in whatever context the collector runs.
            elsewhere = isinstance(error, GeneratorExit) and get_current() is not context
            watch.failed(error)
            raise
        finally:
            if not elsewhere:
                detach(token)
        watch.chunk(item)
        resume, value = inner.asend, None
        try:
            value = yield item
        except GeneratorExit:
            if not watch.orphaned:
                watch.closed(None)
                await inner.aclose()
            raise
        except BaseException as thrown:
            resume, value = inner.athrow, thrown
