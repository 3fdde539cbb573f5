"""One call, one span: who stays silent for whom."""

import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry.context import attach, detach, get_current, get_value, set_value
from opentelemetry.instrumentation.utils import is_instrumentation_enabled, suppress_instrumentation

from literalai_otel.attributes import ERROR_TYPE, RESPONSE_MODEL, USAGE_CACHE_READ_INPUT_TOKENS
from literalai_otel.genai import Recorder
from literalai_otel.genai.keys import OFFICIAL_INFERENCE_KEY, OPENLLMETRY_KEY
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


def test_below_a_span_of_ours_others_are_silent_and_http_is_not(recorder: Recorder, sdk: SimpleNamespace) -> None:
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


@pytest.mark.parametrize("error", [None, ValueError("x")])
def test_below_an_official_span_we_tell_it_what_we_know(
    recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace, error: Any
) -> None:
    data = InferenceData(request_model="outer")
    token = attach(set_value(OFFICIAL_INFERENCE_KEY, data))
    try:
        recording = recorder.open(sdk.inference())
        assert recording is not None
        assert recording.context is get_current()
        recording.invocation.attributes[RESPONSE_MODEL] = "served"
        recording.invocation.attributes[USAGE_CACHE_READ_INPUT_TOKENS] = 5
        if error is None:
            recording.complete()
        else:
            recording.fail(error)
    finally:
        detach(token)
    assert data == InferenceData("outer", "served", 5, None if error is None else "ValueError")
    assert capture.spans == []
    assert ERROR_TYPE == "error.type"
