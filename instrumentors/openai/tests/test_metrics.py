"""O56: the GenAI client metrics, behind their flag."""

from collections.abc import Callable
from typing import Any

import openai
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from literalai_otel import attributes
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel_openai import OpenAIInstrumentor

from .worlds import OpenAIWorld

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])
IDENTIFYING = {
    attributes.OPERATION_NAME,
    attributes.PROVIDER_NAME,
    attributes.REQUEST_MODEL,
    attributes.RESPONSE_MODEL,
    attributes.SERVER_ADDRESS,
    attributes.SERVER_PORT,
    attributes.ERROR_TYPE,
    attributes.TOKEN_TYPE,
}


@pytest.fixture
def reader(policy: Callable[..., None]) -> Any:
    policy(metrics=True)
    reader = InMemoryMetricReader()
    meter_provider = MeterProvider([reader], shutdown_on_exit=False)
    tracer_provider, _ = SpanCapture.provider()
    OpenAIInstrumentor().instrument(tracer_provider=tracer_provider, meter_provider=meter_provider)
    yield reader
    OpenAIInstrumentor().uninstrument()
    meter_provider.shutdown()


def points(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    """The data points by metric name."""
    data = reader.get_metrics_data()
    if data is None:
        return {}
    metrics = [m for resource in data.resource_metrics for scope in resource.scope_metrics for m in scope.metrics]
    return {metric.name: list(metric.data.data_points) for metric in metrics}


@KINDS
async def test_a_plain_call(kind: str, provider: FakeProvider, reader: InMemoryMetricReader) -> None:
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    await world.chat(user="u-1")
    await world.aclose()
    found = points(reader)
    assert set(found) == {attributes.METRIC_OPERATION_DURATION, attributes.METRIC_TOKEN_USAGE}
    (duration,) = found[attributes.METRIC_OPERATION_DURATION]
    assert duration.count == 1
    assert 0 < duration.sum < 30
    tokens = {point.attributes[attributes.TOKEN_TYPE]: point.sum for point in found[attributes.METRIC_TOKEN_USAGE]}
    assert tokens == {"input": 11, "output": 7}
    for point in (duration, *found[attributes.METRIC_TOKEN_USAGE]):
        assert set(point.attributes) <= IDENTIFYING, "ids would make a series of each call"
        assert point.attributes[attributes.RESPONSE_MODEL] == "gpt-4o-2025-01-01"


@KINDS
async def test_a_stream_is_timed_by_chunk(kind: str, provider: FakeProvider, reader: InMemoryMetricReader) -> None:
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    async for _ in world.each(await world.chat(stream=True)):
        pass
    await world.aclose()
    found = points(reader)
    (first,) = found[attributes.METRIC_TIME_TO_FIRST_CHUNK]
    (later,) = found[attributes.METRIC_TIME_PER_OUTPUT_CHUNK]
    assert (first.count, later.count) == (1, 6)
    assert attributes.METRIC_TOKEN_USAGE not in found, "no usage was sent, so none is invented"


@KINDS
async def test_an_error_is_labelled(kind: str, provider: FakeProvider, reader: InMemoryMetricReader) -> None:
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    with pytest.raises(openai.RateLimitError):
        await world.chat(model="error-429")
    await world.aclose()
    found = points(reader)
    (duration,) = found[attributes.METRIC_OPERATION_DURATION]
    assert duration.attributes[attributes.ERROR_TYPE].endswith("RateLimitError")
    assert attributes.METRIC_TOKEN_USAGE not in found


async def test_off_by_default(
    provider: FakeProvider, reader: InMemoryMetricReader, policy: Callable[..., None]
) -> None:
    policy()
    world = OpenAIWorld(provider, asynchronous=False)
    await world.chat()
    await world.aclose()
    assert points(reader) == {}
