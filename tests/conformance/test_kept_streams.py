"""Streams whose events are kept as they come and read later, where only Literal sees the span."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from literalai_otel import attributes
from literalai_otel.genai.kept_events import MAX_KEPT
from literalai_otel.genai.side_table import FACTS
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.spans import LiteralAlone

from .drivers import DRIVERS
from .driving import HELLO, Driver
from .reading import output

SDKS = [driver for driver in DRIVERS if driver.scope in ("openai", "mistralai")]


@pytest.fixture(params=SDKS, ids=str)
def driver(request: pytest.FixtureRequest) -> Driver:
    return request.param


@contextlib.contextmanager
def streaming(driver: Driver, provider: FakeProvider, guard: Guard, *pieces: str) -> Iterator[tuple[Any, SpanCapture]]:
    """A stream of `pieces` that Literal alone is told of, and the capture of its span."""
    provider.script(driver.answer(pieces=pieces))
    tracer_provider, capture = LiteralAlone.provider()
    guard.watch(capture)
    with driver.instrumented(tracer_provider):
        client = driver.client(provider, False)
        stream = driver.stream(client, list(HELLO))
    yield stream, capture
    driver.close_client(client)


def test_what_the_program_does_to_its_chunks_is_its_own(driver: Driver, provider: FakeProvider, guard: Guard) -> None:
    with streaming(driver, provider, guard, "one ", "two") as (stream, capture):
        for event in stream:
            chunk = getattr(event, "data", event)
            chunk.choices[0].delta.content = "mine"
            chunk.model = "mine"
        assert output(capture.one()) == "one two"
        assert capture.one().fields[attributes.RESPONSE_MODEL] not in ("mine", None)


def test_it_can_be_read_again(driver: Driver, provider: FakeProvider, guard: Guard) -> None:
    """Two processors may both have taken the fields of a span."""
    with streaming(driver, provider, guard, "one ", "two") as (stream, capture):
        list(stream)
        assert capture.one().fields == capture.one().fields


@pytest.mark.parametrize("length", [10, 2_000])
def test_what_a_stream_keeps_is_bounded(length: int, driver: Driver, provider: FakeProvider, guard: Guard) -> None:
    """Beyond that it is folded as it comes, the oldest first; the answer is whole in either case."""
    pieces = tuple(f"{number} " for number in range(length))
    with streaming(driver, provider, guard, *pieces) as (stream, capture):
        list(stream)
        kept = capture.one().deferred[FACTS].size
        assert min(100 * length, MAX_KEPT / 2) < kept < 1.1 * MAX_KEPT, "an event has over 100 characters"
        assert output(capture.one()) == "".join(pieces)


def test_what_is_read_after_closing_is_no_part_of_it(driver: Driver, provider: FakeProvider, guard: Guard) -> None:
    """The SDK may have events in hand still."""
    with streaming(driver, provider, guard, "one ", "two ", "three") as (stream, capture):
        while driver.piece(next(stream)) != "one ":
            pass
        driver.close(stream)
        with contextlib.suppress(Exception):
            list(stream)
        assert output(capture.one()) == "one "
