"""OpenAI-shaped chat messages as messages with parts (`spec/genai-semconv.md` §1.3).

Pure functions over JSON, run when content is needed. They tolerate any shape: what they do not know becomes a part
of its own type with everything in it. Media becomes a `blob` part; what is large leaves it later (`genai.media`), and
on spans a reference by hash and size takes its place. Audio that a model made is never kept, its transcript is.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from literalai_otel.genai.media import REFERENCE_PREFIX, fingerprint
from literalai_otel.jsonable import loads

Json = dict[str, Any]

_AUDIO_MIME: Final = {"mp3": "audio/mpeg"}
_KNOWN_KEYS: Final = frozenset(
    {"role", "content", "tool_calls", "function_call", "tool_call_id", "refusal", "reasoning_content", "reasoning"}
    | {"audio", "parsed"}
)
_NESTING_KEYS: Final = frozenset({"parts", "response"})
"""Where parts sit in messages and in parts."""


def input_messages(messages: Iterable[Any]) -> list[Json]:
    """The messages of a request."""
    return [input_message(message) for message in messages]


def input_message(message: Any) -> Json:
    """One message of a request; a tool's answer is a `tool_call_response` part."""
    if not isinstance(message, Mapping):
        return {"role": "user", "parts": [{"type": "text", "content": str(message)}]}
    source = cast(Mapping[str, Any], message)
    is_answer = source.get("role") in ("tool", "function")
    parts = [_tool_response(source)] if is_answer else message_parts(source)
    return {"role": source.get("role") or "user", "parts": parts, **_others(source)}


def output_message(message: Mapping[str, Any], finish_reason: str | None) -> Json:
    """The message of a choice."""
    converted: Json = {
        "role": message.get("role") or "assistant",
        "parts": message_parts(message),
        **_others(message),
    }
    if finish_reason is not None:
        converted["finish_reason"] = finish_reason
    return converted


def message_parts(message: Mapping[str, Any]) -> list[Json]:
    """Reasoning, content, refusal, audio transcript and tool calls, in this order."""
    parts: list[Json] = []
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str):
        parts.append({"type": "reasoning", "content": reasoning})
    parts.extend(content_parts(message.get("content")))
    if message.get("refusal"):
        parts.append({"type": "refusal", "content": message["refusal"]})
    parts.extend(_audio_reply(_object(message.get("audio"))))
    parts.extend(tool_call_part(call) for call in _list(message.get("tool_calls")))
    if _object(message.get("function_call")):
        parts.append(tool_call_part({"function": message["function_call"]}))
    return parts


