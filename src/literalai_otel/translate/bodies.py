"""Requests and responses that instrumentations put on a span whole: the provider's JSON, or their framework's.

Understood are bodies of OpenAI's chat, completions, responses and embeddings API, which most other providers speak too,
LangChain's serialised messages and generations, and plain messages (`spec/genai-semconv.md` §3.5, §3.7, §3.8).
Whatever is something else becomes one message with all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.jsonable import dumps_text
from literalai_otel.translate.reading import Rest, structure

_NO_SETTINGS: Final = frozenset(
    ("model", "messages", "tools", "functions", "prompt", "input", "instructions", "system", "extra_headers")
)
_OF_MESSAGES: Final = ("role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal")
_ROLE_OF_TYPE: Final = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "chat": "user"}
"""LangChain's types of messages."""

Message = dict[str, Any]


@dataclass(slots=True)
class Asked:
    """What a request says."""

    messages: list[Message]
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    model: Any = None
    tools: Any = None
    is_completion: bool = False


@dataclass(slots=True)
class Answered:
    """What a response says."""

    messages: list[Message]
    finish_reasons: list[str] = field(default_factory=list[str])
    model: Any = None
    id: Any = None
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


def put_asked(rest: Rest, value: Any) -> None:
    """Says the request `value` under official names; what is there already stays."""
    if value is None or value == "":
        return
    asked = asked_in(value)
    rest.setdefault(names.INPUT_MESSAGES, asked.messages)
    if asked.is_completion:
        rest.setdefault(names.OPERATION_NAME, "text_completion")
    if asked.settings:
        rest.setdefault(names.GENERATION_SETTINGS, asked.settings)
    if asked.model is not None:
        rest.setdefault(names.REQUEST_MODEL, asked.model)
    if asked.tools:
        rest.setdefault(names.TOOL_DEFINITIONS, asked.tools)


def put_answered(rest: Rest, value: Any) -> None:
    """Says the response `value` under official names; what is there already stays."""
    if value is None or value == "":
        return
    answered = answered_in(value)
    if answered.messages:
        rest.setdefault(names.OUTPUT_MESSAGES, answered.messages)
    if answered.finish_reasons:
        rest.setdefault(names.RESPONSE_FINISH_REASONS, answered.finish_reasons)
    if answered.model is not None:
        rest.setdefault(names.RESPONSE_MODEL, answered.model)
    if answered.id is not None:
        rest.setdefault(names.RESPONSE_ID, answered.id)
    for name, fact in answered.facts.items():
        rest.setdefault(name, fact)


def asked_in(value: Any) -> Asked:
    """The request behind a body, its JSON, or a text."""
    body = _known(value)
    if not isinstance(body, dict):
        return Asked(_messages(body, "user"))
    known = cast(dict[str, Any], body)
    found = next((known[key] for key in ("messages", "input", "prompt", "contents") if key in known), None)
    if found is None:
        return Asked([known] if _is_message(known) else [_message("user", value)])
    instructions = known.get("instructions", known.get("system"))
    return Asked(
        messages=[
            *([] if instructions is None else [_message("system", instructions)]),
            *_messages(found, "user"),
        ],
        settings={key: item for key, item in known.items() if key not in _NO_SETTINGS and item is not None},
        model=known.get("model"),
        tools=known.get("tools"),
        is_completion="prompt" in known and "messages" not in known,
    )


def answered_in(value: Any) -> Answered:
    """The response behind a body, its JSON, or a text."""
    body = _known(value)
    if not isinstance(body, dict):
        return Answered(_messages(body, "assistant"))
    known = cast(dict[str, Any], body)
    if isinstance(known.get("choices"), list):
        return _of_choices(known, cast(list[Any], known["choices"]))
    if isinstance(known.get("generations"), list):
        return Answered(_of_generations(cast(list[Any], known["generations"])))
    if known.get("object") == "response" and isinstance(known.get("output"), list):
        items = _messages(known["output"], "assistant")
        return Answered(_merged(items), model=known.get("model"), id=known.get("id"))
    if "output" in known and len(known) == 1:
        return Answered([] if known["output"] is None else _messages(_known(known["output"]), "assistant"))
    return Answered(_messages(known, "assistant"))


