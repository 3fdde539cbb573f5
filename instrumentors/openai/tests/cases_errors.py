"""Calls that fail, are retried or are cancelled."""

import asyncio

import openai

from literalai_otel.attributes import REQUEST_RETRIES
from literalai_otel.testing import CapturedSpan, Chat, Disconnect, Failure, Gate
from literalai_otel.testing.cases import Cases

from .worlds import HTTP, Expect, OpenAIWorld

ERRORS = case = Cases()


for _status, _name in (
    (400, "BadRequestError"),
    (401, "AuthenticationError"),
    (403, "PermissionDeniedError"),
    (404, "NotFoundError"),
    (409, "ConflictError"),
    (422, "UnprocessableEntityError"),
    (429, "RateLimitError"),
    (500, "InternalServerError"),
    (503, "InternalServerError"),
):

    @case(f"O42 {_status}", Expect(model=f"error-{_status}", error=_name))
    async def status(world: OpenAIWorld, model: str = f"error-{_status}") -> None:
        client = world.client()
        error = await world.attempt("error", lambda: world.chat(client, model=model))
        world.show("request and response", [type(error.request), type(error.response), error.response.status_code])

    @case(f"O42 {_status}, stream", Expect(model=f"error-{_status}", error=_name))
    async def stream_status(world: OpenAIWorld, model: str = f"error-{_status}") -> None:
        client = world.client()
        await world.attempt("error", lambda: world.chat(client, model=model, stream=True))


@case("429, then the user tries again", Expect(error="RateLimitError"), Expect(texts=("at last",)))
async def user_retries(world: OpenAIWorld) -> None:
    world.provider.script(Failure(429, retry_after=0), Chat("at last"))
    client = world.client()
    try:
        await world.chat(client)
    except openai.RateLimitError as error:
        world.show("handled", error)
        world.here("handler")
        world.show("answer", await world.chat(client))


def retried(times: int) -> object:
    def check(span: CapturedSpan) -> None:
        assert span.fields[REQUEST_RETRIES] == times

    return check


for _times in (1, 2):

    @case(f"the SDK retries {_times}", Expect(model=f"flaky-{_times}", usage=(11, 7), check=retried(_times)))
    async def sdk_retries(world: OpenAIWorld, times: int = _times) -> None:
        world.show("answer", await world.chat(world.client(max_retries=times), model=f"flaky-{times}"))
        world.show("requests", len(world.provider.requests))


@case("the SDK retries in vain", Expect(error="InternalServerError"))
async def retries_used_up(world: OpenAIWorld) -> None:
    world.provider.script(Failure(503, headers={"retry-after-ms": "1"}))
    await world.attempt("error", lambda: world.chat(world.client(max_retries=2)))
    world.show("requests", len(world.provider.requests))


@case("timeout", Expect(error="APITimeoutError"))
async def timeout(world: OpenAIWorld) -> None:
    gate = Gate()
    world.provider.script(Chat(before=gate))
    client = world.client(timeout=0.2)
    try:
        await world.attempt("error", lambda: world.chat(client))
    finally:
        gate.open()


@case("disconnect before the answer", Expect(error="APIConnectionError"))
async def disconnect(world: OpenAIWorld) -> None:
    world.provider.script(Disconnect())
    await world.attempt("error", world.chat)


@case("nobody listens", Expect(error="APIConnectionError"))
async def refused(world: OpenAIWorld) -> None:
    client = world.client(base_url="http://127.0.0.1:1/v1")
    await world.attempt("error", lambda: world.chat(client))


@case("HTML in place of JSON", Expect(model="html"), logs="not readable")
async def html(world: OpenAIWorld) -> None:
    """The SDK hands the page over as text."""
    await world.attempt("answer", lambda: world.chat(model="html"))


@case("O51 empty body", Expect(model="empty", error="JSONDecodeError"), logs="not readable")
async def empty(world: OpenAIWorld) -> None:
    await world.attempt("answer", lambda: world.chat(model="empty"))


@case("O42 a message with a cause", Expect(error="APIConnectionError"))
async def cause(world: OpenAIWorld) -> None:
    """The same instance, with its cause, reaches the user: nothing is wrapped or noted."""

    def broken(request: object) -> None:
        raise HTTP.ConnectError("scripted")

    async def broken_async(request: object) -> None:
        broken(request)

    hooks = {"request": [broken_async if world.asynchronous else broken]}
    kind = HTTP.AsyncClient if world.asynchronous else HTTP.Client
    error = await world.attempt("error", lambda: world.chat(world.client(http_client=kind(event_hooks=hooks))))
    world.show("cause", error.__cause__)


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt, which a test runner would take for its own."""


for _kind in (Interrupted, SystemExit, GeneratorExit):

    @case(f"O50 {_kind.__name__}", Expect(error=_kind.__name__))
    async def interrupted(world: OpenAIWorld, kind: type[BaseException] = _kind) -> None:
        def stop(request: object) -> None:
            raise kind("stop")

        async def stop_async(request: object) -> None:
            stop(request)

        hooks = {"request": [stop_async if world.asynchronous else stop]}
        client_kind = HTTP.AsyncClient if world.asynchronous else HTTP.Client
        client = world.client(http_client=client_kind(event_hooks=hooks))
        await world.attempt("error", lambda: world.chat(client), kind)


@case("O49 cancelled", Expect(error="CancelledError"), kinds=("async",))
async def cancelled(world: OpenAIWorld) -> None:
    gate = Gate()
    world.provider.script(Chat(before=gate))
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


@case("O49 asyncio.timeout", Expect(error="CancelledError"), kinds=("async",))
async def asyncio_timeout(world: OpenAIWorld) -> None:
    gate = Gate()
    world.provider.script(Chat(before=gate))
    client = world.client()
    try:
        async with asyncio.timeout(0.2):
            await world.chat(client)
    except TimeoutError as error:
        world.show("timeout", error)
    finally:
        gate.open()


@case("a closed client", Expect(error="*"))
async def client_closed(world: OpenAIWorld) -> None:
    client = world.client()
    await world.call(client.close())
    await world.attempt("error", lambda: world.chat(client))


@case("a body that cannot be encoded", Expect(error="TypeError"))
async def unserialisable(world: OpenAIWorld) -> None:
    client = world.client()
    messages = [{"role": "user", "content": object()}]
    await world.attempt("error", lambda: client.chat.completions.create(model="gpt-4o", messages=messages))
    world.show("sent", len(world.provider.requests))
