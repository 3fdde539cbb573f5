"""Switching on and off, silence, content and concurrency: the same facts for every framework."""

import asyncio
import gc
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import SpanLimits
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from literalai_otel import attributes, genai
from literalai_otel.genai.side_table import SIDE_TABLE
from literalai_otel.testing import Answer, CapturedSpan, Computed, FakeProvider, RecordedRequest, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.reading import decoded, usage

from .driving import WEATHER_CALLS, WEATHER_TOOL, ConformanceWorld, Driver
from .reading import inputs, output

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])
SECRET = "the launch code is alpha-zulu"
ANSWER = "it is bravo-yankee, in truth"
Policy = Callable[..., None]

# Clients that a framework keeps to itself are dropped with a connection open.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


async def both_forms(driver: Driver, provider: FakeProvider, kind: str, **answer: Any) -> list[Any]:
    """A call and a stream; what the program saw of them."""
    world = ConformanceWorld(driver, provider, asynchronous=kind == "async")
    world.script({"text": ANSWER, **answer})
    client = world.client()
    await world.ask(client, ({"role": "user", "content": SECRET},), (WEATHER_TOOL,))
    await world.read(await world.open(client, ({"role": "user", "content": SECRET},)))
    await world.aclose()
    return world.shown


@KINDS
async def test_twice_is_once_and_off_is_off(driver: Driver, kind: str, provider: FakeProvider) -> None:
    bare = await both_forms(driver, provider, kind)
    tracer_provider, capture = SpanCapture.provider()
    other_provider, other = SpanCapture.provider()
    with driver.instrumented(tracer_provider), driver.instrumented(other_provider):
        assert await both_forms(driver, provider, kind) == bare
    assert (len(capture.spans), len(other.spans)) == (2, 0)
    assert await both_forms(driver, provider, kind) == bare
    assert (len(capture.spans), len(other.spans)) == (2, 0)
    with driver.instrumented(other_provider):
        assert await both_forms(driver, provider, kind) == bare
    assert (len(capture.spans), len(other.spans)) == (2, 2)


@KINDS
async def test_a_client_made_before(driver: Driver, kind: str, provider: FakeProvider) -> None:
    world = ConformanceWorld(driver, provider, asynchronous=kind == "async")
    client = world.client()
    await world.ask(client)
    tracer_provider, capture = SpanCapture.provider()
    with driver.instrumented(tracer_provider):
        await world.ask(client)
    await world.ask(client)
    await world.aclose()
    assert len(capture.spans) == 1


@KINDS
async def test_a_stream_that_outlives_the_instrumentation(driver: Driver, kind: str, provider: FakeProvider) -> None:
    world = ConformanceWorld(driver, provider, asynchronous=kind == "async")
    world.script({"pieces": ("one ", "two")})
    tracer_provider, capture = SpanCapture.provider()
    client = world.client()
    with driver.instrumented(tracer_provider):
        stream = world.each(await world.open(client))
        first = [world.driver.piece(await anext(stream)), world.driver.piece(await anext(stream))]
    assert "".join(first + [world.driver.piece(chunk) async for chunk in stream]) == "one two"
    await world.aclose()
    assert capture.settled(), capture.still_open
    assert len(capture.spans) == 1


@KINDS
async def test_the_general_key_silences_us(driver: Driver, kind: str, provider: FakeProvider) -> None:
    tracer_provider, capture = SpanCapture.provider()
    bare = await both_forms(driver, provider, kind)
    with driver.instrumented(tracer_provider), suppress_instrumentation():
        assert await both_forms(driver, provider, kind) == bare
    assert capture.spans == []


@KINDS
async def test_a_span_that_is_not_sampled_costs_no_content_work(
    driver: Driver, kind: str, provider: FakeProvider, policy: Policy
) -> None:
    masked: list[str] = []
    policy(mask=lambda value, key, span: masked.append(key), capture_content="true")
    bare = await both_forms(driver, provider, kind)
    tracer_provider, capture = SpanCapture.provider(sampler=ALWAYS_OFF)
    with driver.instrumented(tracer_provider):
        assert await both_forms(driver, provider, kind) == bare
    assert (capture.spans, masked, len(SIDE_TABLE)) == ([], [], 0)


# --- content ---------------------------------------------------------------------------------------

CAPTURE: dict[str, tuple[dict[str, Any], bool, bool]] = {
    # settings -> in Literal's fields, on the span
    "default": ({}, True, False),
    "on the spans too": ({"capture_content": "true"}, True, True),
    "nowhere": ({"capture_content": "false"}, False, False),
    "by the standard switch": ({"capture_on_spans": "SPAN_ONLY"}, True, True),
}


