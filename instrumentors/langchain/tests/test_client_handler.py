"""`LiteralClient.langchain_callback`: the explicit handler, alone and beside the instrumentor."""

import copy
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langchain_core.tools import tool

from literalai_otel.client import LiteralClient
from literalai_otel.testing import SpanCapture

from .fakes import AsyncScriptedModel, ScriptedModel
from .project import Project
from .test_trees import INPUT, chain

JOKE = """
joke (run)
  ChatPromptTemplate (undefined)
  chat scripted-1 (llm)
  StrOutputParser (undefined)
""".strip()


@pytest.fixture
def alone(project: Project) -> Iterator[LiteralClient]:
    """A client with a provider of its own, and no instrumentor."""
    client = LiteralClient(api_key="key", url=project.url)
    yield client
    client.flush_and_stop(1)


def config(client: LiteralClient, **options: Any) -> Any:
    return {"callbacks": [client.langchain_callback(**options)], "run_name": "joke"}


@pytest.mark.feature("I-LC-01")
def test_one_line_records_a_chain(alone: LiteralClient, project: Project) -> None:
    chain().invoke(INPUT, config(alone))
    assert alone.flush()
    assert project.tree() == JOKE
    assert project.named("joke")["input"] == INPUT


@pytest.mark.feature("I-LC-05")
def test_several_calls_in_one_thread(alone: LiteralClient, project: Project) -> None:
    """One handler for several calls, and at the same time, works as well as a new one for each."""
    with alone.thread(name="Example") as thread:
        handler = alone.langchain_callback()
        chain().batch([INPUT] * 3, {"callbacks": [handler], "run_name": "joke"})
    assert alone.flush()
    assert sorted(project.tree().splitlines()) == sorted(JOKE.splitlines() * 3)
    assert {step["threadId"] for step in project.steps.values()} == {thread.id}


async def test_steps_of_the_program_inside(alone: LiteralClient, project: Project) -> None:
    """Steps stand where they happen, with no instrumentor."""

    @alone.step(type="tool")
    def look_up(given: Any) -> Any:
        return "found"

    @alone.run
    async def whole(given: Any) -> Any:
        return await (RunnableLambda(look_up, name="search") | AsyncScriptedModel(answers=["Hi"])).ainvoke(
            "x", config(alone)
        )

    await whole("x")
    assert alone.flush()
    assert project.tree() == (
        "whole (run)\n  joke (run)\n    search (undefined)\n      look_up (tool)\n    chat scripted-1 (llm)"
    )


@pytest.mark.feature("I-LC-01")
def test_beside_the_instrumentor(client: LiteralClient, project: Project) -> None:
    """One step for each run."""
    chain().invoke(INPUT, config(client))
    chain().invoke(INPUT)
    assert client.flush()
    assert project.tree() == f"{JOKE}\n{JOKE.replace('joke', 'hello')}"


def test_the_handler_of_another_project_beside_the_instrumentor(
    capture: SpanCapture, alone: LiteralClient, project: Project
) -> None:
    """The runs that a client's handler is given for are that client's."""
    chain().invoke(INPUT, config(alone))
    assert alone.flush()
    assert project.tree() == JOKE
    assert capture.spans == []


@pytest.mark.feature("I-LC-02")
def test_runs_that_are_ignored(alone: LiteralClient, project: Project) -> None:
    """What is inside attaches to what is above, as far as its type is kept."""
    inner = RunnableParallel({"answer": ScriptedModel(answers=["Hi"]) | StrOutputParser()})
    outer = ChatPromptTemplate.from_messages([("user", "{name}")]) | inner
    outer.invoke(INPUT, config(alone, to_ignore=["RunnableSequence", "RunnableParallel"]))
    assert alone.flush()
    assert project.tree() == "joke (run)\n  ChatPromptTemplate (undefined)\n  chat scripted-1 (llm)"

    project.steps.clear()
    outer.invoke(INPUT, config(alone, to_ignore=["RunnableSequence", "RunnableParallel"], to_keep=["parser"]))
    assert alone.flush()
    assert project.tree() == "joke (run)\n  ChatPromptTemplate (undefined)\n  StrOutputParser (undefined)"


@pytest.mark.feature("I-LC-02")
def test_nothing_is_ignored(alone: LiteralClient, project: Project) -> None:
    outer = RunnableLambda(lambda given: given, name="first") | RunnableLambda(lambda given: given)
    outer.invoke(INPUT, config(alone, to_ignore=[]))
    assert alone.flush()
    assert project.tree() == "joke (run)\n  first (undefined)\n  RunnableLambda (undefined)"


def test_an_ignored_root_and_an_ignored_model(alone: LiteralClient, project: Project) -> None:
    chain().invoke(INPUT, config(alone, to_ignore=["joke", "ScriptedModel"], to_keep=["prompt", "parser"]))
    assert alone.flush()
    assert project.tree() == "ChatPromptTemplate (undefined)\nStrOutputParser (undefined)"


@pytest.mark.feature("I-LC-09")
def test_copies_and_odd_inputs(alone: LiteralClient, project: Project) -> None:
    handler = alone.langchain_callback(_schema_format="original")
    assert copy.deepcopy(handler) is handler
    assert copy.copy(handler) is handler

    @tool
    def odd(value: Any) -> Any:
        """Give it back."""
        return value

    odd.invoke({"value": {1: {2, 3}, "message": ScriptedModel(answers=["x"])}}, {"callbacks": [handler]})
    assert alone.flush()
    (called,) = [step for step in project.steps.values() if step["type"] == "tool"]
    assert called["input"]["value"]["1"] == [2, 3]


def test_a_disabled_client(project: Project) -> None:
    client = LiteralClient(disabled=True)
    assert chain().invoke(INPUT, config(client)) == "Hello dear Ann"
    assert project.steps == {}


def test_without_the_instrumentor_installed(alone: LiteralClient, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "literalai_otel_langchain.callbacks", None)
    with pytest.raises(ImportError, match="pip install literalai-otel-langchain"):
        alone.langchain_callback()


@tool
def shout(text: str) -> str:
    """Shout."""
    return text.upper()


@pytest.mark.feature("L-LOG-07")
def test_a_lone_tool_has_a_run_around_it(client: LiteralClient, project: Project) -> None:
    """Its id is made from the tool's; in a thread, or in anything else, no run is put there."""
    shout.invoke({"text": "x"})
    assert client.flush()
    assert project.tree() == "shout (run)\n  shout (tool)"
    run, called = sorted(project.steps.values(), key=lambda step: step["type"])
    assert run["id"] == str(uuid5(NAMESPACE_OID, f"{called['id']}:run"))

    project.steps.clear()
    shout.invoke({"text": "x"}, {"metadata": {"thread_id": "T"}})
    with client.thread():
        shout.invoke({"text": "x"})
    with client.step(name="around"):
        shout.invoke({"text": "x"})
    assert client.flush()
    assert project.tree() == "shout (tool)\nshout (tool)\naround (undefined)\n  shout (tool)"
