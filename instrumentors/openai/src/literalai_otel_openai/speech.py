"""Readers of `POST /audio/speech`. The audio is never kept and never gathered: its size is what is said of it."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from literalai_otel.attributes import GENERATION_SETTINGS, INPUT_MESSAGES, OUTPUT_MESSAGES, OUTPUT_TYPE
from literalai_otel.genai import CallOptions, Invocation, fields_of
from literalai_otel.genai.body import EventDecoder
from literalai_otel.genai.usage import write_usage
from literalai_otel.jsonable import loads
from literalai_otel_openai.endpoint import Endpoint, Json, settings

_NOT_SETTINGS: Final = frozenset({"model", "input", "instructions"})


def _read_request(request: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    attributes[OUTPUT_TYPE] = "speech"


def _add_request_content(invocation: Invocation, options: CallOptions) -> None:
    request = invocation.exchange.request
    invocation.content[INPUT_MESSAGES] = lambda: _script(request())
    invocation.content[GENERATION_SETTINGS] = lambda: settings(request(), _NOT_SETTINGS)


def _script(request: Json) -> list[Json]:
    messages: list[Json] = []
    for role, key in (("system", "instructions"), ("user", "input")):
        if isinstance(request.get(key), str):
            messages.append({"role": role, "parts": [{"type": "text", "content": request[key]}]})
    return messages


def _speech_of(body: bytes) -> Json:
    """Size and usage of an answer: audio, or events with audio in them."""
    if not body.startswith((b"data:", b"event:")):
        return {"byte_size": len(body)}
    said: Json = {}
    decoder = EventDecoder(lambda data: said.update(_usage_of_event(loads(data))))
    decoder.feed(body)
    return said


def _usage_of_event(event: Any) -> Json:
    usage = fields_of(event).get("usage")
    return {} if usage is None else {"usage": usage}


def _read_response(invocation: Invocation, response: Any) -> None:
    usage = fields_of(response).get("usage")
    if usage is not None:
        write_usage(usage, invocation.attributes)


def _read_output(response: Any) -> list[Json]:
    size: Json = {"byte_size": fields_of(response)["byte_size"]} if "byte_size" in fields_of(response) else {}
    return [{"role": "assistant", "parts": [{"type": "blob", "modality": "audio", **size}]}]


class _Fold:
    """Counts the bytes of audio that pass, or reads the events that carry it."""

    __slots__ = ("_invocation", "_size", "_usage", "_wants_content")

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._wants_content = wants_content
        self._size = 0
        self._usage: Any = None

    def add(self, chunk: Any) -> None:
        """Take over a piece of the body, or an event of it."""
        if isinstance(chunk, bytes):
            self._size += len(chunk)
        else:
            self._usage = fields_of(chunk).get("usage", self._usage)

    def finish(self) -> None:
        """Write size and usage into the invocation."""
        if self._usage is not None:
            write_usage(self._usage, self._invocation.attributes)
        if self._wants_content:
            size: Json = {"byte_size": self._size} if self._size else {}
            self._invocation.content[OUTPUT_MESSAGES] = partial(_read_output, size)


SPEECH: Final = Endpoint(
    operation="generate_content",
    read_request=_read_request,
    add_request_content=_add_request_content,
    read_response=_read_response,
    read_output=_read_output,
    fold=_Fold,
    decode=_speech_of,
    keeps_body=False,
    is_binary=True,
)
