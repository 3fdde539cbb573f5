"""The chunks of a streamed chat completion, folded into what a plain completion would have said.

`add` looks at fields and keeps pieces of text, never chunks: it runs on the caller's thread, unless Literal alone is
told.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, cast

from literalai_otel.attributes import OUTPUT_MESSAGES
from literalai_otel.genai import Invocation, fields_of
from literalai_otel_openai.chat import messages_of_choices, write_response
from literalai_otel_openai.endpoint import Json

_HEAD: Final = ("id", "model", "service_tier", "system_fingerprint", "prompt_filter_results")
_CHOICE_KEYS: Final = ("finish_reason", "content_filter_results")
_REASONING: Final = ("reasoning_content", "reasoning")
"""What compatible hosts call the text of thinking; the SDK does not know the fields."""


class ChatFold:
    """Gathers the chunks of one stream. Without `wants_content` texts are not kept."""

    __slots__ = ("_choices", "_head", "_invocation", "_take_text", "_usage", "_wants_content")

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._wants_content = wants_content
        self._head: Json = {}
        self._usage: Any = None
        self._choices: dict[int, _Choice] = {}
        self._take_text: Callable[[str], None] | None = None
        """Takes a piece of the text of choice 0, once the head is known."""

    def add(self, chunk: Any) -> None:
        """Take over what `chunk`, an SDK model or a JSON object, says."""
        if type(chunk) is dict:
            self._add(cast(Json, chunk))
            return
        # Nearly every chunk is a piece of text and nothing else: the short way, left at the first surprise.
        try:
            fields = chunk.__dict__
            (choice,) = fields["choices"]
            known = choice.__dict__
            delta = known["delta"]
            said = delta.__dict__
            if (
                fields["usage"] is None
                and known["finish_reason"] is None
                and known["index"] == 0
                and said["tool_calls"] is None
                and said["refusal"] is None
                and said["function_call"] is None
                and not delta.__pydantic_extra__
                and not choice.__pydantic_extra__
            ):
                text = said["content"]
                if text is not None:
                    self._take_text(text)  # pyright: ignore[reportOptionalCall] - None is such a surprise
                return
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
        self._add(fields_of(chunk))

    def _add(self, fields: Mapping[str, Any]) -> None:
        usage = fields.get("usage")
        if usage is not None:
            self._usage = usage
        for key in _HEAD:
            if fields.get(key):
                self._head[key] = fields[key]
        for choice in fields.get("choices") or ():
            known = fields_of(choice)
            index = known.get("index") or 0
            state = self._choices.get(index)
            if state is None:
                state = self._choices[index] = _Choice()
            for key in _CHOICE_KEYS:
                if known.get(key):
                    state.said[key] = known[key]
            delta = known.get("delta")
            if delta is not None and self._wants_content:
                state.add(delta)
        if self._take_text is None and self._head.get("model") and 0 in self._choices:
            self._take_text = self._choices[0].take_text if self._wants_content else _drop

    def finish(self) -> None:
        """Write head, finish reasons, usage and the output messages into the invocation."""
        if not self._choices and not self._head:
            return
        choices = [self._choices[index] for index in sorted(self._choices)]
        reasons = [choice.said.get("finish_reason") for choice in choices]
        write_response(self._invocation, self._head, [item for item in reasons if isinstance(item, str)], self._usage)
        if self._wants_content and choices:
            self._invocation.content[OUTPUT_MESSAGES] = partial(
                _messages, choices, self._head.get("prompt_filter_results")
            )
            self._invocation.content_size += sum(choice.size for choice in choices)


def _drop(text: str) -> None:
    """Takes the text when content is not wanted."""


class _Choice:
    """What the chunks said about one choice."""

    __slots__ = ("_calls", "_function_call", "_pieces", "_role", "said", "take_text")

    def __init__(self) -> None:
        self.said: Json = {}
        """The choice's own fields, as the last chunk that has them says them."""
        self._role: str | None = None
        self._pieces: dict[str, list[str]] = {"content": []}
        self.take_text = self._pieces["content"].append
        self._calls: dict[Any, _ToolCall] = {}
        self._function_call: _ToolCall | None = None

    @property
    def size(self) -> int:
        """Characters kept."""
        return sum(sum(map(len, pieces)) for pieces in self._pieces.values())

    def add(self, delta: Any) -> None:
        """Take over the pieces of `delta`."""
        known = fields_of(delta)
        if isinstance(known.get("content"), str):
            self.take_text(known["content"])
        if known.get("role"):
            self._role = known["role"]
        if known.get("refusal"):
            self._piece("refusal", known["refusal"])
        for position, call in enumerate(known.get("tool_calls") or ()):
            fields = fields_of(call)
            index = fields.get("index")
            key = position if index is None else index
            self._calls.setdefault(key, _ToolCall()).add(fields, fields.get("function") or fields.get("custom"))
        if known.get("function_call"):
            if self._function_call is None:
                self._function_call = _ToolCall()
            self._function_call.add({}, known["function_call"])
        for key in _REASONING:
            if isinstance(known.get(key), str):
                self._piece("reasoning_content", known[key])
                break
        transcript = fields_of(known.get("audio")).get("transcript")
        if isinstance(transcript, str):
            self._piece("transcript", transcript)

    def message(self) -> Json:
        """The message that the pieces make up, in OpenAI's shape."""
        message: Json = {key: "".join(pieces) for key, pieces in self._pieces.items() if pieces}
        if self._role is not None:
            message["role"] = self._role
        if "transcript" in message:
            message["audio"] = {"transcript": message.pop("transcript")}
        if self._calls:
            message["tool_calls"] = [self._calls[key].json() for key in sorted(self._calls, key=str)]
        if self._function_call is not None:
            message["function_call"] = self._function_call.json()["function"]
        return message

    def _piece(self, key: str, piece: str) -> None:
        pieces = self._pieces.get(key)
        if pieces is None:
            self._pieces[key] = [piece]
        else:
            pieces.append(piece)


class _ToolCall:
    """A tool call that comes in pieces: id and name in the first, arguments spread over all."""

    __slots__ = ("_arguments", "_id", "_name")

    def __init__(self) -> None:
        self._id: str | None = None
        self._name: str | None = None
        self._arguments: list[str] = []

    def add(self, call: Mapping[str, Any], body: Any) -> None:
        """Take over a piece; every field of it may be missing or null."""
        fields = fields_of(body)
        self._id = self._id or call.get("id")
        self._name = self._name or fields.get("name")
        arguments = fields.get("arguments") or fields.get("input")
        if isinstance(arguments, str):
            self._arguments.append(arguments)

    def json(self) -> Json:
        """The call in OpenAI's shape."""
        body = {"name": self._name, "arguments": "".join(self._arguments)}
        return {"id": self._id, "type": "function", "function": body}


def _messages(choices: list[_Choice], prompt_filter: Any) -> list[Json]:
    return messages_of_choices([{**choice.said, "message": choice.message()} for choice in choices], prompt_filter)
