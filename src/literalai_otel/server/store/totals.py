"""Sums over the steps of a thread and of a root run, and how one step changes them (`spec/features.md` P-ING-07).

A thread's duration is the sum over its steps without a parent (the pauses between them do not count), a run's its
own. Sums that no step gave a value to are null, which the counters beside them tell from zero. Durations are
microseconds in a float: whole numbers, exact up to 285 years, and no sum of them can overflow.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from literalai_otel.server.store.figures import QUARTER
from literalai_otel.server.store.stored import Stored

COUNTERS: Final = ("step_count", "generation_count", "error_count", "counted_count", "priced_count", "timed_count")
"""`counted`, `priced` and `timed`: how many steps gave tokens, a cost and a duration."""
SUMS: Final = ("input_token_count", "output_token_count", "token_count", "cost", "duration")
COLUMNS: Final = COUNTERS + SUMS
_COUNTER_OF: Final = ("counted_count", "counted_count", "counted_count", "priced_count", "timed_count")

Numbers = list[float]
"""Values of `COLUMNS`, in that order."""


class Facts(NamedTuple):
    """What a step adds to the totals above it. Times are microseconds, `duration` at least 0.

    `time` is the start, or when the step was first seen where there is no start.
    """

    id: str
    thread_id: str | None
    parent_id: str | None
    run_id: str | None
    generation: int
    error: int
    input_tokens: int | None
    output_tokens: int | None
    tokens: int | None
    cost: float | None
    time: int
    duration: int | None


def facts(step_id: str, seen: int, get: Callable[[str], Any]) -> Facts:
    """The facts of a step that was first `seen` then and whose columns `get` answers."""
    start, end = get("start_time"), get("end_time")
    return Facts(
        step_id,
        get("thread_id"),
        get("parent_id"),
        # A step below no run counts for none; a root run counts for itself.
        get("root_run_id") or (step_id if get("type") == "run" else None),
        1 if get("generation_type") is not None else 0,
        1 if get("error") or get("generation_error") else 0,
        get("input_token_count"),
        get("output_token_count"),
        get("token_count"),
        get("cost"),
        seen if start is None else start,
        None if start is None or end is None else max(end - start, 0),
    )


def facts_of(stored: Stored) -> Facts:
    """The facts of a stored step."""
    return facts(stored.id, stored.created_at, lambda name: getattr(stored, name))


class Ledger:
    """The changes of one transaction in one project, by thread and by root run."""

    def __init__(self) -> None:
        self.threads: dict[str, Numbers] = {}
        self.runs: dict[str, Numbers] = {}
        self.quarters: set[int] = set()
        """Quarters of an hour since 1970 with steps that were written, whatever it is that changed in them."""

    def change(self, before: Facts | None, after: Facts | None) -> None:
        """A step was inserted, changed, moved or deleted."""
        for step in (before, after):
            if step is not None:
                self.quarters.add(step.time // QUARTER)
        if before == after:
            return
        if before is not None:
            self._book(before, -1)
        if after is not None:
            self._book(after, 1)

    def _book(self, step: Facts, sign: int) -> None:
        if step.thread_id is not None:
            _add(self.threads.setdefault(step.thread_id, _nothing()), step, sign, timed=step.parent_id is None)
        if step.run_id is not None:
            _add(self.runs.setdefault(step.run_id, _nothing()), step, sign, timed=step.run_id == step.id)


def _nothing() -> Numbers:
    return [0] * len(COLUMNS)


def _add(numbers: Numbers, step: Facts, sign: int, *, timed: bool) -> None:
    numbers[0] += sign
    numbers[1] += sign * step.generation
    numbers[2] += sign * step.error
    if step.tokens is not None:
        numbers[3] += sign
        numbers[6] += sign * (step.input_tokens or 0)
        numbers[7] += sign * (step.output_tokens or 0)
        numbers[8] += sign * step.tokens
    if step.cost is not None:
        numbers[4] += sign
        numbers[9] += sign * step.cost
    if timed and step.duration is not None:
        numbers[5] += sign
        numbers[10] += sign * step.duration


def added(stored: Iterable[float | None], change: Numbers) -> list[float | None]:
    """Stored values of `COLUMNS` after the change; a sum without a summand is None."""
    numbers = [(value or 0) + more for value, more in zip(stored, change, strict=True)]
    counts = dict(zip(COUNTERS, numbers, strict=False))
    sums = zip(_COUNTER_OF, numbers[len(COUNTERS) :], strict=True)
    return [*numbers[: len(COUNTERS)], *(value if counts[counter] > 0 else None for counter, value in sums)]


def seconds(microseconds: float | None) -> float | None:
    """A stored duration as the wire has it."""
    return None if microseconds is None else microseconds / 1e6


def to_wire(row: Any) -> dict[str, Any]:
    """The totals of a row that has `COLUMNS`, as clients read them."""
    return {name: getattr(row, column) for column, name in _WIRE.items()} | {"duration": seconds(row.duration)}


_WIRE: Final = {
    "step_count": "stepCount",
    "generation_count": "generationCount",
    "error_count": "errorCount",
    "input_token_count": "inputTokenCount",
    "output_token_count": "outputTokenCount",
    "token_count": "tokenCount",
    "cost": "cost",
}
