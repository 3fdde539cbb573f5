"""OTLP in JSON: protobuf's JSON mapping, but trace and span ids are hexadecimal (OTLP specification, JSON)."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final, cast

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from literalai_otel import jsonable
from literalai_otel.server.problems import Problem

_ID_KEYS: Final = ("traceId", "trace_id", "spanId", "span_id", "parentSpanId", "parent_span_id")


def parse_json_request(body: bytes) -> ExportTraceServiceRequest:
    """The request of a JSON body. Unknown fields are ignored. Raises `Problem` 400."""
    try:
        payload = jsonable.loads(body)
    except (ValueError, UnicodeDecodeError):
        raise Problem("BAD_REQUEST", "The body is not valid JSON.") from None
    if not isinstance(payload, dict):
        raise Problem("BAD_REQUEST", "The body must be a JSON object with resourceSpans.")
    fields = cast(dict[str, Any], payload)
    for item in _spans_and_links(fields):
        for key in _ID_KEYS:
            if key in item:
                item[key] = _base64_of_hex(item[key], key)
    request = ExportTraceServiceRequest()
    try:
        ParseDict(fields, request, ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Problem("BAD_REQUEST", f"The body is not an OTLP trace request: {_first_line(error)}") from None
    return request


def json_of(request: ExportTraceServiceRequest) -> dict[str, Any]:
    """The JSON form of a request."""
    fields = MessageToDict(request)
    for item in _spans_and_links(fields):
        for key in _ID_KEYS:
            if key in item:
                item[key] = base64.b64decode(item[key]).hex()
    return fields


def _spans_and_links(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in _objects(payload, "resourceSpans", "resource_spans"):
        for scope in _objects(resource, "scopeSpans", "scope_spans"):
            for span in _objects(scope, "spans"):
                yield span
                yield from _objects(span, "links")


def _objects(owner: dict[str, Any], *names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        found = owner.get(name)
        if isinstance(found, list):
            yield from (item for item in cast(list[Any], found) if isinstance(item, dict))


def _base64_of_hex(value: Any, key: str) -> str:
    try:
        return base64.b64encode(binascii.unhexlify(value)).decode("ascii")
    except (ValueError, TypeError):
        raise Problem("BAD_REQUEST", f"{key} must be hexadecimal.") from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:300]
