"""The users of an application; the wire calls them participants (`spec/literal-wire.md` §2.1)."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    insert,
    or_,
    select,
)
from sqlalchemy import (
    delete as delete_from,
)
from sqlalchemy import (
    update as change,
)

from literalai_otel.jsonable import loads
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.store.tables import participants, threads
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import InvalidValueError, clean_id, clean_object

MAX_METADATA_BYTES: Final = 1_000_000

_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = tuple(participants.c)
_ORDERS: Final[Mapping[str, ColumnElement[Any]]] = {
    "createdAt": participants.c.created_at,
    "identifier": participants.c.identifier,
    "lastEngaged": participants.c.last_engaged,
    "threadCount": participants.c.thread_count,
    "tokenCount": participants.c.token_count,
}


class ConflictError(InvalidValueError):
    """Another user of the project has this identifier."""


def page(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    """A page of users, newest first unless the query orders."""
    column, descending = (query.order.column, query.order.descending) if query.order else ("createdAt", True)
    sorting = Sorting(
        name=column,
        expression=_ORDERS[column],
        row_id=participants.c.row_id,
        descending=descending,
        nullable=column == "lastEngaged",
    )
    found = fetch(connection, _COLUMNS, where("participants", project_id, query.filters), query, sorting)
    return found.listing([_to_wire(row) for row in found.rows])


def get(
    connection: Connection, project_id: int, *, participant_id: str | None = None, identifier: str | None = None
) -> dict[str, Any] | None:
    """By id if one is given, else by identifier."""
    named = (
        participants.c.id == participant_id if participant_id is not None else participants.c.identifier == identifier
    )
    row = connection.execute(select(*_COLUMNS).where(participants.c.project_id == project_id, named)).one_or_none()
    return _to_wire(row) if row else None


def find_or_create(connection: Connection, project_id: int, name: str) -> str:
    """The id of the user whose id or identifier is `name`; an unknown name is the identifier of a new user."""
    known = select(participants.c.id).where(
        participants.c.project_id == project_id, or_(participants.c.id == name, participants.c.identifier == name)
    )
    # An id that is somebody else's identifier means the id.
    found = connection.execute(known.order_by((participants.c.id == name).desc())).scalars().first()
    return found if found is not None else _insert(connection, project_id, name, None)


def create(connection: Connection, project_id: int, identifier: str, metadata: dict[str, Any] | None) -> dict[str, Any]:
    """A new user, or the one with this identifier after the merge.

    Raises:
        InvalidValueError: a value breaks a rule.
    """
    identifier = clean_id(identifier, "identifier")
    known = get(connection, project_id, identifier=identifier)
    if known is None:
        participant_id = _insert(connection, project_id, identifier, metadata)
    else:
        participant_id = known["id"]
        _change(connection, project_id, participant_id, None, metadata)
    return _stored(connection, project_id, participant_id)


def update(
    connection: Connection,
    project_id: int,
    participant_id: str,
    identifier: str | None,
    metadata: dict[str, Any] | None,
) -> dict[str, Any] | None:
    """The user after the change, None when unknown.

    Raises:
        ConflictError: another user has the identifier.
        InvalidValueError: a value breaks a rule.
    """
    if get(connection, project_id, participant_id=participant_id) is None:
        return None
    _change(connection, project_id, participant_id, identifier, metadata)
    return _stored(connection, project_id, participant_id)


def thread_ids(connection: Connection, project_id: int, participant_id: str, limit: int) -> list[str]:
    """The ids of some of the threads of a user."""
    own = (threads.c.project_id == project_id, threads.c.participant_id == participant_id)
    return list(connection.execute(select(threads.c.id).where(*own).limit(limit)).scalars())


def delete(connection: Connection, project_id: int, participant_id: str) -> dict[str, Any] | None:
    """Deletes a user; the threads stay."""
    user = get(connection, project_id, participant_id=participant_id)
    if user is not None:
        connection.execute(
            change(threads)
            .where(threads.c.project_id == project_id, threads.c.participant_id == participant_id)
            .values(participant_id=None)
        )
        connection.execute(
            delete_from(participants).where(
                participants.c.project_id == project_id, participants.c.id == participant_id
            )
        )
    return user


def _stored(connection: Connection, project_id: int, participant_id: str) -> dict[str, Any]:
    user = get(connection, project_id, participant_id=participant_id)
    assert user is not None
    return user


def _insert(connection: Connection, project_id: int, identifier: str, metadata: dict[str, Any] | None) -> str:
    participant_id = str(uuid4())
    connection.execute(
        insert(participants).values(
            project_id=project_id,
            id=participant_id,
            identifier=identifier,
            metadata=None if metadata is None else _encoded(metadata),
            created_at=now(),
        )
    )
    return participant_id


def _change(
    connection: Connection,
    project_id: int,
    participant_id: str,
    identifier: str | None,
    metadata: dict[str, Any] | None,
) -> None:
    values: dict[str, Any] = {}
    if identifier is not None:
        values["identifier"] = clean_id(identifier, "identifier")
        other = get(connection, project_id, identifier=values["identifier"])
        if other is not None and other["id"] != participant_id:
            raise ConflictError(f"another user has the identifier {identifier!r}")
    if metadata is not None:
        values["metadata"] = _encoded(metadata)
    if values:
        own = and_(participants.c.project_id == project_id, participants.c.id == participant_id)
        connection.execute(change(participants).where(own).values(values))


def _encoded(metadata: dict[str, Any]) -> str:
    return clean_object(metadata, "metadata", MAX_METADATA_BYTES).decode()


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "identifier": row.identifier,
        "metadata": loads(row.metadata) if row.metadata else {},
        "createdAt": format_time(row.created_at),
        "lastEngaged": format_time(row.last_engaged) if row.last_engaged is not None else None,
        "threadCount": row.thread_count,
        "tokenCount": row.token_count,
    }
