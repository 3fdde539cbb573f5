"""Readers of transcription and speech. Audio itself is never kept, in neither direction: its size is."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from literalai_otel.attributes import (
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    OUTPUT_TYPE,
    REQUEST_TEMPERATURE,
    RESPONSE_MODEL,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.genai.parameters import NUMBER, write_parameters
from literalai_otel.jsonable import to_jsonable
from literalai_otel_mistralai.endpoint import Asked, Endpoint, Json, body_of
from literalai_otel_mistralai.messages import content_parts
from literalai_otel_mistralai.usage import write_texts, write_usage

_SPOKEN: Final = frozenset({"input", "ref_audio", "conversation_history"})
_HEARD: Final = frozenset({"file", "file_url", "file_id", "speaker_references", "context_bias"})
_DELTA: Final = "transcription.text.delta"
_DONE: Final = "transcription.done"


# --- transcription -------------------------------------------------------------------------------


def _read_heard_request(asked: Asked, attributes: dict[str, Any]) -> None:
    attributes[OUTPUT_TYPE] = "text"
    write_parameters(asked, {"temperature": (REQUEST_TEMPERATURE, NUMBER)}, attributes)


def _described(asked: Asked) -> Json:
    """The form with a description in place of the file, which is not read."""
    body = {key: value for key, value in body_of(asked).items() if key != "speaker_references"}
    file = fields_of(body.get("file"))
    if file:
        content = file.get("content")
        size: Json = {"byte_size": len(content)} if isinstance(content, bytes | bytearray) else {}
        named = {"name": file.get("file_name", file.get("fileName")), "mime_type": file.get("content_type")}
        body["file"] = {**{key: value for key, value in named.items() if isinstance(value, str)}, **size}
    return body


def _recording(request: Json, options: CallOptions) -> list[Json]:
    parts: list[Json] = []
    if isinstance(request.get("file"), dict):
        parts.append({"type": "blob", "modality": "audio", **request["file"]})
    if isinstance(request.get("file_url"), str):
        parts.append({"type": "uri", "modality": "audio", "uri": request["file_url"]})
    if isinstance(request.get("file_id"), str):
        parts.append({"type": "file", "modality": "audio", "file_id": request["file_id"]})
    return [{"role": "user", "parts": parts}]


def _read_transcript(invocation: Invocation, response: Any) -> None:
    fields = fields_of(response)
    write_texts(fields, (("model", RESPONSE_MODEL),), invocation.attributes)
    write_usage(fields.get("usage"), invocation.attributes)


def _transcript(response: Any) -> list[Json] | None:
    fields = fields_of(response)
    text = fields.get("text")
    if not isinstance(text, str):
        return None
    language: Json = {"language": fields["language"]} if isinstance(fields.get("language"), str) else {}
    segments = list(items_of(fields.get("segments")))
    return [
        {"role": "assistant", "parts": content_parts(text), **language, **({"segments": segments} if segments else {})}
    ]


class _TranscriptFold:
    """Gathers the pieces of a transcript; the last event has the whole."""

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._wants_content = wants_content
        self._pieces: list[str] = []
        self._whole: Mapping[str, Any] = {}

    def is_output(self, chunk: Any) -> bool:
        """Whether the event holds text: the language may come before."""
        return fields_of(fields_of(chunk).get("data")).get("type") in (_DELTA, _DONE)

    def add(self, chunk: Any) -> None:
        """Take over what an event says."""
        fields = fields_of(fields_of(chunk).get("data"))
        if fields.get("type") == _DONE:
            _read_transcript(self._invocation, fields)
            if self._wants_content:
                self._whole = to_jsonable({key: fields.get(key) for key in ("text", "language", "segments")})
        elif fields.get("type") == _DELTA and self._wants_content and isinstance(fields.get("text"), str):
            self._pieces.append(fields["text"])

    def finish(self) -> None:
        """Write the text into the invocation."""
        said = self._whole or {"text": "".join(self._pieces)}
        if self._wants_content and said["text"]:
            self._invocation.content[OUTPUT_MESSAGES] = partial(_transcript, said)
            self._invocation.content_size += len(said["text"])


TRANSCRIPTION: Final = Endpoint(
    operation="generate_content",
    read_request=_read_heard_request,
    request_content={INPUT_MESSAGES: _recording},
    no_settings=_HEARD,
    read_response=_read_transcript,
    read_output=_transcript,
    fold=_TranscriptFold,
    describe=_described,
    is_form=True,
)


# --- speech --------------------------------------------------------------------------------------


def _read_spoken_request(asked: Asked, attributes: dict[str, Any]) -> None:
    attributes[OUTPUT_TYPE] = "speech"


def _script(request: Json, options: CallOptions) -> list[Json]:
    return [{"role": "user", "parts": content_parts(request.get("input"))}]


def _read_speech(invocation: Invocation, response: Any) -> None:
    write_usage(fields_of(response).get("usage"), invocation.attributes)


def _speech(response: Any) -> list[Json] | None:
    audio = fields_of(response).get("audio_data")
    return _spoken(_size_of(audio)) if isinstance(audio, str) else None


def _size_of(encoded: str) -> int:
    """Bytes that base64 text stands for."""
    return len(encoded) * 3 // 4 - encoded[-2:].count("=")


def _spoken(size: int) -> list[Json]:
    return [{"role": "assistant", "parts": [{"type": "blob", "modality": "audio", "byte_size": size}]}]


class _SpeechFold:
    """Counts the bytes of audio that pass."""

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._wants_content = wants_content
        self._size = 0

    def add(self, chunk: Any) -> None:
        """Take over what an event says."""
        fields = fields_of(fields_of(chunk).get("data"))
        audio = fields.get("audio_data")
        if isinstance(audio, str):
            self._size += _size_of(audio)
        if fields.get("usage") is not None:
            write_usage(fields["usage"], self._invocation.attributes)

    def finish(self) -> None:
        """Write the size into the invocation."""
        if self._wants_content and self._size:
            self._invocation.content[OUTPUT_MESSAGES] = partial(_spoken, self._size)


SPEECH: Final = Endpoint(
    operation="generate_content",
    read_request=_read_spoken_request,
    request_content={INPUT_MESSAGES: _script},
    no_settings=_SPOKEN,
    read_response=_read_speech,
    read_output=_speech,
    fold=_SpeechFold,
    keeps_body=False,
)
