"""How much room the database takes, and giving it back: the one thing that each database does its own way."""

from typing import Final

from sqlalchemy import Connection

_SQLITE: Final = "sqlite"
_PAGES: Final = 256
"""Pages in one go: 2 MiB, about 10 ms."""
_STEP_BYTES: Final = 1_500
"""What the hot row of a step takes with its indexes, about (`benchmarks/floor.py`)."""


def used(connection: Connection) -> int:
    """Bytes that hold data.

    SQLite: pages in use, exact. PostgreSQL: payloads as they are stored plus an estimate for the rows, since the size
    of its files says nothing about what is left in them after a deletion.
    """
    if connection.dialect.name == _SQLITE:
        pages, free, size = (_pragma(connection, name) for name in ("page_count", "freelist_count", "page_size"))
        return (pages - free) * size
    measured = "SELECT count(*), coalesce(sum(pg_column_size(content)), 0) FROM step_payloads"
    rows, content = connection.exec_driver_sql(measured).one()
    return int(rows) * _STEP_BYTES + int(content)


def give_back(connection: Connection) -> bool:
    """Give a piece of what is free to the file system; whether there is more. PostgreSQL sees to it by itself."""
    if connection.dialect.name != _SQLITE or not _pragma(connection, "freelist_count"):
        return False
    # A row without columns for each page: the driver has to be asked for all, or it stops at the first.
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA incremental_vacuum({_PAGES})")
    cursor.fetchall()
    cursor.close()
    return _pragma(connection, "freelist_count") > 0


def _pragma(connection: Connection, name: str) -> int:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
