"""Chat messages of LlamaIndex as messages with parts (`spec/genai-semconv.md` §1.3).

Snapshots are taken on the caller's thread, as cheap as they can be: blocks are shared, lists and dicts are not.
Everything else runs when content is needed.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

from literalai_otel.genai import fields_of
from literalai_otel.genai.messages import Json, media_part, parsed_arguments, tool_call_part
from literalai_otel.jsonable import to_jsonable


class Said(NamedTuple):
    """A snapshot of a ChatMessage."""

    role: Any
    blocks: tuple[Any, ...]
    extra: dict[str, Any]


def snapshot(message: Any) -> Said:
    """What `message` says now; anything that is no ChatMessage becomes a text of the user's."""
    blocks: Any = getattr(message, "blocks", None)
    if blocks is None:
        return Said("user", (message,), {})
    extra: Any = getattr(message, "additional_kwargs", None)
    if len(blocks) == 1 and getattr(blocks[0], "block_type", None) == "text":
        # Nearly always. The block is not kept: what waits is what the garbage collector walks through.
        return Said(message.role, (blocks[0].text,), dict(extra) if extra else {})
    return Said(message.role, tuple(blocks), dict(extra) if extra else {})


def snapshots(messages: Any) -> list[Said]:
    """What a list of messages says. An iterator is left alone: looking would consume it."""
    if not isinstance(messages, list | tuple):
        return []
    return [snapshot(message) for message in cast(list[Any], messages)]


def written(messages: Iterable[Said]) -> list[Json]:
    """The snapshots as messages."""
    return [message_of(said) for said in messages]


def message_of(said: Said, finish_reason: str | None = None) -> Json:
    """A snapshot as a message; a tool's answer is a `tool_call_response` part."""
    role = str(getattr(said.role, "value", said.role))
    parts = [part for part in map(_part, said.blocks) if part is not None]
    if role in ("tool", "function"):
        parts = [_tool_response(said.extra.get("tool_call_id"), parts)]
    else:
        known = {part.get("id") for part in parts if part["type"] == "tool_call"}
        calls = said.extra.get("tool_calls")
        if isinstance(calls, list | tuple):
            called = [tool_call_part(to_jsonable(call)) for call in cast(list[Any], calls)]
            parts.extend(part for part in called if part.get("id") is None or part["id"] not in known)
    message: Json = {"role": role, "parts": parts}
    if finish_reason is not None:
        message["finish_reason"] = finish_reason
    return message


def text_message(role: str, text: Any) -> Json:
    """A message of one text."""
    return {"role": role, "parts": [] if text is None else [{"type": "text", "content": str(text)}]}


def _tool_response(call_id: Any, parts: list[Json]) -> Json:
    texts = [part["content"] for part in parts if part["type"] == "text"]
    response: Any = "".join(texts) if len(texts) == len(parts) else parts
    part: Json = {"type": "tool_call_response", "response": response}
    return part if call_id is None else {**part, "id": str(call_id)}


def _part(block: Any) -> Json | None:
    if isinstance(block, str):
        return {"type": "text", "content": block}
    kind = getattr(block, "block_type", None)
    convert = _CONVERTERS.get(str(kind))
    if convert is not None:
        return convert(block)
    if kind is None:
        return {"type": "text", "content": str(block)}
    return {**cast(Json, to_jsonable(fields_of(block))), "type": str(kind)}


def _text(block: Any) -> Json:
    return {"type": "text", "content": block.text}


def _reasoning(block: Any) -> Json | None:
    return None if block.content is None else {"type": "reasoning", "content": block.content}


def _tool_call(block: Any) -> Json:
    arguments = parsed_arguments(to_jsonable(block.tool_kwargs))
    part: Json = {"type": "tool_call", "name": block.tool_name, "arguments": arguments}
    return part if block.tool_call_id is None else {"id": block.tool_call_id, **part}


def _nothing(_: Any) -> None:
    """A mark for the provider's cache says nothing to the model."""


def _media(modality: str, data_name: str, mime_name: str) -> Callable[[Any], Json]:
    def convert(block: Any) -> Json:
        fields = fields_of(block)
        url, path, data = fields.get("url"), fields.get("path"), fields.get(data_name)
        if url is not None or path is not None:
            uri = str(url if url is not None else path)
            if uri.startswith("data:"):
                head, _, encoded = uri[5:].partition(",")
                return media_part(modality, head.partition(";")[0] or None, encoded)
            return {"type": "uri", "modality": modality, "uri": uri}
        mime = _mime(modality, fields.get(mime_name))
        if isinstance(data, bytes):
            return media_part(modality, mime, _as_base64(data))
        return {"type": "blob", "modality": modality, **({"mime_type": mime} if mime else {})}

    return convert


def _mime(modality: str, given: Any) -> str | None:
    if not isinstance(given, str) or not given:
        return None
    return given if "/" in given else f"{modality}/{given}"


def _as_base64(data: bytes) -> str:
    """The blocks of LlamaIndex hold base64 already, as bytes; those that somebody filled otherwise may not."""
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        return b64encode(data).decode()


_CONVERTERS: Final[Mapping[str, Callable[[Any], Json | None]]] = {
    "text": _text,
    "thinking": _reasoning,
    "tool_call": _tool_call,
    "cache": _nothing,
    "image": _media("image", "image", "image_mimetype"),
    "audio": _media("audio", "audio", "format"),
    "video": _media("video", "video", "video_mimetype"),
    "document": _media("document", "data", "document_mimetype"),
}
