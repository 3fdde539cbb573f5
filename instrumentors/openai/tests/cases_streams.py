"""Streams: read, left early, broken, cancelled, dropped, read elsewhere."""

import asyncio
import threading
from typing import Any

import openai
import pydantic

from literalai_otel.attributes import REQUEST_STREAM, RESPONSE_TIME_TO_FIRST_CHUNK
from literalai_otel.testing import CapturedSpan, Chat, Chunks, Gate
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.reading import arguments, outputs, parts, texts

from .cases_plain import GREETING, WEATHER_TOOL, refused, two_tool_calls
from .worlds import CLOSED_TWICE, HELLO, Expect, OpenAIWorld

STREAMS = case = Cases()

PIECES = ("one ", "two ", "three ", "four ", "five")
USAGE = {"stream_options": {"include_usage": True}}


def timed(span: CapturedSpan) -> None:
    """The first chunk is timed, in seconds, inside the span."""
    fields = span.fields
    assert fields[REQUEST_STREAM] is True
    length = ((span.span.end_time or 0) - (span.span.start_time or 0)) / 1e9
    assert 0 < fields[RESPONSE_TIME_TO_FIRST_CHUNK] <= length


def untimed(span: CapturedSpan) -> None:
    assert RESPONSE_TIME_TO_FIRST_CHUNK not in span.fields


async def read(world: OpenAIWorld, stream: Any, label: str = "chunks") -> list[Any]:
    """Read to the end, showing each chunk and the context of the loop body."""
    chunks = []
    async for chunk in world.each(stream):
        if len(chunks) < 3:
            world.here("loop body")
        chunks.append(chunk)
    world.show(label, chunks)
    return chunks


@case("stream", Expect(texts=(GREETING,), finish=("stop",), usage=(None, None), check=timed), features=("I-OAI-02",))
async def whole(world: OpenAIWorld) -> None:
    stream = await world.chat(stream=True)
    world.here("before the first chunk")
    world.show("stream", stream)
    world.show("isinstance", isinstance(stream, (openai.Stream, openai.AsyncStream)))
    chunks = await read(world, stream)
    world.show("no chunk of usage", all(chunk.choices for chunk in chunks))
    await world.call(stream.close())
    await world.call(stream.close())


@case("O35 contract of the stream", Expect(texts=("one two three four five",)))
async def contract(world: OpenAIWorld) -> None:
    """Attributes, repeated iteration and reading past the end are the SDK's."""
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    world.show("attributes", sorted(name for name in dir(stream) if not name.startswith("__")))
    world.show("exact type", type(stream) in (openai.Stream, openai.AsyncStream))
    world.show("response", [stream.response, stream.response.status_code, stream.response.headers["x-request-id"]])
    step = stream.__anext__ if world.asynchronous else stream.__next__
    world.show("first", await world.call(step()))
    world.show("rest", [chunk async for chunk in world.each(stream)])
    world.show("again", [chunk async for chunk in world.each(stream)])
    await world.attempt("past the end", step, (StopIteration, StopAsyncIteration))  # type: ignore[arg-type]
    await world.attempt("unknown", lambda: stream.nonsense)


@case("stream, usage asked for", Expect(texts=(GREETING,), usage=(11, 7)))
async def usage(world: OpenAIWorld) -> None:
    await read(world, await world.chat(stream=True, **USAGE))


@case("stream, usage refused by the user", Expect(texts=(GREETING,), usage=(None, None)))
async def usage_off(world: OpenAIWorld) -> None:
    await read(world, await world.chat(stream=True, stream_options={"include_usage": False}))


@case("O10 closed right after the usage", Expect(texts=(GREETING,), usage=(11, 7), outcome="closed"))
async def closed_after_usage(world: OpenAIWorld) -> None:
    stream = await world.chat(stream=True, **USAGE)
    async for chunk in world.each(stream):
        if chunk.usage:
            break
    await world.call(stream.close())


@case("stream, tools", Expect(model="tools", finish=("tool_calls",), check=two_tool_calls))
async def tools(world: OpenAIWorld) -> None:
    await read(world, await world.chat(model="tools", tools=[WEATHER_TOOL], stream=True))


def text_and_tools(span: CapturedSpan) -> None:
    assert texts(outputs(span)) == ("Let me look.",)
    two_tool_calls(span)


@case("O34 text, then tools", Expect(model="text-and-tools", check=text_and_tools))
async def text_then_tools(world: OpenAIWorld) -> None:
    await read(world, await world.chat(model="text-and-tools", stream=True))


@case("O11 stream, refusal", Expect(model="refusal", finish=("stop",), check=refused))
async def refusal(world: OpenAIWorld) -> None:
    await read(world, await world.chat(model="refusal", stream=True))


