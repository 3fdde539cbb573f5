"""How runs of workflows end, and the turns of the agents that act in one.

Releases of workflows before 2.0 give a future, which LlamaIndex watches: a run that failed looks like one that gave
nothing, and one that nobody waits for is never left. So the future is looked at here too.
"""

from asyncio import CancelledError, Future
from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from weakref import ref

from opentelemetry.context import set_value

from literalai_otel.genai import PatchSet, Recorder
from literalai_otel.genai.abandoned import end_later
from literalai_otel_llama_index import agents
from literalai_otel_llama_index.node import NODE_KEY, Kind, Node, SpanCall
from literalai_otel_llama_index.slots import open_slot

TURN: Final = Kind("turn")
_BY_USER: Final = "WorkflowCancelledByUser"


def follow_run(original: Any, patches: PatchSet) -> Callable[..., Any]:
    """Wrap `Workflow.run`: what it gives may be a future."""

    @wraps(original)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = original.__get__(self, type(self))
        if not patches.enabled:
            return bound(*args, **kwargs)
        with open_slot() as slot:
            result = bound(*args, **kwargs)
        if slot.node is not None and _is_future(result):
            _follow(slot.node, result)
        return result

    return run


def _is_future(result: Any) -> bool:
    return isinstance(result, Future)


def _follow(node: Node, future: Any) -> None:
    def gone(_: Any) -> None:
        end_later(lambda: _abandon(node))

    node.future = ref(future, gone)


def _abandon(node: Node) -> None:
    if node.forget is not None:
        node.forget()
    if node.recording is not None:
        node.outcome = "abandoned"
        end_run(node, None)
    node.closed()


def failure_of(node: Node) -> BaseException | None:
    """What ended the run of `node`, where only its future says so."""
    future = node.future() if node.future is not None else None
    if future is None or not future.done() or future.cancelled():
        return None
    return future.exception()


def end_run(node: Node, error: BaseException | None) -> None:
    """End a run that gave nothing: it was cancelled, which is no failure, or it failed with `error`."""
    outcome = "cancelled" if isinstance(error, CancelledError) or type(error).__name__ == _BY_USER else node.outcome
    if node.turn is not None:
        node.turn.outcome = outcome
        end_turn(node.turn, error)
    if node.recording is None:
        return
    if outcome is not None or error is None:
        node.recording.stop(outcome or "cancelled")
    else:
        node.fail(error)


def take_turn(recorder: Recorder, node: Node, call: SpanCall, *, among_others: bool) -> None:
    """Have a step of an agent happen in the turn of the agent whose step it is, if it is one among others."""
    run = node.home
    event = agents.event_of(call)
    if hasattr(event, "tool_id"):
        node.tool_call = event
    if run is None or run.context is None or not among_others:
        return
    name = getattr(event, "current_agent_name", None)
    if isinstance(name, str) and (run.turn is None or run.turn.name != name):
        if run.turn is not None:
            end_turn(run.turn, None)
        run.turn = Node(TURN, name, None, run)
        parent = set_value(NODE_KEY, run.turn, run.context)
        recording = recorder.open(agents.begin_turn(name, event), parent=parent)
        if recording is not None:
            run.turn.opened(recording)
    if run.turn is not None and run.turn.is_open:
        node.home = node.above = run.turn


def end_turn(turn: Node, error: BaseException | None) -> None:
    """End a turn, as its run ends or because another agent acts."""
    if turn.recording is not None:
        if turn.outcome is not None:
            turn.recording.stop(turn.outcome)
        elif error is not None:
            turn.fail(error)
        else:
            turn.recording.complete()
    turn.closed()


def end_agent_step(recorder: Recorder, node: Node, result: Any) -> None:
    """What an agent said is what its turn gave; a tool that nobody has is an error that no span shows."""
    turn = node.above
    if turn is not None and turn.kind is TURN and turn.recording is not None and hasattr(result, "response"):
        agents.read_run(turn.recording, result)
    asked, output = node.tool_call, getattr(result, "tool_output", None)
    failure = agents.tool_error(output)
    if asked is None or node.tool_seen or failure is None or node.home is None:
        return
    missing = recorder.open(agents.begin_missing_tool(asked), parent=node.home.context)
    if missing is not None:
        agents.read_tool(missing, output)
        missing.fail_as(agents.TOOL_ERROR, failure)
