"""Generators behave as undecorated, the span covers the body, none leaks (`spec/instrumentation-cases.md` §1.4)."""

import asyncio
import contextlib
import contextvars
import gc
import sys
from collections.abc import AsyncGenerator, Generator, Iterator
from typing import Any

import pytest
from opentelemetry import baggage, trace
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace import TracerProvider

from literalai_otel.context import current, get_current_step, get_current_thread, run, set_properties, step, thread

DECORATORS = [pytest.param(step, id="step"), pytest.param(thread, id="thread")]


def echo(log: list[Any]) -> Generator[Any, Any, str]:
    """Says what reaches it."""
    received: Any = "started"
    try:
        while True:
            try:
                received = yield received
                log.append(("sent", received))
                if received == "stop":
                    return "returned"
            except ValueError as error:
                log.append(("thrown", str(error)))
                received = "caught"
    finally:
        log.append("finally")


async def async_echo(log: list[Any]) -> AsyncGenerator[Any, Any]:
    received: Any = "started"
    try:
        while True:
            try:
                received = yield received
                await asyncio.sleep(0)
                log.append(("sent", received))
                if received == "stop":
                    return
            except ValueError as error:
                await asyncio.sleep(0)
                log.append(("thrown", str(error)))
                received = "caught"
    finally:
        await asyncio.sleep(0)
        log.append("finally")


def consume(generator: Generator[Any, Any, Any]) -> list[Any]:
    seen: list[Any] = [next(generator), generator.send("a"), generator.throw(ValueError("b")), generator.send("c")]
    try:
        generator.send("stop")
    except StopIteration as stop:
        seen.append(stop.value)
    return seen


async def async_consume(generator: AsyncGenerator[Any, Any]) -> list[Any]:
    seen: list[Any] = [
        await generator.__anext__(),
        await generator.asend("a"),
        await generator.athrow(ValueError("b")),
        await generator.asend("c"),
    ]
    with pytest.raises(StopAsyncIteration):
        await generator.asend("stop")
    return seen


@pytest.mark.parametrize("decorator", DECORATORS)
def test_everything_reaches_the_body(world: Any, decorator: Any) -> None:
    bare: list[Any] = []
    wrapped: list[Any] = []
    assert consume(decorator(echo)(wrapped)) == consume(echo(bare))
    assert wrapped == bare


@pytest.mark.parametrize("decorator", DECORATORS)
async def test_everything_reaches_the_async_body(world: Any, decorator: Any) -> None:
    bare: list[Any] = []
    wrapped: list[Any] = []
    assert await async_consume(decorator(async_echo)(wrapped)) == await async_consume(async_echo(bare))
    assert wrapped == bare


def test_the_return_value_comes_out_of_yield_from(world: Any) -> None:
    @step
    def inner() -> Any:
        yield 1
        return "value"

    @step
    def outer() -> Any:
        value = yield from inner()
        yield value
        return value * 2

    def consumer() -> Any:
        return (yield from outer())

    generator = consumer()
    assert [next(generator), next(generator)] == [1, "value"]
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == "valuevalue"
    assert world.path("inner") == ["outer", "inner"]
    assert world.step_named("inner")["output"] == {"content": "value"}


def stubborn() -> Any:
    with contextlib.suppress(GeneratorExit):
        yield 1
    yield 2


def final_value() -> Any:
    try:
        yield 1
    except GeneratorExit:
        return "closed"


def raises_when_closed() -> Any:
    try:
        yield 1
    finally:
        raise KeyError("closing")


def empty() -> Any:
    yield from ()


def outcome_of(action: Any) -> Any:
    try:
        return action()
    except BaseException as error:
        return type(error), str(error)


@pytest.mark.parametrize("body", [stubborn, final_value, raises_when_closed, empty])
def test_closing_is_the_bodys_business(world: Any, body: Any) -> None:
    outcomes = []
    for function in (body, step(body)):
        generator = function()
        next(generator, None)
        outcomes.append([outcome_of(generator.close), outcome_of(lambda g=generator: next(g, "over"))])
    assert outcomes[1] == outcomes[0]


def test_generator_exit_thrown_by_hand(world: Any) -> None:
    for function in (stubborn, step(stubborn)):
        generator = function()
        next(generator)
        assert generator.throw(GeneratorExit()) == 2
        generator.close()


@pytest.mark.parametrize("how", ["close", "break", "del"])
@pytest.mark.parametrize("decorator", DECORATORS)
def test_an_early_end_is_no_error(world: Any, decorator: Any, how: str) -> None:
    log: list[Any] = []
    generator = decorator(echo)(log)
    if how == "break":
        for _ in generator:
            break
        del generator
    else:
        next(generator)
        if how == "close":
            generator.close()
        else:
            del generator
    gc.collect()
    assert log == ["finally"]
    assert [(span.name, span.status.name) for span in world.capture.spans] == (
        [("echo", "UNSET")] if decorator is step else []
    )
    assert all("error" not in found for found in world.steps)


