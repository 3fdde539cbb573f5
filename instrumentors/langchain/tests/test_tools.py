"""Tools and retrievers: arguments, results, documents, and what happens inside."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool, ToolException, tool
from langchain_core.vectorstores import InMemoryVectorStore
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from literalai_otel.testing import SpanCapture, span_tree

from .fakes import ScriptedModel, named, settled

CALL = {"type": "tool_call", "id": "c1", "name": "work", "args": {"text": "x"}}


def worker(capture: SpanCapture, *, asynchronous: bool = False, **options: Any) -> Any:
    """A tool that opens a span of the program."""

    def work(text: str) -> str:
        """Work."""
        with capture.tracer.start_as_current_span("mine"):
            return text.upper()

    async def awork(text: str) -> str:
        with capture.tracer.start_as_current_span("mine"):
            await asyncio.sleep(0)
            return text.upper()

    return StructuredTool.from_function(work, awork if asynchronous else None, name="work", **options)


async def in_executor(work: BaseTool) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, copy_context().run, work.invoke, CALL)


@pytest.mark.feature("I-LC-08")
@pytest.mark.parametrize("way", ["invoke", "ainvoke", "ainvoke of a sync one", "executor"])
async def test_a_tool_and_what_it_does(capture: SpanCapture, way: str) -> None:
    """L1, L49."""
    work = worker(capture, asynchronous=way == "ainvoke")
    with capture.tracer.start_as_current_span("program"):
        if way == "invoke":
            result = work.invoke(CALL)
        elif way == "executor":
            result = await in_executor(work)
        else:
            result = await work.ainvoke(CALL)
        assert trace.get_current_span().name == "program"
    assert result.content == "X"
    assert span_tree(capture.spans) == "program\n  execute_tool work\n    mine"
    span = named(capture, "execute_tool work")
    assert span.kind is SpanKind.INTERNAL
    assert span.attributes == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "work",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.description": "Work.",
        "gen_ai.tool.call.id": "c1",
    }
    assert span.fields["gen_ai.tool.call.arguments"] == {"text": "x"}
    assert span.fields["gen_ai.tool.call.result"] == "X"


async def test_tools_at_the_same_time(capture: SpanCapture) -> None:
    """L3: each has its own context."""
    work = worker(capture, asynchronous=True)
    await asyncio.gather(*(work.ainvoke({"text": str(n)}) for n in range(5)))
    assert sorted(span_tree(capture.spans).splitlines()) == ["  mine"] * 5 + ["execute_tool work"] * 5


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_tool_that_raises(capture: SpanCapture, asynchronous: bool) -> None:
    """L4: one error, and the context is as before."""

    @tool
    def broken(text: str) -> str:
        """Break."""
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await broken.ainvoke({"text": "x"}) if asynchronous else broken.invoke({"text": "x"})
    assert capture.one().status is StatusCode.ERROR
    assert capture.one().attributes["error.type"] == "ValueError"
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_an_error_that_the_tool_handles(capture: SpanCapture) -> None:
    """L46: the tool is marked, nothing above it fails."""

    def broken(text: str) -> str:
        """Break."""
        raise ToolException("no such city")

    handled = StructuredTool.from_function(broken, handle_tool_error=True)
    given = {"type": "tool_call", "id": "c1", "name": "broken", "args": {"text": "x"}}
    result = RunnableLambda(lambda _: handled.invoke(given), name="outer").invoke(None)
    assert isinstance(result, ToolMessage)
    assert span_tree(capture.spans, attributes=["error.type"]) == (
        "invoke_workflow outer\n  execute_tool broken ERROR error.type='tool_error'"
    )
    assert named(capture, "execute_tool broken").fields["gen_ai.tool.call.result"] == "no such city"


async def test_a_tool_that_is_cancelled(capture: SpanCapture) -> None:
    """L5: LangChain tells handlers nothing of it; the tool ends once, before its caller does."""
    started = asyncio.Event()

    @tool
    async def slow(text: str) -> str:
        """Wait."""
        started.set()
        await asyncio.sleep(60)
        return text

    async def survive(_: Any) -> str:
        task = asyncio.ensure_future(slow.ainvoke({"text": "x"}))
        await started.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return "survived"

    assert await RunnableLambda(survive, name="outer").ainvoke(None) == "survived"
    await settled(capture)
    assert span_tree(capture.spans, attributes=["error.type"]) == (
        "invoke_workflow outer\n  execute_tool slow ERROR error.type='CancelledError'"
    )
    assert capture.spans[0].name == "execute_tool slow"


def test_a_tool_that_ends_the_program(capture: SpanCapture) -> None:
    @tool
    def leave(text: str) -> str:
        """Leave."""
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        leave.invoke({"text": "x"})
    assert capture.one().attributes["error.type"] == "SystemExit"


DOCUMENTS = [
    Document("zero", id="d0", metadata={"score": 0, "source": "a"}),
    Document("half", metadata={"relevance_score": 0.5}),
    Document("nan", id="d2", metadata={"score": float("nan")}),
    Document("none", metadata={}),
]


class Library(BaseRetriever):
    """Finds the same documents every time, and asks an embedding model of the program's."""

    tracer: Any
    error: BaseException | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        with self.tracer.start_as_current_span("embed"):
            if self.error is not None:
                raise self.error
            return DOCUMENTS


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_retriever(capture: SpanCapture, asynchronous: bool) -> None:
    """L2, L27: a score of zero counts, one that is no number does not."""
    library = Library(tracer=capture.tracer)
    with capture.tracer.start_as_current_span("program"):
        found = await library.ainvoke("which?") if asynchronous else library.invoke("which?")
        assert trace.get_current_span().name == "program"
    assert found is DOCUMENTS
    assert span_tree(capture.spans) == "program\n  retrieval\n    embed"
    span = named(capture, "retrieval")
    assert span.kind is SpanKind.CLIENT
    assert span.fields["literalai.step.name"] == "Library"
    assert span.fields["gen_ai.retrieval.query.text"] == "which?"
    assert span.fields["gen_ai.retrieval.documents"] == [{"id": "d0", "score": 0.0}, {"score": 0.5}, {"id": "d2"}, {}]
    shown = span.fields["literalai.step.output"]
    assert shown[0] == {"id": "d0", "score": 0.0, "text": "zero", "metadata": {"score": 0, "source": "a"}}
    assert [document["text"] for document in shown] == ["zero", "half", "nan", "none"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_a_retriever_that_raises(capture: SpanCapture, error: BaseException) -> None:
    with pytest.raises(type(error)):
        Library(tracer=capture.tracer, error=error).invoke("which?")
    assert named(capture, "retrieval").attributes["error.type"] == type(error).__name__
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_documents_stay_out_when_content_is_off(capture: SpanCapture, policy: Any) -> None:
    """L27."""
    policy(capture_content="false")
    Library(tracer=capture.tracer).invoke("which?")
    assert "gen_ai.retrieval.query.text" not in named(capture, "retrieval").fields
    assert "zero" not in str(named(capture, "retrieval").fields)


def test_a_vector_store(capture: SpanCapture) -> None:
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=4))
    store.add_texts(["one", "two"])
    store.as_retriever(search_kwargs={"k": 1}).invoke("one")
    (document,) = capture.one().fields["literalai.step.output"]
    assert document["text"] == "one"


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_events_of_the_program(capture: SpanCapture, asynchronous: bool) -> None:
    """An event stands below the run that dispatched it."""

    def dispatches(given: Any) -> Any:
        dispatch_custom_event("progress", {"percent": 50})
        return given

    async def adispatches(given: Any) -> Any:
        await adispatch_custom_event("progress", {"percent": 50})
        return given

    work = RunnableLambda(adispatches if asynchronous else dispatches, name="work")
    await work.ainvoke(1) if asynchronous else work.invoke(1)
    assert span_tree(capture.spans) == "invoke_workflow work\n  progress"
    assert named(capture, "progress").fields["literalai.step.output"] == {"percent": 50}


def test_components_can_be_hidden(capture: SpanCapture, policy: Any) -> None:
    from .test_trees import INPUT, chain

    policy(component_steps=False)

    def event(given: Any) -> Any:
        dispatch_custom_event("progress", 1)
        return given

    (chain() | RunnableLambda(event, name="named")).with_config(run_name="hello").invoke(INPUT)
    assert span_tree(capture.spans) == "invoke_workflow hello\n  chat scripted-1"
    assert named(capture, "chat scripted-1").fields["literalai.prompt.variables"] == INPUT


async def test_a_stream_in_another_stream(capture: SpanCapture) -> None:
    """Two streams read in turn: each model call is current in its own steps alone."""
    one, two = ScriptedModel(answers=["a b c"], model="one"), ScriptedModel(answers=["d e f"], model="two")
    for _ in zip(one.stream("x"), two.stream("x"), strict=True):
        assert trace.get_current_span() is trace.INVALID_SPAN
    for model in (one, two):
        (current,) = {span.get_span_context().span_id for span in model.seen}
        assert current == named(capture, f"chat {model.model}").span_id
