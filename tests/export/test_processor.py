"""The span processor on a real tracer provider, and what other exporters see beside it."""

import gc
import time
from asyncio import CancelledError

import pytest
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind

from literalai_otel import attributes as names
from literalai_otel.context.state import LITERAL_KEY, LiteralContext
from literalai_otel.export import FlushResult, LiteralSpanProcessor
from literalai_otel.genai.abandoned import end_later
from literalai_otel.genai.side_table import SIDE_TABLE, end_span

CHAT = {names.OPERATION_NAME: "chat", names.REQUEST_MODEL: "m"}
QUESTION = [{"role": "user", "parts": [{"type": "text", "content": "why? " * 100}]}]
OURS = "literalai_otel.instrumentors.openai"


def record_chat(provider: TracerProvider, scope: str = OURS, **fields) -> None:
    span = provider.get_tracer(scope).start_span("chat m", kind=SpanKind.CLIENT, attributes=CHAT)
    end_span(span, {**CHAT, names.INPUT_MESSAGES: lambda: QUESTION, **fields})


def test_content_goes_to_literal_alone(sink, delivery_to, provider_for):
    delivery = delivery_to(sink.url)
    provider = provider_for(delivery)
    others = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(others))
    record_chat(provider)
    assert provider.force_flush(5000)
    [step] = sink.steps.values()
    assert step["type"] == "llm"
    assert step["generation"]["messages"][0]["role"] == "user"
    assert "why?" in str(step["generation"]["messages"])
    [span] = others.get_finished_spans()
    assert "why?" not in span.to_json()
    assert len(SIDE_TABLE) == 0


def test_limits_of_the_host_cut_nothing(sink, delivery_to):
    delivery = delivery_to(sink.url)
    provider = TracerProvider(
        span_limits=SpanLimits(max_span_attributes=16, max_span_attribute_length=100), shutdown_on_exit=False
    )
    provider.add_span_processor(LiteralSpanProcessor(delivery, client_name="c"))
    settings = {f"setting_{number}": number for number in range(40)}
    record_chat(provider, **{names.GENERATION_SETTINGS: settings})
    provider.shutdown()
    [step] = sink.steps.values()
    assert "why? " * 100 in str(step["generation"]["messages"])
    assert settings.items() <= step["generation"]["settings"].items()


def test_only_steps_are_sent(sink, delivery_to, provider_for):
    delivery = delivery_to(sink.url)
    provider = provider_for(delivery)
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("GET /"), tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT):
        tracer.start_span("chat m", attributes=CHAT).end()
    assert provider.force_flush(5000)
    assert [step["type"] for step in sink.steps.values()] == ["llm"]
    assert delivery.counters().accepted == 1


def test_every_span_is_sent_when_asked_for(sink, delivery_to, provider_for):
    provider = provider_for(delivery_to(sink.url), export_filter="all")
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("GET /"):
        tracer.start_span("SELECT").end()
    assert provider.force_flush(5000)
    assert {step["name"] for step in sink.steps.values()} == {"GET /", "SELECT"}


def test_two_processors_both_get_everything(sink, second_sink, delivery_to, provider_for):
    provider = provider_for(delivery_to(sink.url), delivery_to(second_sink.url))
    record_chat(provider)
    assert provider.force_flush(5000)
    assert list(sink.steps) == list(second_sink.steps)
    for server in (sink, second_sink):
        [step] = server.steps.values()
        assert "why?" in str(step["generation"]["messages"])


def test_a_span_goes_to_the_client_that_its_surroundings_name(sink, second_sink, delivery_to, provider_for):
    class Named:
        name = "client-1"

    provider = provider_for(delivery_to(sink.url), delivery_to(second_sink.url))
    token = otel_context.attach(otel_context.set_value(LITERAL_KEY, LiteralContext(client=Named())))
    try:
        record_chat(provider)
    finally:
        otel_context.detach(token)
    assert provider.force_flush(5000)
    assert not sink.steps
    assert len(second_sink.steps) == 1


