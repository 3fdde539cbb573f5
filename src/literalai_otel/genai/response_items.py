"""The items of OpenAI's Responses as messages with parts (`spec/genai-semconv.md` §1.3).

A conversation there is a list of items: messages, and beside them reasoning, calls and results of tools. What the
model says in one turn becomes one message, so that parallel calls stay together. Pure functions over JSON, run when
content is needed; an item of an unknown type becomes a part of its own type. Encrypted content is left out: nobody
but the provider can read it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from literalai_otel.genai.credentials import without_credentials
from literalai_otel.genai.messages import content_parts, located_media, media_part, media_reference, parsed_arguments

Json = dict[str, Any]
Item = Mapping[str, Any]

_OPAQUE: Final = frozenset({"encrypted_content", "fingerprint", "headers"})
"""Fields that nobody can read, and headers, which carry credentials of tool servers."""
_CLIENT_CALLS: Final[Mapping[str, str | None]] = {
    # item type -> name of the tool, None where the item names it
    "function_call": None,
    "custom_tool_call": None,
    "computer_call": "computer",
    "local_shell_call": "local_shell",
    "shell_call": "shell",
    "apply_patch_call": "apply_patch",
}
"""Calls that the program carries out."""
_SERVER_CALLS: Final[Mapping[str, tuple[str | None, frozenset[str]]]] = {
    # item type -> name of the tool, and the fields that belong to its result
    "web_search_call": ("web_search", frozenset({"status", "sources"})),
    "file_search_call": ("file_search", frozenset({"status", "results"})),
    "code_interpreter_call": ("code_interpreter", frozenset({"status", "outputs"})),
    "image_generation_call": ("image_generation", frozenset({"status", "error", "revised_prompt"})),
    "mcp_call": (None, frozenset({"status", "output", "error"})),
    "mcp_list_tools": ("mcp_list_tools", frozenset({"status", "tools", "error"})),
}
"""Calls that the provider carries out; call and result are one item."""
_CALL_ARGUMENTS: Final = ("arguments", "input", "action", "actions", "operation")
"""Where the kinds of client calls keep what they ask for."""
_OUTPUT_SUFFIX: Final = "_output"
_ASSISTANT_ITEMS: Final = frozenset({"reasoning", "compaction", "item_reference", "mcp_approval_request", "program"})
_FINISH_REASONS: Final = {"max_output_tokens": "length", "content_filter": "content_filter"}
_STATUS_REASONS: Final = {"failed": "error", "cancelled": "cancelled"}


def input_messages(items: Any) -> list[Json]:
    """The messages of a request's `input`, a text or a list of items."""
    return [message for message, _ in placed_input_messages(items)]


def placed_input_messages(items: Any) -> list[tuple[Json, range]]:
    """The same, each with the positions of the items that it was made of."""
    if isinstance(items, str):
        return [({"role": "user", "parts": [{"type": "text", "content": items}]}, range(1))]
    placed: list[tuple[Json, range]] = []
    has_text = False
    """Whether the last message has said something: the next text then is another turn."""
    for position, item in enumerate(cast(Sequence[Any], items) if isinstance(items, list | tuple) else ()):
        role, parts = _turn(item)
        is_message = _kind(item) == "message"
        if not parts and not is_message:
            continue
        last = placed[-1] if placed else None
        joins = last is not None and last[0]["role"] == role and role in ("assistant", "tool")
        if last is not None and joins and not (is_message and has_text):
            last[0]["parts"].extend(parts)
            placed[-1] = (last[0], range(last[1].start, position + 1))
            has_text = has_text or is_message
        else:
            placed.append(({"role": role, "parts": parts}, range(position, position + 1)))
            has_text = is_message
    return placed


def output_messages(response: Item) -> list[Json] | None:
    """What a response says, as one message with its finish reason; None when it says nothing (yet)."""
    items = response.get("output")
    turns = [_turn(item) for item in cast(list[Any], items)] if isinstance(items, list) else []
    # A compacted response repeats the user's messages.
    parts = [part for role, parts in turns if role == "assistant" for part in parts]
    if not parts:
        return None
    message: Json = {"role": "assistant", "parts": parts}
    reason = finish_reason(response)
    return [message if reason is None else {**message, "finish_reason": reason}]


def finish_reason(response: Item) -> str | None:
    """Why the model stopped, in the words of chat completions; None for a response that is not finished."""
    status = response.get("status")
    details: Any = response.get("incomplete_details")
    if status == "incomplete":
        reason = cast(Json, details).get("reason") if isinstance(details, Mapping) else None
        return _FINISH_REASONS.get(str(reason), str(reason)) if reason else "incomplete"
    if status == "completed":
        items = response.get("output")
        kinds = {_kind(item) for item in cast(list[Any], items)} if isinstance(items, list) else set[str]()
        return "tool_calls" if kinds & _CLIENT_CALLS.keys() else "stop"
    if status is None and is_compacted(response):
        return "compaction"
    return _STATUS_REASONS.get(str(status))


def is_compacted(response: Item) -> bool:
    """Whether the provider replaced a part of the conversation by a summary."""
    items = response.get("output")
    return isinstance(items, list) and any(_kind(item) == "compaction" for item in cast(list[Any], items))


