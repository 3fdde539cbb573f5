"""OpenLLMetry, in what differs from OpenTelemetry's conventions (`spec/genai-semconv.md` §3.1).

Since 0.55 its spans of model calls speak GenAI. Before, the kind of call stood under a name of their own.
"""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.attributes import LLM_REQUEST_TYPE
from literalai_otel.model import StepType

_TYPES: Final[Mapping[str, StepType]] = {
    "chat": "llm",
    "completion": "llm",
    "embedding": "embedding",
    "rerank": "rerank",
}


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span that records a call of a model is to Literal; None for any other span."""
    return _TYPES.get(attributes.get(LLM_REQUEST_TYPE, ""))
