"""A time after which a statement is given up, on each engine, while its transaction goes on."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_OPERATIONS: Final = 200
"""Of SQLite's machine between two looks at the clock: about ten rows of a list."""
_CANCELLED: Final = "57014"


class TooSlowError(Exception):
    """A statement did not end in time. What else the transaction read and will read is as good as before."""


@contextmanager
def limited(connection: Connection, seconds: float) -> Generator[None]:
    """Ends a statement of the block that is not done `seconds` after the block began.

    Raises:
        TooSlowError: from the block, instead of what the driver says.
    """
    way = _on_postgresql if connection.dialect.name == "postgresql" else _on_sqlite
    try:
        with way(connection, seconds):
            yield
    except DBAPIError as problem:
        if not _is_ours(problem.orig):
            raise
        raise TooSlowError(f"not done after {seconds:.1f} s") from problem


@contextmanager
def _on_sqlite(connection: Connection, seconds: float) -> Generator[None]:
    raw = cast(sqlite3.Connection, connection.connection.driver_connection)
    deadline = time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > deadline, _OPERATIONS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


@contextmanager
def _on_postgresql(connection: Connection, seconds: float) -> Generator[None]:
    # A statement that is ended takes its transaction with it, or else the savepoint that it stands behind.
    with connection.begin_nested():
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
        yield
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _is_ours(problem: BaseException | None) -> bool:
    if isinstance(problem, sqlite3.OperationalError):
        return problem.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    return getattr(problem, "sqlstate", None) == _CANCELLED
