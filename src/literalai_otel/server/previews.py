"""What the lists show of a step, and of a generation the last message that went in and what came out (P-LOG-11).

Made when a step is stored, from messages that are read anyway; a list reads no payloads.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.values import clean_text

LENGTH: Final = 200
"""Characters of a preview."""
_MOST_PARTS: Final = 20
"""Parts of a message, or calls of tools, that are looked at."""


def of_content(content: Mapping[str, Any], encoded: bytes) -> str:
    """The text of a step's input or output: its `content`, its only member, else its JSON `encoded`."""
    text = content.get("content")
    if not text and len(content) == 1:
        text = next(iter(content.values()))
    if isinstance(text, str) and text:
        return clean_text(text[:LENGTH], "content")
    return encoded[: LENGTH * 4].decode("utf-8", "ignore")[:LENGTH]


def of_input(generation: Mapping[str, Any]) -> str | None:
    """The last message of a chat, the prompt of a completion; None where there is neither."""
    messages = generation.get("messages")
    if isinstance(messages, list) and messages:
        return _message(cast(list[Any], messages)[-1])
    return _text(generation.get("prompt"))


def of_output(generation: Mapping[str, Any]) -> str | None:
    """What the model said and which tools it called; None where there is no answer."""
    return _message(generation.get("messageCompletion")) or _text(generation.get("completion"))


def _message(value: Any) -> str | None:
    if not isinstance(value, dict):
        return _text(value)
    message = cast("dict[str, Any]", value)
    said = _content(message.get("content"))
    if said is not None and len(said) >= LENGTH:
        return said
    calls = [_call(item) for item in _some(message.get("tool_calls"))]
    if not calls and "function_call" in message:
        calls = [_call({"function": message["function_call"]})]
    return _text(" ".join([*([said] if said else []), *(f"→ {call}" for call in calls if call)]))


def _content(content: Any) -> str | None:
    if not isinstance(content, list):
        return _text(content)
    return _text(" ".join(filter(None, (_part(item) for item in _some(cast(Any, content))))))


def _part(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return _text(value)
    part = cast(Mapping[str, Any], value)
    text = part.get("text")
    return text[:LENGTH] if isinstance(text, str) and text else f"[{part.get('type', 'part')}]"


def _call(value: Any) -> str | None:
    function = cast(Mapping[str, Any], value).get("function") if isinstance(value, Mapping) else None
    if not isinstance(function, Mapping):
        return None
    named = cast(Mapping[str, Any], function)
    return f"{named.get('name')}({_text(named.get('arguments')) or ''})"


def _some(value: Any) -> list[Any]:
    return cast(list[Any], value)[:_MOST_PARTS] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        # Cut first: it may have megabytes.
        return clean_text(value[:LENGTH], "content") if value else None
    if value is None or value in ([], {}):
        return None
    return clean_text(dumps_text(value)[:LENGTH], "content")
