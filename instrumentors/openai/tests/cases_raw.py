"""`with_raw_response` and `with_streaming_response`."""

from typing import Any

import openai
import pydantic

from literalai_otel.testing import Chat
from literalai_otel.testing.cases import Cases

from .cases_plain import GREETING
from .cases_streams import PIECES
from .worlds import HELLO, Expect, OpenAIWorld

RAW = case = Cases()

WHOLE = "one two three four five"


def arguments(**asked: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": HELLO, **asked}


async def raw(world: OpenAIWorld, **asked: Any) -> Any:
    return await world.call(world.client().chat.completions.with_raw_response.create(**arguments(**asked)))


def streaming(world: OpenAIWorld, client: Any = None, **asked: Any) -> Any:
    client = client or world.client()
    return world.entering(client.chat.completions.with_streaming_response.create(**arguments(**asked)))


@case("O4 raw", Expect(texts=(GREETING,), usage=(11, 7), finish=("stop",)))
async def raw_plain(world: OpenAIWorld) -> None:
    response = await raw(world)
    world.show("response", response)
    world.show("headers", [response.headers["x-request-id"], response.status_code, response.http_request.method])
    world.show("retries", response.retries_taken)
    world.show("text", response.text)
    first = response.parse()
    world.show("parsed", first)
    world.show("parsed again is the same", response.parse() is first)
    world.show("attributes", sorted(name for name in dir(response) if not name.startswith("__")))


@case("raw, never parsed", Expect(texts=(GREETING,), usage=(11, 7)))
async def raw_unparsed(world: OpenAIWorld) -> None:
    response = await raw(world)
    world.show("content", response.content)


@case("raw, parsed to another type", Expect(texts=(GREETING,)))
async def raw_other_type(world: OpenAIWorld) -> None:
    class Mine(openai.BaseModel):
        id: str

    response = await raw(world)
    world.show("mine", response.parse(to=Mine))


@case("raw parse()", Expect(model="structured", texts=('{"city": "Paris", "degrees": 21}',)))
async def raw_structured(world: OpenAIWorld) -> None:
    class Weather(pydantic.BaseModel):
        city: str
        degrees: int

    completions = world.client().chat.completions
    response = await world.call(
        completions.with_raw_response.parse(**arguments(model="structured"), response_format=Weather)
    )
    world.show("parsed", response.parse().choices[0].message.parsed)


@case("raw error", Expect(model="error-429", error="RateLimitError"))
async def raw_error(world: OpenAIWorld) -> None:
    await world.attempt("error", lambda: raw(world, model="error-429"))


@case("O51 raw, empty body", Expect(model="empty"), logs="not readable")
async def raw_empty(world: OpenAIWorld) -> None:
    """Nothing fails before the user parses, and the failure is the user's then."""
    response = await raw(world, model="empty")
    await world.attempt("parse", response.parse)


@case("raw, HTML", Expect(model="html"), logs="not readable")
async def raw_html(world: OpenAIWorld) -> None:
    response = await raw(world, model="html")
    await world.attempt("parse", response.parse)


@case("O1 raw stream", Expect(texts=(WHOLE,), finish=("stop",), usage=(11, 7)))
async def raw_stream(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    response = await raw(world, stream=True, stream_options={"include_usage": True})
    world.show("response", [response, response.headers["x-request-id"]])
    stream = response.parse()
    world.show("stream", stream)
    world.show("parsed again is the same", response.parse() is stream)
    chunks = []
    async for chunk in world.each(stream):
        world.here("body")
        chunks.append(chunk)
    world.show("chunks", chunks)


@case("raw stream, the response is dropped first", Expect(texts=(WHOLE,)))
async def raw_stream_dropped(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    stream = (await raw(world, stream=True)).parse()
    world.collect()
    world.show("chunks", [chunk async for chunk in world.each(stream)])


@case("raw stream, closed early", Expect(texts=("one ",), outcome="closed"))
async def raw_stream_closed(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    response = await raw(world, stream=True)
    stream = response.parse()
    async for chunk in world.each(stream):
        if chunk.choices[0].delta.content:
            break
    await world.call(stream.close())


@case("raw stream, never parsed", Expect(texts=(), outcome="abandoned"))
async def raw_stream_unparsed(world: OpenAIWorld) -> None:
    async def dropping() -> None:
        await raw(world, stream=True)

    await dropping()
    await world.settle()


@case("raw stream, error event", Expect(error="APIError", texts=("one two ",)))
async def raw_stream_error(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES, error_after=3))
    stream = (await raw(world, stream=True)).parse()

    async def reading() -> None:
        async for _ in world.each(stream):
            pass

    await world.attempt("error", reading)


@case("streaming response, parsed", Expect(texts=(GREETING,), usage=(11, 7), finish=("stop",)))
async def streaming_parsed(world: OpenAIWorld) -> None:
    async with streaming(world) as response:
        world.here("block")
        world.show("response", [response, response.headers["x-request-id"], response.is_closed])
        parsed = await world.call(response.parse())
        world.show("parsed", parsed)
        world.show("again is the same", await world.call(response.parse()) is parsed)
        world.here("end of the block")
    world.show("closed", response.is_closed)


for _reader in ("json", "read", "text"):

    @case(f"streaming response, {_reader}()", Expect(texts=(GREETING,), usage=(11, 7)))
    async def streaming_read(world: OpenAIWorld, reader: str = _reader) -> None:
        async with streaming(world) as response:
            content = await world.call(getattr(response, reader)())
            world.show(reader, content)


for _reader in ("iter_bytes", "iter_text", "iter_lines"):

    @case(f"streaming response, {_reader}() of a plain answer", Expect())
    async def streaming_iterated(world: OpenAIWorld, reader: str = _reader) -> None:
        async with streaming(world) as response:
            pieces = [piece async for piece in world.each(getattr(response, reader)())]
            world.show(reader, type(pieces[0])().join(pieces))


@case("streaming response, nothing read", Expect(outcome="closed"))
async def streaming_unread(world: OpenAIWorld) -> None:
    async with streaming(world) as response:
        world.show("status", response.status_code)


@case("streaming response of a stream, parsed", Expect(texts=(WHOLE,), finish=("stop",)))
async def streaming_stream(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    async with streaming(world, stream=True) as response:
        stream = await world.call(response.parse())
        world.show("stream", stream)
        world.show("again is the same", await world.call(response.parse()) is stream)
        chunks = []
        async for chunk in world.each(stream):
            world.here("body")
            chunks.append(chunk)
        world.show("chunks", chunks)


@case("streaming response of a stream, iter_lines", Expect(texts=(WHOLE,), finish=("stop",)))
async def streaming_lines(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    async with streaming(world, stream=True) as response:
        world.show("lines", [line async for line in world.each(response.iter_lines())])


@case("streaming response of a stream, iter_lines broken off", Expect(outcome="closed"))
async def streaming_lines_broken(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    async with streaming(world, stream=True) as response:
        async for line in world.each(response.iter_lines()):
            if "one" in line:
                break


@case("streaming response of a stream, left early", Expect(texts=("one ",), outcome="closed"))
async def streaming_left(world: OpenAIWorld) -> None:
    world.provider.script(Chat(pieces=PIECES))
    async with streaming(world, stream=True) as response:
        stream = await world.call(response.parse())
        async for chunk in world.each(stream):
            if chunk.choices[0].delta.content:
                break


@case("streaming response, exception in the block", Expect(error="ValueError"))
async def streaming_exception(world: OpenAIWorld) -> None:
    async def block() -> None:
        async with streaming(world):
            raise ValueError("mine")

    await world.attempt("error", block)


@case("streaming response, error", Expect(model="error-503", error="InternalServerError"))
async def streaming_error(world: OpenAIWorld) -> None:
    async def block() -> None:
        async with streaming(world, model="error-503"):
            raise AssertionError("not reached")

    await world.attempt("error", block)


@case("raw view kept by the user", Expect(), Expect())
async def warmed(world: OpenAIWorld) -> None:
    view = world.client().chat.completions.with_raw_response
    world.show("first", (await world.call(view.create(**arguments()))).parse())
    world.show("second", (await world.call(view.create(**arguments()))).parse())