def text_of(span: CapturedSpan) -> tuple[str, str]:
    """All of the span, and all of its fields, as JSON."""
    return span.span.to_json(), json.dumps(span.fields, default=str)


@KINDS
@pytest.mark.parametrize("mode", CAPTURE)
async def test_where_content_goes(mode: str, driver: Driver, kind: str, provider: FakeProvider, policy: Policy) -> None:
    settings, in_fields, on_span = CAPTURE[mode]
    policy(**settings)
    tracer_provider, capture = SpanCapture.provider()
    with driver.instrumented(tracer_provider):
        await both_forms(driver, provider, kind)
    assert len(capture.spans) == 2
    for span in capture.spans:
        on_the_span, beside_it = text_of(span)
        for secret in (SECRET, ANSWER):
            assert (secret in on_the_span) is on_span
            assert (secret in beside_it) is in_fields
        assert list(span.fields[attributes.RESPONSE_FINISH_REASONS]) == ["stop"], "with content off, too"
        if on_span:
            assert json.loads(span.attributes[attributes.INPUT_MESSAGES])[0]["parts"][0]["content"] == SECRET
    assert usage(capture.spans[0]) == (11, 7)


@pytest.mark.parametrize("mode", ["nowhere", "a mask that fails"])
async def test_tool_calls_are_content(
    mode: str, driver: Driver, provider: FakeProvider, policy: Policy, guard: Guard
) -> None:
    def fails(value: Any, key: str, span: Any) -> Any:
        raise ValueError("no pattern")

    if mode == "nowhere":
        policy(capture_content="false")
    else:
        guard.allow("mask")
        guard.allow("dropped")
        policy(mask=fails, capture_content="true")
    tracer_provider, capture = SpanCapture.provider()
    with driver.instrumented(tracer_provider):
        await both_forms(driver, provider, "sync", tool_calls=WEATHER_CALLS)
    assert len(capture.spans) == 2
    for span in capture.spans:
        assert "Paris" not in "".join(text_of(span))
        assert SECRET not in "".join(text_of(span))


@KINDS
@pytest.mark.parametrize("on_spans", [False, True])
async def test_a_mask(driver: Driver, kind: str, on_spans: bool, provider: FakeProvider, policy: Policy) -> None:
    def mask(value: Any, key: str, span: Any) -> Any:
        return json.loads(json.dumps(value).replace("alpha-zulu", "****").replace("bravo-yankee", "****"))

    policy(mask=mask, capture_on_spans=on_spans)
    tracer_provider, capture = SpanCapture.provider()
    with driver.instrumented(tracer_provider):
        await both_forms(driver, provider, kind)
    assert len(capture.spans) == 2
    for span in capture.spans:
        assert inputs(span) == ("the launch code is ****",)
        assert output(span) == "it is ****, in truth"
        assert not [secret for secret in ("alpha-zulu", "bravo-yankee") if secret in "".join(text_of(span))]


@pytest.mark.parametrize("on_spans", [False, True])
async def test_a_failing_mask_drops_the_content_and_keeps_the_span(
    driver: Driver, on_spans: bool, provider: FakeProvider, policy: Policy, guard: Guard
) -> None:
    def mask(value: Any, key: str, span: Any) -> Any:
        raise ValueError("no pattern")

    guard.allow("mask")
    guard.allow("dropped")
    policy(mask=mask, capture_on_spans=on_spans)
    tracer_provider, capture = SpanCapture.provider()
    with driver.instrumented(tracer_provider):
        await both_forms(driver, provider, "sync")
    assert len(capture.spans) == 2
    for span in capture.spans:
        assert not [secret for secret in (SECRET, ANSWER) if secret in "".join(text_of(span))]
        assert span.fields[attributes.REQUEST_MODEL] == driver.model
    assert usage(capture.spans[0]) == (11, 7)


async def test_limits_of_the_host_do_not_reach_literal(driver: Driver, provider: FakeProvider) -> None:
    """16 attributes of 100 characters: the span is poor, the fields are whole."""
    limits = SpanLimits(max_attributes=16, max_attribute_length=100)
    tracer_provider, capture = SpanCapture.provider(limits=limits)
    world = ConformanceWorld(driver, provider, asynchronous=False)
    text = "word " * 1000
    with driver.instrumented(tracer_provider):
        await world.ask(world.client(), ({"role": "user", "content": text},))
    await world.aclose()
    span = capture.one()
    assert len(span.attributes) <= 16
    assert inputs(span) == (text,)
    assert usage(span) == (11, 7)
    assert span.fields[attributes.OPERATION_NAME] == "chat"


