"""The SDK's own tracing stays out of calls that are recorded here: one call is one span.

It is on by default in 1.10 to 2.4, on request later (`spec/frameworks.md` §3.2). Its hook is passed by while a
recording is open; without one, and after `uninstrument()`, it does what it did.
"""

from functools import wraps
from typing import Any

from literalai_otel.genai import Patch, PatchSet, Recording
from literalai_otel.genai.current import get_current
from literalai_otel.genai.keys import RECORDING_KEY


def native_patches(module: str) -> tuple[Patch, ...]:
    """The patches of the tracing hook in `module`."""
    return tuple(
        Patch(module, f"TracingHook.{name}", _passes_by)
        # All three: in 1.x the hook keeps the span of the last request, whoever made it.
        for name in ("before_request", "after_success", "after_error")
    )


def _passes_by(original: Any, patches: PatchSet) -> Any:
    """`before_request(context, request)`, `after_success(context, response)`, `after_error(context, response, error)`.

    Each hands back what comes after the context, a tuple when that is more than one thing.
    """

    @wraps(original)
    def wrapper(self: Any, hook_ctx: Any, *rest: Any, **named: Any) -> Any:
        if patches.enabled and rest and _is_recorded():
            return rest[0] if len(rest) == 1 else rest
        return original.__get__(self, type(self))(hook_ctx, *rest, **named)

    return wrapper


def _is_recorded() -> bool:
    """Whether this runs in the context of a recording that is open."""
    recording = get_current().get(RECORDING_KEY)
    return isinstance(recording, Recording) and not recording.ended
