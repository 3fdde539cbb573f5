"""Marks: which quarters of an hour were written to, so that their figures are counted anew (`dashboard_tables`)."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, text

from literalai_otel.server.store.driver import Driver

_MARK: Final = (
    "INSERT INTO dashboard_marks (project_id, quarter, changes) VALUES ({}, {}, 1) "
    "ON CONFLICT (project_id, quarter) DO UPDATE SET changes=dashboard_marks.changes+1"
)


def write(db: Driver, project_id: int, quarters: Iterable[int]) -> None:
    """Marks the quarters, in the transaction of a batch."""
    db.executemany(_MARK.format("?", "?"), [(project_id, quarter) for quarter in sorted(quarters)])


def mark(connection: Connection, project_id: int, quarters: Iterable[int]) -> None:
    """Marks the quarters, in the transaction of any other change."""
    rows = [{"project": project_id, "quarter": quarter} for quarter in sorted(quarters)]
    if rows:
        connection.execute(text(_MARK.format(":project", ":quarter")), rows)
