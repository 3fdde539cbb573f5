"""The runs of LangChain that have not ended, by their id, and the context in which the code of each must run.

Callbacks of one run come from any thread, task and context; what ties them together is the run id. A run without a
recording is one that is not shown (`chains`): its children stand under the nearest shown run above it.

Nothing here waits for a callback that may never come. Model calls, tools and retrievals end with the frames around
them (`frames`). What is left open when its root ends gets some time for late callbacks; the whole map is bounded.
"""

import atexit
import logging
import os
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from opentelemetry.context import Context, create_key, get_current, set_value

from literalai_otel.attributes import STEP_OUTPUT
from literalai_otel.genai import Recording, own_context

if TYPE_CHECKING:
    from literalai_otel_langchain.values import Snapshot

logger = logging.getLogger(__name__)

RUN_KEY: Final = create_key("literalai-langchain-run")
"""The `Run` whose code runs in a context."""

MAX_OPEN: Final = 10_000
"""Runs that are open at once; the tree of the oldest ends when there are more."""
MAX_LEFT: Final = 1_000
GRACE: Final = 60.0
"""Seconds that a run may stay open after its root has ended: detached tasks, generators that close late."""

_EMPTY: Final = Context()
_CONTROL_FLOW: Final = ("langgraph.errors", "GraphBubbleUp")
"""Base of the exceptions by which a graph pauses, is drained or hands a command upwards: no errors."""


class Run:
    """A run that has started. Its methods end it once, whoever calls first; they never raise.

    `agent` is the one that it belongs to. `is_node` says that it is a node of a graph, `ignored` that it is not shown.
    `filled` is what a prompt was filled in with; when it has been, that becomes the `variables` of the run above, for
    the next call of a model there. `settle` is called before the recording ends.
    """

    __slots__ = (
        "above",
        "agent",
        "filled",
        "ignored",
        "inside",
        "is_node",
        "recording",
        "root",
        "run_id",
        "settle",
        "unended",
        "used_step_ids",
        "variables",
    )

    def __init__(self, run_id: UUID, above: "Run | None", context: Context, recording: Recording | None) -> None:
        """`context` is the one around it; with a recording its own is taken instead."""
        self.run_id = run_id
        self.above = above
        self.root: Run = above.root if above is not None else self
        self.recording = recording
        self.agent: str | None = None
        self.is_node = False
        self.ignored = False
        self.filled: Snapshot | None = None
        self.variables: Snapshot | None = None
        self.settle: Callable[[], None] | None = None
        self.unended: dict[UUID, Run] = {}
        """Of a root: the runs below it that are open."""
        self.used_step_ids: set[str] = set()
        """Of a root: ids that the user chose and a step has taken. Metadata reaches every run inside."""
        self.inside = set_value(RUN_KEY, self, context if recording is None else recording.context)
        """The context for its code, empty once it has ended."""
        if recording is not None:
            recording.context = self.inside

    @property
    def context(self) -> Context | None:
        """The context for its code, None once it has ended."""
        return self.inside or None

    def complete(self) -> None:
        """End: it succeeded."""
        if RUNS.close(self) and self.recording is not None:
            self.recording.complete()

    def fail(self, error: BaseException) -> None:
        """End with `error`, unless that is none: a generator that is closed, a graph that pauses."""
        if not RUNS.close(self) or self.recording is None:
            return
        if isinstance(error, GeneratorExit):
            self.recording.stop("closed")
        elif is_control_flow(error):
            if self.recording.wants_content and getattr(error, "args", None):
                self.recording.invocation.content[STEP_OUTPUT] = _shown(error.args[0])
            self.recording.complete()
        else:
            self.recording.fail(error, "cancelled" if isinstance(error, CancelledError) else None)

    def fail_as(self, error_type: str, message: str) -> None:
        """End with an error that no exception stands for."""
        if RUNS.close(self) and self.recording is not None:
            self.recording.fail_as(error_type, message)

    def abandon(self) -> None:
        """End: nobody will hear of it any more."""
        if RUNS.close(self) and self.recording is not None:
            self.recording.stop("abandoned")

    def release(self) -> None:
        """Let go of what is above: chains of tasks that start one another must not keep every ancestor."""
        self.above = None
        self.inside = _EMPTY


