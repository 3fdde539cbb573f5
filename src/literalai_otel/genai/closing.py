"""Hearing of a stream that is closed early: `close`/`aclose` of its HTTP response, while it is being recorded.

SDK streams and helpers close the response directly (`spec/frameworks.md` §2.4), so it is the place where every way
of closing comes together. The SDK also closes it itself at the end of a read, before the consumer sees the end or an
error: hence `Watch.busy` and `reader_runs`.
"""

import logging
import sys
from collections.abc import Callable
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR
from types import FrameType
from typing import Any, Final

from literalai_otel.genai.abandoned import end_later
from literalai_otel.genai.watch import Watch

logger = logging.getLogger(__name__)

_GENERATORS: Final = CO_GENERATOR | CO_ASYNC_GENERATOR
_EXITS: Final = ("__exit__", "__aexit__")
_EXIT_DEPTH: Final = 6
"""Frames between a close hook and the `with` statement that ends a stream: helpers nest a few."""


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
        error, finalized, being_read = None, False, False
        try:
            being_read = watch.reader_runs()
            finalized = not being_read and watch.taken and _called_by_generator()
            error = None if being_read or finalized else _error_of_block()
        except Exception:
            logger.debug("why a stream closes is unknown", exc_info=True)
        if being_read:
            return original(*args, **kwargs)
        if finalized:
            end_later(watch.abandoned)
            return original(*args, **kwargs)
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
        error, finalized, being_read = None, False, False
        try:
            being_read = watch.reader_runs()
            finalized = not being_read and watch.taken and _called_by_generator()
            error = None if being_read or finalized else _error_of_block()
        except Exception:
            logger.debug("why a stream closes is unknown", exc_info=True)
        if being_read:
            return await original(*args, **kwargs)
        if finalized:
            end_later(watch.abandoned)
            return await original(*args, **kwargs)
        try:
            result = await original(*args, **kwargs)
        except BaseException as problem:
            watch.failed(error or problem)
            raise
        watch.closed(error)
        return result

    return aclose


def _called_by_generator() -> bool:
    """Whether the SDK's own generator closes: outside of a read that is its finalizer, and nobody's decision.

    The collector may finalize it before the weak reference to the response says anything, when the two are of
    different ages.
    """
    caller: FrameType = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - as below
    return bool(caller.f_code.co_flags & _GENERATORS)


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
