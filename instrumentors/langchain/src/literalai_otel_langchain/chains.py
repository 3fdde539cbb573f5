"""What a chain run is: LangChain calls everything a chain that is no model, tool or retriever.

| Run | Becomes |
|---|---|
| an agent of `create_agent`, an `AgentExecutor` | `invoke_agent` |
| a root: chain, graph | `invoke_workflow` |
| a node of a graph | a component named by the node |
| a prompt, a parser, a named runnable, a subgraph | a component; hidden by `LITERAL_COMPONENT_STEPS=false` |
| sequences, lambdas and the like without a name, conditional edges, what is tagged as hidden | nothing of its own |

Rule: `spec/frameworks.md` §4.4; names of spans: `spec/genai-semconv.md` §7.3.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from literalai_otel.attributes import (
    AGENT_NAME,
    OPERATION_NAME,
    STEP_INPUT,
    STEP_NAME,
    STEP_OUTPUT,
    STEP_TYPE,
    WORKFLOW_NAME,
)
from literalai_otel.genai import Invocation, policy
from literalai_otel_langchain.labels import agent_of, is_node, label, name_conversation
from literalai_otel_langchain.recorder import RunRecorder, Start, keep
from literalai_otel_langchain.runs import RUNS, Run, place
from literalai_otel_langchain.values import Snapshot

_PLUMBING: Final = frozenset(
    {
        "",  # <lambda>
        "ChannelRead",
        "ChannelWrite",
        "RunnableAssign",
        "RunnableBinding",
        "RunnableBranch",
        "RunnableCallable",
        "RunnableEach",
        "RunnableGenerator",
        "RunnableLambda",
        "RunnableMap",
        "RunnableParallel",
        "RunnablePassthrough",
        "RunnablePick",
        "RunnableRetry",
        "RunnableSeq",
        "RunnableSequence",
        "RunnableWithFallbacks",
        "structured_outputs_parser",
    }
)
"""Names that runnables give themselves, up to their first `<`."""
_PREBUILT: Final = frozenset({"Prompt", "call_model"})
"""Runs between a node of `create_react_agent` and its model."""
_HIDDEN_TAG: Final = "langsmith:hidden"
_SEQUENCE_TAG: Final = "seq:step:"
_AGENT_EXECUTOR: Final = "AgentExecutor"


def start_chain(recorder: RunRecorder, start: Start, inputs: Any) -> None:
    """A chain, graph, node, prompt, parser or any other runnable starts."""
    if not recorder.place(start):
        return
    run = recorder.open(start, None if start.ignored else _invocation(start, plumbing=not recorder.skips_plumbing))
    if start.run_type == "prompt" and policy().to_literal:
        run.filled = Snapshot(inputs)
    keep(run, STEP_INPUT, inputs)


def end_chain(run_id: UUID, outputs: Any, inputs: Any) -> None:
    """A chain gave `outputs`; a streamed one tells its `inputs` only now."""
    run = RUNS.get(run_id)
    if run is None:
        return
    if run.filled is not None and run.above is not None:
        run.above.variables = run.filled
    try:
        if inputs is not None:
            keep(run, STEP_INPUT, inputs)
        keep(run, STEP_OUTPUT, outputs)
    finally:
        run.complete()


def fail_chain(run_id: UUID, error: BaseException, inputs: Any) -> None:
    """A chain raised `error`."""
    run = RUNS.get(run_id)
    if run is None:
        return
    try:
        if inputs is not None:
            keep(run, STEP_INPUT, inputs)
    finally:
        run.fail(error)


def record_event(
    recorder: RunRecorder, run_id: UUID, name: str, data: Any, tags: Sequence[str], metadata: Mapping[str, Any]
) -> None:
    """The program dispatched an event of its own in the run of that id: a step without duration."""
    if not policy().component_steps:
        return
    _, context = place(run_id)
    invocation = _component(name)
    name_conversation(invocation, context)
    label(invocation, None, tags, metadata, context)
    recording = recorder.recorder.open(invocation, parent=context)
    if recording is not None:
        if recording.wants_content:
            invocation.content[STEP_OUTPUT] = Snapshot(data).render
        recording.complete()


def _invocation(start: Start, *, plumbing: bool) -> Invocation | None:
    """The invocation of a chain run; None when it has no step of its own. `plumbing`: show that too."""
    name, tags, metadata, above = start.name, start.tags, start.metadata, start.above
    if _HIDDEN_TAG in tags:
        return None
    node = is_node(name, tags, metadata)
    agent = agent_of(metadata)
    if agent is not None and not node and (above is None or above.agent != agent):
        return Invocation({OPERATION_NAME: "invoke_agent", AGENT_NAME: agent})
    if name == _AGENT_EXECUTOR:
        return Invocation({OPERATION_NAME: "invoke_agent", AGENT_NAME: name})
    if above is None:
        return Invocation({OPERATION_NAME: "invoke_workflow", WORKFLOW_NAME: name})
    if node:
        return _component(name)
    shown = plumbing or not _is_plumbing(name, tags, metadata, above)
    return _component(name) if shown and policy().component_steps else None


def _component(name: str) -> Invocation:
    """A step without an operation of its own."""
    return Invocation({STEP_TYPE: "undefined", STEP_NAME: name})


def _is_plumbing(name: str, tags: Sequence[str], metadata: Mapping[str, Any], above: Run) -> bool:
    if name.startswith("_") or name.partition("<")[0] in _PLUMBING:
        return True
    if "langgraph_node" not in metadata:
        return False
    # A node is its own first step; the ones after it write the state and decide where the graph goes next.
    return name in _PREBUILT or (above.is_node and any(_is_later_step(tag) for tag in tags))


def _is_later_step(tag: str) -> bool:
    return tag.startswith(_SEQUENCE_TAG) and tag != f"{_SEQUENCE_TAG}1"