class Runs:
    """The open runs of the process. Dict operations are atomic, and no lock is held that a finalizer could need."""

    def __init__(self) -> None:
        self._open: dict[UUID, Run] = {}
        self._left: deque[tuple[float, Run]] = deque()
        """Roots that ended before runs below them, with the time."""
        self._ends_at_exit = False

    def __len__(self) -> int:
        return len(self._open)

    def get(self, run_id: UUID | None) -> Run | None:
        """The open run of that id."""
        return None if run_id is None else self._open.get(run_id)

    def add(self, run: Run) -> None:
        """Know `run` as open."""
        if not self._ends_at_exit:
            # With the first run, not at import: exit handlers run backwards, and delivery comes after this one.
            self._ends_at_exit = True
            atexit.register(self.end_all)
        self._open[run.run_id] = run
        if run.root is not run:
            run.root.unended[run.run_id] = run
        elif self._left:
            self.sweep()
        if len(self._open) > MAX_OPEN:
            try:
                _abandon_tree(next(iter(self._open.values())).root)
            except (RuntimeError, StopIteration):  # another thread changed the map meanwhile: it sees to it
                logger.debug("the oldest run stays open")

    def close(self, run: Run) -> bool:
        """Forget `run`; False when it has ended already."""
        if self._open.pop(run.run_id, None) is None:
            return False
        try:
            if run.settle is not None and run.recording is not None and run.recording.active:
                run.settle()
        except Exception:
            logger.debug("a run was not readable", exc_info=True)
        run.settle = None
        if run.root is not run:
            run.root.unended.pop(run.run_id, None)
        elif run.unended:
            self._left.append((monotonic(), run))
        run.release()
        return True

    def sweep(self, now: float | None = None) -> None:
        """End what is still open long after its root has ended; `now` in seconds of `time.monotonic`."""
        now = monotonic() if now is None else now
        while self._left and (now - self._left[0][0] > GRACE or len(self._left) > MAX_LEFT):
            try:
                _, root = self._left.popleft()
            except IndexError:
                return
            _abandon_tree(root)

    def end_all(self) -> None:
        """End every run: the process is going down."""
        for run in reversed(list(self._open.values())):
            run.abandon()

    def forget(self) -> None:
        """In a forked child: the runs are the parent's to end."""
        self._open.clear()
        self._left.clear()


RUNS: Final = Runs()
"""One for the process: a handler and the configure hook may both hear of a run, which is one step all the same."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=RUNS.forget)


def place(parent_run_id: UUID | None) -> tuple[Run | None, Context]:
    """The run above a new one, and the context to record it in.

    The current context counts where the code of that parent runs in it: the user may have opened spans of his own
    there. Elsewhere, as in callbacks of a graph's engine, it says nothing about the parent.
    """
    current = own_context(get_current())
    if parent_run_id is None:
        return None, current
    here = current.get(RUN_KEY)
    if isinstance(here, Run) and here.run_id == parent_run_id:
        return here, current
    above = RUNS.get(parent_run_id)
    if above is None:
        return None, current
    return above, above.context or current


def is_control_flow(error: BaseException) -> bool:
    """Whether `error` is LangGraph's way to interrupt, drain or command, and no failure."""
    return any((kind.__module__, kind.__name__) == _CONTROL_FLOW for kind in type(error).__mro__)


def _shown(value: Any) -> Callable[[], Any]:
    # Imported here: it needs langchain_core, which the rest of this module does not.
    from literalai_otel_langchain.values import Snapshot

    return Snapshot(value).render


def _abandon_tree(root: Run) -> None:
    for run in reversed(list(root.unended.values())):
        run.abandon()
    root.abandon()
