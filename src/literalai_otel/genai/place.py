"""Where the code of a framework runs, told by something that no other instrumentor replaces.

Two instrumentors of one framework both have its code run in OpenTelemetry contexts of their own making, and the inner
one's takes the place of the other's with all that is in it. So ours is kept beside, and found again where the current
span is one of those that record the same as ours do.
"""

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.trace import get_current_span

from literalai_otel.attributes import SCOPE_PREFIX
from literalai_otel.genai.switched_on import SWITCHED_ON
from literalai_otel.scopes import whole_framework

_PLACE: Final[ContextVar[Context | None]] = ContextVar("literalai_place", default=None)


keep_place: Final[Callable[[Context], Token[Context | None]]] = _PLACE.set
"""From here on code runs in that context, until `leave_place` or in this copy of the context variables."""


reset_place: Final[Callable[[Token[Context | None]], None]] = _PLACE.reset
"""What was before. Raises ValueError where the place was kept in other context variables."""


def leave_place(token: Token[Context | None]) -> None:
    """`reset_place` wherever that is: a coroutine that is collected is closed in the collector's context variables."""
    try:
        reset_place(token)
    except ValueError:
        _PLACE.set(None)


kept_place: Final[Callable[[], Context | None]] = _PLACE.get
"""The context that an instrumentor of ours made for the code that runs now."""


def own_context(current: Context) -> Context:
    """`current`, or what ours made of it before another instrumentor of the same framework replaced it."""
    kept = _PLACE.get()
    if kept is None:
        return current
    scope: Any = getattr(get_current_span(current), "instrumentation_scope", None)
    if scope is None or scope.name.startswith(SCOPE_PREFIX) or whole_framework(scope.name) not in SWITCHED_ON:
        return current
    return kept
