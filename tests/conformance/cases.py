"""The behavioural cases of the matrix: programs that any framework can run, with what is recorded of them."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from literalai_otel.testing import EMPTY, HTML, Disconnect, Failure, Gate, ToolCall, json_answer

from .driving import GREETING, HELLO, WEATHER_CALLS, WEATHER_TOOL, ConformanceWorld

PIECES = ("one ", "two ", "three")


@dataclass(frozen=True)
class Expect:
    """What each span of a case says, in their order; None means: not looked at."""

    text: str | None = None
    """The text of the answer, or as much of it as had come."""
    calls: Sequence[tuple[str, str, Any]] = ()
    usage: bool | None = None
    """Whether the tokens are recorded, and then those of the wire."""
    finish: str | None = None
    failed: bool = False
    """It is an error, of the type that the program caught."""
    early: bool = False
    """A stream that was left before its end."""
    inputs: Sequence[str] | None = None
    """The text of each request message."""


@dataclass(frozen=True)
class Case:
    """A row: its id, its program and the spans it leaves; `None`: one for each request, nothing said about them."""

    id: str
    run: Callable[[ConformanceWorld], Coroutine[Any, Any, None]]
    expect: Sequence[Expect] | None
    kinds: Sequence[str]
    rows: Sequence[str]
    """Rows of docs/features.toml that it proves, by driver."""
    logs: Sequence[str]
    """Parts of debug records with a traceback that it may cause, where the provider talks nonsense."""


CASES: list[Case] = []


def case(
    id: str,
    *expect: Expect,
    free: bool = False,
    kinds: Sequence[str] = ("sync", "async"),
    rows: Sequence[str] = (),
    logs: Sequence[str] = (),
) -> Any:
    """Add the decorated coroutine function as case `id`; `free`: the spans are not described."""

    def add(run: Callable[[ConformanceWorld], Coroutine[Any, Any, None]]) -> Any:
        CASES.append(Case(id, run, None if free else expect, kinds, rows, logs))
        return run

    return add


@case("plain", Expect(GREETING, usage=True, finish="stop", inputs=("Hi",)))
async def plain(world: ConformanceWorld) -> None:
    client = world.client()
    await world.ask(client)
    world.here("after the call")


@case("many messages", Expect(GREETING, usage=True, inputs=("Be brief", "Hi", "Hello", "Bye")))
async def history(world: ConformanceWorld) -> None:
    roles = ("system", "user", "assistant", "user")
    texts = ("Be brief", "Hi", "Hello", "Bye")
    messages = tuple({"role": role, "content": text} for role, text in zip(roles, texts, strict=True))
    await world.ask(world.client(), messages)


@case(
    "tool call",
    Expect(calls=[("call_1_ab", "get_weather", {"city": "Paris"})], usage=True, finish="tool_calls", inputs=("Hi",)),
)
async def tool_call(world: ConformanceWorld) -> None:
    world.script({"tool_calls": WEATHER_CALLS})
    await world.ask(world.client(), tools=(WEATHER_TOOL,))


@case(
    "several tool calls",
    Expect(calls=[("call_1_ab", "look", {}), ("call_2_ab", "look", {"deep": [1, None]})], usage=True),
)
async def tool_calls(world: ConformanceWorld) -> None:
    world.script(
        {"tool_calls": (ToolCall("call_1_ab", "look", "{}"), ToolCall("call_2_ab", "look", '{"deep": [1, null]}'))}
    )
    await world.ask(world.client(), tools=(WEATHER_TOOL,))


@case("cut by its length", Expect("cut", usage=True, finish="length"))
async def length(world: ConformanceWorld) -> None:
    world.script({"text": "cut", "finish_reason": "length"})
    await world.ask(world.client())


@case("no usage", Expect(GREETING, usage=False))
async def no_usage(world: ConformanceWorld) -> None:
    """No number is invented."""
    world.script({"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}})
    await world.ask(world.client())


@case("not only ASCII", Expect("Grüße, 世界 🌍", usage=True, inputs=("¿Qué tal? 🙂",)))
async def unicode(world: ConformanceWorld) -> None:
    world.script({"text": "Grüße, 世界 🌍"})
    await world.ask(world.client(), ({"role": "user", "content": "¿Qué tal? 🙂"},))


# --- streams ---------------------------------------------------------------------------------------


@case("stream", Expect("one two three", usage=True, finish="stop", inputs=("Hi",)))
async def stream(world: ConformanceWorld) -> None:
    world.script({"pieces": PIECES})
    await world.read(await world.open(world.client()))


@case("stream, what is current in the loop", Expect("one two three"))
async def stream_body(world: ConformanceWorld) -> None:
    """The loop body belongs to the program: nothing of ours is current in it."""
    world.script({"pieces": PIECES})
    opened = await world.open(world.client())
    world.here("opened")
    async for _ in world.each(opened):
        world.here("body")


@case("stream left and closed", Expect("one ", early=True))
async def stream_closed(world: ConformanceWorld) -> None:
    world.script({"pieces": PIECES})
    opened = await world.open(world.client())
    await world.first_piece(opened)
    await world.call(world.driver.close(opened))
    world.here("closed")


@case("stream left and dropped", Expect("one ", early=True))
async def stream_dropped(world: ConformanceWorld) -> None:
    world.script({"pieces": PIECES})
    client = world.client()

    async def leave() -> None:
        await world.first_piece(await world.open(client))

    await leave()
    await world.settle()


@case("stream never read", free=True)
async def stream_unread(world: ConformanceWorld) -> None:
    client = world.client()

    async def leave() -> None:
        await world.open(client)

    await leave()
    await world.settle()


@case("two streams read in turns", Expect("one two three", usage=True), Expect("one two three", usage=True))
async def stream_turns(world: ConformanceWorld) -> None:
    world.script({"pieces": PIECES})
    client = world.client()
    streams = [aiter(world.each(await world.open(client))) for _ in range(2)]
    while streams:
        for each in list(streams):
            try:
                world.show("piece", world.driver.piece(await anext(each)))
            except StopAsyncIteration:
                streams.remove(each)


@case("the program raises while it reads", Expect("one ", early=True))
async def stream_consumer_raises(world: ConformanceWorld) -> None:
    world.script({"pieces": PIECES})
    client = world.client()

    async def reading() -> None:
        await world.first_piece(await world.open(client))
        raise RuntimeError("the program's own")

    try:
        await reading()
    except RuntimeError as error:
        world.show("raised", str(error))
    await world.settle()


# --- failures --------------------------------------------------------------------------------------

for _status in (400, 401, 404, 429, 500):

    @case(f"refused with {_status}", Expect(failed=True, inputs=("Hi",)))
    async def refused(world: ConformanceWorld, status: int = _status) -> None:
        world.script(Failure(status))
        client = world.client()
        await world.attempt(lambda: world.ask(client))
        world.here("after")

    @case(f"stream refused with {_status}", Expect(failed=True, inputs=("Hi",)))
    async def stream_refused(world: ConformanceWorld, status: int = _status) -> None:
        world.script(Failure(status))
        client = world.client()

        async def reading() -> None:
            await world.read(await world.open(client))

        await world.attempt(reading)


@case("refused, then asked again", Expect(failed=True), Expect(GREETING, usage=True))
async def again(world: ConformanceWorld) -> None:
    world.script(Failure(429, retry_after=0), {})
    client = world.client()
    await world.attempt(lambda: world.ask(client))
    await world.ask(client)


@case("disconnected", Expect(failed=True))
async def disconnected(world: ConformanceWorld) -> None:
    world.script(Disconnect())
    client = world.client()
    await world.attempt(lambda: world.ask(client))


@case("stream cut off", Expect("one ", failed=True))
async def stream_cut(world: ConformanceWorld) -> None:
    world.script({"pieces": PIECES, "cut_after": 2})
    client = world.client()

    async def reading() -> None:
        await world.read(await world.open(client))

    await world.attempt(reading)


for _name, _answer in (("an empty body", EMPTY), ("HTML", HTML)):

    @case(f"{_name} in place of JSON", free=True, logs=("not readable",))
    async def nonsense(world: ConformanceWorld, answer: Any = _answer) -> None:
        world.script(answer)
        client = world.client()
        await world.attempt(lambda: world.ask(client))


for _name, _extra in (("null", None), ("empty", [])):

    @case(f"choices {_name}", free=True, logs=("not readable",))
    async def odd_choices(world: ConformanceWorld, choices: Any = _extra) -> None:
        head = {"id": "odd", "object": "chat.completion", "created": 0, "model": world.driver.served}
        world.script(json_answer({**head, "choices": choices}))
        client = world.client()
        await world.attempt(lambda: world.ask(client))


# --- cancelled -------------------------------------------------------------------------------------


@case("cancelled", Expect(failed=True, inputs=("Hi",)), kinds=("async",))
async def cancelled(world: ConformanceWorld) -> None:
    gate = Gate()
    world.script({"before": gate})
    client = world.client()
    try:
        await world.in_task(lambda: world.ask(client), gate)
    finally:
        gate.open()
    await world.settle()


@case("cancelled in mid-stream", Expect("one ", failed=True), kinds=("async",))
async def stream_cancelled(world: ConformanceWorld) -> None:
    gate = Gate()
    world.script({"pieces": PIECES, "gates": {2: gate}})
    client = world.client()

    async def reading() -> None:
        await world.read(await world.open(client))

    try:
        await world.in_task(reading, gate, reading=True)
    finally:
        gate.open()
    await world.settle()


# --- bad input -------------------------------------------------------------------------------------


class Hostile:
    """An object that refuses to be looked at."""

    def __repr__(self) -> str:
        raise RuntimeError("repr refused")

    __str__ = __repr__


def circular() -> list[Any]:
    """A list of messages whose content holds the list."""
    message: dict[str, Any] = {"role": "user", "content": []}
    message["content"].append(message)
    return [message]


def deep() -> list[Any]:
    """A message with content of 1 000 levels."""
    content: Any = "core"
    for _ in range(1000):
        content = [content]
    return [{"role": "user", "content": content}]


BAD: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "no messages": list,
    "a generator": lambda: (dict(each) for each in HELLO),
    "a message that is None": lambda: [None],
    "content None": lambda: [{"role": "user", "content": None}],
    "a number for content": lambda: [{"role": "user", "content": 7}],
    "a role nobody knows": lambda: [{"role": "poet", "content": "Hi"}],
    "a lone surrogate": lambda: [{"role": "user", "content": "half \ud83d"}],
    "an object without a repr": lambda: [{"role": "user", "content": Hostile()}],
    "an object for a message": lambda: [Hostile()],
    "a circle": circular,
    "1 000 levels": deep,
}

for _name, _make in BAD.items():

    @case(f"bad input: {_name}", free=True, logs=("",))
    async def bad(world: ConformanceWorld, make: Callable[[], Any] = _make) -> None:
        """Whatever the bare framework makes of it, it makes of it with us."""
        client = world.client()
        await world.attempt(lambda: world.ask(client, make()))
        world.here("after")

    @case(f"bad input to a stream: {_name}", free=True, logs=("",))
    async def bad_stream(world: ConformanceWorld, make: Callable[[], Any] = _make) -> None:
        client = world.client()

        async def reading() -> None:
            await world.read(await world.open(client, make()))

        await world.attempt(reading)
        world.here("after")