@pytest.mark.parametrize("decorator", DECORATORS)
async def test_an_early_end_of_an_async_generator_is_no_error(world: Any, decorator: Any) -> None:
    log: list[Any] = []
    generator = decorator(async_echo)(log)
    async for _ in generator:
        break
    await generator.aclose()
    assert log == ["finally"]
    dropped = decorator(async_echo)(log)
    await dropped.__anext__()
    del dropped
    gc.collect()
    await asyncio.sleep(0.02)
    assert log == ["finally", "finally"]
    assert [span.status.name for span in world.capture.spans] == (["UNSET"] * 2 if decorator is step else [])


@pytest.mark.parametrize("decorator", DECORATORS)
def test_what_is_never_iterated_leaves_nothing(world: Any, decorator: Any) -> None:
    before = otel_context.get_current()
    generator = decorator(echo)([])
    async_generator = decorator(async_echo)([])
    assert otel_context.get_current() is before
    del generator, async_generator
    gc.collect()
    assert world.capture.spans == []
    assert world.threads == []


@pytest.mark.parametrize("decorator", DECORATORS)
def test_nothing_is_current_in_the_consumer(world: Any, decorator: Any) -> None:
    seen: list[Any] = []

    def body() -> Any:
        for n in range(3):
            seen.append((get_current_step(), get_current_thread()))
            yield n

    before = otel_context.get_current()
    for _ in decorator(body)():
        assert otel_context.get_current() is before
        assert not trace.get_current_span().get_span_context().is_valid
    assert len(set(seen)) == 1
    assert any(seen[0])


@pytest.mark.parametrize("decorator", DECORATORS)
async def test_nothing_is_current_in_the_async_consumer(world: Any, decorator: Any) -> None:
    seen: list[Any] = []

    async def body() -> Any:
        for n in range(3):
            await asyncio.sleep(0)
            seen.append((get_current_step(), get_current_thread()))
            yield n

    before = otel_context.get_current()
    async for _ in decorator(body)():
        assert otel_context.get_current() is before
    assert len(set(seen)) == 1
    assert any(seen[0])


def test_what_the_consumer_does_in_between_stands_beside(world: Any) -> None:
    @run
    def answer() -> Any:
        with step(name="in body"):
            yield 1
            with step(name="deeper"):
                yield 2
        with step(name="after"):
            yield 3

    with step(name="consumer"):
        for n in answer():
            with step(name=f"between {n}"):
                pass
    assert world.path("deeper") == ["consumer", "answer", "in body", "deeper"]
    assert world.path("after") == ["consumer", "answer", "after"]
    assert [world.path(f"between {n}") for n in (1, 2, 3)] == [["consumer", f"between {n}"] for n in (1, 2, 3)]


def test_two_generators_interleaved(world: Any) -> None:
    @run
    def count(name: str) -> Any:
        for n in range(2):
            with step(name=f"{name}{n}"):
                yield

    with thread(name="one"):
        for _ in zip(count("a"), count("b"), strict=True):
            pass
    parents = {found["id"]: found["input"]["name"] for found in world.steps if found["type"] == "run"}
    assert {found["name"]: parents[found["parentId"]] for found in world.steps if found["type"] != "run"} == {
        "a0": "a",
        "a1": "a",
        "b0": "b",
        "b1": "b",
    }


def test_the_bodys_own_surroundings_last_across_yields(world: Any) -> None:
    @step
    def body() -> Any:
        set_properties(tags=["mine"])
        token = otel_context.attach(baggage.set_baggage("key", "value"))
        yield current().tags
        assert baggage.get_baggage("key") == "value"
        otel_context.detach(token)
        yield current().tags

    seen = []
    for tags in body():
        seen.append(tags)
        assert current().tags == ()
        assert baggage.get_baggage("key") is None
    assert seen == [("mine",), ("mine",)]


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


@pytest.mark.parametrize("decorator", [None, *DECORATORS])
def test_other_context_variables_pass_in_and_out(world: Any, decorator: Any) -> None:
    """`@contextmanager` functions that set a variable for their block work as without the decorator."""

    def setting(value: str) -> Iterator[str]:
        token = variable.set(value)
        yield variable.get()
        variable.reset(token)

    manager = contextlib.contextmanager(decorator(setting) if decorator else setting)
    with manager("inside") as seen:
        assert seen == variable.get() == "inside"
    assert variable.get() == "unset"

    def reading() -> Any:
        while True:
            yield variable.get()

    reader = decorator(reading)() if decorator else reading()
    assert next(reader) == "unset"
    token = variable.set("changed")
    assert next(reader) == "changed"
    variable.reset(token)
    reader.close()


@pytest.mark.parametrize("decorator", DECORATORS)
def test_started_here_finished_there(world: Any, decorator: Any) -> None:
    """In another context, as a generator handed to a thread or callback is."""
    log: list[Any] = []
    generator = decorator(echo)(log)
    with step(name="starter"):
        next(generator)
    contextvars.copy_context().run(generator.send, "a")
    before = otel_context.get_current()
    assert contextvars.Context().run(generator.send, "b") == "b"
    generator.close()
    assert otel_context.get_current() is before
    assert world.capture.still_open == []


