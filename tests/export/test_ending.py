"""Where Literal alone sees it, the span of a call that succeeded ends on the delivery thread."""

import threading
import time
from typing import Any

import pytest
from opentelemetry.sdk.trace import Span, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, use_span

from literalai_otel import attributes as names
from literalai_otel.export import Delivery
from literalai_otel.genai import Inference, Recorder, Recording
from literalai_otel.genai.side_table import SIDE_TABLE, end_span
from literalai_otel.translate import step_id

QUESTION = [{"role": "user", "parts": [{"type": "text", "content": "why?"}]}]


def begun(provider: TracerProvider) -> Recording:
    """A call of a model that has begun."""
    attributes = {names.OPERATION_NAME: "chat", names.REQUEST_MODEL: "m"}
    content = {names.INPUT_MESSAGES: lambda: QUESTION}
    recording = Recorder("literalai_otel.instrumentors.openai", "1", provider).open(Inference(attributes, content))
    assert recording is not None
    return recording


def is_open(recording: Recording) -> bool:
    return recording.span.is_recording()


def test_a_span_has_the_time_at_which_its_call_was_over(sink, delivery_to, provider_for):
    provider = provider_for(delivery_to(sink.url))
    recording = begun(provider)
    before = time.time_ns()
    recording.complete()
    after = time.time_ns()
    assert recording.ended
    assert is_open(recording), "nobody has asked for it yet"
    assert provider.force_flush(5000)
    assert isinstance(recording.span, Span)
    assert recording.span.end_time is not None
    assert before <= recording.span.end_time <= after
    [step] = sink.steps.values()
    assert step["generation"]["messages"][0]["content"] == "why?"
    assert len(SIDE_TABLE) == 0


def test_steps_come_in_the_order_of_their_ends(sink, delivery_to, provider_for):
    provider = provider_for(delivery_to(sink.url))
    outer = provider.get_tracer("literalai_otel.instrumentors.test").start_span("outer")
    with use_span(outer):
        first, second = begun(provider), begun(provider)
    second.complete()
    first.complete()
    end_span(outer, {names.STEP_NAME: "outer", names.STEP_TYPE: "run"})
    assert provider.force_flush(5000)
    ended = [step_id(*span.get_span_context()[:2]) for span in (second.span, first.span, outer)]
    assert sink.arrivals == ended
    assert [sink.steps[arrived].get("parentId") for arrived in ended] == [ended[2], ended[2], None]


@pytest.mark.parametrize("end", ["failed", "stopped"])
def test_a_call_that_did_not_succeed_ends_at_once(sink, delivery_to, provider_for, end: str):
    """The traceback is the call's, and so are the locals that it names."""
    provider = provider_for(delivery_to(sink.url))
    recording = begun(provider)
    if end == "failed":
        recording.fail(ValueError("no"))
    else:
        recording.stop("closed")
    assert not is_open(recording)
    assert provider.force_flush(5000)
    assert len(sink.steps) == 1


@pytest.mark.parametrize("how", ["refused", "after the exit", "disabled"])
def test_no_span_stays_open_because_literal_does_not_get_it(sink, delivery_to, provider_for, how: str):
    delivery: Delivery = Delivery(None) if how == "disabled" else delivery_to(sink.url, max_units=1, batch_size=1)
    provider = provider_for(delivery)
    if how == "after the exit":
        delivery.leave(1)
    sink.delay = 0.2
    recordings = [begun(provider) for _ in range(3)]
    for recording in recordings:
        recording.complete()
    delivery.flush(5)
    assert not any(map(is_open, recordings))
    counters = delivery.counters()
    if how == "disabled":
        assert counters.accepted == 0
        return
    reason = "queue_full" if how == "refused" else "after_exit"
    assert counters.dropped == {reason: counters.accepted - counters.sent}
    assert counters.accepted == 3
    assert counters.sent == len(sink.steps) == (1 if how == "refused" else 0)


def test_who_looks_on_from_now_on_is_shown_no_bare_span(sink, delivery_to, provider_for):
    provider = provider_for(delivery_to(sink.url))
    begun(provider).complete()
    others = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(others))
    assert provider.force_flush(5000)
    assert len(sink.steps) == 1
    assert others.get_finished_spans() == ()


def test_of_threads_that_end_a_call_one_does(sink, delivery_to, provider_for):
    delivery = delivery_to(sink.url)
    provider = provider_for(delivery)
    recordings = [begun(provider) for _ in range(50)]
    together = threading.Barrier(4)

    def end_all(end: str) -> None:
        for recording in recordings:
            together.wait()
            getattr(recording, end)(*(("closed",) if end == "stop" else ()))

    threads = [threading.Thread(target=end_all, args=(end,)) for end in ("complete", "stop", "complete", "stop")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert provider.force_flush(5000)
    assert delivery.counters().accepted == len(sink.steps) == 50


def test_a_span_that_cannot_be_written_ends_bare(sink, delivery_to, provider_for, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    delivery = delivery_to(sink.url)
    recording = begun(provider_for(delivery))
    recording.complete()
    monkeypatch.setattr(Recording, "_write_and_end", fail)
    delivery.flush(5)
    assert not is_open(recording)
    assert recording.span.status.status_code is StatusCode.UNSET  # type: ignore[attr-defined]


def test_an_sdk_that_tells_the_providers_processor(sink, delivery_to, provider_for, monkeypatch: pytest.MonkeyPatch):
    """By what name a span keeps its processor is private. Where it is another one, the span is sent all the same."""
    delivery = delivery_to(sink.url)
    provider = provider_for(delivery)
    original = Span.end

    def end(span: Span, end_time: int | None = None) -> None:
        span._span_processor = provider._active_span_processor
        original(span, end_time)

    monkeypatch.setattr("opentelemetry.sdk.trace.Span.end", end)
    begun(provider).complete()
    delivery.flush(5)  # what the span said came meanwhile
    assert delivery.flush(5)
    assert len(sink.steps) == 1
    counters = delivery.counters()
    assert (counters.accepted, counters.sent, counters.queued) == (1, 1, 0)
