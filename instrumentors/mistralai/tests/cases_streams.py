"""Streamed completions, read in every way and not to the end."""

import asyncio
import gc
from typing import Any

from literalai_otel.attributes import REQUEST_STREAM, RESPONSE_TIME_TO_FIRST_CHUNK, USAGE_CACHE_READ_INPUT_TOKENS
from literalai_otel.testing import CapturedSpan, Gate
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.mistral_chat import Events, MistralChat
from literalai_otel.testing.reading import inputs, outputs, parts, texts

from .cases_chat import Weather, two_tool_calls
from .worlds import GREETING, HELLO, MISTRAL, MODEL, MistralWorld, expect

STREAMS = case = Cases()

PIECES = ("one ", "two ", "three ", "four ", "five")


def timed(span: CapturedSpan) -> None:
    assert span.fields[RESPONSE_TIME_TO_FIRST_CHUNK] > 0
    assert span.fields[REQUEST_STREAM] is True
    assert texts(inputs(span)) == ("Hi",)


def untimed(span: CapturedSpan) -> None:
    assert RESPONSE_TIME_TO_FIRST_CHUNK not in span.fields


@case(
    "M2 stream",
    expect(texts=(GREETING,), finish=("stop",), usage=(11, 7), check=timed),
    features=("I-MIS-01", "I-MIS-02"),
)
async def whole(world: MistralWorld) -> None:
    stream = await world.stream()
    world.show("stream", [type(stream).__name__, sorted(name for name in vars(stream) if name != "generator")])
    async for event in world.each(stream):
        world.show("event", event)
        world.here("body")
    world.here("after the loop")


@case("stream in a with block", expect(texts=(GREETING,), usage=(11, 7)))
async def in_block(world: MistralWorld) -> None:
    async with world.entering(await world.stream()) as stream:
        await world.read(stream)


@case("M3 tool calls in a stream", expect(name="chat tools", finish=("tool_calls",), check=two_tool_calls))
async def tools(world: MistralWorld) -> None:
    await world.read(await world.stream(model="tools"))


@case("M3 split arguments", expect(name="chat tools-split", finish=("tool_calls",), check=two_tool_calls))
async def split_tools(world: MistralWorld) -> None:
    await world.read(await world.stream(model="tools-split"))


def cached(span: CapturedSpan) -> None:
    assert span.fields[USAGE_CACHE_READ_INPUT_TOKENS] == 3


@case("M9 cached tokens in a stream", expect(name="chat cached", usage=(11, 7), check=cached))
async def cache(world: MistralWorld) -> None:
    await world.read(await world.stream(model="cached"))


@case("a stream without usage", expect(name="chat usage-absent", texts=(GREETING,), usage=(None, None)))
async def no_usage(world: MistralWorld) -> None:
    await world.read(await world.stream(model="usage-absent"))


def thoughts(span: CapturedSpan) -> None:
    assert [part["content"] for part in parts(outputs(span), "reasoning")] == ["Let me think."]
    assert texts(outputs(span)) == ("It is 4.",)


if MISTRAL >= (2, 0):

    @case("M10 thinking in a stream", expect(name="chat thinking", check=thoughts))
    async def thinking(world: MistralWorld) -> None:
        await world.read(await world.stream(model="thinking"))


@case("M11 several choices in a stream", expect(texts=(GREETING, f"{GREETING} #1")))
async def choices(world: MistralWorld) -> None:
    await world.read(await world.stream(n=2))


@case("M23 parse_stream", expect(name="chat structured", texts=('{"city": "Paris", "degrees": 21}',)))
async def parse(world: MistralWorld) -> None:
    client = world.client()
    await world.read(
        await world.do(client.chat, "parse_stream", response_format=Weather, model="structured", messages=HELLO)
    )


@case("M29 fill in the middle in a stream", expect(name="text_completion codestral", texts=(GREETING,), usage=(11, 7)))
async def fim(world: MistralWorld) -> None:
    client = world.client()
    await world.read(await world.do(client.fim, "stream", model="codestral", prompt="def f():"))


@case("M13 agents in a stream", expect(name="chat", texts=(GREETING,), usage=(11, 7)))
async def agents(world: MistralWorld) -> None:
    client = world.client()
    await world.read(await world.do(client.agents, "stream", agent_id="ag_1", messages=HELLO))


