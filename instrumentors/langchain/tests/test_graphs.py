"""LangGraph: nodes, subgraphs, agents, and what is no error although it is raised."""

import asyncio
import operator
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from literalai_otel.testing import SpanCapture, span_tree

from .fakes import AsyncScriptedModel, ScriptedModel, call, metadata, named, settled
from .test_trees import chain

try:
    from langchain.agents import create_agent
except ImportError:
    create_agent = None  # langchain 0.3 has none; some sets of 1.x releases do not fit each other

needs_agents = pytest.mark.skipif(create_agent is None, reason="langchain.agents.create_agent is not in this lane")


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    asked: str


def note(name: str) -> Callable[[State], State]:
    def node(state: State) -> State:
        return {"log": [name]}

    return node


def graph(name: str | None = None, checkpointer: Any = None, **nodes: Any) -> Any:
    """A line of `nodes`."""
    builder = StateGraph(State)
    before = START
    for key, node in nodes.items():
        builder.add_node(key, node)
        builder.add_edge(before, key)
        before = key
    return builder.compile(name=name, checkpointer=checkpointer)


async def run(graph: Any, way: str, given: Any, config: Any = None) -> Any:
    """The last thing that a graph gives, run in one of its ways."""
    if way == "invoke":
        return graph.invoke(given, config)
    if way == "stream":
        return list(graph.stream(given, config, stream_mode="values"))[-1]
    if way == "ainvoke":
        return await graph.ainvoke(given, config)
    return [value async for value in graph.astream(given, config, stream_mode="values")][-1]


every_way = pytest.mark.parametrize("way", ["invoke", "stream", "ainvoke", "astream"])


@pytest.mark.feature("I-LC-06")
@every_way
async def test_nodes_are_steps_named_by_the_node(capture: SpanCapture, way: str) -> None:
    """L19, L49: program spans and chains inside a node stand in the node; a node called `agent` is no agent."""

    def agent(state: State) -> State:
        with capture.tracer.start_as_current_span("mine"):
            chain(ScriptedModel(answers=["Hi"]), "inner").invoke({"name": "Ann"})
        return {"log": ["agent"]}

    result = await run(graph(first=note("first"), agent=agent), way, {"asked": "x"})
    assert result["log"] == ["first", "agent"]
    assert span_tree(capture.spans) == (
        "invoke_workflow LangGraph\n  first\n  agent\n    mine\n      inner\n        ChatPromptTemplate\n"
        "        chat scripted-1\n        StrOutputParser"
    )
    first = named(capture, "first")
    assert first.attributes["literalai.step.type"] == "undefined"
    assert (first.fields["literalai.step.input"], first.fields["literalai.step.output"]) == (
        {"log": [], "asked": "x"},
        {"log": ["first"]},
    )
    assert metadata(first)["langgraph_step"] == 1
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_asynchronous_nodes(capture: SpanCapture) -> None:
    async def node(state: State) -> State:
        with capture.tracer.start_as_current_span("mine"):
            await asyncio.gather(*(chain(AsyncScriptedModel(answers=["a"])).ainvoke({"name": "x"}) for _ in range(2)))
        return {"log": ["node"]}

    await graph(node=node).ainvoke({})
    tree = span_tree(capture.spans).splitlines()
    assert tree[:3] == ["invoke_workflow LangGraph", "  node", "    mine"]
    assert tree.count("      hello") == 2
    assert tree.count("        chat scripted-1") == 2


def test_subgraph_and_its_nodes(capture: SpanCapture) -> None:
    inner = graph("Inner", deep=note("deep"))
    graph("Outer", before=note("before"), part=inner).invoke({})
    assert span_tree(capture.spans) == "invoke_workflow Outer\n  before\n  part\n    Inner\n      deep"


def test_conditional_edges_are_no_steps(capture: SpanCapture) -> None:
    builder = StateGraph(State)
    builder.add_node("one", note("one"))
    builder.add_node("two", note("two"))
    builder.add_edge(START, "one")
    builder.add_conditional_edges("one", lambda state: "two" if len(state["log"]) < 2 else END)
    builder.add_conditional_edges("two", lambda state: END)
    builder.compile().invoke({})
    assert span_tree(capture.spans) == "invoke_workflow LangGraph\n  one\n  two"


