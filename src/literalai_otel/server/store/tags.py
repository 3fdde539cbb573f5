"""The tags of a project: what carries them, their colours, and renaming or deleting one everywhere.

A tag is in three places: its own row, the links to steps and threads that filters go by, and the lists that the rows
of steps and threads show. A change of name goes from link to link, in pieces that leave the writer to others
(`server.tagging`); whatever is not done yet is whole under the old name, so that a change can end anywhere and be
begun again.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Row, Table, and_, bindparam, delete, func, insert, select, update

from literalai_otel.jsonable import dumps_text, loads
from literalai_otel.server.store.journal import notes_of
from literalai_otel.server.store.tables import step_tags, steps, tags, thread_tags, threads
from literalai_otel.server.values import InvalidValueError, clean_id

COLORS: Final = ("gray", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
"""Names, since what is readable on a light and on a dark ground differs: the page knows both."""
COUNTED: Final = 10_000
"""Rows of a tag that are counted at most; a count of so many says no more than that."""
MAX_TAGS: Final = 10_000
"""Tags that are listed."""


class _Carrier(NamedTuple):
    """A table whose rows have tags, and that of their links."""

    rows: Table
    links: Table
    row: Column[int]


_STEPS: Final = _Carrier(steps, step_tags, step_tags.c.step_row)
_THREADS: Final = _Carrier(threads, thread_tags, thread_tags.c.thread_row)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one transaction did: rows that carry the tag no longer, and how many seconds it took."""

    rows: int
    seconds: float


def listed(connection: Connection, project_id: int, *, counted: bool = True) -> list[dict[str, Any]]:
    """All tags by name; if `counted`, each with how many steps and threads carry it, `COUNTED` at most."""
    own = select(tags).where(tags.c.project_id == project_id).order_by(tags.c.name).limit(MAX_TAGS)
    rows = connection.execute(own).all()
    return [_to_wire(connection, row) if counted else _named_so(row) for row in rows]


def get(connection: Connection, project_id: int, tag_id: int) -> dict[str, Any] | None:
    """One tag."""
    row = _row(connection, project_id, tag_id)
    return None if row is None else _to_wire(connection, row)


def create(connection: Connection, project_id: int, name: Any, color: Any) -> dict[str, Any] | None:
    """A new tag, None when the name is taken.

    Raises:
        InvalidValueError: no such name or colour may be.
    """
    name, color = clean_id(name, "name"), _color(color)
    if _named(connection, project_id, name) is not None:
        return None
    connection.execute(insert(tags).values(project_id=project_id, name=name, color=color))
    row = _named(connection, project_id, name)
    assert row is not None
    return _to_wire(connection, row)


def change(connection: Connection, project_id: int, tag_id: int, given: Mapping[str, Any]) -> int | None:
    """Gives a tag the `color` (null: none) and finds the one that it is to become by `name`; absent members stay.

    The answer is `tag_id` itself, or the tag of the new name, made if need be: `move` does the rest. None when
    `tag_id` is unknown.

    Raises:
        InvalidValueError: no such name or colour may be.
    """
    row = _row(connection, project_id, tag_id)
    if row is None:
        return None
    color = _color(given["color"]) if "color" in given else row.color
    known = row
    if "name" in given:
        name = clean_id(given["name"], "name")
        known = _named(connection, project_id, name)
        if known is None:
            connection.execute(insert(tags).values(project_id=project_id, name=name, color=color))
            known = _named(connection, project_id, name)
    assert known is not None
    if "color" in given:
        connection.execute(update(tags).where(tags.c.id == known.id).values(color=color))
    return known.id


def move(connection: Connection, project_id: int, tag_id: int, to: int | None, rows: int) -> Piece:
    """Takes a tag from up to `rows` steps and threads and gives them the tag `to` instead, if there is one.

    A tag that nothing carries any more goes itself: then the piece has no rows.
    """
    started = time.perf_counter()
    tag = _row(connection, project_id, tag_id)
    new = None if to is None else _row(connection, project_id, to)
    moved = 0
    if tag is not None:
        for carrier in (_STEPS, _THREADS):
            moved += _move(connection, carrier, tag, new, rows - moved)
        if moved:
            # Rare, and on rows of any age: pages read anew what they show.
            notes_of(connection, project_id).many = True
        else:
            connection.execute(delete(tags).where(tags.c.id == tag.id))
    return Piece(moved, time.perf_counter() - started)


def _move(connection: Connection, carrier: _Carrier, tag: Row[Any], new: Row[Any] | None, rows: int) -> int:
    links, own = carrier.links, carrier.row
    found = connection.execute(select(own).where(links.c.tag_id == tag.id).limit(rows)).scalars().all()
    if not found:
        return 0
    table = carrier.rows.c
    shown = connection.execute(select(table.row_id, table.tags).where(table.row_id.in_(found)))
    # Links first: a row whose list was written twice would be as right as one that was not.
    if new is not None:
        known = select(own).where(links.c.tag_id == new.id, own.in_(found))
        there = set(connection.execute(known).scalars())
        added = [{"tag_id": new.id, own.name: row_id} for row_id in found if row_id not in there]
        if added:
            connection.execute(insert(links), added)
    changes = [
        {"of_row": row_id, "to": _renamed(listed_tags, tag.name, None if new is None else new.name)}
        for row_id, listed_tags in shown.all()
    ]
    if changes:
        of_row = bindparam("of_row", type_=table.row_id.type)
        connection.execute(
            update(carrier.rows).where(table.row_id == of_row).values(tags=bindparam("to", type_=table.tags.type)),
            changes,
        )
    connection.execute(delete(links).where(links.c.tag_id == tag.id, own.in_(found)))
    return len(found)


def _renamed(shown: str | None, name: str, new: str | None) -> str | None:
    """The list of a row with another name in its place; a name that is there already stays where it is first."""
    names: list[str] = loads(shown) if shown else []
    kept = [new if one == name else one for one in names]
    return dumps_text(list(dict.fromkeys(one for one in kept if one is not None))) if any(kept) else None


def _row(connection: Connection, project_id: int, tag_id: int) -> Row[Any] | None:
    own = and_(tags.c.project_id == project_id, tags.c.id == tag_id)
    return connection.execute(select(tags).where(own)).one_or_none()


def _named(connection: Connection, project_id: int, name: str) -> Row[Any] | None:
    own = and_(tags.c.project_id == project_id, tags.c.name == name)
    return connection.execute(select(tags).where(own)).one_or_none()


def _to_wire(connection: Connection, row: Row[Any]) -> dict[str, Any]:
    return {
        **_named_so(row),
        "stepCount": _count(connection, _STEPS, row.id),
        "threadCount": _count(connection, _THREADS, row.id),
    }


def _named_so(row: Row[Any]) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "color": row.color}


def _count(connection: Connection, carrier: _Carrier, tag_id: int) -> int:
    some = select(carrier.row).where(carrier.links.c.tag_id == tag_id).limit(COUNTED).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def _color(color: Any) -> str | None:
    if color is not None and color not in COLORS:
        raise InvalidValueError(f"color must be one of {', '.join(COLORS)}, or null")
    return color
