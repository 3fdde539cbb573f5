"""OpenAI's images and audio as the fake provider speaks them."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from literalai_otel.testing.openai_chat import CHAT_MODELS, CREATED, asked_of, digest_of, words_of
from literalai_otel.testing.replies import (
    JSON_TYPE,
    SSE_TYPE,
    Answer,
    Body,
    Computed,
    Endpoint,
    Frame,
    RecordedRequest,
    Reply,
    encode,
    event,
    json_answer,
)

PICTURE: Final = b"\x89PNG\r\n" + bytes(range(256)) * 4
"""What every generated image holds."""
SOUND: Final = b"ID3" + bytes(range(256)) * 64
"""What every spoken text sounds like."""
IMAGE_USAGE: Final[Mapping[str, Any]] = {
    "input_tokens": 6,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 6},
    "output_tokens": 100,
    "total_tokens": 106,
}
_FAILING: Final[Mapping[str, Answer]] = {
    name: CHAT_MODELS[name] for name in ("error-400", "error-429", "error-500", "html", "empty")
}


def form_of(request: RecordedRequest) -> dict[str, str]:
    """The fields of a multipart form that are no files; the JSON fields of any other request as text."""
    if not str(request.header("content-type")).startswith("multipart/"):
        return {key: str(value).lower() for key, value in asked_of(request).items()}
    pattern = rb'content-disposition: form-data; name="([^"]+)"\r\n\r\n([^\r]*)\r\n'
    found = re.findall(pattern, request.body, re.IGNORECASE)
    return {name.decode(): value.decode() for name, value in found}


@dataclass(frozen=True, slots=True)
class Images:
    """`n` images, by data or by address; streamed with one preview when the request says `stream`."""

    picture: bytes = PICTURE
    usage: Mapping[str, Any] | None = field(default_factory=lambda: IMAGE_USAGE)

    def render(self, request: RecordedRequest) -> Reply:
        """JSON or server-sent events, as the request asks."""
        asked = form_of(request)
        headers = {"x-request-id": "req_1"}  # the bytes of a form are never the same twice
        if asked.get("stream") == "true":
            kind = "image_edit" if "edits" in request.path else "image_generation"
            return Reply(200, {"content-type": SSE_TYPE, **headers}, self._events(kind), chunked=True)
        image: dict[str, Any] = {"revised_prompt": "A very red fox"}
        if asked.get("response_format") == "url":
            image["url"] = "https://example.com/fox.png"
        else:
            image["b64_json"] = b64encode(self.picture).decode()
        body: dict[str, Any] = {"created": CREATED, "data": [image] * int(asked.get("n") or 1), "output_format": "png"}
        if self.usage is not None:
            body["usage"] = self.usage
        return Reply(200, {"content-type": JSON_TYPE, **headers}, (encode(body),))

    def _events(self, kind: str) -> Iterator[Frame]:
        encoded = b64encode(self.picture).decode()
        head = {
            "b64_json": encoded,
            "created_at": CREATED,
            "size": "1024x1024",
            "quality": "low",
            "background": "opaque",
            "output_format": "webp",
        }
        yield event({"type": f"{kind}.partial_image", **head, "partial_image_index": 0})
        yield event({"type": f"{kind}.completed", **head, "usage": self.usage})


@dataclass(frozen=True, slots=True)
class Speech:
    """Sound, in pieces; as events with `stream_format` `sse`."""

    sound: bytes = SOUND

    def render(self, request: RecordedRequest) -> Reply:
        """Audio bytes, or server-sent events that carry them."""
        asked = asked_of(request)
        headers = {"x-request-id": f"req_{digest_of(request)}"}
        if asked.get("stream_format") == "sse":
            return Reply(200, {"content-type": SSE_TYPE, **headers}, self._events(), chunked=True)
        pieces = (self.sound[:1000], self.sound[1000:])
        return Reply(200, {"content-type": "audio/mpeg", **headers}, pieces, chunked=True)

    def _events(self) -> Iterator[Frame]:
        yield event({"type": "speech.audio.delta", "audio": b64encode(self.sound).decode()})
        usage = {"input_tokens": 7, "output_tokens": 50, "total_tokens": 57}
        yield event({"type": "speech.audio.done", "usage": usage})


HEARD: Final = "Good morning, Paris."
_TOKENS: Final = {
    "type": "tokens",
    "input_tokens": 14,
    "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
    "output_tokens": 6,
    "total_tokens": 20,
}
_SUBTITLES: Final = f"1\n00:00:00,000 --> 00:00:02,000\n{HEARD}\n"


def _transcript(request: RecordedRequest) -> Answer:
    asked = form_of(request)
    form, model = asked.get("response_format"), asked.get("model", "")
    if model in _FAILING:
        return _FAILING[model]
    if asked.get("stream") == "true":
        return _TranscriptEvents()
    headers = {"x-request-id": "req_1"}
    if form in ("text", "srt", "vtt"):
        text = f"{HEARD}\n" if form == "text" else _SUBTITLES
        return Body(text.encode(), "text/plain; charset=utf-8", headers=headers)
    body: dict[str, Any] = {"text": HEARD}
    if form == "verbose_json":
        body |= {"language": "english", "duration": 2.5, "segments": [], "task": "transcribe"}
    usage = {"type": "duration", "seconds": 3} if model == "whisper-1" else _TOKENS
    return json_answer({**body, "usage": usage}, headers=headers)


@dataclass(frozen=True, slots=True)
class _TranscriptEvents:
    def render(self, request: RecordedRequest) -> Reply:
        def frames() -> Iterator[Frame]:
            for piece in words_of(HEARD):
                yield event({"type": "transcript.text.delta", "delta": piece})
            yield event({"type": "transcript.text.done", "text": HEARD, "usage": _TOKENS})

        return Reply(200, {"content-type": SSE_TYPE, "x-request-id": "req_1"}, frames(), chunked=True)


MEDIA_ENDPOINTS: Final = (
    Endpoint("POST", r"(/[^/]+)*/images/(generations|edits|variations)", Images(), _FAILING),
    Endpoint("POST", r"(/[^/]+)*/audio/speech", Speech(), _FAILING),
    Endpoint("POST", r"(/[^/]+)*/audio/(transcriptions|translations)", Computed(_transcript)),
)
