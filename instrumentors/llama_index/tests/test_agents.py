"""Agents, workflows and tools, of today and of older releases."""

import asyncio
import gc
import importlib
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.tools import FunctionTool, QueryEngineTool
from llama_index.core.workflow import Context, Event, StartEvent, StopEvent, Workflow, step
from opentelemetry import trace

from literalai_otel.attributes import (
    AGENT_DESCRIPTION,
    AGENT_NAME,
    ERROR_TYPE,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    STEP_INPUT,
    STEP_OUTPUT,
    STREAM_OUTCOME,
    TOOL_CALL_ARGUMENTS,
    TOOL_CALL_ID,
    TOOL_CALL_RESULT,
    TOOL_DEFINITIONS,
    TOOL_DESCRIPTION,
    TOOL_NAME,
)
from literalai_otel.testing import SpanCapture
from literalai_otel.testing.guards import Guard

from .parts import CALL_ID, EchoLLM, ScriptedLLM, index, named, one, texts, tree, words_llm

LOST = RuntimeError("the provider is gone")


def scripted(*script: Any) -> ScriptedLLM:
    return ScriptedLLM(script=list(script))


@pytest.fixture
def tools(capture: Any) -> list[FunctionTool]:
    """Sync, async, and one that fails; the first two open a span of the user's."""

    def get_weather(city: str) -> str:
        """The weather in a city."""
        with capture.tracer.start_as_current_span("in the tool"):
            return f"sunny in {city}"

    async def get_time(zone: str) -> str:
        """The time."""
        with capture.tracer.start_as_current_span("in the tool"):
            return "noon"

    def explode(what: str) -> str:
        """Fails."""
        raise ValueError(f"no {what}")

    return [
        FunctionTool.from_defaults(get_weather),
        FunctionTool.from_defaults(async_fn=get_time, name="get_time"),
        FunctionTool.from_defaults(explode),
    ]


def function_agent(llm: Any, tools: list[FunctionTool], **settings: Any) -> FunctionAgent:
    defaults = {"name": "clerk", "description": "Knows the weather.", "system_prompt": "Be brief."}
    return FunctionAgent(tools=tools, llm=llm, **{**defaults, **settings})


# --- one agent (I1, I6, I7, I13) ------------------------------------------------------------------


@pytest.mark.feature("I-LI-08")
@pytest.mark.parametrize(("tool", "arguments"), [("get_weather", {"city": "Rome"}), ("get_time", {"zone": "Rome"})])
async def test_an_agent_with_a_tool(
    tool: str, arguments: dict[str, str], tools: list[FunctionTool], capture: SpanCapture
) -> None:
    llm = scripted((tool, arguments), "It is fine.")
    handler = function_agent(llm, tools).run("What now?")
    assert not trace.get_current_span().get_span_context().is_valid, "the caller is not inside of the run"
    assert str(await handler) == "It is fine."

    expected = f"invoke_agent clerk\n  chat scripted\n  execute_tool {tool}\n    in the tool\n  chat scripted"
    assert tree(capture) == expected
    run, call = one(capture, "invoke_agent clerk"), one(capture, f"execute_tool {tool}")
    assert (run.fields[AGENT_NAME], run.fields[AGENT_DESCRIPTION]) == ("clerk", "Knows the weather.")
    assert texts(run.fields[INPUT_MESSAGES]) == ["What now?"]
    assert texts(run.fields[OUTPUT_MESSAGES]) == ["It is fine."]
    assert [each["name"] for each in run.fields[TOOL_DEFINITIONS]] == ["get_weather", "get_time", "explode"]
    assert (call.fields[TOOL_NAME], call.fields[TOOL_CALL_ID]) == (tool, CALL_ID)
    assert call.fields[TOOL_CALL_ARGUMENTS] == arguments
    assert call.fields[TOOL_CALL_RESULT] == ("sunny in Rome" if tool == "get_weather" else "noon")
    assert call.fields[TOOL_DESCRIPTION].endswith(".")
    asked, answered = named(capture, "chat scripted")
    assert texts(asked.fields[INPUT_MESSAGES]) == ["Be brief.", "What now?"]
    assert answered.fields[INPUT_MESSAGES][-1]["parts"][0]["id"] == CALL_ID


