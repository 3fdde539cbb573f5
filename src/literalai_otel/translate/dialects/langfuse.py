"""Langfuse's SDK (`spec/genai-semconv.md` §3.5). Structures are JSON texts, metadata of version 5 too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

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
    mapping,
    plain_or_structure,
    renaming,
    sequence,
    taking,
    text,
)
from literalai_otel.translate.record import SpanRecord
from literalai_otel.translate.retrieval import vectors_counted
from literalai_otel.translate.usage import put_usage

_OBSERVATION: Final = "langfuse.observation."
_TYPE: Final = f"{_OBSERVATION}type"
_INPUT: Final = f"{_OBSERVATION}input"
_OUTPUT: Final = f"{_OBSERVATION}output"
_MODEL: Final = f"{_OBSERVATION}model.name"
_PARAMETERS: Final = f"{_OBSERVATION}model.parameters"
_USAGE: Final = f"{_OBSERVATION}usage_details"
_COST: Final = f"{_OBSERVATION}cost_details"
_FIRST_TOKEN: Final = f"{_OBSERVATION}completion_start_time"
_LEVEL: Final = f"{_OBSERVATION}level"
_MESSAGE: Final = f"{_OBSERVATION}status_message"
_take_metadata: Final = taking(f"{_OBSERVATION}metadata.")
_FINISH_REASON: Final = "finish_reason"
"""Its OpenAI wrapper says it among the metadata."""

SCOPES: Final = ("langfuse-sdk",)
KEYS: Final = (_TYPE, _OBSERVATION)
"""`langfuse.trace.*` and the environment are copied to every span of the process."""
MODELS: Final = (_MODEL,)

_TYPES: Final[Mapping[str, StepType]] = {
    "generation": "llm",
    "embedding": "embedding",
    "retriever": "retrieval",
    "tool": "tool",
    "agent": "run",
    "chain": "run",
}
_rename: Final = renaming(
    {
        _MODEL: names.RESPONSE_MODEL,
        f"{_OBSERVATION}prompt.name": names.PROMPT_NAME,
        f"{_OBSERVATION}prompt.version": names.PROMPT_VERSION,
    }
)
_rename_model: Final = renaming({_MODEL: names.RESPONSE_MODEL})
_NOT_GIVEN: Final = (None, "", "Infinity")
"""The last is what its OpenAI wrapper writes for a limit that was not given."""


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What an observation is to Literal; None where it doesn't say its type."""
    kind = attributes.get(_TYPE)
    return _TYPES.get(kind) if isinstance(kind, str) else None


def officially(rest: Rest) -> None:
    """Says in OpenTelemetry's names what a generation has names of its own for."""
    _rename(rest)
    put_asked(rest, rest.pop(_INPUT, None))
    put_answered(rest, rest.pop(_OUTPUT, None))
    parameters = mapping(rest.get(_PARAMETERS))
    if parameters is not None:
        del rest[_PARAMETERS]
        given = {key: item for key, item in parameters.items() if item not in _NOT_GIVEN}
        add_metadata(rest, given, names.GENERATION_SETTINGS)
    put_usage(rest, _USAGE)
    cost = mapping(rest[_COST]) if _COST in rest else None
    if cost is not None:
        del rest[_COST]
        known = {key: item for key, item in cost.items() if item}
        add_metadata(rest, {"cost": known} if known else {}, names.GENERATION_METADATA)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of an observation."""
    found = call_type(rest) or ("llm" if _MODEL in rest or _USAGE in rest else "undefined")
    if rest.pop(_TYPE, None) == "span" and record.is_root:
        found = "run"
    metadata = {key: json_value(value) for key, value in _take_metadata(rest).items()}
    error = text(rest.pop(_MESSAGE, None)) if rest.get(_LEVEL) == "ERROR" else None
    if error is not None:
        del rest[_LEVEL]
    if found == "llm":
        if _FINISH_REASON in metadata:
            rest.setdefault(names.RESPONSE_FINISH_REASONS, metadata.pop(_FINISH_REASON))
        if _FIRST_TOKEN in rest:
            _say_first_token(record, rest)
        officially(rest)
        rest.setdefault(names.OPERATION_NAME, "chat")
        reading = genai.read(record, rest)
    else:
        reading = _read_other(rest, found)
    add_metadata(rest, metadata)
    reading.error = error
    return reading


def _read_other(rest: Rest, found: StepType) -> Reading:
    given: Any = plain_or_structure(rest.pop(_INPUT, None))
    result: Any = plain_or_structure(rest.pop(_OUTPUT, None))
    if found == "embedding":
        put_usage(rest, _USAGE)
        _rename_model(rest)
        result = vectors_counted(result)
    elif found == "retrieval" and isinstance(given, dict):
        arguments = sequence(cast(dict[str, Any], given).get("args"))
        if arguments is not None and len(arguments) == 1:
            given = arguments[0]
    return Reading(type=found, input=content_object(given), output=content_object(result))


def _say_first_token(record: SpanRecord, rest: Rest) -> None:
    moment = json_value(rest[_FIRST_TOKEN])
    if not isinstance(moment, str):
        return
    try:
        first = datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError, OSError):
        return
    del rest[_FIRST_TOKEN]
    # The text has microseconds, the start of the span nanoseconds.
    rest[names.RESPONSE_TIME_TO_FIRST_CHUNK] = max(first - record.start_ns // 1000 / 1e6, 0.0)
