"""Messages as span events, as GenAI spans had them before they were attributes (`spec/genai-semconv.md` §1.7, §3.8).

Up to 1.27 two events held everything: `gen_ai.content.prompt` and `gen_ai.content.completion`. Up to 1.36 each message
was an event named after its role, and each answer a `gen_ai.choice`; fields of the body are attributes of the event,
or one JSON in `gen_ai.event.content`. What the span says in attributes is right where it says both.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.translate.reading import Rest, mapping, sequence, structure
from literalai_otel.translate.record import SpanEvent

_ROLES: Final[Mapping[str, str]] = {
    names.EVENT_SYSTEM_MESSAGE: "system",
    names.EVENT_USER_MESSAGE: "user",
    names.EVENT_ASSISTANT_MESSAGE: "assistant",
    names.EVENT_TOOL_MESSAGE: "tool",
}
_WHOLE: Final[Mapping[str, tuple[str, str]]] = {
    names.EVENT_CONTENT_PROMPT: (names.WHOLE_PROMPT, names.INPUT_MESSAGES),
    names.EVENT_CONTENT_COMPLETION: (names.WHOLE_COMPLETION, names.OUTPUT_MESSAGES),
}
_OFFICIAL: Final = (names.INPUT_MESSAGES, names.OUTPUT_MESSAGES, names.SYSTEM_INSTRUCTIONS, names.TOOL_DEFINITIONS)
"""Some packages put today's attributes on an event."""
_NAME: Final = "event.name"
_BOOKKEEPING: Final = frozenset(
    {_NAME, names.LEGACY_SYSTEM, names.PROVIDER_NAME, names.EVENT_CONTENT, names.EVENT_MESSAGE_INDEX, "index"}
)
_ANSWER: Final = frozenset({"message", "finish_reason"})


def say_messages(events: Iterable[SpanEvent], rest: Rest) -> None:
    """Puts the messages that `events` hold where today's conventions have them, unless something is there."""
    bodies: list[dict[str, Any]] = []
    for name, attributes, _ in events:
        whole = _WHOLE.get(name)
        if whole is not None and whole[0] in attributes:
            rest.setdefault(whole[1], _messages_within(attributes[whole[0]]))
        elif name in _ROLES or name == names.EVENT_CHOICE:
            bodies.append({**attributes, _NAME: name})
        elif name.startswith(names.GENAI_PREFIX):
            for official in _OFFICIAL:
                if official in attributes:
                    rest.setdefault(official, attributes[official])
    if bodies:
        given, said = messages_of_events(bodies)
        if given:
            rest.setdefault(names.INPUT_MESSAGES, given)
        if said:
            rest.setdefault(names.OUTPUT_MESSAGES, said)


def messages_of_events(bodies: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The messages that were given and those that were answered; each body names its event in `event.name`."""
    given: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    for body in bodies:
        name = body.get(_NAME)
        whole = {**body, **(mapping(body.get(names.EVENT_CONTENT)) or {})}
        known = {key: value for key, value in whole.items() if key not in _BOOKKEEPING}
        if name == names.EVENT_CHOICE:
            said.append(_answer(known))
        elif name in _ROLES:
            given.append(_message(known, _ROLES[cast(str, name)]))
    return given, said


def _answer(body: dict[str, Any]) -> dict[str, Any]:
    """A choice: the message is an object, its JSON, a text, or spread over the body."""
    inner = body.get("message", {})
    message = mapping(inner)
    if message is None:
        parts = sequence(inner)
        message = {"content": inner if parts is None else parts}
    beside = {key: value for key, value in body.items() if key not in _ANSWER}
    found = _message({**beside, **message}, "assistant")
    if body.get("finish_reason"):
        found["finish_reason"] = body["finish_reason"]
    return found


def _message(body: dict[str, Any], role: str) -> dict[str, Any]:
    """As OpenAI's API has it; a list of blocks as content becomes parts."""
    said: Any = body.get("role") or role
    found: dict[str, Any] = {**body, "role": said}
    blocks = sequence(found.get("content"))
    if blocks is not None and all(isinstance(block, dict) for block in blocks):
        del found["content"]
        found["parts"] = [_part(cast("dict[str, Any]", block)) for block in blocks]
    calls = sequence(found.get("tool_calls"))
    if calls is not None:
        found["tool_calls"] = calls
    if said == "tool" and "id" in found:
        found["tool_call_id"] = found.pop("id")
    return found


def _part(block: dict[str, Any]) -> dict[str, Any]:
    """Blocks of Bedrock's API have their kind as the key: `{"text": …}`, `{"toolUse": {…}}`."""
    if "type" in block:
        return block if "text" not in block else {"type": block["type"], "content": block["text"]}
    if "text" in block:
        return {"type": "text", "content": block["text"]}
    call, result = mapping(block.get("toolUse")), mapping(block.get("toolResult"))
    if call is not None:
        return {
            "type": "tool_call",
            "id": call.get("toolUseId"),
            "name": call.get("name"),
            "arguments": call.get("input"),
        }
    if result is not None:
        return {"type": "tool_call_response", "id": result.get("toolUseId"), "response": result.get("content")}
    return block


def _messages_within(value: Any) -> Any:
    """A list of messages, `{"messages": […]}`, or anything else as it is."""
    found = structure(value)
    if isinstance(found, dict):
        known = cast("dict[str, Any]", found)
        within = known.get("messages", known.get("choices"))
        if isinstance(within, list):
            return [_choice_or_message(item) for item in cast("list[Any]", within)]
    return value if found is None else cast(Any, found)


def _choice_or_message(item: Any) -> Any:
    known = mapping(item)
    return known["message"] if known is not None and isinstance(known.get("message"), dict) else item
