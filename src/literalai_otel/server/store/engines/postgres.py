"""PostgreSQL 15 or later: many servers on one database (`DESIGN.md` §4, scale-out).

Writers take turns, project by project: a transaction that writes to a project holds an advisory lock on it until it
is committed. So each transaction may read, decide and write as if it were alone, as on SQLite; trees that arrive
through several servers are joined in either order, and no two transactions can lock each other up. The price is one
transaction at a time for each project; a transaction holds up to 5 000 steps, and everything before it (HTTP, JSON,
translation) runs side by side.
"""

import hashlib
import logging
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, partial
from typing import Any, ClassVar, Final, Self, cast

import orjson
import psycopg
from psycopg import errors
from psycopg.pq import PipelineStatus
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Connection, Engine, NullPool, QueuePool, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from literalai_otel.errors import ConfigError
from literalai_otel.server.store.database import READERS, Closing, Database
from literalai_otel.server.store.driver import Driver, Fault, Parameters, Rows
from literalai_otel.server.store.engines.postgres_address import PostgresAddress
from literalai_otel.server.store.engines.postgres_listener import CHANNEL, PostgresListener, announcement
from literalai_otel.server.store.engines.postgres_schema import bring_up_to_date, is_ready, missing
from literalai_otel.server.store.migrations import Report, silent
from literalai_otel.server.store.rows import SpanKey

_CONNECT_SECONDS: Final = 10
_LOCK_MILLISECONDS: Final = 10_000
"""How long a transaction waits for another server's; it is tried again afterwards."""
_STALLED_MILLISECONDS: Final = 30_000
"""After that the database ends a transaction whose server stands still, so that the others go on."""
_AT_ONCE: Final = 40
"""Rows up to which they are inserted by one statement."""
_LOOKED_UP: Final = "steps, threads, tags, participants, run_totals, span_bridges"
"""The tables in which a batch looks things up."""
_ANALYZED_AT: Final = (1_000, 10_000)
"""Row numbers of steps at which the database counts them. It keeps the plans that it made for empty tables until its
own first look, a minute later, and PostgreSQL 15 then reads all steps of a project for each batch (measured)."""
_AGAIN: Final = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.IdleInTransactionSessionTimeout,
    errors.TooManyConnections,
)
_OUT_OF_RESOURCES: Final = ("53", "58")
"""Classes of SQLSTATE: disk full, out of memory; input or output failed."""
_LOGGER: Final = logging.getLogger(__name__)


class PostgresDatabase(Database):
    """The database behind an address."""

    def __init__(self, address: PostgresAddress) -> None:
        super().__init__(
            engine(address, poolclass=StaticPool),
            engine(
                address,
                poolclass=QueuePool,
                pool_size=READERS,
                max_overflow=0,
                # A connection that died while nobody used it is found out here and not by a client.
                pool_pre_ping=True,
                isolation_level="REPEATABLE READ",
                execution_options={"postgresql_readonly": True},
            ),
        )
        self._schema = address.schema
        self._address = address

    @classmethod
    def open(cls, address: PostgresAddress, report: Report = silent) -> Self:
        """Connects, checks what is there, brings the schema up to date.

        Raises:
            ConfigError: see `Store.open`.
        """
        with _direct(address) as direct:
            bring_up_to_date(direct, address, report)
        return cls(address)

    @classmethod
    def beside(cls, address: PostgresAddress) -> Self:
        """Connects to a database that a server has prepared.

        Raises:
            ConfigError: see `Store.open_beside`.
        """
        with _direct(address) as direct, direct.connect() as connection:
            if not is_ready(connection, address):
                raise ConfigError(f"the schema of {address} is not that of this program: run `literalai-otel migrate`")
        return cls(address)

    @classmethod
    def pending(cls, address: PostgresAddress) -> Sequence[str]:
        """The versions of the schema that the database lacks.

        Raises:
            ConfigError: see `Store.open`.
        """
        with _direct(address) as direct, direct.connect() as connection:
            return missing(connection, address)

    def listen(self, heard: Callable[[int | None], None]) -> Closing:
        """See `Database`: on a connection of its own, by the way that leads through no pooler."""
        return PostgresListener(engine(self._address, direct=True), self._schema, heard)

    def driver(self, connection: Connection) -> Driver:
        """The writing connection; a new one where the last was lost."""
        return PostgresDriver(connection, self._schema)

    def fault(self, problem: BaseException) -> Fault:
        """See `Database`."""
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        if isinstance(cause, _AGAIN):
            return Fault.MOMENT
        if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            return Fault.INPUT
        state = cause.sqlstate or ""
        if isinstance(cause, errors.QueryCanceled) or state.startswith(_OUT_OF_RESOURCES):
            return Fault.SURROUNDINGS
        return Fault.MOMENT


