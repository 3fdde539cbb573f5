"""Readers of embeddings. Vectors are counted, never kept."""

from typing import Any, Final, cast

from literalai_otel.attributes import (
    EMBEDDINGS_DIMENSION_COUNT,
    REQUEST_ENCODING_FORMATS,
    RESPONSE_ID,
    RESPONSE_MODEL,
    STEP_INPUT,
    STEP_OUTPUT,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel_mistralai.endpoint import Asked, Endpoint, Json
from literalai_otel_mistralai.usage import write_texts, write_usage


def _read_request(asked: Asked, attributes: dict[str, Any]) -> None:
    form = asked.get("encoding_format")
    if isinstance(form, str):
        attributes[REQUEST_ENCODING_FORMATS] = [str(form)]
    dimensions = asked.get("output_dimension")
    if isinstance(dimensions, int):
        attributes[EMBEDDINGS_DIMENSION_COUNT] = dimensions


def inputs_of(request: Json, options: CallOptions) -> Any:
    """What was asked about: the wire says `input`, the arguments say `inputs`."""
    return request.get("input", request.get("inputs"))


def _texts(request: Json, options: CallOptions) -> list[Any] | None:
    given = inputs_of(request, options)
    return [given] if isinstance(given, str) else given


def _read_response(invocation: Invocation, response: Any) -> None:
    fields = fields_of(response)
    write_texts(fields, (("id", RESPONSE_ID), ("model", RESPONSE_MODEL)), invocation.attributes)
    length = _dimensions(response)
    if length is not None:
        invocation.attributes[EMBEDDINGS_DIMENSION_COUNT] = length
    write_usage(fields.get("usage"), invocation.attributes)


def _read_output(response: Any) -> Json | None:
    data = fields_of(response).get("data")
    if not isinstance(data, list):
        return None
    length = _dimensions(response)
    return {"count": len(list(items_of(data))), **({} if length is None else {"dimensions": length})}


def _dimensions(response: Any) -> int | None:
    """Length of the first vector."""
    first = next(iter(items_of(fields_of(response).get("data"))), None)
    vector: Any = fields_of(first).get("embedding")
    return len(cast(list[float], vector)) if isinstance(vector, list) else None


EMBEDDINGS: Final = Endpoint(
    operation="embeddings",
    read_request=_read_request,
    request_content={STEP_INPUT: _texts},
    no_settings=frozenset({"input", "inputs"}),
    read_response=_read_response,
    read_output=_read_output,
    output=STEP_OUTPUT,
    keeps_body=False,
)
