"""The current context, for places that every call or chunk goes through.

Two calls less each way than the functions of OpenTelemetry, which also log what only a test should see.
"""

from collections.abc import Callable
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry.context import Context

_RUNTIME: Final[Any] = getattr(otel_context, "_RUNTIME_CONTEXT", otel_context)
_VARIABLE: Final[Any] = getattr(_RUNTIME, "_current_context", None)

get_current: Final[Callable[[], Context]] = getattr(_VARIABLE, "get", _RUNTIME.get_current)
"""The current context."""
attach: Final[Callable[[Context], Any]] = getattr(_VARIABLE, "set", _RUNTIME.attach)
"""Make a context current; gives the token for `detach`."""
detach: Final[Callable[[Any], Any]] = getattr(_VARIABLE, "reset", _RUNTIME.detach)
"""Make the context from before current again. Raises ValueError where that was not current, in another task say."""
