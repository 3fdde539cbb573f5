"""Decorated functions stay what they are, and become steps (`spec/instrumentation-cases.md` §1.4, S3 to S5)."""

import asyncio
import functools
import inspect
import pickle
import types
from dataclasses import dataclass
from typing import Any

import pytest

from literalai_otel.context import get_current_step, run, step, thread

DECORATORS = [step, run, thread, step(name="named", type="tool"), thread(name="talk")]


def plain(a: int, b: int = 2, *, c: int = 3) -> int:
    """A docstring."""
    return a + b + c


async def coroutine(a: int, b: int = 2) -> int:
    return a + b


def generator(a: int) -> Any:
    received = yield a
    yield received
    return "returned"


async def async_generator(a: int) -> Any:
    received = yield a
    yield received


FUNCTIONS = [plain, coroutine, generator, async_generator]
CHECKS = [
    inspect.isfunction,
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
    asyncio.iscoroutinefunction,
]


@step
def picklable() -> str:
    return "unpickled"


@run
async def picklable_coroutine() -> str:
    return "unpickled"


@step
def picklable_generator() -> Any:
    yield "unpickled"


@thread
async def picklable_async_generator() -> Any:
    yield "unpickled"


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("decorator", DECORATORS)
def test_inspection_sees_no_difference(decorator: Any, function: Any) -> None:
    wrapped = decorator(function)
    assert [check(wrapped) for check in CHECKS] == [check(function) for check in CHECKS]
    assert inspect.signature(wrapped) == inspect.signature(function)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(wrapped, name) == getattr(function, name)
    assert wrapped.__wrapped__ is function


@pytest.mark.parametrize("function", [picklable, picklable_coroutine, picklable_generator, picklable_async_generator])
def test_a_decorated_function_pickles(function: Any) -> None:
    assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.feature("L-STEP-01")
def test_a_function_becomes_a_step(world: Any) -> None:
    assert step(plain)(1, b=5) == 9
    (found,) = world.steps
    assert (found["name"], found["type"]) == ("plain", "undefined")
    assert found["input"] == {"a": 1, "b": 5, "c": 3}
    assert found["output"] == {"content": 9}
    assert found["startTime"] < found["endTime"]


@pytest.mark.feature("L-STEP-01")
@pytest.mark.parametrize(
    ("result", "output"),
    [
        ({"answer": 42}, {"answer": 42}),
        ("text", {"content": "text"}),
        (["a", "b"], {"content": ["a", "b"]}),
        (0, {"content": 0}),
        ("", {"content": ""}),
        (None, None),
    ],
)
def test_outputs_are_objects(world: Any, result: Any, output: Any) -> None:
    @step
    def answer() -> Any:
        return result

    assert answer() is result
    assert world.step_named("answer").get("output") == output


@pytest.mark.feature("L-STEP-02")
def test_arguments_of_the_decorator_win(world: Any) -> None:
    @step(id="my-step-id", name="My step", type="run", parent_id="above", thread_id="talk_1", root_run_id="root_1")
    def f() -> None: ...

    f()
    (found,) = world.steps
    wanted = {
        "id": "my-step-id",
        "name": "My step",
        "type": "run",
        "parentId": "above",
        "threadId": "talk_1",
        "rootRunId": "root_1",
    }
    assert {key: found[key] for key in wanted} == wanted


@pytest.mark.feature("L-STEP-03")
@pytest.mark.parametrize("decorator", [run, run(), step(type="run")])
def test_run_is_a_step_of_type_run(world: Any, decorator: Any) -> None:
    @decorator
    def agent() -> None: ...

    agent()
    with decorator if not inspect.ismethod(decorator) else run():
        pass
    assert [found["type"] for found in world.steps] == ["run", "run"]


@pytest.mark.feature("L-STEP-04")
def test_the_step_inside_is_open_to_changes(world: Any) -> None:
    @step
    def f() -> str:
        current = get_current_step()
        assert current is not None
        current.name = "renamed"
        current.metadata = {"k": "v"}
        current.tags = ["to_review"]
        current.output = {"mine": True}
        current.input = "mine too"
        return "ignored"

    assert f() == "ignored"
    found = world.step_named("renamed")
    assert found["metadata"]["k"] == "v"
    assert found["tags"] == ["to_review"]
    assert found["output"] == {"mine": True}
    assert found["input"] == {"content": "mine too"}
    assert get_current_step() is None


@pytest.mark.feature("L-STEP-14")
async def test_coroutines_are_covered_to_their_end(world: Any) -> None:
    @step
    async def f(a: int) -> int:
        await asyncio.sleep(0.02)
        assert get_current_step() is not None
        return a

    assert await f(1) == 1
    (span,) = world.capture.spans
    assert span.span.end_time - span.span.start_time >= 20_000_000
    assert world.step_named("f")["output"] == {"content": 1}


