"""`POST /v1/traces`: OTLP over HTTP in protobuf and JSON (OTLP specification, OTLP/HTTP)."""

import asyncio
from concurrent.futures import Future
from typing import Final

from anyio import CapacityLimiter, to_thread
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.ingest import Ingest, RecordsOutcome
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import JSON, PROTOBUF, json_answer, media_type
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.otlp_json import parse_json_request
from literalai_otel.server.routes.overload import refusing_overload
from literalai_otel.server.store.projects import Project
from literalai_otel.translate import SpanRecord, attributes_of

MAX_READERS: Final = 2
"""Requests that are taken apart at one time: more would only hold more memory, Python runs one thread at a time."""
_TRACE_ID_BYTES: Final = 16
_SPAN_ID_BYTES: Final = 8


class OtlpRoute:
    """Answers after the commit. Spans that cannot be stored are counted in `partial_success`, the rest stay."""

    def __init__(self, intake: Intake, ingest: Ingest) -> None:
        self._intake = intake
        self._ingest = ingest
        self._readers = CapacityLimiter(MAX_READERS)

    async def traces(self, request: Request, caller: Caller) -> Response:
        """Store the spans of an `ExportTraceServiceRequest`."""
        environment = request.headers.get("x-env", "").strip() or None
        encoding = media_type(request)
        if encoding not in (JSON, PROTOBUF):
            raise Problem("UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be {PROTOBUF} or {JSON}.")
        async with self._intake.body(request) as body:
            with refusing_overload():
                stored, without_id = await to_thread.run_sync(
                    self._submit, body, encoding, caller.project, environment, limiter=self._readers
                )
            outcome = await asyncio.wrap_future(stored)
        return _answer(outcome, without_id, encoding)

    def _submit(
        self, body: bytes, encoding: str, project: Project, environment: str | None
    ) -> tuple[Future[RecordsOutcome], int]:
        records, without_id = read_records(body, encoding)
        return self._ingest.records(project.id, records, environment=environment), without_id


def read_records(body: bytes, encoding: str) -> tuple[list[SpanRecord], int]:
    """The records of a body, and how many spans had ids of another size. Raises `Problem` 400."""
    export = parse_json_request(body) if encoding == JSON else _parse_protobuf(body)
    records: list[SpanRecord] = []
    rejected = 0
    for resource_spans in export.resource_spans:
        resource = attributes_of(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                if (
                    _is_id(span.trace_id, _TRACE_ID_BYTES)
                    and _is_id(span.span_id, _SPAN_ID_BYTES)
                    and len(span.parent_span_id) in (0, _SPAN_ID_BYTES)
                ):
                    records.append(SpanRecord.from_otlp(resource, scope_spans.scope, span))
                else:
                    rejected += 1
    return records, rejected


def _parse_protobuf(body: bytes) -> ExportTraceServiceRequest:
    try:
        return ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        raise Problem("BAD_REQUEST", "The body is not an OTLP trace request in protobuf.") from None


def _is_id(value: bytes, size: int) -> bool:
    return len(value) == size and any(value)


def _answer(outcome: RecordsOutcome, without_id: int, encoding: str) -> Response:
    reasons = [outcome.message] if outcome.message else []
    if without_id:
        reasons.insert(0, f"{without_id} without a valid trace id, span id or parent span id.")
    rejected, message = outcome.rejected + without_id, " ".join(reasons)
    if encoding == JSON:
        # int64 is a text in protobuf's JSON mapping.
        partial = {"rejectedSpans": str(rejected), "errorMessage": message}
        return json_answer({"partialSuccess": partial} if rejected or message else {})
    response = ExportTraceServiceResponse()
    if rejected or message:
        response.partial_success.rejected_spans = rejected
        response.partial_success.error_message = message
    return Response(response.SerializeToString(), media_type=PROTOBUF)
