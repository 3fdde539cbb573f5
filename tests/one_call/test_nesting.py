"""Spans one below the other, of any family: which of them are steps, and under which parent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from literalai_otel.attributes import STEP_TYPE
from literalai_otel.export import LiteralSpanProcessor
from literalai_otel.genai import end_span

from .program import Literal

OURS = "literalai_otel.instrumentors.openai"
THEIRS = "opentelemetry.instrumentation.openai.v1"
NATIVE = "com.anthropic.sdk.python"
MESSAGES = '[{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]'
USAGE = {"gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 7}


class Spans:
    """Opens spans on a provider, each below the current one."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider

    def open(self, scope: str, name: str, **attributes: Any) -> trace.Span:
        return self.provider.get_tracer(scope).start_span(name, attributes=attributes)

    @contextmanager
    def chat(self, scope: str, name: str, *, model: str = "m", **learned: Any) -> Iterator[trace.Span]:
        """A call of a model; `learned` comes when it is over, in the side table if it is ours."""
        span = self.open(scope, name, **{"gen_ai.operation.name": "chat", "gen_ai.request.model": model})
        with trace.use_span(span, end_on_exit=False):
            yield span
        span.set_attributes(learned)
        end_span(span, dict(span.attributes or {})) if scope == OURS else span.end()  # type: ignore[attr-defined]

    @contextmanager
    def span(self, name: str, **attributes: Any) -> Iterator[trace.Span]:
        span = self.provider.get_tracer("app").start_span(name, attributes=attributes, kind=SpanKind.CLIENT)
        with trace.use_span(span, end_on_exit=True):
            yield span

    def run(self) -> Any:
        return self.span("work", **{STEP_TYPE: "run"})


@pytest.fixture
def spans(traced: TracerProvider) -> Spans:
    return Spans(traced)


def names(literal: Literal) -> list[tuple[int, str]]:
    return [(line[0], line[2]) for line in literal.tree()]


def test_ours_stands_for_the_span_around_it(literal: Literal, spans: Spans) -> None:
    with spans.run(), spans.chat(THEIRS, "theirs"), spans.chat(OURS, "ours"):
        pass
    assert names(literal) == [(0, "work"), (1, "ours")]


def test_also_as_a_root(literal: Literal, spans: Spans) -> None:
    with spans.chat(THEIRS, "theirs"), spans.chat(OURS, "ours"):
        pass
    assert names(literal) == [(0, "ours")]


def test_spans_that_are_no_steps_may_be_in_between(literal: Literal, spans: Spans) -> None:
    with spans.run(), spans.chat(THEIRS, "theirs"), spans.span("retry"), spans.chat(OURS, "ours"):
        pass
    assert names(literal) == [(0, "work"), (1, "ours")]


def test_three_families(literal: Literal, spans: Spans) -> None:
    with spans.run(), spans.chat(THEIRS, "outer"), spans.chat(NATIVE, "inner"), spans.chat(OURS, "ours"):
        pass
    assert names(literal) == [(0, "work"), (1, "ours")]


def test_a_step_in_between_means_two_calls(literal: Literal, spans: Spans) -> None:
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "ask"}
    with spans.run(), spans.chat(THEIRS, "theirs"), spans.span("tool", **tool), spans.chat(OURS, "ours"):
        pass
    assert names(literal) == [(0, "work"), (1, "theirs"), (2, "ask"), (3, "ours")]


@pytest.mark.parametrize(("outer", "inner"), [(THEIRS, OURS), (OURS, NATIVE), (THEIRS, NATIVE)])
def test_another_model_means_two_calls(literal: Literal, spans: Spans, outer: str, inner: str) -> None:
    with spans.run(), spans.chat(outer, "router", model="m-router"), spans.chat(inner, "expert", model="m"):
        pass
    assert names(literal) == [(0, "work"), (1, "router"), (2, "expert")]


def test_a_call_after_the_outer_one_has_ended_is_another_one(literal: Literal, spans: Spans) -> None:
    with spans.run():
        with spans.chat(THEIRS, "theirs") as over:
            pass
        with trace.use_span(over), spans.chat(OURS, "ours"):
            pass
    assert names(literal) == [(0, "work"), (1, "theirs"), (2, "ours")]


def test_each_call_inside_one_span_is_a_generation(literal: Literal, spans: Spans) -> None:
    """A wrapper that asks again when the answer does not fit its schema."""
    with spans.run(), spans.chat(THEIRS, "theirs"):
        for name in ("first", "second"):
            with spans.chat(OURS, name):
                pass
    assert names(literal) == [(0, "work"), (1, "first"), (1, "second")]


def test_what_starts_late_below_the_span_that_stood_aside(literal: Literal, spans: Spans) -> None:
    with spans.run():
        with spans.chat(THEIRS, "theirs") as over, spans.span("between") as between, spans.chat(OURS, "ours"):
            pass
        for late in (over, between):
            with trace.use_span(late), spans.span("late", **{STEP_TYPE: "tool"}):
                pass
    assert names(literal) == [(0, "work"), (1, "ours"), (1, "late"), (1, "late")]


def test_a_native_span_below_ours_fills_what_ours_does_not_know(literal: Literal, spans: Spans) -> None:
    told = {**USAGE, "gen_ai.response.model": "m-1", "gen_ai.input.messages": MESSAGES}
    with spans.run(), spans.chat(OURS, "ours"), spans.chat(NATIVE, "native", **told):
        pass
    # Its content stays away: whether Literal gets any is decided by our policy.
    assert literal.tree() == [[0, "run", "work"], [1, "llm", "ours", "m-1", 11, 7, None, "", "ok"]]


def test_what_ours_knows_is_right(literal: Literal, spans: Spans) -> None:
    with spans.run(), spans.chat(OURS, "ours", **USAGE), spans.chat(NATIVE, "native", **dict.fromkeys(USAGE, 1)):
        pass
    assert literal.tree()[1][4:6] == [11, 7]


def test_of_two_others_the_outer_one_stays_with_all_that_both_know(literal: Literal, spans: Spans) -> None:
    with (
        spans.run(),
        spans.chat(THEIRS, "framework", **{"gen_ai.response.model": "m-2"}),
        spans.chat(NATIVE, "native", **USAGE, **{"gen_ai.response.model": "m-1", "gen_ai.input.messages": MESSAGES}),
    ):
        pass
    assert literal.tree() == [[0, "run", "work"], [1, "llm", "framework", "m-2", 11, 7, "Hi", "", "ok"]]


@pytest.mark.parametrize("scopes", [(THEIRS, OURS), (OURS, NATIVE), (THEIRS, NATIVE)])
def test_with_keep_foreign_all_are_steps(literal: Literal, scopes: tuple[str, str]) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(LiteralSpanProcessor(literal.delivery, client_name="c", keep_foreign=True))
    spans = Spans(provider)
    with spans.run(), spans.chat(scopes[0], "outer"), spans.chat(scopes[1], "inner"):
        pass
    assert names(literal) == [(0, "work"), (1, "outer"), (2, "inner")]


def test_nothing_is_kept_of_spans_that_stood_aside(literal: Literal, traced: TracerProvider, spans: Spans) -> None:
    processor = traced._active_span_processor._span_processors[0]
    assert isinstance(processor, LiteralSpanProcessor)
    for _ in range(100):
        with spans.chat(THEIRS, "theirs"), spans.chat(OURS, "ours"), spans.chat(NATIVE, "native"):
            pass
    assert len(processor.lineage) == 0
    literal.delivery.flush(10)
    assert len(literal.steps) == 100
