"""The oldest steps, and deleting them with what they leave: empty threads, bridges and origins of their spans."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from literalai_otel.server.store import span_origins
from literalai_otel.server.store import steps as step_rows
from literalai_otel.server.store import threads as thread_rows
from literalai_otel.server.store.tables import projects, span_bridges, steps, threads


@dataclass(frozen=True, slots=True)
class Oldest:
    """Steps of one project, the oldest first."""

    project_id: int
    ids: list[str]


def project_ids(connection: Connection) -> list[int]:
    """All projects."""
    return list(connection.execute(select(projects.c.id).order_by(projects.c.id)).scalars())


def started_before(connection: Connection, project_id: int, before: int, limit: int) -> Oldest:
    """Steps that started before a moment (microseconds since 1970); those without a start count from their insert."""
    own = (steps.c.project_id == project_id, steps.c.sort_time < before)
    found = connection.execute(select(steps.c.id).where(*own).order_by(steps.c.sort_time).limit(limit))
    return Oldest(project_id, list(found.scalars()))


def oldest(connection: Connection, limit: int) -> Oldest | None:
    """The oldest steps of the project that has the oldest of all; None in an empty database."""
    first = [
        (moment, project_id)
        for project_id in project_ids(connection)
        if (moment := _first(connection, project_id)) is not None
    ]
    if not first:
        return None
    rest = sorted(first)
    project_id = rest[0][1]
    # Only as far as the next project's oldest: beyond that it is that one's turn.
    bound = rest[1][0] + 1 if len(rest) > 1 else None
    own = [steps.c.project_id == project_id, *([] if bound is None else [steps.c.sort_time < bound])]
    found = connection.execute(select(steps.c.id).where(*own).order_by(steps.c.sort_time).limit(limit))
    return Oldest(project_id, list(found.scalars()))


def count(connection: Connection) -> int:
    """How many steps there are."""
    return connection.execute(select(func.count()).select_from(steps)).scalar_one()


def delete_steps(connection: Connection, project_id: int, ids: Sequence[str]) -> float:
    """Delete steps, and the threads, bridges and origins that they leave alone. How many seconds the work took."""
    started = time.perf_counter()
    own = (steps.c.project_id == project_id, steps.c.id.in_(ids))
    places = connection.execute(select(steps.c.thread_id, steps.c.trace_id).where(*own).distinct()).all()
    step_rows.delete_rows(connection, project_id, ids)
    _delete_empty_threads(connection, project_id, {place[0] for place in places if place[0] is not None})
    _delete_bridges(connection, project_id, {bytes(place[1]) for place in places if place[1] is not None})
    span_origins.forget(connection, project_id)
    return time.perf_counter() - started


def empty_threads(connection: Connection, project_id: int, before: int, limit: int) -> list[str]:
    """Threads without a step that were made before a moment."""
    held = select(steps.c.row_id).where(steps.c.project_id == project_id, steps.c.thread_id == threads.c.id)
    own = (threads.c.project_id == project_id, threads.c.created_at < before, ~held.exists())
    return list(connection.execute(select(threads.c.id).where(*own).limit(limit)).scalars())


def delete_threads(connection: Connection, project_id: int, ids: Iterable[str]) -> float:
    """Delete threads. How many seconds the work took."""
    started = time.perf_counter()
    for thread_id in ids:
        thread_rows.delete(connection, project_id, thread_id)
    return time.perf_counter() - started


def _first(connection: Connection, project_id: int) -> int | None:
    return connection.execute(select(func.min(steps.c.sort_time)).where(steps.c.project_id == project_id)).scalar_one()


def _delete_empty_threads(connection: Connection, project_id: int, ids: set[str]) -> None:
    if ids:
        own = (steps.c.project_id == project_id, steps.c.thread_id.in_(ids))
        held = set(connection.execute(select(steps.c.thread_id).where(*own).distinct()).scalars())
        delete_threads(connection, project_id, ids - held)


def _delete_bridges(connection: Connection, project_id: int, traces: set[bytes]) -> None:
    if traces:
        own = (steps.c.project_id == project_id, steps.c.trace_id.in_(traces))
        held = {bytes(trace) for trace in connection.execute(select(steps.c.trace_id).where(*own).distinct()).scalars()}
        gone = (span_bridges.c.project_id == project_id, span_bridges.c.trace_id.in_(traces - held))
        connection.execute(delete(span_bridges).where(*gone))
