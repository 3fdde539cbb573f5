"""Real spans of the SDK, with fixed ids and times, and the same spans over OTLP."""

from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from literalai_otel.model import Step
from literalai_otel.translate import SpanRecord, translate

TRACE_ID = 0x0AF7651916CD43DD8448EB211C80319C
SPAN_ID = 0xB7AD6B7169203331
PARENT_ID = 0x00F067AA0BA902B7
START = 1_795_248_000_123_456_789
SECOND = 1_000_000_000


def ended(
    attributes: Mapping[str, Any] | None = None,
    *,
    name: str = "chat gpt-4o",
    scope: str = "some.instrumentor",
    parent: bool = False,
    resource: Mapping[str, Any] | None = None,
    events: tuple[Event, ...] = (),
    status: Status | None = None,
    kind: SpanKind = SpanKind.CLIENT,
    start: int = START,
    end: int = START + 2 * SECOND,
) -> ReadableSpan:
    """A span as exporters see it."""
    context = SpanContext(TRACE_ID, SPAN_ID, is_remote=False, trace_flags=TraceFlags(1))
    above = SpanContext(TRACE_ID, PARENT_ID, is_remote=False, trace_flags=TraceFlags(1))
    return ReadableSpan(
        name=name,
        context=context,
        parent=above if parent else None,
        resource=Resource(dict(resource or {})),
        attributes=attributes,
        events=events,
        kind=kind,
        instrumentation_scope=InstrumentationScope(scope, "1.2"),
        status=status or Status(StatusCode.UNSET),
        start_time=start,
        end_time=end,
    )


def over_otlp(span: ReadableSpan) -> SpanRecord:
    """The record that the server makes of the span."""
    resource_spans = encode_spans([span]).resource_spans[0]
    scope_spans = resource_spans.scope_spans[0]
    return SpanRecord.from_otlp(resource_spans.resource, scope_spans.scope, scope_spans.spans[0])


class Ways:
    """The ways in which the same facts reach the translator."""

    def __init__(self, name: str) -> None:
        self.name = name

    def step(self, attributes: Mapping[str, Any] | None = None, **span: Any) -> Step:
        """The step of a span with these attributes, in wire-ready types."""
        found = ended(attributes, **span)
        record = over_otlp(found) if self.name == "otlp" else SpanRecord.from_sdk(found)
        step = translate(record)
        assert step is not None
        return step


@pytest.fixture(params=["sdk", "otlp"])
def ways(request: pytest.FixtureRequest) -> Ways:
    """Every test that takes this runs on a span of the SDK and on the same span over OTLP."""
    return Ways(request.param)


@pytest.fixture(params=["sdk", "otlp"])
def way(request: pytest.FixtureRequest) -> str:
    """In which of the two forms a recording is read."""
    return request.param
