"""Whatever goes wrong on our side, and whatever odd things the program hands around, its result is the bare one."""

import datetime
import enum
import importlib
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from literalai_otel.testing import SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel_langchain.values import Snapshot

from .fakes import AsyncScriptedModel, ScriptedModel, call
from .test_trees import INPUT, chain

MODULE = "literalai_otel_langchain"
STEPS = [
    "recorder.place",
    "recorder.label",
    "recorder.thread_of",
    "recorder.Snapshot",
    "chains.keep",
    "calls.model_invocation",
    "calls.FrozenMessage",
    "calls.read_request",
    "calls.read_result",
    "calls.claim",
    "tools.keep",
    "tools.agent_of",
    "runs.monotonic",
]


async def everything() -> list[Any]:
    """A program that uses most of LangChain."""

    @tool
    def double(n: int) -> int:
        """Double."""
        return n * 2

    results: list[Any] = [chain().invoke(INPUT), "".join(chain().stream(INPUT))]
    results.append([chunk async for chunk in chain(AsyncScriptedModel(answers=["a b"])).astream(INPUT)])
    results += await chain(AsyncScriptedModel(answers=["a b"])).abatch([INPUT] * 2)
    results.append(double.invoke({"type": "tool_call", "id": "c", "name": "double", "args": {"n": 2}}).content)
    results.append(ScriptedModel(answers=[call("double", n=1)]).invoke("Hi").tool_calls)
    try:
        ScriptedModel(answers=[ValueError("no")]).invoke("Hi")
    except ValueError as error:
        results.append(str(error))
    return results


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_of_ours_fails(instrument: Any, guard: Guard, monkeypatch: Any, step: str) -> None:
    """Regression 17: each in turn raises, the program does not see it, and no span stays open."""
    module, _, name = step.rpartition(".")

    def fails(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ours")

    guard.allow("")
    bare = await everything()
    capture: SpanCapture = instrument()
    with monkeypatch.context() as patch:
        patch.setattr(importlib.import_module(f"{MODULE}.{module}"), name, fails)
        assert await everything() == bare
    assert capture.still_open == []


class Hostile:
    """Fails at everything that somebody could do to describe it."""

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        return 1

    def __iter__(self) -> Any:
        raise RuntimeError("iter")

    def __bool__(self) -> bool:
        raise RuntimeError("bool")


class Color(enum.Enum):
    RED = "red"


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"down": [value]}
    return value


def circle() -> Any:
    value: dict[str, Any] = {}
    value["self"] = [value]
    return value


def generator() -> Any:
    yield from ("a", "b")


ODD = {
    "hostile": Hostile,
    "circular": circle,
    "deep": lambda: deep(1000),
    "generator": generator,
    "bytes": lambda: b"\x00\xff",
    "nan": lambda: {"n": float("nan"), 1: None, None: 2, (1, 2): "pair"},
    "enum and time": lambda: {"c": Color.RED, "t": datetime.datetime(2026, 1, 1)},
    "set": lambda: {1, 2},
    "none": lambda: None,
    "surrogate": lambda: "\ud800",
    "class": lambda: Hostile,
    "messages and hostile": lambda: {"messages": [HumanMessage("x"), Hostile(), ("user", "y")]},
}


@pytest.mark.feature("I-LC-09")
@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_odd_values_go_through(capture: SpanCapture, name: str, asynchronous: bool) -> None:
    """L33: the very object that was given comes back, and what is recorded is JSON."""
    from literalai_otel.jsonable import dumps, loads

    value = ODD[name]()
    same = RunnableLambda(lambda given: given, name="same") | RunnableLambda(lambda given: given)
    result = await same.ainvoke(value) if asynchronous else same.invoke(value)
    assert result is value
    for span in capture.spans:
        assert loads(dumps(span.fields))
    if name == "generator":
        assert list(value) == ["a", "b"], "nobody has read it"


def test_a_snapshot_does_not_change_with_its_value() -> None:
    """In place, at every level that is looked through and below."""
    value = {"list": [1, {"x": [2]}], "message": HumanMessage([{"type": "text", "text": "a"}]), "deep": deep(30)}
    snapshot = Snapshot(value)
    before = snapshot.render()
    value["list"][1]["x"].append(3)
    value["message"].content.append("b")
    value["deep"]["down"].append("more")
    assert snapshot.render() == before
    snapshot.render()["list"].append("somebody else's")
    assert snapshot.render() == before


def test_messages_of_an_odd_kind(capture: SpanCapture) -> None:
    class Strange(AIMessage):
        @property
        def odd(self) -> Any:
            raise RuntimeError("odd")

    answer = Strange([{"type": None}, {}, {"type": "text"}, {"type": "image"}], response_metadata={"model_name": None})
    assert ScriptedModel(answers=[answer]).invoke([HumanMessage("")]) is not None
    assert len(capture.one().fields["gen_ai.output.messages"]) == 1


def test_a_mask_that_fails(capture: SpanCapture, policy: Any, guard: Guard) -> None:
    guard.allow("mask hook failed")

    def mask(value: Any, name: str, span: Any) -> Any:
        raise ValueError("mask")

    policy(mask=mask)
    chain().invoke(INPUT)
    for span in capture.spans:
        fields = span.fields
        assert "Ann" not in str(fields)
        assert fields["literalai.content.dropped"] == "mask_failed"
