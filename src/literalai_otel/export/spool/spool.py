"""The spool of one delivery: its units on the disk, until the server has them.

A unit is written before it is sent and deleted when the server has taken it. What the server refuses for good moves to
the dead letters. What a process leaves behind, another one with the same server and key takes over, by changing one
row: the owner's. Units of a running process are never touched, but for making room.

Thread-safe, and nothing here raises: what cannot be written goes on in memory alone, which `trouble` says.
"""

import hashlib
import logging
import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from literalai_otel.export.backlog import Left
from literalai_otel.export.breath import Breath
from literalai_otel.export.lanes import Loss, Unit
from literalai_otel.export.spool import rows
from literalai_otel.export.spool.file import LEAVING_BUSY_S, SpoolFile, is_broken, is_busy
from literalai_otel.export.spool.ownership import OwnerLock, is_running
from literalai_otel.export.spool.rows import Stored, Target

logger = logging.getLogger(__name__)
T = TypeVar("T")

TRY_AGAIN_AFTER_S: Final = 30.0
"""A spool that failed is left alone for so long."""
_VACUUM_PAGES: Final = 2000


def target_of(url: str, api_key: str) -> Target:
    """The target of a server's address and an API key."""
    return Target(url, hashlib.sha256(f"{url}\0{api_key}".encode(errors="replace")).hexdigest()[:16])


