"""Streams are recorded in place, end once, and are the caller's alone."""

import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from literalai_otel.attributes import ERROR_TYPE, RESPONSE_TIME_TO_FIRST_CHUNK, STREAM_OUTCOME
from literalai_otel.genai import Recorder, Watch, finish_abandoned, record_stream, watch_closing
from literalai_otel.genai.watch import _OPEN
from literalai_otel.testing import SpanCapture


class World:
    """A recorded stream and what it left behind."""

    def __init__(self, recorder: Recorder, sdk: SimpleNamespace, capture: SpanCapture) -> None:
        self.recorder, self.sdk, self.capture = recorder, sdk, capture
        self.fold = sdk.Collected()
        # Fault injection elsewhere in the run breaks the bookkeeping itself, which leaves entries behind.
        self.open_before = len(_OPEN)

    def stream(self, chunks: Any, response: Any = None) -> Any:
        recording = self.recorder.open(self.sdk.inference())
        response = response or self.sdk.Response()
        stream = self.sdk.Stream(chunks, response)
        watch = Watch(recording, self.fold, response)
        assert record_stream(stream, watch)
        watch_closing(watch, is_async=False)
        return stream

    def outcome(self) -> tuple[StatusCode, Any, Any]:
        span = self.capture.one()
        assert self.fold.finished == 1
        assert len(_OPEN) == self.open_before
        return span.status, span.attributes.get(ERROR_TYPE), span.attributes.get(STREAM_OUTCOME)


@pytest.fixture
def world(recorder: Recorder, sdk: SimpleNamespace, capture: SpanCapture) -> Iterator[World]:
    yield World(recorder, sdk, capture)
    gc.collect()
    finish_abandoned()
    assert capture.still_open == []


UNSET = (StatusCode.UNSET, None, None)


def test_read_to_the_end(world: World) -> None:
    stream = world.stream(["a", "b"])
    assert type(stream) is world.sdk.Stream
    assert list(stream) == ["a", "b"]
    assert world.fold.chunks == ["a", "b"]
    assert world.outcome() == UNSET
    assert world.capture.one().attributes[RESPONSE_TIME_TO_FIRST_CHUNK] > 0
    assert vars(stream.response).keys() == {"pieces", "headers", "closed"}


def test_the_span_is_current_only_while_a_chunk_is_read(world: World) -> None:
    current: list[tuple[str, bool]] = []

    def note(where: str) -> None:
        current.append((where, trace.get_current_span().is_recording()))

    def chunks() -> Iterator[str]:
        note("read")
        yield "a"
        note("read")

    for _ in world.stream(chunks()):
        note("body")
    note("after")
    assert current == [("read", True), ("body", False), ("read", True), ("after", False)]


def test_closed_early_by_every_way(world: World) -> None:
    for close in (
        lambda stream: stream.close(),
        lambda stream: stream.response.close(),
        lambda stream: stream.__exit__(None, None, None),
    ):
        stream = world.stream(["a", "b"])
        next(stream)
        close(stream)
        assert stream.response.closed == 1
        assert world.outcome() == (StatusCode.UNSET, None, "closed")
        world.capture.clear()
        world.fold.finished = 0


def test_an_exception_in_the_block_is_the_reason(world: World) -> None:
    with pytest.raises(ValueError, match="mine"), world.stream(["a"]):
        raise ValueError("mine")
    assert world.outcome() == (StatusCode.ERROR, "ValueError", None)


def test_an_exception_in_a_block_around_a_closing_helper(world: World) -> None:
    with pytest.raises(ValueError, match="mine"), closing(world.stream(["a"])):
        raise ValueError("mine")
    assert world.outcome() == (StatusCode.ERROR, "ValueError", None)


def test_an_exception_that_is_being_handled_outside_is_not_the_reason(world: World) -> None:
    try:
        raise KeyError("earlier")
    except KeyError:
        with world.stream(["a", "b"]) as stream:
            next(stream)
    assert world.outcome() == (StatusCode.UNSET, None, "closed")


