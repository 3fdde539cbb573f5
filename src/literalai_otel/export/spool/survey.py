"""What a spool holds, for people: `literalai-otel replay --list` and `doctor`. Nothing is changed."""

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from literalai_otel.export.spool.file import FILE_NAME, SpoolError, check_version
from literalai_otel.export.spool.ownership import is_running


@dataclass(slots=True)
class TargetRow:
    """The units for one server and one key, which is known by its fingerprint.

    Attributes:
        waiting: Units that an ended process left behind.
        held: Units that a running process is delivering.
        dead: Units that the server refused for good, by reason.
        oldest: Seconds since 1970 of the oldest unit or dead letter; None without any.
    """

    url: str
    key: str
    waiting: int = 0
    held: int = 0
    dead: dict[str, int] = field(default_factory=dict[str, int])
    oldest: float | None = None

    def add_time(self, moment: float) -> None:
        """Take a unit of this moment into account."""
        self.oldest = moment if self.oldest is None else min(self.oldest, moment)


@dataclass(slots=True)
class Survey:
    """All of it. `problem` says why the file cannot be read; without a file there is none, and nothing else either."""

    path: Path
    bytes: int = 0
    targets: list[TargetRow] = field(default_factory=list[TargetRow])
    set_aside: list[str] = field(default_factory=list[str])
    """Names of broken files that were put aside."""
    problem: str = ""


def survey(folder: Path) -> Survey:
    """What the spool in `folder` holds. Never raises."""
    result = Survey(folder / FILE_NAME)
    try:
        result.set_aside = sorted(
            path.name for path in folder.glob(f"{FILE_NAME}.corrupt-*") if not path.name.endswith(("-wal", "-shm"))
        )
        if not result.path.exists():
            return result
        files = (result.path, result.path.with_name(FILE_NAME + "-wal"))
        result.bytes = sum(path.stat().st_size for path in files if path.exists())
        with _reading(result.path) as connection:
            if check_version(connection):
                result.targets = _targets(connection, folder)
    except (sqlite3.Error, OSError, ImportError, SpoolError) as error:
        result.problem = str(error)
    return result


def writable(folder: Path) -> str:
    """Why no spool can be written in `folder`; nothing when one can. A folder that is missing may be made."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return f"{there} is not a folder"
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} is not writable for this user"


@contextmanager
def _reading(path: Path) -> Generator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
    try:
        yield connection
    finally:
        connection.close()


def _targets(connection: sqlite3.Connection, folder: Path) -> list[TargetRow]:
    found: dict[tuple[str, str], TargetRow] = {}
    units = (
        "SELECT o.lock, o.url, o.key, count(*), min(u.at) FROM units u JOIN owners o ON o.id=u.owner "
        "GROUP BY u.owner ORDER BY min(u.seq)"
    )
    for lock, url, key, count, oldest in connection.execute(units):
        row = found.setdefault((url, key), TargetRow(url, key))
        if is_running(folder, lock):
            row.held += count
        else:
            row.waiting += count
        row.add_time(oldest)
    dead = "SELECT url, key, reason, count(*), min(at) FROM dead GROUP BY url, key, reason ORDER BY min(seq)"
    for url, key, reason, count, oldest in connection.execute(dead):
        row = found.setdefault((url, key), TargetRow(url, key))
        row.dead[reason] = count
        row.add_time(oldest)
    return list(found.values())
