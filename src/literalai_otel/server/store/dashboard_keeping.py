"""Keeping the figures of quarters of an hour, so that they are counted once and not for everybody who asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select
from sqlalchemy.dialects import postgresql, sqlite

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.store.dashboard_counts import Clock, of_quarter
from literalai_otel.server.store.dashboard_tables import dashboard_figures, dashboard_marks


@dataclass(frozen=True, slots=True)
class Stale:
    """A quarter of an hour whose figures are missing or do not hold any more; `changes` is where its mark stands."""

    project_id: int
    quarter: int
    changes: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """What was counted of it, as it is stored."""

    stale: Stale
    content: str


def stale_quarters(connection: Connection, before: int, limit: int) -> list[Stale]:
    """Quarters of all projects before that one, to be counted anew, the newest first."""
    mark, kept = dashboard_marks.c, dashboard_figures.c
    own = and_(kept.project_id == mark.project_id, kept.quarter == mark.quarter)
    statement = select(mark.project_id, mark.quarter, mark.changes).select_from(
        dashboard_marks.outerjoin(dashboard_figures, own)
    )
    needed = (mark.quarter < before, kept.changes.is_distinct_from(mark.changes))
    rows = connection.execute(statement.where(*needed).order_by(mark.quarter.desc()).limit(limit))
    return [Stale(*row) for row in rows]


def count_anew(connection: Connection, stale: Iterable[Stale], seconds: float) -> list[Fresh]:
    """The figures of some of the quarters, as they are in this transaction: of those that fit into `seconds`.

    A quarter that was written to since it was found stale is left out. What is written to it later moves its mark on,
    so figures that are kept under `changes` never stand for more than they were counted over.
    """
    clock, found = Clock(seconds), list[Fresh]()
    mark = dashboard_marks.c
    for one in stale:
        own = (mark.project_id == one.project_id, mark.quarter == one.quarter)
        if connection.execute(select(mark.changes).where(*own)).scalar_one_or_none() == one.changes:
            found.append(Fresh(one, dumps_text(of_quarter(connection, one.project_id, one.quarter))))
        if clock.over:
            break
    return found


def keep(connection: Connection, found: Iterable[Fresh]) -> None:
    """Stores figures; those of an earlier state do not replace those of a later one."""
    rows = [
        {
            "project_id": one.stale.project_id,
            "quarter": one.stale.quarter,
            "changes": one.stale.changes,
            "content": one.content,
        }
        for one in found
    ]
    if rows:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(dashboard_figures)
        new = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["project_id", "quarter"],
                set_={"changes": new.changes, "content": new.content},
                where=dashboard_figures.c.changes < new.changes,
            ),
            rows,
        )
