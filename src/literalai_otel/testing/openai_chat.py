"""OpenAI's chat completions as the fake provider speaks them, plain and streamed.

The wire is the one of `POST …/chat/completions`: OpenAI's own path `/v1`, Azure's
`/openai/deployments/<deployment>`, and whatever a compatible host puts before it. Ids and times depend on nothing
but the request, so the same request gets the same bytes in every run.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol, cast

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
    Failure,
    Frame,
    Gate,
    RecordedRequest,
    Reply,
    encode,
    event,
    json_answer,
)

CREATED: Final = 1_700_000_000
FINGERPRINT: Final = "fp_fake"


class Missing(Enum):
    """Says that a key is left out, which is not the same as null."""

    ABSENT = "absent"


ABSENT: Final = Missing.ABSENT

DEFAULT_USAGE: Final[Mapping[str, Any]] = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 0},
}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function call that the model asks for; `arguments` is the JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat completion, streamed when the request says `stream`.

    Choice 0 holds `text`; with `n` > 1 in the request choice i holds `text` and ` #i`. In a stream, text comes in
    `pieces` (default: word by word), tool calls with their arguments in pieces, choices interleaved, usage in a
    last chunk without choices and only if `stream_options.include_usage` is true.
    """

    text: str | None = "Hello from the fake provider."
    pieces: Sequence[str] | None = None
    tool_calls: Sequence[ToolCall] = ()
    refusal: str | None = None
    finish_reason: str | Missing | None = ABSENT
    """Default: `tool_calls` when there are some, else `stop`."""
    usage: Mapping[str, Any] | Missing | None = field(default_factory=lambda: DEFAULT_USAGE)
    model: str | None = None
    """The served model; default: the requested one with the suffix `-2025-01-01`."""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further keys of the answer and of each chunk."""
    choice_extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further keys of each choice."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    before: Gate | None = None
    """Held before the status line."""
    gates: Mapping[int, Gate] = field(default_factory=dict[int, Gate])
    """Held before the chunk of that number (streams)."""
    cut_after: int | None = None
    """Drop the connection after so many chunks (streams)."""
    error_after: int | None = None
    """Send an error event in place of the chunk of that number, and end (streams)."""

    def render(self, request: RecordedRequest) -> Reply:
        """JSON or server-sent events, as the request asks."""
        asked = asked_of(request)
        headers = {"x-request-id": f"req_{digest_of(request)}", "openai-processing-ms": "5", **self.headers}
        if asked.get("stream"):
            return stream_reply(self._chunks(request, asked), self, headers)
        body = self._body(request, asked)
        return Reply(200, {"content-type": JSON_TYPE, **headers}, (encode(body),), before=self.before)

    def _finish(self) -> str | None:
        if not isinstance(self.finish_reason, Missing):
            return self.finish_reason
        return "tool_calls" if self.tool_calls else "stop"

    def _text(self, index: int) -> str | None:
        return self.text if index == 0 or self.text is None else f"{self.text} #{index}"

    def _head(self, request: RecordedRequest, asked: Mapping[str, Any], kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{digest_of(request)}",
            "object": kind,
            "created": CREATED,
            "model": self.model or f"{asked.get('model') or _deployment(request)}-2025-01-01",
            "service_tier": "default" if asked.get("service_tier") in (None, "auto") else asked["service_tier"],
            "system_fingerprint": FINGERPRINT,
            **self.extra,
        }

    def _body(self, request: RecordedRequest, asked: Mapping[str, Any]) -> dict[str, Any]:
        choices: list[dict[str, Any]] = []
        for index in range(asked.get("n") or 1):
            message: dict[str, Any] = {
                "role": "assistant",
                "content": None if self.tool_calls and self.pieces is None else self._text(index),
                "refusal": self.refusal,
                "annotations": [],
            }
            if self.refusal is not None:
                message["content"] = None
            if self.tool_calls:
                message["tool_calls"] = [
                    {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                    for call in self.tool_calls
                ]
            choices.append(
                {
                    "index": index,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": self._finish(),
                    **self.choice_extra,
                }
            )
        body = {**self._head(request, asked, "chat.completion"), "choices": choices}
        if not isinstance(self.usage, Missing):
            body["usage"] = self.usage
        return body

    def _chunks(self, request: RecordedRequest, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Every chunk in the order of the wire."""
        head = self._head(request, asked, "chat.completion.chunk")
        options = cast(Mapping[str, Any], asked.get("stream_options") or {})
        include_usage = options.get("include_usage") is True
        tail: dict[str, Any] = {"usage": None} if include_usage else {}

        def chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish, **self.choice_extra}
            return {**head, "choices": [choice], **tail}

        indexes = range(asked.get("n") or 1)
        for index in indexes:
            yield chunk(index, {"role": "assistant", "content": "", "refusal": None})
        for delta_of_choice in self._deltas():
            for index in indexes:
                yield chunk(index, dict(delta_of_choice))
        if self.text is not None and not self.tool_calls and self.refusal is None:
            for index in indexes[1:]:
                yield chunk(index, {"content": f" #{index}"})
        for index in indexes:
            yield chunk(index, {}, self._finish())
        if include_usage and not isinstance(self.usage, Missing):
            yield {**head, "choices": [], "usage": self.usage}

    def _deltas(self) -> Iterator[Mapping[str, Any]]:
        if self.refusal is not None:
            for piece in words_of(self.refusal):
                yield {"refusal": piece}
            return
        if self.text is not None and (not self.tool_calls or self.pieces is not None):
            for piece in self.pieces if self.pieces is not None else words_of(self.text):
                yield {"content": piece}
        yield from _tool_call_deltas(self.tool_calls)


