"""One call, one span: who stays silent for whom."""

import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry.context import attach, detach, get_value, set_value
from opentelemetry.instrumentation.utils import is_instrumentation_enabled, suppress_instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import StatusCode, set_span_in_context

from literalai_otel.attributes import (
    ERROR_TYPE,
    OPERATION_NAME,
    OUTPUT_MESSAGES,
    RESPONSE_MODEL,
    STREAM_OUTCOME,
    USAGE_CACHE_READ_INPUT_TOKENS,
)
from literalai_otel.genai import SIDE_TABLE, Recorder, Recording
from literalai_otel.genai.keys import OFFICIAL_INFERENCE_KEY, OPENLLMETRY_KEY
from literalai_otel.genai.side_table import AWAITED
from literalai_otel.testing import SpanCapture


@dataclass
class InferenceData:
    """What the official package fills from below (its field names are those of the attributes)."""

    request_model: str | None = None
    response_model: str | None = None
    usage_cache_read_input_tokens: int | None = None
    error_type: str | None = None


@pytest.fixture
def official(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("opentelemetry.util.genai.invocation")
    module.InferenceData = InferenceData  # type: ignore[attr-defined] - made here
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_the_general_switch_is_obeyed(recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace) -> None:
    with suppress_instrumentation():
        assert recorder.open(sdk.inference()) is None
    assert capture.spans == []


def test_openllmetrys_switch_is_obeyed(recorder: Recorder, sdk: SimpleNamespace) -> None:
    token = attach(set_value(OPENLLMETRY_KEY, True))
    try:
        assert recorder.open(sdk.inference()) is None
    finally:
        detach(token)


def test_below_a_span_of_ours_others_are_silent_and_http_is_not(
    recorder: Recorder, sdk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.util.genai.invocation", raising=False)
    recording = recorder.open(sdk.inference())
    assert recording is not None
    token = attach(recording.context)
    try:
        assert get_value(OPENLLMETRY_KEY) is True
        assert is_instrumentation_enabled()
        assert get_value(OFFICIAL_INFERENCE_KEY) is None
    finally:
        detach(token)
    recording.complete()


def test_the_official_family_is_silenced_when_it_is_there(
    official: None, recorder: Recorder, sdk: SimpleNamespace
) -> None:
    recording = recorder.open(sdk.inference())
    assert recording is not None
    assert isinstance(get_value(OFFICIAL_INFERENCE_KEY, recording.context), InferenceData)
    recording.complete()


@pytest.fixture
def awaited(monkeypatch: pytest.MonkeyPatch, traced: tuple[TracerProvider, SpanCapture]) -> Iterator[Any]:
    """An official span that is current, with its data, and that a processor of ours will see end."""
    span = (
        traced[0]
        .get_tracer("opentelemetry.instrumentation.genai.openai")
        .start_span("chat outer", attributes={OPERATION_NAME: "chat"})
    )
    setattr(span, AWAITED, True)
    data = InferenceData(request_model="outer")
    token = attach(set_value(OFFICIAL_INFERENCE_KEY, data, set_span_in_context(span)))
    yield SimpleNamespace(span=span, data=data)
    detach(token)
    span.end()


def called(recorder: Recorder, sdk: SimpleNamespace, error: Exception | None = None) -> Recording:
    """A call that learns something."""
    recording = recorder.open(sdk.inference())
    assert recording is not None
    recording.invocation.attributes[RESPONSE_MODEL] = "served"
    recording.invocation.attributes[USAGE_CACHE_READ_INPUT_TOKENS] = 5
    recording.invocation.content[OUTPUT_MESSAGES] = lambda: ["content"]
    if error is None:
        recording.complete()
    else:
        recording.fail(error)
    return recording


@pytest.mark.parametrize("error", [None, ValueError("x")])
def test_below_an_official_span_we_tell_it_what_we_know(
    awaited: Any, recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace, error: Any
) -> None:
    called(recorder, sdk, error)
    assert awaited.data == InferenceData("outer", "served", 5, None if error is None else "ValueError")
    awaited.span.end()
    (span,) = capture.spans
    assert span.attributes == {OPERATION_NAME: "chat"}
    assert span.status is StatusCode.UNSET
    learned = {**sdk.inference().attributes, RESPONSE_MODEL: "served", USAGE_CACHE_READ_INPUT_TOKENS: 5}
    failed = {} if error is None else {ERROR_TYPE: "ValueError"}
    assert span.fields == {**learned, **failed, OUTPUT_MESSAGES: ["content"]}


def test_below_an_official_span_that_ends_first_nothing_is_lost(
    awaited: Any, recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace
) -> None:
    recording = recorder.open(sdk.inference())
    assert recording is not None
    recording.invocation.content[OUTPUT_MESSAGES] = lambda: ["content"]
    awaited.span.end()
    recording.stop("abandoned")
    assert capture.one().fields[OUTPUT_MESSAGES] == ["content"]
    assert capture.one().fields[STREAM_OUTCOME] == "abandoned"


def test_fields_beside_an_official_span_leave_with_it(
    awaited: Any, recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace
) -> None:
    """Where nobody takes them, such as a processor of ours that was removed."""
    provider = TracerProvider(shutdown_on_exit=False)
    span = provider.get_tracer("opentelemetry.instrumentation.genai.openai").start_span(
        "chat", attributes={OPERATION_NAME: "chat"}
    )
    setattr(span, AWAITED, True)
    token = attach(set_value(OFFICIAL_INFERENCE_KEY, InferenceData(), set_span_in_context(span)))
    called(recorder, sdk)
    detach(token)
    span.end()
    assert len(SIDE_TABLE) == 1
    del span
    gc.collect()
    assert len(SIDE_TABLE) == 0


def test_an_official_span_that_literal_never_sees_silences_nobody(
    awaited: Any, recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace
) -> None:
    """It is on the host's provider, ours on that of a client."""
    setattr(awaited.span, AWAITED, False)
    called(recorder, sdk)
    assert capture.one().scope == "literalai_otel.instrumentors.test"
    assert awaited.data == InferenceData("outer")
