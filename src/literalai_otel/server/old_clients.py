"""Content that the published Python clients cannot parse, in a form that they can.

They check messages with pydantic when they *read* (`spec/literal-wire.md` §4): a role of later years, an audio or file
part or an object where they expect a list makes `get_step` and `get_thread` raise. So what goes out to them is
brought into the shapes they know; what is stored stays as it came, and everybody else reads it so.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from literalai_otel.jsonable import dumps_text

STRICT_CLIENT: Final = "py-literal-client"
LAST_STRICT: Final = (0, 1, 300)
"""The last release of that client; ours names itself otherwise."""
_ROLES: Final = ("user", "assistant", "tool", "function", "system")
_LATER_ROLES: Final = {"developer": "system", "model": "assistant", "ai": "assistant", "human": "user"}
_TEXT_PARTS: Final = ("text", "input_text", "output_text", "refusal")
_NUMBERS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, by the headers `x-client-name` and `x-client-version`."""

    name: str | None = None
    version: str | None = None

    @property
    def strict(self) -> bool:
        """Whether it parses no more than the published Python clients do. Without a version it is one of those."""
        if self.name != STRICT_CLIENT:
            return False
        return tuple(map(int, _NUMBERS.findall(self.version or "")[:3])) <= LAST_STRICT


def readable(name: str, value: Any) -> Any:
    """The field `name` of a generation, as a strict client can read it. Null stays null."""
    return value if value is None else _SHAPES[name](value)


def _messages(value: Any) -> list[dict[str, Any]]:
    items = cast(list[Any], value) if isinstance(value, list) else [value]
    return [_message(item, "user") for item in items]


def _completion(value: Any) -> dict[str, Any] | None:
    if isinstance(value, list):
        items = cast(list[Any], value)
        return _message(items[-1], "assistant") if items else None
    return _message(value, "assistant")


def _message(value: Any, role: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {"role": role, "content": _text(value)}
    message = cast(dict[str, Any], value)
    found = {key: item for key, item in message.items() if item is None or key not in _KEYS or _KEYS[key](item)}
    given = found.get("role")
    if given is not None and given not in _ROLES:
        found["role"] = _LATER_ROLES.get(given, role) if isinstance(given, str) else role
    content = found.get("content")
    if isinstance(content, list):
        found["content"] = [_part(part) for part in cast(list[Any], content)]
    elif content is not None and not isinstance(content, str):
        found["content"] = _text(content)
    return found


def _part(value: Any) -> dict[str, Any]:
    """A text or image part as it is; any other as a text that names it."""
    if not isinstance(value, dict):
        return {"type": "text", "text": _text(value)}
    part = cast(dict[str, Any], value)
    kind = part.get("type")
    if kind == "image_url" and isinstance(part.get("image_url"), dict):
        return part
    if kind == "image_url" and isinstance(part.get("image_url"), str):
        return {**part, "image_url": {"url": part["image_url"]}}
    text = part.get("text", part.get("refusal"))
    if kind in _TEXT_PARTS and isinstance(text, str):
        return part if kind == "text" else {"type": "text", "text": text}
    return {"type": "text", "text": f"[{kind if isinstance(kind, str) else 'part'}{_file_name(part)}]"}


def _file_name(part: Mapping[str, Any]) -> str:
    file: Any = part.get("file")
    name = cast(dict[str, Any], file).get("filename") if isinstance(file, dict) else part.get("filename")
    return f": {name}" if isinstance(name, str) else ""


def _objects(value: Any) -> list[dict[str, Any]]:
    items = cast(list[Any], value) if isinstance(value, list) else [value]
    return [cast(dict[str, Any], item) for item in items if isinstance(item, dict)]


def _object(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {"value": value}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps_text(value)


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in cast(list[Any], value))


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


_KEYS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "uuid": _is(str),
    "name": _is(str),
    "templated": _is(bool),
    "tool_call_id": _is(str),
    "function_call": _is(dict),
    "tool_calls": _is_objects,
}
"""Keys of a message that must be of a kind; one that is not is left out."""
_SHAPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "messages": _messages,
    "messageCompletion": _completion,
    "tools": _objects,
    "settings": _object,
    "variables": _object,
}
FIELDS: Final = tuple(_SHAPES)
"""The fields of a generation that are looked at."""
