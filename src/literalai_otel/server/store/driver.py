"""The seam between the ingest path and a database: one connection, its SQL, and what its errors mean.

`upsert`, `lineage` and `duplicates` write SQL once, by these rules; the engines in `store.engines` make it theirs.

- A parameter is a `?`. Its value is None, a str, an int, a float or bytes; never a bool.
- Text, comparison and upsert syntax is what SQLite and PostgreSQL share: `INSERT … ON CONFLICT (…) DO UPDATE SET
  x=coalesce(excluded.x, table.x)` (the table's own column is always named with its table), `coalesce`, `DISTINCT`,
  `UNION`, subqueries. No JSON functions, no `INSERT OR IGNORE`, no row numbers other than the tables' own `row_id`.
- A set of texts or numbers is one parameter: `f"… WHERE id {db.among}"` with `db.values(ids)`; one of trace ids
  `f"… {db.among_bytes}"` with `db.byte_values(ids)`. Spans are a table of their own in the statement:
  `f"… FROM {db.wanted_spans} CROSS JOIN steps WHERE trace_id=wanted.trace AND span_id=wanted.span"` with
  `*db.spans(keys)`. One statement for all rows of a batch and not one for each: a database may be far away.
- An answer is read when it is needed and not when it is asked for: what was asked before the first answer is read goes
  to the database together, and so does what is written after the last one, the commit with it.
- Nobody else writes to a project while a transaction runs that writes to it (`Driver.begin`), in this process or in
  another. What was read in the transaction is still true when it commits: reading, then deciding, then writing is
  safe, a look-up before an insert needs no second look, and nothing can lock anything up.
- A transaction may be run again from its start, so it keeps nothing outside of the database.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import Enum, auto
from typing import Any, ClassVar, Protocol

from literalai_otel.server.store.rows import SpanKey

Parameters = Sequence[Any]


class Rows(Protocol):
    """What a statement answered."""

    def fetchone(self) -> Any:
        """The next row as a tuple, None when there is none."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Fault(Enum):
    """Whose fault it is that a transaction failed."""

    INPUT = auto()
    """A value, or the code that wrote it: each job of the transaction is tried alone, each step of a batch too."""
    SURROUNDINGS = auto()
    """Disk, memory or connection: no step is to blame, whoever waits is told."""
    MOMENT = auto()
    """Two transactions met, or the connection was lost before the commit: the same once more may succeed."""


class Driver(ABC):
    """The writer's connection, as the ingest path uses it, for one transaction at a time."""

    among: ClassVar[str]
    """Operator and parameter of `column is one of these texts or numbers`; the parameter is made by `values`."""
    among_bytes: ClassVar[str]
    """The same for bytes; the parameter is made by `byte_values`."""
    wanted_spans: ClassVar[str]
    """A table `wanted (trace, span)`; its parameters are made by `spans`."""

    @abstractmethod
    def execute(self, sql: str, parameters: Parameters = (), /) -> Rows:
        """Runs one statement."""

    @abstractmethod
    def executemany(self, sql: str, rows: Sequence[Parameters], /) -> Any:
        """Runs one statement for each row of parameters."""

    @abstractmethod
    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Parameters]) -> None:
        """Writes rows of which none is there yet, the fastest way there is."""

    @abstractmethod
    def values(self, items: Iterable[str] | Iterable[int]) -> Any:
        """The parameter of `among`."""

    @abstractmethod
    def byte_values(self, items: Iterable[bytes]) -> Any:
        """The parameter of `among_bytes`."""

    @abstractmethod
    def spans(self, keys: Iterable[SpanKey]) -> tuple[Any, ...]:
        """The parameters of `wanted_spans`."""

    @abstractmethod
    def payload(self, plain: bytes) -> bytes | str:
        """The JSON of a payload in the form in which the payload column holds it."""

    @abstractmethod
    def new_row_ids(self, table: str, count: int) -> Iterator[int]:
        """`count` ascending row numbers for `table` that no other row has or will have."""

    @abstractmethod
    def begin(self, projects: Collection[int] | None) -> None:
        """Opens a transaction, once nobody else writes to `projects`; None means all of them."""

    def announce(self, projects: Collection[int]) -> None:  # noqa: B027 - a database of one process tells nobody
        """Tells the other processes, once it is committed, that `projects` have changed."""

    @abstractmethod
    def commit(self) -> None:
        """Returns when everything is on the disk."""

    @abstractmethod
    def rollback(self) -> None:
        """Forgets the transaction. Where the connection is gone there is none, and the next driver gets a new one."""
