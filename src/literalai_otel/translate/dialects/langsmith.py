"""LangSmith's OpenTelemetry export (`spec/genai-semconv.md` §3.8).

Inputs and outputs of every kind of run are whole JSON texts under `gen_ai.prompt` and `gen_ai.completion`. What it says
as the official operation is not what the convention means by it (a retriever is said to be `embeddings`).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.bodies import put_answered, put_asked
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.kinds import Names, PerKind
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    add_metadata,
    content_object,
    json_value,
    renaming,
    text,
)
from literalai_otel.translate.record import SpanRecord
from literalai_otel.translate.retrieval import documents_of, vectors_counted
from literalai_otel.translate.usage import put_usage

_KIND: Final = "langsmith.span.kind"
_TAGS: Final = "langsmith.span.tags"
_METADATA: Final = "langsmith.metadata."
_USAGE: Final = f"{_METADATA}usage_metadata"
_OWN_METADATA: Final = tuple(
    f"{_METADATA}{name}" for name in ("ls_", "LANGSMITH_", "LANGCHAIN_", "lc_versions", "revision_id", "_type")
)
"""What it adds to the user's metadata: stays among the attributes of the span."""

SCOPES: Final = ("langsmith",)
KEYS: Final = (_KIND, "langsmith.trace.", "langsmith.span.")

_TYPES: Final[Mapping[str, StepType]] = {
    "llm": "llm",
    "embedding": "embedding",
    "retriever": "retrieval",
    "tool": "tool",
}
_EXCEPTION: Final = "exception"
_TRACEBACK: Final = "\n\nTraceback (most recent call last)"
_OFFICIAL: Final[Mapping[str, str]] = {
    f"{_METADATA}thread_id": names.CONVERSATION_ID,
    f"{_METADATA}session_id": names.CONVERSATION_ID,
    f"{_METADATA}conversation_id": names.CONVERSATION_ID,
    f"{_METADATA}user_id": names.USER_ID,
}
_OF_CALL: Final[Mapping[str, str]] = {
    "langsmith.request.streaming": names.IS_STREAMING,
    f"{_METADATA}ls_temperature": names.REQUEST_TEMPERATURE,
    f"{_METADATA}ls_max_tokens": names.REQUEST_MAX_TOKENS,
    f"{_METADATA}ls_stop": names.REQUEST_STOP_SEQUENCES,
    f"{_METADATA}ls_model_name": names.REQUEST_MODEL,
}
_rename: Final = renaming(_OFFICIAL)
_rename_call: Final = renaming(_OF_CALL)
_rename_all: Final = renaming({**_OFFICIAL, **_OF_CALL})
_PROVIDER: Final = f"{_METADATA}ls_provider"
_SAID_ELSEWHERE: Final = frozenset(
    (
        names.USAGE_INPUT_DETAILS,
        names.USAGE_OUTPUT_DETAILS,
        *(f"{_METADATA}{name}" for name in ("model", "model_name", "stream", "temperature", "max_tokens", "stop")),
    )
)


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a run is to Literal by its kind; None where it doesn't say it."""
    return _TYPES.get(text(attributes.get(_KIND)) or "")


def officially(rest: Rest) -> None:
    """Says in OpenTelemetry's names what a call of a model has names of its own for."""
    _say_call(rest, _rename_call)


def _say_call(rest: Rest, rename: Callable[[Rest], None]) -> None:
    """`rename` says what has a name of LangSmith's: of a call, or with whose it is."""
    put_asked(rest, rest.pop(names.WHOLE_PROMPT, None))
    put_answered(rest, rest.pop(names.WHOLE_COMPLETION, None))
    put_usage(rest, _USAGE)
    rename(rest)
    provider = text(rest.pop(_PROVIDER, None))
    if provider is not None:
        rest[names.PROVIDER_NAME] = provider
        rest.pop(names.LEGACY_SYSTEM, None)
    for name in _SAID_ELSEWHERE & rest.keys():
        del rest[name]


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a run of any kind; chains without a parent are runs of Literal."""
    kind = text(rest.pop(_KIND, None))
    found: StepType = _TYPES.get(kind or "", "undefined")
    if kind is None and any(name in rest for name in genai.USAGE):
        found = "llm"
    elif kind == "chain" and record.is_root:
        found = "run"
    rest.pop(names.OPERATION_NAME, None)
    tags = text(rest.get(_TAGS))
    if tags is not None:
        del rest[_TAGS]
        rest.setdefault(names.TAGS, [*map(str.strip, tags.split(","))])
    if found == "llm":
        _say_call(rest, _rename_all)
        rest.setdefault(names.OPERATION_NAME, "chat")
        reading = genai.read(record, rest)
    else:
        _rename(rest)
        reading = _read_other(rest, found)
    own = _own[tuple(rest)]
    if own:
        add_metadata(rest, {name.removeprefix(_METADATA): json_value(rest.pop(name)) for name in own})
    if record.status == "ERROR" and not record.status_text:
        reading.error = _error(record)
    return reading


@PerKind
def _own(names_on_span: Names) -> list[str]:
    """Of the names that a span has those of the user's metadata."""
    return [name for name in names_on_span if name.startswith(_METADATA) and not name.startswith(_OWN_METADATA)]


def _error(record: SpanRecord) -> str | None:
    """What went wrong; the message that it writes for that holds the traceback as well."""
    for name, attributes, _ in reversed(record.events):
        if name == _EXCEPTION:
            message = text(attributes.get(names.EXCEPTION_MESSAGE))
            return None if message is None else message.partition(_TRACEBACK)[0]
    return None


def _read_other(rest: Rest, found: StepType) -> Reading:
    given, result = json_value(rest.pop(names.WHOLE_PROMPT, None)), json_value(rest.pop(names.WHOLE_COMPLETION, None))
    if given.__class__ is dict and len(given) == 1 and "input" in given:
        given = given["input"]
    if result.__class__ is dict and len(result) == 1 and "output" in result:
        result = result["output"]
    if found == "embedding":
        result = vectors_counted(result)
    elif found == "retrieval":
        result = documents_of(result)
    name = text(rest.pop(names.TOOL_NAME, None)) if found == "tool" else None
    return Reading(type=found, name=name, input=content_object(given), output=content_object(result))
