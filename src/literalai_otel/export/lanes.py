"""Order and batches: which accepted units may travel next, and together.

Units of one thread (or of one trace, outside any thread) share a lane and never overtake one another: while a
batch holds units of a lane, the lane is busy and nothing else leaves it. Lanes of one environment fill a batch
together, since `x-env` is a header of the request. Pure data; delivery guards it with its own lock.
"""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from literalai_otel.export.counters import DropReason
from literalai_otel.model import Thread

LaneKey = tuple[str | None, str]
"""Environment, and the id of the thread or trace."""


class Row(NamedTuple):
    """Where a unit is in the spool."""

    owner: int
    seq: int


@dataclass(slots=True)
class Unit:
    """A step in wire form, or a thread, on its way.

    `size` is in bytes of JSON, `accepted_at` in seconds of delivery's clock, `epoch` counts flushes. `row` is None for
    a unit that is in memory alone. `flaw` says why the user's mask failed on it, if it did.
    """

    payload: dict[str, Any] | Thread
    lane: LaneKey
    size: int
    accepted_at: float
    epoch: int
    row: Row | None = None
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """A unit that will not be delivered, and why; `detail` is what the server or the network said."""

    unit: Unit
    reason: DropReason
    detail: str = ""


@dataclass(slots=True)
class Batch:
    """What one request carries: steps of one environment, or one thread."""

    environment: str | None
    units: list[Unit]

    @property
    def thread(self) -> Thread | None:
        """The thread to upsert; None for a batch of steps."""
        payload = self.units[0].payload
        return payload if isinstance(payload, Thread) else None


@dataclass(slots=True)
class _Lane:
    """Units in order, and the bytes of all of them."""

    units: deque[Unit] = field(default_factory=deque[Unit])
    size: int = 0

    def pop(self) -> Unit:
        unit = self.units.popleft()
        self.size -= unit.size
        return unit


@dataclass(slots=True)
class _Group:
    """The lanes of one environment that may move: units and bytes in them, and since when the oldest waits."""

    ready: dict[LaneKey, _Lane] = field(default_factory=dict[LaneKey, _Lane])
    count: int = 0
    size: int = 0
    since: float = math.inf


class Lanes:
    """The accepted units, by lane.

    Args:
        batch_size: Steps in a batch, at most.
        batch_bytes: Bytes of a batch, at most, unless a single step is larger.
        linger: Seconds that a part-filled batch waits for more.
    """

    def __init__(self, *, batch_size: int, batch_bytes: int, linger: float) -> None:
        self._batch_size = batch_size
        self._batch_bytes = batch_bytes
        self._linger = linger
        self._busy: dict[LaneKey, _Lane] = {}
        self._groups: dict[str | None, _Group] = {}

    def add(self, unit: Unit) -> None:
        """Put `unit` at the end of its lane."""
        lane = self._busy.get(unit.lane)
        if lane is None:
            group = self._groups.setdefault(unit.lane[0], _Group())
            lane = group.ready.setdefault(unit.lane, _Lane())
            group.count += 1
            group.size += unit.size
            group.since = min(group.since, unit.accepted_at)
        lane.units.append(unit)
        lane.size += unit.size

    def take(self, now: float, *, urgent: bool = False) -> Batch | None:
        """The next batch that is full, has waited for `linger`, or is `urgent`; its lanes are busy until `release`."""
        for environment, group in self._groups.items():
            if urgent or self._full(group) or now - group.since >= self._linger:
                batch = Batch(environment, self._fill(group))
                del self._groups[environment]
                if group.ready:  # at the end of the row, so that no environment starves another
                    self._groups[environment] = group
                return batch
        return None

    def release(self, batch: Batch) -> None:
        """The batch is done, well or not: what waited behind it may move."""
        for key in dict.fromkeys(unit.lane for unit in batch.units):
            lane = self._busy.pop(key)
            if not lane.units:
                continue
            group = self._groups.setdefault(key[0], _Group())
            group.ready[key] = lane
            group.count += len(lane.units)
            group.size += lane.size
            group.since = min(group.since, lane.units[0].accepted_at)

    def due_at(self) -> float | None:
        """When the next part-filled batch must leave; None when nothing is waiting."""
        return min((group.since + self._linger for group in self._groups.values()), default=None)

    def _full(self, group: _Group) -> bool:
        return group.count >= self._batch_size or group.size >= self._batch_bytes

    def _fill(self, group: _Group) -> list[Unit]:
        """Take units from the lanes of `group`, first come first served, and mark those lanes busy."""
        first = next(iter(group.ready.values()))
        leads_with_thread = isinstance(first.units[0].payload, Thread)
        taken = [first.pop()] if leads_with_thread else list(self._steps(group))
        for unit in taken:
            group.count -= 1
            group.size -= unit.size
            lane = group.ready.pop(unit.lane, None)
            if lane is not None:
                self._busy[unit.lane] = lane
                group.count -= len(lane.units)
                group.size -= lane.size
        if group.count < self._batch_size:
            group.since = min((lane.units[0].accepted_at for lane in group.ready.values()), default=math.inf)
        return taken

    def _steps(self, group: _Group) -> Iterator[Unit]:
        """Steps from the heads of the ready lanes up to the bounds; a thread ends its lane's turn."""
        room, space = self._batch_size, self._batch_bytes
        for lane in islice(group.ready.values(), 4 * self._batch_size):
            while lane.units and not isinstance(lane.units[0].payload, Thread):
                if room == 0 or (lane.units[0].size > space and room < self._batch_size):
                    return
                unit = lane.pop()
                room -= 1
                space -= unit.size
                yield unit
