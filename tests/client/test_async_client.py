"""`AsyncLiteralClient` is `LiteralClient` with an awaited API and an awaited flush, and nothing else."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

import pytest

import literalai_otel
from literalai_otel import AsyncLiteralClient, LiteralClient
from literalai_otel.api import AsyncApi, SyncApi
from literalai_otel.context import set_default_client


def public(kind: type[Any]) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.feature("L-CLI-01", "L-CLI-12")
def test_both_clients_have_the_same_members() -> None:
    assert public(LiteralClient) == public(AsyncLiteralClient)
    differing = {
        name for name in public(LiteralClient) if getattr(LiteralClient, name) is not getattr(AsyncLiteralClient, name)
    }
    assert differing == {"api", "flush", "to_sync"}
    assert inspect.signature(LiteralClient) == inspect.signature(AsyncLiteralClient)
    assert inspect.iscoroutinefunction(AsyncLiteralClient.flush)
    assert not inspect.iscoroutinefunction(AsyncLiteralClient.flush_and_stop)
    assert list(inspect.signature(LiteralClient).parameters)[:6] == [
        "batch_size",
        "api_key",
        "url",
        "environment",
        "disabled",
        "release",
    ]


@pytest.mark.feature("L-CLI-12")
def test_both_apis_have_the_same_operations_awaited_or_not() -> None:
    assert public(SyncApi) - public(AsyncApi) <= {"open"}
    operations = [
        name for name in public(AsyncApi) & public(SyncApi) if name.split("_")[0] in {"get", "create", "update"}
    ]
    assert len(operations) > 5
    for name in operations:
        assert getattr(AsyncApi, name).__doc__ == getattr(SyncApi, name).__doc__


@pytest.mark.feature("L-CLI-06", "L-CLI-12")
async def test_steps_of_coroutines_are_delivered(project: Any, connect: Callable[..., Any]) -> None:
    client = connect(project, AsyncLiteralClient, environment="dev", release="3")

    @client.step(type="tool")
    async def tool(city: str) -> str:
        await asyncio.sleep(0)
        return "10C"

    @client.run
    async def agent(question: str) -> str:
        client.message("hi", name="message")
        return await tool("paris")

    async with client.thread(thread_id="t"):
        assert await asyncio.gather(agent("a"), agent("b")) == ["10C", "10C"]
    assert await client.flush(10)
    found = [step["name"] for step in project.steps.values()]
    assert sorted(found) == ["agent", "agent", "message", "message", "tool", "tool"]
    assert {headers["x-env"] for headers in project.headers} == {"dev"}
    for step in project.steps.values():
        assert (step["threadId"], step["metadata"]["release"]) == ("t", "3")
    assert client.flush_and_stop(10)


async def test_a_flush_leaves_the_loop_to_others(project: Any, connect: Callable[..., Any]) -> None:
    client = connect(project, AsyncLiteralClient)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    gate = threading.Event()
    store = project.store
    project.store = lambda *given: (gate.wait(5), store(*given))[1]
    with client.step(name="step"):
        pass
    ticking = asyncio.create_task(tick())
    flushing = asyncio.create_task(client.flush(10))
    while ticks < 20:
        await asyncio.sleep(0.001)
    assert not flushing.done()
    gate.set()
    assert await flushing
    ticking.cancel()
    assert project.named("step")


async def test_a_flush_of_a_disabled_or_stopped_client_returns(project: Any, connect: Callable[..., Any]) -> None:
    """The published client waits for ever (`spec/literal-wire.md` §1.4)."""
    disabled = connect(project, AsyncLiteralClient, disabled=True)
    with disabled.run(name="run"):
        pass
    assert await disabled.flush()
    stopped = connect(project, AsyncLiteralClient)
    stopped.flush_and_stop(1)
    with stopped.run(name="after"):
        pass
    assert await stopped.aflush(10)
    assert project.named("after")


async def test_to_sync_keeps_everything_and_shares_the_delivery(project: Any, connect: Callable[..., Any]) -> None:
    client = connect(project, AsyncLiteralClient, environment="staging", release="7")
    sync = client.to_sync()
    assert type(sync) is LiteralClient
    assert sync.to_sync() is sync
    assert sync.delivery is client.delivery
    async with client.run(name="outer"):
        with sync.step(name="inner"):
            pass
    assert sync.flush(10)
    assert project.named("inner")["parentId"] == project.named("outer")["id"]
    assert project.named("inner")["metadata"]["release"] == "7"
    assert {headers["x-env"] for headers in project.headers} == {"staging"}


async def test_an_async_client_of_the_default_project_shares_its_delivery(
    project: Any, connect: Callable[..., Any]
) -> None:
    standing = connect(project)
    set_default_client(standing)
    same = connect(project, AsyncLiteralClient)
    assert same.delivery is standing.delivery
    with literalai_otel.run(name="outer"):
        async with same.step(name="inner"):
            pass
    assert await same.flush(10)
    assert project.named("inner")["parentId"] == project.named("outer")["id"]


@pytest.mark.feature("L-CLI-14", "L-CLI-22")
async def test_the_event_processor_is_the_delivery(project: Any, connect: Callable[..., Any]) -> None:
    client = connect(project, AsyncLiteralClient, batch_size=3)
    processor = client.event_processor
    assert (processor.batch_size, processor.disabled, processor.processing_counter) == (3, False, 0)
    processor.add_event({"id": "e", "name": "event", "type": "tool", "output": {"raw": b"x"}})
    assert await processor.aflush(10)
    assert project.named("event")["type"] == "tool"
    assert isinstance(project.named("event")["output"]["raw"], str)
    assert processor.flush(1)
    assert processor.flush_and_stop(1)


@pytest.mark.parametrize("kind", [LiteralClient, AsyncLiteralClient])
async def test_a_preprocess_function_sees_every_step(
    project: Any, connect: Callable[..., Any], kind: type[Any]
) -> None:
    client = connect(project, kind)
    client.set_preprocess_steps_function(lambda steps: [step | {"output": {"content": "***"}} for step in steps])
    with client.thread(), client.run(name="run") as run:
        run.output = "secret"
        client.message("secret", name="message")
    assert await client.aflush(10)
    assert {name: project.named(name)["output"]["content"] for name in ("run", "message")} == {
        "run": "***",
        "message": "***",
    }
    client.set_preprocess_steps_function(None)


@pytest.mark.feature("L-CLI-10")
async def test_two_clients_on_two_projects_keep_apart(
    project: Any, other_project: Any, connect: Callable[..., Any]
) -> None:
    """Concurrent tasks, an experiment in one of them, an attachment-like API call from the middle of the other."""
    one = connect(project, AsyncLiteralClient, api_key="one", environment="dev")
    two = connect(other_project, AsyncLiteralClient, api_key="two", environment="prod")

    @one.experiment_item_run
    async def evaluate(n: int) -> None:
        async with two.thread(thread_id=f"two-{n}"), two.run(name=f"two {n}"):
            await asyncio.sleep(0)
            with one.step(name=f"one {n}"):
                await asyncio.sleep(0)

    await asyncio.gather(*(evaluate(n) for n in range(10)))
    assert await one.flush(10)
    assert await two.flush(10)
    assert {headers["x-env"] for headers in project.headers} == {"experiment", "dev"}
    assert {headers["x-env"] for headers in other_project.headers} == {"prod"}
    assert len(other_project.threads) == 10
    assert {found["name"] for found in other_project.steps.values()} == {f"two {n}" for n in range(10)}
    assert len([found for found in project.steps.values() if found["name"] == "Experiment Run"]) == 10