def _tool_call_deltas(calls: Sequence[ToolCall]) -> Iterator[Mapping[str, Any]]:
    """Id and name come first; the arguments follow in pieces, the calls interleaved."""
    for index, call in enumerate(calls):
        function = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]}
    cut = [(call.arguments[:4], call.arguments[4:9], call.arguments[9:]) for call in calls]
    for part in range(3):
        for index, pieces in enumerate(cut):
            if pieces[part]:
                yield {"tool_calls": [{"index": index, "function": {"arguments": pieces[part]}}]}


@dataclass(frozen=True, slots=True)
class Chunks:
    """A stream given chunk by chunk, for what no orderly provider sends."""

    chunks: Sequence[Mapping[str, Any]]
    before: Gate | None = None
    gates: Mapping[int, Gate] = field(default_factory=dict[int, Gate])
    cut_after: int | None = None
    error_after: int | None = None

    def render(self, request: RecordedRequest) -> Reply:
        """The chunks as server-sent events; keys that the head of a chunk lacks are filled in."""
        head = {
            "id": f"chatcmpl-{digest_of(request)}",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": f"{request.model}-2025-01-01",
        }
        return stream_reply(
            ({**head, **chunk} for chunk in self.chunks), self, {"x-request-id": f"req_{digest_of(request)}"}
        )


class Streamed(Protocol):
    """An answer whose stream may be held, cut or broken off, as `Chat` says."""

    @property
    def before(self) -> Gate | None:
        """Held before the status line."""
        ...

    @property
    def gates(self) -> Mapping[int, Gate]:
        """Held before the chunk of that number."""
        ...

    @property
    def cut_after(self) -> int | None:
        """The connection is dropped after so many chunks."""
        ...

    @property
    def error_after(self) -> int | None:
        """An error event comes in place of the chunk of that number."""
        ...


def stream_reply(chunks: Iterator[dict[str, Any]], answer: Streamed, headers: Mapping[str, str]) -> Reply:
    """`chunks` as server-sent events, held, cut or broken off as `answer` says."""

    def frames() -> Iterator[Frame]:
        for number, chunk in enumerate(chunks):
            if number in answer.gates:
                yield answer.gates[number]
            if number == answer.cut_after:
                yield Cut()
                return
            if number == answer.error_after:
                yield event({"error": {"message": "scripted error in mid-stream", "type": "server_error", "code": 500}})
                return
            yield event(chunk)
        yield DONE

    return Reply(200, {"content-type": SSE_TYPE, **headers}, frames(), chunked=True, before=answer.before)


def asked_of(request: RecordedRequest) -> Mapping[str, Any]:
    """The JSON object that a request sends, {} when it is none."""
    try:
        body = request.json()
    except ValueError:
        return {}
    return cast(Mapping[str, Any], body) if isinstance(body, dict) else {}


