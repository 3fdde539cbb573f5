"""Requests and responses that instrumentations put on a span whole: the provider's JSON, or their framework's.

Understood are bodies of OpenAI's chat, completions, responses and embeddings API, which most other providers speak too,
LangChain's serialised messages and generations, and plain messages (`spec/genai-semconv.md` §3.5, §3.7, §3.8).
Whatever is something else becomes one message with all of it.
"""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.jsonable import dumps_text
from literalai_otel.translate.reading import Rest, structure

_ASKED: Final = ("messages", "input", "prompt", "contents")
"""Where a request has what is asked; the first that is there counts."""
_NO_SETTINGS: Final = frozenset(
    ("model", "messages", "tools", "functions", "prompt", "input", "instructions", "system", "extra_headers")
)
_OF_MESSAGES: Final = frozenset(
    ("role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal", "parts")
)
_OBJECTS: Final = frozenset((dict,))
_TEXTS: Final = frozenset((str,))
_ROLE_OF_TYPE: Final = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "chat": "user"}
"""LangChain's types of messages."""
_OF_RESPONSES: Final = {"model": names.RESPONSE_MODEL, "id": names.RESPONSE_ID}
_OF_CHATS: Final = {
    **_OF_RESPONSES,
    "service_tier": names.OPENAI_RESPONSE_SERVICE_TIER,
    "system_fingerprint": names.OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
}
"""What else a response of the responses or the chat API says, and its official name."""

Message = dict[str, Any]


def put_asked(rest: Rest, value: Any) -> None:
    """Says the request behind a body, its JSON, or a text under official names; what is there already stays."""
    if value is None or value == "":
        return
    body = structure(value, value)
    if body.__class__ is not dict:
        rest.setdefault(names.INPUT_MESSAGES, _messages(body, "user"))
        return
    place = next(filter(body.__contains__, _ASKED), None)
    asked = None if place is None else body[place]
    if asked is None:
        rest.setdefault(names.INPUT_MESSAGES, [body if _is_message(body) else _message("user", value)])
        return
    messages = _messages(asked, "user")
    instructions = body.get("instructions", body.get("system"))
    if instructions is not None:
        messages.insert(0, _message("system", instructions))
    rest.setdefault(names.INPUT_MESSAGES, messages)
    if "prompt" in body and "messages" not in body:
        rest.setdefault(names.OPERATION_NAME, "text_completion")
    settings = {key: item for key, item in body.items() if key not in _NO_SETTINGS and item is not None}
    if settings:
        rest.setdefault(names.GENERATION_SETTINGS, settings)
    if (model := body.get("model")) is not None:
        rest.setdefault(names.REQUEST_MODEL, model)
    if tools := body.get("tools"):
        rest.setdefault(names.TOOL_DEFINITIONS, tools)


def put_answered(rest: Rest, value: Any) -> None:
    """Says the response behind a body, its JSON, or a text under official names; what is there already stays."""
    if value is None or value == "":
        return
    body = structure(value, value)
    facts: Mapping[str, str] = {}
    if body.__class__ is not dict:
        messages = _messages(body, "assistant")
    elif body.get("choices").__class__ is list:
        messages = _of_choices(rest, body["choices"])
        facts = _OF_CHATS
    elif body.get("generations").__class__ is list:
        messages = _of_generations(body["generations"])
    elif body.get("object") == "response" and body.get("output").__class__ is list:
        messages = _merged(_messages(body["output"], "assistant"))
        facts = _OF_RESPONSES
    elif "output" in body and len(body) == 1:
        messages = _messages(structure(body["output"], body["output"]), "assistant")
    else:
        messages = _messages(body, "assistant")
    if messages:
        rest.setdefault(names.OUTPUT_MESSAGES, messages)
    for key, official in facts.items():
        if (said := body.get(key)) is not None:
            rest.setdefault(official, said)


def _is_message(value: Mapping[str, Any]) -> bool:
    return "role" in value or "tool_calls" in value or value.get("lc") == 1


def _message(role: str, content: Any) -> Message:
    return {"role": role, "content": content}