def _known(value: Any) -> Any:
    found = structure(value)
    return value if found is None else found


def _is_message(value: Mapping[str, Any]) -> bool:
    return "role" in value or "tool_calls" in value or value.get("lc") == 1


def _message(role: str, content: Any) -> Message:
    return {"role": role, "content": content}


def _messages(value: Any, role: str) -> list[Message]:
    """Every message of a list, a list of lists (LangChain's batches), one message, or a text."""
    if isinstance(value, list):
        items = cast(list[Any], value)
        if items and isinstance(items[0], list):
            items = cast(list[Any], items[0])
        if items and all(isinstance(item, dict) for item in items):
            return [_normal(item, role) for item in items]
        if items and all(isinstance(item, str) for item in items):
            return [_message(role, item) for item in items]
        return [_message(role, items)] if items else []
    if isinstance(value, dict):
        known = cast(dict[str, Any], value)
        return [_normal(known, role) if _is_message(known) or "type" in known else _message(role, known)]
    return [] if value is None else [_message(role, value)]


def _normal(item: dict[str, Any], role: str) -> Message:
    """A message of any of the known forms as one of OpenAI's chat API."""
    if len(item) == 2 and "role" in item and type(item.get("content")) is str:
        return item  # nearly all are
    fields: Any = item.get("kwargs")
    if item.get("lc") == 1 and isinstance(fields, dict):
        return _of_langchain(cast(dict[str, Any], fields), role)
    kind = item.get("type")
    if "role" not in item and isinstance(kind, str):
        if kind in _ROLE_OF_TYPE and "content" in item:
            return _of_langchain(item, role)
        if kind == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            return {**_message("assistant", None), "tool_calls": [_call(item.get("call_id"), function)]}
        if kind == "function_call_output":
            return {**_message("tool", item.get("output")), "tool_call_id": item.get("call_id")}
    found = {key: item[key] for key in _OF_MESSAGES if item.get(key) is not None}
    if "parts" in item:
        found["parts"] = item["parts"]
    content = found.get("content")
    if isinstance(content, list):
        found["content"] = _contents(cast(list[Any], content))
    return {"role": role, "content": None, **found} if found else _message(role, item)


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [cast(dict[str, Any], item) for item in items if isinstance(item, dict)]


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


def _of_choices(body: Mapping[str, Any], choices: list[Any]) -> Answered:
    known = _dicts(choices)
    messages: list[Message] = []
    for choice in known:
        message: Any = choice.get("message", choice.get("delta"))
        if isinstance(message, dict):
            messages.append(_normal(cast(dict[str, Any], message), "assistant"))
        elif "text" in choice:
            messages.append(_message("assistant", choice["text"]))
    facts = {
        names.OPENAI_RESPONSE_SERVICE_TIER: body.get("service_tier"),
        names.OPENAI_RESPONSE_SYSTEM_FINGERPRINT: body.get("system_fingerprint"),
    }
    return Answered(
        messages,
        finish_reasons=[reason for choice in known if isinstance(reason := choice.get("finish_reason"), str)],
        model=body.get("model"),
        id=body.get("id"),
        facts={name: fact for name, fact in facts.items() if fact is not None},
    )


def _of_generations(generations: list[Any]) -> list[Message]:
    first = cast(list[Any], generations[0]) if generations and isinstance(generations[0], list) else generations
    found: list[Message] = []
    for generation in _dicts(first):
        message: Any = generation.get("message")
        found.append(
            _normal(cast(dict[str, Any], message), "assistant")
            if isinstance(message, dict)
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
