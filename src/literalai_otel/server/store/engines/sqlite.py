"""The SQLite file: its lock, its settings, its connections.

Settings and their reasons: `spec/platform-peers.md` §2.3 and §2.4. `synchronous=FULL` makes a commit mean "on the
disk"; readers have connections of their own, so a slow query never holds up a write or another reader.
"""

import logging
import os
import sqlite3
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Final, Self, cast

import orjson
from sqlalchemy import Connection, QueuePool, StaticPool, create_engine
from sqlalchemy.exc import DatabaseError, DBAPIError

from literalai_otel.errors import ConfigError
from literalai_otel.server.store.database import READERS, Database
from literalai_otel.server.store.driver import Driver, Fault, Parameters, Rows
from literalai_otel.server.store.engines.sqlite_functions import register
from literalai_otel.server.store.migrations import Report, is_newest, pending, silent, upgrade
from literalai_otel.server.store.payload import compressed
from literalai_otel.server.store.rows import SpanKey

FILE_NAME: Final = "literal.db"
LOCK_NAME: Final = "server.lock"
_BUSY_SECONDS: Final = 10.0
_AT_ONCE: Final = 100
"""Rows of one statement, where there are so many; fewer where SQLite is older than 3.32 and takes 999 values."""
_WRITER_CACHE_KIB: Final = 32_768
_READER_CACHE_KIB: Final = 2_048
_LOGGER: Final = logging.getLogger(__name__)


class SqliteDatabase(Database):
    """The opened file, and the lock on its folder."""

    def __init__(self, path: Path, lock: sqlite3.Connection | None) -> None:
        super().__init__(
            create_engine("sqlite://", creator=lambda: _connect(path), poolclass=StaticPool),
            create_engine(
                "sqlite://",
                creator=lambda: _connect_reader(path),
                poolclass=QueuePool,
                pool_size=READERS,
                max_overflow=0,
            ),
        )
        self._path = path
        self._lock = lock

    @classmethod
    def open(cls, data_dir: Path, report: Report = silent) -> Self:
        """Locks the folder, opens the file, brings the schema up to date.

        Raises:
            ConfigError: see `Store.open`.
        """
        prepare_folder(data_dir)
        database = cls(data_dir / FILE_NAME, _lock_folder(data_dir))
        with database._closed_on_failure(), database.writer.connect() as connection:
            newest = is_newest(connection)
            connection.rollback()
            if not newest:
                upgrade(connection, report)
        return database

    @classmethod
    def beside(cls, data_dir: Path) -> Self:
        """Opens the file as it is, also while a server uses it: the two writers wait for each other.

        Raises:
            ConfigError: see `Store.open_beside`.
        """
        path = data_dir / FILE_NAME
        if not path.exists():
            raise ConfigError(f"{data_dir} holds no database: start a server on it first, or give another --data-dir")
        database = cls(path, None)
        with database._closed_on_failure(), database.writer.connect() as connection:
            if not is_newest(connection):
                raise ConfigError(f"the schema of {path} is not that of this program: run `literalai-otel migrate`")
        return database

    @classmethod
    def pending(cls, data_dir: Path) -> Sequence[str]:
        """The versions of the schema that the file lacks; all where there is no file.

        Raises:
            ConfigError: it is no database of ours, or one of a newer program.
        """
        path = data_dir / FILE_NAME
        if not path.exists():
            return pending(None)
        database = cls(path, None)
        with database._closed_on_failure(), database.read() as connection:
            found = pending(connection)
        database.close()
        return found

    @contextmanager
    def _closed_on_failure(self) -> Generator[None]:
        try:
            yield
        except DatabaseError as problem:
            self.close()
            raise ConfigError(
                f"{self._path} cannot be opened ({problem.orig}). Is it damaged or no database of ours? "
                "Move it away, or give --data-dir another folder."
            ) from problem
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes all connections and gives the folder free."""
        super().close()
        if self._lock is not None:
            self._lock.close()

    def driver(self, connection: Connection) -> Driver:
        """The file's one writing connection."""
        return SqliteDriver(connection)

    def fault(self, problem: BaseException) -> Fault:
        """An operational error (disk full, input or output failed) is no fault of a step."""
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        return Fault.SURROUNDINGS if isinstance(cause, sqlite3.OperationalError) else Fault.INPUT

    def rest(self, connection: Connection) -> None:
        """Puts the write-ahead log into the file and cuts it, so that it does not stay as long as it once was."""
        try:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.commit()
        except DatabaseError:
            connection.rollback()
            _LOGGER.debug("checkpoint failed", exc_info=True)

    def _begin_read(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")


class SqliteDriver(Driver):
    """The connection itself: `execute` and `executemany` are its own."""

    among: ClassVar[str] = "IN (SELECT value FROM json_each(?))"
    among_bytes: ClassVar[str] = "IN (SELECT from_hex(value) FROM json_each(?))"
    wanted_spans: ClassVar[str] = (
        "(SELECT from_hex(substr(value, 1, 32)) AS trace, from_hex(substr(value, 33)) AS span FROM json_each(?)) "
        "AS wanted"
    )

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw = cast(sqlite3.Connection, connection.connection.driver_connection)

    def execute(self, sql: str, parameters: Parameters = (), /) -> Rows:
        """See `Driver`."""
        return self._raw.execute(sql, parameters)

    def executemany(self, sql: str, rows: Sequence[Parameters], /) -> Any:
        """See `Driver`."""
        return self._raw.executemany(sql, rows)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Parameters]) -> None:
        """A few with a statement for each row, always the same one. Many by statements of many rows.

        While SQLite runs a statement the other threads have the interpreter, and after each the writer waits for it
        again. Columns that are None in all of many rows are left out, none has a default: for each None sqlite3 looks
        for a way to adapt it, which was a tenth of what a step took here (measured).
        """
        if len(rows) < _AT_ONCE:
            self._raw.executemany(_insert(table, columns, 1), rows)
            return
        filled = {
            name: values
            for name, values in zip(columns, zip(*rows, strict=True), strict=True)
            if values[0] is not None or values.count(None) < len(values)
        }
        given = list(zip(*filled.values(), strict=True))
        size = min(_AT_ONCE, self._raw.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(filled))
        whole = len(given) - len(given) % size
        for first in range(0, whole, size):
            self._raw.execute(_insert(table, filled, size), list(chain(*given[first : first + size])))
        self._raw.executemany(_insert(table, filled, 1), given[whole:])

    def values(self, items: Iterable[str] | Iterable[int]) -> str:
        """See `Driver`."""
        return orjson.dumps(list(items)).decode()

    def byte_values(self, items: Iterable[bytes]) -> str:
        """See `Driver`."""
        return self.values(item.hex() for item in items)

    def spans(self, keys: Iterable[SpanKey]) -> tuple[str]:
        """See `Driver`."""
        return (self.values(trace_id.hex() + span_id.hex() for trace_id, span_id in keys),)

    def payload(self, plain: bytes) -> bytes:
        """Compressed: SQLite does not do it by itself."""
        return compressed(plain)

    def new_row_ids(self, table: str, count: int) -> Iterator[int]:
        """Nobody else writes, so what follows the highest number is free."""
        highest: int = self._raw.execute(f"SELECT coalesce(max(row_id), 0) FROM {table}").fetchone()[0]
        return iter(range(highest + 1, highest + 1 + count))

    def begin(self, projects: Collection[int] | None) -> None:
        """A file has one writer, whatever it writes."""
        self._raw.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """See `Driver`."""
        self._raw.execute("COMMIT")
        self._connection.commit()  # only SQLAlchemy's own bookkeeping is left to close

    def rollback(self) -> None:
        """See `Driver`."""
        self._raw.rollback()
        self._connection.rollback()