def digest_of(request: RecordedRequest) -> str:
    """A name for the request, the same for the same bytes."""
    return hashlib.blake2s(request.body, digest_size=12).hexdigest()


def _deployment(request: RecordedRequest) -> str:
    found = re.search(r"/deployments/([^/]+)/", request.path)
    return found[1] if found else "unknown"


def words_of(text: str) -> list[str]:
    """`text` in the pieces in which a model would send it."""
    return re.findall(r"\s*\S+\s*$|\s*\S+", text) or [text]


def _echo(request: RecordedRequest) -> Answer:
    messages = cast(Sequence[Mapping[str, Any]], asked_of(request).get("messages") or ())
    content: Any = messages[-1].get("content") if messages else ""
    return Chat(content if isinstance(content, str) else encode(content).decode())


def _odd_choices(request: RecordedRequest, choices: list[Any] | None) -> Answer:
    if asked_of(request).get("stream"):
        return Chunks(({"choices": choices}, {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}))
    head = {"id": "chatcmpl-odd", "object": "chat.completion", "created": CREATED, "model": request.model}
    return json_answer({**head, "choices": choices})


def _failing_first(count: int) -> Answer:
    """Failures until the client says that it has tried `count` times (header `x-stainless-retry-count`)."""

    def choose(request: RecordedRequest) -> Answer:
        tried = int(request.header("x-stainless-retry-count") or 0)
        return Failure(500, headers={"retry-after-ms": "1"}) if tried < count else Chat()

    return Computed(choose)


WEATHER_CALLS: Final = (
    ToolCall("call_1", "get_weather", '{"city": "Paris", "unit": "celsius"}'),
    ToolCall("call_2", "get_time", '{"zone": "Europe/Paris"}'),
)

CHAT_MODELS: Final[Mapping[str, Answer]] = {
    "tools": Chat(tool_calls=WEATHER_CALLS),
    "text-and-tools": Chat("Let me look.", pieces=("Let ", "me ", "look."), tool_calls=WEATHER_CALLS),
    "refusal": Chat(refusal="I can't help with that."),
    "structured": Chat('{"city": "Paris", "degrees": 21}'),
    "length": Chat("cut", finish_reason="length"),
    "content-filter": Chat("", finish_reason="content_filter"),
    "finish-null": Chat(finish_reason=None),
    "usage-absent": Chat(usage=ABSENT),
    "usage-null": Chat(usage=None),
    "usage-partial": Chat(usage={"prompt_tokens": 11}),
    "choices-null": Computed(lambda request: _odd_choices(request, None)),
    "choices-empty": Computed(lambda request: _odd_choices(request, [])),
    "no-index": Chunks(({"choices": [{"delta": {"role": "assistant", "content": "Hi"}, "finish_reason": None}]},)),
    "echo": Computed(_echo),
    "long-300": Chat(pieces=("word ",) * 300),
    "long-10000": Chat(pieces=("x",) * 10_000),
    "stream-error": Chat(error_after=3),
    "cut": Chat(cut_after=3),
    "disconnect": Disconnect(),
    "flaky-1": _failing_first(1),
    "flaky-2": _failing_first(2),
    "html": HTML,
    "empty": EMPTY,
    **{
        f"error-{status}": Failure(status, code=code, retry_after=0.01 if status == 429 else None)
        for status, code in (
            (400, "context_length_exceeded"),
            (401, "invalid_api_key"),
            (403, None),
            (404, "model_not_found"),
            (409, None),
            (422, None),
            (429, "rate_limit_exceeded"),
            (500, None),
            (503, None),
        )
    },
}
"""What the provider does for these model names; any other model gets a plain `Chat()`."""


_MODEL_LIST: Final = json_answer(
    {"object": "list", "data": [{"id": "gpt-4o", "object": "model", "created": CREATED, "owned_by": "fake"}]}
)

CHAT_ENDPOINTS: Final = (
    Endpoint("POST", r"(/[^/]+)*/chat/completions", Chat(), CHAT_MODELS),
    Endpoint("GET", r"/v1/models", _MODEL_LIST),
)
