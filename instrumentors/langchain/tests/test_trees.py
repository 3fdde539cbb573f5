"""Every way of running a chain gives the same tree, and what the program does inside stands where it happens."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import langchain_core
import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnableParallel
from opentelemetry import trace

from literalai_otel.testing import SpanCapture, span_tree
from literalai_otel_langchain.runs import RUNS

from .fakes import AsyncScriptedModel, ScriptedModel, named, settled

CORE = tuple(int(part) for part in langchain_core.__version__.split(".")[:2])
INPUT = {"name": "Ann"}
TREE = """
invoke_workflow hello
  ChatPromptTemplate
  chat scripted-1
  StrOutputParser
""".strip()


def chain(model: Any = None, name: str = "hello") -> Runnable[Any, Any]:
    prompt = ChatPromptTemplate.from_messages([("user", "Greet {name}")])
    model = model if model is not None else ScriptedModel(answers=["Hello dear Ann"])
    return (prompt | model | StrOutputParser()).with_config(run_name=name)


def invoke(runnable: Any) -> Any:
    return runnable.invoke(INPUT)


def stream(runnable: Any) -> Any:
    return "".join(runnable.stream(INPUT))


def in_thread(runnable: Any) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(runnable.invoke, INPUT).result()


def in_copied_context(runnable: Any) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, runnable.invoke, INPUT).result()


def transform(runnable: Any) -> Any:
    return "".join(runnable.transform(iter([INPUT])))


async def ainvoke(runnable: Any) -> Any:
    return await runnable.ainvoke(INPUT)


async def astream(runnable: Any) -> Any:
    return "".join([chunk async for chunk in runnable.astream(INPUT)])


async def atransform(runnable: Any) -> Any:
    async def one() -> Any:
        yield INPUT

    return "".join([chunk async for chunk in runnable.atransform(one())])


async def astream_events(runnable: Any) -> Any:
    events = [event async for event in runnable.astream_events(INPUT, version="v2")]
    return events[-1]["data"]["output"]


async def astream_log(runnable: Any) -> Any:
    final: Any = None
    async for patch in runnable.astream_log(INPUT):
        final = patch if final is None else final + patch
    return final.state["final_output"]


async def in_task(runnable: Any) -> Any:
    return await asyncio.create_task(runnable.ainvoke(INPUT))


async def to_thread(runnable: Any) -> Any:
    return await asyncio.to_thread(runnable.invoke, INPUT)


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:langchain_core")

WAYS = [
    invoke, stream, transform, in_thread, in_copied_context,
    ainvoke, astream, atransform, astream_events, astream_log, in_task, to_thread,
]  # fmt: skip


async def run(way: Callable[[Any], Any], runnable: Any) -> Any:
    result = way(runnable)
    return await result if asyncio.iscoroutine(result) else result


@pytest.mark.feature("I-LC-10", "I-LC-13")
@pytest.mark.parametrize("kind", [ScriptedModel, AsyncScriptedModel])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_one_tree(capture: SpanCapture, way: Any, kind: Any) -> None:
    model = kind(answers=["Hello dear Ann"], seen=[])
    streamed = way in (stream, transform, astream, atransform, astream_events, astream_log)
    assert await run(way, chain(model)) == ("HellodearAnn" if streamed else "Hello dear Ann")
    assert span_tree(capture.spans) == TREE
    root, generation = named(capture, "invoke_workflow hello"), named(capture, "chat scripted-1")
    assert root.parent_id is None
    assert {span.get_span_context().span_id for span in model.seen} == {generation.span_id}
    assert root.fields["literalai.step.input"] == INPUT
    said = generation.fields["gen_ai.output.messages"][0]["parts"]
    assert "".join(part["content"] for part in said).replace(" ", "") == "HellodearAnn"
    assert generation.attributes.get("gen_ai.request.stream") is (True if streamed else None)
    assert ("gen_ai.response.time_to_first_chunk" in generation.attributes) is streamed


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_below_the_span_of_the_program(capture: SpanCapture, way: Any) -> None:
    if way is in_thread:
        pytest.skip("a bare thread has an empty context: there is no span of the program")
    with capture.tracer.start_as_current_span("program"):
        await run(way, chain())
    assert span_tree(capture.spans) == "program\n" + "\n".join(f"  {line}" for line in TREE.splitlines())


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_batch_makes_a_tree_for_each_input(capture: SpanCapture, asynchronous: bool) -> None:
    model = ScriptedModel(answers=["Hello dear Ann"])
    runnable = chain(model)
    with capture.tracer.start_as_current_span("program"):
        if asynchronous:
            await runnable.abatch([INPUT] * 3)
        else:
            runnable.batch([INPUT] * 3)
        assert trace.get_current_span().name == "program"
    expected = "program\n" + "\n".join(f"  {line}" for line in TREE.splitlines() * 3)
    assert span_tree(capture.spans).splitlines().count("  invoke_workflow hello") == 3
    assert sorted(span_tree(capture.spans).splitlines()) == sorted(expected.splitlines())
    roots = {span.span_id for span in capture.spans if span.name == "invoke_workflow hello"}
    assert [span.parent_id in roots for span in capture.spans if span.name == "chat scripted-1"] == [True] * 3


def ask_inside(capture: SpanCapture, inner: Any) -> Any:
    def outer_function(given: Any, config: RunnableConfig) -> Any:
        with capture.tracer.start_as_current_span("mine"):
            return inner.invoke(given)

    return outer_function


def test_program_spans_inside_and_chains_inside_those(capture: SpanCapture) -> None:
    """L49, L2: a chain that is called below a span of the program stands below that span."""
    RunnableLambda(ask_inside(capture, chain(name="inner"))).invoke(INPUT)
    assert span_tree(capture.spans) == (
        "invoke_workflow outer_function\n  mine\n    inner\n      ChatPromptTemplate\n      chat scripted-1\n"
        "      StrOutputParser"
    )


async def test_program_spans_in_asynchronous_functions_and_threads(capture: SpanCapture) -> None:
    def work() -> None:
        with capture.tracer.start_as_current_span("in-thread"):
            pass

    async def step(given: Any) -> Any:
        with capture.tracer.start_as_current_span("in-task"):
            await asyncio.gather(asyncio.to_thread(work), asyncio.create_task(asyncio.sleep(0)))
        return given

    await RunnableLambda(step, name="step").ainvoke(INPUT)
    assert span_tree(capture.spans) == "invoke_workflow step\n  in-task\n    in-thread"


def test_an_outer_config_is_believed(capture: SpanCapture) -> None:
    """A chain called with the config of a run further up stands there, wherever the call is made."""
    kept: list[Any] = []

    def upper(given: Any, config: RunnableConfig) -> Any:
        kept.append(config)
        return RunnableLambda(lower, name="lower").invoke(given, config)

    def lower(given: Any) -> Any:
        return RunnableLambda(str, name="inner").invoke(given, kept[0])

    RunnableLambda(upper).invoke(INPUT)
    assert span_tree(capture.spans) == "invoke_workflow upper\n  lower\n  inner"


@pytest.mark.feature("I-LC-06")
def test_parallel_branches_do_not_share(capture: SpanCapture) -> None:
    """L3, L21: each branch has its own prompt, its own variables and its own answer."""
    branches = {name: chain(ScriptedModel(answers=[name], model=name), name) for name in ("one", "two")}
    RunnableParallel(branches).with_config(run_name="both").invoke(INPUT)
    for name in branches:
        span, generation = named(capture, name), named(capture, f"chat {name}")
        assert generation.parent_id == span.span_id
        assert generation.fields["literalai.prompt.variables"] == INPUT
        assert span.parent_id == named(capture, "invoke_workflow both").span_id


def test_a_lambda_without_a_name_is_no_step(capture: SpanCapture) -> None:
    runnable = RunnableLambda(lambda given: given) | {"a": lambda given: given, "b": chain()} | RunnableLambda(str)
    runnable.invoke(INPUT)
    assert span_tree(capture.spans).splitlines()[:2] == ["invoke_workflow RunnableSequence", "  hello"]


def test_fallback_after_an_error(capture: SpanCapture) -> None:
    """L23: the failed call is an error, the chain is not."""
    failing = ScriptedModel(answers=[ValueError("no")], model="first")
    chain(failing.with_fallbacks([ScriptedModel(answers=["Hi"], model="second")])).invoke(INPUT)
    assert span_tree(capture.spans, attributes=["error.type"]) == (
        "invoke_workflow hello\n  ChatPromptTemplate\n  chat first ERROR error.type='ValueError'\n"
        "  chat second\n  StrOutputParser"
    )


@pytest.mark.skipif(CORE < (1, 4), reason="stream_events of version 3 came later")
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_events_of_version_3(capture: SpanCapture, asynchronous: bool) -> None:
    model = (AsyncScriptedModel if asynchronous else ScriptedModel)(answers=["Hello dear Ann"], seen=[])
    with capture.tracer.start_as_current_span("program"):
        if asynchronous:
            assert (await (await model.astream_events("hi", version="v3")).output).text == "HellodearAnn"
        else:
            assert model.stream_events("hi", version="v3").output.text == "HellodearAnn"
    await settled(capture)  # callbacks come after the output is there
    assert span_tree(capture.spans) == "program\n  chat scripted-1"
    generation = named(capture, "chat scripted-1")
    assert {span.get_span_context().span_id for span in model.seen} == {generation.span_id}
    assert generation.attributes["gen_ai.request.stream"] is True


def test_many_chains(capture: SpanCapture) -> None:
    """L39: nothing grows, and every chain is a root of its own."""
    runnable = chain()
    before = contextvars.copy_context()
    for _ in range(250):
        runnable.invoke(INPUT)
    assert len(RUNS) == 0
    assert len({span.trace_id for span in capture.spans}) == 250
    assert len(contextvars.copy_context()) == len(before)


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way not in (in_thread, in_copied_context)], ids=lambda w: w.__name__
)
async def test_nothing_of_ours_stays_in_the_context(capture: SpanCapture, way: Any) -> None:
    def names() -> set[str]:
        return {variable.name for variable in contextvars.copy_context()}

    await run(way, chain())
    assert not {name for name in names() if "literal" in name}
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_streams_are_lazy(capture: SpanCapture) -> None:
    """L9, L17: nothing happens before the first read, so what was changed until then counts."""
    model = AsyncScriptedModel(answers=["a b"])
    streams = [model.stream("Hi"), model.astream("Hi")]
    del streams[1:]
    assert capture.spans == []
    assert capture.still_open == []
    model.model = "changed"
    assert "".join(chunk.content for chunk in streams[0]) == "ab"
    assert named(capture, "chat changed")


def test_a_stream_without_chunks_of_its_own(capture: SpanCapture) -> None:
    """L50: a model that cannot stream gives its answer as one chunk, and was not streamed."""
    model = ScriptedModel(answers=["a b"], streams=False)
    assert "".join(chunk.content for chunk in model.stream("Hi")) == "a b"
    assert "gen_ai.request.stream" not in capture.one().attributes
