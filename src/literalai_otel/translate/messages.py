"""GenAI messages (roles and parts) as Literal's OpenAI-like messages (`spec/genai-semconv.md` §1.3)."""

from collections.abc import Callable
from typing import Any, Final, cast

from literalai_otel.jsonable import dumps_text, loads
from literalai_otel.model import GenerationMessage

Part = dict[str, Any]

ROLES: Final = frozenset({"system", "user", "assistant", "tool", "function"})
"""The only roles that the published clients accept when they read a generation (`spec/literal-wire.md` §4)."""

_ROLE_SYNONYMS: Final = {
    "developer": "system",
    "model": "assistant",
    "ai": "assistant",
    "assistant_message": "assistant",
    "human": "user",
    "tool_result": "tool",
}
_OWN_KEYS: Final = frozenset({"role", "parts", "finish_reason"})
_KNOWN_OF_IMAGES: Final = ("mime_type", "byte_size", "revised_prompt")


def messages_of(value: Any, default_role: str = "user") -> list[GenerationMessage]:
    """Every message of a content attribute: a list, its JSON, or a text that is no JSON (cut by a limit).

    A raw text becomes the content of one message of `default_role`: cut content is better than none.
    """
    if isinstance(value, str):
        try:
            value = loads(value)
        except ValueError:
            return [{"role": default_role, "content": value}]
    if isinstance(value, dict):
        value = [value]
    if type(value) is not list and not isinstance(value, list | tuple):
        return [] if value is None else [{"role": default_role, "content": _as_text(value)}]
    found: list[GenerationMessage] = []
    for item in cast("list[Any]", value):
        plain = _plain_text(item)
        if plain is not None:
            found.append(plain)
        elif isinstance(item, dict):
            found += _converted(cast("dict[str, Any]", item), default_role)
        elif item is not None:
            found.append({"role": default_role, "content": _as_text(item)})
    return found


def system_message_of(value: Any) -> list[GenerationMessage]:
    """`gen_ai.system_instructions`, a list of parts without a role, as one system message; [] when empty."""
    if isinstance(value, str):
        try:
            value = loads(value)
        except ValueError:
            return [{"role": "system", "content": value}]
    if isinstance(value, str):
        return [{"role": "system", "content": value}]
    parts = cast("list[Any]", value if isinstance(value, list | tuple) else [value])
    if not parts or parts == [None]:
        return []
    if all(isinstance(part, dict) and ("role" in part or "parts" in part) for part in parts):
        return messages_of(parts, "system")  # some packages send whole messages here
    message = {"role": "system", "parts": parts}
    plain = _plain_text(message)
    return _converted(message, "system") if plain is None else [plain]


def joined_text(messages: list[GenerationMessage]) -> str | None:
    """The texts of all messages, for a COMPLETION generation; None when there is no message."""
    if not messages:
        return None
    return "\n".join(_text_of(message.get("content")) for message in messages)


def finish_reasons_of(value: Any) -> list[str]:
    """The finish reason of each output message, where the span has them only there (deprecated place)."""
    if isinstance(value, str):
        try:
            value = loads(value)
        except ValueError:
            return []
    if not isinstance(value, list | tuple):
        return []
    reasons = [
        cast("dict[str, Any]", item).get("finish_reason") for item in cast("list[Any]", value) if isinstance(item, dict)
    ]
    return [reason for reason in reasons if isinstance(reason, str) and reason]


def _plain_text(message: Any) -> GenerationMessage | None:
    """Nearly every message is one text under a known role; the way through `_Assembly` takes four times as long."""
    if message.__class__ is not dict:
        return None
    role = message.get("role")
    if role.__class__ is not str or role not in ROLES:
        return None
    if len(message) == 2 and message.get("content").__class__ is str:
        return message  # of one that is OpenAI-like already nothing has to be done
    parts = message.get("parts")
    if parts.__class__ is not list or len(parts) != 1 or len(message) != (3 if "finish_reason" in message else 2):
        return None
    part = parts[0]
    if part.__class__ is not dict or part.get("type") != "text":
        return None
    content = part.get("content")
    return {"role": role, "content": content} if content.__class__ is str else None


