"""Messages of the Vercel AI SDK as messages of roles and parts (`spec/genai-semconv.md` §3.3).

A message has a text or a list of parts: `text`, `reasoning`, `image`, `file`, `tool-call`, `tool-result`. Names of
fields differ between releases: `input` was `args`, `output` was `result`, `mediaType` was `mimeType`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from literalai_otel.translate.reading import json_value, mapping, sequence, text

Part = dict[str, Any]


def prompt_messages(value: Any) -> Any:
    """`ai.prompt.messages`; a text that is no JSON, since something cut it, as it is."""
    found = sequence(value)
    return value if found is None else [_message(item) for item in found]


def whole_prompt(value: Any) -> Any:
    """`ai.prompt` of the outer span: an object of `system`, `prompt` and `messages`, where two are texts or lists."""
    found = mapping(value)
    if found is None:
        return value
    messages: list[Any] = []
    for key, role in (("system", "system"), ("prompt", "user"), ("messages", "user")):
        given: Any = found.get(key)
        if given.__class__ is list:
            messages += [_message(item) for item in given]
        elif given is not None:
            messages.append(_message(given) if isinstance(given, dict) else {"role": role, "content": given})
    return messages


def answer(said: Any, reasoning: Any, calls: Any, thing: Any, files: Any) -> list[dict[str, Any]] | None:
    """What the model answered, from the attributes that have it piece by piece; None when none of them is there."""
    if said.__class__ is str and not (reasoning or calls or thing or files):
        return [{"role": "assistant", "content": said}] if said else None
    parts: list[Part] = []
    if reasoning:
        parts += [_reasoning(mapping(item) or {"text": item}) for item in _each(reasoning)]
    if said:
        parts.append({"type": "text", "content": said})
    if thing:
        parts.append({"type": "text", "content": thing})
    if calls:
        # A text that is no list was cut: what is left of it is shown.
        parts += [_part(item, "tool-call") for item in sequence(calls) or [{"toolName": "", "input": calls}]]
    if files:
        parts += [_part(item, "file") for item in _each(files)]
    return [{"role": "assistant", "parts": parts}] if parts else None


def tool_definitions(value: Any) -> list[Any] | None:
    """Definitions, each an object or its JSON; the schema of a function's arguments under its official name."""
    found = sequence(value)
    return None if found is None else [_definition(mapping(item) or item) for item in found]


def plain_values(value: Any) -> list[Any] | None:
    """A list of JSON texts as the values that they stand for."""
    found = sequence(value)
    return None if found is None else [json_value(item) for item in found]


def _definition(tool: Any) -> Any:
    if tool.__class__ is not dict or "inputSchema" not in tool or "parameters" in tool:
        return tool
    return {("parameters" if key == "inputSchema" else key): item for key, item in tool.items()}


def _each(value: Any) -> list[Any]:
    found = sequence(value)
    return [value] if found is None else found


def _message(value: Any) -> Any:
    content: Any = value.get("content") if value.__class__ is dict else None
    if content.__class__ is not list:
        return value
    message: dict[str, Any] = {**value}
    message.pop("providerOptions", None)
    alone: Any = content[0] if len(content) == 1 else None
    if alone.__class__ is dict and alone.get("type") == "text" and alone.get("text").__class__ is str:
        message["content"] = alone["text"]  # nearly all that users say is one text
    else:
        del message["content"]
        message["parts"] = [_part(item) for item in content]
    return message


def _part(value: Any, kind: str | None = None) -> Any:
    if value.__class__ is not dict:
        return value
    read = _PARTS.get(kind or str(value.get("type")))
    return value if read is None else read(value)


def _text(part: Part) -> Part:
    return {"type": "text", "content": part.get("text")}


def _reasoning(part: Part) -> Part:
    return {"type": "reasoning", "content": part.get("text")}


def _tool_call(part: Part) -> Part:
    found = {
        "id": part.get("toolCallId"),
        "name": part.get("toolName"),
        "arguments": part.get("input", part.get("args")),
    }
    return {"type": "tool_call", **{key: item for key, item in found.items() if item is not None}}


def _tool_result(part: Part) -> Part:
    output: Any = part.get("output", part.get("result"))
    if output.__class__ is dict and "value" in output:
        output = output["value"]  # {"type": "json", "value": …}
    return _about_tool("tool_call_response", part, response=output)


def _about_tool(kind: str, part: Part, **said: Any) -> Part:
    found = {"id": part.get("toolCallId"), "name": part.get("toolName"), **said}
    return {"type": kind, **{key: item for key, item in found.items() if item is not None}}


def _media(part: Part) -> Part:
    """An image or a file: an address, base64, or bytes that came as something else and are only named."""
    data: Any = part.get("image", part.get("data", part.get("base64")))
    if data.__class__ is dict:  # {"type": "url", "url": …} and its like since 7
        data = data.get("url", data.get("data"))
    mime = text(part.get("mediaType")) or text(part.get("mimeType"))
    is_image = part.get("type") == "image" or (mime or "").startswith("image")
    found: Part = {"mime_type": mime, "modality": "image" if is_image else "document", "name": part.get("filename")}
    known = {key: item for key, item in found.items() if item is not None}
    if (isinstance(data, str) and "://" in data[:16]) or (isinstance(data, str) and data.startswith("data:")):
        return {"type": "uri", "uri": data, **known}
    return {"type": "blob", **({"content": data} if isinstance(data, str) else {}), **known}


_PARTS: Final[Mapping[str, Callable[[Part], Part]]] = {
    "text": _text,
    "reasoning": _reasoning,
    "image": _media,
    "file": _media,
    "tool-call": _tool_call,
    "tool-result": _tool_result,
}
