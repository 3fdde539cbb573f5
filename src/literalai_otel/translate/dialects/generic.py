"""Frameworks with a few names of their own beside GenAI's, read alike (`spec/genai-semconv.md` §3.8).

Google's Agent Development Kit, LiveKit Agents, Genkit, Laminar, VoltAgent and Claude Code. What kind of work a span
is stands under one of a few names, what went in and came out under one of some others; the rest is GenAI, or stays
with the step as it is.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.dialects.generic_messages import is_conversation, messages_within
from literalai_otel.translate.messages import messages_of
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    add_metadata,
    content_object,
    mapping,
    number,
    renaming,
    sequence,
    structure,
    taking,
    text,
)
from literalai_otel.translate.record import SpanRecord

SCOPES: Final = ("gcp.vertex.agent", "livekit-agents", "genkit-tracer", "voltagent", "com.anthropic.claude_code")
KEYS: Final = (
    "gcp.vertex.agent.",
    "lk.",
    "lmnr.span.",
    "voltagent.",
    "claude_code.",
    "genkit:name",
    "genkit:type",
    "genkit:input",
    "genkit:output",
)
_OPERATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "lmnr.span.type": {"LLM": "chat", "CACHED": "chat", "TOOL": "execute_tool"},
    "genkit:metadata:subtype": {
        "model": "chat",
        "tool": "execute_tool",
        "embedder": "embeddings",
        "retriever": "retrieval",
        "reranker": "rerank",
        "flow": "invoke_workflow",
        "agent": "invoke_agent",
    },
    "genkit:type": {"flow": "invoke_workflow"},
    "span.type": {
        "interaction": "invoke_agent",
        "agent": "invoke_agent",
        "workflow": "invoke_workflow",
        "llm_request": "chat",
        "llm": "chat",
        "tool": "execute_tool",
        "retriever": "retrieval",
        "embedding": "embeddings",
    },
}
"""Attribute that tells the kind of work -> its values -> the official operations."""

_SPAN_NAMES: Final[Mapping[str, str]] = {
    "llm_node": "invoke_workflow",
    "agent_session": "invoke_agent",
    "agent_turn": "invoke_agent",
    "function_tool": "execute_tool",
    "invocation": "invoke_workflow",
}
"""Names of spans that say it, where no attribute does."""

_rename: Final = renaming(
    {
        "gcp.vertex.agent.session_id": names.THREAD_ID,
        "gcp.vertex.agent.tool_call_args": names.TOOL_CALL_ARGUMENTS,
        "gcp.vertex.agent.tool_response": names.TOOL_CALL_RESULT,
        "lk.function_tool.name": names.TOOL_NAME,
        "lk.function_tool.id": names.TOOL_CALL_ID,
        "lk.function_tool.arguments": names.TOOL_CALL_ARGUMENTS,
        "lk.function_tool.output": names.TOOL_CALL_RESULT,
        "lk.agent_name": names.AGENT_NAME,
        "lk.response.ttft": names.RESPONSE_TIME_TO_FIRST_CHUNK,
        "genkit:sessionId": names.THREAD_ID,
        "lmnr.association.properties.session_id": names.THREAD_ID,
        "lmnr.association.properties.user_id": names.USER_ID,
        "lmnr.association.properties.tags": names.TAGS,
        "conversation.id": names.THREAD_ID,
        "tool_name": names.TOOL_NAME,
        "tool.name": names.TOOL_NAME,
        "agent.name": names.AGENT_NAME,
        "model": names.REQUEST_MODEL,
        "llm.model": names.REQUEST_MODEL,
        "input_tokens": names.USAGE_INPUT_TOKENS,
        "output_tokens": names.USAGE_OUTPUT_TOKENS,
        "cache_read_tokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
        "cache_creation_tokens": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
        "stop_reason": names.RESPONSE_FINISH_REASONS,
    }
)
_MILLISECONDS: Final = "ttft_ms"
_take_metadata: Final = taking("lmnr.association.properties.metadata.")
_TOOL_EVENT: Final = "tool.output"
_ADK: Final = "gcp.vertex.agent"
_ADK_REQUEST: Final = f"{_ADK}.llm_request"
_ADK_RESPONSE: Final = f"{_ADK}.llm_response"
_NOTHING: Final = (None, "", "{}")
_INPUTS: Final = (
    _ADK_REQUEST,
    "lk.chat_ctx",
    "lk.user_input",
    "lk.input_text",
    "lk.user_transcript",
    "genkit:input",
    "lmnr.span.input",
    "llm.messages",
    "agent.messages",
    "user_prompt",
    "input",
    "prompt",
)
_OUTPUTS: Final = (
    _ADK_RESPONSE,
    "lk.response.text",
    "genkit:output",
    "lmnr.span.output",
    "output",
)
"""The first that is there counts."""

_USAGE: Final[Mapping[str, str]] = {
    "inputTokens": names.USAGE_INPUT_TOKENS,
    "outputTokens": names.USAGE_OUTPUT_TOKENS,
}
_NO_SETTINGS: Final = frozenset({"system_instruction", "systemInstruction", "tools", "http_options"})


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span is to Literal by its operation."""
    own = _operation(attributes)
    return genai.call_type(attributes if own is None else {names.OPERATION_NAME: own})


