"""Mistral's messages as OpenAI-shaped ones, which `genai.messages` turns into messages with parts.

Pure functions over JSON. What Mistral has of its own: thinking, documents, audio as plain base64, references, and
resources; anything unknown is kept as it is.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from literalai_otel.genai import items_of, messages
from literalai_otel_mistralai.endpoint import Json

_ADDRESSES: Final = ("data:", "http:", "https:")
NO_TOOL_CALL_ID: Final = "null"
"""What the SDK writes where a tool call has no id."""


def input_messages(given: Any) -> list[Json]:
    """The messages of a request."""
    return messages.input_messages([_message(message) for message in items_of(given)])


def output_message(message: Any, finish_reason: Any = None) -> Json:
    """The message of a choice; None is an empty one."""
    shaped = cast(Json, _message(message)) if isinstance(message, dict) else {}
    return messages.output_message(shaped, finish_reason if isinstance(finish_reason, str) else None)


def content_parts(content: Any) -> list[Json]:
    """The parts of a content: a text or a list of chunks."""
    return messages.content_parts(_content(content))


def tool_definitions(tools: Any) -> list[Json] | None:
    """The tools of a request that say what they are; None without any."""
    return messages.tool_definitions(tool for tool in items_of(tools) if _is_defined(tool)) or None


def _is_defined(tool: Any) -> bool:
    if not isinstance(tool, dict):
        return False
    fields = cast(Json, tool)
    kind = fields.get("type") or "function"
    if kind != "function":
        return True  # a tool of the provider's own, such as web_search
    function = fields.get("function")
    return isinstance(function, dict) and bool(cast(Json, function).get("name"))


def _message(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    shaped: Json = {**cast(Json, message), "content": _content(cast(Json, message).get("content"))}
    shaped.pop("prefix", None)
    calls = shaped.get("tool_calls")
    if isinstance(calls, list):
        shaped["tool_calls"] = [_tool_call(call) for call in cast(list[Any], calls)]
    return shaped


def _tool_call(call: Any) -> Any:
    if not isinstance(call, dict):
        return call
    fields = cast(Json, call)
    return {key: value for key, value in fields.items() if not (key == "id" and value == NO_TOOL_CALL_ID)}


def _content(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    return [_chunk(chunk) for chunk in cast(list[Any], content)]


def _chunk(chunk: Any) -> Any:
    if not isinstance(chunk, dict):
        return chunk
    fields = cast(Json, chunk)
    convert = _CHUNKS.get(str(fields.get("type")))
    return convert(fields) if convert is not None else fields


def _thinking(chunk: Mapping[str, Any]) -> Json:
    thought = chunk.get("thinking")
    if not isinstance(thought, list):
        return {"type": "reasoning", "content": "" if thought is None else str(thought)}
    return {"type": "reasoning", "content": "".join(_texts(cast(list[Any], thought)))}


def _texts(chunks: Iterable[Any]) -> Iterable[str]:
    """The texts of chunks, those inside others too."""
    for chunk in chunks:
        if isinstance(chunk, str):
            yield chunk
        elif isinstance(chunk, dict):
            fields = cast(Json, chunk)
            text = fields.get("text")
            if isinstance(text, str):
                yield text
            yield from _texts(items_of(fields.get("thinking")))


def _document(chunk: Mapping[str, Any]) -> Json:
    name: Json = {"name": chunk["document_name"]} if chunk.get("document_name") else {}
    return {**media("document", str(chunk.get("document_url"))), **name}


def _audio(chunk: Mapping[str, Any]) -> Json:
    audio = chunk.get("input_audio")
    return media("audio", audio) if isinstance(audio, str) else dict(chunk)


def _file(chunk: Mapping[str, Any]) -> Json:
    return {"type": "file", "file": {"file_id": chunk.get("file_id")}}


def media(modality: str, source: str) -> Json:
    """A part for media given as an address, a data URL, or bare base64."""
    if source.startswith(_ADDRESSES):
        return messages.located_media(modality, source)
    return messages.media_part(modality, None, source)


_CHUNKS: Final[dict[str, Callable[[Mapping[str, Any]], Json]]] = {
    "thinking": _thinking,
    "document_url": _document,
    "input_audio": _audio,
    "file": _file,
}
