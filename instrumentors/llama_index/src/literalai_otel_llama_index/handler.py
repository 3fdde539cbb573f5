"""The handler on LlamaIndex's root dispatcher: opens and ends recordings as spans are entered and left.

The dispatcher calls handlers in the frame of the spanned function, so what is attached at its entry can be detached
at its exit (`spec/frameworks.md` §5.3). It swallows whatever handlers raise; here nothing leaves unlogged.
"""

import logging
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from functools import partial
from inspect import BoundArguments
from typing import Any, Final
from uuid import uuid4

from opentelemetry.context import Context, get_current, set_value

from literalai_otel.genai import Invocation, Recorder
from literalai_otel.genai.keys import LITERAL_KEY, OWN_THREAD_KEY
from literalai_otel_llama_index import agents, kinds, streams, turns
from literalai_otel_llama_index.node import NODE_KEY, Kind, Node, SpanCall, class_of
from literalai_otel_llama_index.slots import take_slot

logger = logging.getLogger(__name__)

_ID_LENGTH: Final = 37
"""Of the dash and the UUID behind a span's name."""
_STEP_TAG: Final = "llamaindex.step.input_event"
_CANCELLED: Final = "SpanCancelledEvent"
_EVENTS: Final = frozenset({_CANCELLED, "StreamChatDeltaReceivedEvent"})
_RUN_FAMILIES: Final = frozenset({"workflow", "query", "chat", "pipeline"})
_CONTROL_FLOW: Final = frozenset({"WaitingForEvent", "WorkflowDone"})
"""Exceptions by which steps speak to their workflow."""


