"""An opened database: a connection for the one writer, a pool of readers, and the driver of the ingest path.

What differs between SQLite and PostgreSQL is in `store.engines`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError

from literalai_otel.server.store.driver import Driver, Fault
from literalai_otel.server.values import InvalidValueError

READERS: Final = 8
"""Connections for reads; a read that finds none free waits."""

UNSTORABLE: Final = (DataError, UnicodeEncodeError, OverflowError)
"""What drivers raise for a value that no database holds: NUL, a lone surrogate, a number of more than 64 bits."""


def refused(problem: Exception) -> InvalidValueError:
    """The same for whoever sent the value."""
    cause = problem.orig if isinstance(problem, DataError) else problem
    return InvalidValueError(f"a value cannot be stored or compared: {cause}")


class StoreUnavailableError(Exception):
    """The database takes or answers nothing now: it cannot be reached, or its disk is full. Later it may.

    The cause says why. It is no `LiteralError`, since whoever asked did nothing wrong.
    """


class Closing(Protocol):
    """Something that goes on until it is closed."""

    def close(self) -> None:
        """Ends it."""
        ...


class Database(ABC):
    """`writer` belongs to the writer thread alone; everybody else uses `read()`."""

    def __init__(self, writer: Engine, readers: Engine) -> None:
        self._readers = readers
        self.writer = writer

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A read-only connection that sees one state of the database until the block ends.

        Raises:
            InvalidValueError: a statement compares with a value that no column of that kind can hold.
            StoreUnavailableError: the database does not answer.
        """
        try:
            with self._readers.connect() as connection:
                self._begin_read(connection)
                yield connection
        except UNSTORABLE as problem:
            raise refused(problem) from problem
        except DBAPIError as problem:
            if self.fault(problem) is Fault.INPUT:
                raise
            raise StoreUnavailableError(f"the database cannot be read: {problem.orig}") from problem

    def close(self) -> None:
        """Closes all connections."""
        self._readers.dispose()
        self.writer.dispose()

    def listen(self, heard: Callable[[int | None], None]) -> Closing | None:
        """Calls `heard` with the projects that other processes announce, until what it answers is closed.

        None stands for any project: something may have been missed. A database of one process answers None.
        """
        return None

    @abstractmethod
    def driver(self, connection: Connection) -> Driver:
        """The driver of a connection of `writer`; good until the transaction ends."""

    @abstractmethod
    def fault(self, problem: BaseException) -> Fault:
        """What the failure of a statement or of a commit means. SQLAlchemy's wrapping is seen through."""

    def rest(self, connection: Connection) -> None:  # noqa: B027 - most databases look after themselves
        """What there is to do when no write came for a while."""

    def _begin_read(self, connection: Connection) -> None:  # noqa: B027 - drivers that open transactions themselves
        """Opens the transaction of a read."""
