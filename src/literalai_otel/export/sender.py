"""One batch to the server: retry, take apart what the server refuses as a whole, say what became of each unit.

A poisoned step is found by halving, so that it costs itself only (`spec/instrumentation-cases.md` §2 rows 11, 32).
A refused API key stops all traffic, but for one probe every `PROBE_AFTER_S`. What is on the disk is never lost for a
trouble that may pass: it is tried on, and stays there when delivery ends.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final, Self

from literalai_otel.errors import LiteralError
from literalai_otel.export.counters import DropReason
from literalai_otel.export.halt import Halt
from literalai_otel.export.lanes import Batch, Loss, Unit
from literalai_otel.export.losses import Losses
from literalai_otel.export.offload import Outgoing, Uploads
from literalai_otel.model import Thread

if TYPE_CHECKING:  # tenacity and the HTTP library cost 0.2 s, which are paid on the delivery thread
    from literalai_otel.api import SyncApi
    from literalai_otel.api.operations.steps import StepOutcome
    from literalai_otel.export.retry import Retries, RetryPolicy

logger = logging.getLogger(__name__)

PROBE_AFTER_S: Final = 30.0
SAY_DELAY_AFTER_S: Final = 5.0


Connect = Callable[[float | None], "SyncApi"]
"""Makes the API; the argument is a bound in seconds for each request, None for the API's own."""


@dataclass(slots=True)
class Report:
    """What became of the units of a batch: each is in one of the lists. `kept` are on the disk, and not sent.

    `media_dropped` counts files that were not uploaded with them.
    """

    media_dropped: int = 0
    sent: list[Unit] = field(default_factory=list[Unit])
    kept: list[Unit] = field(default_factory=list[Unit])
    lost: list[Loss] = field(default_factory=list[Loss])

    @classmethod
    def interrupted(cls, units: list[Unit]) -> Self:
        """Of a batch whose worker was ended meanwhile."""
        report = cls()
        report.give_up(units, "internal_error", "sending was interrupted", passing=True)
        return report

    def give_up(self, units: list[Unit], reason: DropReason, detail: str = "", *, passing: bool) -> None:
        """`units` are not delivered. If the trouble is `passing`, those on the disk stay there."""
        for unit in units:
            if passing and unit.row is not None:
                self.kept.append(unit)
            else:
                self.lost.append(Loss(unit, reason, detail))


