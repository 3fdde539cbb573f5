"""Readers of `POST /embeddings`. Vectors are counted, never kept."""

from collections.abc import Mapping, Sized
from typing import Any, Final

from literalai_otel.attributes import (
    EMBEDDINGS_DIMENSION_COUNT,
    GENERATION_SETTINGS,
    REQUEST_ENCODING_FORMATS,
    RESPONSE_MODEL,
    STEP_INPUT,
    STEP_OUTPUT,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.genai.usage import write_usage
from literalai_otel.jsonable import loads
from literalai_otel_openai.completions import texts_of
from literalai_otel_openai.endpoint import Endpoint, Json, settings

_NOT_SETTINGS: Final = frozenset({"model", "input"})
_BYTES_OF_A_NUMBER: Final = 4
"""Base64 vectors are single-precision floats."""


def _read_request(request: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    form = request.get("encoding_format")
    if isinstance(form, str):
        attributes[REQUEST_ENCODING_FORMATS] = [form]
    dimensions = request.get("dimensions")
    if isinstance(dimensions, int):
        attributes[EMBEDDINGS_DIMENSION_COUNT] = dimensions


def _add_request_content(invocation: Invocation, options: CallOptions) -> None:
    request = invocation.exchange.request
    invocation.content[STEP_INPUT] = lambda: texts_of(request().get("input"))
    invocation.content[GENERATION_SETTINGS] = lambda: settings(request(), _NOT_SETTINGS)


def _read_response(invocation: Invocation, response: Any) -> None:
    fields = fields_of(response)
    attributes = invocation.attributes
    if isinstance(fields.get("model"), str):
        attributes[RESPONSE_MODEL] = fields["model"]
    length = _dimensions(fields)
    if length is not None:
        attributes[EMBEDDINGS_DIMENSION_COUNT] = length
    if fields.get("usage") is not None:
        write_usage(fields["usage"], attributes)


def _read_output(response: Any) -> Json | None:
    fields = fields_of(response)
    data = fields.get("data")
    if not isinstance(data, list):
        return None
    length = _dimensions(fields)
    return {"count": len(list(items_of(data))), **({} if length is None else {"dimensions": length})}


def _dimensions(fields: Mapping[str, Any]) -> int | None:
    """Length of the first vector, which the SDK may not have decoded yet."""
    first = next(iter(items_of(fields.get("data"))), None)
    vector = fields_of(first).get("embedding")
    if isinstance(vector, str):
        return (len(vector) * 3 // 4 - vector[-2:].count("=")) // _BYTES_OF_A_NUMBER
    return len(vector) if isinstance(vector, Sized) else None


EMBEDDINGS: Final = Endpoint(
    operation="embeddings",
    read_request=_read_request,
    add_request_content=_add_request_content,
    read_response=_read_response,
    read_output=_read_output,
    output=STEP_OUTPUT,
    result_field="data",
    decode=loads,  # and forget it
    may_wait=lambda result: False,  # for that the vectors would have to be kept
    keeps_body=False,
)
