"""Figures of steps over time: those that were counted before, and what has to be counted now, within a bounded time.

Without filters the figures of each quarter of an hour are read as they were stored, and only quarters that were
written to since are counted from the steps themselves. With filters, or below a quarter of an hour, all is counted
from the steps. Counting goes from the newest to the oldest and is *cut* when its time is over: what was not counted
to its end is None, not a smaller number.
"""

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from literalai_otel.jsonable import loads
from literalai_otel.server.buckets import Buckets
from literalai_otel.server.filters import Condition
from literalai_otel.server.store import figures
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.dashboard_tables import dashboard_figures, dashboard_marks
from literalai_otel.server.store.deadline import TooSlowError, limited
from literalai_otel.server.store.figures import QUARTER, Figures
from literalai_otel.server.store.tables import steps

MICROSECONDS: Final = 1_000_000
_AT_ONCE: Final = 2_000
"""Steps that are fetched at once, and between two looks at the clock."""
_TIME: Final = 0
_ENVIRONMENT: Final = 1
_THREAD: Final = 2
_ID: Final = 3

Portion = Sequence[Row[*tuple[Any, ...]]]
"""Rows of `figures.COLUMNS`."""
ByEnvironment = dict[str, Figures]
"""Environment ("" where there is none) -> figures."""


@dataclass(frozen=True, slots=True)
class Environments:
    """Which steps count by their environment: those of `only`, or else all but those of `hidden`."""

    only: str | None = None
    hidden: str | None = None

    def __contains__(self, environment: str | None) -> bool:
        return environment != self.hidden if self.only is None else environment == self.only

    def conditions(self, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        if self.only is not None:
            return [column == self.only]
        return [] if self.hidden is None else [column.is_distinct_from(self.hidden)]


@dataclass(slots=True)
class Counted:
    """Figures by bucket, None where counting was `cut`.

    Where it was counted from the steps: `steps`, their ids, and `threads`, by bucket those with a step in it.
    """

    buckets: list[Figures | None]
    steps: set[str] = field(default_factory=set[str])
    threads: list[set[str]] = field(default_factory=list[set[str]])
    cut: bool = False


@dataclass(slots=True)
class Clock:
    """How long counting may take, for all that is counted for one answer."""

    seconds: float
    _began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds; at least a hundredth, in which whatever is small is done."""
        return max(0.01, self.seconds - (time.monotonic() - self._began))

    @property
    def over(self) -> bool:
        """Whether it is time to stop."""
        return time.monotonic() - self._began > self.seconds


# --- from what is stored --------------------------------------------------------------------------


def by_quarters(
    connection: Connection, project_id: int, period: Buckets, environments: Environments, clock: Clock
) -> Counted:
    """The figures of buckets that begin and end with quarters of an hour."""
    counted = Counted([{} for _ in range(len(period))])
    stale: list[int] = []
    first, end = period.start * MICROSECONDS // QUARTER, period.end * MICROSECONDS // QUARTER
    for quarter, content in _stored(connection, project_id, first, end):
        if content is None:
            stale.append(quarter)
        else:
            _add(counted, _bucket(period, quarter), loads(content), environments)
    for quarter in reversed(stale):
        bucket = _bucket(period, quarter)
        if counted.buckets[bucket] is None:
            continue
        fresh = None if clock.over else of_quarter(connection, project_id, quarter, clock)
        if fresh is None:
            counted.buckets[bucket], counted.cut = None, True
        else:
            _add(counted, bucket, fresh, environments)
    return counted


def _stored(connection: Connection, project_id: int, first: int, end: int) -> Iterable[Row[int, str | None]]:
    """Each quarter with steps, the oldest first, and its figures as far as they hold."""
    mark, kept = dashboard_marks.c, dashboard_figures.c
    own = and_(kept.project_id == mark.project_id, kept.quarter == mark.quarter, kept.changes == mark.changes)
    statement = select(mark.quarter, kept.content).select_from(dashboard_marks.outerjoin(dashboard_figures, own))
    within = (mark.project_id == project_id, mark.quarter >= first, mark.quarter < end)
    return connection.execute(statement.where(*within).order_by(mark.quarter)).all()


def _add(counted: Counted, bucket: int, found: ByEnvironment, environments: Environments) -> None:
    into = counted.buckets[bucket]
    if into is not None:
        for environment, more in found.items():
            if (environment or None) in environments:
                figures.merge(into, more)


def _bucket(period: Buckets, quarter: int) -> int:
    return bisect_right(period.edges, quarter * QUARTER // MICROSECONDS) - 1


# --- from the steps -------------------------------------------------------------------------------


def of_quarter(
    connection: Connection, project_id: int, quarter: int, clock: Clock | None = None
) -> ByEnvironment | None:
    """The figures of a quarter of an hour, counted now; None where the time was not enough."""
    start = quarter * QUARTER
    own = (steps.c.project_id == project_id, steps.c.sort_time >= start, steps.c.sort_time < start + QUARTER)
    found: ByEnvironment = {}
    try:
        for portion in _portions(connection, own, clock):
            for row in portion:
                figures.book(found.setdefault(row[_ENVIRONMENT] or "", {}), row)
    except TooSlowError:
        return None
    return {environment: figures.bounded(counted) for environment, counted in found.items()}


def by_steps(
    connection: Connection,
    project_id: int,
    period: Buckets,
    environments: Environments,
    clock: Clock,
    filters: Sequence[Condition] = (),
) -> Counted:
    """The figures of the steps that pass the filters, and their threads."""
    start, end = period.start * MICROSECONDS, period.end * MICROSECONDS
    passing = (
        *where("steps", project_id, filters, connection),
        *environments.conditions(steps.c.environment),
        steps.c.sort_time >= start,
        steps.c.sort_time < end,
    )
    found: list[Figures] = [{} for _ in range(len(period))]
    ids = set[str]()
    threads: list[set[str]] = [set() for _ in found]
    edges = [edge * MICROSECONDS for edge in period.edges]
    reached, bucket, cut = end, len(found) - 1, False
    try:
        for portion in _portions(connection, passing, clock):
            for row in portion:
                while row[_TIME] < edges[bucket]:
                    bucket -= 1
                figures.book(found[bucket], row)
                ids.add(row[_ID])
                if row[_THREAD] is not None:
                    threads[bucket].add(row[_THREAD])
            reached = portion[-1][_TIME]
    except TooSlowError:
        cut = True
    complete = bisect_right(edges, reached) if cut else 0  # the bucket that was reached is not complete either
    buckets = [counted if place >= complete else None for place, counted in enumerate(found)]
    return Counted(buckets, ids, threads, cut)


def _portions(connection: Connection, passing: Sequence[ColumnElement[bool]], clock: Clock | None) -> Iterator[Portion]:
    """Steps from the newest on. Raises `TooSlowError` when the time is over."""
    statement = select(*figures.COLUMNS).where(*passing).order_by(steps.c.sort_time.desc())
    streamed = statement.execution_options(yield_per=_AT_ONCE)
    if clock is None:
        yield from connection.execute(streamed).partitions()
        return
    with limited(connection, clock.left), connection.execute(streamed) as rows:
        for portion in rows.partitions():
            yield portion
            if clock.over and len(portion) == _AT_ONCE:
                raise TooSlowError(f"not done after {clock.seconds:.1f} s")


def first_step(connection: Connection, project_id: int) -> int | None:
    """When the oldest step began, in microseconds; None without steps."""
    return connection.execute(select(func.min(steps.c.sort_time)).where(steps.c.project_id == project_id)).scalar_one()
