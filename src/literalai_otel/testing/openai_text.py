"""OpenAI's older completions, embeddings and moderations as the fake provider speaks them."""

import struct
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from literalai_otel.testing.openai_chat import (
    CHAT_MODELS,
    CREATED,
    DEFAULT_USAGE,
    Missing,
    asked_of,
    digest_of,
    stream_reply,
    words_of,
)
from literalai_otel.testing.replies import (
    JSON_TYPE,
    Answer,
    Computed,
    Endpoint,
    Gate,
    RecordedRequest,
    Reply,
    encode,
    json_answer,
)

_FAILING: Final[Mapping[str, Answer]] = {
    name: CHAT_MODELS[name] for name in ("error-400", "error-401", "error-429", "error-500", "html", "empty")
}


@dataclass(frozen=True, slots=True)
class Completion:
    """Completions of one or more prompts, `n` of each, streamed when the request says `stream`.

    With `echo` in the request a text starts with its prompt.
    """

    text: str = " is the capital of France."
    finish_reason: str | None = "stop"
    usage: Mapping[str, Any] | Missing | None = field(default_factory=lambda: DEFAULT_USAGE)
    before: Gate | None = None
    gates: Mapping[int, Gate] = field(default_factory=dict[int, Gate])
    cut_after: int | None = None
    error_after: int | None = None

    def render(self, request: RecordedRequest) -> Reply:
        """JSON or server-sent events, as the request asks."""
        asked = asked_of(request)
        headers = {"x-request-id": f"req_{digest_of(request)}"}
        if asked.get("stream"):
            return stream_reply(self._chunks(request), self, headers)
        usage = {} if isinstance(self.usage, Missing) else {"usage": self.usage}
        choices = [
            {"index": index, "text": text, "logprobs": None, "finish_reason": self.finish_reason}
            for index, text in enumerate(self._texts(asked))
        ]
        body = {**self._head(request), "choices": choices, **usage}
        return Reply(200, {"content-type": JSON_TYPE, **headers}, (encode(body),), before=self.before)

    def _head(self, request: RecordedRequest) -> dict[str, Any]:
        return {
            "id": f"cmpl-{digest_of(request)}",
            "object": "text_completion",
            "created": CREATED,
            "model": f"{request.model}-2025-01-01",
        }

    def _texts(self, asked: Mapping[str, Any]) -> list[str]:
        prompts: Any = asked.get("prompt")
        each = _each(prompts)
        echoed = [prompt if asked.get("echo") and isinstance(prompt, str) else "" for prompt in each]
        return [echo + self.text for echo in echoed for _ in range(asked.get("n") or 1)]

    def _chunks(self, request: RecordedRequest) -> Iterator[dict[str, Any]]:
        asked = asked_of(request)
        head = self._head(request)
        include = cast(Mapping[str, Any], asked.get("stream_options") or {}).get("include_usage") is True
        tail: dict[str, Any] = {"usage": None} if include else {}
        pieces = [words_of(text) for text in self._texts(asked)]
        for position in range(max(len(each) for each in pieces)):
            for index, each in enumerate(pieces):
                if position < len(each):
                    finish = self.finish_reason if position == len(each) - 1 else None
                    choice = {"index": index, "text": each[position], "logprobs": None, "finish_reason": finish}
                    yield {**head, "choices": [choice], **tail}
        if include and not isinstance(self.usage, Missing):
            yield {**head, "choices": [], "usage": self.usage}


def _each(given: Any) -> list[Any]:
    """The inputs of a request, which may be one text or one list of tokens."""
    if not isinstance(given, list) or not given or isinstance(given[0], int):
        return [given]
    return cast(list[Any], given)


DIMENSIONS: Final = 8


def _embeddings(request: RecordedRequest) -> Answer:
    asked = asked_of(request)
    given: Any = asked.get("input")
    count = len(_each(given))
    length = asked.get("dimensions") or DIMENSIONS
    vectors = [[(row + column) / 16 for column in range(length)] for row in range(count)]
    encoded: list[Any] = list(vectors)
    if asked.get("encoding_format") == "base64":
        encoded = [b64encode(struct.pack(f"<{length}f", *vector)).decode() for vector in vectors]
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(encoded)]
    if asked.get("model") == "out-of-order":
        data.reverse()
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    body = {"object": "list", "data": data, "model": f"{asked.get('model')}-2025-01-01", "usage": usage}
    return json_answer(body, headers={"x-request-id": f"req_{digest_of(request)}"})


_VERDICT: Final = {"flagged": True, "categories": {"violence": True}, "category_scores": {"violence": 0.9}}
_VERDICTS: Final = json_answer(
    {"id": "modr-1", "model": "omni-moderation-2025-01-01", "results": [_VERDICT]}, headers={"x-request-id": "req_1"}
)

TEXT_ENDPOINTS: Final = (
    Endpoint("POST", r"(/v1|/openai/deployments/[^/]+)/completions", Completion(), _FAILING),
    Endpoint("POST", r"(/[^/]+)*/embeddings", Computed(_embeddings), {**_FAILING, "no-data": json_answer({})}),
    Endpoint("POST", r"(/[^/]+)*/moderations", _VERDICTS, _FAILING),
)
