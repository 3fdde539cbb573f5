"""The SQL of the spool: what is read and written inside a transaction.

One statement for many rows wherever it can be: between two statements a worker lets go of the interpreter, and a busy
program gives it back late.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from literalai_otel.export.lanes import Loss, Row, Unit
from literalai_otel.export.spool.file import BrokenFileError, used_bytes
from literalai_otel.jsonable import dumps, loads
from literalai_otel.model import Thread, to_wire

STEP: Final = "step"
THREAD: Final = "thread"
_VICTIMS: Final = 256
_OF_MAXIMUM: Final = 0.95
"""A full spool is emptied to this share, so that not every write has to."""
_OVERHEAD: Final = 1.15
"""Bytes of the file for one byte of units, about."""
_LONGEST_DETAIL: Final = 1000


class Target(NamedTuple):
    """The server and the project that units are for. `key` is a fingerprint: the key itself is never written."""

    url: str
    key: str


@dataclass(slots=True)
class Stored:
    """What a write did: whether the units are on the disk, and which had to go to make room for them.

    `victims` are numbers of rows by owner, of owners of this process; `orphans` counts those of processes that have
    ended. What other running processes lose they find out and count themselves.
    """

    written: bool = False
    victims: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    orphans: int = 0


def body_of(unit: Unit) -> bytes:
    """The JSON of a unit."""
    return dumps(to_wire(unit.payload) if isinstance(unit.payload, Thread) else unit.payload)


def insert(connection: sqlite3.Connection, owner: int, units: Sequence[Unit], bodies: Sequence[bytes]) -> None:
    """Write `units`, in order, and give each its row."""
    now = time.time()
    values: list[Any] = []
    for unit, body in zip(units, bodies, strict=True):
        values += (owner, *_head(unit, now), body)
    rows = ",".join(["(?,?,?,?,?,?,?)"] * len(units))
    connection.execute(f"INSERT INTO units (owner,kind,id,lane,environment,at,body) VALUES {rows}", values)
    (last,) = connection.execute("SELECT last_insert_rowid()").fetchone()
    for number, unit in enumerate(units, last - len(units) + 1):
        unit.row = Row(owner, number)


def read(connection: sqlite3.Connection, owner: int, after: int, limit: int, max_bytes: int) -> list[Unit]:
    """Units of `owner` with a number above `after`, in order. Raises `BrokenFileError` for a body that is no JSON."""
    found: list[Unit] = []
    size = 0
    rows = connection.execute(
        "SELECT seq,kind,lane,environment,body FROM units WHERE owner=? AND seq>? ORDER BY seq LIMIT ?",
        (owner, after, limit),
    )
    for seq, kind, lane, environment, body in rows:
        found.append(_unit(Row(owner, seq), kind, lane, environment, body))
        size += len(body)
        if size >= max_bytes:
            break
    return found


def delete(connection: sqlite3.Connection, units: Iterable[Unit]) -> None:
    """Delete the rows of `units`."""
    numbers: dict[int, list[int]] = {}
    for unit in units:
        if unit.row is not None:
            numbers.setdefault(unit.row.owner, []).append(unit.row.seq)
    for owner, seqs in numbers.items():
        connection.execute(f"DELETE FROM units WHERE seq IN ({_list(seqs)}) AND owner=?", (owner,))


def bury(connection: sqlite3.Connection, target: Target, letters: Sequence[Loss]) -> None:
    """Keep `letters` apart, and delete their rows."""
    now = time.time()
    for letter in letters:
        connection.execute(
            "INSERT INTO dead (url,key,kind,id,lane,environment,at,body,reason,detail) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (*target, *_head(letter.unit, now), body_of(letter.unit), letter.reason, letter.detail[:_LONGEST_DETAIL]),
        )
    delete(connection, (letter.unit for letter in letters))


def read_dead(connection: sqlite3.Connection, target: Target, after: int, limit: int) -> list[tuple[int, Unit]]:
    """Dead letters for `target` with a number above `after`, each with its number."""
    rows = connection.execute(
        "SELECT seq,kind,lane,environment,body FROM dead WHERE url=? AND key=? AND seq>? ORDER BY seq LIMIT ?",
        (*target, after, limit),
    )
    return [(seq, _unit(None, *others)) for seq, *others in rows]


def count_dead(connection: sqlite3.Connection, target: Target) -> int:
    """Dead letters for `target`."""
    (count,) = connection.execute("SELECT count(*) FROM dead WHERE url=? AND key=?", target).fetchone()
    return count


def delete_dead(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Delete these dead letters."""
    connection.execute(f"DELETE FROM dead WHERE seq IN ({_list(numbers)})")


def make_room(
    connection: sqlite3.Connection, bodies: Sequence[bytes], max_bytes: int, who: Callable[[int], bool | None]
) -> Stored:
    """Have the oldest rows go until `bodies` fit, dead letters first; `written` is false when they never will.

    Args:
        connection: In a transaction.
        bodies: What is to be written.
        max_bytes: Of the file.
        who: Whether an owner is this process (true), one that has ended (false), or another (None).
    """
    needed = int(sum(map(len, bodies)) * _OVERHEAD)
    stored = Stored(written=True)
    if used_bytes(connection) + needed <= max_bytes:
        return stored
    wanted = int(max_bytes * _OF_MAXIMUM) - needed
    while used_bytes(connection) > max(wanted, 0):
        oldest = "SELECT seq FROM dead ORDER BY seq LIMIT ?"
        if connection.execute(f"DELETE FROM dead WHERE seq IN ({oldest})", (_VICTIMS,)).rowcount:
            continue
        rows = connection.execute("SELECT owner,seq FROM units ORDER BY seq LIMIT ?", (_VICTIMS,)).fetchall()
        if not rows:
            break
        for owner, seq in rows:
            match who(owner):
                case True:
                    stored.victims.setdefault(owner, []).append(seq)
                case False:
                    stored.orphans += 1
                case None:
                    pass
        connection.execute("DELETE FROM units WHERE seq<=?", (rows[-1][1],))
    stored.written = used_bytes(connection) + needed <= max_bytes
    return stored


def _head(unit: Unit, now: float) -> tuple[str, str, str, str | None, float]:
    """Kind, id, lane, environment and time of a unit; the time is for people, nothing is decided by it."""
    environment, lane = unit.lane
    if isinstance(unit.payload, Thread):
        return THREAD, _text(unit.payload.id), _text(lane), environment, now
    return STEP, _text(str(unit.payload.get("id"))), _text(lane), environment, now


def _unit(row: Row | None, kind: str, lane: str, environment: str | None, body: bytes) -> Unit:
    try:
        payload: Any = loads(body)
    except ValueError as error:
        raise BrokenFileError(f"a unit in it is no JSON: {error}") from None
    return Unit(
        payload=Thread.from_dict(payload) if kind == THREAD else payload,
        lane=(environment, lane),
        size=len(body),
        accepted_at=time.monotonic(),
        epoch=0,
        row=row,
    )


def _text(value: str) -> str:
    """`value` without lone surrogates, which SQLite takes no more than a request does."""
    return value.encode(errors="replace").decode()


def _list(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))
