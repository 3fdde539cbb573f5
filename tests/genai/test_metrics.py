"""The client metrics: off unless asked, of v1.41's names, without ids."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from literalai_otel.attributes import (
    ERROR_TYPE,
    METRIC_OPERATION_DURATION,
    METRIC_TIME_PER_OUTPUT_CHUNK,
    METRIC_TIME_TO_FIRST_CHUNK,
    METRIC_TOKEN_USAGE,
    OPERATION_NAME,
    PROVIDER_NAME,
    REQUEST_ID,
    REQUEST_MODEL,
    RESPONSE_ID,
    RESPONSE_MODEL,
    TOKEN_TYPE,
    USAGE_INPUT_TOKENS,
    USAGE_OUTPUT_TOKENS,
)
from literalai_otel.genai import Recorder
from literalai_otel.testing import SpanCapture

LABELS = {OPERATION_NAME: "chat", PROVIDER_NAME: "openai", REQUEST_MODEL: "m", RESPONSE_MODEL: "served"}


class Meters:
    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.provider = MeterProvider([self._reader], shutdown_on_exit=False)

    def points(self) -> dict[str, list[Any]]:
        data = self._reader.get_metrics_data()
        found = data.resource_metrics[0].scope_metrics[0].metrics if data is not None and data.resource_metrics else []
        return {metric.name: list(metric.data.data_points) for metric in found}


@pytest.fixture
def meters() -> Meters:
    return Meters()


def recorded(meters: Meters, sdk: SimpleNamespace, **options: Any) -> Any:
    recorder = Recorder("s", "1", SpanCapture.provider(**options)[0], meters.provider)
    recording = recorder.open(sdk.inference())
    assert recording is not None
    recording.invocation.attributes.update({RESPONSE_MODEL: "served", RESPONSE_ID: "r", REQUEST_ID: "q"})
    return recording


def test_none_unless_asked(meters: Meters, sdk: SimpleNamespace) -> None:
    recorded(meters, sdk).complete()
    assert meters.points() == {}


@pytest.mark.parametrize("options", [{}, {"sampler": ALWAYS_OFF}], ids=["sampled", "sampled out"])
def test_a_stream_with_usage(
    meters: Meters, sdk: SimpleNamespace, policy: Callable[..., None], options: dict[str, Any]
) -> None:
    policy(metrics=True)
    recording = recorded(meters, sdk, **options)
    assert recording.counts_chunks
    for _ in range(3):
        recording.chunk()
    recording.invocation.attributes.update({USAGE_INPUT_TOKENS: 11, USAGE_OUTPUT_TOKENS: 0})
    recording.complete()
    points = meters.points()
    (duration,), (first,), (gaps,) = (
        points[METRIC_OPERATION_DURATION],
        points[METRIC_TIME_TO_FIRST_CHUNK],
        points[METRIC_TIME_PER_OUTPUT_CHUNK],
    )
    assert dict(duration.attributes) == dict(first.attributes) == LABELS
    assert (duration.count, first.count, gaps.count) == (1, 1, 2)
    assert duration.explicit_bounds[:3] == (0.01, 0.02, 0.04)
    assert duration.explicit_bounds[-1] == 81.92
    tokens = {point.attributes[TOKEN_TYPE]: point for point in points[METRIC_TOKEN_USAGE]}
    assert {kind: point.sum for kind, point in tokens.items()} == {"input": 11, "output": 0}
    assert tokens["input"].explicit_bounds[-1] == 67_108_864
    assert dict(tokens["input"].attributes) == {**LABELS, TOKEN_TYPE: "input"}


def test_a_failure_has_its_type_and_no_tokens(
    meters: Meters, sdk: SimpleNamespace, policy: Callable[..., None]
) -> None:
    policy(metrics=True)
    recorded(meters, sdk).fail(ValueError("x"))
    points = meters.points()
    assert dict(points[METRIC_OPERATION_DURATION][0].attributes) == {**LABELS, ERROR_TYPE: "ValueError"}
    assert set(points) == {METRIC_OPERATION_DURATION}
