"""Threads: reads, merges, deletion (`spec/literal-wire.md` §2.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as change

from literalai_otel.jsonable import dumps_text, loads
from literalai_otel.server.store import files, rollups
from literalai_otel.server.store import participants as users
from literalai_otel.server.store import steps as step_rows
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.journal import notes_of
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.store.tables import participants, steps, tags, thread_tags, threads
from literalai_otel.server.store.totals import seconds
from literalai_otel.server.store.totals import to_wire as totals_to_wire
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import clean_id, clean_object, clean_tags, clean_text

MAX_METADATA_BYTES: Final = 1_000_000

_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    *threads.c,
    participants.c.identifier,
    participants.c.metadata.label("participant_metadata"),
)
WITH_USER: Final = threads.outerjoin(
    participants,
    and_(participants.c.project_id == threads.c.project_id, participants.c.id == threads.c.participant_id),
)
_ORDERS: Final[Mapping[str, ColumnElement[Any]]] = {
    "createdAt": threads.c.created_at,
    "tokenCount": threads.c.token_count,
    "duration": threads.c.duration,
    "name": threads.c.name,
    "participant": participants.c.identifier,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadFields:
    """What a client says of a thread; None leaves what is stored. `participant_id`: an id or an identifier."""

    name: str | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None
    participant_id: str | None = None
    environment: str | None = None


def page(
    connection: Connection,
    project_id: int,
    query: PageQuery,
    *,
    with_steps: bool,
    step_types: Sequence[str] | None,
    payload: bool,
) -> Listing:
    """A page of threads, newest first unless the query orders."""
    conditions = where("threads", project_id, query.filters, connection)
    found = fetch(connection, _COLUMNS, conditions, query, sorting_of(query), source=WITH_USER)
    nodes = [_to_wire(row) for row in found.rows]
    if with_steps:
        ids = [node["id"] for node in nodes]
        grouped = step_rows.of_threads(connection, project_id, ids, step_types=step_types, payload=payload)
        for node in nodes:
            node["steps"] = grouped[node["id"]]
    return found.listing(nodes)


def sorting_of(query: PageQuery) -> Sorting:
    """Newest first unless the query orders."""
    column, descending = (query.order.column, query.order.descending) if query.order else ("createdAt", True)
    return Sorting(
        name=column,
        expression=_ORDERS[column],
        row_id=threads.c.row_id,
        descending=descending,
        nullable=column != "createdAt",
    )


def get(connection: Connection, project_id: int, thread_id: str) -> dict[str, Any] | None:
    """A thread without its steps."""
    statement = select(*_COLUMNS).select_from(WITH_USER)
    row = connection.execute(
        statement.where(threads.c.project_id == project_id, threads.c.id == thread_id)
    ).one_or_none()
    return _to_wire(row) if row else None


def detail(connection: Connection, project_id: int, thread_id: str, *, payload: bool) -> dict[str, Any] | None:
    """A thread with all of its steps."""
    thread = get(connection, project_id, thread_id)
    if thread is not None:
        grouped = step_rows.of_threads(connection, project_id, [thread_id], step_types=None, payload=payload)
        thread["steps"] = grouped[thread_id]
    return thread


def create(connection: Connection, project_id: int, fields: ThreadFields) -> dict[str, Any]:
    """A thread with a new id."""
    return upsert(connection, project_id, str(uuid4()), fields)


def update(connection: Connection, project_id: int, thread_id: str, fields: ThreadFields) -> dict[str, Any] | None:
    """The merge into a known thread."""
    if get(connection, project_id, thread_id) is None:
        return None
    return upsert(connection, project_id, thread_id, fields)


def upsert(connection: Connection, project_id: int, thread_id: str, fields: ThreadFields) -> dict[str, Any]:
    """Inserts or merges.

    Raises:
        InvalidValueError: a field breaks a rule; nothing is stored then.
    """
    thread_id = clean_id(thread_id, "id")
    values, names = _checked(connection, project_id, fields)
    own = and_(threads.c.project_id == project_id, threads.c.id == thread_id)
    known = connection.execute(select(threads.c.row_id, threads.c.participant_id).where(own)).one_or_none()
    if known is None:
        moment = now()
        born = {"project_id": project_id, "id": thread_id, "created_at": moment, "engaged_at": moment}
        connection.execute(insert(threads).values(**born, **values))
    elif values:
        connection.execute(change(threads).where(own).values(values))
    row_id, user_id = known or (connection.execute(select(threads.c.row_id).where(own)).scalar_one(), None)
    if values.get("participant_id", user_id) != user_id:
        rollups.move_thread(connection, project_id, thread_id, user_id, values["participant_id"])
    if names is not None:
        _put_tags(connection, project_id, row_id, names)
    notes_of(connection, project_id).thread(thread_id)
    stored = get(connection, project_id, thread_id)
    assert stored is not None
    return stored


def delete(connection: Connection, project_id: int, thread_id: str) -> dict[str, Any] | None:
    """Deletes a thread and its steps."""
    thread = get(connection, project_id, thread_id)
    if thread is None:
        return None
    own = (threads.c.project_id == project_id, threads.c.id == thread_id)
    ids = connection.execute(
        select(steps.c.id).where(steps.c.project_id == project_id, steps.c.thread_id == thread_id)
    ).scalars()
    step_rows.delete_rows(connection, project_id, ids.all())
    user_id = thread["participant"] and thread["participant"]["id"]
    if user_id is not None:
        rollups.move_thread(connection, project_id, thread_id, user_id, None)
    files.delete_of_thread(connection, project_id, thread_id)
    row_ids = select(threads.c.row_id).where(*own).scalar_subquery()
    connection.execute(delete_from(thread_tags).where(thread_tags.c.thread_row.in_(row_ids)))
    connection.execute(delete_from(threads).where(*own))
    notes_of(connection, project_id).thread(thread_id, deleted=True)
    return thread


def _checked(connection: Connection, project_id: int, fields: ThreadFields) -> tuple[dict[str, Any], list[str] | None]:
    values: dict[str, Any] = {}
    names: list[str] | None = None
    if fields.name is not None:
        values["name"] = clean_text(fields.name, "name")
    if fields.metadata is not None:
        values["metadata"] = clean_object(fields.metadata, "metadata", MAX_METADATA_BYTES).decode()
    if fields.tags is not None:
        names = clean_tags(fields.tags, "tags")
        values["tags"] = dumps_text(names)
    if fields.environment is not None:
        values["environment"] = clean_id(fields.environment, "environment")
    if fields.participant_id is not None:
        values["participant_id"] = users.find_or_create(
            connection, project_id, clean_id(fields.participant_id, "participantId")
        )
    return values, names


def _put_tags(connection: Connection, project_id: int, row_id: int, names: list[str]) -> None:
    connection.execute(delete_from(thread_tags).where(thread_tags.c.thread_row == row_id))
    for name in names:
        known = select(tags.c.id).where(tags.c.project_id == project_id, tags.c.name == name)
        tag_id = connection.execute(known).scalar_one_or_none()
        if tag_id is None:
            connection.execute(insert(tags).values(project_id=project_id, name=name))
            tag_id = connection.execute(known).scalar_one()
        connection.execute(insert(thread_tags).values(tag_id=tag_id, thread_row=row_id))


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    participant: dict[str, Any] | None = None
    if row.identifier is not None:
        metadata: dict[str, Any] = loads(row.participant_metadata) if row.participant_metadata else {}
        participant = {"id": row.participant_id, "identifier": row.identifier, "metadata": metadata}
    return {
        "id": row.id,
        "name": row.name,
        "metadata": loads(row.metadata) if row.metadata else {},
        "tags": loads(row.tags) if row.tags else [],
        "environment": row.environment,
        "createdAt": format_time(row.created_at),
        "tokenCount": row.token_count,
        "duration": seconds(row.duration),
        "totals": totals_to_wire(row),
        "participant": participant,
    }
