"""Deleting a project: everything that it has, in pieces small enough that nobody else waits for long.

Keys and members go first, so that nothing new comes in. Every table with a `project_id` is emptied of the project's
rows; the few without one hang on a row of another table and are named here. A test holds this list against the schema.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, delete, select, tuple_

from literalai_otel.server.store import (
    account_tables,
    changes,
    dashboard_tables,
    evaluation_tables,
    file_tables,
    files,
    span_tables,
    state,
)
from literalai_otel.server.store.tables import (
    api_keys,
    attachments,
    metadata,
    projects,
    step_payloads,
    step_tags,
    steps,
    thread_tags,
    threads,
)

PIECE: Final = 500
"""Rows of a table in one transaction: about 20 ms."""

HANGING: Final[Mapping[Table, tuple[Column[Any], Table]]] = {
    step_payloads: (step_payloads.c.step_row, steps),
    step_tags: (step_tags.c.step_row, steps),
    thread_tags: (thread_tags.c.thread_row, threads),
}
"""Table without a project -> its column that holds the `row_id` of a row of the other table."""

NOT_OF_A_PROJECT: Final = frozenset({"projects", "accounts", "sessions", "sign_in_links", state.server_state.name})
REGISTERED: Final = (changes, account_tables, dashboard_tables, evaluation_tables, file_tables, span_tables)
"""Modules that add tables to `metadata` by being imported."""


def owned() -> list[Table]:
    """The tables that hold rows of projects: who comes in first, and attachments before the files that they hold."""
    first = [api_keys, account_tables.memberships, account_tables.invitations, attachments]
    return first + [table for table in metadata.sorted_tables if "project_id" in table.c and table not in first]


def delete_piece(connection: Connection, project_id: int, table: Table) -> int:
    """Delete up to `PIECE` rows of the project in `table`, and what hangs on them. How many they were."""
    if table is file_tables.files:
        return _delete_files(connection, project_id)
    key = list(table.primary_key.columns)
    own = select(*key).where(table.c.project_id == project_id).limit(PIECE)
    found = [tuple(row) for row in connection.execute(own)]
    if not found:
        return 0
    if len(key) == 1:
        ids = [row[0] for row in found]
        for hanging, (column, of) in HANGING.items():
            if of is table:
                connection.execute(delete(hanging).where(column.in_(ids)))
        connection.execute(delete(table).where(key[0].in_(ids)))
    else:
        connection.execute(delete(table).where(tuple_(*key).in_(found)))
    return len(found)


def _delete_files(connection: Connection, project_id: int) -> int:
    """Their blobs are counted down, and leave the storage with the next sweep."""
    own = select(file_tables.files.c.id).where(file_tables.files.c.project_id == project_id).limit(PIECE)
    keys = connection.execute(own).scalars().all()
    files.delete_unattached(connection, project_id, keys)
    return len(keys)


def delete_project_row(connection: Connection, project_id: int) -> None:
    """The last piece: the project itself."""
    connection.execute(delete(projects).where(projects.c.id == project_id))
