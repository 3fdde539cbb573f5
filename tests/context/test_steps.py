"""Steps in their tree: parents, root runs, ids, manual steps, surroundings across tasks and threads."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from literalai_otel.context import (
    current,
    get_current_root_run,
    get_current_step,
    get_current_thread,
    message,
    propagate,
    reset_context,
    run,
    set_default_client,
    set_properties,
    start_step,
    step,
    thread,
)
from literalai_otel.model import Attachment, ChatGeneration, Score, Step


@pytest.mark.feature("L-STEP-05")
def test_a_block_is_a_step(world: Any) -> None:
    def work() -> None:
        with step(name="block", type="retrieval") as block:
            block.input = "question"
            block.output = ["document"]
            assert world.steps == []
            raise KeyError("gone")

    with pytest.raises(KeyError):
        work()
    found = world.step_named("block")
    assert found["type"] == "retrieval"
    assert found["input"] == {"content": "question"}
    assert found["output"] == {"content": ["document"]}
    assert "gone" in found["error"]


@pytest.mark.feature("L-STEP-05", "L-STEP-14")
async def test_an_async_block_is_a_step(world: Any) -> None:
    async with run(name="outer") as outer, step(name="inner") as inner:
        assert get_current_step() is inner
        assert inner.parent_id == outer.id
    assert world.path("inner") == ["outer", "inner"]


@pytest.mark.feature("L-STEP-12")
@pytest.mark.parametrize(
    ("given", "stored"),
    [("test input", {"content": "test input"}), ({"k": 1}, {"k": 1}), (["a"], {"content": ["a"]}), (0, {"content": 0})],
)
def test_inputs_and_outputs_may_be_texts(world: Any, given: Any, stored: Any) -> None:
    with step(name="assigned") as assigned:
        assigned.input = assigned.output = given
    with step(name="given", input=given, output=given):
        pass
    for name in ("assigned", "given"):
        found = world.step_named(name)
        assert found["input"] == found["output"] == stored


@pytest.mark.feature("L-STEP-08")
def test_parents_and_root_runs(world: Any) -> None:
    with run(name="root") as root:
        assert root.root_run_id is None
        with step(name="first") as first:
            assert (first.parent_id, first.root_run_id) == (root.id, root.id)
        with run(name="nested"), step(name="deep") as deep:
            assert get_current_root_run() is root
            assert deep.root_run_id == root.id
        with step(name="second", parent_id="elsewhere"), step(name="under second"):
            assert get_current_root_run() is root
    assert get_current_root_run() is None
    assert world.path("deep") == ["root", "nested", "deep"]
    assert world.step_named("second")["parentId"] == "elsewhere"
    assert world.step_named("under second")["parentId"] == world.step_named("second")["id"]
    root_runs = {found["name"]: found.get("rootRunId") for found in world.steps}
    assert root_runs.pop("root") is None
    assert set(root_runs.values()) == {root.id}


@pytest.mark.feature("L-LOG-01", "L-LOG-04")
@pytest.mark.parametrize("generations", [0, 1, 3])
def test_the_four_levels(world: Any, generations: int) -> None:
    """Thread, run, step, generation; the model calls are spans of a stranger."""
    tracer = world.tracer_provider.get_tracer("foreign")
    model_call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    with thread(thread_id="t"), run(name="run"), step(name="step"):
        for n in range(generations):
            tracer.start_span(f"chat {n}", attributes=model_call).end()
    calls = [found for found in world.steps if found["type"] == "llm"]
    assert [found["generation"]["model"] for found in calls] == ["m"] * generations
    for found in calls:
        assert world.path(found["name"]) == ["run", "step", found["name"]]
        assert (found["threadId"], found["rootRunId"]) == ("t", world.step_named("run")["id"])


@pytest.mark.feature("L-STEP-09")
def test_ids_are_derived_or_chosen(world: Any) -> None:
    with step(name="derived") as derived:
        pass
    with step(name="derived too") as other, step(name="chosen", id="my step_1 / ü") as chosen, step(name="below"):
        pass
    assert len({derived.id, other.id, str(UUID(derived.id)), str(UUID(other.id))}) == 2
    assert chosen.id == "my step_1 / ü"
    assert world.step_named("derived")["id"] == derived.id
    assert world.path("below") == ["derived too", "chosen", "below"]


@pytest.mark.parametrize("unusable", ["", "x" * 256, "line\nbreak", "nul\0"])
def test_unusable_ids_are_refused_aloud(world: Any, guard: Any, unusable: str) -> None:
    guard.allow("is not used")
    with step(name="step", id=unusable) as made:
        assert made.id != unusable
    with thread(thread_id=unusable) as talk:
        assert UUID(talk.id)
    assert sum("is not used" in message for message in guard.messages) == 2
    assert world.step_named("step")["id"] == made.id


@pytest.mark.feature("L-STEP-06", "L-STEP-07", "L-STEP-10")
def test_a_manual_step_is_sent_when_it_ends(world: Any) -> None:
    bare = start_step()
    assert (bare.name, bare.type, bare.metadata, bare.tags, bare.attachments) == ("", "undefined", {}, [], [])
    bare.end()
    world.settle()
    world.arrivals.clear()

    manual = start_step(
        name="a", type="tool", tags=["x"], metadata={"k": 1}, input="in", thread_id="t", root_run_id="r"
    )
    assert get_current_step() is manual
    with step(name="child"):
        pass
    assert [found["name"] for found in world.steps] == ["child"]
    manual.end()
    manual.end()
    assert get_current_step() is None
    found = world.step_named("a")
    assert (found["type"], found["tags"], found["metadata"]["k"], found["input"]) == (
        "tool",
        ["x"],
        1,
        {"content": "in"},
    )
    assert (found["threadId"], found["rootRunId"]) == ("t", "r")
    child = world.step_named("child")
    assert (child["parentId"], child["threadId"], child["rootRunId"]) == (manual.id, "t", "r")


def test_a_manual_step_ended_in_another_thread_is_nobodys_parent_any_more(world: Any) -> None:
    with step(name="outer"):
        late = start_step(name="late", type="run")
        with step(name="before"):
            pass
        other = threading.Thread(target=late.end)
        other.start()
        other.join()
        assert get_current_step().name == "outer"  # type: ignore[union-attr]
        assert get_current_root_run() is None
        tracer = world.tracer_provider.get_tracer("host")
        with tracer.start_as_current_span("not a step"), step(name="after"):
            pass
    assert world.path("before") == ["outer", "late", "before"]
    assert world.path("after") == ["outer", "after"]
    assert "rootRunId" not in world.step_named("after")


def test_manual_steps_that_end_out_of_order(world: Any) -> None:
    first = start_step(name="first")
    second = start_step(name="second")
    first.end()
    assert get_current_step() is second
    second.end()
    assert get_current_step() is None
    with step(name="after"):
        pass
    assert world.path("second") == ["first", "second"]
    assert world.path("after") == ["after"]


@pytest.mark.feature("L-LOG-07")
def test_a_lone_tool_gets_a_run_around_it(world: Any) -> None:
    @step(type="tool")
    def look_up(q: str) -> str:
        with step(name="inner", type="embedding"):
            return q

    with world.tracer_provider.get_tracer("host").start_as_current_span("GET /"):
        look_up("x")
    look_up("y")
    by_name = [found for found in world.steps if found["name"] == "look_up"]
    runs = {found["id"]: found for found in by_name if found["type"] == "run"}
    tools = [found for found in by_name if found["type"] == "tool"]
    assert (len(runs), len(tools)) == (2, 2)
    for tool in tools:
        around = runs[tool["parentId"]]
        assert tool["rootRunId"] == around["id"]
        assert "parentId" not in around
        assert "rootRunId" not in around
        assert around["startTime"] <= tool["startTime"]
    assert {found["rootRunId"] for found in world.steps if found["name"] == "inner"} == set(runs)


@pytest.mark.parametrize(
    "around",
    [
        lambda: run(name="run"),
        lambda: thread(),
        lambda: step(name="step"),
        lambda: trace.use_span(
            trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=True, trace_flags=trace.TraceFlags(1)))
        ),
    ],
    ids=["run", "thread", "step", "remote"],
)
def test_a_tool_with_something_around_it_gets_none(world: Any, around: Any) -> None:
    with around(), step(name="tool", type="tool"):
        pass
    with step(name="placed", type="tool", parent_id="p"):
        pass
    assert sum(found["name"] in ("tool", "placed") for found in world.steps) == 2


@pytest.mark.parametrize(("tags", "stored"), [(None, None), ("one", ["one"]), ((1, "b"), ["1", "b"])])
def test_sloppy_values_lose_nothing(world: Any, tags: Any, stored: Any) -> None:
    with step(name="sloppy") as made:
        made.tags = tags
        made.metadata = None  # type: ignore[assignment]
        made.attachments = None  # type: ignore[assignment]
        made.thread_id = UUID(int=1)  # type: ignore[assignment]
        made.output = "kept"
    found = world.step_named("sloppy")
    assert found.get("tags") == stored
    assert found["threadId"] == str(UUID(int=1))
    assert found["output"] == {"content": "kept"}


@pytest.mark.parametrize(("tags", "stored"), [("one", ["one"]), ((1, "b"), ["1", "b"]), (7, ["7"]), ([{}], ["{}"])])
def test_sloppy_arguments_raise_nothing_and_lose_nothing(world: Any, tags: Any, stored: Any) -> None:
    sloppy: dict[str, Any] = {"tags": tags, "metadata": "a text"}
    with step(name="step", **sloppy):
        pass
    message("hello", name="message", **sloppy)
    with thread(thread_id="t", **sloppy), run(name="marked"):
        set_properties(**sloppy)
        message("hello", name="after")
    for name in ("step", "message", "after"):
        found = world.step_named(name)
        assert (found["tags"], found["metadata"]["content"]) == (stored, "a text")
    assert {tuple(made["tags"]) for made in world.threads} == {tuple(stored)}
    assert {made["metadata"]["content"] for made in world.threads} == {"a text"}


@pytest.mark.feature("L-STEP-13")
def test_generation_attachments_and_scores(world: Any) -> None:
    with step(name="model", type="llm") as made:
        made.generation = ChatGeneration(provider="own", model="m", messages=[{"role": "user", "content": "hi"}])
        made.attachments.append(Attachment(id="a", name="file", url="http://files/a", mime="text/plain"))
        made.scores.append(Score(name="quality", type="CODE", value=0))
    found = world.step_named("model")
    assert found["generation"]["messages"] == [{"role": "user", "content": "hi"}]
    assert found["generation"]["model"] == "m"
    assert found["attachments"] == [{"id": "a", "name": "file", "url": "http://files/a", "mime": "text/plain"}]
    assert found["scores"] == [{"name": "quality", "type": "CODE", "value": 0}]
    assert "attributes" not in found["metadata"]["otel"]


@pytest.mark.feature("L-CLI-17")
def test_the_surroundings_are_readable(world: Any) -> None:
    assert (get_current_step(), get_current_thread(), get_current_root_run()) == (None, None, None)
    with thread(thread_id="t") as talk, run() as root, step() as inner:
        assert (get_current_step(), get_current_thread(), get_current_root_run()) == (inner, talk, root)
    assert inner.thread_id == "t"


@pytest.mark.feature("L-CLI-18")
def test_reset_context_forgets_everything(world: Any) -> None:
    with thread(), run(name="run"), step(name="step"):
        set_properties(tags=["t"])
        reset_context()
        assert (get_current_step(), get_current_thread(), get_current_root_run()) == (None, None, None)
        assert current().tags == ()
        with step(name="alone"):
            pass
    alone = world.step_named("alone")
    assert not {"parentId", "threadId", "rootRunId", "tags"} & set(alone)


@pytest.mark.feature("L-CLI-16")
def test_properties_mark_what_comes_next(world: Any) -> None:
    tracer = world.tracer_provider.get_tracer("foreign")
    model_call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    with thread():
        set_properties(tags=["hello"], metadata={"foo": "1"})
        with step(name="inner", tags=["own"], metadata={"own": 1}):
            set_properties(tags=["world", "hello"], metadata={"bar": 2}, prompt="prompt-1", name="renamed")
            tracer.start_span("chat m", attributes=model_call).end()
        with step(name="sibling"):
            pass
    with step(name="outside"):
        pass
    inner, renamed, sibling, outside = (world.step_named(n) for n in ("inner", "renamed", "sibling", "outside"))
    assert renamed["tags"] == ["hello", "world"]
    assert {key: renamed["metadata"][key] for key in ("foo", "bar")} == {"foo": "1", "bar": 2}
    assert renamed["generation"]["promptId"] == "prompt-1"
    assert inner["tags"] == ["hello", "own"]
    assert {key: inner["metadata"][key] for key in ("foo", "own")} == {"foo": "1", "own": 1}
    assert sibling["tags"] == ["hello"]
    assert "tags" not in outside


async def test_tasks_stand_under_the_step_that_started_them(world: Any) -> None:
    @step
    async def work(n: int) -> None:
        await asyncio.sleep(0.001)
        with step(name=f"part {n}"):
            await asyncio.sleep(0)

    @run
    async def gather() -> None:
        await asyncio.gather(*(work(n) for n in range(3)))
        async with asyncio.TaskGroup() as group:
            group.create_task(work(3))
        await asyncio.to_thread(step(name="in thread")(lambda: None))

    await gather()
    assert [world.path(f"part {n}") for n in range(4)] == [["gather", "work", f"part {n}"] for n in range(4)]
    assert world.path("in thread") == ["gather", "in thread"]


def test_threads_and_executors_by_propagate(world: Any) -> None:
    def work(n: int) -> Any:
        with step(name=f"work {n}"):
            return get_current_thread()

    def generate() -> Any:
        with step(name="generated"):
            yield 1

    with thread() as talk, run(name="run"), ThreadPoolExecutor(2) as pool:
        results = [pool.submit(propagate(work), n) for n in range(3)]
        assert pool.submit(list, propagate(generate)()).result() == [1]
        assert pool.submit(get_current_thread).result() is None
        assert pool.submit(work, 9).result() is None
    assert [result.result() for result in results] == [talk] * 3
    assert [world.path(f"work {n}") for n in range(3)] == [["run", f"work {n}"] for n in range(3)]
    assert world.path("generated") == ["run", "generated"]
    assert world.path("work 9") == ["work 9"]


def test_a_child_that_starts_after_its_parent_ended(world: Any) -> None:
    with run(name="parent"):
        later = propagate(step(name="later")(lambda: None))
    later()
    assert world.path("later") == ["parent", "later"]


def test_one_scope_object_may_be_used_again(world: Any) -> None:
    scope = step(name="again")
    with scope as first, scope as second:
        assert second.parent_id == first.id
    assert len(world.steps) == 2


async def test_one_scope_object_may_be_used_by_many_tasks_at_once(world: Any) -> None:
    scope, all_inside = step(name="shared"), asyncio.Barrier(3)
    turns = [asyncio.Event() for _ in range(4)]  # the first to enter is the first to leave
    turns[0].set()

    async def work(number: int) -> str:
        with scope as mine:
            mine.input = number
            set_properties(tags=["inside"])
            await all_inside.wait()
            await turns[number].wait()
            assert get_current_step() is mine
        assert mine.end_time is not None
        assert get_current_step() is None
        turns[number + 1].set()
        return mine.id

    ids = await asyncio.gather(*(work(number) for number in range(3)))
    assert [(found["id"], found["input"]) for found in world.steps] == [
        (id, {"content": number}) for number, id in enumerate(ids)
    ]


@pytest.mark.feature("L-LOG-03", "L-LOG-08")
@pytest.mark.parametrize("kind", ["run", "tool", "llm", "embedding", "retrieval", "rerank", "undefined"])
def test_every_step_is_a_span(world: Any, kind: Any) -> None:
    with run(name="around"), step(name="it", type=kind) as it:
        pass
    found = world.step_named("it")
    span = next(span for span in world.capture.spans if span.name == "it")
    assert found["type"] == kind
    assert (span.scope, span.kind.name) == ("literalai_otel.context", "INTERNAL")
    assert found["metadata"]["otel"]["span_id"] == f"{span.span_id:016x}"
    assert found["id"] == it.id
    assert it.start_time == found["startTime"]
    assert it.end_time == found["endTime"]


def test_what_the_sampler_drops_is_counted(make_world: Any) -> None:
    world = make_world(sampler=ALWAYS_OFF)

    @step
    def work() -> Any:
        return get_current_step()

    with thread(), run(name="run") as root:
        inner = work()
        said = message("hello", type="user_message")
    assert inner.parent_id == root.id
    assert len({inner.id, root.id}) == 2
    assert [found["id"] for found in world.steps] == [said.id]
    assert said.parent_id == root.id
    assert world.delivery.counters().sampled_out == 2
    assert len(world.threads) == 2


def test_a_disabled_client_runs_everything_and_sends_nothing(world: Any) -> None:
    world.disabled = True
    with thread() as talk, run(name="run") as root, step(name="inner") as inner:
        assert (get_current_thread(), get_current_root_run(), get_current_step()) == (talk, root, inner)
        assert inner.parent_id == root.id != inner.id
        message("hello")
    assert (world.steps, world.threads, world.capture.spans) == ([], [], [])


def test_without_any_client_everything_runs() -> None:
    set_default_client(None)

    @run
    def work(n: int) -> int:
        step_now = get_current_step()
        assert step_now is not None
        with step() as inner:
            assert inner.parent_id == step_now.id != inner.id
        return n

    with thread():
        assert work(1) == 1
    assert isinstance(message("nobody hears this"), Step)


def test_a_broken_tracer_does_not_reach_the_caller(world: Any, guard: Any) -> None:
    guard.allow("is not recorded")

    class Broken:
        def start_span(self, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("broken")

    world.tracer = Broken()
    assert step(lambda: 1)() == 1
    with run() as root:
        assert root.id


def test_two_clients_in_one_context_keep_apart(make_world: Any) -> None:
    first, second = make_world("first", environment="dev", release="1"), make_world("second")
    with first.thread(thread_id="t1"), first.run(name="run 1"):
        first.set_properties(tags=["first"])
        with second.run(name="run 2"), step(name="step 2"):
            second.message("2", name="message 2")
        with step(name="step 1"):
            pass
    assert {found["name"] for found in first.steps} == {"run 1", "step 1"}
    assert first.path("step 1") == ["run 1", "step 1"]
    assert {found["name"] for found in second.steps} == {"run 2", "step 2", "message 2"}
    assert all(not {"threadId", "tags"} & set(found) for found in second.steps)
    assert {found["environment"] for found in first.steps} == {"dev"}
    assert {found["metadata"].get("release") for found in first.steps} == {"1"}
    assert {found["environment"] for found in second.steps} == {None}
