"""LangChain's messages as messages with parts (`spec/genai-semconv.md` §1.3).

A message may be changed by the program later, so what it says is copied when it is seen; the rest is done when the
content is needed. Content is a text or a list of blocks; the blocks come in the shapes of OpenAI, of Anthropic and of
LangChain's own two generations (`source_type`, and that of 1.x).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from literalai_otel.genai.messages import Json, content_parts, media_part, tool_call_part
from literalai_otel.jsonable import to_jsonable
from literalai_otel_langchain.prompts import LINKS

_ROLES: Final = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "function"}
_MEDIA: Final = frozenset({"image", "audio", "video", "file"})
_CALLS: Final = frozenset({"tool_use", "tool_call", "tool_call_chunk", "input_json_delta", "function_call"})
"""Blocks that repeat what `tool_calls` of the message says."""
_EXTRAS: Final = frozenset(
    {"refusal", "reasoning_content", "function_call", "prompt_id", "promptId", "uuid", "variables"}
)
"""What is kept of `additional_kwargs`: the rest is a provider's raw answer, said once more."""


class FrozenMessage:
    """What a message said when it was seen. `size` is about the bytes that it keeps alive."""

    __slots__ = ("_calls", "_content", "_extra", "_invalid_calls", "_name", "_tool_call_id", "role", "size")

    def __init__(self, message: Any) -> None:
        fields: dict[str, Any] = message.__dict__
        get = fields.get
        kind: Any = get("type")
        self.role = (_ROLES.get(kind) if type(kind) is str else None) or _role(message, fields)
        content: Any = get("content")
        self._content: Any = content if type(content) is str else to_jsonable(content)
        self._calls = _copy(get("tool_calls"))
        self._invalid_calls = _copy(get("invalid_tool_calls"))
        given = get("additional_kwargs")
        self._extra: Json = {}
        if given and isinstance(given, dict):
            said = cast(Json, given)
            self._extra = {key: to_jsonable(said[key]) for key in _EXTRAS.intersection(said) if said[key] is not None}
        if (link := LINKS.of(message)) is not None:
            self._extra |= cast(Json, to_jsonable(dict(link)))
        self._name = get("name")
        self._tool_call_id = get("tool_call_id")
        self.size = len(self._content) if type(self._content) is str else 256

    @property
    def prompt_id(self) -> str | None:
        """The prompt of Literal that it was made from (`spec/literal-wire.md` §5.4, LangChain)."""
        if not self._extra:
            return None
        found = self._extra.get("prompt_id", self._extra.get("promptId"))
        return found if isinstance(found, str) else None

    @property
    def variables(self) -> Any:
        """What that prompt was filled in with."""
        return self._extra.get("variables")

    def render(self) -> Json:
        """The message with parts, of JSON shape and nobody else's."""
        if self.role in ("tool", "function"):
            parts = [self._response()]
        else:
            parts = [*self._reasoning(), *self._content_parts(), *self._refusal(), *self._call_parts()]
        message: Json = {"role": self.role, "parts": parts}
        if self._name:
            message["name"] = str(self._name)
        if self.prompt_id is not None:
            message |= {"templated": True, **({"uuid": self._extra["uuid"]} if self._extra.get("uuid") else {})}
        return cast(Json, to_jsonable(message))

    def readable(self) -> Json:
        """The message as people know it, for the input and output of steps that call no model."""
        message = self.render()
        parts = cast(list[Json], message.pop("parts"))
        calls = [part for part in parts if part["type"] == "tool_call"]
        rest = [part for part in parts if part["type"] != "tool_call"]
        if len(rest) == 1 and rest[0]["type"] == "tool_call_response":
            message |= {"content": rest[0].get("response"), "tool_call_id": rest[0].get("id")}
        elif all(part["type"] == "text" for part in rest):
            message["content"] = "".join(str(part.get("content")) for part in rest)
        else:
            message["content"] = rest
        if calls:
            message["tool_calls"] = [{key: value for key, value in call.items() if key != "type"} for call in calls]
        return message

    def _content_parts(self) -> list[Json]:
        content: Any = self._content
        if content == "":
            return []
        if not isinstance(content, list):
            return content_parts(content)
        return [part for block in cast(list[Any], content) if (part := _part(block)) is not None]

    def _response(self) -> Json:
        part: Json = {"type": "tool_call_response"}
        if self._tool_call_id is not None:
            part["id"] = self._tool_call_id
        part["response"] = self._content if type(self._content) is str else self._content_parts()
        return part

    def _reasoning(self) -> list[Json]:
        text = self._extra.get("reasoning_content")
        return [{"type": "reasoning", "content": text}] if isinstance(text, str) and text else []

    def _refusal(self) -> list[Json]:
        refusal = self._extra.get("refusal")
        return [{"type": "refusal", "content": refusal}] if refusal else []

    def _call_parts(self) -> list[Json]:
        parts = [_call(call) for call in (*self._calls, *self._invalid_calls)]
        if not parts and isinstance(self._extra.get("function_call"), dict):
            parts.append(tool_call_part({"function": self._extra["function_call"]}))
        return parts


