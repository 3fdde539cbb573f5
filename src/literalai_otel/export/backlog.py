"""What is on the disk alone, and how it comes back: between the workers and the spool.

Memory is filled to a half; units that come then rest on the disk alone, and so do all after them, which keeps the
order. They come back when memory is a quarter full. What ended processes left behind comes the same way, later.

Methods say whether they are called with delivery's lock held, or do input and output and must not be.
"""

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from literalai_otel.export.lanes import Unit
from literalai_otel.export.ledger import Ledger
from literalai_otel.export.losses import Losses

if TYPE_CHECKING:  # a process without a spool does not load SQLite
    from literalai_otel.export.counters import DropReason
    from literalai_otel.export.sender import Report
    from literalai_otel.export.spool import Spool, Stored

LOOK_EVERY_S: Final = 30.0
"""How often a process looks for what others left behind."""
_PAUSE_S: Final = 1.0
_CHUNK: Final = 256


@dataclass(slots=True)
class Left:
    """What is on the disk alone: own units that memory had no room for, or those of an ended process.

    `count` units of `owner` with a number above `cursor`.
    """

    owner: int
    count: int
    cursor: int = 0


class Backlog:
    """The disk's side of one set of workers.

    Args:
        spool: Of these workers alone.
        ledger: The delivery's books.
        losses: Where losses are said.
        max_units: Units that delivery holds, at most.
        max_bytes: Bytes that delivery holds, at most.
    """

    def __init__(self, spool: "Spool", ledger: Ledger, losses: Losses, *, max_units: int, max_bytes: int) -> None:
        self.spool = spool
        self._ledger = ledger
        self._losses = losses
        self._max_units = max_units
        self._max_bytes = max_bytes
        self._own: Left | None = None
        self._others: deque[Left] = deque()
        self._look_at = math.inf
        self._pause_until = 0.0

    def store(self, units: Sequence[Unit]) -> "Stored | None":
        """Write `units`, in order; input and output, on the one worker that prepares."""
        if not units:
            return None
        stored = self.spool.store(units)
        if self._look_at == math.inf:  # what is in memory alone comes first
            self._look_at = 0.0
        return stored

    def book(self, stored: "Stored | None") -> None:
        """Count what had to go to make room. Lock held."""
        if stored is None:
            return
        if stored.orphans:
            self._ledger.refuse("spool_full", stored.orphans)
            self._losses.note("spool_full", stored.orphans)
        for left in self._resting():
            lost = sum(seq > left.cursor for seq in stored.victims.get(left.owner, ()))
            left.count -= lost
            self._lose("spool_full", lost, own=left is self._own)
        self._forget_empty()

    def rests(self, unit: Unit, *, fits: bool) -> bool:
        """Whether `unit`, which is held, has to stay on the disk alone; it is booked then. Lock held."""
        if unit.row is None:
            return False
        self._ledger.stored(unit)
        own = self._own
        if own is not None and own.owner != unit.row.owner:
            # Another file than before: the one with them was broken or removed.
            self._lose("spool_lost", own.count, own=True)
            own = self._own = None
        if own is None:
            if fits and self._ledger.held <= self._max_units // 2 and self._ledger.held_bytes <= self._max_bytes // 2:
                return False
            own = self._own = Left(unit.row.owner, 0, unit.row.seq - 1)
        own.count += 1
        self._ledger.rest(unit)
        return True

    def next_left(self, now: float, *, closing: bool) -> Left | None:
        """What to bring back from, if there is room. Lock held."""
        if now < self._pause_until:
            return None
        if self._ledger.held > self._max_units // 4 or self._ledger.held_bytes > self._max_bytes // 4:
            return None
        return self._own or (self._others[0] if self._others and not closing else None)

    def due_at(self) -> float | None:
        """When to look for what others left behind; None before anything was written. Lock held."""
        return None if self._look_at == math.inf else max(self._pause_until, self._look_at)

    def look(self) -> list[Left]:
        """Take over what ended processes left behind; input and output."""
        self._look_at = time.monotonic() + LOOK_EVERY_S
        return self.spool.take_over()

    def found(self, others: list[Left]) -> None:
        """Book what was taken over. Lock held."""
        for left in others:
            self._ledger.take_over(left.count)
            self._others.append(left)

    def recall(self, left: Left) -> list[Unit] | None:
        """The next units of `left`; input and output."""
        return self.spool.recall(left, min(_CHUNK, max(1, self._max_units // 4)), self._max_bytes // 8)

    def recalled(self, left: Left, units: list[Unit] | None) -> None:
        """Book units that are in memory again. Lock held."""
        own = left is self._own
        if units is None:
            self._pause_until = time.monotonic() + _PAUSE_S
            return
        if not units:
            self._lose("spool_full", left.count, own=own)
            left.count = 0
        for unit in units:
            assert unit.row is not None, "it was read from the disk"
            self._ledger.recall(unit, own=own)
            left.cursor = unit.row.seq
            left.count -= 1
        self._forget_empty()

    def settle(self, report: "Report") -> None:
        """Delete what was sent, put what was refused aside; input and output."""
        self.spool.settle(report.sent, report.lost)

    def _resting(self) -> list[Left]:
        return [*([self._own] if self._own is not None else []), *self._others]

    def _forget_empty(self) -> None:
        if self._own is not None and self._own.count <= 0:
            self._own = None
        self._others = deque(left for left in self._others if left.count > 0)

    def _lose(self, reason: "DropReason", count: int, *, own: bool) -> None:
        if count > 0:
            self._ledger.vanished(reason, count, own=own)
            self._losses.note(reason, count)
