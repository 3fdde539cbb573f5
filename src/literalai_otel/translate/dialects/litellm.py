"""LiteLLM's OpenTelemetry callbacks, both engines (`spec/genai-semconv.md` §3.6).

Their spans of calls speak GenAI, with tools, cost and metadata under names of their own; some forty of the first
engine's are empty. All else that they record, such as the raw request, guardrails, caches and the proxy's own work,
is no step.
"""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.messages import messages_of
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    add_metadata,
    beginning_with,
    mapping,
    renaming,
    take_numbered,
    text,
    texts,
)
from literalai_otel.translate.record import SpanRecord

SCOPES: Final = ("litellm",)
_CALL_ID: Final = "litellm.call_id"
_MODEL: Final = "litellm.provider.model"
_REQUEST_TYPE: Final = "llm.request.type"
KEYS: Final = (_CALL_ID, _MODEL)
_CALLS: Final = (
    names.OPERATION_NAME,
    names.PROVIDER_NAME,
    names.LEGACY_SYSTEM,
    names.REQUEST_PREFIX,
    names.RESPONSE_PREFIX,
    names.USAGE_PREFIX,
    names.INPUT_PREFIX,
    names.OUTPUT_PREFIX,
    "litellm.call_",
    _REQUEST_TYPE,
)
"""What attributes of calls begin with. Baggage copies other official names to spans of every kind."""
_NAMELESS: Final = "litellm_request"
"""Every span of a call of the first engine has this name."""
_FUNCTIONS: Final = "llm.request.functions."
_TOOLS: Final = (_FUNCTIONS, names.TOOL_PREFIX)
_METADATA: Final = "metadata."
_metadata: Final = beginning_with(_METADATA, f"litellm.{_METADATA}")
_EMPTY: Final = ("", "[]", "{}", "None")
_OPERATIONS: Final[Mapping[str, str]] = {"embedding": "embeddings", "completion": "chat"}
"""Where its word differs from the official one, or only the older attribute says it."""
_BESIDE: Final = ("usage_object", "spend_logs_metadata", "user_api_key_auth_metadata")
"""Of its metadata what is said elsewhere, and as text of Python."""
_rename: Final = renaming(
    {
        _REQUEST_TYPE: names.OPERATION_NAME,
        "llm.user": names.USER_ID,
        "litellm.end_user.id": names.USER_ID,
        "llm.is_streaming": names.REQUEST_STREAM,
        "litellm.request.streaming": names.REQUEST_STREAM,
        names.METRIC_TIME_TO_FIRST_CHUNK: names.RESPONSE_TIME_TO_FIRST_CHUNK,
    }
)


def skips(scope_name: str, attributes: Mapping[str, Any]) -> bool:
    """Whatever is no call: raw requests and answers, guardrails, caches, databases, the proxy's request."""
    if _CALL_ID in attributes or names.OPERATION_NAME in attributes:
        return False
    return not any(name.startswith(_CALLS) for name in attributes)


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span is to Literal by its operation."""
    operation = _operation(attributes.get(names.OPERATION_NAME) or attributes.get(_REQUEST_TYPE))
    return genai.call_type({names.OPERATION_NAME: operation})


def officially(rest: Rest) -> None:
    """Says everything in official names that has one."""
    for name in (names.LEGACY_SYSTEM, names.PROVIDER_NAME):
        if rest.get(name) == "":
            del rest[name]
    _rename(rest)
    if names.OPERATION_NAME in rest:
        rest[names.OPERATION_NAME] = _operation(rest[names.OPERATION_NAME])
    if names.PROVIDER_NAME not in rest and names.LEGACY_SYSTEM not in rest:
        provider, slash, _ = (text(rest.get(_MODEL)) or "").partition("/")
        if slash:
            rest[names.PROVIDER_NAME] = provider
    said = "\n".join(rest)  # to ask once what is seldom there
    if _METADATA in said:
        _say_metadata(rest)
    if _FUNCTIONS in said or names.TOOL_PREFIX in said:
        _say_tools(rest)
    if names.INDEXED_COMPLETIONS in said:
        _say_calls(rest)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of one call through LiteLLM."""
    officially(rest)
    if record.name != _NAMELESS:
        return genai.read(record, rest)
    said = [text(rest.get(name)) for name in (names.OPERATION_NAME, names.REQUEST_MODEL)]
    reading = genai.read(record, rest)
    if reading.name is None:
        reading.name = " ".join([part for part in said if part is not None]) or None
    return reading


def _operation(value: Any) -> Any:
    return _OPERATIONS.get(value, value) if isinstance(value, str) else value


def _say_tools(rest: Rest) -> None:
    for tools in take_numbered(rest, _TOOLS).values():
        for tool in tools:
            tool["parameters"] = mapping(tool.get("parameters")) or tool.get("parameters")
        rest.setdefault(names.TOOL_DEFINITIONS, [{"type": "function", **tool} for tool in tools])


def _say_calls(rest: Rest) -> None:
    """The first engine keeps the function that an answer calls apart from the answer's message."""
    answers = messages_of(rest.get(names.OUTPUT_MESSAGES), "assistant") or [{"role": "assistant", "content": None}]
    for place, choice in enumerate(
        take_numbered(rest, (names.INDEXED_COMPLETIONS,)).get(names.INDEXED_COMPLETIONS, [])
    ):
        called = mapping(choice.get("function_call"))
        if called is not None and place < len(answers) and "tool_calls" not in answers[place]:
            function = {"name": called.get("name"), "arguments": called.get("arguments")}
            answers[place]["tool_calls"] = [{"type": "function", "function": function}]
            rest[names.OUTPUT_MESSAGES] = answers


def _say_metadata(rest: Rest) -> None:
    """The user's own metadata flat, as the user gave them; of LiteLLM's what is not empty."""
    found: dict[str, Any] = {}
    given = _metadata[tuple(rest)]
    for name, value in zip(given, map(rest.pop, given), strict=True):
        if value not in _EMPTY and (key := name.partition(_METADATA)[2]) not in _BESIDE:
            found[key] = value
    if not found:
        return
    own = mapping(found.pop("requester_metadata", None)) or {}
    for key, official in (("session_id", names.THREAD_ID), ("user_id", names.USER_ID)):
        if (value := text(own.get(key) or found.get(key))) is not None:
            rest.setdefault(official, value)
    tags = texts(own.get("tags") or found.get("tags"))
    if tags:
        rest.setdefault(names.TAGS, tags)
    add_metadata(rest, {**found, **own})
