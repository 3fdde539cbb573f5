"""A recording ends once, says how, and never raises."""

import gc
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import attach, detach, set_value
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from literalai_otel.attributes import (
    ERROR_TYPE,
    INPUT_MESSAGES,
    REQUEST_MODEL,
    RESPONSE_MODEL,
    RESPONSE_TIME_TO_FIRST_CHUNK,
    STREAM_OUTCOME,
    USAGE_INPUT_TOKENS,
)
from literalai_otel.genai import SIDE_TABLE, TRACER_PROVIDER_KEY, Inference, Recorder
from literalai_otel.genai.keys import RECORDING_KEY
from literalai_otel.testing import SpanCapture


def test_the_span_says_what_it_is_from_the_start(
    traced: tuple[TracerProvider, SpanCapture], recorder: Recorder, inference: Inference
) -> None:
    started: list[Any] = []

    class Sampling:
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            started.append((span.name, span.kind, dict(span.attributes)))

        def __getattr__(self, name: str) -> Any:
            return lambda *args, **kwargs: True

    traced[0].add_span_processor(Sampling())  # type: ignore[arg-type] - the four methods are all there
    recording = recorder.open(inference)
    assert recording is not None
    assert started == [("chat m", trace.SpanKind.CLIENT, inference.attributes)]
    recording.complete()


def test_a_recording_ends_once(recorder: Recorder, inference: Inference, capture: SpanCapture) -> None:
    recording = recorder.open(inference)
    assert recording is not None
    assert not recording.ended
    recording.complete()
    recording.fail(ValueError())
    recording.stop("closed")
    assert recording.ended
    span = capture.one()
    assert span.status is StatusCode.UNSET
    assert STREAM_OUTCOME not in span.attributes
    assert len(SIDE_TABLE) == 0


class HostileError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("error", "kind", "description"),
    [
        (ValueError("bad"), "ValueError", "bad"),
        (__import__("asyncio").CancelledError(), "CancelledError", None),
        (KeyboardInterrupt(), "KeyboardInterrupt", None),
        (
            __import__("json").JSONDecodeError("m", "d", 0),
            "json.decoder.JSONDecodeError",
            "m: line 1 column 1 (char 0)",
        ),
        (HostileError(), f"{__name__}.HostileError", "the exception has no readable message"),
        (ValueError("x" * 10_000), "ValueError", "x" * 4096),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_exception_is_an_error_with_its_type(
    recorder: Recorder, capture: SpanCapture, sdk: Any, error: BaseException, kind: str, description: str | None
) -> None:
    recording = recorder.open(sdk.inference())
    recording.fail(error)
    span = capture.one()
    assert span.status is StatusCode.ERROR
    assert (span.description or None) == description
    assert span.attributes[ERROR_TYPE] == span.fields[ERROR_TYPE] == kind


def test_a_writing_failure_leaves_no_span_open(
    recorder: Recorder, inference: Inference, capture: SpanCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = recorder.open(inference)
    assert recording is not None
    monkeypatch.setattr(recording.span, "set_attributes", lambda values: 1 / 0)
    recording.complete()
    assert capture.one().attributes[REQUEST_MODEL] == "m"
    assert len(SIDE_TABLE) == 0


def test_the_first_chunk_alone_sets_the_time(recorder: Recorder, inference: Inference, capture: SpanCapture) -> None:
    recording = recorder.open(inference)
    assert recording is not None
    recording.chunk()
    first = recording.invocation.attributes[RESPONSE_TIME_TO_FIRST_CHUNK]
    recording.chunk()
    recording.complete()
    assert 0 < first < 5
    assert capture.one().attributes[RESPONSE_TIME_TO_FIRST_CHUNK] == first


def test_an_ended_recording_is_no_garbage(recorder: Recorder, inference: Inference) -> None:
    recording = recorder.open(inference)
    assert recording is not None
    span = weakref.ref(recording.span)
    gc.disable()
    try:
        recording.complete()
        del recording
        assert span() is None
    finally:
        gc.enable()


def test_a_context_names_the_provider(recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace) -> None:
    other, other_capture = SpanCapture.provider()
    token = attach(set_value(TRACER_PROVIDER_KEY, other))
    try:
        recorder.open(sdk.inference()).complete()
    finally:
        detach(token)
    recorder.open(sdk.inference()).complete()
    assert [len(capture.spans), len(other_capture.spans)] == [1, 1]
    assert other_capture.one().scope == capture.one().scope == "literalai_otel.instrumentors.test"


def test_a_sampled_out_call_costs_no_content_and_is_counted(sdk: SimpleNamespace) -> None:
    provider, capture = SpanCapture.provider(sampler=ALWAYS_OFF)
    made: list[int] = []
    before = SIDE_TABLE.sampled_out
    invocation = sdk.inference()
    invocation.content[INPUT_MESSAGES] = lambda: made.append(1)
    recording = Recorder("s", "1", provider).open(invocation)
    assert recording is not None
    assert not recording.active
    assert not recording.wants_content
    assert trace.get_current_span(recording.context) is recording.span
    recording.complete()
    assert made == []
    assert capture.spans == []
    assert SIDE_TABLE.sampled_out == before + 1


def test_an_inner_call_enriches_the_framework_call_around_it(
    recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace
) -> None:
    outer = recorder.open(sdk.inference(), accepts_nested=True)
    token = attach(outer.context)
    try:
        inner = recorder.open(sdk.inference(**{INPUT_MESSAGES: "from inside"}))
        assert trace.get_current_span(inner.context) is outer.span
        assert inner.context[RECORDING_KEY] is inner, "what is seen of the wire is its own"
        inner.invocation.attributes[USAGE_INPUT_TOKENS] = 3
        inner.invocation.attributes[REQUEST_MODEL] = "other"
        inner.complete()
    finally:
        detach(token)
    outer.invocation.attributes[RESPONSE_MODEL] = "served"
    outer.complete()
    span = capture.one()
    assert span.attributes[REQUEST_MODEL] == "m"
    assert span.attributes[RESPONSE_MODEL] == "served"
    assert span.attributes[USAGE_INPUT_TOKENS] == 3
    assert span.fields[INPUT_MESSAGES] == "from inside"


def test_a_call_inside_a_leaf_call_is_one_of_its_own(
    recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace
) -> None:
    outer = recorder.open(sdk.inference())
    token = attach(outer.context)
    try:
        recorder.open(sdk.inference()).complete()
    finally:
        detach(token)
    outer.complete()
    inner, around = capture.spans
    assert inner.parent_id == around.span_id
