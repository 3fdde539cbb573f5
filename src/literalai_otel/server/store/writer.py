"""The one writer: a thread that commits at once when idle and gathers while a commit runs.

Requests queue jobs; the thread takes all that wait (bounded), runs them in one transaction and resolves their
futures after the commit. Under load one fsync serves many requests, and an idle server adds no delay
(`DESIGN.md` §4, database). Step batches that follow each other become one set-based upsert.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from literalai_otel.server.store import changes, journal
from literalai_otel.server.store.database import UNSTORABLE, Database, StoreUnavailableError, refused
from literalai_otel.server.store.driver import Driver, Fault
from literalai_otel.server.store.journal import Journal
from literalai_otel.server.store.rows import StepBatch
from literalai_otel.server.store.watchers import Heard

T = TypeVar("T")
Refusals = list[str | None]
Upsert = Callable[[Driver, Sequence[StepBatch], Journal], list[Refusals]]

GROUP_ROWS: Final = 5_000
"""Steps in a transaction at most: keeps a commit, and so the wait of the next request, under about 0.5 s."""
_IDLE_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 10.0
"""How long a transaction is tried again that met another one, or whose connection was lost."""
_LOGGER: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    future: Future[Any]

    @property
    def weight(self) -> int:
        return 1

    def resolve(self, result: Any) -> None:
        """Hands over a result, or an exception. A job that its owner cancelled is done all the same."""
        if self.future.cancelled():
            return
        with suppress(InvalidStateError):  # cancelled between the two lines
            if isinstance(result, BaseException):
                self.future.set_exception(result)
            else:
                self.future.set_result(result)


@dataclass(slots=True)
class _Call(_Job):
    work: Callable[[Connection], Any]


@dataclass(slots=True)
class _Batch(_Job):
    batch: StepBatch

    @property
    def weight(self) -> int:
        return len(self.batch.rows) + len(self.batch.links)


class Writer:
    """Owns `database.writer`. `commits` and `jobs` count what was done, for tests and the health page."""

    def __init__(self, database: Database, upsert: Upsert, heard: Heard) -> None:
        self.commits = 0
        self.jobs = 0
        self._database = database
        self._upsert = upsert
        self._heard = heard
        self._queue: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._attempts = Retrying(
            retry=retry_if_exception(lambda problem: isinstance(problem, _FailedError) and problem.again),
            stop=stop_after_delay(_RETRY_SECONDS),
            wait=wait_random_exponential(0.02, max=2.0),
            reraise=True,
        )
        self._connection = database.writer.connect()
        self._thread = threading.Thread(target=self._run, name="literalai-store-writer", daemon=True)
        self._thread.start()

    def ingest(self, batch: StepBatch) -> Future[Refusals]:
        """Queues a batch; resolves after its commit with one entry per row."""
        future: Future[Refusals] = Future()
        self._put(_Batch(future, batch))
        return future

    def call(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queues `work(connection)`; resolves after its commit with its result, or with what it raised."""
        future: Future[T] = Future()
        self._put(_Call(future, work))
        return future

    def close(self, timeout: float) -> None:
        """Commits what is queued and ends the thread. Later jobs are refused."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout)

    def _put(self, job: _Job) -> None:
        with self._wake:
            if self._closing:
                job.future.set_exception(RuntimeError("the store is closed"))
                return
            self._queue.append(job)
            self._wake.notify()

    def _run(self) -> None:
        with self._connection as connection:
            idle = True
            while (group := self._take(wait=None if idle else _IDLE_SECONDS)) is not None:
                if group:
                    self._serve(connection, group)
                else:
                    self._database.rest(connection)
                idle = not group

    def _serve(self, connection: Connection, group: list[_Job]) -> None:
        try:
            self._commit(connection, group)
        except Exception as problem:  # not even a rollback works; whoever waits must not wait for ever
            _LOGGER.exception("the writer of the store failed")
            for job in group:
                job.resolve(problem)

    def _take(self, wait: float | None) -> list[_Job] | None:
        """The next group; an empty one after `wait` seconds without a job, None at the end."""
        with self._wake:
            if not self._queue and not self._closing:
                self._wake.wait(wait)
            if not self._queue:
                return None if self._closing else []
            group = [self._queue.popleft()]
            weight = group[0].weight
            while self._queue and weight + self._queue[0].weight <= GROUP_ROWS:
                group.append(self._queue.popleft())
                weight += group[-1].weight
            return group

    def _commit(self, connection: Connection, group: list[_Job]) -> None:
        try:
            results, changed = self._attempts(self._transaction, connection, group)
        except _FailedError as failed:
            self._fail(connection, group, failed)
        else:
            self.commits += 1
            self.jobs += len(group)
            for job, result in zip(group, results, strict=True):
                job.resolve(result)
            self._heard(changed)

    def _fail(self, connection: Connection, group: list[_Job], failed: "_FailedError") -> None:
        """One of the group, or one step of its only batch, is the cause: alone, each fails or succeeds for itself."""
        problem = failed.problem
        _LOGGER.debug("a transaction of the store failed", exc_info=problem)
        if failed.fault is not Fault.INPUT:
            problem = StoreUnavailableError(f"the database takes no writes: {problem}")
            problem.__cause__ = failed.problem
        job = group[0]
        if failed.fault is Fault.MOMENT:
            # Alone, each would wait as long as all of them did.
            for one in group:
                one.resolve(problem)
        elif len(group) > 1:
            for one in group:
                self._commit(connection, [one])
        elif not isinstance(job, _Batch) or failed.fault is not Fault.INPUT:
            job.resolve(refused(problem) if isinstance(problem, UNSTORABLE) else problem)
        elif len(job.batch.rows) > 1:
            job.resolve([self._alone(connection, part) for part in job.batch.split()])
        else:
            _LOGGER.error("a step could not be stored", exc_info=problem)
            job.resolve([f"the step could not be stored ({type(problem).__name__})"] * len(job.batch.rows))

    def _alone(self, connection: Connection, batch: StepBatch) -> str | None:
        single = _Batch(Future(), batch)
        self._commit(connection, [single])
        return single.future.result()[0]

    def _transaction(self, connection: Connection, group: list[_Job]) -> tuple[list[Any], list[int]]:
        """Runs the group and commits it; its results, and the projects that it changed.

        Raises `_FailedError`; the connection is then ready for the next one.
        """
        driver: Driver | None = None
        noted = Journal()
        committing = False
        try:
            driver = self._database.driver(connection)
            driver.begin(_projects(group))
            journal.attach(connection, noted)
            results = self._run_jobs(driver, connection, group, noted)
            if changed := changes.append(driver, noted):
                driver.announce(changed)
            committing = True
            driver.commit()
        except Exception as problem:
            fault = self._database.fault(problem)
            if driver is not None:
                driver.rollback()
            # A batch may be written twice. A call may not, where nobody knows whether its commit arrived.
            unknown = committing and any(isinstance(job, _Call) for job in group)
            raise _FailedError(problem, fault, again=fault is Fault.MOMENT and not unknown) from problem
        return results, changed

    def _run_jobs(self, driver: Driver, connection: Connection, group: list[_Job], noted: Journal) -> list[Any]:
        results: list[Any] = []
        position = 0
        while position < len(group):
            job = group[position]
            if isinstance(job, _Call):
                results.append(job.work(connection))
                position += 1
                continue
            batches: list[StepBatch] = []
            while position < len(group) and isinstance(following := group[position], _Batch):
                batches.append(following.batch)
                position += 1
            results += self._upsert(driver, batches, noted)
        return results


class _FailedError(Exception):
    """A transaction did not come about; `problem` says why, `again` whether it may be tried once more."""

    def __init__(self, problem: Exception, fault: Fault, *, again: bool) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.fault = fault
        self.again = again


def _projects(group: Sequence[_Job]) -> set[int] | None:
    """The projects that the group writes to; None for all, as a call may do anything."""
    projects: set[int] = set()
    for job in group:
        if not isinstance(job, _Batch):
            return None
        projects.add(job.batch.project_id)
    return projects