@every_way
async def test_interrupt_and_resume_are_no_errors(capture: SpanCapture, way: str) -> None:
    """L12, L30: nothing is logged either (the guard looks)."""

    def ask(state: State) -> State:
        return {"log": [interrupt({"question": "sure?"})]}

    asking = graph("Asking", InMemorySaver(), before=note("before"), ask=ask)
    config = {"configurable": {"thread_id": "T1"}}
    await run(asking, way, {}, config)
    assert span_tree(capture.spans) == "invoke_workflow Asking\n  before\n  ask"
    assert {span.status for span in capture.spans} == {StatusCode.UNSET}
    shown = named(capture, "ask").fields["literalai.step.output"]
    assert [each["interrupt"]["value"] for each in shown] == [{"question": "sure?"}]
    first_trace = capture.spans[0].trace_id

    capture.clear()
    assert (await run(asking, way, Command(resume="yes"), config))["log"] == ["before", "yes"]
    assert span_tree(capture.spans) == "invoke_workflow Asking\n  ask"
    assert {span.status for span in capture.spans} == {StatusCode.UNSET}
    assert {span.attributes["gen_ai.conversation.id"] for span in capture.spans} == {"T1"}
    assert capture.spans[0].trace_id != first_trace, "the thread links them"


def test_commands_and_sends(capture: SpanCapture) -> None:
    """L41: where a graph goes next is no error, and is told."""
    builder = StateGraph(State)
    builder.add_node("fan", lambda state: Command(goto=[Send("work", {"asked": "a"}), Send("work", {"asked": "b"})]))
    builder.add_node("work", lambda state: {"log": [state["asked"]]})
    builder.add_edge(START, "fan")
    assert sorted(builder.compile().invoke({})["log"]) == ["a", "b"]
    assert span_tree(capture.spans) == "invoke_workflow LangGraph\n  fan\n  work\n  work"
    assert {span.status for span in capture.spans} == {StatusCode.UNSET}
    told = named(capture, "fan").fields["literalai.step.output"]["command"]["goto"]
    assert told == [
        {"send": {"node": "work", "arg": {"asked": "a"}}},
        {"send": {"node": "work", "arg": {"asked": "b"}}},
    ]


def test_a_command_to_the_parent_graph(capture: SpanCapture) -> None:
    inner = StateGraph(State)
    inner.add_node("jump", lambda state: Command(graph=Command.PARENT, goto="landing", update={"log": ["jump"]}))
    inner.add_edge(START, "jump")
    outer = StateGraph(State)
    outer.add_node("inside", inner.compile(name="Inner"))
    outer.add_node("landing", note("landing"))
    outer.add_edge(START, "inside")
    assert outer.compile().invoke({})["log"] == ["jump", "landing"]
    assert span_tree(capture.spans) == "invoke_workflow LangGraph\n  inside\n    Inner\n      jump\n  landing"
    assert {span.status for span in capture.spans} == {StatusCode.UNSET}


@every_way
async def test_an_error_in_a_node(capture: SpanCapture, way: str) -> None:
    def broken(state: State) -> State:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await run(graph(broken=broken), way, {})
    assert span_tree(capture.spans, attributes=["error.type"]) == (
        "invoke_workflow LangGraph ERROR error.type='ValueError'\n  broken ERROR error.type='ValueError'"
    )


@pytest.mark.parametrize("way", ["ainvoke", "astream"])
async def test_a_graph_that_is_cancelled(capture: SpanCapture, way: str) -> None:
    """L13, L5: every run that was open ends as cancelled; a child that was cancelled alone fails nobody."""
    started = asyncio.Event()

    async def handled(state: State) -> State:
        task = asyncio.ensure_future(chain(AsyncScriptedModel(answers=["a"]), "handled").ainvoke({"name": "x"}))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return {"log": ["handled"]}

    async def waits(state: State) -> State:
        started.set()
        await asyncio.sleep(60)
        return {}

    task = asyncio.ensure_future(run(graph(handled=handled, waits=waits), way, {}))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await settled(capture)
    ended = {span.name: (span.status, span.attributes.get("error.type")) for span in capture.spans}
    cancelled = (StatusCode.ERROR, "CancelledError")
    assert ended["waits"] == ended["invoke_workflow LangGraph"] == cancelled
    assert ended["handled"][0] is StatusCode.UNSET


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_a_stream_that_is_left(capture: SpanCapture, way: str) -> None:
    """L11: nothing is detached in the wrong context, and everything ends (the guard looks)."""
    line = graph(one=note("one"), two=note("two"), three=note("three"))
    if way == "stream":
        for _ in line.stream({}):
            break
    else:
        async for _ in line.astream({}):
            break
    await settled(capture)
    assert capture.spans[-1].name == "invoke_workflow LangGraph"
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_a_stream_that_is_never_read(capture: SpanCapture) -> None:
    """L17: no phantom."""
    stream = graph(one=note("one")).stream({})
    del stream
    assert capture.spans == []


def test_two_calls_are_two_traces(capture: SpanCapture) -> None:
    """L40."""
    line = graph(one=note("one"))
    line.invoke({})
    line.invoke({})
    assert span_tree(capture.spans) == "invoke_workflow LangGraph\n  one\ninvoke_workflow LangGraph\n  one"
    assert len({span.trace_id for span in capture.spans}) == 2


@tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


AGENT_TREE = """
invoke_agent calculator
  model
    chat scripted-1
  tools
    execute_tool add
  model
    chat scripted-1
""".strip()


