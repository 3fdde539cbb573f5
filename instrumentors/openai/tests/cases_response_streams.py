"""Streams of Responses: the events, the helper `responses.stream()`, and every way of ending early."""

import asyncio
from typing import Any

import openai
import pydantic

from literalai_otel.attributes import RESPONSE_ID, RESPONSE_MODEL, RESPONSE_STATUS, RESPONSE_TIME_TO_FIRST_CHUNK
from literalai_otel.testing import CapturedSpan, Gate, Response
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.openai_responses import message_item
from literalai_otel.testing.reading import outputs, parts

from .cases_responses import GREETING, refused, server_tools_recorded, thoughts, two_calls
from .cases_streams import timed, untimed
from .worlds import CLOSED_TWICE, Expect, OpenAIWorld

RESPONSE_STREAMS = case = Cases()

NUMBERS = Response((message_item("one two three four"),))
WHOLE = "one two three four"
TEXT_AT = 4
"""Number of the event that carries the first word."""


async def opened(world: OpenAIWorld, client: Any = None, **asked: Any) -> Any:
    """A stream of a response, with a default model and input."""
    client = client if client is not None else world.client()
    return await world.call(client.responses.create(**{"model": "gpt-4o", "input": "Hi", "stream": True, **asked}))


async def read(world: OpenAIWorld, stream: Any, label: str = "events") -> list[Any]:
    events = []
    async for event in world.each(stream):
        if len(events) < 3:
            world.here("loop body")
        events.append(event)
    world.show(label, events)
    return events


@case("O8 responses stream", Expect(texts=(GREETING,), finish=("stop",), usage=(13, 9), check=timed))
async def whole(world: OpenAIWorld) -> None:
    stream = await opened(world)
    world.here("before the first event")
    world.show("stream", [stream, isinstance(stream, (openai.Stream, openai.AsyncStream))])
    await read(world, stream)
    world.here("after")


for _model, _expect in (
    ("tools", Expect(model="tools", finish=("tool_calls",), check=two_calls)),
    ("reasoning", Expect(model="reasoning", texts=("42",), check=thoughts)),
    ("server-tools", Expect(model="server-tools", finish=("stop",), check=server_tools_recorded)),
    ("refusal", Expect(model="refusal", check=refused)),
    ("cut-short", Expect(model="cut-short", texts=("Once upon",), finish=("length",))),
    ("failed", Expect(model="failed", error="server_error")),
    ("nothing", Expect(model="nothing", texts=(), check=untimed)),
):

    @case(f"O14 O15 responses stream, {_model}", _expect)
    async def models(world: OpenAIWorld, model: str = _model) -> None:
        await read(world, await opened(world, model=model))


def begun(span: CapturedSpan) -> None:
    """What the first events said of the response."""
    assert span.fields[RESPONSE_ID].startswith("resp_")
    assert span.fields[RESPONSE_MODEL] == "gpt-4o-2025-01-01"
    assert span.fields[RESPONSE_STATUS] == "in_progress"


async def until_word(world: OpenAIWorld, stream: Any) -> None:
    """Read until the first word has come."""
    async for event in world.each(stream):
        if event.type == "response.output_text.delta":
            break


@case("responses stream, with block left by break", Expect(texts=("one",), outcome="closed", check=begun))
async def with_break(world: OpenAIWorld) -> None:
    world.provider.script(NUMBERS)
    async with world.entering(await opened(world)) as stream:
        await until_word(world, stream)
    world.here("after the block")


@case("responses stream, exception in the block", Expect(texts=("one",), error="ValueError"))
async def with_exception(world: OpenAIWorld) -> None:
    world.provider.script(NUMBERS)

    async def block() -> None:
        async with world.entering(await opened(world)) as stream:
            await until_word(world, stream)
            raise ValueError("mine")

    await world.attempt("error", block)


@case("responses stream, closed", Expect(texts=("one",), outcome="closed"))
async def closed(world: OpenAIWorld) -> None:
    world.provider.script(NUMBERS)
    stream = await opened(world)
    await until_word(world, stream)
    await world.call(stream.response.aclose() if world.asynchronous else stream.response.close())


@case("responses stream, closed before any output", Expect(texts=(), outcome="closed", check=untimed))
async def closed_early(world: OpenAIWorld) -> None:
    """The events that announce a response are no output."""
    stream = await opened(world)
    async for event in world.each(stream):
        if event.type == "response.in_progress":
            break
    await world.call(stream.close())