async def test_an_agent_recovers_from_a_tool_that_fails(tools: list[FunctionTool], capture: SpanCapture) -> None:
    llm = scripted(("explode", {"what": "luck"}), "Sorry.")
    await function_agent(llm, tools).run("What now?")
    assert tree(capture) == "invoke_agent clerk\n  chat scripted\n  execute_tool explode ERROR\n  chat scripted"
    call = one(capture, "execute_tool explode")
    assert (call.attributes[ERROR_TYPE], call.description) == ("ValueError", "no luck")


async def test_a_tool_that_nobody_has(tools: list[FunctionTool], capture: SpanCapture) -> None:
    llm = scripted(("fly", {"to": "Rome"}), "Sorry.")
    await function_agent(llm, tools).run("What now?")
    assert tree(capture) == "invoke_agent clerk\n  chat scripted\n  execute_tool fly ERROR\n  chat scripted"
    call = one(capture, "execute_tool fly")
    assert (call.fields[TOOL_CALL_ID], call.fields[TOOL_CALL_ARGUMENTS]) == (CALL_ID, {"to": "Rome"})


async def test_a_react_agent(tools: list[FunctionTool], capture: SpanCapture) -> None:
    llm = scripted(
        'Thought: I need a tool.\nAction: get_weather\nAction Input: {"city": "Rome"}',
        "Thought: I can answer.\nAnswer: sunny",
    )
    assert str(await ReActAgent(name="thinker", tools=tools, llm=llm).run("What now?")) == "sunny"
    assert tree(capture) == (
        "invoke_agent thinker\n  chat scripted\n  execute_tool get_weather\n    in the tool\n  chat scripted"
    )


async def test_an_agent_whose_model_fails(instrument: Any) -> None:
    """I5: the same exception as without us, and every span that was open has it."""
    agent = function_agent(scripted(LOST), [])
    with pytest.raises(Exception, match="the provider is gone") as bare:
        await agent.run("What now?")
    capture = instrument()
    with pytest.raises(Exception, match="the provider is gone") as caught:
        await agent.run("What now?")
    assert (type(caught.value), str(caught.value)) == (type(bare.value), str(bare.value))
    assert tree(capture) == "invoke_agent clerk ERROR\n  chat scripted ERROR"


async def test_too_many_iterations(tools: list[FunctionTool], capture: SpanCapture) -> None:
    """I4."""
    llm = scripted(("get_weather", {"city": "Rome"}))
    with pytest.raises(Exception, match=r"(?i)max iterations"):
        await function_agent(llm, tools).run("What now?", max_iterations=2)
    (run,) = named(capture, "invoke_agent clerk")
    assert run.status.name == "ERROR"
    assert capture.settled()


async def test_runs_at_the_same_time_are_apart(tools: list[FunctionTool], capture: SpanCapture) -> None:
    llm = scripted("It is fine.")
    runs = [function_agent(llm, tools, name=f"a{number}").run(f"q{number}") for number in range(4)]
    EchoLLM().complete("between")
    await asyncio.gather(*runs)
    expected = ["text_completion echo-1", *(f"invoke_agent a{n}\n  chat scripted" for n in range(4))]
    lines = tree(capture)
    assert all(each in lines for each in expected)
    assert len(lines.splitlines()) == 9
    assert len({span.trace_id for span in capture.spans}) == 5


# --- several agents (I2) --------------------------------------------------------------------------


async def test_a_hand_off_between_agents(tools: list[FunctionTool], capture: Any) -> None:
    llm = scripted(
        ("handoff", {"to_agent": "bob", "reason": "weather"}),
        ("get_weather", {"city": "Rome"}),
        "Sunny.",
    )
    ann = function_agent(llm, [], name="ann", can_handoff_to=["bob"])
    bob = function_agent(llm, tools, name="bob")
    with capture.tracer.start_as_current_span("outer"):
        assert str(await AgentWorkflow(agents=[ann, bob], root_agent="ann").run("Weather?")) == "Sunny."
    assert tree(capture) == (
        "outer\n"
        "  invoke_workflow AgentWorkflow\n"
        "    invoke_agent ann\n      chat scripted\n      execute_tool handoff\n"
        "    invoke_agent bob\n      chat scripted\n"
        "      execute_tool get_weather\n        in the tool\n      chat scripted"
    )
    assert texts(one(capture, "invoke_agent bob").fields[OUTPUT_MESSAGES]) == ["Sunny."]
    assert texts(one(capture, "invoke_workflow AgentWorkflow").fields[INPUT_MESSAGES]) == ["Weather?"]


