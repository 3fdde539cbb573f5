"""Anthropic's messages as the fake provider speaks them, plain and streamed.

    client = anthropic.Anthropic(base_url=provider.origin, api_key="test")

The wire is that of `POST /v1/messages`. Ids depend on nothing but the request.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from re import findall
from typing import Any, Final

from literalai_otel.testing.replies import (
    JSON_TYPE,
    SSE_TYPE,
    Answer,
    Endpoint,
    Frame,
    RecordedRequest,
    Reply,
    encode,
)

MESSAGE_USAGE: Final[Mapping[str, Any]] = {
    "input_tokens": 11,
    "cache_creation_input_tokens": 2,
    "cache_read_input_tokens": 3,
    "output_tokens": 7,
}
"""Unlike OpenAI's, `input_tokens` has no cached ones in it: the input of this call is 16 tokens."""


@dataclass(frozen=True, slots=True)
class Message:
    """An answer of the assistant, streamed when the request says `stream`.

    `tool_uses` are blocks `(id, name, input)` after the text. In a stream the text comes in `pieces`, by default word
    by word; input tokens come with the first event, output tokens with the last but one.
    """

    text: str = "Hello from the fake provider."
    pieces: Sequence[str] | None = None
    tool_uses: Sequence[tuple[str, str, Mapping[str, Any]]] = ()
    stop_reason: str | None = None
    """Default: `tool_use` when there are some, else `end_turn`."""
    usage: Mapping[str, Any] = field(default_factory=lambda: MESSAGE_USAGE)

    def render(self, request: RecordedRequest) -> Reply:
        """JSON or server-sent events, as the request asks."""
        asked: dict[str, Any] = request.json() or {}
        digest = hashlib.sha256(request.body).hexdigest()[:24]
        headers = {"request-id": f"req_{digest}"}
        message = {
            "id": f"msg_{digest}",
            "type": "message",
            "role": "assistant",
            "model": f"{asked.get('model')}-20250101",
            "content": self._blocks(),
            "stop_reason": self.stop_reason or ("tool_use" if self.tool_uses else "end_turn"),
            "stop_sequence": None,
            "usage": dict(self.usage),
        }
        if asked.get("stream"):
            return Reply(200, {"content-type": SSE_TYPE, **headers}, self._events(message), chunked=True)
        return Reply(200, {"content-type": JSON_TYPE, **headers}, (encode(message),))

    def _blocks(self) -> list[dict[str, Any]]:
        text = [{"type": "text", "text": self.text}] if self.text else []
        return [
            *text,
            *({"type": "tool_use", "id": id, "name": name, "input": input} for id, name, input in self.tool_uses),
        ]

    def _events(self, message: dict[str, Any]) -> Iterator[Frame]:
        first: dict[str, Any] = {
            **message,
            "content": [],
            "stop_reason": None,
            "usage": {**message["usage"], "output_tokens": 1},
        }
        yield _event({"type": "message_start", "message": first})
        for index, block in enumerate(message["content"]):
            yield from self._block_events(index, block)
        end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        usage = {"output_tokens": message["usage"]["output_tokens"]}
        yield _event({"type": "message_delta", "delta": end, "usage": usage})
        yield _event({"type": "message_stop"})

    def _block_events(self, index: int, block: dict[str, Any]) -> Iterator[Frame]:
        if block["type"] == "text":
            empty: dict[str, Any] = {"type": "text", "text": ""}
            pieces = findall(r"\S+\s*", self.text) if self.pieces is None else self.pieces
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
        else:
            empty = {**block, "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": encode(block["input"]).decode()}]
        yield _event({"type": "content_block_start", "index": index, "content_block": empty})
        for delta in deltas:
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})


@dataclass(frozen=True, slots=True)
class MessageFailure:
    """An error answer in Anthropic's shape."""

    status: int
    kind: str

    def render(self, request: RecordedRequest) -> Reply:
        """`{"type": "error", "error": {type, message}}` under the status."""
        error = {"type": "error", "error": {"type": self.kind, "message": f"scripted failure {self.status}"}}
        return Reply(self.status, {"content-type": JSON_TYPE}, (encode(error),))


def _event(value: dict[str, Any]) -> bytes:
    return b"event: " + value["type"].encode() + b"\ndata: " + encode(value) + b"\n\n"


MESSAGE_MODELS: Final[Mapping[str, Answer]] = {
    "tools": Message("Let me look.", tool_uses=(("toolu_1", "get_weather", {"city": "Paris"}),)),
    "error-429": MessageFailure(429, "rate_limit_error"),
    "error-529": MessageFailure(529, "overloaded_error"),
}
"""What the provider does for these model names; any other model gets a plain `Message()`."""

MESSAGE_ENDPOINTS: Final = (Endpoint("POST", r"/v1/messages", Message(), MESSAGE_MODELS),)
