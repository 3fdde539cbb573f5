"""An environment belongs to a context, never to the process; an experiment run puts all inside it in `experiment`."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from literalai_otel.context import (
    current,
    environment,
    experiment_item_run,
    get_current_root_run,
    message,
    reset_context,
    run,
    set_properties,
    step,
    thread,
)
from literalai_otel.errors import ConfigError


def environments(world: Any) -> dict[str, str | None]:
    return {found["name"]: found["environment"] for found in world.steps}


@pytest.mark.feature("L-CLI-10")
def test_what_is_logged_inside_has_the_environment(make_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LITERAL_ENV", raising=False)
    world = make_world(environment="dev")
    with step(name="before"):
        pass
    with environment(env="staging"):
        with thread(thread_id="t"), run(name="run"), step(name="inner"):
            message("hi", name="message")
            assert "LITERAL_ENV" not in os.environ
        with environment(), step(name="default"):
            pass
        with step(name="restored"):
            pass
    with step(name="after"):
        pass
    assert environments(world) == {
        "before": "dev",
        "run": "staging",
        "inner": "staging",
        "message": "staging",
        "default": "prod",
        "restored": "staging",
        "after": "dev",
    }


@pytest.mark.parametrize("decorator", [environment, environment(env="prod")])
async def test_every_kind_of_function_may_have_an_environment(world: Any, decorator: Any) -> None:
    @decorator
    def function() -> None:
        with step(name="function"):
            pass

    @decorator
    async def coroutine() -> None:
        await asyncio.sleep(0)
        with step(name="coroutine"):
            pass

    @decorator
    def generator() -> Iterator[int]:
        with step(name="generator"):
            yield 1

    @decorator
    async def async_generator() -> AsyncIterator[int]:
        with step(name="async generator"):
            yield 1

    function()
    await coroutine()
    assert list(generator()) == [1]
    assert [item async for item in async_generator()] == [1]
    async with decorator if decorator is not environment else environment(), step(name="block"):
        pass
    assert set(environments(world).values()) == {"prod"}
    assert current().environment is None


async def test_tasks_and_threads_side_by_side_keep_theirs(world: Any) -> None:
    """One scope object for all of them; the published client's was the process's."""
    scope = environment(env="staging")
    entered = threading.Barrier(2, timeout=5)

    def in_thread() -> None:
        with scope:
            entered.wait()
            with step(name="thread"):
                pass

    async def in_task(name: str, wait: float) -> None:
        async with scope:
            await asyncio.sleep(wait)
            with step(name=name):
                pass

    other = threading.Thread(target=in_thread)
    other.start()
    await asyncio.gather(in_task("slow", 0.02), in_task("fast", 0.0))
    entered.wait()
    with step(name="beside"):
        pass
    other.join()
    assert environments(world) == {"thread": "staging", "slow": "staging", "fast": "staging", "beside": None}


def test_what_happens_inside_ends_with_the_scope(world: Any) -> None:
    """Properties, and even forgetting everything."""
    with environment(env="staging"):
        set_properties(tags=["t"])
        with step(name="marked"):
            pass
    with environment(env="staging"):
        reset_context()
        with step(name="bare"):
            pass
    with step(name="after"):
        pass
    assert environments(world) == {"marked": "staging", "bare": None, "after": None}
    assert world.step_named("marked")["tags"] == ["t"]
    assert "tags" not in world.step_named("after")


def test_an_unknown_environment_is_refused_where_it_is_said(world: Any) -> None:
    with pytest.raises(ConfigError, match="'moon' must be one of dev, staging, prod, experiment"):
        environment(env="moon")  # type: ignore[arg-type]
    assert environment(env="production")  # type: ignore[arg-type] - a common synonym


def test_another_project_keeps_its_own_environment(make_world: Any) -> None:
    one, other = make_world("one", environment="dev"), make_world("other", environment="prod")
    with one.environment(env="experiment"), one.step(name="inside"), other.step(name="elsewhere"):
        pass
    assert environments(one) == {"inside": "experiment"}
    assert environments(other) == {"elsewhere": "prod"}


@pytest.mark.feature("L-EXP-07")
def test_an_experiment_run_is_a_run_of_its_own_each_time(world: Any) -> None:
    seen: list[str | None] = []

    @run
    def agent(question: str) -> str:
        assert get_current_root_run().name == "Experiment Run"  # type: ignore[union-attr]
        return question.upper()

    @experiment_item_run
    def evaluate(question: str) -> str:
        seen.append(current().experiment_run_id)
        message("note", name="note")
        return agent(question)

    for question in ("a", "b"):
        assert evaluate(question) == question.upper()
        # Delivered when the call is over, before any flush of ours.
        assert {fields["name"] for kind, fields in world.arrivals if fields["id"] == seen[-1]} == {"Experiment Run"}
    assert current().experiment_run_id is None
    assert set(environments(world).values()) == {"experiment"}
    runs = [found for found in world.steps if found["name"] == "Experiment Run"]
    assert [found["id"] for found in runs] == seen
    assert len(set(seen)) == 2
    assert [(found["type"], found["input"], found["output"]) for found in runs] == [
        ("run", {"question": "a"}, {"content": "A"}),
        ("run", {"question": "b"}, {"content": "B"}),
    ]
    for found in world.steps:
        if found["name"] in ("agent", "note"):
            assert found["rootRunId"] in seen and found["parentId"] in seen


def watched_flushes(world: Any) -> list[threading.Thread]:
    """The threads that wait for the delivery, from now on."""
    flushed_in: list[threading.Thread] = []
    flush = world.delivery.flush

    def watched(timeout: float | None = None) -> Any:
        flushed_in.append(threading.current_thread())
        return flush(timeout)

    world.delivery.flush = watched
    return flushed_in


@pytest.mark.feature("L-EXP-07")
async def test_an_async_experiment_run_waits_without_holding_up_the_loop(world: Any) -> None:
    flushed_in = watched_flushes(world)

    @experiment_item_run
    async def evaluate(n: int) -> str | None:
        await asyncio.sleep(0)
        return current().experiment_run_id

    ids = await asyncio.gather(*(evaluate(n) for n in range(3)))
    async with experiment_item_run(tags=["block"]) as block:
        assert current().experiment_run_id == block.id
    stored = {found["id"] for found in world.steps}
    assert stored == {*ids, block.id}
    assert threading.main_thread() not in flushed_in[:4]


@pytest.mark.parametrize("leave", [ValueError("bad"), KeyboardInterrupt()], ids=["failed", "interrupted"])
def test_an_experiment_run_that_ends_badly(world: Any, leave: BaseException) -> None:
    """It is stored with its error, the failing step included; an interruption does not wait for delivery."""

    @experiment_item_run
    def evaluate() -> None:
        with step(name="inner"):
            raise leave

    waits = watched_flushes(world)
    with pytest.raises(type(leave)):
        evaluate()
    assert bool(waits) is isinstance(leave, Exception)
    if waits:
        assert len(world.arrivals) == 2
    assert {found["name"]: bool(found.get("error")) for found in world.steps} == {"inner": True, "Experiment Run": True}


def test_a_run_that_will_not_exist_is_not_named(make_world: Any) -> None:
    make_world(sampler=ALWAYS_OFF)
    with experiment_item_run():
        assert current().experiment_run_id is None