# --- many at once ----------------------------------------------------------------------------------


def echo(driver: Driver) -> Computed:
    """An answer that repeats the question, in its own model's words."""

    def choose(request: RecordedRequest) -> Answer:
        content = request.json()["messages"][-1]["content"]
        return driver.answer(text=content if isinstance(content, str) else "".join(part["text"] for part in content))

    return Computed(choose)


@KINDS
async def test_many_calls_at_once(driver: Driver, kind: str, provider: FakeProvider) -> None:
    """Every call has its own span with its own content, below the span of its own caller."""
    tracer_provider, capture = SpanCapture.provider()
    user_provider, callers = SpanCapture.provider()
    tracer = user_provider.get_tracer("user")
    world = ConformanceWorld(driver, provider, asynchronous=kind == "async")
    world.script(echo(driver))
    client = world.client()

    async def one(text: str, streamed: bool) -> None:
        messages = ({"role": "user", "content": text},)
        with tracer.start_as_current_span(text):
            if streamed:
                assert await world.read(await world.open(client, messages)) == text
            else:
                assert (await world.ask(client, messages)).text == text

    def in_thread(number: int) -> None:
        coroutine = one(f"call {number}", number % 2 == 1)
        with pytest.raises(StopIteration):
            coroutine.send(None)

    with driver.instrumented(tracer_provider):
        if kind == "async":
            await asyncio.gather(*(one(f"call {number}", number % 2 == 1) for number in range(12)))
        else:
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(in_thread, range(12)))
    await world.aclose()
    names = {span.span_id: span.name for span in callers.spans}
    assert len(capture.spans) == 12
    assert sorted(names[span.parent_id or 0] for span in capture.spans) == sorted(names.values())
    for span in capture.spans:
        assert inputs(span) == (names[span.parent_id or 0],)
        assert output(span) == names[span.parent_id or 0]


def ours_alive() -> int:
    """How many objects of our own classes the collector knows."""
    genai.finish_abandoned()
    gc.collect()
    kinds = ("literalai_otel.genai", "literalai_otel_")
    return sum(str(type(each).__module__).startswith(kinds) for each in gc.get_objects())


STREAMS = 40


@KINDS
async def test_abandoned_streams_leave_nothing(driver: Driver, kind: str, provider: FakeProvider) -> None:
    world = ConformanceWorld(driver, provider, asynchronous=kind == "async")
    world.script({"pieces": ("one ", "two")})
    client = world.client()

    async def abandon(times: int) -> None:
        # The collector must not run inside a call: httpcore then waits for its own lock, with and without us.
        gc.disable()
        try:
            for number in range(times):
                stream = await world.open(client)
                if number % 2:
                    await world.first_piece(stream)
                del stream
                await world.settle()
        finally:
            gc.enable()

    async def everything_ended() -> None:
        # The loop closes what was dropped, some turns later, and only then may a collection find the rest.
        for _ in range(20):
            if await asyncio.to_thread(capture.settled, 0.1):
                return
            await world.settle()
        raise AssertionError(capture.still_open)

    tracer_provider, capture = SpanCapture.provider()
    with driver.instrumented(tracer_provider):
        await abandon(4)
        await everything_ended()
        capture.clear()
        world.shown.clear()
        first = ours_alive()
        await abandon(STREAMS)
        await everything_ended()
        assert len(capture.spans) >= 10
        assert [span.name for span in capture.spans if span.status is StatusCode.ERROR] == []
        capture.clear()
        world.shown.clear()
        # Of the last one or two something may be left in the loop's hands; a leak is an object a stream at least.
        assert ours_alive() < first + STREAMS
    await world.aclose()


def test_the_recorded_tool_is_the_one_that_was_offered(driver: Driver, provider: FakeProvider) -> None:
    tracer_provider, capture = SpanCapture.provider()
    with driver.instrumented(tracer_provider):
        asyncio.run(both_forms(driver, provider, "async"))
    (tool,) = decoded(capture.spans[0].fields[attributes.TOOL_DEFINITIONS])
    assert (tool["type"], tool["name"]) == ("function", "get_weather")
    assert tool["parameters"] == WEATHER_TOOL["function"]["parameters"]
    assert attributes.TOOL_DEFINITIONS not in capture.spans[1].fields
