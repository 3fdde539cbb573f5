"""What stands in for a generator is one, passes everything on, and ends its recording once."""

import asyncio
import gc
import inspect
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from opentelemetry.trace import get_current_span

from literalai_otel.attributes import ERROR_TYPE, OPERATION_NAME, REQUEST_MODEL, STREAM_OUTCOME
from literalai_otel.genai import Inference, Recorder, read_generator
from literalai_otel.testing import SpanCapture


class Pieces:
    """Gathers the chunks."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.finished = 0

    def add(self, chunk: Any) -> None:
        self.seen.append(chunk)

    def finish(self) -> None:
        self.finished += 1


def echo() -> Generator[Any, Any, str]:
    """Gives what is sent to it, what is thrown at it, and whether a span is current."""
    received: Any = "start"
    try:
        while received != "stop":
            try:
                received = yield received, get_current_span().get_span_context().is_valid
            except KeyError as error:
                received = error
    finally:
        CLOSED.append(True)
    return "returned"


async def async_echo() -> AsyncGenerator[Any, Any]:
    received: Any = "start"
    try:
        while received != "stop":
            try:
                received = yield received, get_current_span().get_span_context().is_valid
            except KeyError as error:
                received = error
    finally:
        CLOSED.append(True)


CLOSED: list[bool] = []


@pytest.fixture(autouse=True)
def nothing_closed() -> None:
    CLOSED.clear()


def reading(recorder: Recorder, inner: Any) -> tuple[Any, Pieces]:
    recording = recorder.open(Inference({OPERATION_NAME: "chat", REQUEST_MODEL: "m"}))
    assert recording is not None
    fold = Pieces()
    return read_generator(inner, recording, fold), fold


def test_send_throw_and_return_pass_through(recorder: Recorder, capture: SpanCapture) -> None:
    generator, fold = reading(recorder, echo())
    assert inspect.isgenerator(generator)
    assert (generator.__name__, generator.__qualname__) == ("echo", "echo")
    assert next(generator) == ("start", True)
    assert generator.send("a") == ("a", True)
    error = KeyError("mine")
    assert generator.throw(error) == (error, True)
    assert not get_current_span().get_span_context().is_valid
    with pytest.raises(StopIteration) as stopped:
        generator.send("stop")
    assert stopped.value.value == "returned"
    assert len(fold.seen) == 3
    assert fold.finished == 1
    assert STREAM_OUTCOME not in capture.one().attributes


async def test_asend_and_athrow_pass_through(recorder: Recorder, capture: SpanCapture) -> None:
    generator, fold = reading(recorder, async_echo())
    assert inspect.isasyncgen(generator)
    assert await anext(generator) == ("start", True)
    assert await generator.asend("a") == ("a", True)
    error = KeyError("mine")
    assert await generator.athrow(error) == (error, True)
    with pytest.raises(StopAsyncIteration):
        await generator.asend("stop")
    assert fold.finished == 1
    assert STREAM_OUTCOME not in capture.one().attributes


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_it_does_not_catch_is_the_error(
    asynchronous: bool, recorder: Recorder, capture: SpanCapture
) -> None:
    generator, fold = reading(recorder, async_echo() if asynchronous else echo())
    await anext(generator) if asynchronous else next(generator)
    error = LookupError("mine")
    with pytest.raises(LookupError) as caught:
        await generator.athrow(error) if asynchronous else generator.throw(error)
    assert caught.value is error
    assert capture.one().attributes[ERROR_TYPE] == "LookupError"
    assert (fold.finished, CLOSED) == (1, [True])


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("end", ["closed", "abandoned"])
@pytest.mark.parametrize("started", [True, False])
async def test_the_end_of_one_that_is_not_read(
    asynchronous: bool, end: str, started: bool, recorder: Recorder, capture: SpanCapture
) -> None:
    generator, fold = reading(recorder, async_echo() if asynchronous else echo())
    if started:
        await anext(generator) if asynchronous else next(generator)
    if end == "closed":
        await generator.aclose() if asynchronous else generator.close()
        assert [True] * started == CLOSED
    del generator
    gc.collect()
    await asyncio.sleep(0.01)
    assert capture.settled()
    # Closing one that never ran does not run it.
    assert capture.one().attributes[STREAM_OUTCOME] == (end if started else "abandoned")
    assert (fold.finished, CLOSED) == (1, [True] * started)


def test_one_in_a_cycle_is_ended_by_the_collector(recorder: Recorder, capture: SpanCapture) -> None:
    generator, _ = reading(recorder, echo())
    next(generator)
    cycle: list[Any] = [generator]
    cycle.append(cycle)
    del generator, cycle
    gc.collect()
    assert capture.settled()
    assert capture.one().attributes[STREAM_OUTCOME] == "abandoned"


def test_closing_that_fails(recorder: Recorder, capture: SpanCapture) -> None:
    def stubborn() -> Generator[int, None, None]:
        try:
            yield 1
        finally:
            raise LookupError("cannot close")

    generator, _ = reading(recorder, stubborn())
    next(generator)
    with pytest.raises(LookupError, match="cannot close"):
        generator.close()
    assert capture.one().attributes[ERROR_TYPE] == "LookupError"
