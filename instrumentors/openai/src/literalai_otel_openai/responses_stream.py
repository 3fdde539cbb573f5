"""The events of a streamed response, folded into what a plain response would have said.

The last event carries the whole response. Until it has come, pieces of text are gathered, for streams that end
early; `add` runs for every event on the caller's thread.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from literalai_otel.attributes import OUTPUT_MESSAGES
from literalai_otel.genai import Invocation, fields_of
from literalai_otel.genai.response_items import output_messages
from literalai_otel.jsonable import to_jsonable
from literalai_otel_openai.endpoint import Error, Json
from literalai_otel_openai.responses import read_response

_OUTPUTS: Final = (".delta", ".partial_image")
"""Endings of the events that carry a piece of the answer."""
_TEXT_DELTA: Final = "response.output_text.delta"
_FINAL: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
_PIECES: Final[Mapping[str, tuple[str, str]]] = {
    # event -> type of its item, and where the item keeps the text
    _TEXT_DELTA: ("message", "text"),
    "response.refusal.delta": ("message", "refusal"),
    "response.reasoning_text.delta": ("reasoning", "text"),
    "response.reasoning_summary_text.delta": ("reasoning", "summary_text"),
    "response.function_call_arguments.delta": ("function_call", "arguments"),
    "response.custom_tool_call_input.delta": ("custom_tool_call", "input"),
    "response.mcp_call_arguments.delta": ("mcp_call", "arguments"),
    "response.code_interpreter_call_code.delta": ("code_interpreter_call", "code"),
}
_LISTED: Final[Mapping[str, tuple[str, str, str]]] = {
    # where the text is kept -> the list of the item, the type of its entry, and the entry's field
    "text": ("content", "output_text", "text"),
    "refusal": ("content", "refusal", "refusal"),
    "summary_text": ("summary", "summary_text", "text"),
}


class ResponsesFold:
    """Gathers the events of one stream. Without `wants_content` texts are not kept."""

    __slots__ = ("_head", "_invocation", "_items", "_take_text", "_text_at", "_wants_content", "_whole", "error")

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._wants_content = wants_content
        self._head: Any = None
        """The response as the first events show it: identity, no output."""
        self._whole: Any = None
        self._items: dict[int, _Item] = {}
        self._take_text: Callable[[str], None] | None = None
        self._text_at: int | None = None
        self.error: Error | None = None
        """What the provider reported."""

    def is_output(self, chunk: Any) -> bool:
        """Whether `chunk` is a piece of the answer; others come before."""
        kind = fields_of(chunk).get("type")
        return isinstance(kind, str) and kind.endswith(_OUTPUTS)

    def add(self, chunk: Any) -> None:
        """Take over what `chunk`, an SDK model or a JSON object, says."""
        own = getattr(chunk, "__dict__", None)
        if own is not None and self._take_text is not None and own.get("type") == _TEXT_DELTA:
            # Nearly every event is the next piece of the same text.
            piece = own.get("delta")
            if own.get("output_index") == self._text_at and isinstance(piece, str):
                self._take_text(piece)
                return
        fields = fields_of(chunk)
        kind = fields.get("type")
        if kind in _PIECES:
            self._add_piece(kind, fields)
        elif kind in _FINAL:
            self._whole = fields.get("response")
        elif kind == "error":
            self.error = (str(fields.get("code") or "error"), str(fields.get("message")))
        elif kind in ("response.output_item.added", "response.output_item.done") and self._wants_content:
            self._item(fields).known = to_jsonable(fields.get("item"))
        elif fields.get("response") is not None:
            self._head = fields["response"]

    def _add_piece(self, kind: str, fields: Mapping[str, Any]) -> None:
        piece = fields.get("delta")
        if not self._wants_content or not isinstance(piece, str):
            return
        item_type, place = _PIECES[kind]
        item = self._item(fields)
        item.type = item_type
        pieces = item.pieces.setdefault(place, [])
        pieces.append(piece)
        if place == "text" and item_type == "message":
            self._text_at, self._take_text = fields.get("output_index"), pieces.append

    def _item(self, fields: Mapping[str, Any]) -> "_Item":
        index: int = fields.get("output_index") or 0
        item = self._items.get(index)
        if item is None:
            item = self._items[index] = _Item()
        return item

    def finish(self) -> None:
        """Write what the response tells into the invocation, and the output messages."""
        told = self._whole if self._whole is not None else self._head
        if told is not None:
            reported = read_response(self._invocation, told)
            self.error = self.error or reported
        if not self._wants_content:
            return
        # The caller may change the response that the last event gave to it.
        output: Any = to_jsonable(fields_of(self._whole).get("output"))
        if not isinstance(output, list) or not output:
            output = partial(_gathered, self._items)
        self._invocation.content_size += sum(item.size for item in self._items.values())
        status = fields_of(self._whole).get("status")
        details = to_jsonable(fields_of(fields_of(self._whole).get("incomplete_details")))
        self._invocation.content[OUTPUT_MESSAGES] = partial(_messages, output, status, details)


class _Item:
    """What the events said about one item of the output."""

    __slots__ = ("known", "pieces", "type")

    def __init__(self) -> None:
        self.known: Any = None
        """The item as it was added or done."""
        self.type: str | None = None
        self.pieces: dict[str, list[str]] = {}

    @property
    def size(self) -> int:
        """Characters kept."""
        return sum(sum(map(len, pieces)) for pieces in self.pieces.values())

    def json(self) -> Json:
        """The item: as it was done, or as far as its pieces tell."""
        item: Json = {"type": self.type, **fields_of(self.known)}
        if item["type"] == "message":
            item.setdefault("role", "assistant")
        for place, pieces in self.pieces.items():
            text = "".join(pieces)
            if place in _LISTED:
                key, kind, field = _LISTED[place]
                if not item.get(key):
                    item[key] = [{"type": kind, field: text}]
            elif not item.get(place):
                item[place] = text
        return item


def _gathered(items: dict[int, _Item]) -> list[Json]:
    return [items[index].json() for index in sorted(items)]


def _messages(output: Any, status: Any, details: Any) -> list[Json] | None:
    items = output() if callable(output) else output
    return output_messages({"output": items, "status": status, "incomplete_details": details})
