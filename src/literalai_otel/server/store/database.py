"""The SQLite file: its lock, its settings, its connections.

Settings and their reasons: `spec/platform-peers.md` §2.3 and §2.4. `synchronous=FULL` makes a commit mean "on the
disk"; readers have connections of their own, so a slow query never holds up a write or another reader.
"""

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Connection, Engine, QueuePool, StaticPool, create_engine
from sqlalchemy.exc import DatabaseError

from literalai_otel.errors import ConfigError
from literalai_otel.server.store.functions import register
from literalai_otel.server.store.migrations import upgrade

FILE_NAME: Final = "literal.db"
LOCK_NAME: Final = "server.lock"
READERS: Final = 8
_BUSY_SECONDS: Final = 10.0
_WRITER_CACHE_KIB: Final = 32_768
_READER_CACHE_KIB: Final = 2_048


class Database:
    """The opened file. `writer` belongs to the writer thread alone; everybody else uses `read()`."""

    def __init__(self, lock: sqlite3.Connection, writer: Engine, readers: Engine) -> None:
        self._lock = lock
        self._readers = readers
        self.writer = writer

    @classmethod
    def open(cls, data_dir: Path) -> Self:
        """Locks the folder, opens the file, brings the schema up to date.

        Raises:
            ConfigError: see `Store.open`.
        """
        _prepare_folder(data_dir)
        lock = _lock_folder(data_dir)
        path = data_dir / FILE_NAME
        try:
            writer = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=StaticPool)
            upgrade(writer)
            readers = create_engine(
                "sqlite://",
                creator=lambda: _connect_reader(path),
                poolclass=QueuePool,
                pool_size=READERS,
                max_overflow=0,
            )
        except DatabaseError as problem:
            lock.close()
            raise ConfigError(
                f"{path} cannot be opened ({problem.orig}). Is it damaged or no database of ours? "
                "Move it away, or give --data-dir another folder."
            ) from problem
        except BaseException:
            lock.close()
            raise
        return cls(lock, writer, readers)

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A read-only connection that sees one state of the database until the block ends."""
        with self._readers.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    def close(self) -> None:
        """Closes all connections and gives the folder free."""
        self._readers.dispose()
        self.writer.dispose()
        self._lock.close()


def _prepare_folder(data_dir: Path) -> None:
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
