"""Readers of `POST /audio/transcriptions` and `/audio/translations`. The audio is described, its text is kept."""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.attributes import (
    GENERATION_SETTINGS,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    OUTPUT_TYPE,
    REQUEST_STREAM,
    REQUEST_TEMPERATURE,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.genai.parameters import NUMBER, Parameters, write_parameters
from literalai_otel.genai.usage import write_usage
from literalai_otel.jsonable import loads, to_jsonable
from literalai_otel_openai.endpoint import Endpoint, Json, settings
from literalai_otel_openai.uploads import uploaded_part

_REQUEST_VALUES: Final[Parameters] = {"temperature": (REQUEST_TEMPERATURE, NUMBER)}
_NOT_SETTINGS: Final = frozenset(
    {"model", "file", "prompt", "keywords", "known_speaker_names", "known_speaker_references"}
)
_KEPT: Final = ("language", "languages", "duration", "segments", "words")
"""What an answer says beside its text."""


def _read_request(request: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    attributes[OUTPUT_TYPE] = "text"
    write_parameters(request, _REQUEST_VALUES, attributes)
    if request.get("stream"):
        attributes[REQUEST_STREAM] = True


def _add_request_content(invocation: Invocation, options: CallOptions) -> None:
    request = invocation.exchange.request
    invocation.content[INPUT_MESSAGES] = lambda: _audio(request())
    invocation.content[GENERATION_SETTINGS] = lambda: settings(request(), _NOT_SETTINGS)


def _audio(request: Json) -> list[Json]:
    parts = [uploaded_part("audio", upload) for upload in items_of(request.get("file"))]
    if isinstance(request.get("prompt"), str):
        parts.append({"type": "text", "content": request["prompt"]})
    return [{"role": "user", "parts": parts}]


def _transcript_of(body: bytes) -> Json:
    """The JSON of an answer; subtitles and plain text come as they are."""
    try:
        value: Any = loads(body)
    except ValueError:
        value = None
    return value if isinstance(value, dict) and "text" in value else {"text": body.decode("utf-8", "replace")}  # pyright: ignore[reportUnknownVariableType] - any JSON


def _read_response(invocation: Invocation, response: Any) -> None:
    usage = fields_of(response).get("usage")
    if usage is not None:
        write_usage(usage, invocation.attributes)


def _read_output(response: Any) -> list[Json] | None:
    fields = fields_of(response)
    text = fields.get("text")
    if not isinstance(text, str):
        return None
    kept = {key: to_jsonable(fields[key]) for key in _KEPT if fields.get(key) is not None}
    return [{"role": "assistant", "parts": [{"type": "text", "content": text}], **kept}]


class _Fold:
    """Gathers the pieces of a transcript; the last event has the whole."""

    __slots__ = ("_invocation", "_pieces", "_usage", "_wants_content")

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._wants_content = wants_content
        self._pieces: list[str] = []
        self._usage: Any = None

    def add(self, chunk: Any) -> None:
        """Take over what an event says."""
        fields = fields_of(chunk)
        kind = fields.get("type")
        if fields.get("usage") is not None:
            self._usage = fields["usage"]
        if kind == "transcript.text.delta" and isinstance(fields.get("delta"), str):
            self._pieces.append(fields["delta"])
        elif kind == "transcript.text.done" and isinstance(fields.get("text"), str):
            self._pieces = [fields["text"]]

    def finish(self) -> None:
        """Write usage and text into the invocation."""
        if self._usage is not None:
            write_usage(self._usage, self._invocation.attributes)
        if self._wants_content and self._pieces:
            text = "".join(self._pieces)
            self._invocation.content[OUTPUT_MESSAGES] = lambda: _read_output({"text": text})
            self._invocation.content_size += len(text)


TRANSCRIPTIONS: Final = Endpoint(
    operation="generate_content",
    read_request=_read_request,
    add_request_content=_add_request_content,
    read_response=_read_response,
    read_output=_read_output,
    fold=_Fold,
    decode=_transcript_of,
)
"""Translations too."""