def test_methods_of_every_kind(world: Any) -> None:
    class Agent:
        @step
        def method(self, a: int) -> Any:
            return self, a

        @classmethod
        @step
        def inner_class(cls, a: int) -> Any:
            return cls, a

        @step
        @classmethod
        def outer_class(cls, a: int) -> Any:
            return cls, a

        @staticmethod
        @step
        def inner_static(a: int) -> Any:
            return a

        @step
        @staticmethod
        def outer_static(a: int) -> Any:
            return a

    agent = Agent()
    assert agent.method(1) == (agent, 1)
    assert agent.inner_class(2) == Agent.outer_class(2) == (Agent, 2)
    assert agent.inner_static(3) == Agent.outer_static(3) == 3
    assert [found["input"] for found in world.steps] == [{"a": n} for n in (1, 2, 2, 3, 3)]


def test_other_callables(world: Any) -> None:
    class Agent:
        async def __call__(self, a: int) -> int:
            return a

    @types.coroutine
    def old_style() -> Any:
        yield from asyncio.sleep(0).__await__()
        return 3

    async def use() -> None:
        assert await step(Agent())(1) == 1
        assert await step(functools.partial(coroutine, 1))(b=1) == 2
        assert await step(old_style)() == 3

    assert step(functools.partial(plain, 1))(2) == 6
    assert step(len)("four") == 4
    asyncio.run(use())
    assert [found["name"] for found in world.steps] == ["partial", "len", "Agent", "partial", "old_style"]


@pytest.mark.parametrize("target", [int, "text", None])
@pytest.mark.parametrize("decorator", [step(), run(), thread()])
def test_what_is_no_function_is_refused_when_decorating(decorator: Any, target: Any) -> None:
    with pytest.raises(TypeError, match="is no function"):
        decorator(target)


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no eq")

    __hash__ = None  # type: ignore[assignment]


class Liar:
    @property
    def __class__(self) -> Any:  # type: ignore[override]
        raise RuntimeError("no class")


class AsyncDict:
    async def dict(self) -> Any:
        raise AssertionError("called")

    async def model_dump(self) -> Any:
        raise AssertionError("called")


@dataclass
class Point:
    x: int


def deep(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = [value]
    return value


def circular() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


def never_called() -> None:
    raise AssertionError("called")


HOSTILE = {
    "repr raises": Hostile(),
    "class raises": Liar(),
    "inside a list": [Hostile()],
    "inside an object": {"k": Hostile(), "l": Liar()},
    "circular": circular(),
    "deep": deep(1000),
    "not a number": float("nan"),
    "callback": never_called,
    "coroutine dict": AsyncDict(),
    "bytes": b"x",
}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_values_never_reach_the_caller(world: Any, kind: str) -> None:
    value = HOSTILE[kind]

    @step
    def f(argument: Any, *rest: Any, **named: Any) -> Any:
        assert argument is rest[0] is named["named"] is value
        return value

    assert f(value, value, named=value) is value
    assert list(world.step_named("f")["input"]) == ["argument", "rest", "named"]


def test_arguments_are_kept_as_they_were_at_the_call(world: Any) -> None:
    @step
    def f(items: list[int], point: Point) -> list[int]:
        items.append(2)
        point.x = 2
        return items

    f([1], Point(1))
    found = world.step_named("f")
    assert found["input"] == {"items": [1], "point": {"x": 1}}
    assert found["output"] == {"content": [1, 2]}


def test_wrong_arguments_are_the_functions_own_error(world: Any) -> None:
    with pytest.raises(TypeError) as bare:
        plain()  # type: ignore[call-arg]
    with pytest.raises(TypeError) as wrapped:
        step(plain)()  # type: ignore[call-arg]
    assert str(wrapped.value) == str(bare.value)
    assert "missing 1 required positional argument" in world.step_named("plain")["error"]


@pytest.mark.feature("L-LOG-11")
@pytest.mark.parametrize("kind", ["function", "coroutine", "generator", "async generator", "block", "async block"])
def test_errors_are_recorded_and_go_on_unchanged(world: Any, kind: str) -> None:
    error = ZeroDivisionError("by zero")
    error.__cause__ = cause = KeyError("cause")

    @step(name="f")
    def function() -> None:
        raise error

    @step(name="f")
    async def coroutine_() -> None:
        raise error

    @step(name="f")
    def generator_() -> Any:
        yield
        raise error

    @step(name="f")
    async def async_generator_() -> Any:
        yield
        raise error

    async def drain() -> None:
        async for _ in async_generator_():
            pass

    def block() -> None:
        with step(name="f"):
            raise error

    async def async_block() -> None:
        async with step(name="f"):
            raise error

    calls: dict[str, Any] = {
        "function": function,
        "coroutine": lambda: asyncio.run(coroutine_()),
        "generator": lambda: list(generator_()),
        "async generator": lambda: asyncio.run(drain()),
        "block": block,
        "async block": lambda: asyncio.run(async_block()),
    }
    with pytest.raises(ZeroDivisionError) as raised:
        calls[kind]()
    assert raised.value is error
    assert error.__cause__ is cause
    assert error.__context__ is None
    found = world.step_named("f")
    assert found["error"] == "ZeroDivisionError: by zero"
    (span,) = world.capture.spans
    assert span.status.name == "ERROR"
    assert span.attributes["error.type"] == "ZeroDivisionError"


def test_an_error_without_a_message_that_works(world: Any, guard: Any) -> None:
    guard.allow("exception not recorded")

    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no str")

    with pytest.raises(OddError), step(name="f"):
        raise OddError
    assert world.step_named("f")["error"].endswith("OddError")
