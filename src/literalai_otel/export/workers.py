"""The threads of a delivery: one prepares submissions, so that order stays, up to `in_flight` others send batches.

One set of workers lives until a stop; then it is `over`, its threads leave, and what they still bring back is
ignored, since it has been counted already.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from literalai_otel.export.counters import DropReason
from literalai_otel.export.halt import Halt
from literalai_otel.export.lanes import Batch, Lanes, Unit
from literalai_otel.export.ledger import Ledger
from literalai_otel.export.lifecycle import PROCESS_ENDS
from literalai_otel.export.losses import Losses
from literalai_otel.export.prepare import Submission, prepare
from literalai_otel.export.sender import Report, Sender

logger = logging.getLogger(__name__)

Task = Callable[[], None]

_HOPELESS: Final[frozenset[DropReason]] = frozenset({"unreachable", "bad_answer"})
_CHUNK: Final = 256
"""Submissions prepared in one go."""
_IDLE_S: Final = 30.0
"""A worker without work leaves after this time; the next submission starts another."""
_STRETCH_S: Final = 0.001
_BREATH_S: Final = 0.00005
"""After a stretch of translation the worker lets go of the interpreter, so that an event loop stays responsive."""


class Workers:
    """A queue and the threads that empty it.

    Args:
        changed: The delivery's lock, notified whenever something changed. It guards everything here.
        ledger: The delivery's books.
        lanes: An empty set of lanes.
        sender: Sends batches.
        losses: Where losses are said.
        threshold: Submissions that are worth waking a worker for.
        linger: Seconds that fewer of them wait.
        in_flight: Batches that are sent at the same time, at most.
    """

    def __init__(
        self,
        changed: threading.Condition,
        ledger: Ledger,
        lanes: Lanes,
        sender: Sender,
        losses: Losses,
        *,
        threshold: int,
        linger: float,
        in_flight: int,
    ) -> None:
        self._changed = changed
        self._ledger = ledger
        self._lanes = lanes
        self._sender = sender
        self._losses = losses
        self._threshold = threshold
        self._linger = linger
        self._max_in_flight = in_flight
        self._inbox: deque[Submission] = deque()
        self._threads = 0
        self._idle = 0
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

    def put(self, submission: Submission) -> None:
        """Queue `submission`. The caller holds the lock, and calls `start` after it if none is `running`."""
        self._inbox.append(submission)
        # One worker must know when the oldest becomes due, and when a batch is full; otherwise they may sleep.
        if self._idle and (len(self._inbox) == 1 or len(self._inbox) % self._threshold == 0):
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
        """Count everything held as lost, and leave. The caller holds the lock."""
        self.halt.closing.set()
        self.halt.abandoned.set()
        self.over = True
        self._losses.note(reason, self._ledger.drop_held(reason), detail)
        self._changed.notify_all()

    def _work(self) -> None:
        try:
            with PROCESS_ENDS.loading:
                self._sender.load()
            while self._work_once():
                pass
        except BaseException:  # what ends a greenlet, say
            logger.debug("a delivery thread was ended", exc_info=True)
            with self._changed:
                self._threads -= 1
                self._changed.notify_all()  # whoever waits for a flush starts another

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
        patience = True
        while not self.over:
            task = self._task()
            if task is not None:
                return task
            due_at = self._due_at()
            if due_at is None and not patience:
                return None
            self._idle += 1
            try:
                woken = self._changed.wait(_IDLE_S if due_at is None else max(0.0, due_at - time.monotonic()))
            finally:
                self._idle -= 1
            patience = woken or due_at is not None
        return None

    def _due_at(self) -> float | None:
        due = [] if not self._inbox or self._preparing else [self._inbox[0].accepted_at + self._linger]
        lanes_due = self._lanes.due_at() if self._in_flight < self._max_in_flight else None
        lines_due = self._losses.due_at() if not self.halt.closing.is_set() else None
        return min((moment for moment in (*due, lanes_due, lines_due) if moment is not None), default=None)

    def _task(self, timeout: float | None = None) -> Task | None:
        """What can be done now. The caller holds the lock."""
        now = time.monotonic()
        urgent = self.flushing > 0 or self.halt.closing.is_set()
        waiting = len(self._inbox)
        if waiting and not self._preparing:
            due = waiting >= self._threshold or now - self._inbox[0].accepted_at >= self._linger
            if urgent or due:
                self._preparing = True
                chunk = [self._inbox.popleft() for _ in range(min(waiting, _CHUNK))]
                return partial(self._prepare, chunk)
        if self._in_flight < self._max_in_flight:
            # Units that are still being prepared may fill the batch, even when it is urgent.
            batch = self._lanes.take(now, urgent=urgent and not waiting and not self._preparing)
            if batch is not None:
                self._in_flight += 1
                return partial(self._send, batch, timeout)
        lines_due = self._losses.due_at()
        if lines_due is not None and now >= lines_due and not self.halt.closing.is_set():
            return partial(self._losses.say, wait=1.0)
        return None

    def _prepare(self, chunk: list[Submission]) -> None:
        prepared: list[tuple[Submission, Unit | None]] = []
        failed: list[Submission] = []
        problem = ""
        breath_at = time.perf_counter() + _STRETCH_S
        try:
            for submission in chunk:
                try:
                    prepared.append((submission, prepare(submission)))
                except Exception as error:
                    logger.debug("translation failed", exc_info=True)
                    failed.append(submission)
                    problem = repr(error)
                if time.perf_counter() > breath_at:
                    time.sleep(_BREATH_S)
                    breath_at = time.perf_counter() + _STRETCH_S
        except BaseException:  # a greenlet may be ended, or the user's thread interrupted: another one takes over
            with self._changed:
                self._preparing = False
                self._inbox.extendleft(reversed(chunk))
            raise
        with self._changed:
            self._preparing = False
            if self.over:
                return
            for submission in failed:
                self._ledger.dropped("translate_failed", submission.epoch, submission.size)
            self._losses.note("translate_failed", len(failed), problem)
            for submission, unit in prepared:
                self._sort(submission, unit)
            self._changed.notify_all()

    def _sort(self, submission: Submission, unit: Unit | None) -> None:
        """Put a prepared unit into its lane, if there is room for its true size."""
        if unit is None:
            self._ledger.withdraw(submission.epoch, submission.size)
        elif self._ledger.resize(submission.size, unit.size):
            self._lanes.add(unit)
        else:
            self._ledger.dropped("queue_full", unit.epoch, unit.size)
            self._losses.note("queue_full", 1)

    def _send(self, batch: Batch, timeout: float | None) -> None:
        report = Report()
        report.drop("internal_error", len(batch.units), "sending was interrupted")
        try:
            report = self._sender.send(batch, self.halt, timeout)
        finally:
            self._sent(batch, report)

    def _sent(self, batch: Batch, report: Report) -> None:
        with self._changed:
            if self.over:
                return
            self._in_flight -= 1
            self._lanes.release(batch)
            self._book(batch, report)
            for reason in _HOPELESS.intersection(report.dropped) if self.halt.closing.is_set() else ():
                # Every other batch would meet the same, and the process wants to end.
                self.abandon(reason, report.details[reason])
            self._changed.notify_all()

    def _book(self, batch: Batch, report: Report) -> None:
        units = iter(batch.units)  # which unit met which end matters to nobody: epochs and sizes do
        for reason, count in report.dropped.items():
            self._losses.note(reason, count, report.details[reason])
            for _, unit in zip(range(count), units, strict=False):
                self._ledger.dropped(reason, unit.epoch, unit.size)
        for _, unit in zip(range(report.withdrawn), units, strict=False):
            self._ledger.withdraw(unit.epoch, unit.size)
        self._ledger.content_dropped(report.content_dropped)
        for unit in units:
            self._ledger.sent(unit.epoch, unit.size)