class PostgresDriver(Driver):
    """SQL with `?` on a connection of psycopg."""

    among: ClassVar[str] = "= ANY(?)"
    among_bytes: ClassVar[str] = "= ANY(?)"
    wanted_spans: ClassVar[str] = "unnest(?::bytea[], ?::bytea[]) AS wanted (trace, span)"

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        self._schema = schema
        self._pipelined = False
        self._pipeline = ExitStack()
        self._grown = False

    def execute(self, sql: str, parameters: Parameters = (), /) -> Rows:
        """See `Driver`."""
        self._resume()
        return self._raw.execute(_own(sql), parameters)

    def executemany(self, sql: str, rows: Sequence[Parameters], /) -> Any:
        """One statement after the other without waiting in between."""
        if rows:
            self._resume()
            self._raw.cursor().executemany(_own(sql), rows)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Parameters]) -> None:
        """A few as one JSON: one statement, always the same one, on its way with others. Many by COPY.

        In batches of 10 both sides take a tenth more CPU for a step by COPY, which ends a pipeline, or with an INSERT
        for each row (measured); in batches of 500 COPY is the cheapest.
        """
        if len(rows) <= _AT_ONCE:
            names = [str(column) for column in columns]
            given = [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]
            self.execute(_insert(table, tuple(names)), (orjson.dumps(given, default=_hex).decode(),))
            return
        self._pipeline.close()
        with self._raw.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def values(self, items: Iterable[str] | Iterable[int]) -> list[Any]:
        """See `Driver`."""
        return list(items)

    def byte_values(self, items: Iterable[bytes]) -> list[bytes]:
        """See `Driver`."""
        return list(items)

    def spans(self, keys: Iterable[SpanKey]) -> tuple[list[bytes], list[bytes]]:
        """See `Driver`."""
        pairs = list(keys)
        return [trace_id for trace_id, _ in pairs], [span_id for _, span_id in pairs]

    def payload(self, plain: bytes) -> str:
        """As text: SQL can look into it, and the database compresses what is long by itself (TOAST)."""
        return plain.decode()

    def new_row_ids(self, table: str, count: int) -> Iterator[int]:
        """From the sequence of the column, which all servers share."""
        found = self.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence(?, 'row_id'))::regclass) FROM generate_series(1, ?)",
            (table, count),
        )
        return self._taken(found)

    def _taken(self, found: Rows) -> Iterator[int]:
        for (row_id,) in found:
            self._grown |= row_id in _ANALYZED_AT
            yield row_id

    def begin(self, projects: Collection[int] | None) -> None:
        """Waits for its turn: everybody else's where `projects` is None, else that of each project."""
        self._connection.begin()
        everything = _lock_key(self._schema)
        if projects is None:
            self._raw.execute("SELECT pg_advisory_xact_lock(%s)", (everything,))
            return
        self._pipelined = psycopg.capabilities.has_pipeline()
        # In one order for all, so that nobody waits in a circle.
        self.executemany(
            "SELECT pg_advisory_xact_lock_shared(?), pg_advisory_xact_lock(?)",
            [(everything, _lock_key(f"{self._schema}:{project_id}")) for project_id in sorted(projects)],
        )

    def announce(self, projects: Collection[int]) -> None:
        """See `Driver`: the database tells it to all of its listeners at the commit, in the order of commits."""
        for project_id in projects:
            self.execute("SELECT pg_notify(?, ?)", (CHANNEL, announcement(self._schema, project_id)))

    def commit(self) -> None:
        """See `Driver`."""
        if self._grown:
            self.execute(f"ANALYZE {_LOOKED_UP}")
        if self._pipelined:
            self._resume()
            self._raw.execute("COMMIT", prepare=False)  # on the way with all that still waits
            self._pipeline.close()
        self._connection.commit()

    def rollback(self) -> None:
        """See `Driver`."""
        try:
            with suppress(psycopg.Error):  # what failed is known, and said again at the end of a pipeline
                self._pipeline.close()
            if self._raw.closed or self._raw.pgconn.pipeline_status != PipelineStatus.OFF:
                self._connection.invalidate()
            else:
                self._raw.rollback()
            self._connection.rollback()
        except Exception:  # drivers raise what they like for a connection that was cut in the middle of an answer
            _LOGGER.debug("a rollback failed", exc_info=True)
            self._connection.invalidate()
            self._connection.rollback()

    def _resume(self) -> None:
        """Whoever writes steps waits where it reads and at the commit: twice for a small batch."""
        if self._pipelined and self._raw.pgconn.pipeline_status == PipelineStatus.OFF:
            self._pipeline.enter_context(self._raw.pipeline())


