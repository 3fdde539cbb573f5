"""What an instrumentation scope's name tells: ours or another's, and which framework it instruments."""

from functools import lru_cache
from typing import Final

from literalai_otel.attributes import INSTRUMENTOR_SCOPE_PREFIX, WHOLE_FRAMEWORKS

_WHOLLY_RECORDED: Final = (*WHOLE_FRAMEWORKS, "mistralai")
"""Mistral's SDK as well: spans of OpenInference are not around its calls where it streams asynchronously."""
_INSTRUMENTATIONS: Final = (
    INSTRUMENTOR_SCOPE_PREFIX,
    "opentelemetry.instrumentation.",
    "openinference.instrumentation.",
)
"""How the scopes of the families begin (`spec/genai-semconv.md` §3.1, §3.2)."""


@lru_cache(maxsize=256)
def whole_framework(scope_name: str) -> str | None:
    """The framework of an instrumentor's scope, if it is one of which ours records every operation."""
    if not scope_name.startswith(_INSTRUMENTATIONS):
        return None
    parts = {part.replace("_", "") for part in scope_name.split(".")}
    return next((one for one in _WHOLLY_RECORDED if one.replace("_", "") in parts), None)
