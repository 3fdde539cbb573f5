"""pydantic-ai, whose spans speak GenAI with names of their own beside it (`spec/genai-semconv.md` §3.4).

A run has all its messages under `pydantic_ai.all_messages`, and sums of usage that count for no generation. Earlier
formats had messages as a list of events, and arguments and results of tools under other names.
"""

import re
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.dialects.genai_events import messages_of_events
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    add_metadata,
    content_object,
    mapping,
    renaming,
    sequence,
    structure,
)
from literalai_otel.translate.record import SpanRecord

SCOPES: Final = ("pydantic-ai",)
KEYS: Final = ("pydantic_ai.",)
_ALL_MESSAGES: Final = "pydantic_ai.all_messages"
_RESULT: Final = "final_result"
_PARAMETERS: Final = "model_request_parameters"
_PLAIN_ANSWER: Final = '"output_mode":"text"'
_NO_TOOLS: Final = '{"function_tools":[],'
_PLAIN_WITHOUT_TOOLS: Final = f'{_PLAIN_ANSWER},"output_object":null,"output_tools":[],'
_FORM: Final = ("output_mode", "output_object")
_EVENTS: Final = ("all_messages_events", "events")
_VECTORS: Final = "embeddings"
_COUNT: Final = "inputs_count"
_NOISE: Final = ("logfire.json_schema", "logfire.msg")
"""What Logfire's page needs, and a name for the span that says nothing beyond the agent's or the tool's."""

_rename: Final = renaming(
    {
        "tool_arguments": names.TOOL_CALL_ARGUMENTS,
        "tool_response": names.TOOL_CALL_RESULT,
        "agent_name": names.AGENT_NAME,
        "inputs": names.INPUT_MESSAGES,
        names.METRIC_TIME_TO_FIRST_CHUNK: names.RESPONSE_TIME_TO_FIRST_CHUNK,
        f"{names.USAGE_DETAILS_PREFIX}reasoning_tokens": names.USAGE_REASONING_OUTPUT_TOKENS,
        f"{names.USAGE_DETAILS_PREFIX}cache_read_tokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
        f"{names.USAGE_DETAILS_PREFIX}cache_write_tokens": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    }
)
_MADE_UP: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""The form of the conversation ids that it makes when the application gives none: they are no threads."""


def officially(rest: Rest) -> None:
    """Says everything in official names that has one."""
    _rename(rest)
    for name in _NOISE:
        rest.pop(name, None)
    conversation = rest.get(names.CONVERSATION_ID)
    if isinstance(conversation, str) and _MADE_UP.fullmatch(conversation):
        add_metadata(rest, {"conversation_id": rest.pop(names.CONVERSATION_ID)})
    _say_events(rest)
    if _PARAMETERS in rest:
        _say_parameters(rest)
    whole = rest.pop(_ALL_MESSAGES, None)
    if whole is not None:
        _say_whole(rest, whole)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a run, a request to a model, a tool or an embedding."""
    officially(rest)
    result = rest.pop(_RESULT, None)
    vectors = rest.pop(_VECTORS, None)
    reading = genai.read(record, rest)
    found = None if result is None else structure(result)
    if found is not None or (reading.output is None and result is not None):
        reading.output = content_object(result if found is None else found)
    if vectors is not None:
        count, length = rest.pop(_COUNT, None), rest.pop(names.EMBEDDINGS_DIMENSION_COUNT, None)
        said = {"count": count, "dimensions": length}
        reading.output = {key: value for key, value in said.items() if value is not None}
    return reading


def _say_whole(rest: Rest, whole: Any) -> None:
    """The last message is the answer if the model said it, all before it is what the run was given and did."""
    messages = sequence(whole)
    if messages is None:
        rest.setdefault(names.INPUT_MESSAGES, whole)
        return
    last = mapping(messages[-1]) if messages else None
    answered = last is not None and last.get("role") == "assistant"
    rest.setdefault(names.INPUT_MESSAGES, messages[:-1] if answered else messages)
    if answered:
        rest.setdefault(names.OUTPUT_MESSAGES, [last])


def _say_events(rest: Rest) -> None:
    """The first format: messages as a list of events, of a run or of a request."""
    for name in _EVENTS:
        events = sequence(rest[name]) if name in rest else None
        if events is not None:
            del rest[name]
            given, said = messages_of_events(cast(dict[str, Any], each) for each in events if isinstance(each, dict))
            if given:
                rest.setdefault(names.INPUT_MESSAGES, given)
            if said:
                rest.setdefault(names.OUTPUT_MESSAGES, said)


def _say_parameters(rest: Rest) -> None:
    """Tools and the form of the answer; the rest is pydantic-ai's own bookkeeping of them, at length."""
    raw = rest[_PARAMETERS]
    if isinstance(raw, str) and (
        (names.TOOL_DEFINITIONS in rest and _PLAIN_ANSWER in raw)
        or (raw.startswith(_NO_TOOLS) and _PLAIN_WITHOUT_TOOLS in raw and raw.endswith("}"))
    ):
        del rest[_PARAMETERS]  # they can be long, and mostly have nothing to say: not worth reading
        return
    parameters = mapping(raw)
    if parameters is None:
        return
    del rest[_PARAMETERS]
    tools = [
        _definition(cast("dict[str, Any]", tool))
        for key in ("function_tools", "output_tools")
        for tool in sequence(parameters.get(key)) or ()
        if isinstance(tool, dict)
    ]
    if tools:
        rest.setdefault(names.TOOL_DEFINITIONS, tools)
    chosen = {key: value for key in _FORM if (value := parameters.get(key)) not in (None, "text")}
    if chosen:
        rest.setdefault(names.GENERATION_SETTINGS, chosen)


def _definition(tool: dict[str, Any]) -> dict[str, Any]:
    known = {"name": "name", "description": "description", "parameters_json_schema": "parameters"}
    return {"type": "function", **{known[key]: value for key, value in tool.items() if key in known}}