def _insert(table: str, columns: Iterable[str], rows: int) -> str:
    """The statement that inserts so many rows."""
    names = list(columns)
    marks = ", ".join([f"({', '.join('?' * len(names))})"] * rows)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {marks}"


def prepare_folder(data_dir: Path) -> None:
    """Makes the folder, for its owner alone.

    Raises:
        ConfigError: it cannot be made or written.
    """
    try:
        missing = not data_dir.exists()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if missing:
            data_dir.chmod(0o700)  # the mode of mkdir is cut by the process's umask
    except OSError as problem:
        raise ConfigError(
            f"the data folder {data_dir} cannot be made: {problem}; choose one by --data-dir"
        ) from problem
    if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"the data folder {data_dir} is not writable; change its mode or choose one by --data-dir")


def _lock_folder(data_dir: Path) -> sqlite3.Connection:
    """Holds an exclusive transaction on a file of its own: portable, and the system frees it when we die."""
    path = data_dir / LOCK_NAME
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as problem:
        connection.close()
        raise ConfigError(
            f"another literalai-otel server uses {data_dir}: stop it first, or give --data-dir another folder"
        ) from problem
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)  # the files that SQLite makes beside it take its mode
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # The page size counts only before the first table and before WAL.
        for pragma in (
            "page_size=8192",
            "auto_vacuum=INCREMENTAL",
            "journal_mode=WAL",
            "synchronous=FULL",
            # 32 MB: pages of random keys change again and again, and go from the log into the file once.
            "wal_autocheckpoint=4000",
            f"cache_size=-{_WRITER_CACHE_KIB}",
            "journal_size_limit=67108864",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        register(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute(f"PRAGMA cache_size=-{_READER_CACHE_KIB}")
    connection.execute("PRAGMA query_only=ON")
    register(connection)
    return connection