@case("responses stream, dropped", Expect(texts=("one",), outcome="abandoned"), logs=CLOSED_TWICE)
async def dropped(world: OpenAIWorld) -> None:
    world.provider.script(NUMBERS)

    async def reading() -> None:
        await until_word(world, await opened(world))

    await reading()
    await world.settle()


@case("responses stream, never read", Expect(texts=(), outcome="abandoned"))
async def unread(world: OpenAIWorld) -> None:
    async def dropping() -> None:
        await opened(world)

    await dropping()
    await world.settle()


@case("O15 responses stream, error event", Expect(texts=("one two",), error="server_error"))
async def error_event(world: OpenAIWorld) -> None:
    """The SDK hands it over as an event and raises nothing."""
    world.provider.script(Response(NUMBERS.output, error_after=TEXT_AT + 2))
    await read(world, await opened(world))


def cut_off(span: CapturedSpan) -> None:
    assert str(span.attributes["error.type"]).rsplit(".", 1)[-1] in ("APIConnectionError", "RemoteProtocolError")


@case("responses stream, socket cut", Expect(texts=("one two",), error="*", check=cut_off))
async def cut(world: OpenAIWorld) -> None:
    world.provider.script(Response(NUMBERS.output, cut_after=TEXT_AT + 2))
    stream = await opened(world)
    await world.attempt("error", lambda: read(world, stream))


@case(
    "O49 responses stream, cancelled",
    Expect(texts=("one",), error="CancelledError", outcome="cancelled"),
    kinds=("async",),
)
async def cancelled(world: OpenAIWorld) -> None:
    gate = Gate()
    world.provider.script(Response(NUMBERS.output, gates={TEXT_AT + 1: gate}))
    client = world.client()

    async def reading() -> None:
        async for _ in world.each(await opened(world, client)):
            pass

    task = asyncio.ensure_future(reading())
    await asyncio.to_thread(gate.wait_until_reached)
    for _ in range(50):
        await asyncio.sleep(0.001)  # the events before the gate are on their way
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError as error:
        world.show("cancelled", [error.args, task.cancelled()])
    finally:
        gate.open()


def partial_items(span: CapturedSpan) -> None:
    (message,) = outputs(span)
    kinds = ("reasoning", "tool_call", "server_tool_call", "server_tool_call_response")
    assert tuple(part["type"] for part in message["parts"]) == kinds
    assert parts([message], "reasoning")[0]["content"] == "thinking"
    (call,) = parts([message], "tool_call")
    assert (call["id"], call["name"], call["arguments"]) == ("call_1", "look", '{"city": "Pa')
    (asked,) = parts([message], "server_tool_call")
    assert asked["server_tool_call"]["code"] == "print("


ITEMS: Any = (
    {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-4o-2025-01-01", "status": "in_progress"}},
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "r", "summary": []}},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "item_id": "r", "delta": "think"},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "item_id": "r", "delta": "ing"},
    {
        "type": "response.output_item.added",
        "output_index": 1,
        "item": {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": ""},
    },
    {"type": "response.function_call_arguments.delta", "output_index": 1, "item_id": "f", "delta": '{"city"'},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "item_id": "f", "delta": ': "Pa'},
    {"type": "response.code_interpreter_call_code.delta", "output_index": 2, "item_id": "c", "delta": "print("},
)


@case("responses stream that ends in the middle of items", Expect(check=partial_items))
async def truncated(world: OpenAIWorld) -> None:
    world.provider.script(Response(events=ITEMS))
    await read(world, await opened(world))


ODD: Any = (
    {"type": "response.created", "response": None},
    {"type": "response.hologram.started", "light": 1},
    {"type": None},
    {"type": "response.output_text.delta", "delta": "a"},
    {"type": "response.output_text.delta", "output_index": None, "delta": "b"},
    {"type": "response.output_text.delta", "output_index": 0, "delta": None},
    {"type": "response.output_item.done", "output_index": 1, "item": {"type": "hologram_call", "id": "h"}},
    {"type": "response.output_item.done", "output_index": 2, "item": None},
    {"type": "response.completed", "response": {"id": "resp_1", "output": None}},
)


