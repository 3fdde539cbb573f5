"""What the dashboard shows beside steps: threads that began, their users, and scores, by bucket.

These tables are a tenth of the steps or less, and each is read by the index of its time.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, and_, func, select

from literalai_otel.server.buckets import MINUTE, Buckets
from literalai_otel.server.store.dashboard_counts import MICROSECONDS, Clock, Counted, Environments
from literalai_otel.server.store.deadline import TooSlowError, limited
from literalai_otel.server.store.figures import (
    COST,
    FEEDBACK,
    PRICED,
    PRICED_THREADS,
    QUARTER,
    SCORE_SUMS,
    SCORES,
    THREAD_COST,
    THREADS,
    VALUED_SCORES,
    Figures,
    merge,
)
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.tables import participants, scores, steps, threads

HUMAN: Final = "HUMAN"
_AT_ONCE: Final = 2_000
"""Scores that are fetched at once, and between two looks at the clock."""

Into = Sequence[Figures | None]
"""The figures of each bucket, None where the bucket was not counted."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """Users of the project, and those of them who last did something within the range or after it."""

    known: int
    active: int


def add_threads(
    connection: Connection, project_id: int, period: Buckets, environments: Environments, into: Into
) -> list[set[str] | None]:
    """Adds the threads that began in each bucket. The users whose threads they are, by bucket."""
    place = _place(threads.c.created_at, period)
    statement = (
        select(place, threads.c.participant_id, func.count(), func.count(threads.c.cost), func.sum(threads.c.cost))
        .where(threads.c.project_id == project_id, *_within(threads.c.created_at, period))
        .where(*environments.conditions(threads.c.environment))
        .group_by(place, threads.c.participant_id)
    )
    users = [None if bucket is None else set[str]() for bucket in into]
    for at, user, number, priced, cost in connection.execute(statement):
        bucket = _bucket(at, period)
        found, own = into[bucket], users[bucket]
        if found is not None and own is not None:
            merge(found, {THREADS: number, PRICED_THREADS: priced, THREAD_COST: cost or 0})
            if user is not None:
                own.add(user)
    return users


def add_threads_of(connection: Connection, project_id: int, counted: Counted) -> list[set[str] | None]:
    """Adds the threads that the counted steps are in, whenever those began. Their users, by bucket."""
    owners = _users_of(connection, project_id, sorted(set[str]().union(*counted.threads)))
    users: list[set[str] | None] = []
    for bucket, own in zip(counted.buckets, counted.threads, strict=True):
        users.append(None if bucket is None else {owners[thread] for thread in own if thread in owners})
        if bucket is not None:
            priced = len(own) if bucket.get(PRICED) else 0
            merge(bucket, {THREADS: len(own), PRICED_THREADS: priced, THREAD_COST: bucket.get(COST, 0)})
    return users


def add_scores(
    connection: Connection, project_id: int, period: Buckets, environments: Environments, into: Into, clock: Clock
) -> bool:
    """Adds the scores that were given in each bucket, by name. False where reading them took too long.

    Where an environment is named, those of its steps count.
    """
    place = _place(scores.c.created_at, period)
    numbers = (func.count(), func.count(scores.c.value), func.sum(scores.c.value))
    statement = (
        select(place, scores.c.name, *numbers, func.count().filter(scores.c.type == HUMAN))
        .where(*_given(project_id, period))
        .group_by(place, scores.c.name)
    )
    if environments.only is not None:
        own = and_(steps.c.project_id == scores.c.project_id, steps.c.id == scores.c.step_id)
        statement = statement.join(steps, own).where(*environments.conditions(steps.c.environment))
    try:
        with limited(connection, clock.left):
            rows = connection.execute(statement).all()
    except TooSlowError:
        return False
    for at, name, count, valued, total, feedback in rows:
        _add_score(into[_bucket(at, period)], name, count, valued, total or 0, feedback)
    return True


def add_scores_of(connection: Connection, project_id: int, period: Buckets, counted: Counted, clock: Clock) -> bool:
    """Adds the scores that were given to the counted steps. False where not all of those are known, or it took long."""
    if counted.cut:
        return False
    columns = (scores.c.created_at, scores.c.name, scores.c.value, scores.c.type, scores.c.step_id)
    statement = select(*columns).where(*_given(project_id, period)).execution_options(yield_per=_AT_ONCE)
    try:
        with limited(connection, clock.left), connection.execute(statement) as rows:
            for portion in rows.partitions():
                for moment, name, value, kind, step_id in portion:
                    if step_id in counted.steps:
                        bucket = _bucket(moment // _unit(period), period)
                        valued, total = (0, 0.0) if value is None else (1, value)
                        _add_score(counted.buckets[bucket], name, 1, valued, total, int(kind == HUMAN))
                if clock.over and len(portion) == _AT_ONCE:
                    return False
    except TooSlowError:
        return False
    return True


def engagement(connection: Connection, project_id: int, since: int) -> Engagement:
    """Users in all, and those who were active since that second."""
    own = participants.c.project_id == project_id
    counted = select(func.count()).select_from(participants).where(own)
    active = counted.where(participants.c.last_engaged >= since * MICROSECONDS)
    return Engagement(connection.execute(counted).scalar_one(), connection.execute(active).scalar_one())


def _given(project_id: int, period: Buckets) -> tuple[ColumnElement[bool], ...]:
    """Scores within the period; those on items of experiments are no figures of what is in use."""
    own = (scores.c.project_id == project_id, scores.c.dataset_experiment_item_id.is_(None))
    return *own, *_within(scores.c.created_at, period)


def _add_score(into: Figures | None, name: str | None, count: int, valued: int, total: float, feedback: int) -> None:
    if into is not None:
        of_name = {SCORES: count, VALUED_SCORES: valued, SCORE_SUMS: total}
        merge(into, {FEEDBACK: feedback, **{f"{key}:{name or ''}": number for key, number in of_name.items()}})


def _users_of(connection: Connection, project_id: int, thread_ids: Sequence[str]) -> dict[str, str]:
    """Thread -> user, of those of the threads that have one."""
    found: dict[str, str] = {}
    for ids in portions(thread_ids):
        own = (threads.c.project_id == project_id, threads.c.id.in_(ids))
        statement = select(threads.c.id, threads.c.participant_id).where(*own, threads.c.participant_id.is_not(None))
        found.update((row.id, row.participant_id) for row in connection.execute(statement))
    return found


def _unit(period: Buckets) -> int:
    """Microseconds that divide all edges of the period."""
    return QUARTER if period.seconds * MICROSECONDS >= QUARTER else MINUTE * MICROSECONDS


def _place(column: Column[int], period: Buckets) -> ColumnElement[int]:
    return (column // _unit(period)).label("place")


def _bucket(place: int, period: Buckets) -> int:
    return bisect_right(period.edges, place * _unit(period) // MICROSECONDS) - 1


def _within(column: Column[int], period: Buckets) -> tuple[ColumnElement[bool], ...]:
    return column >= period.start * MICROSECONDS, column < period.end * MICROSECONDS
