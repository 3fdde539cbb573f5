"""A span stays bare where Literal alone sees it, and only there."""

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    DEFAULT_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import ProxyTracerProvider

from literalai_otel.attributes import OPERATION_NAME, REQUEST_MODEL, STEP_ID
from literalai_otel.genai import Inference, Recorder
from literalai_otel.testing import CapturedSpan
from literalai_otel.testing.spans import LiteralAlone, SpanCapture

CHAT = {OPERATION_NAME: "chat", REQUEST_MODEL: "m"}


class Curious(Sampler):
    """Keeps what it is asked about."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def should_sample(self, parent_context: Any, trace_id: int, name: str, *args: Any, **kwargs: Any) -> SamplingResult:
        attributes = kwargs.get("attributes", args[1] if len(args) > 1 else None)
        self.asked.append(dict(attributes or {}))
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)

    def get_description(self) -> str:
        return "Curious"


def recorded(provider: TracerProvider, capture: SpanCapture, **more: Any) -> CapturedSpan:
    capture.clear()
    recording = Recorder("literalai_otel.instrumentors.test", "1", provider).open(Inference({**CHAT, **more}))
    assert recording is not None
    recording.complete()
    span = capture.one()
    assert CHAT.items() <= span.fields.items()
    return span


@pytest.mark.parametrize(
    "sampler",
    [ALWAYS_ON, DEFAULT_ON, TraceIdRatioBased(1.0), ParentBased(TraceIdRatioBased(1.0))],
    ids=["always", "as the parent", "a share", "a share of the roots"],
)
def test_nothing_is_on_a_span_that_literal_alone_sees(sampler: Sampler) -> None:
    provider, capture = LiteralAlone.provider(sampler=sampler)
    assert recorded(provider, capture).attributes == {}


@pytest.mark.parametrize("around", [lambda own: own, ParentBased], ids=["itself", "for roots"])
def test_a_sampler_of_the_host_sees_everything(around: Callable[[Sampler], Sampler]) -> None:
    curious = Curious()
    provider, capture = LiteralAlone.provider(sampler=around(curious))
    assert recorded(provider, capture).attributes == CHAT
    assert curious.asked == [CHAT]


def test_a_processor_that_comes_later_sees_everything() -> None:
    provider, capture = LiteralAlone.provider()
    recorder = Recorder("literalai_otel.instrumentors.test", "1", provider)
    others = InMemorySpanExporter()
    for _ in range(2):
        recording = recorder.open(Inference(dict(CHAT)))
        assert recording is not None
        recording.complete()
        provider.add_span_processor(SimpleSpanProcessor(others))
    assert [span.attributes for span in capture.spans] == [{}, CHAT]
    assert [dict(span.attributes or {}) for span in others.get_finished_spans()] == [CHAT]


def test_what_says_where_a_step_belongs_is_on_its_span() -> None:
    """The processor asks for it when the span starts."""
    provider, capture = LiteralAlone.provider()
    assert recorded(provider, capture, **{STEP_ID: "chosen"}).attributes == {**CHAT, STEP_ID: "chosen"}


def test_spans_of_others_are_not_ours_to_judge() -> None:
    provider, capture = SpanCapture.provider()
    assert recorded(provider, capture).attributes == CHAT


def test_a_tracer_from_before_there_was_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy knows its tracer from the first span on."""
    provider, capture = LiteralAlone.provider()
    recorder = Recorder("literalai_otel.instrumentors.test", "1", ProxyTracerProvider())
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    for _ in range(3):
        recording = recorder.open(Inference(dict(CHAT)))
        assert recording is not None
        recording.complete()
    assert [span.attributes for span in capture.spans] == [CHAT, {}, {}]
