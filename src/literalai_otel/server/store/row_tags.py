"""Tags given to and taken from steps and threads that are there already, from the lists (P-LOG-13).

The list of a row and the links that filters go by change together, as they do when a step comes in (`upsert`).
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Column, Connection, Table, delete, insert, select, update

from literalai_otel.jsonable import dumps_text, loads
from literalai_otel.server.store.journal import notes_of
from literalai_otel.server.store.stored import Stored
from literalai_otel.server.store.tables import step_tags, steps, tags, thread_tags, threads

Carrier = Literal["steps", "threads"]


class _Tables(NamedTuple):
    rows: Table
    links: Table
    row: Column[int]


_TABLES: Final = {
    "steps": _Tables(steps, step_tags, step_tags.c.step_row),
    "threads": _Tables(threads, thread_tags, thread_tags.c.thread_row),
}
_STORED: Final = [steps.c[name] for name in Stored._fields]


def retag(
    connection: Connection,
    project_id: int,
    carrier: Carrier,
    ids: Sequence[str],
    add: Sequence[str],
    remove: Sequence[str],
) -> dict[str, list[str]]:
    """The tags of each known row after the change, by its id; new ones come behind those that it has.

    A name that is both added and removed is added.
    """
    table, links, row = _TABLES[carrier]
    own = (table.c.project_id == project_id, table.c.id.in_(ids))
    found = connection.execute(select(table.c.id, table.c.row_id, table.c.tags).where(*own)).all()
    new = _tag_ids(connection, project_id, add)
    old = [number for name, number in _known(connection, project_id, remove).items() if name not in new]
    gone = frozenset(remove).difference(new)
    result: dict[str, list[str]] = {}
    for row_id_text, row_id, shown in found:
        before: list[str] = loads(shown) if shown else []
        after = list(dict.fromkeys([*(name for name in before if name not in gone), *add]))
        result[row_id_text] = after
        if after != before:
            connection.execute(update(table).where(table.c.row_id == row_id).values(tags=dumps_text(after)))
    numbers = [row_id for _, row_id, _ in found]
    if old:
        connection.execute(delete(links).where(row.in_(numbers), links.c.tag_id.in_(old)))
    if new and numbers:
        linked = select(row, links.c.tag_id).where(row.in_(numbers), links.c.tag_id.in_(list(new.values())))
        there = {tuple(pair) for pair in connection.execute(linked)}
        missing: list[dict[str, Any]] = [
            {row.name: number, "tag_id": tag_id}
            for number in numbers
            for tag_id in new.values()
            if (number, tag_id) not in there
        ]
        if missing:
            connection.execute(insert(links), missing)
    _note(connection, project_id, carrier, list(result))
    return result


def _tag_ids(connection: Connection, project_id: int, names: Sequence[str]) -> dict[str, int]:
    known = _known(connection, project_id, names)
    unknown = [{"project_id": project_id, "name": name} for name in names if name not in known]
    if unknown:
        connection.execute(insert(tags), unknown)
        known = _known(connection, project_id, names)
    return known


def _known(connection: Connection, project_id: int, names: Sequence[str]) -> dict[str, int]:
    own = (tags.c.project_id == project_id, tags.c.name.in_(names))
    return dict(map(tuple[str, int], connection.execute(select(tags.c.name, tags.c.id).where(*own))))


def _note(connection: Connection, project_id: int, carrier: Carrier, ids: Sequence[str]) -> None:
    notes = notes_of(connection, project_id)
    if carrier == "threads":
        for thread_id in ids:
            notes.thread(thread_id)
        return
    own = (steps.c.project_id == project_id, steps.c.id.in_(ids))
    for stored in connection.execute(select(*_STORED).where(*own)):
        notes.step(Stored._make(stored))
