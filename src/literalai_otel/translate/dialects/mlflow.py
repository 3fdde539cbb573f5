"""MLflow tracing (`spec/genai-semconv.md` §3.7). Every value is JSON, texts too: `"CHAT_MODEL"` with the quotes.

Requests and responses are the provider's own bodies; each request parameter is on the span a second time.
"""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.bodies import put_answered, put_asked
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    add_metadata,
    content_object,
    json_value,
    taking,
)
from literalai_otel.translate.record import SpanRecord
from literalai_otel.translate.retrieval import documents_of, vectors_counted
from literalai_otel.translate.usage import put_usage

_TYPE: Final = "mlflow.spanType"
_INPUTS: Final = "mlflow.spanInputs"
_OUTPUTS: Final = "mlflow.spanOutputs"
_USAGE: Final = "mlflow.chat.tokenUsage"
_MODEL: Final = "mlflow.llm.model"
_COST: Final = "mlflow.llm.cost"
_FIRST_CHUNK: Final = "mlflow.chunk.item.0"
_take_tags: Final = taking("mlflow.traceTag.")

SCOPES: Final = ("mlflow",)
KEYS: Final = ("mlflow.",)
MODELS: Final = (_MODEL,)

_TYPES: Final[Mapping[str, StepType]] = {
    "LLM": "llm",
    "CHAT_MODEL": "llm",
    "EMBEDDING": "embedding",
    "RETRIEVER": "retrieval",
    "RERANKER": "rerank",
    "TOOL": "tool",
    "AGENT": "run",
    "CHAIN": "run",
    "WORKFLOW": "run",
}
_OFFICIAL: Final[Mapping[str, str]] = {
    "mlflow.llm.provider": names.PROVIDER_NAME,
    _MODEL: names.RESPONSE_MODEL,
    "mlflow.chat.tools": names.TOOL_DEFINITIONS,
    "mlflow.trace.session": names.CONVERSATION_ID,
    "mlflow.trace.user": names.USER_ID,
}


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span is to Literal by its type; None where it doesn't say it."""
    kind = json_value(attributes.get(_TYPE))
    return _TYPES.get(kind) if isinstance(kind, str) else None


def officially(rest: Rest) -> None:
    """Says in OpenTelemetry's names what a call of a model has names of its own for."""
    _rename(rest)
    inputs = json_value(rest.pop(_INPUTS, None))
    if inputs.__class__ is dict:
        for name in inputs.keys() & rest.keys():
            del rest[name]  # a parameter of the request, once more
    put_asked(rest, inputs)
    put_answered(rest, rest.pop(_OUTPUTS, None))
    put_usage(rest, _USAGE)
    if _COST in rest:
        add_metadata(rest, {"cost": json_value(rest.pop(_COST))}, names.GENERATION_METADATA)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a span of any type."""
    found = call_type(rest) or "undefined"
    rest.pop(_TYPE, None)
    tags = _take_tags(rest)
    if tags:
        add_metadata(rest, {key: json_value(value) for key, value in tags.items()})
    if found == "llm" or _USAGE in rest:
        seconds = record.seconds_until(_FIRST_CHUNK)
        if seconds is not None:
            rest.setdefault(names.RESPONSE_TIME_TO_FIRST_CHUNK, seconds)
        officially(rest)
        rest.setdefault(names.OPERATION_NAME, "chat")
        return genai.read(record, rest)
    given, result = json_value(rest.pop(_INPUTS, None)), json_value(rest.pop(_OUTPUTS, None))
    if found == "embedding":
        put_usage(rest, _USAGE)
        result = vectors_counted(result)
    elif found == "retrieval":
        result = documents_of(result)
    _rename(rest)
    return Reading(type=found, input=content_object(given), output=content_object(result))


def _rename(rest: Rest) -> None:
    """Like `renaming`, of values that are JSON."""
    for name in _OFFICIAL.keys() & rest.keys():
        rest.setdefault(_OFFICIAL[name], json_value(rest.pop(name)))