@case("300 chunks", expect(name="chat long-300", texts=("word " * 300,)))
async def long(world: MistralWorld) -> None:
    stream = await world.stream(model="long-300")
    world.show("events", [event.data.choices[0].finish_reason async for event in world.each(stream)])


async def read_one(world: MistralWorld, stream: Any) -> None:
    async for event in world.each(stream):
        if event.data.choices[0].delta.content:
            break


@case("M28 break in a with block", expect(texts=("one ",), outcome="closed"))
async def with_break(world: MistralWorld) -> None:
    world.provider.script(MistralChat(pieces=PIECES))
    async with world.entering(await world.stream()) as stream:
        await read_one(world, stream)
        world.here("block")
    world.here("after the block")


@case("M28 an exception in the with block", expect(texts=("one ",), error="KeyError"))
async def with_error(world: MistralWorld) -> None:
    world.provider.script(MistralChat(pieces=PIECES))

    async def reading() -> None:
        async with world.entering(await world.stream()) as stream:
            await read_one(world, stream)
            raise KeyError("mine")

    await world.attempt("error", reading)


if MISTRAL >= (2, 0):

    @case("M28 closed early", expect(texts=("one ",), outcome="closed"))
    async def closed(world: MistralWorld) -> None:
        world.provider.script(MistralChat(pieces=PIECES))
        stream = await world.stream()
        await read_one(world, stream)
        await world.call(stream.close())
        world.show("response", stream.response.is_closed)


@case("M28 response closed unread", expect(texts=(), outcome="closed", check=untimed))
async def closed_unread(world: MistralWorld) -> None:
    stream = await world.stream()
    await world.call(stream.response.aclose() if world.asynchronous else stream.response.close())


@case("M28 broken out of and dropped", expect(texts=("one ",), outcome="abandoned"))
async def abandoned(world: MistralWorld) -> None:
    world.provider.script(MistralChat(pieces=PIECES))

    async def reading() -> None:
        await read_one(world, await world.stream())

    await reading()
    await world.settle()
    world.here("after collection")


@case("M28 never read", expect(texts=(), outcome="abandoned", check=untimed))
async def never_read(world: MistralWorld) -> None:
    async def dropping() -> None:
        await world.stream()

    await dropping()
    await world.settle()


@case("M28 read by another task", expect(texts=(GREETING,), usage=(11, 7)), kinds=("async",))
async def other_task(world: MistralWorld) -> None:
    stream = await world.stream()

    async def read() -> int:
        return len([event async for event in stream])

    world.show("events", await asyncio.create_task(read()))


@case(
    "M27 cancelled in mid-stream",
    expect(texts=("one ",), error="CancelledError", outcome="cancelled"),
    kinds=("async",),
)
async def cancelled(world: MistralWorld) -> None:
    gate = Gate()
    world.provider.script(MistralChat(pieces=PIECES, gates={2: gate}))
    client = world.client()

    async def reading() -> None:
        async for _ in await world.stream(client):
            pass

    task = asyncio.ensure_future(reading())
    await asyncio.to_thread(gate.wait_until_reached)
    await asyncio.sleep(0.05)
    task.cancel("no longer needed")
    try:
        await task
    except asyncio.CancelledError as error:
        world.show("cancelled", [error.args, task.cancelled()])
    finally:
        gate.open()


@case("an error in the stream", expect(name="chat stream-error", error="*"))
async def stream_error(world: MistralWorld) -> None:
    stream = await world.stream(model="stream-error")
    await world.attempt("error", lambda: world.read(stream))


@case("a connection that breaks in the stream", expect(name="chat cut", error="RemoteProtocolError"))
async def cut(world: MistralWorld) -> None:
    stream = await world.stream(model="cut")
    await world.attempt("error", lambda: world.read(stream))


@case("choices that are empty", expect(texts=("Hi",)))
async def empty_choices(world: MistralWorld) -> None:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    said = {"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}
    chunks = ({**head, "choices": []}, {**head, "choices": [said]}, {**head, "choices": []})
    world.provider.script(Events(tuple((None, chunk) for chunk in chunks)))
    await world.read(await world.stream())


@case("a stream held while others are collected", expect(texts=(GREETING,), usage=(11, 7)))
async def held(world: MistralWorld) -> None:
    stream = await world.stream()
    gc.collect()
    await world.read(stream)
    world.show("again", [event async for event in world.each(stream)])
