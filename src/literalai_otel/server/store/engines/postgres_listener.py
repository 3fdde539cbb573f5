"""What other servers on the same PostgreSQL announce: one LISTEN connection, on a thread of its own.

A lost connection is made again; meanwhile the listener says every two seconds that anything may have changed, so that
whoever it tells looks for himself.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final, cast

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

CHANNEL: Final = "literalai_otel_changes"
AGAIN_SECONDS: Final = 2.0
"""Between two attempts to connect, each of which tells that anything may have changed."""
_LOOK_SECONDS: Final = 0.25
"""How long the end of the listener may take."""
_LOGGER: Final = logging.getLogger(__name__)


def announcement(schema: str, project_id: int) -> str:
    """What a transaction that changed a project says: a database may hold several of our schemas."""
    return f"{schema} {project_id}"


class PostgresListener:
    """Calls `heard` with each project that is announced in `schema`; with None when something may have been missed."""

    def __init__(self, engine: Engine, schema: str, heard: Callable[[int | None], None]) -> None:
        self._engine = engine
        self._schema = schema
        self._heard = heard
        self._ending = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._run, name="literalai-store-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and gives its connection back."""
        self._ending.set()
        self._thread.join(_LOOK_SECONDS * 8)
        self._engine.dispose()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._listen()
            except (psycopg.Error, DBAPIError) as problem:
                if not self._lost:
                    _LOGGER.warning("other servers' changes are not heard, they are polled for: %s", problem)
                self._lost = True
                self._heard(None)
                self._ending.wait(AGAIN_SECONDS)

    def _listen(self) -> None:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
            if self._lost:
                _LOGGER.info("other servers' changes are heard again")
            self._lost = False
            self._heard(None)  # what was committed before the first word was heard
            while not self._ending.is_set():
                for notice in raw.notifies(timeout=_LOOK_SECONDS):
                    schema, _, project_id = notice.payload.rpartition(" ")
                    if schema == self._schema:
                        self._heard(int(project_id))
