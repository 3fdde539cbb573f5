"""Threads and messages go to delivery directly, in order with their steps."""

import asyncio
from typing import Any

import pytest

from literalai_otel.context import get_current_thread, message, run, step, thread
from literalai_otel.model import Attachment


@pytest.mark.feature("L-THR-01", "L-THR-04", "L-THR-05")
def test_a_thread_is_stored_on_entering_and_on_leaving(world: Any) -> None:
    with thread(name="Example", tags=["t"], metadata={"a": 1}, participant_id="ada@example.org") as talk:
        world.settle()
        told = {
            "id": talk.id,
            "name": "Example",
            "tags": ["t"],
            "metadata": {"a": 1},
            "participant_id": "ada@example.org",
        }
        assert world.arrivals == [("thread", told)]
        talk.name = "Renamed"
        talk.metadata = {"a": 2}
    assert world.threads[1] == {**told, "name": "Renamed", "metadata": {"a": 2}}
    assert get_current_thread() is None


@pytest.mark.feature("L-THR-02", "L-THR-06", "L-LOG-05")
def test_a_thread_id_continues_a_conversation(world: Any) -> None:
    for _ in range(2):
        with thread(thread_id="my_thread_1"), run(name="turn"):
            pass
    assert {found["id"] for found in world.threads} == {"my_thread_1"}
    assert [found["threadId"] for found in world.steps] == ["my_thread_1"] * 2


@pytest.mark.feature("L-THR-03")
@pytest.mark.parametrize("decorator", [thread, thread(), thread(name="talk", thread_id="t")])
def test_every_kind_of_function_may_be_a_thread(world: Any, decorator: Any) -> None:
    def seen() -> Any:
        found = get_current_thread()
        assert found is not None
        with step(name="inside"):
            return found.id

    @decorator
    def function() -> Any:
        return seen()

    @decorator
    async def coroutine() -> Any:
        await asyncio.sleep(0)
        return seen()

    @decorator
    def generator() -> Any:
        yield seen()
        yield seen()

    @decorator
    async def async_generator() -> Any:
        yield seen()
        await asyncio.sleep(0)
        yield seen()

    async def drain() -> list[Any]:
        return [item async for item in async_generator()]

    ids = [function(), asyncio.run(coroutine()), *set(generator()), *set(asyncio.run(drain()))]
    assert len(ids) == 4
    assert [found["threadId"] for found in world.steps] == [ids[0], ids[1], ids[2], ids[2], ids[3], ids[3]]
    assert len(world.threads) == 8
    assert get_current_thread() is None


def test_threads_nest(world: Any) -> None:
    with thread(thread_id="outer") as outer:
        with thread(thread_id="inner"), step(name="in inner"):
            pass
        assert get_current_thread() is outer
        with step(name="in outer"):
            pass
    assert world.step_named("in inner")["threadId"] == "inner"
    assert world.step_named("in outer")["threadId"] == "outer"


def test_a_thread_inside_a_run(world: Any) -> None:
    with run(name="request"), thread(thread_id="t"), step(name="turn"):
        pass
    assert world.path("turn") == ["request", "turn"]
    assert world.step_named("turn")["threadId"] == "t"
    assert "threadId" not in world.step_named("request")


def test_a_thread_is_sent_before_and_after_its_steps(world: Any) -> None:
    for n in range(20):
        with thread(thread_id=f"t{n}"), run(name="turn"):
            message("hi", type="user_message")
    world.settle()
    for n in range(20):
        kinds = [kind for kind, found in world.arrivals if f"t{n}" in (found["id"], found.get("threadId"))]
        assert kinds == ["thread", "step", "step", "thread"]


def test_an_error_leaves_a_thread_stored(world: Any) -> None:
    with pytest.raises(KeyError), thread(name="broken off"):
        raise KeyError
    assert [found["name"] for found in world.threads] == ["broken off"] * 2


def test_the_release_is_metadata_of_threads_and_messages(make_world: Any) -> None:
    world = make_world(release="1.2", environment="staging")
    with thread(metadata={"a": 1}):
        message("hi")
    assert world.threads[0]["metadata"] == {"release": "1.2", "a": 1}
    assert world.threads[0]["environment"] == "staging"
    (found,) = world.steps
    assert (found["metadata"], found["environment"]) == ({"release": "1.2"}, "staging")


@pytest.mark.feature("L-LOG-09")
@pytest.mark.parametrize("kind", ["user_message", "assistant_message", "system_message"])
def test_messages_have_a_moment_and_an_output(world: Any, kind: Any) -> None:
    with thread(thread_id="t"), run(name="turn") as turn:
        said = message(
            "hi",
            type=kind,
            name="Ada",
            tags=["tag"],
            metadata={"k": "v"},
            attachments=[Attachment(id="a", name="file")],
        )
    found = next(found for found in world.steps if found["type"] == kind)
    environment = found.pop("environment")
    assert environment is None
    assert found == {
        "id": said.id,
        "name": "Ada",
        "type": kind,
        "threadId": "t",
        "parentId": turn.id,
        "rootRunId": turn.id,
        "startTime": said.start_time,
        "endTime": said.start_time,
        "output": {"content": "hi"},
        "metadata": {"k": "v"},
        "tags": ["tag"],
        "attachments": [{"id": "a", "name": "file"}],
    }


@pytest.mark.feature("L-LOG-09")
def test_a_message_goes_where_it_is_told(world: Any) -> None:
    message({"text": "object"}, id="m1", parent_id="p", thread_id="t", root_run_id="r", type="user_message")
    message("alone")
    first, second = world.steps
    assert [first[key] for key in ("id", "parentId", "threadId", "rootRunId")] == ["m1", "p", "t", "r"]
    assert first["output"] == {"text": "object"}
    assert not {"parentId", "threadId", "rootRunId"} & set(second)