def _converted(message: dict[str, Any], default_role: str) -> list[GenerationMessage]:
    role = message.get("role")
    role = role if isinstance(role, str) and role else default_role
    base: GenerationMessage = {"role": _ROLE_SYNONYMS.get(role, role)}
    if base["role"] not in ROLES:
        base["role"] = default_role
    if base["role"] != role:
        base["original_role"] = role
    parts = message.get("parts")
    extras = {key: item for key, item in message.items() if key not in _OWN_KEYS and item is not None}
    if parts is None:
        return [{**base, "content": None, **extras}]  # already OpenAI-like
    extras.pop("content", None)
    if isinstance(parts, str):
        return [{**base, "content": parts, **extras}]
    assembly = _Assembly()
    for part in cast("list[Any]", parts if isinstance(parts, list | tuple) else [parts]):
        if isinstance(part, dict):
            typed = cast(Part, part)
            kind = typed.get("type")
            (_PARTS.get(kind, _unknown) if isinstance(kind, str) else _unknown)(assembly, typed)
        elif part is not None:
            assembly.contents.append(_text_part(_as_text(part)))
    return assembly.messages(base, extras)


class _Assembly:
    """What the parts of one message add up to."""

    __slots__ = ("contents", "extras", "responses", "tool_calls")

    def __init__(self) -> None:
        self.contents: list[dict[str, Any]] = []
        self.tool_calls: list[dict[str, Any]] = []
        self.responses: list[GenerationMessage] = []
        self.extras: dict[str, Any] = {}

    def messages(self, base: GenerationMessage, extras: dict[str, Any]) -> list[GenerationMessage]:
        """Tool responses first, each a message of its own, since they answer the message before."""
        rest: GenerationMessage = {**base, "content": self._content(), **self.extras, **extras}
        if self.tool_calls:
            rest["tool_calls"] = self.tool_calls
        if not self.responses:
            return [rest]
        answers: list[GenerationMessage] = [{**response, **extras} for response in self.responses]
        return [*answers, rest] if self.contents or self.tool_calls or self.extras else answers

    def _content(self) -> Any:
        if not self.contents:
            return None
        if len(self.contents) == 1 and self.contents[0].keys() == {"type", "text"}:
            return self.contents[0]["text"]
        return self.contents


def _text(assembly: _Assembly, part: Part) -> None:
    content = part.get("content", part.get("text"))
    if content is not None:
        assembly.contents.append(_text_part(_as_text(content)))


def _reasoning(assembly: _Assembly, part: Part) -> None:
    content = part.get("content")
    if content is not None:
        present = assembly.extras.get("reasoning_content")
        addition = _as_text(content)
        assembly.extras["reasoning_content"] = addition if present is None else f"{present}\n{addition}"


def _refusal(assembly: _Assembly, part: Part) -> None:
    content = part.get("content", part.get("refusal"))
    if content is not None:
        assembly.extras["refusal"] = _as_text(content)
        assembly.contents.append(_text_part(_as_text(content)))


def _tool_call(assembly: _Assembly, part: Part) -> None:
    nested = part.get(cast(str, part["type"])) if part["type"] == "server_tool_call" else None
    arguments = part.get("arguments", nested)
    call: dict[str, Any] = {"type": "function"}
    if part.get("id") is not None:
        call["id"] = part["id"]
    call["function"] = {"name": part.get("name") or "", "arguments": "" if arguments is None else _as_text(arguments)}
    if nested is not None and isinstance(nested, dict) and cast(Part, nested).get("type"):
        call["metadata"] = {"type": cast(Part, nested)["type"]}
    assembly.tool_calls.append(call)


def _tool_response(assembly: _Assembly, part: Part) -> None:
    # `response` is the name in the schema, `result` is what pydantic-ai writes.
    content = part.get("response", part.get("result", part.get("server_tool_call_response")))
    message: GenerationMessage = {"role": "tool", "content": None if content is None else _as_text(content)}
    if part.get("id") is not None:
        message["tool_call_id"] = part["id"]
    if part.get("name") is not None:
        message["name"] = part["name"]
    assembly.responses.append(message)


