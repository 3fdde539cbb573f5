"""OpenInference: how its spans of model calls are told, and their facts (`spec/genai-semconv.md` §3.2)."""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.model import StepType

_TYPES: Final[Mapping[str, StepType]] = {"LLM": "llm", "EMBEDDING": "embedding", "RERANKER": "rerank"}
FACTS: Final[Mapping[str, str]] = {
    names.OPENINFERENCE_MODEL: names.RESPONSE_MODEL,
    names.OPENINFERENCE_TOKENS_INPUT: names.USAGE_INPUT_TOKENS,
    names.OPENINFERENCE_TOKENS_OUTPUT: names.USAGE_OUTPUT_TOKENS,
    names.OPENINFERENCE_TOKENS_CACHE_READ: names.USAGE_CACHE_READ_INPUT_TOKENS,
    names.OPENINFERENCE_TOKENS_CACHE_WRITE: names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    names.OPENINFERENCE_TOKENS_REASONING: names.USAGE_REASONING_OUTPUT_TOKENS,
}
"""What the response told -> the official name. The model that these spans name is mostly the served one."""
MODELS: Final = (
    names.OPENINFERENCE_MODEL,
    names.OPENINFERENCE_EMBEDDING_MODEL,
    names.OPENINFERENCE_RERANKER_MODEL,
)


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span that records a call of a model is to Literal; None for any other span."""
    return _TYPES.get(attributes.get(names.OPENINFERENCE_KIND, ""))
