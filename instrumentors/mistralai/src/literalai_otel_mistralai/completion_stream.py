"""The events of a streamed completion, folded into what a plain completion would have said.

`add` runs for every event, on the caller's thread where it is not left for later (`events`): it looks at fields and
keeps pieces of text, never events.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import groupby
from typing import Any, Final

from literalai_otel.attributes import OUTPUT_MESSAGES
from literalai_otel.genai import Invocation, fields_of, given_fields, items_of
from literalai_otel.jsonable import to_jsonable
from literalai_otel_mistralai.endpoint import Json
from literalai_otel_mistralai.messages import NO_TOOL_CALL_ID, output_message

_HEAD: Final = ("id", "model")

WriteResponse = Callable[[Invocation, Mapping[str, Any], list[Any], Any], None]


class CompletionFold:
    """Gathers the events of one stream. Without `wants_content` texts are not kept."""

    __slots__ = ("_choices", "_head", "_invocation", "_take_text", "_usage", "_wants_content", "_write")

    def __init__(self, invocation: Invocation, write: WriteResponse, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._write = write
        self._wants_content = wants_content
        self._head: Json = {}
        self._usage: Any = None
        self._choices: dict[int, _Choice] = {}
        self._take_text: Callable[[str], None] | None = None
        """Takes a piece of the text of choice 0, once the head is known."""

    def add(self, chunk: Any) -> None:
        """Take over what `chunk` says, an event of the SDK or its JSON."""
        if type(chunk) is dict:
            self._add(fields_of(fields_of(chunk).get("data")))
            return
        # Nearly every event is a piece of text and nothing else: the short way, left at the first surprise.
        try:
            fields = chunk.__dict__["data"].__dict__
            (choice,) = fields["choices"]
            known = choice.__dict__
            said = known["delta"].__dict__
            text = said["content"]
            if (
                type(text) is str
                and fields["usage"] is None
                and known["finish_reason"] is None
                and known["index"] == 0
                and not said["tool_calls"]
            ):
                self._take_text(text)  # pyright: ignore[reportOptionalCall] - None is such a surprise
                return
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
        self._add(fields_of(fields_of(chunk).get("data")))

    def _add(self, fields: Mapping[str, Any]) -> None:
        usage = fields.get("usage")
        if usage:
            self._usage = usage
        for key in _HEAD:
            if fields.get(key):
                self._head[key] = fields[key]
        for item in items_of(fields.get("choices")):
            known = fields_of(item)
            index = known.get("index") or 0
            choice = self._choices.get(index)
            if choice is None:
                choice = self._choices[index] = _Choice()
            if isinstance(known.get("finish_reason"), str):
                choice.finish_reason = known["finish_reason"]
            if self._wants_content:
                choice.add(fields_of(known.get("delta")))
        if self._take_text is None and self._head.get("model") and 0 in self._choices:
            self._take_text = self._choices[0].take if self._wants_content else _drop

    def finish(self) -> None:
        """Write head, finish reasons, usage and the output messages into the invocation."""
        if not self._choices and not self._head:
            return
        choices = [self._choices[index] for index in sorted(self._choices)]
        self._write(self._invocation, self._head, [choice.finish_reason for choice in choices], self._usage)
        if self._wants_content and choices:
            self._invocation.content[OUTPUT_MESSAGES] = partial(_messages, choices)
            self._invocation.content_size += sum(choice.size for choice in choices)


def _drop(text: str) -> None:
    """Takes the text when content is not wanted."""


class _Choice:
    """What the events said about one choice."""

    __slots__ = ("_calls", "_pieces", "_role", "finish_reason", "take")

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self._role: str | None = None
        self._pieces: list[Any] = []
        """Texts, and chunks of other kinds as JSON, in their order."""
        self.take = self._pieces.append
        self._calls: dict[Any, _ToolCall] = {}

    @property
    def size(self) -> int:
        """Characters of text kept."""
        return sum(len(piece) for piece in self._pieces if isinstance(piece, str))

    def add(self, delta: Mapping[str, Any]) -> None:
        """Take over the pieces of `delta`."""
        if isinstance(delta.get("role"), str):
            self._role = delta["role"]
        content = delta.get("content")
        if isinstance(content, str):
            self.take(content)
        elif isinstance(content, list):
            self._pieces.extend(to_jsonable(content))
        for position, call in enumerate(items_of(delta.get("tool_calls"))):
            given = given_fields(call)
            index = given.get("index", position)
            self._calls.setdefault(index, _ToolCall()).add(given)

    def message(self) -> Json:
        """The message that the pieces make up, in Mistral's shape."""
        message: Json = {"content": joined(self._pieces)}
        if self._role is not None:
            message["role"] = self._role
        if self._calls:
            message["tool_calls"] = [self._calls[key].json() for key in sorted(self._calls, key=str)]
        return message


class _ToolCall:
    """A tool call, mostly in one piece; arguments may be spread over several."""

    __slots__ = ("_arguments", "_id", "_name", "_text")

    def __init__(self) -> None:
        self._id: str | None = None
        self._name: str | None = None
        self._text: list[str] = []
        self._arguments: Any = None

    def add(self, call: Mapping[str, Any]) -> None:
        """Take over a piece; every field of it may be missing."""
        function = fields_of(call.get("function"))
        if call.get("id") not in (None, NO_TOOL_CALL_ID):
            self._id = self._id or call["id"]
        self._name = self._name or function.get("name")
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            self._text.append(arguments)
        elif arguments is not None:
            self._arguments = to_jsonable(arguments)

    def json(self) -> Json:
        """The call in Mistral's shape."""
        arguments = "".join(self._text) if self._arguments is None else self._arguments
        found: Json = {"function": {"name": self._name, "arguments": arguments}}
        return found if self._id is None else {"id": self._id, **found}


def joined(pieces: list[Any]) -> Any:
    """Pieces of a content as one: None without any, a text when all are, else chunks, neighbours of a kind as one."""
    if not pieces:
        return None
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)
    chunks = [{"type": "text", "text": piece} if isinstance(piece, str) else piece for piece in pieces]
    found: list[Any] = []
    for kind, run in groupby(chunks, lambda chunk: fields_of(chunk).get("type")):
        if kind == "text":
            found.append({"type": kind, "text": "".join(str(chunk.get("text") or "") for chunk in run)})
        elif kind == "thinking":
            found.append({"type": kind, "thinking": [thought for chunk in run for thought in _thoughts(chunk)]})
        else:
            found.extend(run)
    return found


def _thoughts(chunk: Json) -> list[Any]:
    thought = chunk.get("thinking")
    return list(items_of(thought)) or ([str(thought)] if thought else [])


def _messages(choices: list[_Choice]) -> list[Json]:
    return [output_message(choice.message(), choice.finish_reason) for choice in choices]
