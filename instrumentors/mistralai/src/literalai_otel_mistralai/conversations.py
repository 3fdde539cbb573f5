"""Readers of the conversations API, in which the provider keeps the history and may run tools and agents itself.

One call is one generation: what goes in are entries, what comes out are entries, and together they are one answer
(`spec/frameworks.md` §3.1). The provider's conversation is the official `gen_ai.conversation.id`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from literalai_otel.attributes import (
    CONVERSATION_ID,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    RESPONSE_MODEL,
    SYSTEM_INSTRUCTIONS,
    TOOL_DEFINITIONS,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.genai.messages import parsed_arguments
from literalai_otel_mistralai.completions import read_parameters
from literalai_otel_mistralai.conversation_stream import ConversationFold
from literalai_otel_mistralai.endpoint import Asked, Endpoint, Json
from literalai_otel_mistralai.messages import content_parts, tool_definitions
from literalai_otel_mistralai.usage import write_usage


def _read_request(asked: Asked, attributes: dict[str, Any]) -> None:
    read_parameters(fields_of(asked.get("completion_args")), attributes)


def _input(request: Json, options: CallOptions) -> list[Json]:
    inputs = request.get("inputs")
    if isinstance(inputs, str):
        return [{"role": "user", "parts": content_parts(inputs)}]
    return [_input_message(entry) for entry in items_of(inputs)]


def _input_message(entry: Any) -> Json:
    if not isinstance(entry, dict):
        return {"role": "user", "parts": content_parts(str(entry))}
    fields = cast(Json, entry)
    if fields.get("type") == "function.result":
        answer: Json = {"type": "tool_call_response", "response": fields.get("result")}
        if fields.get("tool_call_id") is not None:
            answer["id"] = fields["tool_call_id"]
        return {"role": "tool", "parts": [answer]}
    is_input = fields.get("type") in (None, "message.input")
    return {"role": fields.get("role") or ("user" if is_input else "assistant"), "parts": list(_entry_parts(fields))}


def _entry_parts(entry: Json) -> Iterable[Json]:
    """The parts of an entry of a conversation; an unknown entry is a part of its own."""
    convert = _ENTRIES.get(str(entry.get("type") or "message.input"))
    return [entry] if convert is None else convert(entry)


def _message_parts(entry: Json) -> Iterable[Json]:
    return content_parts(entry.get("content"))


def _function_call(entry: Json) -> Iterable[Json]:
    part: Json = {"type": "tool_call", "name": entry.get("name")}
    if entry.get("tool_call_id") is not None:
        part["id"] = entry["tool_call_id"]
    if entry.get("arguments") is not None:
        part["arguments"] = parsed_arguments(entry["arguments"])
    return (part,)


def _tool_execution(entry: Json) -> Iterable[Json]:
    """A tool that the provider has run: the call, and what is told of its result."""
    name = entry.get("name")
    identity: Json = {} if entry.get("id") is None else {"id": entry["id"]}
    call: Json = {"type": name, "arguments": parsed_arguments(entry.get("arguments"))}
    yield {"type": "server_tool_call", **identity, "name": name, "server_tool_call": call}
    if entry.get("info"):
        result: Json = {"type": name, **fields_of(entry["info"])}
        yield {"type": "server_tool_call_response", **identity, "server_tool_call_response": result}


_ENTRIES: Final[dict[str, Callable[[Json], Iterable[Json]]]] = {
    "message.input": _message_parts,
    "message.output": _message_parts,
    "function.call": _function_call,
    "tool.execution": _tool_execution,
}


def _instructions(request: Json, options: CallOptions) -> list[Json] | None:
    given = request.get("instructions")
    return [{"type": "text", "content": given}] if isinstance(given, str) else None


def _tools(request: Json, options: CallOptions) -> list[Json] | None:
    return tool_definitions(request.get("tools"))


def _output(response: Any) -> list[Json] | None:
    return output_messages(items_of(fields_of(response).get("outputs")))


def output_messages(entries: Iterable[Any]) -> list[Json] | None:
    """What came out as one message: its parts are those of the entries, in order."""
    parts = [part for entry in entries if isinstance(entry, dict) for part in _entry_parts(cast(Json, entry))]
    return [{"role": "assistant", "parts": parts}] if parts else None


def _read_response(invocation: Invocation, response: Any) -> None:
    fields = fields_of(response)
    models = (fields_of(entry).get("model") for entry in items_of(fields.get("outputs")))
    write_response(invocation, fields.get("conversation_id"), models, fields.get("usage"))


def write_response(invocation: Invocation, conversation_id: Any, models: Iterable[Any], usage: Any) -> None:
    """Write the conversation, the model that answered first, and the usage."""
    attributes = invocation.attributes
    if isinstance(conversation_id, str):
        attributes[CONVERSATION_ID] = conversation_id
    served = next((model for model in models if isinstance(model, str)), None)
    if served is not None:
        attributes[RESPONSE_MODEL] = served
    write_usage(usage, attributes)


def _fold(invocation: Invocation, *, wants_content: bool) -> ConversationFold:
    def write(conversation_id: str | None, entries: list[Json], usage: Mapping[str, Any] | None) -> None:
        write_response(invocation, conversation_id, (entry.get("model") for entry in entries), usage)
        if wants_content:
            invocation.content[OUTPUT_MESSAGES] = lambda: output_messages(entries)

    return ConversationFold(write, wants_content=wants_content)


CONVERSATION: Final = Endpoint(
    operation="chat",
    read_request=_read_request,
    request_content={INPUT_MESSAGES: _input, SYSTEM_INSTRUCTIONS: _instructions, TOOL_DEFINITIONS: _tools},
    no_settings=frozenset({"inputs", "instructions", "tools"}),
    read_response=_read_response,
    read_output=_output,
    fold=_fold,
)
