"""Recording the call of a patched function, sync or async from one table of steps.

The instrumentor gives `begin`, which turns the arguments into a `Call` or says that this one is not recorded. What
happens around the real call is the same for all: it runs in the recording's context, an exception ends the recording
and goes on unchanged, and the result goes to the caller as it came.
"""

import logging
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Protocol

from literalai_otel.genai.current import attach, detach, get_current
from literalai_otel.genai.keys import RECORDING_KEY
from literalai_otel.genai.place import keep_place, leave_place
from literalai_otel.genai.recording import Recording
from literalai_otel.genai.wrapper import Function, PatchSet

logger = logging.getLogger(__name__)


class Call(Protocol):
    """One call that is being recorded. No method raises."""

    recording: Recording

    def returned(self, result: Any) -> None:
        """The call gave `result`: end the recording, or see to its being ended when the stream is."""
        ...

    def failed(self, error: BaseException) -> None:
        """The call raised `error`."""
        ...


Begin = Callable[[Any, tuple[Any, ...], dict[str, Any]], Call | None]
"""`begin(instance, args, kwargs)`; None when the call is not recorded. May raise: then it is not recorded either."""


def record_calls(begin: Begin, *, is_async: bool | None = None) -> Callable[[Function, PatchSet], Function]:
    """A `Patch.wrap` that records what `begin` says. `is_async` None: as the original is declared."""

    def wrap(original: Function, patches: PatchSet) -> Function:
        chosen = iscoroutinefunction(original) if is_async is None else is_async
        return (_async_wrapper if chosen else _sync_wrapper)(original, patches, begin)

    return wrap


def _leave(token: Any) -> None:
    """Make the context from before current again, quietly where ours is not: there it is not the caller's either."""
    try:
        detach(token)
    except Exception:
        logger.debug("a call ends in another context than it began in", exc_info=True)


def _sync_wrapper(original: Any, patches: PatchSet, begin: Begin) -> Function:
    @wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = original.__get__(self, type(self))
        call = None
        if patches.enabled:
            try:
                call = begin(self, args, kwargs)
            except Exception:
                logger.debug("a call is not recorded", exc_info=True)
        if call is None:
            return bound(*args, **kwargs)
        token = attach(call.recording.context)
        place = keep_place(call.recording.context) if call.recording.accepts_nested else None
        try:
            result = bound(*args, **kwargs)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            _leave(token)
            if place is not None:
                leave_place(place)
        call.returned(result)
        return result

    return wrapper


def _async_wrapper(original: Any, patches: PatchSet, begin: Begin) -> Function:
    @wraps(original)
    async def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = original.__get__(self, type(self))
        call = None
        if patches.enabled:
            try:
                call = begin(self, args, kwargs)
            except Exception:
                logger.debug("a call is not recorded", exc_info=True)
        if call is None:
            return await bound(*args, **kwargs)
        context = call.recording.context
        token = attach(context)
        place = keep_place(context) if call.recording.accepts_nested else None
        elsewhere = False
        try:
            result = await bound(*args, **kwargs)
        except BaseException as error:
            # A coroutine that is collected is closed in whatever context the collector runs.
            elsewhere = isinstance(error, GeneratorExit) and get_current() is not context
            call.failed(error)
            raise
        finally:
            if not elsewhere:
                _leave(token)
            if place is not None:
                leave_place(place)
        call.returned(result)
        return result

    return wrapper


def look_at_response(original: Any, patches: PatchSet) -> Function:
    """A `Patch.wrap` that looks, without touching, at the HTTP response which a client is about to process.

    The function has keywords `response` and `retries_taken`; it may be sync or async.
    """

    def look(kwargs: dict[str, Any]) -> None:
        try:
            recording = get_current().get(RECORDING_KEY) if patches.enabled else None
            if isinstance(recording, Recording) and recording.active and not recording.ended:
                recording.invocation.exchange.seen(kwargs["response"], kwargs.get("retries_taken") or 0)
        except Exception as problem:
            # Without the traceback: whoever keeps the log record must not keep the response alive.
            logger.debug("a response was not looked at: %s", type(problem).__name__)

    if iscoroutinefunction(original):

        @wraps(original)
        async def async_wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            look(kwargs)
            return await original.__get__(self, type(self))(*args, **kwargs)

        return async_wrapper

    @wraps(original)
    def sync_wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        look(kwargs)
        return original.__get__(self, type(self))(*args, **kwargs)

    return sync_wrapper
