"""The feed of changes: a row for each transaction and project, numbered without gaps.

Numbers are taken while nobody else writes to the project (`Driver.begin`), so they become visible in their order, in
all processes on one database: a reader that has seen number 7 has seen everything before it. A row names what was
changed (`journal`); one without content says that it was too much to name. The newest `KEPT` rows of a project stay;
a reader that is further behind reads anew what it shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import randrange
from typing import Final

import orjson
from sqlalchemy import BigInteger, Column, Connection, Table, Text, func, select

from literalai_otel.server.store.driver import Driver
from literalai_otel.server.store.journal import Change, Journal
from literalai_otel.server.store.tables import metadata

KEPT: Final = 1_024
_PRUNED_EVERY: Final = 128
"""Rows of a project, about, between two looks for those that can go."""

changes: Final = Table(
    "changes",
    metadata,
    Column("project_id", BigInteger, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("content", Text),
    sqlite_with_rowid=False,
)

_NEWEST: Final = "SELECT max(sequence) FROM changes WHERE project_id=?"
_APPEND: Final = f"INSERT INTO changes (project_id, sequence, content) VALUES (?, coalesce(({_NEWEST}), 0) + 1, ?)"
_PRUNE: Final = f"DELETE FROM changes WHERE project_id=? AND sequence <= ({_NEWEST}) - {KEPT}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of the feed. `changes` is None where they were too many to name."""

    sequence: int
    changes: Sequence[Change] | None


def append(db: Driver, journal: Journal) -> list[int]:
    """Writes down what the transaction changed; the projects in which it changed something."""
    told: list[int] = []
    for project_id, notes in journal.notes.items():
        if not notes.changes and not notes.many:
            continue
        content = None if notes.many else orjson.dumps(list(map(_packed, notes.changes.values()))).decode()
        db.execute(_APPEND, (project_id, project_id, content))
        if not randrange(_PRUNED_EVERY):  # by chance, so that projects that take turns all have theirs
            db.execute(_PRUNE, (project_id, project_id))
        told.append(project_id)
    return told


def newest(connection: Connection, project_id: int) -> int:
    """The number of the last change, 0 before the first."""
    last = select(func.max(changes.c.sequence)).where(changes.c.project_id == project_id)
    return connection.execute(last).scalar_one() or 0


def since(connection: Connection, project_id: int, sequence: int, limit: int) -> list[Entry]:
    """What came after number `sequence`, oldest first."""
    own = (changes.c.project_id == project_id, changes.c.sequence > sequence)
    rows = connection.execute(
        select(changes.c.sequence, changes.c.content).where(*own).order_by(changes.c.sequence).limit(limit)
    )
    return [Entry(number, None if content is None else _unpacked(orjson.loads(content))) for number, content in rows]


def _packed(change: Change) -> Sequence[str | int | None]:
    """Without the empty values at its end: most rows of the feed are never read."""
    values = list(change)
    while not values[-1]:
        values.pop()
    return values


def _unpacked(rows: Iterable[Sequence[str | int | None]]) -> list[Change]:
    return [Change(*row) for row in rows]  # pyright: ignore[reportArgumentType] - the types are those of `_packed`