class Sender:
    """Sends batches over one keep-alive API. Thread-safe.

    Args:
        connect: Called once, with the first batch.
        losses: Where a long delay is said.
        on_retry: Called whenever a request is sent again.
        policy: Of the retries; the default one when None.
    """

    def __init__(
        self, connect: Connect, losses: Losses, on_retry: Callable[[], None], policy: "RetryPolicy | None" = None
    ) -> None:
        self._connect = connect
        self._losses = losses
        self._on_retry = on_retry
        self._policy = policy
        self._lock = threading.Lock()
        self._api: SyncApi | None = None
        self._refused_until = 0.0
        self.uploads = Uploads()
        """The files of steps."""
        self.last_problem = ""
        """What the latest failed attempt met; empty after a success."""

    def send(self, batch: Batch, halt: Halt, timeout: float | None = None) -> Report:
        """Send `batch`, and say what became of it. Never raises.

        With a `timeout` in seconds the batch travels alone, on connections of its own, and is given up after it.
        """
        from literalai_otel.export.retry import Retries, RetryPolicy

        report = Report()
        on_disk = all(unit.row is not None for unit in batch.units)
        if time.monotonic() < self._refused_until and not on_disk:
            report.give_up(batch.units, "unauthorized", passing=True)
            return report
        policy = self._policy or RetryPolicy()
        if timeout is not None:
            policy = replace(policy, give_up_after=timeout, longest_wait=min(timeout, policy.longest_closing_wait))
        retries = Retries(policy, halt, partial(self._say_retry, len(batch.units)), endless=on_disk)
        try:
            api = self._open() if timeout is None else self._connect(timeout)
        except Exception as error:
            self._lose(batch.units, error, report, halt)
            return report
        if batch.thread is not None:
            self._send_thread(api, batch, batch.thread, retries, report, halt)
        else:
            self._send_steps(api, batch.units, batch.environment, retries, report, halt)
        if timeout is not None:
            _close(api)
        return report

    def load(self) -> None:
        """Import and make what a first request needs; no connection is opened. Never raises."""
        try:
            import_module("literalai_otel.export.retry")
            "x".encode("idna")  # the socket module's codec, imported by its first use
            self._open()
        except Exception:
            logger.debug("not loaded; the first batch will say why", exc_info=True)

    def part(self) -> Callable[[], None]:
        """Have the next batch open new connections; what is returned closes those of the batches before."""
        api, self._api = self._api, None
        return partial(_close, api)

    def reset_after_fork(self) -> None:
        """Forget the parent's connections without touching them: they are still the parent's."""
        self._lock = threading.Lock()
        self._api = None
        self._refused_until = 0.0
        self.last_problem = ""
        self.uploads.reset_after_fork()

    def _open(self) -> "SyncApi":
        with self._lock:
            if self._api is None:
                self._api = self._connect(None)
            return self._api

    def _say_retry(self, units: int, error: BaseException, elapsed: float) -> None:
        from literalai_otel.export.retry import is_retryable

        self._on_retry()
        self.last_problem = str(error)
        if elapsed >= SAY_DELAY_AFTER_S or not is_retryable(error):
            self._losses.say_delay(units, self.last_problem)

    def _send_thread(
        self, api: "SyncApi", batch: Batch, thread: Thread, retries: "Retries", report: Report, halt: Halt
    ) -> None:
        upsert = partial(
            api.upsert_thread,
            thread.id,
            name=thread.name,
            metadata=thread.metadata,
            tags=thread.tags,
            participant_id=thread.participant_id,
            environment=batch.environment,
        )
        try:
            retries.run(upsert)
        except Exception as error:
            self._lose(batch.units, error, report, halt)
        else:
            self._succeed(batch.units, report)

    def _send_steps(
        self,
        api: "SyncApi",
        units: list[Unit],
        environment: str | None,
        retries: "Retries",
        report: Report,
        halt: Halt,
    ) -> None:
        from literalai_otel.export.retry import is_isolating

        steps = [unit.payload for unit in units if not isinstance(unit.payload, Thread)]

        def request() -> "tuple[Outgoing, list[StepOutcome]]":
            outgoing = self.uploads.outgoing(api, steps)
            return outgoing, api.send_steps(outgoing.steps, environment=environment)

        try:
            outgoing, outcomes = retries.run(request)
        except Exception as error:
            if len(units) > 1 and is_isolating(error):
                middle = len(units) // 2
                self._send_steps(api, units[:middle], environment, retries, report, halt)
                self._send_steps(api, units[middle:], environment, retries, report, halt)
            else:
                self._lose(units, error, report, halt)
            return
        if outgoing.dropped:
            report.media_dropped += outgoing.dropped
            self._losses.say_media_dropped(outgoing.dropped, outgoing.problem)
        self._succeed([unit for unit, outcome in zip(units, outcomes, strict=True) if outcome.ok], report)
        for unit, outcome in zip(units, outcomes, strict=True):
            if not outcome.ok:
                report.give_up([unit], "rejected", outcome.message or "", passing=False)

    def _succeed(self, units: list[Unit], report: Report) -> None:
        report.sent += units
        self.last_problem = ""

    def _lose(self, units: list[Unit], error: Exception, report: Report, halt: Halt) -> None:
        from literalai_otel.export.retry import is_passing, is_retryable, reason_of

        if not isinstance(error, LiteralError):
            logger.debug("sending failed", exc_info=error)
        reason = reason_of(error)
        if reason == "unauthorized":
            self._refused_until = time.monotonic() + PROBE_AFTER_S
        self.last_problem = str(error)
        # When delivery closes, attempts end early: what they met may pass too.
        passing = is_passing(error) or (is_retryable(error) and halt.closing.is_set())
        report.give_up(units, reason, self.last_problem, passing=passing)


def _close(api: "SyncApi | None") -> None:
    try:
        if api is not None:
            api.close()
    except Exception:
        logger.debug("closing failed", exc_info=True)