def engine(address: PostgresAddress, *, direct: bool = False, **options: Any) -> Engine:
    """An engine whose sessions find our tables and functions; `direct`: by the way that migrations take."""
    kept = direct or not address.pooled
    arguments: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "literalai-otel",
        "client_encoding": "utf8",
    }
    settings = {
        "search_path": address.schema,
        "lock_timeout": str(_LOCK_MILLISECONDS),
        "idle_in_transaction_session_timeout": str(_STALLED_MILLISECONDS),
        # Compiling a statement pays where it runs for seconds.
        "jit": "off",
    }
    if kept:
        arguments["options"] = " ".join(f"-c {name}={value}" for name, value in settings.items())
    else:
        # A pooler hands each transaction another session: what one has prepared the next does not know.
        arguments["prepare_threshold"] = None
    options.setdefault("poolclass", NullPool)
    made = create_engine(address.direct if direct else address.url, connect_args=arguments, **options)
    event.listen(made, "connect", _adapt)
    if not kept:
        event.listen(made, "begin", partial(_set_for_transaction, settings))
    return made


@contextmanager
def _direct(address: PostgresAddress) -> Generator[Engine]:
    """Sessions without a pooler, whose failures name a setting."""
    direct = engine(address, direct=True)
    try:
        yield direct
    except OperationalError as problem:
        raise ConfigError(
            f"{address} cannot be reached ({_first_line(problem)}): is it running, and are DATABASE_URL, "
            "user and password right?"
        ) from problem
    except ProgrammingError as problem:
        if not isinstance(problem.orig, errors.InsufficientPrivilege):
            raise
        raise ConfigError(
            f"{address} cannot be prepared ({_first_line(problem)}): grant the user CREATE on the schema, or run "
            "`literalai-otel migrate` once as a user who may, by DATABASE_DIRECT_URL"
        ) from problem
    finally:
        direct.dispose()


@cache
def _own(sql: str) -> bytes:
    """The statement with psycopg's placeholders."""
    return sql.replace("%", "%%").replace("?", "%s").encode()


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    """The statement that inserts rows from the JSON of a list of objects."""
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, ?)"


def _hex(value: bytes) -> str:
    """Bytes as a text of the database's."""
    return f"\\x{value.hex()}"


@cache
def _lock_key(name: str) -> int:
    """Advisory locks are numbers of a whole database; two names that meet by chance only wait for each other."""
    return int.from_bytes(hashlib.sha256(f"literalai-otel:{name}".encode()).digest()[:8], signed=True)


def _adapt(connection: "psycopg.Connection[Any]", _: Any) -> None:
    # By default each integer has the smallest type that holds it, and a statement is prepared for each mixture.
    connection.adapters.register_dumper(int, Int8Dumper)


def _set_for_transaction(settings: dict[str, str], connection: Connection) -> None:
    wanted = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    connection.exec_driver_sql(f"SELECT {wanted}")


def _first_line(problem: DBAPIError) -> str:
    return str(problem.orig).strip().partition("\n")[0]
