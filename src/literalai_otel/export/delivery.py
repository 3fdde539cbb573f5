"""Delivery: from the caller's thread to the server, in bounded memory, never blocking, never lying.

A submission costs the caller one append, and no lock while a worker looks out for it. Worker threads, started with the
first submission, prepare submissions (one worker at a time, so that order stays), and send batches (`in_flight` at a
time). Everything accepted ends as sent or dropped with a reason, and a flush says which.

The lock is reentrant: a garbage collection inside our own critical section may close an abandoned stream, whose
span then ends and is submitted by the very thread that holds the lock.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from literalai_otel.config import Config
from literalai_otel.export.backlog import Backlog
from literalai_otel.export.counters import Counters, FlushResult
from literalai_otel.export.halt import Halt
from literalai_otel.export.inbox import Arrival, Inbox
from literalai_otel.export.lanes import Lanes
from literalai_otel.export.ledger import Ledger
from literalai_otel.export.lifecycle import PROCESS_ENDS
from literalai_otel.export.losses import Losses
from literalai_otel.export.metrics import observe
from literalai_otel.export.prepare import BYTES_BESIDE_TEXTS, EndingSpan, FinishedSpan, Source, guess_size
from literalai_otel.export.preparing import Preparing
from literalai_otel.export.preprocess import Preprocess
from literalai_otel.export.sender import Connect, Sender
from literalai_otel.export.workers import Workers
from literalai_otel.genai.abandoned import finish_abandoned
from literalai_otel.model import Step, Thread

if TYPE_CHECKING:  # the API is loaded on the delivery thread
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Span

    from literalai_otel.api import SyncApi
    from literalai_otel.export.retry import RetryPolicy
    from literalai_otel.export.spool import Spool
    from literalai_otel.processor import Lineage

MakeSpool = Callable[[Callable[[str], None]], "Spool"]
"""Makes the spool of a new set of workers; the argument is told, now and then, why it is not used."""

_BULKY: Final = 64 * 1024
"""Bytes that are booked as they come: what waits at the door is beside the bounds of the queue."""
_TO_SPEAK_S: Final = 0.02
"""How long a flush lets a worker finish a warning line that it has begun."""


class Delivery:
    """Takes spans, steps and threads, and brings them to the server. The sink of the context. Thread-safe.

    No thread and no connection exists before the first submission; `shutdown` ends them, and a later submission
    starts them again.

    Args:
        connect: Makes the API, on a worker; None makes a disabled delivery, which accepts nothing.
        url: How warnings name the server.
        batch_size: Steps in a request, at most.
        batch_bytes: Bytes of JSON in a request, at most, unless one step is larger.
        linger: Seconds that a part-filled batch waits for more (L-CLI-05).
        max_units: Steps and thread upserts held, at most; what comes then is dropped as `queue_full`.
        max_bytes: Bytes of JSON held, at most.
        in_flight: Requests at the same time, at most.
        flush_timeout: Seconds that `flush` and `shutdown` take by default, and leaving the process at most.
        policy: Of the retries.
        make_spool: Makes the durable side of the queue; None for a queue in memory alone.
    """

    def __init__(
        self,
        connect: Connect | None,
        *,
        url: str = "the server",
        batch_size: int = 5,
        batch_bytes: int = 1024 * 1024,
        linger: float = 0.5,
        max_units: int = 50_000,
        max_bytes: int = 64 * 1024 * 1024,
        in_flight: int = 4,
        flush_timeout: float = 5.0,
        policy: "RetryPolicy | None" = None,
        make_spool: MakeSpool | None = None,
    ) -> None:
        self.flush_timeout = flush_timeout
        self.disabled = connect is None
        self._batch_size = batch_size
        self._batch_bytes = batch_bytes
        self._linger = linger
        self._max_units = max_units
        self._max_bytes = max_bytes
        self._in_flight = in_flight
        self._make_spool = make_spool
        self._preprocess: Preprocess | None = None
        self._losses = Losses(url)
        self._sender = Sender(connect or _no_server, self._losses, self._count_retry, policy)
        self._start_empty()
        if not self.disabled:
            PROCESS_ENDS.register(self)

    @classmethod
    def from_config(cls, config: Config, *, batch_size: int) -> Self:
        """A delivery to the server of `config`; disabled when that names none, or no key.

        Args:
            config: The settings; its `batch_size`, if set, wins.
            batch_size: The default of the caller: 5 for `LiteralClient`, 100 for `init()` and zero-code.
        """
        url, key = config.api_url, config.api_key
        if config.disabled or url is None or key is None:
            return cls(None, flush_timeout=config.flush_timeout)
        # Here and not on a worker: while a background thread imports httpx, a half-made module is visible to all,
        # and openai 3 looks at it in every request (`openai._httpx2`), so that the user's call would fail.
        from literalai_otel.api import SyncApi

        def connect(timeout: float | None) -> SyncApi:
            bound: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
            api = SyncApi(url, key, environment=config.environment, **bound)
            api.open()
            return api

        delivery = cls(
            connect,
            url=url,
            batch_size=config.batch_size or batch_size,
            flush_timeout=config.flush_timeout,
            make_spool=_spool_of(config, url, key),
        )
        if config.metrics:
            observe(delivery)
        return delivery

    def submit_ended(
        self, span: "ReadableSpan", fields: Mapping[str, Any] | None, lineage: "Lineage | None", export_all: bool
    ) -> None:
        """Accept a span that has just ended (arguments: `FinishedSpan`); even what it says is looked at later."""
        self._submit(FinishedSpan, (span, fields, lineage, export_all), None, guess_size(fields))

    def submit_ending(
        self,
        span: "Span",
        end: Callable[[], None],
        finished: "Callable[[ReadableSpan], FinishedSpan | None]",
        size: int,
    ) -> None:
        """Accept a span that is over and ends on a worker (arguments: `EndingSpan`); it keeps `size` bytes alive."""
        if self.disabled:
            end()
            return
        self._submit(EndingSpan, (span, end, finished), None, BYTES_BESIDE_TEXTS + size)

    def submit_span(self, finished: FinishedSpan) -> None:
        """Accept an ended span; it is translated later, on a worker."""
        self._submit(_as_it_is, (finished,), None, guess_size(finished.fields))

    def submit_step(self, step: Step, *, environment: str | None = None) -> None:
        """Accept a step that is no span. `environment` holds unless the step names its own."""
        self._submit(_as_it_is, (step,), environment, guess_size(None))

    def submit_thread(self, thread: Thread, *, environment: str | None = None) -> None:
        """Accept the upsert of a thread, in order with its steps."""
        self._submit(_as_it_is, (thread,), environment, guess_size(None))

    def count_sampled_out(self, n: int = 1) -> None:
        """Count `n` steps that a sampler decided against."""
        with self._changed:
            self._ledger.sampled_out(n)

    @property
    def batch_size(self) -> int:
        """Steps in a request, at most."""
        return self._batch_size

    def set_preprocess(self, function: Preprocess | None) -> None:
        """Have `function` look at the steps of every batch before it is sent (`export.preprocess`); None ends it."""
        self._preprocess = function

    def counters(self) -> Counters:
        """The numbers of this moment."""
        with self._changed:
            self._workers.let_in()
            return self._ledger.counters()

    def flush(self, timeout: float | None = None) -> FlushResult:
        """Send everything accepted so far, and wait for it `timeout` seconds at most.

        What is not through by then stays queued and is `pending` in the result.
        """
        finish_abandoned()
        deadline = self._deadline(timeout)
        with self._changed:
            workers = self._workers
            workers.let_in()
            workers.flushing += 1
            barrier = self._ledger.close_epoch()
            self._changed.notify_all()
        try:
            self._wait_for(barrier, deadline)
        finally:  # the user may have interrupted it
            with self._changed:
                workers.flushing -= 1
        with self._changed:
            result = self._ledger.report(barrier)
        self._losses.say(gathering=True, wait=_TO_SPEAK_S)
        return result

    def shutdown(self, timeout: float | None = None) -> FlushResult:
        """Flush, then stop the workers and close the connections.

        What is not through by then stays in the spool, or is lost and counted. A later submission starts them again
        (X-42).
        """
        finish_abandoned()
        deadline = self._deadline(timeout)
        with self._changed:
            self._workers.let_in()
            barrier = self._ledger.close_epoch()
        self.begin_closing()
        self._wait_for(barrier, deadline)
        disconnect = backlog = None
        problem = self._sender.last_problem
        with self._changed:
            self._workers.let_in()
            if self._ledger.held_of_ours and not self._ledger.outstanding(barrier):
                self._workers.halt = Halt()  # what was accepted meanwhile goes on as if nothing had been
            else:
                backlog = self._workers.backlog
                self._workers.abandon("timeout_at_exit", problem)
                self._workers = self._new_workers()
                disconnect = self._sender.part()
            result = self._ledger.report(barrier)
        self._losses.say(silent=True, wait=_TO_SPEAK_S)
        if disconnect is not None:
            disconnect()
        if backlog is not None:
            self._losses.say_left(result.spooled, problem)
            backlog.spool.release()
        return result

    @property
    def held_here(self) -> bool:
        """Whether this thread has the lock, which whoever interrupts it must not wait for."""
        return self._changed._is_owned()  # type: ignore[attr-defined] - every release has it, its stubs do not

    def begin_closing(self) -> None:
        """Start to drain: no batch waits for more, no retry for its time."""
        with self._changed:
            self._workers.halt.closing.set()
            self._changed.notify_all()

    def leave(self, timeout: float) -> None:
        """`shutdown` for good, at the end of the process."""
        self.shutdown(timeout)
        with self._changed:
            self._left = True
            self._workers.abandon("after_exit")
        self._losses.say(silent=True)

    def reset_after_fork(self) -> None:
        """Start empty in a child: what was queued or in flight is the parent's."""
        self._start_empty()
        self._losses.forget()
        self._sender.reset_after_fork()

    def _start_empty(self) -> None:
        # Reentrant: a garbage collection inside our own critical section may close an abandoned stream, whose span
        # then ends and is submitted by the very thread that holds the lock.
        self._changed = threading.Condition(threading.RLock())
        self._losses.renew_locks(self._changed)
        self._kind_of_locks = threading.Lock
        self._door: deque[Arrival] = deque()
        self._ledger = Ledger(self._max_units, self._max_bytes)
        self._left = False
        self._workers = self._new_workers()

    def _renew_locks(self) -> None:
        """After `gevent` replaced the threads: waiting on a lock from before stops every greenlet of the process.

        Zero-code set-up comes before the patch, the first submission usually after it. Workers that run already
        are real threads, which go on with real locks.
        """
        self._kind_of_locks = threading.Lock
        if not self._workers.running:
            self._changed = threading.Condition(threading.RLock())
            self._workers = self._new_workers()
            self._losses.renew_locks(self._changed)
            self._sender.reset_after_fork()
            PROCESS_ENDS.renew_locks()

    def _new_workers(self) -> Workers:
        backlog = None
        if self._make_spool is not None:
            spool = self._make_spool(self._losses.say_spool_trouble)
            backlog = Backlog(spool, self._ledger, self._losses, max_units=self._max_units, max_bytes=self._max_bytes)
        return Workers(
            self._changed,
            Inbox(self._door, self._ledger, self._losses),
            self._ledger,
            Lanes(batch_size=self._batch_size, batch_bytes=self._batch_bytes, linger=self._linger),
            self._sender,
            self._losses,
            Preparing(lambda: self._preprocess, self._sender.uploads, self._losses, self._batch_size),
            backlog,
            threshold=self._batch_size,
            linger=self._linger,
            in_flight=self._in_flight,
        )

    def _submit(self, make: Callable[..., Source], given: tuple[Any, ...], environment: str | None, size: int) -> None:
        if self.disabled:
            return
        door = self._door
        door.append((make, given, environment, size, time.monotonic()))
        # Asked in this order: who looks out no longer has let in before what came until then.
        if not self._workers.watched or len(door) >= self._batch_size or size > _BULKY:
            self._let_in()

    def _let_in(self) -> None:
        if self._kind_of_locks is not threading.Lock:
            self._renew_locks()
        with self._changed:
            if self._workers.over:
                self._workers = self._new_workers()
            workers = self._workers
            workers.let_in("after_exit" if self._left else None)
        if self._left:
            self._losses.say(gathering=True)
        elif not workers.running:
            workers.start()

    def _deadline(self, timeout: float | None) -> float:
        """On the monotonic clock, and never after the common one of a process that is ending."""
        return time.monotonic() + PROCESS_ENDS.bounded(self.flush_timeout if timeout is None else timeout)

    def _wait_for(self, barrier: int, deadline: float) -> None:
        """Return when everything accepted up to the epoch `barrier` is settled, or at `deadline`."""
        while True:
            with self._changed:
                left = deadline - time.monotonic()
                workers = self._workers
                if left <= 0 or not self._ledger.outstanding(barrier) or workers.gave_up:
                    return
                if workers.running:
                    self._changed.wait(left)
                    continue
            if not workers.start() and not workers.run_one(left / 2):
                time.sleep(min(left, 0.01))

    def _count_retry(self) -> None:
        with self._changed:
            self._ledger.retried()


def _as_it_is(source: Source) -> Source:
    return source


def _spool_of(config: Config, url: str, key: str) -> MakeSpool | None:
    """What makes the spools of a delivery with `config`; None unless a folder is set."""
    if config.spool_dir is None:
        return None
    # Not on a worker, as above: a half-made module may be seen by the user's threads.
    from literalai_otel.export.spool import Spool, target_of

    folder, target = Path(config.spool_dir).expanduser().absolute(), target_of(url, key)
    return lambda trouble: Spool(folder, config.spool_max_bytes, target, trouble)


def _no_server(timeout: float | None) -> "SyncApi":
    """Of a disabled delivery, which never sends."""
    raise AssertionError("a disabled delivery has no server")