@pytest.mark.parametrize("decorator", DECORATORS)
async def test_finished_in_another_task(world: Any, decorator: Any) -> None:
    log: list[Any] = []
    generator = decorator(async_echo)(log)
    await asyncio.create_task(generator.__anext__())
    await asyncio.create_task(generator.asend("a"))

    async def finish() -> None:
        async for item in generator:
            if item is None:
                break
        await generator.aclose()

    before = otel_context.get_current()
    await asyncio.create_task(finish())
    assert otel_context.get_current() is before
    assert log[-1] == "finally"
    assert [span.name for span in world.capture.spans] == (["async_echo"] if decorator is step else [])


def test_a_scope_of_ours_across_yields_and_tasks(world: Any) -> None:
    """Left in another task than it was entered in, as fixtures of asynchronous test runners are."""

    async def fixture() -> Any:
        with step(name="scope"):
            yield get_current_step()

    async def use() -> None:
        generator = fixture()
        await asyncio.create_task(generator.__anext__())
        with pytest.raises(StopAsyncIteration):
            await asyncio.create_task(generator.__anext__())
        assert get_current_step() is None

    asyncio.run(use())
    assert world.step_named("scope")["endTime"]


def test_async_generators_that_are_open_when_the_loop_ends(world: Any) -> None:
    """asyncio closes them all at once: ours closes the body that it wraps, which must not be closed beside it."""
    log: list[Any] = []
    kept: list[Any] = []

    async def use() -> None:
        for _ in range(3):
            generator = step(async_echo)(log)
            kept.append(generator)
            await generator.__anext__()

    hooks = sys.get_asyncgen_hooks()
    asyncio.run(use())
    assert sys.get_asyncgen_hooks() == hooks
    assert log == ["finally"] * 3
    assert len(world.steps) == 3


def test_an_error_in_the_consumer_is_not_the_bodys(world: Any) -> None:
    def consume_badly() -> None:
        for _ in step(echo)([]):
            raise KeyError("consumer")

    with pytest.raises(KeyError):
        consume_badly()
    gc.collect()
    assert [span.status.name for span in world.capture.spans] == ["UNSET"]


async def test_a_cancelled_coroutine_is_stopped_not_failed(world: Any) -> None:
    started = asyncio.Event()

    @step
    async def wait() -> None:
        started.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    await started.wait()
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError) as raised:
        await task
    assert raised.value.args == ("enough",)
    (span,) = world.capture.spans
    assert (span.status.name, span.attributes["error.type"]) == ("UNSET", "CancelledError")


async def test_a_cancelled_async_generator(world: Any) -> None:
    started = asyncio.Event()

    @step
    async def wait() -> Any:
        yield 1
        started.set()
        await asyncio.sleep(60)

    async def consume_all() -> None:
        async for _ in wait():
            pass

    task = asyncio.create_task(consume_all())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (span,) = world.capture.spans
    assert (span.status.name, span.attributes["error.type"]) == ("UNSET", "CancelledError")


@pytest.mark.parametrize(
    ("items", "output"),
    [
        (["Hel", "lo"], {"content": "Hello"}),
        ([1, "a", {"k": [1]}], {"content": [1, "a", {"k": [1]}]}),
        ([], None),
    ],
)
async def test_what_was_yielded_is_the_output(world: Any, items: list[Any], output: Any) -> None:
    @step(name="sync")
    def stream() -> Any:
        yield from items

    @step(name="async")
    async def async_stream() -> Any:
        for item in items:
            yield item

    assert list(stream()) == items
    assert [item async for item in async_stream()] == items
    assert world.step_named("sync").get("output") == world.step_named("async").get("output") == output


def test_endless_generators_are_remembered_in_bounds(world: Any) -> None:
    @step
    def numbers() -> Any:
        yield from range(1500)

    assert sum(1 for _ in numbers()) == 1500
    found = world.step_named("numbers")
    assert len(found["output"]["content"]) == 1000
    assert found["metadata"]["items"] == 1500


def test_abandoned_generators_leave_no_trace(world: Any) -> None:
    for _ in range(200):
        generator = step(echo)([])
        next(generator)
    del generator
    gc.collect()
    assert world.capture.still_open == []
    assert len(world.lineage) == 0


def test_a_foreign_span_in_the_body_stays_parent_across_yields(world: Any) -> None:
    """A stranger's `start_as_current_span` around a yield: as undecorated, and no detach error."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("host")
    seen = []

    @step
    def body() -> Any:
        with tracer.start_as_current_span("host") as span:
            yield
            seen.append(trace.get_current_span() is span)
            yield

    for _ in body():
        assert not trace.get_current_span().get_span_context().is_valid
    assert seen == [True]