@case("O48 stream, n = 2", Expect(texts=(GREETING, f"{GREETING} #1"), finish=("stop", "stop"), usage=(11, 7)))
async def many_choices(world: OpenAIWorld) -> None:
    await read(world, await world.chat(n=2, stream=True, **USAGE))


@case("300 chunks", Expect(model="long-300", texts=("word " * 300,)))
async def long(world: OpenAIWorld) -> None:
    await read(world, await world.chat(model="long-300", stream=True))


@case("break in a with block", Expect(texts=("one ",), outcome="closed"))
async def with_break(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    async with world.entering(await world.chat(stream=True)) as stream:
        world.here("block")
        async for chunk in world.each(stream):
            world.here("body")
            if chunk.choices[0].delta.content:
                break
    world.here("after the block")


@case("with block, read to the end", Expect(texts=("one two three four five",)))
async def with_whole(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    async with world.entering(await world.chat(stream=True)) as stream:
        world.show("the block gets the stream", stream)
        await read(world, stream)


@case("exception in a with block", Expect(texts=("one ",), error="ValueError"))
async def with_exception(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    mine = ValueError("mine")
    try:
        async with world.entering(stream):
            async for chunk in world.each(stream):
                if chunk.choices[0].delta.content:
                    raise mine
    except ValueError as error:
        world.show("same", error is mine)
        world.show("error", error)


@case("closed early", Expect(texts=("one ",), outcome="closed"))
async def closed(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    async for chunk in world.each(stream):
        if chunk.choices[0].delta.content:
            break
    world.here("before close")
    await world.call(stream.close())
    world.show("response", stream.response.is_closed)


@case("closed while another error is handled", Expect(texts=("one ",), outcome="closed"))
async def closed_in_handler(world: OpenAIWorld) -> None:
    """The user's unrelated exception is not the stream's."""
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    async for chunk in world.each(stream):
        if chunk.choices[0].delta.content:
            break
    try:
        raise KeyError("unrelated")
    except KeyError:
        await world.call(stream.close())


@case("response closed early", Expect(texts=("one ",), outcome="closed"))
async def response_closed(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    async for chunk in world.each(stream):
        if chunk.choices[0].delta.content:
            break
    await world.call(stream.response.aclose() if world.asynchronous else stream.response.close())


@case("closed before the first chunk", Expect(texts=(), outcome="closed", check=untimed))
async def closed_unread(world: OpenAIWorld) -> None:
    stream = await world.chat(stream=True)
    await world.call(stream.close())


@case("broken out of and dropped", Expect(texts=("one ",), outcome="abandoned"), logs=CLOSED_TWICE)
async def abandoned(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))

    async def reading() -> None:
        stream = await world.chat(stream=True)
        async for chunk in world.each(stream):
            if chunk.choices[0].delta.content:
                break

    await reading()
    await world.settle()
    world.here("after collection")


@case("never iterated", Expect(texts=(), outcome="abandoned", check=untimed))
async def never_read(world: OpenAIWorld) -> None:
    async def dropping() -> None:
        await world.chat(stream=True)

    await dropping()
    await world.settle()


@case("O29 the consumer raises", Expect(texts=("one ",), outcome="abandoned"))
async def consumer_raises(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))

    async def reading() -> None:
        async for chunk in world.each(await world.chat(stream=True)):
            if chunk.choices[0].delta.content:
                raise ValueError("mine")

    await world.attempt("error", reading)
    await world.settle()


@case("error event in mid-stream", Expect(texts=("one two ",), error="APIError"))
async def error_event(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES, error_after=3))
    stream = await world.chat(stream=True)
    await world.attempt("error", lambda: read(world, stream))
    await world.attempt("after it", lambda: read(world, stream, "nothing more"))
    await world.call(stream.close())


@case("error event, handled in a with block", Expect(error="APIError"))
async def error_event_with(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES, error_after=1))
    async with world.entering(await world.chat(stream=True)) as stream:
        await world.attempt("error", lambda: read(world, stream))


@case("O26 close raises", Expect(texts=("one ",), error="OSError"))
async def close_raises(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    async for chunk in world.each(stream):
        if chunk.choices[0].delta.content:
            break
    inner = stream.response.stream

    def broken() -> None:
        raise OSError("scripted")

    async def broken_async() -> None:
        broken()

    name, replacement = ("aclose", broken_async) if world.asynchronous else ("close", broken)
    setattr(inner, name, replacement)
    await world.attempt("close", stream.close)
    delattr(inner, name)
    await world.call(getattr(inner, name)())


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt, which a test runner would take for its own."""


@case("O26 BaseException while reading", Expect(texts=(), error="Interrupted"))
async def interrupted(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    mine = Interrupted("mine")

    def stop(*arguments: Any, **options: Any) -> Any:
        raise mine

    stream._client._process_response_data = stop
    try:
        error = await world.attempt("read", lambda: read(world, stream), Interrupted)
    finally:
        del stream._client._process_response_data
    world.show("same", error is mine)


# openai 3 wraps what the transport raises; before, the HTTP library's own error came through.
CUT_ERRORS = ("APIConnectionError", "RemoteProtocolError")


def cut_error(span: CapturedSpan) -> None:
    kind = str(span.attributes["error.type"]).rsplit(".", 1)[-1]
    assert kind in CUT_ERRORS
    assert texts(outputs(span)) == ("one two ",)


@case("socket cut in mid-stream", Expect(error="*", check=cut_error))
async def cut(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES, cut_after=3))
    stream = await world.chat(stream=True)
    await world.attempt("error", lambda: read(world, stream))


@case("read timeout in mid-stream", Expect(error="*"))
async def stalled(world: OpenAIWorld) -> None:
    gate = Gate()
    world.provider.script(Chat(pieces=PIECES, gates={2: gate}))
    stream = await world.chat(world.client(timeout=0.3), stream=True)
    try:
        await world.attempt("error", lambda: read(world, stream))
    finally:
        gate.open()


@case(
    "O49 cancelled in mid-stream",
    Expect(texts=("one ",), error="CancelledError", outcome="cancelled"),
    kinds=("async",),
)
async def cancelled(world: OpenAIWorld) -> None:
    gate = Gate()
    world.provider.script(Chat(pieces=PIECES, gates={2: gate}))
    client = world.client()

    async def reading() -> None:
        async for _ in world.each(await world.chat(client, stream=True)):
            pass

    task = asyncio.ensure_future(reading())
    await asyncio.to_thread(gate.wait_until_reached)
    for _ in range(50):
        await asyncio.sleep(0.001)  # the chunks before the gate are on their way
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError as error:
        world.show("cancelled", [error.args, task.cancelled()])
    finally:
        gate.open()


def joined_pieces(span: CapturedSpan) -> None:
    calls = parts(outputs(span), "tool_call")
    assert [(call["id"], call["name"], arguments(call)) for call in calls] == [
        ("a", "first", {}),
        ("b", "second", {"x": 1}),
    ]


@case("O12 odd pieces of tool calls", Expect(finish=("tool_calls",), check=joined_pieces))
async def odd_tool_pieces(world: OpenAIWorld) -> None:
    def piece(*calls: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"tool_calls": list(calls) if calls != (None,) else None}}]}

    world.provider.script(
        Chunks(
            (
                piece(None),
                piece({"index": 1, "id": "b", "type": "function", "function": {"name": "second", "arguments": None}}),
                piece({"index": 0, "id": "a", "type": "function", "function": {"name": "first", "arguments": ""}}),
                piece({"index": 1, "function": {"arguments": '{"x"'}}, {"index": 0, "function": {"arguments": "{}"}}),
                piece({"index": 1, "function": None}),
                piece({"index": 1, "id": None, "function": {"name": None, "arguments": ": 1}"}}),
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
            )
        )
    )
    await read(world, await world.chat(stream=True))


@case("O51 chunk without index", Expect(model="no-index", texts=("Hi",)))
async def no_index(world: OpenAIWorld) -> None:
    await world.attempt("chunks", lambda: _all(world, model="no-index"))


async def _all(world: OpenAIWorld, **asked: Any) -> list[Any]:
    return await read(world, await world.chat(stream=True, **asked))


@case("O33 choices null in a chunk", Expect(model="choices-null", texts=("Hi",)))
async def choices_null(world: OpenAIWorld) -> None:
    await world.attempt("chunks", lambda: _all(world, model="choices-null"))


@case("choices empty in a chunk", Expect(model="choices-empty", texts=("Hi",)))
async def choices_empty(world: OpenAIWorld) -> None:
    await world.attempt("chunks", lambda: _all(world, model="choices-empty"))


@case("delta null, and other odd chunks", Expect(), logs="not readable")
async def odd_chunks(world: OpenAIWorld) -> None:
    world.provider.script(
        Chunks(
            (
                {"choices": [{"index": 0, "delta": None}]},
                {"choices": [{"index": 0}]},
                {"choices": [None]},
                {"choices": [{"index": 0, "delta": {"content": "ok"}}], "usage": {"prompt_tokens": None}},
                {"choices": [{"index": 0, "delta": {"content": 5}}]},
                {"choices": "none"},
                {"id": None, "model": None, "choices": []},
            )
        )
    )
    await world.attempt("chunks", lambda: _all(world))


@case("O32 Azure: last chunk with filter data only", Expect(texts=("Hi",), finish=("stop",)))
async def azure_tail(world: OpenAIWorld) -> None:
    world.provider.script(
        Chunks(
            (
                {"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]},
                {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}}]},
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                {"choices": [{"index": 0, "content_filter_results": {"hate": {"filtered": False}}}]},
            )
        )
    )
    await read(world, await world.chat(world.azure(), stream=True))


@case("HTML in place of a stream", Expect(model="html", texts=()))
async def html(world: OpenAIWorld) -> None:
    await world.attempt("chunks", lambda: _all(world, model="html"))


@case("O51 empty body of a stream", Expect(model="empty", texts=()))
async def empty(world: OpenAIWorld) -> None:
    await world.attempt("chunks", lambda: _all(world, model="empty"))


# --- the helper `chat.completions.stream()` ------------------------------------------------------


class Weather(pydantic.BaseModel):
    city: str
    degrees: int


def helper(world: OpenAIWorld, **asked: Any) -> Any:
    return world.entering(world.client().chat.completions.stream(**{"model": "gpt-4o", "messages": HELLO, **asked}))


@case("stream() helper", Expect(texts=(GREETING,), finish=("stop",)))
async def helper_whole(world: OpenAIWorld) -> None:
    async with helper(world) as stream:
        world.here("block")
        world.show("stream", stream)
        async for event in world.each(stream):
            world.here("body")
            world.show("event", event.type)
        world.show("final", await world.call(stream.get_final_completion()))
    world.here("after")


@case("stream() helper, structured", Expect(model="structured", texts=('{"city": "Paris", "degrees": 21}',)))
async def helper_structured(world: OpenAIWorld) -> None:
    async with helper(world, model="structured", response_format=Weather) as stream:
        final = await world.call(stream.get_final_completion())
    world.show("parsed", final.choices[0].message.parsed)


@case("stream() helper, tools and usage", Expect(model="tools", usage=(11, 7), check=two_tool_calls))
async def helper_tools(world: OpenAIWorld) -> None:
    async with helper(world, model="tools", **USAGE) as stream:
        world.show("final", await world.call(stream.get_final_completion()))


@case("stream() helper, left by break", Expect(outcome="closed"))
async def helper_break(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    async with helper(world) as stream:
        async for event in world.each(stream):
            if event.type == "content.delta":
                break


@case("stream() helper, left by exception", Expect(error="ValueError"))
async def helper_exception(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))

    async def block() -> None:
        async with helper(world) as stream:
            async for event in world.each(stream):
                if event.type == "content.delta":
                    raise ValueError("mine")

    await world.attempt("error", block)


@case("stream() helper that cannot start", Expect(model="error-400", error="BadRequestError"))
async def helper_error(world: OpenAIWorld) -> None:
    async def block() -> None:
        async with helper(world, model="error-400"):
            raise AssertionError("not reached")

    await world.attempt("error", block)


# --- read somewhere else -------------------------------------------------------------------------


@case("read in another task", Expect(texts=("one two three four five",)), kinds=("async",))
async def other_task(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    await asyncio.create_task(read(world, stream))


@case("each chunk read in a task of its own", Expect(texts=("one two three four five",)), kinds=("async",))
async def many_tasks(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    steps = aiter(stream)
    chunks = []
    while (chunk := await asyncio.create_task(_next(steps))) is not None:
        world.here("between")
        chunks.append(chunk)
    world.show("chunks", chunks)


async def _next(steps: Any) -> Any:
    return await anext(steps, None)


@case("read in another thread", Expect(texts=("one two three four five",)), kinds=("sync",))
async def other_thread(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = await world.chat(stream=True)
    chunks: list[Any] = []
    thread = threading.Thread(target=lambda: chunks.extend(stream))
    thread.start()
    thread.join()
    world.show("chunks", chunks)


@case("two streams interleaved", *(Expect(texts=("one two three four five",)),) * 2)
async def interleaved(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    client = world.client()
    first, second = world.each(await world.chat(client, stream=True)), world.each(await world.chat(client, stream=True))
    pairs = []
    while (left := await anext(first, None)) is not None:
        pairs.append((left, await anext(second, None)))
        world.here("between")
    world.show("rest", await anext(second, None))
    world.show("pairs", pairs)


@case("a generator of the user around a stream", Expect(texts=("one ",), outcome="abandoned"), kinds=("sync",))
async def user_generator(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    client = world.client()

    def words() -> Any:
        for chunk in client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True):
            if chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    generator = words()
    world.show("first", next(generator))
    world.here("between")
    generator.close()
    await world.settle()