class Spool:
    """Rows of one owner, and of those that it took over.

    Args:
        folder: Where the file is, or will be.
        max_bytes: Of the file, for all processes together.
        target: Where its units shall go.
        trouble: Told, once in a while, why the spool is not used.
    """

    def __init__(self, folder: Path, max_bytes: int, target: Target, trouble: Callable[[str], None]) -> None:
        self.target = target
        self._folder = folder
        self._max_bytes = max_bytes
        self._trouble = trouble
        self._file = SpoolFile(folder)
        self._renew()
        _SPOOLS.add(self)

    @property
    def owner(self) -> int:
        """Of the units that this spool wrote last; 0 before the first."""
        return self._owner

    def store(self, units: Sequence[Unit]) -> Stored:
        """Write `units`, in order, and give each its row. The oldest rows of the file make room where there is none."""
        breath = Breath()
        bodies: list[bytes] = []
        for unit in units:
            bodies.append(rows.body_of(unit))
            breath.take()

        def write(connection: sqlite3.Connection) -> Stored:
            stored = rows.make_room(connection, bodies, self._max_bytes, self._who(connection))
            if stored.written:
                rows.insert(connection, self._owner, units, bodies)
            return stored

        stored = self._do(write)
        if stored is None:
            for unit in units:  # a transaction that failed at its end had given them rows
                unit.row = None
        return stored or Stored()

    def settle(self, done: Sequence[Unit], dead: Sequence[Loss] = ()) -> None:
        """Delete what needs no sending any more; `dead` is kept apart. What stays in spite of it is sent twice."""

        def write(connection: sqlite3.Connection) -> None:
            rows.delete(connection, done)
            rows.bury(connection, self.target, dead)

        if done or dead:
            self._do(write)

    def recall(self, left: Left, limit: int, max_bytes: int) -> list[Unit] | None:
        """The next units of `left` in order, at most `limit` and about `max_bytes`; none are there when it is empty.

        None when the spool cannot be read now.
        """
        return self._do(lambda connection: rows.read(connection, left.owner, left.cursor, limit, max_bytes))

    def take_over(self) -> list[Left]:
        """What ended processes left behind for this target; it belongs to this spool now."""
        return self._do(self._take_over) or []

    def dead_letters(self, after: int, limit: int) -> list[tuple[int, Unit]]:
        """Dead letters of this target with a number above `after`, each with its number."""
        return self._do(lambda connection: rows.read_dead(connection, self.target, after, limit)) or []

    def count_dead(self) -> int:
        """How many there are for this target."""
        return self._do(lambda connection: rows.count_dead(connection, self.target)) or 0

    def settle_dead(self, numbers: Iterable[int]) -> None:
        """Delete dead letters that the server has taken after all."""
        self._do(lambda connection: rows.delete_dead(connection, numbers))

    def release(self) -> None:
        """Close the file, and leave what is in it to others. Takes a moment, even if another process holds it."""
        if not self._guard.acquire(timeout=LEAVING_BUSY_S):
            return  # a thread waits for that other process; when this one ends, the system closes everything
        try:
            if self._lock is None:
                return
            if self._file.is_open:
                self._try_again_at = 0.0
                self._file.hurry()
                self._do(self._tidy)
            self._file.close()
            self._lock.release()
            self._lock = None
            self._released = True
        finally:
            self._guard.release()

    def before_fork(self) -> None:
        """Close the connection: SQLite's may not even be closed in a child."""
        if self._guard.acquire(timeout=1.0):
            self._held_to_fork += 1
            self._file.close()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._held_to_fork:
            self._held_to_fork -= 1
            self._guard.release()

    def after_fork_in_child(self) -> None:
        """Start as a new owner; the rows so far are the parent's."""
        if self._file.is_open:
            _PARENTS.append(self._file)  # it may not be closed
        if self._lock is not None:
            self._lock.forget()
        self._file = SpoolFile(self._folder)
        self._renew()

    def __del__(self) -> None:
        try:
            if self._pid == os.getpid():
                self.release()
            elif self._lock is not None:
                self._lock.forget()
        except Exception:  # an interpreter that goes down takes things apart in any order; the system frees the rest
            return

    def _renew(self) -> None:
        self._guard = threading.RLock()
        self._held_to_fork = 0
        self._pid = os.getpid()
        self._lock: OwnerLock | None = None
        self._owner = 0
        self._try_again_at = 0.0
        self._released = False

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """What `work` gives, done in a transaction; None when the spool cannot be used."""
        if self._pid != os.getpid():  # a fork of which Python was not told
            self.after_fork_in_child()
        with self._guard:
            if self._released or time.monotonic() < self._try_again_at:
                return None
            for attempt in (1, 2):
                try:
                    return self._attempt(work)
                except Exception as error:
                    if not self._mend(error) or attempt == 2:
                        return None
        return None

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._file.transaction() as connection:
            self._register(connection)
            return work(connection)

    def _register(self, connection: sqlite3.Connection) -> None:
        """Be an owner in this file. It may be another one than before."""
        if self._lock is None:
            self._lock = OwnerLock.new(self._folder)
        if connection.execute("SELECT 1 FROM owners WHERE id=?", (self._owner,)).fetchone() is None:
            self._owner = random.getrandbits(62)
            connection.execute("INSERT INTO owners VALUES (?,?,?,?)", (self._owner, self._lock.name, *self.target))

    def _mend(self, error: Exception) -> bool:
        """Say what is wrong; whether another attempt is worth it at once."""
        logger.debug("the spool failed", exc_info=error)
        if is_broken(error):
            try:
                kept = self._file.put_aside()
            except OSError as problem:
                error = problem
            else:
                if kept is not None:
                    self._trouble(f"its file was broken and is now {kept.name}; a new one is begun")
                return True
        if not is_busy(error):
            self._file.close()
            self._try_again_at = time.monotonic() + TRY_AGAIN_AFTER_S
        self._trouble(str(error) or type(error).__name__)
        return False

    def _take_over(self, connection: sqlite3.Connection) -> list[Left]:
        assert self._lock is not None
        taken: list[Left] = []
        owners = connection.execute("SELECT id,lock,url,key FROM owners WHERE lock<>?", (self._lock.name,))
        for owner, name, url, key in owners.fetchall():
            seized = OwnerLock.seize(self._folder, name)
            if seized is None:
                continue
            (count,) = connection.execute("SELECT count(*) FROM units WHERE owner=?", (owner,)).fetchone()
            if not count:
                connection.execute("DELETE FROM owners WHERE id=?", (owner,))
            elif (url, key) == self.target:
                connection.execute("UPDATE owners SET lock=? WHERE id=?", (self._lock.name, owner))
                taken.append(Left(owner, count))
            seized.release()
        return taken

    def _who(self, connection: sqlite3.Connection) -> Callable[[int], bool | None]:
        """Whether an owner is of this spool (true), has ended (false) or is another one (None)."""

        @cache
        def who(owner: int) -> bool | None:
            found = connection.execute("SELECT lock FROM owners WHERE id=?", (owner,)).fetchone()
            if found is None:
                return False
            assert self._lock is not None
            if found[0] == self._lock.name:
                return True
            return None if is_running(self._folder, found[0]) else False

        return who

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """At the end: forget owners without units, give back the space of a file that is empty again."""
        assert self._lock is not None
        connection.execute(
            "DELETE FROM owners WHERE lock=? AND NOT EXISTS (SELECT 1 FROM units WHERE owner=owners.id)",
            (self._lock.name,),
        )
        if connection.execute("SELECT 1 FROM units LIMIT 1").fetchone() is None:
            connection.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})").fetchall()


_SPOOLS: Final[weakref.WeakSet[Spool]] = weakref.WeakSet()
_PARENTS: Final[list[SpoolFile]] = []


def _each(method: str) -> Callable[[], None]:
    def call() -> None:
        for spool in list(_SPOOLS):
            getattr(spool, method)()

    return call


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_each("before_fork"),
        after_in_parent=_each("after_fork_in_parent"),
        after_in_child=_each("after_fork_in_child"),
    )
