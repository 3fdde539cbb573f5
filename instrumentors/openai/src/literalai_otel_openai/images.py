"""Readers of `POST /images/generations`, `/images/edits` and `/images/variations`.

An image that the model made is a part of its answer: small ones as they are, large ones by hash and size, or the
address where the provider keeps it. Uploaded images are described, not kept.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from literalai_otel.attributes import (
    GENERATION_SETTINGS,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    OUTPUT_TYPE,
    REQUEST_CHOICE_COUNT,
    REQUEST_STREAM,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.genai.messages import media_part
from literalai_otel.genai.usage import write_usage
from literalai_otel_openai.endpoint import Endpoint, Json, settings
from literalai_otel_openai.uploads import uploaded_part

_UPLOADS: Final = ("image", "mask", "markup")
_NOT_SETTINGS: Final = frozenset({"model", "prompt", *_UPLOADS})
_DEFAULT_FORMAT: Final = "png"
_COMPLETED: Final = ".completed"
_PARTIAL: Final = ".partial_image"


def _read_request(request: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    attributes[OUTPUT_TYPE] = "image"
    count = request.get("n")
    if isinstance(count, int) and count != 1:
        attributes[REQUEST_CHOICE_COUNT] = count
    if request.get("stream"):
        attributes[REQUEST_STREAM] = True


def _add_request_content(invocation: Invocation, options: CallOptions) -> None:
    request = invocation.exchange.request
    invocation.content[INPUT_MESSAGES] = lambda: _prompt(request())
    invocation.content[GENERATION_SETTINGS] = lambda: settings(request(), _NOT_SETTINGS)


def _prompt(request: Json) -> list[Json]:
    prompt = request.get("prompt")
    parts: list[Json] = [{"type": "text", "content": prompt}] if isinstance(prompt, str) else []
    for field in _UPLOADS:
        parts.extend(uploaded_part("image", upload) for upload in items_of(request.get(field)))
    return [{"role": "user", "parts": parts}]


def _read_response(invocation: Invocation, response: Any) -> None:
    usage = fields_of(response).get("usage")
    if usage is not None:
        write_usage(usage, invocation.attributes)


def _read_output(response: Any) -> list[Json] | None:
    fields = fields_of(response)
    form = str(fields.get("output_format") or _DEFAULT_FORMAT)
    parts = [part for image in items_of(fields.get("data")) for part in _image_parts(fields_of(image), form)]
    return [{"role": "assistant", "parts": parts}] if parts else None


def _image_parts(image: Mapping[str, Any], form: str) -> list[Json]:
    """The image, and the prompt that the model made of the user's."""
    revised: Json = {"revised_prompt": image["revised_prompt"]} if image.get("revised_prompt") else {}
    encoded, address = image.get("b64_json"), image.get("url")
    if isinstance(encoded, str):
        return [{**media_part("image", f"image/{form}", encoded), **revised}]
    if isinstance(address, str):
        return [{"type": "uri", "modality": "image", "uri": address, **revised}]
    return []


class _Fold:
    """Gathers the images of one stream; previews are not kept."""

    __slots__ = ("_images", "_invocation", "_usage", "_wants_content")

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._wants_content = wants_content
        self._images: list[Json] = []
        self._usage: Any = None

    def add(self, chunk: Any) -> None:
        """Take over a finished image; its text is shared with the caller's event, not copied."""
        fields = fields_of(chunk)
        if not str(fields.get("type")).endswith(_COMPLETED):
            return
        if fields.get("usage") is not None:
            self._usage = fields["usage"]
        if self._wants_content and isinstance(fields.get("b64_json"), str):
            form = str(fields.get("output_format") or _DEFAULT_FORMAT)
            self._images.append({"b64_json": fields["b64_json"], "output_format": form})

    def is_output(self, chunk: Any) -> bool:
        """Whether `chunk` is an image or a preview of one."""
        return str(fields_of(chunk).get("type")).endswith((_COMPLETED, _PARTIAL))

    def finish(self) -> None:
        """Write usage and images into the invocation."""
        if self._usage is not None:
            write_usage(self._usage, self._invocation.attributes)
        if self._images:
            self._invocation.content[OUTPUT_MESSAGES] = partial(_gathered, self._images)
            self._invocation.content_size += sum(len(image["b64_json"]) for image in self._images)


def _gathered(images: list[Json]) -> list[Json]:
    parts = [part for image in images for part in _image_parts(image, image["output_format"])]
    return [{"role": "assistant", "parts": parts}]


IMAGES: Final = Endpoint(
    operation="generate_content",
    read_request=_read_request,
    add_request_content=_add_request_content,
    read_response=_read_response,
    read_output=_read_output,
    fold=_Fold,
    result_field="data",
)