def _server_tool_response(assembly: _Assembly, part: Part) -> None:
    """The result of a tool that the provider ran stays with its call: no message of its own answers it."""
    nested = part.get("server_tool_call_response")
    call = next((call for call in assembly.tool_calls if call.get("id") == part.get("id")), None)
    if call is None or nested is None:
        _tool_response(assembly, part)
    else:
        call["metadata"] = {**call.get("metadata", {}), "response": nested}


def _blob(assembly: _Assembly, part: Part) -> None:
    mime = part.get("mime_type")
    content = part.get("content")
    if _is_image(part) and isinstance(content, str):
        # Some packages write the whole data URL as the content.
        url = content if content.startswith("data:") else f"data:{mime or 'image/png'};base64,{content}"
        assembly.contents.append(_image_part(url, part))
        return
    assembly.contents.append(_media_part(part))


def _uri(assembly: _Assembly, part: Part) -> None:
    address = _as_text(part.get("uri", ""))
    if _is_image(part):
        assembly.contents.append(_image_part(address, part))
    elif address.startswith("sha256:"):
        assembly.contents.append(_media_part(part))
    else:
        assembly.contents.append(_text_part(address))


def _file(assembly: _Assembly, part: Part) -> None:
    assembly.contents.append(_text_part(f"[file {part.get('file_id', '')}]"))


def _compaction(assembly: _Assembly, part: Part) -> None:
    if part.get("content") is not None:
        _text(assembly, part)


def _openai_image(assembly: _Assembly, part: Part) -> None:
    assembly.contents.append(part)


def _unknown(assembly: _Assembly, part: Part) -> None:
    assembly.contents.append(_text_part(dumps_text(part)))


_PARTS: Final[dict[str, Callable[[_Assembly, Part], None]]] = {
    "text": _text,
    "reasoning": _reasoning,
    "refusal": _refusal,
    "tool_call": _tool_call,
    "tool_call_response": _tool_response,
    "server_tool_call": _tool_call,
    "server_tool_call_response": _server_tool_response,
    "blob": _blob,
    "uri": _uri,
    "file": _file,
    "compaction": _compaction,
    "image_url": _openai_image,
}


def _is_image(part: Part) -> bool:
    mime = part.get("mime_type")
    return part.get("modality") == "image" or (isinstance(mime, str) and mime.startswith("image/"))


def _text_part(content: str) -> dict[str, Any]:
    return {"type": "text", "text": content}


def _image_part(url: str, part: Part) -> dict[str, Any]:
    """OpenAI's shape, with what is known of the image beside it."""
    known = {key: part[key] for key in _KNOWN_OF_IMAGES if part.get(key) is not None}
    if url.startswith("data:"):
        known.pop("mime_type", None)  # the URL says it
    return {"type": "image_url", "image_url": {"url": url}, **known}


def _media_part(part: Part) -> dict[str, Any]:
    """Messages have no type for sound, video and files: a text says what was there, `uri` where it is."""
    facts = [f"{part.get('mime_type') or part.get('modality') or 'binary'} content"]
    if part.get("name"):
        facts.append(_as_text(part["name"]))
    if part.get("byte_size") is not None:
        facts.append(f"{part['byte_size']} bytes")
    if not part.get("uri"):
        return _text_part(f"[{', '.join(facts)}]")
    known = {key: part[key] for key in ("uri", "mime_type", "byte_size", "modality") if part.get(key) is not None}
    return {**_text_part(f"[{', '.join(facts)}]"), **known}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else dumps_text(value)


def _text_of(content: Any) -> str:
    if isinstance(content, list):
        parts = cast("list[Any]", content)
        return "\n".join(
            _as_text(cast(Part, part).get("text", "")) if isinstance(part, dict) else _as_text(part) for part in parts
        )
    return "" if content is None else _as_text(content)