class RecordOnly(Sampler):
    def should_sample(self, *_: object, **__: object) -> SamplingResult:
        return SamplingResult(Decision.RECORD_ONLY)

    def get_description(self) -> str:
        return "record only"


@pytest.mark.parametrize("sampler", [ALWAYS_OFF, RecordOnly()], ids=["dropped", "recorded only"])
def test_what_the_sampler_decided_against_is_counted_and_not_sent(sink, delivery_to, provider_for, sampler):
    delivery = delivery_to(sink.url)
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    processor = LiteralSpanProcessor(delivery, client_name="c")
    provider.add_span_processor(processor)
    for _ in range(3):
        record_chat(provider)
    assert provider.force_flush(5000)
    assert processor.counters().sampled_out == 3
    assert processor.counters().accepted == 0
    assert not sink.requests


def test_a_span_that_cannot_be_translated_costs_itself_only(sink, delivery_to, provider_for, warnings_of, monkeypatch):
    import literalai_otel.export.prepare as prepare_module

    real = prepare_module.translate

    def translate(record, **options):
        if record.name == "bad":
            raise KeyError("a bug of ours")
        return real(record, **options)

    monkeypatch.setattr(prepare_module, "translate", translate)
    delivery = delivery_to(sink.url)
    provider = provider_for(delivery)
    for name in ("good", "bad", "fine"):
        provider.get_tracer("app").start_span(name, attributes=CHAT).end()
    assert not provider.force_flush(5000)
    assert len(sink.steps) == 2
    assert delivery.counters().dropped == {"translate_failed": 1}
    [line] = warnings_of()
    assert "a bug of ours" in line


@pytest.mark.parametrize("error", [ValueError, SystemExit, CancelledError])
def test_a_mask_that_fails_drops_content_and_keeps_the_step(sink, delivery_to, provider_for, error):
    def fail() -> None:
        raise error("mask")

    provider = provider_for(delivery_to(sink.url))
    record_chat(provider, **{names.INPUT_MESSAGES: fail})
    assert provider.force_flush(5000)
    [step] = sink.steps.values()
    assert "messages" not in step["generation"]
    assert "mask_failed" in str(step)


def test_force_flush_tells_the_truth(sink, delivery_to, answer):
    sink.always = answer(hang=True)
    processor = LiteralSpanProcessor(delivery_to(sink.url), client_name="c")
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    assert processor.force_flush(1000) is True
    record_chat(provider)
    started = time.monotonic()
    assert processor.force_flush(200) is False
    assert time.monotonic() - started < 4
    processor.delivery.shutdown(0)


def test_a_provider_that_is_shut_down_delivers_first(sink, delivery_to):
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(LiteralSpanProcessor(delivery_to(sink.url, linger=60), client_name="c"))
    record_chat(provider)
    provider.shutdown()
    assert len(sink.steps) == 1


def test_an_abandoned_span_is_part_of_a_flush(sink, delivery_to, provider_for):
    delivery = delivery_to(sink.url)
    provider = provider_for(delivery)
    span = provider.get_tracer(OURS).start_span("chat m", attributes=CHAT)
    end_later(lambda: end_span(span, dict(CHAT)))
    assert delivery.flush() == FlushResult(sent=1)


def test_a_finalizer_may_end_a_span_at_any_moment(sink, delivery_to, provider_for, a_step):
    """Also while this thread is inside delivery's own lock: a plain lock would never open again."""
    delivery = delivery_to(sink.url, batch_size=100)
    tracer = provider_for(delivery).get_tracer(OURS)

    class Abandoned:
        def __init__(self) -> None:
            self.me = self
            self.span = tracer.start_span("chat m", attributes=CHAT)

        def __del__(self) -> None:
            end_span(self.span, dict(CHAT))

    threshold = gc.get_threshold()
    gc.collect()
    gc.set_threshold(2, 1, 1)
    try:
        for number in range(150):
            Abandoned()
            delivery.submit_step(a_step(f"s{number}"))
            delivery.counters()
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert delivery.flush(10) == FlushResult(sent=300)