def officially(rest: Rest) -> None:
    """Says everything in official names that has one."""
    _say_names(rest, _operation(rest))
    if genai.call_type(rest) == "llm":
        _say_call(rest)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a span of any of them."""
    _say_names(rest, _operation(rest) or _SPAN_NAMES.get(record.name))
    for event in record.events:
        if event.name == _TOOL_EVENT:
            rest.setdefault(names.TOOL_CALL_RESULT, dict(event.attributes))
    given = said = None
    if genai.call_type(rest) == "llm":
        _say_call(rest)
    else:
        given, said = _take_first(rest, _INPUTS), _take_first(rest, _OUTPUTS)
    reading = genai.read(record, rest)
    reading.name = reading.name or text(rest.pop("genkit:name", None))
    if reading.type == "undefined" and record.is_root:
        reading.type = "run"
    if reading.input is None and given is not None:
        reading.input = _content(given)
    if reading.output is None and said is not None:
        reading.output = _content(said)
    return reading


def _operation(attributes: Mapping[str, Any]) -> str | None:
    if not _OPERATIONS.keys().isdisjoint(attributes):
        for name, values in _OPERATIONS.items():
            if name in attributes and (found := values.get(text(attributes[name]) or "")) is not None:
                return found
    # Spans of tools have it too, as an empty object.
    return "chat" if attributes.get(_ADK_REQUEST) not in _NOTHING else None


def _say_names(rest: Rest, operation: str | None) -> None:
    if operation is not None:
        rest.setdefault(names.OPERATION_NAME, operation)
    if rest.get(names.LEGACY_SYSTEM) == _ADK:
        del rest[names.LEGACY_SYSTEM]  # the kit, not who provides the model
    for name in (_ADK_REQUEST, _ADK_RESPONSE):
        if name in rest and rest[name] in _NOTHING:
            del rest[name]
    _rename(rest)
    if _MILLISECONDS in rest and (milliseconds := number(rest[_MILLISECONDS])) is not None:
        del rest[_MILLISECONDS]
        rest.setdefault(names.RESPONSE_TIME_TO_FIRST_CHUNK, milliseconds / 1000)
    add_metadata(rest, _take_metadata(rest))


def _say_call(rest: Rest) -> None:
    """The request and the answer of a model, each one thing, as messages, settings and tools."""
    asked = _take_first(rest, _INPUTS)
    request = structure(asked, asked)
    if request is not None:
        if request.__class__ is dict:
            _say_settings(rest, request)
        given = messages_within(request)
        if given is not None:
            rest.setdefault(names.INPUT_MESSAGES, given)
    answered = _take_first(rest, _OUTPUTS)
    answer = structure(answered, answered)
    if answer is not None:
        said = messages_within(answer)
        if said is not None:
            rest.setdefault(names.OUTPUT_MESSAGES, said)
        usage = mapping(answer.get("usage")) if answer.__class__ is dict else None
        if usage is not None:
            for key, official in _USAGE.items():
                if usage.get(key) is not None:
                    rest.setdefault(official, usage[key])


def _say_settings(rest: Rest, request: Mapping[str, Any]) -> None:
    config = mapping(request.get("config")) or mapping(request.get("generationConfig")) or {}
    instruction = config.get("system_instruction", config.get("systemInstruction"))
    if instruction:
        said = {"type": "text", "content": instruction} if isinstance(instruction, str) else instruction
        rest.setdefault(names.SYSTEM_INSTRUCTIONS, [said])
    offered = sequence(config.get("tools", request.get("tools")))
    if offered:
        tools = [
            {"type": "function", **cast("dict[str, Any]", declared)}
            for tool in offered
            for declared in _declared(mapping(tool) or {})
            if isinstance(declared, dict)
        ]
        if tools:
            rest.setdefault(names.TOOL_DEFINITIONS, tools)
    settings = {key: value for key, value in config.items() if key not in _NO_SETTINGS and value not in (None, {}, [])}
    if settings:
        rest.setdefault(names.GENERATION_SETTINGS, settings)


def _declared(tool: Mapping[str, Any]) -> list[Any]:
    """Google's API puts functions into lists in tools; Genkit's tools are functions."""
    found = sequence(tool.get("function_declarations", tool.get("functionDeclarations")))
    if found is not None:
        return found
    schema = {"parameters": tool["inputSchema"]} if "inputSchema" in tool else {}
    return [{key: tool[key] for key in ("name", "description", "parameters") if key in tool} | schema]


def _take_first(rest: Rest, candidates: tuple[str, ...]) -> Any:
    for name in candidates:
        if rest.get(name) not in _NOTHING:
            return rest.pop(name)
    return None


def _content(value: Any) -> dict[str, Any] | None:
    if is_conversation(value):
        return {"content": messages_of(messages_within(value))}
    return content_object(structure(value, value))
