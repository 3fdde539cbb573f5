"""The exporter behind OpenTelemetry's stock processor, made as a configurator makes it: without arguments."""

import logging
import threading
import time
from importlib.metadata import entry_points

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from literalai_otel import attributes as names
from literalai_otel.export import LiteralSpanExporter
from literalai_otel.genai.side_table import SIDE_TABLE, end_span

CHAT = {names.OPERATION_NAME: "chat", names.REQUEST_MODEL: "m"}
QUESTION = [{"role": "user", "parts": [{"type": "text", "content": "why?"}]}]


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("LITERAL_API_KEY", "LITERAL_API_URL", "LITERAL_BATCH_SIZE", "LITERAL_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("literalai_otel.export.losses._said_unconfigured", threading.Event())
    yield
    SIDE_TABLE._kept = None  # the switch is for the life of a process, and this one has other tests


@pytest.fixture
def settings(sink, monkeypatch):
    monkeypatch.setenv("LITERAL_API_URL", sink.url)
    monkeypatch.setenv("LITERAL_API_KEY", "key")


def record_chat(provider: TracerProvider) -> None:
    span = provider.get_tracer("literalai_otel.instrumentors.openai").start_span("chat m", attributes=CHAT)
    end_span(span, {**CHAT, names.INPUT_MESSAGES: lambda: QUESTION})


def test_it_has_its_name():
    [point] = entry_points(group="opentelemetry_traces_exporter", name="literalai")
    assert point.load() is LiteralSpanExporter


def test_content_passes_by_the_stock_processor(sink, settings):
    provider = TracerProvider(shutdown_on_exit=False)
    others = InMemorySpanExporter()
    provider.add_span_processor(BatchSpanProcessor(LiteralSpanExporter()))
    provider.add_span_processor(SimpleSpanProcessor(others))
    for _ in range(50):
        record_chat(provider)
    provider.shutdown()
    assert len(sink.steps) == 50
    assert all("why?" in str(step["generation"]["messages"]) for step in sink.steps.values())
    assert "why?" not in "".join(span.to_json() for span in others.get_finished_spans())
    assert len(SIDE_TABLE) == 0


def test_a_step_is_below_the_step_above_it_whatever_is_between(sink, settings):
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(LiteralSpanExporter()))
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("work", attributes={names.STEP_TYPE: "run"}) as work:
        with (
            tracer.start_as_current_span("plumbing"),
            tracer.start_as_current_span("post", kind=SpanKind.CLIENT) as post,
        ):
            record_chat(provider)
        record_chat(provider)
    with tracer.start_as_current_span("plumbing"):
        record_chat(provider)
    provider.shutdown()
    ids = {step["metadata"]["otel"]["span_id"]: step for step in sink.steps.values()}
    run = ids.pop(f"{work.get_span_context().span_id:016x}")
    assert run["metadata"]["otel"]["bridges"] == [f"{post.get_span_context().span_id:016x}"]
    parents = [step["metadata"]["otel"].get("parent_span_id") for step in ids.values()]
    assert parents == [run["metadata"]["otel"]["span_id"]] * 2 + [None]


def test_content_that_could_not_wait_is_said_once(settings, monkeypatch, warnings_of):
    exporter = LiteralSpanExporter()
    SIDE_TABLE.keep_until_taken(10)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=60_000))
    for _ in range(2):
        for _ in range(50):
            record_chat(provider)
        provider.force_flush()
    provider.shutdown()
    [line] = warnings_of()
    assert "OTEL_BSP_SCHEDULE_DELAY" in line
    assert exporter.delivery.counters().sent == 100


def test_spans_that_are_no_steps_stay_out(sink, settings):
    exporter = LiteralSpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    provider.get_tracer("app").start_span("GET /").end()
    provider.get_tracer("app").start_span("chat m", attributes=CHAT).end()
    provider.shutdown()
    assert len(sink.steps) == 1
    assert exporter.delivery.counters().accepted == 1


def test_a_black_hole_holds_nobody_up(sink, settings, answer, monkeypatch):
    monkeypatch.setenv("LITERAL_FLUSH_TIMEOUT", "0.5")
    sink.always = answer(hang=True)
    exporter = LiteralSpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    for _ in range(300):
        record_chat(provider)
    started = time.monotonic()
    provider.force_flush(1000)  # the stock processor only calls export(), which only queues
    assert time.monotonic() - started < 5
    assert exporter.force_flush(200) is False
    started = time.monotonic()
    provider.shutdown()
    assert time.monotonic() - started < 5
    assert exporter.delivery.counters().dropped == {"timeout_at_exit": 300}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "literalai-otel serve"),
        ({"LITERAL_API_KEY": "key"}, "LITERAL_API_URL"),
        ({"LITERAL_API_URL": "http://127.0.0.1:1"}, "LITERAL_API_KEY"),
        ({"LITERAL_API_URL": "ftp://somewhere", "LITERAL_API_KEY": "key"}, "must start with http"),
        ({"LITERAL_API_KEY": "key", "LITERAL_BATCH_SIZE": "many"}, "LITERAL_BATCH_SIZE"),
    ],
)
def test_without_good_settings_it_says_so_and_does_nothing(monkeypatch, warnings_of, environment, said):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    threads = set(threading.enumerate())
    exporter = LiteralSpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record_chat(provider)
    assert exporter.force_flush() is True
    provider.shutdown()
    [line] = warnings_of()
    assert said in line
    assert set(threading.enumerate()) <= threads
    assert len(SIDE_TABLE) == 0


def test_a_switch_turns_it_off_silently(settings, sink, monkeypatch, warnings_of):
    monkeypatch.setenv("LITERAL_DISABLED", "true")
    exporter = LiteralSpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record_chat(provider)
    provider.shutdown()
    assert not sink.requests
    assert warnings_of() == []


def test_a_declarative_configuration_may_give_settings(sink, warnings_of):
    exporter = LiteralSpanExporter(api_url=sink.url, api_key="key", batch_size=2)
    assert not exporter.delivery.disabled
    assert LiteralSpanExporter(colour="blue").delivery.disabled
    [line] = warnings_of()
    assert "colour" in line


def test_making_it_opens_nothing(settings, sink):
    threads = set(threading.enumerate())
    LiteralSpanExporter()
    assert set(threading.enumerate()) <= threads
    assert not sink.requests


def test_a_span_that_breaks_the_exporter_breaks_nobody(settings, caplog):
    caplog.set_level(logging.DEBUG)
    exporter = LiteralSpanExporter()
    assert exporter.export([object()]) is SpanExportResult.SUCCESS
