"""Streams of any length cost a bounded amount, and are timed truthfully."""

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from literalai_otel import attributes
from literalai_otel.testing import Chat, Chunks, FakeProvider, Gate, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.reading import outputs, texts
from literalai_otel.testing.twin import view
from literalai_otel_openai import OpenAIInstrumentor

from .worlds import HELLO, OpenAIWorld

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])


@KINDS
async def test_the_span_of_10_000_chunks_is_that_of_3(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    """O53: attributes and events do not depend on the length."""
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    client = world.client()
    count = 0
    async for _ in world.each(await world.chat(client, model="long-10000", stream=True)):
        count += 1
    provider.script(Chat(pieces=("x",)))
    async for _ in world.each(await world.chat(client, model="short", stream=True)):
        count += 1
    await world.aclose()
    long, short = capture.spans
    assert count == 10_002 + 3
    assert set(long.attributes) == set(short.attributes)
    assert set(long.fields) == set(short.fields)
    assert len(long.span.events) == len(short.span.events) == 0
    assert texts(outputs(long)) == ("x" * 10_000,)


@KINDS
async def test_time_to_first_chunk(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    """It ends when the first chunk is read from the wire, not when the stream is opened or the consumer is done."""
    gate = Gate(opens_after=0.15)
    provider.script(Chat(pieces=("a", "b"), gates={0: gate}))
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    started = time.perf_counter()
    first_after = None
    async for _ in world.each(await world.chat(stream=True)):
        if first_after is None:
            first_after = time.perf_counter() - started
            time.sleep(0.1)  # the consumer's own time is not the model's
    await world.aclose()
    measured = capture.one().fields[attributes.RESPONSE_TIME_TO_FIRST_CHUNK]
    assert first_after is not None
    assert 0.14 < measured <= first_after


@KINDS
async def test_the_span_ends_with_the_stream(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    """It covers the reading, and is not ended before."""
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    client = world.client()
    steps = world.each(await world.chat(client, stream=True))
    await anext(steps)
    assert capture.spans == []
    assert capture.still_open == ["chat gpt-4o"]
    async for _ in steps:
        pass
    assert len(capture.spans) == 1
    await world.aclose()


def test_what_a_stream_keeps_is_bounded(provider: FakeProvider, instrument: Callable[..., SpanCapture]) -> None:
    """While it is read, chunks must not be kept as objects: the text of the answer is what grows."""
    provider.script(Chat(pieces=("x",) * 2_000))

    def peak() -> int:
        world = OpenAIWorld(provider, asynchronous=False)
        stream = world.client().chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
        next(stream)
        gc.collect()
        tracemalloc.start()
        for _ in stream:
            pass
        grown = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return grown

    peak()
    bare = peak()
    instrument()
    assert peak() - bare < 500_000, "a chunk object has several kilobytes"


@pytest.mark.parametrize("text", ["", "x", "a longer first piece"])
async def test_an_empty_piece_is_a_chunk_too(text: str, provider: FakeProvider, capture: SpanCapture) -> None:
    provider.script(Chat(pieces=(text,)))
    world = OpenAIWorld(provider, asynchronous=False)
    assert len(list(await world.chat(stream=True))) == 3
    await world.aclose()
    assert "".join(texts(outputs(capture.one()))) == text


ODD = st.one_of(st.none(), st.booleans(), st.integers(-1, 3), st.text(max_size=4), st.just([]), st.just({}))
FUNCTIONS = st.fixed_dictionaries({}, optional={"name": ODD, "arguments": ODD})
CALLS = st.fixed_dictionaries({}, optional={"index": ODD, "id": ODD, "type": ODD, "function": ODD | FUNCTIONS})
DELTAS = st.fixed_dictionaries(
    {}, optional={"role": ODD, "content": ODD, "refusal": ODD, "tool_calls": ODD | st.lists(ODD | CALLS, max_size=2)}
)
CHOICES = st.fixed_dictionaries({}, optional={"index": ODD, "delta": ODD | DELTAS, "finish_reason": ODD})
COUNTS = st.fixed_dictionaries({}, optional={"prompt_tokens": ODD, "completion_tokens": ODD, "total_tokens": ODD})
ANY_CHUNK = st.fixed_dictionaries(
    {}, optional={"choices": ODD | st.lists(ODD | CHOICES, max_size=2), "usage": ODD | COUNTS, "model": ODD, "id": ODD}
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(ANY_CHUNK, max_size=5))
def test_whatever_a_provider_sends(chunks: list[dict[str, Any]], provider: FakeProvider, guard: Guard) -> None:
    """The user sees what the bare client gives, and the span ends without an error of ours."""
    guard.allow("not readable")
    provider.script(Chunks(chunks))
    client = openai.OpenAI(base_url=provider.base_url, api_key="k", max_retries=0)

    def ask() -> object:
        try:
            stream = client.chat.completions.create(model="m", messages=HELLO, stream=True)
            return [view(chunk) for chunk in stream]
        except Exception as error:
            return view(error)

    bare = ask()
    tracer_provider, capture = SpanCapture.provider()
    OpenAIInstrumentor().instrument(tracer_provider=tracer_provider)
    try:
        assert ask() == bare
    finally:
        OpenAIInstrumentor().uninstrument()
        client.close()
    assert capture.one().fields[attributes.REQUEST_MODEL] == "m"
