"""The databases of the server's benchmarks, and the floor of its rates.

PostgreSQL is one of the tests (`tests/databases`), but with everything on that keeps what was committed.
"""

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "databases"))

from engines import POSTGRES, Postgres, Sqlite
from postgres_server import PostgresServer

Engine = Sqlite | Postgres
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_wal_size": "2GB"}
PER_TRANSACTION = 500
MOST = 10_000
TABLES = ("steps", "step_payloads")


def names() -> list[str]:
    """The databases that are there."""
    return ["sqlite", *POSTGRES]


@contextmanager
def durable(name: str) -> Iterator[Engine]:
    """A database that loses nothing with the machine."""
    if name == "sqlite":
        yield Sqlite()
        return
    server = PostgresServer(POSTGRES[name], DURABLE)
    try:
        yield Postgres(name, server)
    finally:
        server.close()


def occupied(engine: Engine, data_dir: Path) -> tuple[int, int]:
    """Bytes of all tables with their indexes, and how many steps there are."""
    size = (
        "(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)"
        if isinstance(engine, Sqlite)
        else "(SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)"
    )
    ((taken, steps),) = engine.run(data_dir, f"SELECT {size}, (SELECT count(*) FROM steps)")
    return taken, steps


def floor(engine: Engine, written: Path, fresh: Path) -> float:
    """Steps per second of a bare loop over the driver: what `written` holds, written to the empty store of `fresh`.

    Same schema with all of its indexes, same bytes, 500 rows in a transaction. What the server takes beyond is HTTP,
    parsing, checking, translating, looking up, and counting.
    """
    engine.open(fresh).close()
    rows = {table: engine.run(written, f"SELECT * FROM {table} ORDER BY 1 LIMIT {MOST}") for table in TABLES}
    mark, begin, run, commit, close = _bare(engine, fresh)
    statements = {
        table: f"INSERT INTO {table} VALUES ({', '.join([mark] * len(found[0]))})" for table, found in rows.items()
    }
    began = time.monotonic()
    for first in range(0, len(rows["steps"]), PER_TRANSACTION):
        begin()
        for table, found in rows.items():
            run(statements[table], found[first : first + PER_TRANSACTION])
        commit()
    elapsed = time.monotonic() - began
    close()
    return len(rows["steps"]) / elapsed


def _bare(
    engine: Engine, data_dir: Path
) -> tuple[str, Callable[[], Any], Callable[[str, Sequence[Any]], Any], Callable[[], Any], Callable[[], Any]]:
    """Placeholder, begin, executemany, commit and close of a connection of the driver alone."""
    if isinstance(engine, Sqlite):
        file = sqlite3.connect(data_dir / "literal.db", isolation_level=None)
        file.execute("PRAGMA synchronous=FULL")
        return (
            "?",
            lambda: file.execute("BEGIN IMMEDIATE"),
            file.executemany,
            lambda: file.execute("COMMIT"),
            file.close,
        )
    session = psycopg.connect(engine.server.url(engine.address(data_dir).url.database))
    cursor = session.cursor()
    return "%s", lambda: None, cursor.executemany, session.commit, session.close