def cleaned(value: Any) -> Any:
    """`value`, of JSON shape, without credentials, opaque fields, and the data of data URLs."""
    return _without_data(without_credentials(value))


def _without_data(value: Any) -> Any:
    if isinstance(value, str):
        if not value.startswith("data:"):
            return value
        media = located_media("media", value)
        return media_reference(media)["uri"] if media["type"] == "blob" else media["uri"]
    if isinstance(value, list):
        return [_without_data(item) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    fields = cast(Json, value)
    return {key: _without_data(item) for key, item in fields.items() if key not in _OPAQUE and item is not None}


def _kind(item: Any) -> str:
    if not isinstance(item, Mapping):
        return "message"
    fields = cast(Item, item)
    kind = fields.get("type")
    return kind if isinstance(kind, str) else "message"


def _turn(item: Any) -> tuple[str, list[Json]]:
    """Who speaks, and the parts of what is said."""
    kind = _kind(item)
    if not isinstance(item, Mapping):
        return "user", content_parts(item)
    fields = cast(Item, item)
    if kind == "message":
        return str(fields.get("role") or "user"), content_parts(fields.get("content"))
    if kind in _CLIENT_CALLS:
        return "assistant", [_client_call(kind, fields)]
    if kind in _SERVER_CALLS:
        return "assistant", _server_call(kind, fields)
    convert = _OTHERS.get(kind)
    if convert is not None:
        return ("assistant" if kind in _ASSISTANT_ITEMS else "user"), convert(fields)
    if kind.endswith(_OUTPUT_SUFFIX):
        return "tool", [_client_result(fields)]
    role = fields.get("role")
    if not isinstance(role, str):
        role = "assistant" if kind.endswith("_call") or kind in _ASSISTANT_ITEMS else "user"
    return role, [cleaned(dict(fields))]


def _client_call(kind: str, item: Item) -> Json:
    part: Json = {"type": "tool_call", "name": item.get("name") or _CLIENT_CALLS[kind]}
    identity = item.get("call_id") or item.get("id")
    if identity is not None:
        part["id"] = identity
    for key in _CALL_ARGUMENTS:
        if item.get(key) is not None:
            part["arguments"] = parsed_arguments(cleaned(item[key]))
            break
    return part


def _client_result(item: Item) -> Json:
    part: Json = {"type": "tool_call_response"}
    identity = item.get("call_id") or item.get("id")
    if identity is not None:
        part["id"] = identity
    output: Any = item.get("output")
    if isinstance(output, Mapping) and cast(Item, output).get("type") == "computer_screenshot":
        output = [output]
    part["response"] = content_parts(output) if isinstance(output, list) else cleaned(output)
    return part


def _server_call(kind: str, item: Item) -> list[Json]:
    """A call and its result, which the provider gives as one, and the image if it made one."""
    name, result_fields = _SERVER_CALLS[kind]
    tool = name or kind.removesuffix("_call")
    asked: Json = {"type": tool}
    result: Json = {"type": tool}
    for key, value in item.items():
        if key in result_fields:
            result[key] = value
        elif key not in ("type", "id", "name", "result"):
            asked[key] = parsed_arguments(value) if key == "arguments" else value
    action = asked.get("action")
    if isinstance(action, dict) and "sources" in action:
        asked["action"] = {key: value for key, value in cast(Json, action).items() if key != "sources"}
        result["sources"] = action["sources"]
    identity: Json = {"id": item["id"]} if item.get("id") is not None else {}
    parts: list[Json] = [
        {
            "type": "server_tool_call",
            **identity,
            "name": item.get("name") or tool,
            "server_tool_call": cleaned(asked),
        },
        {"type": "server_tool_call_response", **identity, "server_tool_call_response": cleaned(result)},
    ]
    made = item.get("result")
    if isinstance(made, str) and made:
        parts.append(media_part("image", f"image/{item.get('output_format') or 'png'}", made))
    return parts


def _reasoning(item: Item) -> list[Json]:
    """Summaries and open thoughts; an item that has neither says nothing."""
    texts = [*_texts(item.get("summary")), *_texts(item.get("content"))]
    return [{"type": "reasoning", "content": text} for text in texts]


def _texts(pieces: Any) -> list[str]:
    if not isinstance(pieces, list):
        return []
    found = [cast(Item, piece).get("text") for piece in cast(list[Any], pieces) if isinstance(piece, Mapping)]
    return [text for text in found if isinstance(text, str) and text]


def _compaction(item: Item) -> list[Json]:
    return [{"type": "compaction", **({"id": item["id"]} if item.get("id") is not None else {})}]


def _approval_request(item: Item) -> list[Json]:
    asked = {key: item[key] for key in ("id", "name", "server_label") if item.get(key) is not None}
    return [{"type": "tool_approval_request", **asked, "arguments": parsed_arguments(item.get("arguments"))}]


def _approval_response(item: Item) -> list[Json]:
    given = {key: item[key] for key in ("approve", "reason") if item.get(key) is not None}
    return [{"type": "tool_approval_response", "id": item.get("approval_request_id"), **given}]


_OTHERS: Final[Mapping[str, Callable[[Item], list[Json]]]] = {
    "reasoning": _reasoning,
    "compaction": _compaction,
    "mcp_approval_request": _approval_request,
    "mcp_approval_response": _approval_response,
}
