"""The threads of a delivery: one prepares submissions, so that order stays, up to `in_flight` others send batches.

With a spool, the one that prepares also writes them, and reads back what rests on the disk alone.

One set of workers lives until a stop; then it is `over`, its threads leave, and what they still bring back is
ignored, since it has been counted already.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from literalai_otel.export.backlog import Backlog, Left
from literalai_otel.export.counters import DropReason
from literalai_otel.export.halt import Halt
from literalai_otel.export.inbox import Inbox
from literalai_otel.export.lanes import Batch, Lanes, Unit
from literalai_otel.export.ledger import Ledger
from literalai_otel.export.lifecycle import PROCESS_ENDS
from literalai_otel.export.losses import Losses
from literalai_otel.export.prepare import Submission
from literalai_otel.export.preparing import Prepared, Preparing
from literalai_otel.export.sender import Report, Sender

if TYPE_CHECKING:  # a process without a spool does not load SQLite
    from literalai_otel.export.spool import Stored

logger = logging.getLogger(__name__)

Task = Callable[[], None]

_HOPELESS: Final[frozenset[DropReason]] = frozenset({"unreachable", "bad_answer"})
_IDLE_S: Final = 30.0
"""A worker without work leaves after this time; the next submission starts another."""
_SLICE: Final = 32
"""Units that are booked under one hold of the lock, which whoever submits waits for."""
_LEAST_LOOK_S: Final = 0.05
"""An idle worker looks at the inbox as often as the oldest in it may wait, but where that is less: it is woken then."""
_TO_DISK_S: Final = 0.03
"""With a spool, a submission waits so long for others before it is written."""


class Workers:
    """A queue and the threads that empty it.

    Args:
        changed: The delivery's lock, notified whenever something changed. It guards everything here.
        inbox: What they are to prepare.
        ledger: The delivery's books.
        lanes: An empty set of lanes.
        sender: Sends batches.
        losses: Where losses are said.
        preparing: Makes units of submissions.
        backlog: The side of the spool; None without one.
        threshold: Submissions that are worth waking a worker for.
        linger: Seconds that fewer of them wait.
        in_flight: Batches that are sent at the same time, at most.
    """

    def __init__(
        self,
        changed: threading.Condition,
        inbox: Inbox,
        ledger: Ledger,
        lanes: Lanes,
        sender: Sender,
        losses: Losses,
        preparing: Preparing,
        backlog: Backlog | None,
        *,
        threshold: int,
        linger: float,
        in_flight: int,
    ) -> None:
        self._changed = changed
        self._inbox = inbox
        self._ledger = ledger
        self._lanes = lanes
        self._sender = sender
        self._losses = losses
        self._preparer = preparing
        self._backlog = backlog
        self._threshold = threshold
        self._linger = linger if backlog is None else min(linger, _TO_DISK_S)
        self._max_in_flight = in_flight
        self._threads = 0
        self._idle = 0
        self.watched = False
        """Whether one that is idle looks at the inbox, and at its door, as often as the oldest there may wait. Read
        without the lock by whoever has left something at the door."""
        self._in_flight = 0
        self._preparing = False
        self.halt = Halt()
        self.over = False
        self.flushing = 0
        """Callers that wait: while there are any, nothing lingers."""

    @property
    def running(self) -> bool:
        """At least one thread is there."""
        return self._threads > 0

    @property
    def backlog(self) -> Backlog | None:
        """The side of the spool; None without one."""
        return self._backlog

    @property
    def gave_up(self) -> bool:
        """Nothing more is sent, and everything that came is on the disk, where it can be. The caller holds the lock."""
        return self.halt.hopeless.is_set() and not self._inbox and not self._preparing

    def let_in(self, refused: DropReason | None = None) -> None:
        """Book what is at the door. The caller holds the lock, and calls `start` after it if none is `running`."""
        if self.over:  # whoever has left something there meanwhile lets it in to those who come next
            return
        before = len(self._inbox)
        all_came_in = self._inbox.let_in(refused)
        # One worker must know when the oldest becomes due, and when a batch is full; otherwise they may sleep. Waking a
        # thread costs the caller far more than all else here: the processor that it sleeps on is woken too.
        waiting = len(self._inbox)
        fills = waiting // self._threshold != before // self._threshold
        unwatched = waiting > before == 0 and not self.watched
        if not all_came_in or (self._idle and (fills or unwatched)):  # of losses somebody must speak in time
            self._changed.notify()

    def start(self) -> bool:
        """Start one more thread, unless there are enough. False when there is none and none can be started."""
        with self._changed:
            if self.over or self._threads > self._max_in_flight:
                return True
            self._threads += 1
        PROCESS_ENDS.worker_starts()
        try:
            threading.Thread(target=self._work, name="literalai-delivery", daemon=True).start()
        except RuntimeError:  # the interpreter is going down (from Python 3.12 on), or the system has no more
            with self._changed:
                self._threads -= 1
                return self._threads > 0
        return True

    def run_one(self, timeout: float) -> bool:
        """Do one task on this thread, for want of workers; requests are bound by `timeout` seconds."""
        with self._changed:
            task = self._task(timeout)
        if task is None:
            return False
        task()
        return True

    def abandon(self, reason: DropReason, detail: str = "") -> None:
        """Count what is held in memory alone as lost, and leave. The caller holds the lock."""
        self.halt.closing.set()
        self.halt.abandoned.set()
        self.over = True
        self.watched = False
        self._inbox.let_in()
        self._losses.note(reason, self._ledger.stop(reason), detail)
        self._changed.notify_all()

    def _work(self) -> None:
        try:
            if self._backlog is None:
                self._load()
            while self._work_once():
                pass
        except BaseException:  # what ends a greenlet, say
            logger.debug("a delivery thread was ended", exc_info=True)
            with self._changed:
                self._threads -= 1
                self._changed.notify_all()  # whoever waits for a flush starts another

    def _load(self) -> None:
        """Import what sending needs. It takes a while, so that what has a spool is written before."""
        with PROCESS_ENDS.loading:
            self._sender.load()

    def _work_once(self) -> bool:
        """Wait for a task and do it; False when the thread shall leave."""
        with self._changed:
            task = self._next_task()
            if task is None:
                self._threads -= 1
                return False
            lonely = not self._idle
        if lonely:  # somebody must watch the clock and the inbox while this one is busy
            self.start()
        try:
            task()
        except Exception:
            logger.debug("a delivery task failed", exc_info=True)
        return True

    def _next_task(self) -> Task | None:
        """Wait for a task; None when the thread shall leave."""
        leave_at = time.monotonic() + _IDLE_S
        while not self.over:
            task = self._task()
            if task is not None:
                if self._inbox and self._idle and not self.watched:
                    self._changed.notify()  # the next one watches what this one leaves
                return task
            now, due_at = time.monotonic(), self._due_at()
            if due_at is None and now >= leave_at:
                return None
            watches = not self.watched and self._linger >= _LEAST_LOOK_S
            until = min(leave_at if due_at is None else due_at, now + self._linger if watches else math.inf)
            self._idle += 1
            self.watched = self.watched or watches
            try:
                woken = self._changed.wait(max(0.0, until - now))
            finally:
                self._idle -= 1
                if watches:
                    self.watched = False
            if woken or due_at is not None:
                leave_at = time.monotonic() + _IDLE_S
        return None

    def _due_at(self) -> float | None:
        due = [] if not self._inbox or self._preparing else [self._inbox.oldest_since + self._linger]
        lanes_due = self._lanes.due_at() if self._in_flight < self._max_in_flight else None
        lines_due = self._losses.due_at() if not self.halt.closing.is_set() else None
        look_at = self._backlog.due_at() if self._backlog is not None and not self._preparing else None
        if self.halt.closing.is_set():
            look_at = None
        return min((moment for moment in (*due, lanes_due, lines_due, look_at) if moment is not None), default=None)

    def _task(self, timeout: float | None = None) -> Task | None:
        """What can be done now. The caller holds the lock."""
        self._inbox.let_in()
        now = time.monotonic()
        closing = self.halt.closing.is_set()
        urgent = self.flushing > 0 or closing
        if not self._preparing:
            task = self._preparation(now, urgent) or self._return(now, closing)
            if task is not None:
                self._preparing = True
                return task
        if self._in_flight < self._max_in_flight and not self.halt.hopeless.is_set():
            # Units that are still being prepared may fill the batch, even when it is urgent.
            batch = self._lanes.take(now, urgent=urgent and not self._inbox and not self._preparing)
            if batch is not None:
                self._in_flight += 1
                return partial(self._send, batch, timeout)
        lines_due = self._losses.due_at()
        if lines_due is not None and now >= lines_due and not closing:
            return partial(self._losses.say, wait=1.0)
        return None

    def _preparation(self, now: float, urgent: bool) -> Task | None:
        """Prepare what has come, if enough has or it has waited. The caller holds the lock."""
        waiting = len(self._inbox)
        if not waiting or not (urgent or waiting >= self._threshold or now - self._inbox.oldest_since >= self._linger):
            return None
        return partial(self._prepare, self._inbox.take())

    def _return(self, now: float, closing: bool) -> Task | None:
        """Bring back what is on the disk alone, or look for it. The caller holds the lock."""
        backlog = self._backlog
        if backlog is None or self.halt.hopeless.is_set():
            return None
        left = backlog.next_left(now, closing=closing)
        if left is not None:
            return partial(self._recall, backlog, left)
        look_at = backlog.due_at()
        if closing or look_at is None or now < look_at:
            return None
        return partial(self._look, backlog)

    def _prepare(self, chunk: list[Submission]) -> None:
        try:
            prepared = self._preparer.run(chunk)
            units = [unit for unit in prepared.units if unit is not None]
            stored = self._backlog.store(units) if self._backlog is not None else None
        except BaseException:  # a greenlet may be ended, or the user's thread interrupted: another one takes over
            with self._changed:
                self._preparing = False
                self._inbox.put_back(chunk)
            raise
        try:
            self._sort(prepared, stored)
        finally:
            with self._changed:
                self._preparing = False
                self._changed.notify_all()

    def _sort(self, prepared: Prepared, stored: "Stored | None") -> None:
        """Book a chunk, and put its units into their lanes, if there is room for their true size."""
        with self._changed:
            if self.over:
                return
            if self._backlog is not None:
                self._backlog.book(stored)
            for submission in prepared.failed:
                self._ledger.failed("translate_failed", submission.epoch, submission.size)
            self._losses.note("translate_failed", len(prepared.failed), prepared.problem)
            self._ledger.content_dropped(prepared.content_dropped)
            self._ledger.mask_failed(prepared.mask_failed)
        pairs = list(zip(prepared.submissions, prepared.units, strict=True))
        for start in range(0, len(pairs), _SLICE):
            with self._changed:
                if self.over:
                    return
                for submission, unit in pairs[start : start + _SLICE]:
                    self._place(submission, unit)

    def _place(self, submission: Submission, unit: Unit | None) -> None:
        if unit is None:
            self._ledger.withdraw(submission.epoch, submission.size)
            return
        fits = self._ledger.resize(submission.size, unit.size)
        if self._backlog is not None and self._backlog.rests(unit, fits=fits):
            return
        if fits:
            self._lanes.add(unit)
        else:
            self._ledger.dropped("queue_full", unit)
            self._losses.note("queue_full", 1)

    def _recall(self, backlog: Backlog, left: Left) -> None:
        units: list[Unit] | None = None
        try:
            units = backlog.recall(left)
        finally:
            with self._changed:
                self._preparing = False
                if not self.over:
                    backlog.recalled(left, units)
                    for unit in units or ():
                        self._lanes.add(unit)
                self._changed.notify_all()

    def _look(self, backlog: Backlog) -> None:
        found: list[Left] = []
        try:
            found = backlog.look()
        finally:
            with self._changed:
                self._preparing = False
                if not self.over:
                    backlog.found(found)
                self._changed.notify_all()

    def _send(self, batch: Batch, timeout: float | None) -> None:
        report = Report.interrupted(batch.units)
        try:
            if self._backlog is not None:
                self._load()
            report = self._sender.send(batch, self.halt, timeout)
            if self._backlog is not None:
                self._backlog.settle(report)
        finally:
            self._sent(batch, report)

    def _sent(self, batch: Batch, report: Report) -> None:
        with self._changed:
            if self.over:
                return
            self._in_flight -= 1
            self._lanes.release(batch)
            self._book(report)
            if self.halt.closing.is_set():
                self._despair(report)
            self._changed.notify_all()

    def _despair(self, report: Report) -> None:
        """When the process wants to end and every other batch would meet the same, send no more."""
        if report.kept:
            self.halt.hopeless.set()
        for loss in report.lost:
            if loss.reason in _HOPELESS and self._backlog is None:
                self.abandon(loss.reason, loss.detail)
                return

    def _book(self, report: Report) -> None:
        self._ledger.media_dropped(report.media_dropped)
        for unit in report.sent:
            self._ledger.sent(unit)
        for unit in report.kept:
            self._ledger.left(unit)
        for loss in report.lost:
            self._ledger.dropped(loss.reason, loss.unit)
            self._losses.note(loss.reason, 1, loss.detail)