class Handler:
    """Span handler and event handler in one.

    It has the methods that the dispatcher calls, and is no subclass of its handlers: those keep every span for ever,
    and importing them would import the framework. `open_spans` is what the dispatcher drops at its shutdown.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.enabled = True
        self.makes_threads = False
        self.around: Callable[[Context], Context] | None = None
        self._root: Any = None
        self.open_spans: dict[str, Node] = {}

    def join(self, root: Any) -> None:
        """Be a handler of the root dispatcher."""
        self._root = root
        root.add_span_handler(self)
        root.add_event_handler(self)

    def retire(self) -> None:
        """Record nothing new, and leave the dispatcher as soon as no span is open: each has to be left as entered."""
        self.enabled = False
        if self._root is not None and not self.open_spans:
            self._withdraw(self._root)

    def _withdraw(self, root: Any) -> None:
        # New lists: the dispatcher may be walking through the old ones.
        root.span_handlers = [handler for handler in root.span_handlers if handler is not self]
        root.event_handlers = [handler for handler in root.event_handlers if handler is not self]
        self._root = None

    def span_enter(
        self,
        id_: str,
        bound_args: BoundArguments,
        instance: Any = None,
        parent_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """A span is entered."""
        if not self.enabled:
            return
        try:
            self._enter(id_, bound_args.arguments, instance, parent_id, tags or {})
        except Exception:
            logger.debug("a span is not recorded", exc_info=True)

    def span_exit(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, result: Any = None, **_: Any
    ) -> None:
        """A span is left with `result`."""
        node = self.open_spans.pop(id_, None)
        if node is None:
            return
        pending = False
        try:
            pending = self._exit(node, result)
        except Exception:
            logger.debug("a result was not readable", exc_info=True)
            if node.recording is not None:
                node.recording.complete()
        finally:
            self._leave(node, pending=pending)

    def span_drop(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, err: BaseException | None = None, **_: Any
    ) -> None:
        """A span is left with an exception."""
        node = self.open_spans.pop(id_, None)
        if node is None:
            return
        try:
            self._drop(node, err if err is not None else RuntimeError("the span was dropped"))
        except Exception:
            logger.debug("a failure was not readable", exc_info=True)
            if node.recording is not None:
                node.recording.complete()
        finally:
            self._leave(node)

    def handle(self, event: Any, **_: Any) -> None:
        """An event: only few say something that no span does."""
        kind = type(event).__name__
        if kind not in _EVENTS:
            return
        node = self.open_spans.get(event.span_id)
        if node is None:
            return
        if kind == _CANCELLED:
            node.outcome = "cancelled"
        else:
            node.pieces.append(event.delta)

    async def ahandle(self, event: Any, **_: Any) -> None:
        """`handle`, for dispatchers that wait."""
        self.handle(event)

    def capture_propagation_context(self) -> dict[str, Any]:
        """Nothing: tasks of the same process have the OTel context."""
        return {}

    def restore_propagation_context(self, context: Mapping[str, Any]) -> None:
        """Nothing was captured."""

    def close(self) -> None:
        """The dispatcher shuts down; it has dropped the open spans."""

    def _enter(
        self, id_: str, arguments: Mapping[str, Any], instance: Any, parent_id: str | None, tags: Mapping[str, Any]
    ) -> None:
        name = id_[:-_ID_LENGTH]
        method = name.rpartition(".")[2]
        parent = self.open_spans.get(parent_id) if parent_id is not None else None
        kind = self._kind(name, method, instance, parent, tags)
        if parent is None and kind.family in ("step", "agent_step"):
            parent = self._run_of(instance)
        context, home = _place(parent, instance, kind)
        node = self.open_spans[id_] = Node(kind, name, instance, home)
        call = SpanCall(instance, method, name, arguments, parent)
        if kind.begin is None and parent is not None:
            node.prompt, node.tool_call = parent.prompt, parent.tool_call
        if kind is kinds.AGENT_STEP:
            turns.take_turn(self._recorder, node, call, among_others=node.home is not None and _has_turns(node.home))
        if kind.begin is not None and not _is_same_step(kind, instance, home):
            if parent is not None:
                parent.tool_seen = True
            self._open(node, kind.begin(call), context)
        if node.recording is None:
            if kind.notes is not None:
                kind.notes(node, call)
            wanted = node.home.context if node.home is not None else None
            if wanted is not None and not _is_inside(node.home):
                node.enter(wanted)
        elif kind.elsewhere:
            node.forget = partial(self.open_spans.pop, id_, None)
            slot = take_slot()
            if slot is not None:
                slot.node = node
        elif node.context is not None:
            if kind.stream is streams.leave_to_wrapper:
                node.slot = take_slot()
            node.enter(node.context)

    def _kind(self, name: str, method: str, instance: Any, parent: Node | None, tags: Mapping[str, Any]) -> Kind:
        if instance is not None:
            return kinds.kind_of_method(class_of(instance), method)
        workflow: Any = None
        if _STEP_TAG in tags and parent is not None and parent.kind.family == "workflow":
            workflow = parent.instance
        return kinds.kind_of_function(name, None if workflow is None else class_of(workflow))

    def _run_of(self, workflow: Any) -> Node | None:
        """The open run of `workflow`: older releases run sync steps in threads that know nothing of it."""
        if workflow is None:
            return None
        return next((node for node in list(self.open_spans.values()) if _is_run_of(node, workflow)), None)

    def _open(self, node: Node, invocation: Invocation | None, context: Context) -> None:
        if invocation is None:
            return
        parent = context
        if node.above is None:
            if self.around is not None and LITERAL_KEY not in context:
                parent = self.around(parent)
            if self.makes_threads and node.kind.family in _RUN_FAMILIES:
                parent = set_value(OWN_THREAD_KEY, str(uuid4()), parent)
        parent = set_value(NODE_KEY, node, parent)
        recording = self._recorder.open(invocation, accepts_nested=True, parent=parent)
        if recording is not None:
            node.opened(recording)

    def _exit(self, node: Node, result: Any) -> bool:
        """End what is recorded; true when that is left to who reads the result."""
        kind, recording = node.kind, node.recording
        if kind is kinds.AGENT_STEP:
            turns.end_agent_step(self._recorder, node, result)
        if kind.ended is not None:
            kind.ended(node, None)
        if recording is None:
            return False
        if result is None and kind.elsewhere:
            failure = turns.failure_of(node)
            if node.outcome is not None or failure is not None:
                turns.end_run(node, failure)
                return False
        if node.outcome is not None:
            recording.stop(node.outcome)
            return False
        if kind.stream is not None and kind.stream(node, result):
            return True
        if kind.read is not None and recording.active:
            kind.read(recording, result)
        if node.turn is not None:
            turns.end_turn(node.turn, None)
        problem = agents.tool_error(result) if kind is kinds.TOOL else None
        if problem is not None:
            recording.fail_as(agents.TOOL_ERROR, problem)
        else:
            recording.complete()
        return False

    def _drop(self, node: Node, error: BaseException) -> None:
        kind, recording = node.kind, node.recording
        if kind.ended is not None:
            kind.ended(node, error)
        if recording is None:
            return
        if type(error).__name__ in _CONTROL_FLOW:
            recording.complete()
        elif kind.elsewhere:
            turns.end_run(node, error)
        elif kind is kinds.STEP and isinstance(error, CancelledError):
            recording.stop("cancelled")
        else:
            node.fail(error)

    def _leave(self, node: Node, *, pending: bool = False) -> None:
        node.leave()
        if not pending:
            node.closed()
        if not self.enabled and not self.open_spans and self._root is not None:
            self._withdraw(self._root)


def _place(parent: Node | None, instance: Any, kind: Kind) -> tuple[Context, Node | None]:
    """The context that a new span stands in, and the recorded node that it is inside of."""
    context = get_current()
    found = context.get(NODE_KEY)
    here = found if isinstance(found, Node) and found.is_open else None
    home = parent.home if parent is not None else None
    if home is None or home.context is None or (here is not None and here.within(home)):
        return context, here
    if home.kind.elsewhere and (kind.elsewhere or not (instance is None or instance is home.instance)):
        # Older releases leave the caller of `run` inside of it for LlamaIndex, but only steps are.
        return context, here
    return home.context, home


def _is_inside(home: Node | None) -> bool:
    """Whether the current context is that of `home`, or inside of it."""
    here = get_current().get(NODE_KEY)
    return home is None or (isinstance(here, Node) and here.within(home))


def _is_same_step(kind: Kind, instance: Any, home: Node | None) -> bool:
    """Whether `home` records the step already that a span of `kind` directly inside would be."""
    if home is None or home.kind.family != kind.family:
        return False
    return kind.family in kinds.OF_ANY_OBJECT or (instance is not None and home.instance is instance)


def _is_run_of(node: Node, workflow: Any) -> bool:
    return node.kind.family == "workflow" and node.instance is workflow


def _has_turns(home: Node) -> bool:
    return home.kind.elsewhere and kinds.has_turns(home.instance)
