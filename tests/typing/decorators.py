"""What a type checker must infer of decorated functions and blocks. Never imported, see `test_typing.py`."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, assert_type

import literalai_otel
from literalai_otel import LiteralClient
from literalai_otel.context import ActiveStep, ActiveThread


@literalai_otel.step
def bare(a: int, *, b: str = "") -> float:
    return a


@literalai_otel.run(name="run", tags=["t"])
async def configured(a: int) -> str:
    return str(a)


@literalai_otel.thread(thread_id="t")
def generator(a: int) -> Iterator[bytes]:
    yield b""


@literalai_otel.step(type="tool")
async def async_generator() -> AsyncIterator[int]:
    yield 1


def decorated_functions_keep_their_types(client: LiteralClient) -> None:
    assert_type(bare(1, b="x"), float)
    assert_type(generator(1), Iterator[bytes])
    assert_type(async_generator(), AsyncIterator[int])
    assert_type(configured(1), Coroutine[Any, Any, str])
    assert_type(client.step(bare)(1), float)
    work: Callable[[int], str] = literalai_otel.propagate(str)
    work(1)


async def blocks_give_the_object(client: LiteralClient) -> None:
    with client.thread(name="n") as thread, client.run() as run, literalai_otel.step() as step:
        assert_type(thread, ActiveThread)
        assert_type(run, ActiveStep)
        assert_type(step.id, str)
    async with client.step(name="s") as step:
        assert_type(step, ActiveStep)
    assert_type(client.get_current_thread(), ActiveThread | None)


def wrong(client: LiteralClient) -> None:
    bare("text")  # pyright: ignore[reportArgumentType] - a number
    client.step(colour="red")  # pyright: ignore[reportCallIssue] - no such option
    client.run(type="tool")  # pyright: ignore[reportCallIssue] - a run is a run
    client.step(type="chain")  # pyright: ignore[reportArgumentType, reportCallIssue] - no step type
