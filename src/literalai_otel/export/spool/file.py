"""The spool's file: made, opened, checked, and put aside when it is broken.

One SQLite file a folder, shared by all processes. WAL with `synchronous=NORMAL`: a commit survives the end of the
process, however it comes; a power cut may take the commits since the last checkpoint, but not break the file.
"""

import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from literalai_otel.errors import LiteralError
from literalai_otel.export.spool.ownership import FolderLock

FILE_NAME: Final = "spool.db"
VERSION: Final = 1
BUSY_S: Final = 30.0
"""How long a transaction waits for those of other processes; it is a delivery thread that waits."""
LEAVING_BUSY_S: Final = 0.5
"""The same for the last one of a process."""
_CHECKED_BYTES: Final = 1024 * 1024
"""A file of up to this size is looked through when it is opened, which takes some milliseconds."""

_SCHEMA: Final = (
    """CREATE TABLE owners (
        id INTEGER PRIMARY KEY,  -- at random, so that no id means another owner in another file
        lock TEXT NOT NULL,      -- the file that its process, or who took it over, keeps locked
        url TEXT NOT NULL, key TEXT NOT NULL)""",
    # Numbers are never used twice: what was read up to a number was read.
    """CREATE TABLE units (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL,
        kind TEXT NOT NULL, id TEXT NOT NULL, lane TEXT NOT NULL, environment TEXT, at REAL NOT NULL,
        body BLOB NOT NULL)""",
    "CREATE INDEX units_of_owner ON units (owner, seq)",
    """CREATE TABLE dead (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT NOT NULL, key TEXT NOT NULL,
        kind TEXT NOT NULL, id TEXT NOT NULL, lane TEXT NOT NULL, environment TEXT, at REAL NOT NULL,
        body BLOB NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL)""",
)


class SpoolError(LiteralError):
    """The spool cannot be used; the message says why. Delivery goes on without it."""


class BrokenFileError(SpoolError):
    """The file is not, or no longer, what we wrote."""


class SpoolFile:
    """The connection of one process, opened with the first transaction.

    Args:
        folder: Holds the file; made with access for its user alone when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._folder = folder
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    @property
    def is_open(self) -> bool:
        """A connection is there."""
        return self._connection is not None

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """A connection inside a write transaction. Raises `SpoolError`, OSError or `sqlite3.Error`."""
        if not self._is_in_place():
            self.close()
        connection = self._connection or self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # some failures have rolled back already
                connection.execute("ROLLBACK")
            raise

    def hurry(self) -> None:
        """Wait only a moment from now on."""
        if self._connection is not None:
            self._connection.execute(f"PRAGMA busy_timeout={int(LEAVING_BUSY_S * 1000)}")

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _is_in_place(self) -> bool:
        """What is written to a file that somebody has removed is lost with this process."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def put_aside(self) -> Path | None:
        """Rename a file that is broken, unless another process has done so meanwhile; where it is now."""
        self.close()
        with FolderLock(self._folder):
            if not self._is_in_place():
                return None
            kept = self.path.with_name(f"{FILE_NAME}.corrupt-{time.time_ns() // 1000}")
            self.path.rename(kept)
            for suffix in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self.path.with_name(FILE_NAME + suffix).rename(kept.with_name(kept.name + suffix))
            return kept

    def _open(self) -> sqlite3.Connection:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FolderLock(self._folder):
            # SQLite gives the files beside it the same permissions.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._inode = self.path.stat().st_ino
            connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
        self._connection = connection
        return connection


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    sizes = (
        "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
    )
    pages, free, size = connection.execute(sizes).fetchone()
    return (pages - free) * size


def is_broken(error: BaseException) -> bool:
    """The file itself is no database, or no longer one, or its content is not what we write."""
    if isinstance(error, BrokenFileError):
        return True
    code: Any = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_busy(error: BaseException) -> bool:
    """Other processes did not let us in; that says nothing about the file."""
    code: Any = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF == sqlite3.SQLITE_BUSY


def check_version(connection: sqlite3.Connection) -> bool:
    """Whether the tables are there. Raises `SpoolError` when a newer literalai-otel made them."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise SpoolError(f"its file was made by a newer literalai-otel (version {version}, known up to {VERSION})")
    return version == VERSION


def _prepare(connection: sqlite3.Connection) -> None:
    made = check_version(connection)
    if made and used_bytes(connection) <= _CHECKED_BYTES:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise BrokenFileError(verdict)
    if not made:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA journal_size_limit=4194304").fetchone()
    # Debian's default blanks all that is deleted, which costs more than writing it did.
    connection.execute("PRAGMA secure_delete=FAST").fetchone()
    if not made:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
