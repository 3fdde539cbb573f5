"""What the server remembers of itself: one row for each fact, with the time of its last change.

It serves three ends: a write that proves that the database takes writes, turns at work that only one of several
processes may do, and the time at which that work was done.
"""

from sqlalchemy import BigInteger, Column, Connection, Table, Text, insert, select, update
from sqlalchemy.exc import IntegrityError

from literalai_otel.server.store.tables import metadata
from literalai_otel.server.times import now

server_state = Table(
    "server_state",
    metadata,
    Column("name", Text, primary_key=True),
    Column("changed_at", BigInteger, nullable=False),
)


def note(connection: Connection, name: str) -> None:
    """Set the time of `name` to now."""
    if not connection.execute(
        update(server_state).where(server_state.c.name == name).values(changed_at=now())
    ).rowcount:
        _first(connection, name)


def take_turn(connection: Connection, name: str, every: int) -> bool:
    """Whether it is the caller's turn at `name`: nobody took it within `every` microseconds. Taking it notes that."""
    due = server_state.c.changed_at <= now() - every
    taken = update(server_state).where(server_state.c.name == name, due).values(changed_at=now())
    if connection.execute(taken).rowcount:
        return True
    known = connection.execute(select(server_state.c.name).where(server_state.c.name == name)).one_or_none()
    return known is None and _first(connection, name)


def _first(connection: Connection, name: str) -> bool:
    """Makes the row; False when another process was quicker."""
    try:
        with connection.begin_nested():
            connection.execute(insert(server_state).values(name=name, changed_at=now()))
    except IntegrityError:
        return False
    return True
