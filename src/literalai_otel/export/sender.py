"""One batch to the server: retry, take apart what the server refuses as a whole, say what became of each unit.

A poisoned step is found by halving, so that it costs itself only (`spec/instrumentation-cases.md` §2 rows 11, 32).
A refused API key stops all traffic, but for one probe every `PROBE_AFTER_S`.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from literalai_otel.errors import LiteralError
from literalai_otel.export.counters import DropReason
from literalai_otel.export.halt import Halt
from literalai_otel.export.lanes import Batch, Unit
from literalai_otel.export.losses import Losses
from literalai_otel.export.preprocess import Preprocess, preprocessed
from literalai_otel.model import Thread

if TYPE_CHECKING:  # tenacity and the HTTP library cost 0.2 s, which are paid on the delivery thread
    from literalai_otel.api import SyncApi
    from literalai_otel.export.retry import Retries, RetryPolicy

logger = logging.getLogger(__name__)

PROBE_AFTER_S: Final = 30.0
SAY_DELAY_AFTER_S: Final = 5.0


Connect = Callable[[float | None], "SyncApi"]
"""Makes the API; the argument is a bound in seconds for each request, None for the API's own."""


@dataclass(slots=True)
class Report:
    """What became of the units of a batch; `sent`, `dropped` and `withdrawn` add up to all of them.

    `withdrawn` were left out by the user's preprocess function. `content_dropped` counts those that it failed on.
    """

    sent: int = 0
    withdrawn: int = 0
    content_dropped: int = 0
    dropped: dict[DropReason, int] = field(default_factory=dict[DropReason, int])
    details: dict[DropReason, str] = field(default_factory=dict[DropReason, str])

    def drop(self, reason: DropReason, count: int, detail: str = "") -> None:
        """Count `count` lost units and keep the first `detail` for the warning."""
        self.dropped[reason] = self.dropped.get(reason, 0) + count
        self.details.setdefault(reason, detail)


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
        self.preprocess: Preprocess | None = None
        """The user's hook over the steps of a batch."""
        self.last_problem = ""
        """What the latest failed attempt met; empty after a success."""

    def send(self, batch: Batch, halt: Halt, timeout: float | None = None) -> Report:
        """Send `batch`, and say what became of it. Never raises.

        With a `timeout` in seconds the batch travels alone, on connections of its own, and is given up after it.
        """
        from literalai_otel.export.retry import Retries, RetryPolicy

        report = Report()
        if time.monotonic() < self._refused_until:
            report.drop("unauthorized", len(batch.units))
            return report
        policy = self._policy or RetryPolicy()
        if timeout is not None:
            policy = replace(policy, give_up_after=timeout, longest_wait=min(timeout, policy.longest_closing_wait))
        retries = Retries(policy, halt, partial(self._say_retry, len(batch.units)))
        try:
            api = self._open() if timeout is None else self._connect(timeout)
        except Exception as error:
            self._lose(len(batch.units), error, report)
            return report
        if batch.thread is not None:
            self._send_thread(api, batch.thread, batch.environment, retries, report)
        elif units := self._preprocessed(batch.units, report):
            self._send_steps(api, units, batch.environment, retries, report)
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

    def _open(self) -> "SyncApi":
        with self._lock:
            if self._api is None:
                self._api = self._connect(None)
            return self._api

    def _preprocessed(self, units: list[Unit], report: Report) -> list[Unit]:
        """The steps to send, after the user's hook."""
        function = self.preprocess
        if function is None:
            return units
        done = preprocessed(function, units)
        report.withdrawn = len(units) - len(done.units)
        if done.problem:
            report.content_dropped = len(units)
            self._losses.say_preprocess_failed(len(units), done.problem)
        if done.strangers:
            self._losses.say_strangers(done.strangers)
        return done.units

    def _say_retry(self, units: int, error: BaseException, elapsed: float) -> None:
        self._on_retry()
        self.last_problem = str(error)
        if elapsed >= SAY_DELAY_AFTER_S:
            self._losses.say_delay(units, self.last_problem)

    def _send_thread(
        self, api: "SyncApi", thread: Thread, environment: str | None, retries: "Retries", report: Report
    ) -> None:
        upsert = partial(
            api.upsert_thread,
            thread.id,
            name=thread.name,
            metadata=thread.metadata,
            tags=thread.tags,
            participant_id=thread.participant_id,
            environment=environment,
        )
        try:
            retries.run(upsert)
        except Exception as error:
            self._lose(1, error, report)
        else:
            self._succeed(1, report)

    def _send_steps(
        self, api: "SyncApi", units: list[Unit], environment: str | None, retries: "Retries", report: Report
    ) -> None:
        from literalai_otel.export.retry import is_isolating

        steps = [unit.payload for unit in units if not isinstance(unit.payload, Thread)]
        try:
            outcomes = retries.run(partial(api.send_steps, steps, environment=environment))
        except Exception as error:
            if len(units) > 1 and is_isolating(error):
                middle = len(units) // 2
                self._send_steps(api, units[:middle], environment, retries, report)
                self._send_steps(api, units[middle:], environment, retries, report)
            else:
                self._lose(len(units), error, report)
            return
        refused = [outcome for outcome in outcomes if not outcome.ok]
        self._succeed(len(units) - len(refused), report)
        if refused:
            report.drop("rejected", len(refused), refused[0].message or "")

    def _succeed(self, count: int, report: Report) -> None:
        report.sent += count
        self.last_problem = ""

    def _lose(self, count: int, error: Exception, report: Report) -> None:
        from literalai_otel.export.retry import reason_of

        if not isinstance(error, LiteralError):
            logger.debug("sending failed", exc_info=error)
        reason = reason_of(error)
        if reason == "unauthorized":
            self._refused_until = time.monotonic() + PROBE_AFTER_S
        self.last_problem = str(error)
        report.drop(reason, count, self.last_problem)


def _close(api: "SyncApi | None") -> None:
    try:
        if api is not None:
            api.close()
    except Exception:
        logger.debug("closing failed", exc_info=True)
