"""What the SDK sends and gets, looked at without touching: the hooks that it runs around every attempt.

`SDKHooks` is the same in every client and release; the asynchronous clients call it too, on a thread with a copy of
the context.
"""

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from literalai_otel.genai import Exchange, Patch, PatchSet
from literalai_otel.genai.current import get_current
from literalai_otel.genai.keys import RECORDING_KEY

logger = logging.getLogger(__name__)

CLASS = "SDKHooks"


def wire_patches(module: str) -> tuple[Patch, ...]:
    """The patches of the hooks in `module`."""
    return (
        Patch(module, f"{CLASS}.before_request", _looks(_look_at_request), _warn_of_missing),
        Patch(module, f"{CLASS}.after_success", _looks(_look_at_response), _warn_of_missing),
        Patch(module, f"{CLASS}.after_error", _looks(_look_at_refusal), _warn_of_missing),
    )


def source_of(resource: Any) -> tuple[Any]:
    """What a call of `resource` (`client.chat` …) is known by: the client's configuration, which its hooks are told of.

    In a tuple of its own, since each call is another one.
    """
    return (resource.sdk_configuration,)


def _looks(look: Callable[[Exchange, Any], None]) -> Callable[[Any, PatchSet], Any]:
    """Wraps `hook(context, …)`: `look` gets what comes out of the hook."""

    def wrap(original: Any, patches: PatchSet) -> Any:
        @wraps(original)
        def wrapper(self: Any, hook_ctx: Any, *args: Any, **kwargs: Any) -> Any:
            result = original.__get__(self, type(self))(hook_ctx, *args, **kwargs)
            try:
                recording: Any = get_current().get(RECORDING_KEY) if patches.enabled else None
                if recording is not None and recording.active:
                    exchange: Exchange = recording.invocation.exchange
                    source: Any = exchange.source
                    # None when the call is over; an SDK below a framework's recording has another kind of source.
                    if isinstance(source, tuple) and source[0] is hook_ctx.config:
                        look(exchange, result)
            except Exception as problem:
                # Without the traceback: whoever keeps the log record must not keep the response alive.
                logger.debug("an exchange was not looked at: %s", type(problem).__name__)
            return result

        return wrapper

    return wrap


def _look_at_request(exchange: Exchange, request: Any) -> None:
    exchange.sent(request)


def _look_at_response(exchange: Exchange, response: Any) -> None:
    exchange.answered(response)


def _look_at_refusal(exchange: Exchange, result: Any) -> None:
    response, _ = result
    if response is not None:
        exchange.answered(response)


@cache
def _warn_of_missing(patch: Patch) -> None:
    logger.warning("%s is not in this mistralai release: retries are not counted, content is copied", patch.target)
