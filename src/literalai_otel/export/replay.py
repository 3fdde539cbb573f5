"""Sending what was left behind in a spool, now and to the end: `literalai-otel replay`.

One request after the other in the order of the rows, so that order within a thread holds whatever is in them.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from literalai_otel.export.backlog import Left
from literalai_otel.export.halt import Halt
from literalai_otel.export.lanes import Batch, Row, Unit
from literalai_otel.export.retry import RetryPolicy
from literalai_otel.export.sender import Report, Sender
from literalai_otel.export.spool import Spool
from literalai_otel.model import Thread

POLICY: Final = RetryPolicy(give_up_after=30.0, longest_wait=5.0, patient=False)
"""Somebody waits for the end of it."""
BATCH: Final = 100
_BATCH_BYTES: Final = 1024 * 1024
_CHUNK: Final = 500
_CHUNK_BYTES: Final = 8 * 1024 * 1024


@dataclass(slots=True)
class Replayed:
    """What came of it.

    Attributes:
        total: Units that there were.
        sent: Those that the server has now.
        refused: Those that it refused for good, by reason; they are dead letters.
        problem: Why the rest was not sent; it stays in the spool.
    """

    total: int = 0
    sent: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    problem: str = ""

    @property
    def left(self) -> int:
        """Units that were not sent."""
        return self.total - self.sent - self.refused.total()


class Replay:
    """Sends the units that ended processes left for the target of `spool`.

    Args:
        spool: Its own, released by the caller.
        sender: To the server of the target.
        dead: Send the dead letters in place of the units.
    """

    def __init__(self, spool: Spool, sender: Sender, *, dead: bool = False) -> None:
        self._spool = spool
        self._sender = sender
        self._dead = dead
        self._left: list[Left] = [] if dead else spool.take_over()
        self._halt = Halt()
        self.result = Replayed(total=spool.count_dead() if dead else sum(left.count for left in self._left))

    def steps(self) -> Iterator[int]:
        """Do it; gives how many more units are settled after each request. Ends at the first that may pass later."""
        for batch in self._batches():
            report = self._sender.send(batch, self._halt)
            self._settle(report)
            self.result.sent += len(report.sent)
            self.result.refused.update(loss.reason for loss in report.lost)
            yield len(report.sent) + len(report.lost)
            if report.kept:
                self.result.problem = self._sender.last_problem
                return
        if self.result.left and not self.result.problem:
            self.result.problem = "the spool cannot be read, or what was in it made room for newer steps"

    def _settle(self, report: Report) -> None:
        if self._dead:
            self._spool.settle_dead([unit.row.seq for unit in report.sent if unit.row is not None])
        else:
            self._spool.settle(report.sent, report.lost)

    def _batches(self) -> Iterator[Batch]:
        """Steps of one environment that follow one another, or one thread."""
        waiting: list[Unit] = []
        size = 0
        for unit in self._letters() if self._dead else self._units():
            alone = isinstance(unit.payload, Thread)
            full = len(waiting) >= BATCH or size + unit.size > _BATCH_BYTES
            if waiting and (alone or full or waiting[0].lane[0] != unit.lane[0]):
                yield Batch(waiting[0].lane[0], waiting)
                waiting, size = [], 0
            if alone:
                yield Batch(unit.lane[0], [unit])
            else:
                waiting.append(unit)
                size += unit.size
        if waiting:
            yield Batch(waiting[0].lane[0], waiting)

    def _units(self) -> Iterator[Unit]:
        for left in self._left:
            while units := self._spool.recall(left, _CHUNK, _CHUNK_BYTES):
                yield from units
                left.cursor = max(unit.row.seq for unit in units if unit.row is not None)

    def _letters(self) -> Iterator[Unit]:
        after = 0
        while letters := self._spool.dead_letters(after, BATCH):
            for number, unit in letters:
                unit.row = Row(0, number)
                yield unit
            after = letters[-1][0]
