"""Spans in memory, fixed ids, and what a guard finds."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from opentelemetry import context, trace

from literalai_otel.genai.side_table import SIDE_TABLE, end_span
from literalai_otel.testing import CountingIds, FixedClock, SpanCapture, span_tree
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.twin import run_without_loop, view


def test_capture_keeps_spans_and_their_fields() -> None:
    provider, capture = SpanCapture.provider(ids=CountingIds())
    tracer = provider.get_tracer("scope")
    span = tracer.start_span("chat m")
    assert capture.still_open == ["chat m"]
    assert not capture.settled(0.01)
    end_span(span, {"now": 1, "later": lambda: 2, "none": lambda: None})
    captured = capture.one()
    assert (captured.name, captured.scope, captured.trace_id, captured.span_id) == ("chat m", "scope", 1, 1)
    assert captured.fields == {"now": 1, "later": 2}
    assert captured.parent_id is None
    assert capture.settled()
    assert len(SIDE_TABLE) == 0


def test_a_span_is_open_until_it_is_among_the_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends it may be another thread, which can be interrupted anywhere."""
    provider, capture = SpanCapture.provider()
    take, seen = SIDE_TABLE.take, []

    def interrupted(key: tuple[int, int]) -> object:
        seen.append((capture.still_open, capture.spans))
        return take(key)

    monkeypatch.setattr(SIDE_TABLE, "take", interrupted)
    end_span(provider.get_tracer("t").start_span("chat m"), {})
    assert seen == [(["chat m"], [])]
    assert capture.settled() and capture.one().name == "chat m"


def test_one_wants_exactly_one() -> None:
    _, capture = SpanCapture.provider()
    with pytest.raises(AssertionError, match="0 ended"):
        capture.one()


def test_the_tree() -> None:
    provider, capture = SpanCapture.provider(ids=CountingIds())
    tracer = provider.get_tracer("t")
    with tracer.start_as_current_span("run"):
        with tracer.start_as_current_span("tool", attributes={"k": 1}) as tool:
            tool.set_status(trace.StatusCode.ERROR)
        tracer.start_span("chat").end()
    assert span_tree(capture.spans, attributes=["k"]) == "run\n  tool ERROR k=1\n  chat"


def test_ids_and_clock_are_fixed() -> None:
    ids, clock = CountingIds(5), FixedClock(start=10, tick=3)
    assert [ids.generate_trace_id(), ids.generate_trace_id(), ids.generate_span_id()] == [5, 6, 5]
    assert [clock(), clock()] == [10, 13]


def leave_open() -> None:
    provider, capture = SpanCapture.provider()
    GUARDS[-1].watch(capture)
    KEPT.append(provider.get_tracer("t").start_span("left"))


def leave_current() -> None:
    context.attach(trace.set_span_in_context(SpanCapture.provider()[0].get_tracer("t").start_span("left")))


def detach_elsewhere() -> None:
    token = context.attach(context.get_current())

    async def detach() -> None:
        context.detach(token)

    asyncio.run(detach())


GUARDS: list[Guard] = []
KEPT: list[object] = []
LEFT_BEHIND: dict[str, tuple[Callable[[], object], str]] = {
    "a warning of ours": (lambda: logging.getLogger("literalai_otel.x").warning("lost"), "lost"),
    "an error of asyncio": (lambda: logging.getLogger("asyncio").error("never awaited"), "never awaited"),
    "an open span": (leave_open, "open span: left"),
    "a current span": (leave_current, "current span"),
    "a failed detach": (detach_elsewhere, "Failed to detach context"),
    "an entry of the side table": (lambda: SIDE_TABLE.put((1, 1), {}), "side table: 1"),
}


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_a_guard_finds(name: str) -> None:
    leave, message = LEFT_BEHIND[name]
    before = context.get_current()
    GUARDS.append(Guard())
    try:
        with pytest.raises(AssertionError, match=message), GUARDS[-1]:
            leave()
    finally:
        context.attach(before)
        SIDE_TABLE.take((1, 1))
        GUARDS.clear()
        KEPT.clear()


def test_a_guard_finds_a_swallowed_failure() -> None:
    def swallow() -> None:
        try:
            raise ValueError("mine")
        except ValueError:
            logging.getLogger("literalai_otel.x").debug("dropped", exc_info=True)

    with pytest.raises(AssertionError, match="ValueError: mine"), Guard():
        swallow()
    with Guard() as guard:
        guard.allow("dropped")
        swallow()
    assert guard.messages == ["dropped"]


def test_a_guard_hides_no_failure_of_the_test() -> None:
    def fail() -> None:
        logging.getLogger("literalai_otel.x").warning("lost")
        raise KeyError("the test's own")

    with pytest.raises(KeyError), Guard():
        fail()


def test_views() -> None:
    error = ValueError("a", 1)
    error.__cause__ = KeyError("b")
    seen = view(error)
    assert (seen["type"], seen["args"], seen["cause"]["type"]) == ("builtins.ValueError", ["a", 1], "builtins.KeyError")
    assert view({"a": (1, b"x", None)}) == {"a": [1, b"x", None]}
    assert view(object()) == "builtins.object"


def test_a_synchronous_case_must_not_wait() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="event loop"):
        run_without_loop(waits())