@needs_agents
@pytest.mark.feature("I-LC-01", "I-LC-08")
@every_way
async def test_an_agent(capture: SpanCapture, way: str) -> None:
    """L15: one agent span with its name, whatever way it is run; nodes inside are no agents."""
    kind = AsyncScriptedModel if way.startswith("a") else ScriptedModel
    model = kind(answers=[call("add", a=1, b=2), "three"])
    agent = create_agent(model, [add], name="calculator")
    result = await run(agent, way, {"messages": [HumanMessage("1+2")]})
    assert result["messages"][-1].text == "three"
    assert span_tree(capture.spans) == AGENT_TREE
    used = named(capture, "execute_tool add")
    assert used.attributes["gen_ai.agent.name"] == "calculator"
    assert used.attributes["gen_ai.tool.call.id"] == "c1"
    assert used.fields["gen_ai.tool.call.arguments"] == {"a": 1, "b": 2}
    assert used.fields["gen_ai.tool.call.result"] == "3"
    last = [span for span in capture.spans if span.name == "chat scripted-1"][-1]
    assert last.fields["gen_ai.input.messages"][1:] == [
        {
            "role": "assistant",
            "name": "calculator",
            "parts": [{"type": "tool_call", "id": "c1", "name": "add", "arguments": {"a": 1, "b": 2}}],
        },
        {"role": "tool", "name": "add", "parts": [{"type": "tool_call_response", "id": "c1", "response": "3"}]},
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_agent_of_langgraph(capture: SpanCapture) -> None:
    """Nothing says that it is an agent, so it is a workflow; what stands between a node and its model is not shown."""
    prebuilt = pytest.importorskip("langgraph.prebuilt", exc_type=ImportError)
    model = ScriptedModel(answers=[call("add", a=1, b=2), "three"])
    prebuilt.create_react_agent(model, [add], name="calculator", prompt="Count.").invoke({"messages": [("user", "x")]})
    assert span_tree(capture.spans) == AGENT_TREE.replace("invoke_agent", "invoke_workflow").replace(
        "  model", "  agent"
    )


@needs_agents
async def test_agents_at_the_same_time(capture: SpanCapture) -> None:
    """L18."""
    agents = [
        create_agent(AsyncScriptedModel(answers=[call("add", a=1, b=n), "done"]), [add], name=f"agent-{n}")
        for n in range(3)
    ]
    await asyncio.gather(*(agent.ainvoke({"messages": [HumanMessage("x")]}) for agent in agents))
    roots = {span.name: span.trace_id for span in capture.spans if span.parent_id is None}
    assert sorted(roots) == [f"invoke_agent agent-{n}" for n in range(3)]
    for n in range(3):
        tree = span_tree([span for span in capture.spans if span.trace_id == roots[f"invoke_agent agent-{n}"]])
        assert tree == AGENT_TREE.replace("calculator", f"agent-{n}")


@needs_agents
def test_an_agent_in_the_tool_of_an_agent(capture: SpanCapture) -> None:
    inner = create_agent(ScriptedModel(answers=["42"], model="inner-model"), [], name="inner")

    @tool
    def ask(question: str) -> str:
        """Ask the other one."""
        return inner.invoke({"messages": [HumanMessage(question)]})["messages"][-1].text

    create_agent(ScriptedModel(answers=[call("ask", question="?"), "42!"]), [ask], name="outer").invoke(
        {"messages": [HumanMessage("x")]}
    )
    assert span_tree(capture.spans) == (
        "invoke_agent outer\n  model\n    chat scripted-1\n  tools\n    execute_tool ask\n      invoke_agent inner\n"
        "        model\n          chat inner-model\n  model\n    chat scripted-1"
    )


@needs_agents
@pytest.mark.parametrize("failing", [False, True])
def test_hooks_of_middleware(capture: SpanCapture, failing: bool) -> None:
    """L42: a hook is a node like any other, and its error is the program's."""
    middleware = pytest.importorskip("langchain.agents.middleware")

    class Hooks(middleware.AgentMiddleware):
        def before_model(self, state: Any, runtime: Any) -> Any:
            if failing:
                raise ValueError("hook")
            with capture.tracer.start_as_current_span("mine"):
                return None

        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            with capture.tracer.start_as_current_span("around"):
                return handler(request)

    agent = create_agent(ScriptedModel(answers=["Hi"]), [], name="a", middleware=[Hooks()])
    if failing:
        with pytest.raises(ValueError, match="hook"):
            agent.invoke({"messages": [HumanMessage("x")]})
        assert span_tree(capture.spans) == "invoke_agent a ERROR\n  Hooks.before_model ERROR"
    else:
        agent.invoke({"messages": [HumanMessage("x")]})
        assert span_tree(capture.spans) == (
            "invoke_agent a\n  Hooks.before_model\n    mine\n  model\n    around\n      chat scripted-1"
        )
