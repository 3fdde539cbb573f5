"""Calls that fail, are retried or are cancelled."""

import asyncio

from literalai_otel.attributes import REQUEST_RETRIES
from literalai_otel.testing import Disconnect, Gate, json_answer
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.mistral_chat import MISTRAL_USAGE, MistralChat, mistral_failure

from .worlds import GREETING, HELLO, HTTP, MistralWorld, expect, retrying

ERRORS = case = Cases()

for _status, _name in (
    (400, "SDKError"),
    (401, "SDKError"),
    (404, "SDKError"),
    (422, "HTTPValidationError"),
    (429, "SDKError"),
    (500, "SDKError"),
    (503, "SDKError"),
):

    @case(f"M5 {_status}", expect(name=f"chat error-{_status}", error=_name))
    async def status(world: MistralWorld, model: str = f"error-{_status}") -> None:
        client = world.client()
        await world.attempt("error", lambda: world.chat(client, model=model))

    @case(f"M5 {_status}, stream", expect(name=f"chat error-{_status}", error=_name))
    async def stream_status(world: MistralWorld, model: str = f"error-{_status}") -> None:
        client = world.client()
        await world.attempt("error", lambda: world.stream(client, model=model))


for _times in (1, 2):

    @case(f"M32 the SDK retries {_times}", expect(texts=(GREETING,), usage=(11, 7), fields={REQUEST_RETRIES: _times}))
    async def retries(world: MistralWorld, times: int = _times) -> None:
        world.provider.script(*[mistral_failure(503)] * times, MistralChat())
        world.show("answer", await world.chat(world.client(retry_config=retrying(times))))
        world.show("requests", len(world.provider.requests))


@case("M32 a retried stream", expect(texts=(GREETING,), usage=(11, 7), fields={REQUEST_RETRIES: 1}))
async def stream_retries(world: MistralWorld) -> None:
    world.provider.script(mistral_failure(503), MistralChat())
    await world.read(await world.stream(world.client(retry_config=retrying(1))))


@case("timeout", expect(error="ReadTimeout"))
async def timeout(world: MistralWorld) -> None:
    gate = Gate()
    world.provider.script(MistralChat(before=gate))
    client = world.client()
    try:
        await world.attempt("error", lambda: world.chat(client, timeout_ms=200))
    finally:
        gate.open()


@case("disconnect before the answer", expect(error="RemoteProtocolError"))
async def disconnect(world: MistralWorld) -> None:
    world.provider.script(Disconnect())
    await world.attempt("error", world.chat)


@case("nobody listens", expect(error="ConnectError"))
async def refused(world: MistralWorld) -> None:
    client = world.client(server_url="http://127.0.0.1:1")
    await world.attempt("error", lambda: world.chat(client))


@case("HTML in place of JSON", expect(name="chat html", error="SDKError"), logs="not readable")
async def html(world: MistralWorld) -> None:
    await world.attempt("answer", lambda: world.chat(model="html"))


@case("an empty body", expect(name="chat empty", error="ResponseValidationError"), logs="not readable")
async def empty(world: MistralWorld) -> None:
    await world.attempt("answer", lambda: world.chat(model="empty"))


@case("an answer that the SDK refuses is still told", expect(error="*", usage=(11, 7)))
async def refused_answer(world: MistralWorld) -> None:
    """It was made and billed; only the SDK finds it not valid."""
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    world.provider.script(json_answer({**head, "choices": "none", "usage": MISTRAL_USAGE}))
    await world.attempt("error", lambda: world.chat())


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt, which a test runner would take for its own."""


for _kind in (Interrupted, SystemExit):

    @case(f"interrupted by {_kind.__name__}", expect(error=_kind.__name__))
    async def interrupted(world: MistralWorld, kind: type[BaseException] = _kind) -> None:
        def stop(request: object) -> None:
            raise kind("stop")

        async def stop_async(request: object) -> None:
            stop(request)

        if world.asynchronous:
            client = world.client(async_client=HTTP.AsyncClient(event_hooks={"request": [stop_async]}))
        else:
            client = world.client(client=HTTP.Client(event_hooks={"request": [stop]}))
        await world.attempt("error", lambda: world.chat(client), kind)


@case("M27 cancelled", expect(error="CancelledError"), kinds=("async",))
async def cancelled(world: MistralWorld) -> None:
    gate = Gate()
    world.provider.script(MistralChat(before=gate))
    client = world.client()
    task = asyncio.ensure_future(world.chat(client))
    await asyncio.to_thread(gate.wait_until_reached)
    task.cancel("no longer needed")
    try:
        await task
    except asyncio.CancelledError as error:
        world.show("cancelled", [error.args, task.cancelled()])
    finally:
        gate.open()


@case("arguments that the SDK refuses", expect(name="chat", error="*"))
async def refused_arguments(world: MistralWorld) -> None:
    client = world.client()
    bad = [{"role": "nobody"}]
    await world.attempt("error", lambda: world.do(client.chat, "complete", model=None, messages=bad))
    world.show("sent", len(world.provider.requests))


@case("None everywhere", expect())
async def nones(world: MistralWorld) -> None:
    world.show(
        "answer",
        await world.chat(
            temperature=None, top_p=None, max_tokens=None, stop=None, random_seed=None, tools=None, n=None
        ),
    )


class Hostile:
    """Neither text nor JSON."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__


@case("hostile objects", *[expect(error="*")] * 3, logs="not readable")
async def hostile(world: MistralWorld) -> None:
    client = world.client()
    circular: list[object] = []
    circular.append(circular)
    deep: object = "end"
    for _ in range(1000):
        deep = [deep]
    for content in (Hostile(), circular, deep):
        try:
            await world.chat(client, messages=[{"role": "user", "content": content}])
        except Exception as error:
            world.show("refused", type(error).__name__)


@case("an argument that the SDK does not know", expect(error="TypeError"))
async def unknown_argument(world: MistralWorld) -> None:
    client = world.client()
    await world.attempt("error", lambda: world.chat(client, messages=HELLO, no_such_argument=1))
