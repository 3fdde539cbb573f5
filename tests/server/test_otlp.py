"""OTLP over HTTP: protobuf and JSON, compressed or not, partial success (OTLP specification, OTLP/HTTP)."""

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

START = 1_760_000_000_000_000_000
PROTOBUF = "application/x-protobuf"


def export(trace: int, *, spans: int = 1, thread_id: str = "otlp thread", bad: int = 0) -> ExportTraceServiceRequest:
    """A trace of LLM spans; `bad` of them have no trace id."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "opentelemetry.instrumentation.openai"
    for index in range(spans):
        span = scope_spans.spans.add()
        span.trace_id = b"" if index < bad else trace.to_bytes(16, "big")
        span.span_id = (index + 1).to_bytes(8, "big")
        span.name = "chat gpt-4o"
        span.kind = 3
        span.start_time_unix_nano = START + index
        span.end_time_unix_nano = START + 1_000_000_000
        for key, value in {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": f"model-{trace}",
            "gen_ai.conversation.id": thread_id,
        }.items():
            span.attributes.add(key=key).value.string_value = value
        span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 7
    return request


def as_otlp_json(request: ExportTraceServiceRequest) -> bytes:
    """protobuf's JSON, with ids in hexadecimal as OTLP wants them."""
    payload = MessageToDict(request)
    for span, original in zip(
        payload["resourceSpans"][0]["scopeSpans"][0]["spans"],
        request.resource_spans[0].scope_spans[0].spans,
        strict=True,
    ):
        span.pop("traceId", None)
        span |= {"traceId": original.trace_id.hex(), "spanId": original.span_id.hex(), "unknownField": 1}
    return orjson.dumps(payload)


ENCODINGS: dict[str, tuple[str, Callable[[ExportTraceServiceRequest], bytes]]] = {
    "protobuf": (PROTOBUF, lambda request: request.SerializeToString()),
    "json": ("application/json", as_otlp_json),
}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


def generations(server: Any, model: str) -> list[dict[str, Any]]:
    page = server.data(
        """query($f: [generationsInputType!]) { generations(filters: $f) { edges { node {
        id model provider inputTokenCount step { threadId } } } } }""",
        {"f": [{"field": "model", "operator": "eq", "value": model}]},
    )
    return [edge["node"] for edge in page["generations"]["edges"]]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_spans_become_generations(server: Any, encoding: str, compression: str):
    trace = 1_000 + 10 * list(ENCODINGS).index(encoding) + list(COMPRESSIONS).index(compression)
    content_type, encode = ENCODINGS[encoding]
    answer = server.http.post(
        "/v1/traces",
        content=COMPRESSIONS[compression](encode(export(trace))),
        headers={"content-type": content_type, "content-encoding": compression},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.content == (b"" if encoding == "protobuf" else b"{}")
    (generation,) = generations(server, f"model-{trace}")
    assert generation["provider"] == "openai"
    assert generation["inputTokenCount"] == 7
    assert generation["step"] == {"threadId": "otlp thread"}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_spans_without_ids_are_counted_and_the_others_stay(server: Any, encoding: str):
    trace = 2_000 + list(ENCODINGS).index(encoding)
    content_type, encode = ENCODINGS[encoding]
    body = encode(export(trace, spans=5, bad=2))
    answer = server.http.post("/v1/traces", content=body, headers={"content-type": content_type})
    assert answer.status_code == 200
    if encoding == "protobuf":
        partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
        rejected, message = partial.rejected_spans, partial.error_message
    else:
        partial = answer.json()["partialSuccess"]
        rejected, message = int(partial["rejectedSpans"]), partial["errorMessage"]
        assert isinstance(partial["rejectedSpans"], str)
    assert rejected == 2
    assert "trace id" in message
    assert len(generations(server, f"model-{trace}")) == 3


def test_sending_twice_stores_once(server: Any):
    body = export(3_000, spans=2).SerializeToString()
    for _ in range(2):
        assert server.http.post("/v1/traces", content=body, headers={"content-type": PROTOBUF}).status_code == 200
    assert len(generations(server, "model-3000")) == 2


def test_an_empty_request_is_fine(server: Any):
    assert server.http.post("/v1/traces", content=b"", headers={"content-type": PROTOBUF}).status_code == 200
    answer = server.http.post("/v1/traces", content=b"{}", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {})


def test_the_stock_exporter_sends_here(server: Any):
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    exporter = OTLPSpanExporter(f"{server.url}/v1/traces", headers={"x-api-key": server.key})
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("shop").start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "stock exporter")
    provider.shutdown()
    assert len(generations(server, "stock exporter")) == 1