@case("responses stream, unknown and odd events", Expect(texts=("ab",)))
async def odd_events(world: OpenAIWorld) -> None:
    world.provider.script(Response(events=ODD))
    await world.attempt("events", lambda: _all(world))


async def _all(world: OpenAIWorld, **asked: Any) -> list[Any]:
    return await read(world, await opened(world, **asked))


@case("responses stream, events that are no objects", Expect(), logs="not readable")
async def no_objects(world: OpenAIWorld) -> None:
    world.provider.script(Response(events=({"type": "response.output_item.added", "output_index": []}, *ODD)))
    await world.attempt("events", lambda: _all(world))


for _model in ("html", "empty"):

    @case(f"responses stream, {_model}", Expect(model=_model, texts=()))
    async def no_stream(world: OpenAIWorld, model: str = _model) -> None:
        await world.attempt("events", lambda: _all(world, model=model))


@case("responses stream, error status", Expect(model="error-429", error="RateLimitError"))
async def error_status(world: OpenAIWorld) -> None:
    await world.attempt("events", lambda: _all(world, model="error-429"))


# --- the helper `responses.stream()` -------------------------------------------------------------


class Weather(pydantic.BaseModel):
    city: str
    degrees: int


def helper(world: OpenAIWorld, **asked: Any) -> Any:
    return world.entering(world.client().responses.stream(**{"model": "gpt-4o", "input": "Hi", **asked}))


@case("responses.stream()", Expect(texts=(GREETING,), finish=("stop",), usage=(13, 9), check=timed))
async def helper_whole(world: OpenAIWorld) -> None:
    async with helper(world) as stream:
        world.show("stream", stream)
        async for event in world.each(stream):
            world.here("body")
            world.show("event", event.type)
        world.show("final", await world.call(stream.get_final_response()))
    world.here("after")


@case("responses.stream(), structured", Expect(model="structured", usage=(13, 9)))
async def helper_structured(world: OpenAIWorld) -> None:
    async with helper(world, model="structured", text_format=Weather) as stream:
        world.show("parsed", (await world.call(stream.get_final_response())).output_parsed)


@case("responses.stream(), left by break", Expect(texts=("one",), outcome="closed"))
async def helper_break(world: OpenAIWorld) -> None:
    world.provider.script(NUMBERS)
    async with helper(world) as stream:
        await until_word(world, stream)


@case("O13 responses.stream() that cannot start", Expect(model="error-400", error="BadRequestError"))
async def helper_error(world: OpenAIWorld) -> None:
    async def block() -> None:
        async with helper(world, model="error-400"):
            raise AssertionError("not reached")

    await world.attempt("error", block)


# --- raw -----------------------------------------------------------------------------------------


@case("raw responses stream", Expect(texts=(GREETING,), usage=(13, 9), check=timed))
async def raw(world: OpenAIWorld) -> None:
    view = world.client().responses.with_raw_response
    response = await world.call(view.create(model="gpt-4o", input="Hi", stream=True))
    stream = response.parse()
    world.show("parsed again is the same", response.parse() is stream)
    await read(world, stream)


@case("streaming response of a responses stream, parsed", Expect(texts=(GREETING,), usage=(13, 9), check=timed))
async def streaming_parsed(world: OpenAIWorld) -> None:
    view = world.client().responses.with_streaming_response
    async with world.entering(view.create(model="gpt-4o", input="Hi", stream=True)) as response:
        await read(world, await world.call(response.parse()))


def first_word_timed(span: CapturedSpan) -> None:
    assert RESPONSE_TIME_TO_FIRST_CHUNK in span.fields


@case(
    "streaming response of a responses stream, lines", Expect(texts=(GREETING,), usage=(13, 9), check=first_word_timed)
)
async def streaming_lines(world: OpenAIWorld) -> None:
    view = world.client().responses.with_streaming_response
    async with world.entering(view.create(model="gpt-4o", input="Hi", stream=True)) as response:
        world.show("lines", [line async for line in world.each(response.iter_lines())])


@case("streaming response of a responses stream, failed", Expect(model="failed", error="server_error"))
async def streaming_failed(world: OpenAIWorld) -> None:
    view = world.client().responses.with_streaming_response
    async with world.entering(view.create(model="failed", input="Hi", stream=True)) as response:
        world.show("lines", [line async for line in world.each(response.iter_lines())])