def content_parts(content: Any) -> list[Json]:
    """The `content` of a message: absent, a text, or a list of parts."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    if not isinstance(content, list):
        return [{"type": "text", "content": str(content)}]
    return [_part(item) for item in cast(list[Any], content)]


def tool_call_part(call: Any) -> Json:
    """`{type: tool_call, id?, name, arguments}`; arguments are an object when their text is one."""
    if not isinstance(call, Mapping):
        return {"type": "tool_call", "name": str(call)}
    source = cast(Mapping[str, Any], call)
    body = _object(source.get("function") or source.get("custom"))
    part: Json = {"type": "tool_call", "name": body.get("name")}
    if source.get("id") is not None:
        part["id"] = source["id"]
    arguments: Any = body.get("arguments", body.get("input"))
    if arguments is not None:
        part["arguments"] = parsed_arguments(arguments)
    return part


def parsed_arguments(arguments: Any) -> Any:
    """The object that a text of arguments spells, or the text itself."""
    if not isinstance(arguments, str):
        return arguments
    try:
        value = loads(arguments)
    except ValueError:
        return arguments
    return cast(Json, value) if isinstance(value, dict) else arguments


def tool_definitions(tools: Iterable[Any], functions: Iterable[Any] = ()) -> list[Json]:
    """`tools` and the older `functions` as flat `{type, name, description?, parameters?}`."""
    flat = [_tool_definition(tool) for tool in tools]
    flat.extend({"type": "function", **function} for function in functions if isinstance(function, Mapping))
    return flat


def media_part(modality: str, mime_type: str | None, encoded: str) -> Json:
    """A `blob` part."""
    part: Json = {"type": "blob", "modality": modality, "content": encoded}
    if mime_type:
        part["mime_type"] = mime_type
    return part


def located_media(modality: str, url: str) -> Json:
    """Media behind a URL: the data of a data URL, else the address itself."""
    if not url.startswith("data:"):
        return {"type": "uri", "modality": modality, "uri": url}
    head, _, encoded = url[5:].partition(",")
    return media_part(modality, head.partition(";")[0] or None, encoded)


def media_reference(blob: Json) -> Json:
    """A `blob` part as a `uri` part: `sha256:<hex of the bytes>`, with `byte_size`."""
    sha256, size = fingerprint(str(blob.get("content")))
    located = {"type": "uri", "uri": REFERENCE_PREFIX + sha256, "byte_size": size}
    return {**{key: value for key, value in blob.items() if key != "content"}, **located}


def without_media(value: Any) -> Any:
    """`value` with a reference in place of every `blob` part, for spans: they never carry base64."""
    if isinstance(value, list):
        return [without_media(item) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    fields = cast(Json, value)
    if fields.get("type") == "blob" and "content" in fields:
        return media_reference(fields)
    return {key: without_media(item) if key in _NESTING_KEYS else item for key, item in fields.items()}


def _tool_definition(tool: Any) -> Json:
    if not isinstance(tool, Mapping):
        return {"type": "function", "name": str(tool)}
    source = dict(cast(Mapping[str, Any], tool))
    kind = str(source.pop("type", "function"))
    return {"type": kind, **_object(source.pop(kind, None)), **source}


def _tool_response(message: Mapping[str, Any]) -> Json:
    part: Json = {"type": "tool_call_response"}
    if message.get("tool_call_id") is not None:
        part["id"] = message["tool_call_id"]
    content = message.get("content")
    part["response"] = content_parts(content) if isinstance(content, list) else content
    return part


def _others(message: Mapping[str, Any]) -> Json:
    """`name`, `uuid`, `templated` and whatever else a message carries."""
    return {key: value for key, value in message.items() if key not in _KNOWN_KEYS and value is not None}


def _part(item: Any) -> Json:
    if isinstance(item, str):
        return {"type": "text", "content": item}
    if not isinstance(item, Mapping):
        return {"type": "text", "content": str(item)}
    source = cast(Mapping[str, Any], item)
    convert = _PART_CONVERTERS.get(str(source.get("type")))
    return convert(source) if convert is not None else dict(source)


def _text(part: Mapping[str, Any]) -> Json:
    return {"type": "text", "content": part.get("text")}


def _output_text(part: Mapping[str, Any]) -> Json:
    """A text of Responses, with the sources that it cites."""
    return {**_text(part), **({"annotations": part["annotations"]} if part.get("annotations") else {})}


def _refusal(part: Mapping[str, Any]) -> Json:
    return {"type": "refusal", "content": part.get("refusal")}


def _image(part: Mapping[str, Any]) -> Json:
    given = part.get("image_url")
    image = {"url": given} if isinstance(given, str) else _object(given)
    if not image.get("url") and part.get("file_id"):
        return {"type": "file", "modality": "image", "file_id": part["file_id"]}
    detail = image.get("detail") or part.get("detail")
    return {**located_media("image", str(image.get("url"))), **({"detail": detail} if detail else {})}


def _audio(part: Mapping[str, Any]) -> Json:
    audio = _object(part.get("input_audio"))
    form = str(audio.get("format") or "")
    return media_part("audio", _AUDIO_MIME.get(form, f"audio/{form}") if form else None, str(audio.get("data") or ""))


def _file(part: Mapping[str, Any]) -> Json:
    return _file_of(_object(part.get("file")))


def _file_of(file: Mapping[str, Any]) -> Json:
    name: Json = {"name": file["filename"]} if file.get("filename") else {}
    if file.get("file_id"):
        return {"type": "file", "modality": "document", "file_id": file["file_id"], **name}
    if file.get("file_url"):
        return {**located_media("document", str(file["file_url"])), **name}
    data = str(file.get("file_data") or "")
    return {**(located_media("document", data) if data[:5] == "data:" else media_part("document", None, data)), **name}


def _audio_reply(audio: Mapping[str, Any]) -> list[Json]:
    parts: list[Json] = []
    if audio.get("transcript"):
        parts.append({"type": "text", "content": audio["transcript"]})
    if audio.get("id"):
        parts.append({"type": "file", "modality": "audio", "file_id": audio["id"]})
    return parts


def _object(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


_PART_CONVERTERS: Final[dict[str, Callable[[Mapping[str, Any]], Json]]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
    # Responses
    "input_text": _text,
    "output_text": _output_text,
    "input_image": _image,
    "input_file": _file_of,
    "computer_screenshot": _image,
}