def _messages(value: Any, role: str) -> list[Message]:
    """Every message of a list, a list of lists (LangChain's batches), one message, or a text."""
    if value.__class__ is list:
        items = value[0] if value and value[0].__class__ is list else value
        if _OBJECTS.issuperset(map(type, items)):
            return [_normal(item, role) for item in items]
        if _TEXTS.issuperset(map(type, items)):
            return [_message(role, item) for item in items]
        return [_message(role, items)]
    if value.__class__ is dict:
        return [_normal(value, role) if _is_message(value) or "type" in value else _message(role, value)]
    return [] if value is None else [_message(role, value)]


def _normal(item: dict[str, Any], role: str) -> Message:
    """A message of any of the known forms as one of OpenAI's chat API."""
    if len(item) == 2 and "role" in item and type(item.get("content")) is str:
        return item  # nearly all are
    if item.get("lc") == 1 and item.get("kwargs").__class__ is dict:
        return _of_langchain(item["kwargs"], role)
    kind = item.get("type")
    if "role" not in item and isinstance(kind, str):
        if kind in _ROLE_OF_TYPE and "content" in item:
            return _of_langchain(item, role)
        if kind == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            return {**_message("assistant", None), "tool_calls": [_call(item.get("call_id"), function)]}
        if kind == "function_call_output":
            return {**_message("tool", item.get("output")), "tool_call_id": item.get("call_id")}
    found = {key: value for key, value in item.items() if value is not None and key in _OF_MESSAGES}
    content: Any = found.get("content")
    if content.__class__ is list:
        found["content"] = _contents(content)
    return {"role": role, "content": None, **found} if found else _message(role, item)


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if item.__class__ is dict]


def _contents(parts: list[Any]) -> Any:
    """Parts of the responses API as parts of the chat API; one text alone as a text."""
    found = [_content(part) for part in _dicts(parts)]
    if len(found) != len(parts):
        return parts
    return found[0].get("text") if len(found) == 1 and found[0].get("type") == "text" else found


def _content(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") in ("input_text", "output_text"):
        return {"type": "text", "text": part.get("text")}
    if part.get("type") == "input_image":
        return {"type": "image_url", "image_url": {"url": part.get("image_url")}}
    return part


def _of_langchain(fields: Mapping[str, Any], role: str) -> Message:
    kind = fields.get("type")
    found = _message(_ROLE_OF_TYPE.get(kind, role) if isinstance(kind, str) else role, fields.get("content"))
    calls = fields.get("tool_calls")
    if isinstance(calls, list) and calls:
        found["tool_calls"] = [
            _call(call.get("id"), {"name": call.get("name"), "arguments": call.get("args")}) for call in _dicts(calls)
        ]
        found["content"] = found["content"] or None
    if fields.get("tool_call_id") is not None:
        found["tool_call_id"] = fields["tool_call_id"]
    return found


def _call(call_id: Any, function: dict[str, Any]) -> dict[str, Any]:
    arguments = function.get("arguments")
    if arguments is not None and not isinstance(arguments, str):
        function = {**function, "arguments": dumps_text(arguments)}
    return {"id": call_id, "type": "function", "function": function}


def _of_choices(rest: Rest, choices: list[Any]) -> list[Message]:
    """The message of each, and says why they ended."""
    found: list[Message] = []
    reasons: list[str] = []
    for choice in choices:
        if choice.__class__ is not dict:
            continue
        message: Any = choice.get("message", choice.get("delta"))
        if message.__class__ is dict:
            found.append(_normal(message, "assistant"))
        elif "text" in choice:
            found.append(_message("assistant", choice["text"]))
        reason = choice.get("finish_reason")
        if isinstance(reason, str):
            reasons.append(reason)
    if reasons:
        rest.setdefault(names.RESPONSE_FINISH_REASONS, reasons)
    return found


def _of_generations(generations: list[Any]) -> list[Message]:
    first = generations[0] if generations and generations[0].__class__ is list else generations
    found: list[Message] = []
    for generation in _dicts(first):
        message: Any = generation.get("message")
        found.append(
            _normal(message, "assistant")
            if message.__class__ is dict
            else _message("assistant", generation.get("text"))
        )
    return found


def _merged(items: list[Message]) -> list[Message]:
    """The items of one response as one message: text and calls of tools come apart there."""
    if len(items) < 2:
        return items
    texts = [item["content"] for item in items if item.get("content")]
    calls = [call for item in items for call in item.get("tool_calls", ())]
    found = _message("assistant", texts[0] if len(texts) == 1 else texts or None)
    return [{**found, "tool_calls": calls} if calls else found]