def _role(message: Any, fields: Mapping[str, Any]) -> str:
    kind = str(fields.get("type") or getattr(message, "type", "") or "human")
    if kind in _ROLES:
        return _ROLES[kind]
    if kind.startswith("chat"):  # ChatMessage, ChatMessageChunk
        return str(fields.get("role") or "user")
    return _ROLES.get(kind.removesuffix("MessageChunk").lower(), kind)


def _copy(calls: Any) -> list[Json]:
    return cast(list[Json], to_jsonable(calls)) if calls else []


def _call(call: Any) -> Json:
    fields = cast(Json, call) if isinstance(call, dict) else {}
    part: Json = {"type": "tool_call", "name": fields.get("name")}
    if fields.get("id") is not None:
        part["id"] = fields["id"]
    if fields.get("args") is not None:
        part["arguments"] = fields["args"]
    return part


def _part(block: Any) -> Json | None:
    """The part that a block of content is, None for one that says nothing new."""
    if not isinstance(block, dict):
        return content_parts([block])[0]
    fields = cast(Json, block)
    kind = fields.get("type")
    if kind in _CALLS:
        return None
    if kind in _MEDIA and (kind != "file" or "file" not in fields):
        return _media(str(kind), fields)
    convert = _BLOCKS.get(str(kind))
    return convert(fields) if convert is not None else content_parts([fields])[0]


def _media(kind: str, block: Json) -> Json:
    modality = "document" if kind == "file" else kind
    source = cast(Json, block["source"]) if isinstance(block.get("source"), dict) else {}
    mime = block.get("mime_type") or source.get("media_type")
    encoded = block.get("base64") or block.get("data") or source.get("data")
    if isinstance(encoded, str):
        return media_part(modality, mime, encoded)
    url = block.get("url") or source.get("url")
    if isinstance(url, str):
        part: Json = {"type": "uri", "modality": modality, "uri": url}
        return {**part, "mime_type": mime} if mime else part
    return {"type": "file", "modality": modality, "file_id": block.get("file_id") or block.get("id")}


def _reasoning_block(block: Json) -> Json:
    said = block.get("thinking") or block.get("reasoning")
    if not isinstance(said, str):
        summary = block.get("summary")
        pieces = cast(list[Any], summary) if isinstance(summary, list) else []
        said = "\n".join(str(cast(Json, piece).get("text", "")) for piece in pieces if isinstance(piece, dict))
    return {"type": "reasoning", "content": said}


def _text_block(block: Json) -> Json:
    return {"type": "text", "content": block.get("text")}


_BLOCKS: Final[Mapping[str, Callable[[Json], Json]]] = {
    "thinking": _reasoning_block,
    "reasoning": _reasoning_block,
    "output_text": _text_block,
    "text": _text_block,
}
