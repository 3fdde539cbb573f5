"""Messages whose parts have their kind as the key, as Google's API and Genkit write them, as GenAI messages.

    {"role": "model", "parts": [{"text": "…"}, {"functionCall": {"name": "…", "args": {…}}}]}
    {"role": "model", "content": [{"text": "…"}, {"toolRequest": {"name": "…", "ref": "1", "input": {…}}}]}

A list of OpenAI-like messages passes as it is, and so does what is no message at all. A message that is one text
becomes OpenAI-like: it has nothing to be taken apart.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from literalai_otel.translate.reading import mapping, sequence, structure

Json = dict[str, Any]
_LISTS: Final = ("contents", "messages", "items")
"""Where a request, or a conversation, holds its messages."""
_SINGLE: Final = ("content", "message")
"""Where a response holds its message."""
_PLAIN: Final = frozenset(("text",))


def messages_within(value: Any) -> Any:
    """The messages of a request, of a response, of a list, or of one message; a text as it is."""
    found = structure(value)
    if found is None:
        return value
    if found.__class__ is list:
        return [_message(item) for item in found]
    whole: Json = found
    for key in _LISTS:
        items: Any = whole.get(key)
        if items.__class__ is list:
            return [_message(item) for item in items]
    for key in _SINGLE:
        inner = mapping(whole.get(key))
        if inner is not None and "role" not in whole:
            reason = whole.get("finishReason", whole.get("finish_reason"))
            return [{**_message(inner), **({} if reason is None else {"finish_reason": reason})}]
    return [_message(whole)] if whole else None


def is_conversation(value: Any) -> bool:
    """Whether messages would be found in it, and nothing but messages."""
    found = messages_within(value)
    if not isinstance(found, list) or not found:
        return False
    return all(isinstance(item, dict) and "role" in item for item in cast(list[Any], found))


def _message(value: Any) -> Any:
    message = mapping(value)
    if message is None:
        return value
    if message.get("type") == "message":
        message = {key: item for key, item in message.items() if key != "type"}
    parts = sequence(message.get("parts"))
    if parts is None:
        parts = sequence(message.get("content"))
    if parts is None:
        return message
    only: Any = parts[0] if len(parts) == 1 else None
    if only.__class__ is dict and only.keys() == _PLAIN and type(only["text"]) is str:
        said = {**message, "content": only["text"]}
        said.pop("parts", None)
    else:
        said = {**message, "parts": [_part(part) for part in parts]}
        said.pop("content", None)
    return said


def _part(value: Any) -> Any:
    part = mapping(value)
    if part is None:
        return value
    if "type" in part:
        return {"type": "text", "content": part["text"]} if part["type"] == "text" and "text" in part else part
    for key, read in _PARTS.items():
        if part.get(key) is not None:
            return read(part[key]) if key != "text" or not part.get("thought") else _reasoning(part[key])
    return part


def _text(value: Any) -> Json:
    return {"type": "text", "content": value}


def _reasoning(value: Any) -> Json:
    return {"type": "reasoning", "content": value}


def _call(value: Any) -> Any:
    call = mapping(value) or {}
    return _known("tool_call", id=_id(call), name=call.get("name"), arguments=call.get("args", call.get("input")))


def _response(value: Any) -> Any:
    said = mapping(value) or {}
    output = said.get("response", said.get("output"))
    return _known("tool_call_response", id=_id(said), name=said.get("name"), response=output)


def _media(value: Any) -> Any:
    media = mapping(value) or {}
    mime = media.get("mimeType", media.get("mime_type", media.get("contentType")))
    address = media.get("fileUri", media.get("file_uri", media.get("url")))
    if address is not None:
        image = "image" if isinstance(address, str) and address.startswith("data:image") else None
        return _known("uri", uri=address, mime_type=mime, modality=image)
    return _known("blob", content=media.get("data"), mime_type=mime)


def _id(value: Mapping[str, Any]) -> Any:
    return value.get("id", value.get("ref"))


def _known(kind: str, **facts: Any) -> Json:
    return {"type": kind, **{key: value for key, value in facts.items() if value is not None}}


_PARTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": _text,
    "reasoning": _reasoning,
    "functionCall": _call,
    "function_call": _call,
    "toolRequest": _call,
    "functionResponse": _response,
    "function_response": _response,
    "toolResponse": _response,
    "inlineData": _media,
    "inline_data": _media,
    "fileData": _media,
    "file_data": _media,
    "media": _media,
}
