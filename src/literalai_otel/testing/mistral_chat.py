"""Mistral's completions as the fake provider speaks them: chat, agents and fill-in-the-middle, plain and streamed.

Streams of Mistral always tell the usage, in the last event. Ids and times depend on nothing but the request.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from literalai_otel.testing.openai_chat import ABSENT, CREATED, WEATHER_CALLS, Missing, ToolCall
from literalai_otel.testing.replies import (
    DONE,
    EMPTY,
    HTML,
    JSON_TYPE,
    SSE_TYPE,
    Answer,
    Computed,
    Cut,
    Disconnect,
    Endpoint,
    Frame,
    Gate,
    RecordedRequest,
    Reply,
    encode,
    event,
    json_answer,
)

MISTRAL_USAGE: Final[Mapping[str, Any]] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
MISTRAL_CACHED_USAGE: Final[Mapping[str, Any]] = {**MISTRAL_USAGE, "prompt_tokens_details": {"cached_tokens": 3}}


@dataclass(frozen=True, slots=True)
class Events:
    """A stream event by event, each a name (None for a bare one) and its data."""

    events: Sequence[tuple[str | None, Any]]
    ends_with_done: bool = True
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    before: Gate | None = None
    gates: Mapping[int, Gate] = field(default_factory=dict[int, Gate])
    """Held before the event of that number."""
    cut_after: int | None = None
    """Drop the connection after so many events."""
    error_after: int | None = None
    """Send an error in place of the event of that number, and end."""

    def render(self, request: RecordedRequest) -> Reply:
        """Server-sent events."""
        headers = {"content-type": SSE_TYPE, "mistral-correlation-id": f"cor_{digest(request)}", **self.headers}
        return Reply(200, headers, self._frames(), chunked=True, before=self.before)

    def _frames(self) -> Iterator[Frame]:
        for number, (name, data) in enumerate(self.events):
            if number in self.gates:
                yield self.gates[number]
            if number == self.cut_after:
                yield Cut()
                return
            if number == self.error_after:
                yield event({"object": "error", "message": "scripted error in mid-stream", "code": "3000"})
                return
            yield event(data) if name is None else b"event: " + name.encode() + b"\n" + event(data)
        if self.ends_with_done:
            yield DONE


@dataclass(frozen=True, slots=True)
class MistralChat:
    """A completion, streamed when the request says `stream`.

    Choice 0 holds `text`, or `content` when given (a list of chunks); with `n` > 1 choice i holds the text and ` #i`.
    In a stream, text comes in `pieces` (default: word by word), a list of chunks one chunk an event.
    """

    text: str = "Bonjour from the fake provider."
    pieces: Sequence[str] | None = None
    content: Sequence[Mapping[str, Any]] | None = None
    tool_calls: Sequence[ToolCall] = ()
    finish_reason: str | Missing | None = ABSENT
    """Default: `tool_calls` when there are some, else `stop`."""
    usage: Mapping[str, Any] | Missing | None = field(default_factory=lambda: MISTRAL_USAGE)
    model: str | None = None
    """The served model; default: the requested one with the suffix `-2501`."""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further keys of the answer and of each chunk."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    before: Gate | None = None
    gates: Mapping[int, Gate] = field(default_factory=dict[int, Gate])
    cut_after: int | None = None
    error_after: int | None = None

    def render(self, request: RecordedRequest) -> Reply:
        """JSON or server-sent events, as the request asks."""
        asked = asked_of(request)
        if asked.get("stream"):
            return Events(
                tuple((None, chunk) for chunk in self._chunks(request, asked)),
                headers=self.headers,
                before=self.before,
                gates=self.gates,
                cut_after=self.cut_after,
                error_after=self.error_after,
            ).render(request)
        headers = {"content-type": JSON_TYPE, "mistral-correlation-id": f"cor_{digest(request)}", **self.headers}
        return Reply(200, headers, (encode(self._body(request, asked)),), before=self.before)

    def _head(self, request: RecordedRequest, asked: Mapping[str, Any], kind: str) -> dict[str, Any]:
        served = self.model or f"{asked.get('model') or 'mistral-medium'}-2501"
        return {"id": f"cmpl-{digest(request)}", "object": kind, "created": CREATED, "model": served, **self.extra}

    def _finish(self) -> str | None:
        if not isinstance(self.finish_reason, Missing):
            return self.finish_reason
        return "tool_calls" if self.tool_calls else "stop"

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {"id": call.id, "index": index, "function": {"name": call.name, "arguments": call.arguments}}
            for index, call in enumerate(self.tool_calls)
        ]

    def _body(self, request: RecordedRequest, asked: Mapping[str, Any]) -> dict[str, Any]:
        choices: list[dict[str, Any]] = []
        for index in range(asked.get("n") or 1):
            message: dict[str, Any] = {"role": "assistant", "content": self.content or self._text(index)}
            if self.tool_calls:
                message |= {"content": "", "tool_calls": self._calls()}
            choices.append({"index": index, "message": message, "finish_reason": self._finish()})
        body = {**self._head(request, asked, "chat.completion"), "choices": choices}
        return body if isinstance(self.usage, Missing) else {**body, "usage": self.usage}

    def _text(self, index: int) -> str:
        return self.text if index == 0 else f"{self.text} #{index}"

    def _chunks(self, request: RecordedRequest, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Every chunk in the order of the wire."""
        head = self._head(request, asked, "chat.completion.chunk")

        def chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            return {**head, "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}

        indexes = range(asked.get("n") or 1)
        for index in indexes:
            yield chunk(index, {"role": "assistant", "content": ""})
        for delta in self._deltas():
            for index in indexes:
                yield chunk(index, dict(delta))
        for index in indexes[1:]:
            yield chunk(index, {"content": f" #{index}"})
        for index in indexes:
            last = chunk(index, {"content": ""}, self._finish())
            is_end = index == indexes[-1] and not isinstance(self.usage, Missing)
            yield {**last, "usage": self.usage} if is_end else last

    def _deltas(self) -> Iterator[Mapping[str, Any]]:
        if self.tool_calls:
            yield {"content": "", "tool_calls": self._calls()}
        elif self.content is not None:
            for item in self.content:
                yield {"content": [item]}
        else:
            for piece in self.pieces if self.pieces is not None else words(self.text):
                yield {"content": piece}


def asked_of(request: RecordedRequest) -> Mapping[str, Any]:
    """The JSON object that a request holds, an empty one for any other body."""
    try:
        body = request.json()
    except ValueError:
        return {}
    return cast(Mapping[str, Any], body) if isinstance(body, dict) else {}


def digest(request: RecordedRequest) -> str:
    """A short text that depends on the body alone."""
    return hashlib.blake2s(request.body, digest_size=12).hexdigest()


def words(text: str) -> list[str]:
    """`text` word by word, the spaces with the word before them."""
    return re.findall(r"\s*\S+\s*$|\s*\S+", text) or [text]


def mistral_failure(status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """An error answer in Mistral's shape; 422 lists what is not valid."""
    message = f"scripted failure {status}"
    if status == 422:
        return json_answer({"detail": [{"loc": ["body"], "msg": message, "type": "value_error"}]}, status=status)
    error = {"object": "error", "message": message, "type": "invalid_request", "param": None, "code": str(status)}
    return json_answer(error, status=status, headers=headers)


def _echo(request: RecordedRequest) -> Answer:
    messages = cast(Sequence[Mapping[str, Any]], asked_of(request).get("messages") or ())
    return MistralChat(str(messages[-1].get("content")) if messages else "")


def _split_arguments(request: RecordedRequest) -> Answer:
    """Two tool calls of one choice, their arguments in pieces."""
    if not asked_of(request).get("stream"):
        return MistralChat(tool_calls=WEATHER_CALLS)
    chat = MistralChat()
    first, second = WEATHER_CALLS
    pieces = (
        [{"id": first.id, "index": 0, "function": {"name": first.name, "arguments": first.arguments[:9]}}],
        [{"id": second.id, "index": 1, "function": {"name": second.name, "arguments": second.arguments[:4]}}],
        [{"index": 0, "function": {"name": "", "arguments": first.arguments[9:]}}],
        [{"index": 1, "function": {"name": "", "arguments": second.arguments[4:]}}],
    )
    head = {"id": "cmpl-split", "object": "chat.completion.chunk", "created": CREATED, "model": request.model}
    chunks: list[dict[str, Any]] = [
        {**head, "choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}]} for calls in pieces
    ]
    end: dict[str, Any] = {
        **head,
        "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}],
        "usage": chat.usage,
    }
    return Events(tuple((None, chunk) for chunk in [*chunks, end]))


THINKING: Final = (
    {"type": "thinking", "thinking": [{"type": "text", "text": "Let me "}]},
    {"type": "thinking", "thinking": [{"type": "text", "text": "think."}], "closed": True},
    {"type": "text", "text": "It is 4."},
)

MISTRAL_CHAT_MODELS: Final[Mapping[str, Answer]] = {
    "tools": MistralChat(tool_calls=WEATHER_CALLS),
    "tools-split": Computed(_split_arguments),
    "thinking": MistralChat(content=THINKING),
    "structured": MistralChat('{"city": "Paris", "degrees": 21}'),
    "length": MistralChat("cut", finish_reason="length"),
    "model-length": MistralChat("cut", finish_reason="model_length"),
    "finish-error": MistralChat("", finish_reason="error"),
    "cached": MistralChat(usage=MISTRAL_CACHED_USAGE),
    "usage-partial": MistralChat(usage={"prompt_tokens": 11}),
    "usage-absent": MistralChat(usage=ABSENT),
    "choices-null": MistralChat(extra={"choices": None}),
    "echo": Computed(_echo),
    "long-300": MistralChat(pieces=("word ",) * 300),
    "stream-error": MistralChat(error_after=3),
    "cut": MistralChat(cut_after=3),
    "disconnect": Disconnect(),
    "html": HTML,
    "empty": EMPTY,
    **{f"error-{status}": mistral_failure(status) for status in (400, 401, 403, 404, 422, 429, 500, 503)},
}
"""What the provider does for these model names; any other model gets a plain `MistralChat()`."""

_MODEL_LIST: Final = json_answer(
    {"object": "list", "data": [{"id": "mistral-small", "object": "model", "type": "base", "capabilities": {}}]}
)

MISTRAL_CHAT_ENDPOINTS: Final = (
    # Azure serves it without a prefix, Google Cloud under the path of a project and a model.
    Endpoint("POST", r"(/[^/]+)*/(chat|fim|agents)/completions", MistralChat(), MISTRAL_CHAT_MODELS),
    Endpoint("POST", r"/v1/projects/.*:(stream)?[rR]awPredict", MistralChat(), MISTRAL_CHAT_MODELS),
    Endpoint("GET", r"/v1/models", _MODEL_LIST),
)