async def test_an_agent_inside_of_a_tool(capture: SpanCapture) -> None:
    llm = scripted(("ask_inner", {"question": "Why?"}), "Because.", "Because, it says.")
    inner = function_agent(llm, [], name="inner")

    async def ask_inner(question: str) -> str:
        """Asks another agent."""
        return str(await inner.run(question))

    outer = function_agent(llm, [FunctionTool.from_defaults(async_fn=ask_inner)], name="outer")
    await outer.run("Why?")
    assert tree(capture) == (
        "invoke_agent outer\n  chat scripted\n  execute_tool ask_inner\n    invoke_agent inner\n      chat scripted\n"
        "  chat scripted"
    )


# --- workflows of users (I18) ---------------------------------------------------------------------


class Counted(Event):
    """What the first step gives."""

    count: int


class Flow(Workflow):
    """An async step, and a sync one, which runs in a thread."""

    @step
    async def count(self, ev: StartEvent) -> Counted:
        """Counts letters."""
        await EchoLLM().acomplete(ev.word)
        return Counted(count=len(ev.word))

    @step
    def tell(self, ev: Counted) -> StopEvent:
        """Says how many."""
        EchoLLM().complete(str(ev.count))
        return StopEvent(result=f"{ev.count} letters")


async def test_a_workflow_and_its_steps(capture: SpanCapture) -> None:
    assert await Flow().run(word="abc") == "3 letters"
    assert tree(capture) == (
        "invoke_workflow Flow\n  count\n    text_completion echo-1\n  tell\n    text_completion echo-1"
    )
    run, count, tell = (one(capture, name) for name in ("invoke_workflow Flow", "count", "tell"))
    assert (run.fields[STEP_INPUT], run.fields[STEP_OUTPUT]) == ({"word": "abc"}, "3 letters")
    assert (count.fields[STEP_INPUT], count.fields[STEP_OUTPUT]) == ({"word": "abc"}, {"count": 3})
    assert (tell.fields[STEP_INPUT], tell.fields[STEP_OUTPUT]) == ({"count": 3}, {"result": "3 letters"})


async def test_a_workflow_that_fails(capture: SpanCapture) -> None:
    class Failing(Workflow):
        @step
        async def fail(self, ev: StartEvent) -> StopEvent:
            raise LookupError("lost")

    with pytest.raises(Exception, match="lost") as caught:
        await Failing().run()
    assert tree(capture) == "invoke_workflow Failing ERROR\n  fail ERROR"
    # Releases up to 0.12 give the caller an error of their own.
    run = one(capture, "invoke_workflow Failing")
    assert run.attributes[ERROR_TYPE].rpartition(".")[2] == type(caught.value).__name__
    assert one(capture, "fail").attributes[ERROR_TYPE] == "LookupError"


async def test_a_workflow_that_is_cancelled_has_not_failed(capture: SpanCapture) -> None:
    class Waiting(Workflow):
        @step
        async def wait(self, ev: StartEvent) -> StopEvent:
            started.set()
            await asyncio.sleep(30)
            return StopEvent()

    started = asyncio.Event()
    handler = Waiting().run()
    await started.wait()
    await (handler.cancel_run() or asyncio.sleep(0))
    with pytest.raises(BaseException, match=r"(?i)") as caught:
        await handler
    assert "Cancel" in type(caught.value).__name__
    assert tree(capture) == "invoke_workflow Waiting\n  wait"
    assert {span.attributes[STREAM_OUTCOME] for span in capture.spans} == {"cancelled"}


class Sleeping(Workflow):
    """Sleeps for longer than anybody waits."""

    @step
    async def sleep(self, ev: StartEvent) -> StopEvent:
        """Sleeps."""
        await asyncio.sleep(30)
        return StopEvent()


async def test_a_workflow_that_takes_too_long(capture: SpanCapture) -> None:
    with pytest.raises(Exception, match="timed out"):
        await Sleeping(timeout=0.05).run()
    assert tree(capture) == "invoke_workflow Sleeping ERROR\n  sleep"
    run = one(capture, "invoke_workflow Sleeping")
    assert run.attributes[ERROR_TYPE].endswith("WorkflowTimeoutError")