def test_a_failing_read_goes_on_unchanged(world: World) -> None:
    problem = ConnectionError("cut")

    def chunks() -> Iterator[str]:
        yield "a"
        raise problem

    stream = world.stream(chunks())
    assert next(stream) == "a"
    with pytest.raises(ConnectionError) as raised:
        next(stream)
    assert raised.value is problem
    assert raised.value.__context__ is None
    assert world.outcome() == (StatusCode.ERROR, "ConnectionError", None)


def test_a_failing_close_is_seen_by_the_caller_once(world: World) -> None:
    class Broken(world.sdk.Response):
        def close(self) -> None:
            raise OSError("no close")

    stream = world.stream(["a"], Broken())
    with pytest.raises(OSError, match="no close"):
        stream.close()
    assert world.outcome() == (StatusCode.ERROR, "OSError", None)


def test_a_chunk_that_cannot_be_folded_still_reaches_the_caller(world: World) -> None:
    chunks = ["a", ValueError("odd"), "b"]
    assert list(world.stream(chunks)) == chunks
    assert world.fold.chunks == ["a", "b"]
    assert world.outcome() == UNSET


@pytest.mark.parametrize("reads", [0, 1])
def test_dropped_streams_end_and_are_collected(world: World, reads: int) -> None:
    stream = world.stream(["a", "b"])
    for _ in range(reads):
        next(stream)
    gone = weakref.ref(stream.response)
    del stream
    gc.collect()
    finish_abandoned()
    assert world.capture.settled()
    assert gone() is None
    assert world.outcome() == (StatusCode.UNSET, None, "abandoned")


def test_a_dropped_stream_is_abandoned_whatever_the_collector_takes_first(world: World) -> None:
    response = world.sdk.Response()
    gc.collect()  # the response is old now, and the young collection below leaves it alone
    stream = world.stream(["a", "b"], response)
    next(stream)
    del stream
    gc.collect(0)
    finish_abandoned()
    assert response.closed == 1
    assert world.outcome() == (StatusCode.UNSET, None, "abandoned")


def test_a_dropped_stream_closes_its_response(world: World) -> None:
    closed: list[str] = []

    class Response(world.sdk.Response):
        def close(self) -> None:
            closed.append("closed")

    stream = world.stream(["a", "b"], Response())
    next(stream)
    del stream
    gc.collect()
    assert closed == ["closed"]


def test_ten_thousand_dropped_streams_leave_nothing(world: World) -> None:
    for _ in range(10_000):
        next(world.stream(["a", "b"]))
    gc.collect()
    finish_abandoned()
    assert world.capture.settled()
    assert len(_OPEN) == world.open_before
    assert {span.attributes[STREAM_OUTCOME] for span in world.capture.spans} == {"abandoned"}


def test_a_stream_after_its_end_is_as_the_sdk_made_it(world: World) -> None:
    stream = world.stream(["a"])
    assert list(stream) == ["a"]
    assert list(stream) == []
    stream.close()
    assert world.outcome() == UNSET


async def test_async_reads_and_cancellation(recorder: Recorder, sdk: SimpleNamespace, capture: SpanCapture) -> None:
    import asyncio

    waiting = asyncio.Event()

    class Response(sdk.Response):
        async def aclose(self) -> None:
            self.closed += 1

    class AsyncStream:
        def __init__(self) -> None:
            self.response = Response()
            self._iterator = self._read()

        async def _read(self) -> AsyncIterator[str]:
            yield "a"
            waiting.set()
            await asyncio.sleep(60)

    stream = AsyncStream()
    fold = sdk.Collected()
    watch = Watch(recorder.open(sdk.inference()), fold, stream.response)
    record_stream(stream, watch)
    watch_closing(watch, is_async=True)

    async def read() -> None:
        async for _ in stream._iterator:
            assert not trace.get_current_span().is_recording()

    task = asyncio.create_task(read())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    span = capture.one()
    assert (span.status, span.attributes[ERROR_TYPE], span.attributes[STREAM_OUTCOME]) == (
        StatusCode.ERROR,
        "CancelledError",
        "cancelled",
    )
    assert fold.chunks == ["a"]
