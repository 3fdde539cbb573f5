"""Bodies that the caller reads, observed on their way and passed on untouched."""

import gc
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, strategies
from opentelemetry.trace import StatusCode

from literalai_otel.attributes import ERROR_TYPE, STREAM_OUTCOME
from literalai_otel.genai import BodyWatch, Recorder, finish_abandoned, watch_body, watch_closing
from literalai_otel.genai.body import EventDecoder
from literalai_otel.testing import SpanCapture

EVENTS = b'data: {"n": 1}\n\n: comment\n\nevent: x\r\ndata: {"n":\r\ndata: 2}\r\n\r\ndata: [DONE]\n\n'


@given(strategies.lists(strategies.integers(0, len(EVENTS)), max_size=8))
def test_events_are_found_however_the_bytes_come(cuts: list[int]) -> None:
    found: list[bytes] = []
    decoder = EventDecoder(found.append)
    edges = [0, *sorted(cuts), len(EVENTS)]
    for start, end in pairwise(edges):
        decoder.feed(EVENTS[start:end])
    assert found == [b'{"n": 1}', b'{"n":\n2}']


class World:
    def __init__(self, recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace) -> None:
        self.recorder, self.capture, self.sdk = recorder, capture, sdk
        self.fold = sdk.Collected()
        self.wholes: list[bytes] = []

    def response(self, *pieces: bytes, events: bool = True) -> Any:
        response = self.sdk.Response(*pieces)
        recording = self.recorder.open(self.sdk.inference())
        watch = BodyWatch(recording, self.fold, response, self.wholes.append, is_events=events)
        watch_body(watch, is_async=False)
        watch_closing(watch, is_async=False)
        return response

    def outcome(self) -> tuple[StatusCode, Any, Any]:
        span = self.capture.one()
        return span.status, span.attributes.get(ERROR_TYPE), span.attributes.get(STREAM_OUTCOME)


@pytest.fixture
def world(recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace) -> World:
    return World(recorder, capture, sdk)


def test_events_are_chunks(world: World) -> None:
    pieces = [EVENTS[:5], EVENTS[5:40], EVENTS[40:]]
    response = world.response(*pieces)
    assert list(response.iter_bytes()) == pieces
    assert world.fold.chunks == [{"n": 1}, {"n": 2}]
    assert world.outcome() == (StatusCode.UNSET, None, None)
    assert vars(response).keys() == {"pieces", "headers", "closed"}


def test_another_body_is_read_whole_at_its_end(world: World) -> None:
    response = world.response(b'{"a":', b"1}", events=False)
    pieces = response.iter_bytes()
    next(pieces)
    assert world.wholes == []
    assert list(pieces) == [b"1}"]
    assert world.wholes == [b'{"a":1}']
    assert world.outcome() == (StatusCode.UNSET, None, None)


@pytest.mark.parametrize("events", [True, False])
def test_a_body_that_is_not_read_is_closed(world: World, events: bool) -> None:
    world.response(EVENTS, events=events).close()
    assert world.outcome() == (StatusCode.UNSET, None, "closed")
    assert world.wholes == []


def test_a_half_read_body_keeps_its_half(world: World) -> None:
    response = world.response(b'data: {"n": 1}\n\n', b'data: {"n": 2}\n\n')
    next(response.iter_bytes())
    response.close()
    assert world.fold.chunks == [{"n": 1}]
    assert world.outcome() == (StatusCode.UNSET, None, "closed")


@pytest.mark.parametrize("reads_on", [True, False])
def test_an_error_event_is_an_error(world: World, reads_on: bool) -> None:
    response = world.response(b'data: {"error": {"type": "server_error", "message": "broke"}}\n\n', b"")
    pieces = response.iter_bytes()
    next(pieces)
    if reads_on:
        assert list(pieces) == [b""]
    else:
        response.close()
    assert world.outcome() == (StatusCode.ERROR, "server_error", None)
    assert world.capture.one().description == "broke"


@pytest.mark.parametrize("body", [b"data: not json\n\n", b"data: 5\n\n", b"\xff\xfe", b""])
def test_bytes_that_say_nothing_pass(world: World, body: bytes) -> None:
    response = world.response(body)
    assert list(response.iter_bytes()) == [body]
    assert world.fold.chunks == []
    assert world.outcome() == (StatusCode.UNSET, None, None)


def test_a_body_that_nobody_reads_is_abandoned(world: World) -> None:
    world.response(EVENTS)
    gc.collect()
    finish_abandoned()
    assert world.capture.settled()
    assert world.outcome() == (StatusCode.UNSET, None, "abandoned")