def test_a_workflow_that_nobody_waits_for(capture: SpanCapture) -> None:
    async def start_it() -> None:
        Sleeping().run()
        await asyncio.sleep(0.02)

    asyncio.run(start_it())
    gc.collect()
    assert tree(capture) == "invoke_workflow Sleeping\n  sleep"
    assert all(span.attributes[STREAM_OUTCOME] in ("cancelled", "abandoned") for span in capture.spans)


def test_the_caller_of_a_workflow_is_cancelled(capture: SpanCapture, guard: Guard) -> None:
    guard.allow("Exception in callback Dispatcher.span")  # LlamaIndex's own, up to 0.12

    async def ask() -> None:
        await Sleeping().run()

    async def give_up() -> None:
        task = asyncio.create_task(ask())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    gc.collect()
    assert tree(capture) == "invoke_workflow Sleeping\n  sleep"


async def test_a_step_that_waits_for_somebody_has_not_failed(capture: SpanCapture) -> None:
    """Waiting is an exception inside of LlamaIndex, and the step runs again when the answer is there."""

    class Answer(Event):
        text: str

    class Asking(Workflow):
        @step
        async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
            answer = await ctx.wait_for_event(Answer)
            return StopEvent(result=answer.text)

    handler = Asking().run()
    await asyncio.sleep(0.05)
    handler.ctx.send_event(Answer(text="yes"))  # type: ignore[union-attr]
    assert await handler == "yes"
    assert all(span.status.name == "UNSET" for span in capture.spans)
    assert tree(capture).splitlines()[0] == "invoke_workflow Asking"


# --- tools by themselves --------------------------------------------------------------------------


def test_a_tool_is_one_step_however_it_is_called(tools: list[FunctionTool], capture: SpanCapture) -> None:
    tools[0](city="Rome")
    asyncio.run(tools[0].acall(city="Rome"))
    assert tree(capture) == "\n".join(["execute_tool get_weather\n  in the tool"] * 2)


def test_a_query_engine_as_a_tool(capture: SpanCapture) -> None:
    tool = QueryEngineTool.from_defaults(index().as_query_engine(llm=words_llm()), name="docs")
    capture.clear()
    tool("Where?")
    assert tree(capture).splitlines()[:2] == ["execute_tool docs", "  invoke_workflow RetrieverQueryEngine"]


async def test_odd_tools_do_not_hurt(capture: SpanCapture) -> None:
    """I9: a name that is missing, a schema that cannot be told."""
    good = FunctionTool.from_defaults(lambda city: "sunny", name="good", description="Fine.")
    odd = FunctionTool.from_defaults(lambda city: "?", name="odd", description="Odd.")
    agent = function_agent(scripted("Fine."), [good, odd])
    odd.metadata.get_parameters_dict = None  # type: ignore[method-assign]
    object.__setattr__(odd.metadata, "name", None)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what LlamaIndex makes of it is its own business
        await agent.run("Hello")
    assert caught.value is not None
    run = one(capture, "invoke_agent clerk")
    assert [each["name"] for each in run.fields[TOOL_DEFINITIONS]] == ["good"]


# --- agents up to 0.12 ----------------------------------------------------------------------------


@pytest.mark.feature("I-LI-08")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("form", ["chat", "achat"])
async def test_an_agent_of_older_releases(form: str, tools: list[FunctionTool], capture: SpanCapture) -> None:
    older = importlib.import_module("llama_index.core.agent")
    if not hasattr(older, "FunctionCallingAgent"):
        pytest.skip("agents of that kind are gone since llama-index-core 0.13")
    llm = scripted(("get_weather", {"city": "Rome"}), "It is fine.")
    agent = older.FunctionCallingAgent.from_tools(tools, llm=llm)
    answer = getattr(agent, form)("What now?")
    answer = await answer if form == "achat" else answer
    assert tree(capture).replace("\n    in the tool", "") == (
        "invoke_agent FunctionCallingAgent\n  chat scripted\n  execute_tool get_weather\n  chat scripted"
    )
    run = one(capture, "invoke_agent FunctionCallingAgent")
    assert texts(run.fields[INPUT_MESSAGES]) == ["What now?"]
    assert texts(run.fields[OUTPUT_MESSAGES]) == [str(answer)]
