"""The way of every run from its start callback to a recording, whichever kind it is and whoever hears of it.

The configure hook and explicit handlers share this code and the map of runs: the first who hears of a run records it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from opentelemetry.context import Context, set_value

from literalai_otel.genai import Invocation, Recorder
from literalai_otel.genai.keys import THREAD_KEY
from literalai_otel_langchain.labels import agent_of, is_node, label, name_conversation, thread_of
from literalai_otel_langchain.runs import RUNS, Run, place
from literalai_otel_langchain.values import Snapshot


@dataclass(slots=True)
class Start:
    """What every start callback says; `name` is the run's own or that of its class, `run_name` given by the program.

    `above`, `context` and `ignored` are filled in by `RunRecorder.place`.
    """

    run_id: UUID
    parent_run_id: UUID | None
    run_type: str
    name: str
    run_name: str | None
    tags: Sequence[str]
    metadata: Mapping[str, Any]
    above: Run | None = None
    context: Context = field(default_factory=Context)
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a handler leaves out (`spec/literal-wire.md` §7.3, Ignore).

    A run is left out when its name contains one of `to_ignore`; None: when `chains` calls it plumbing. What is inside
    of such a run is left out too unless its type is in `to_keep`; None keeps everything.
    """

    to_ignore: tuple[str, ...] | None
    to_keep: frozenset[str] | None

    def ignores(self, start: Start) -> bool:
        """Whether the run that starts is left out."""
        if self.to_ignore is not None and any(part in start.name for part in self.to_ignore):
            return True
        inside = start.above is not None and start.above.ignored
        return inside and self.to_keep is not None and start.run_type not in self.to_keep


class RunRecorder:
    """Records the runs that one handler hears of.

    Args:
        recorder: Opens the recordings.
        run_filter: Which runs are left out; None: those that `chains` calls plumbing.
        surround: Puts the surroundings of a client into the context of a root run.
    """

    def __init__(
        self,
        recorder: Recorder,
        run_filter: RunFilter | None = None,
        surround: Callable[[Context], Context] | None = None,
    ) -> None:
        self.recorder = recorder
        self.skips_plumbing = run_filter is None or run_filter.to_ignore is None
        self._filter = run_filter
        self._surround = surround

    def place(self, start: Start) -> bool:
        """Find what is above the run; False when the run is known already."""
        if RUNS.get(start.run_id) is not None:
            return False
        start.above, start.context = place(start.parent_run_id)
        if start.above is None and self._surround is not None:
            start.context = self._surround(start.context)
        start.ignored = self._filter is not None and self._filter.ignores(start)
        return True

    def open(self, start: Start, invocation: Invocation | None) -> Run:
        """Open the run, with a recording if it has an invocation."""
        context = start.context
        thread = thread_of(start.metadata)
        if thread is not None and context.get(THREAD_KEY) != thread:
            context = set_value(THREAD_KEY, thread, context)
        recording = None
        if invocation is not None:
            name_conversation(invocation, context)
            label(invocation, start.run_name, start.tags, start.metadata, context)
            recording = self.recorder.open(invocation, accepts_nested=invocation.calls_model, parent=context)
        run = Run(start.run_id, start.above, context, recording)
        run.agent = agent_of(start.metadata)
        run.is_node = is_node(start.name, start.tags, start.metadata)
        run.ignored = invocation is None
        RUNS.add(run)
        return run


def keep(run: Run, name: str, value: Any) -> None:
    """Keep `value` as the content field `name` of the run, if content is kept at all."""
    recording = run.recording
    if recording is not None and recording.wants_content:
        snapshot = Snapshot(value)
        recording.invocation.content[name] = snapshot.render
        recording.invocation.content_size += snapshot.size


def end(run_id: UUID, error: BaseException | None = None) -> None:
    """End a run, with the error that it raised."""
    run = RUNS.get(run_id)
    if run is None:
        return
    if error is None:
        run.complete()
    else:
        run.fail(error)
