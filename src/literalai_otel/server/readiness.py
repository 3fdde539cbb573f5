"""What must answer before a process may take requests, each check in one function that blocks."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from typing import Final

from literalai_otel.server.blobs.storage import StorageError
from literalai_otel.server.files import Files
from literalai_otel.server.store import schema_version, state
from literalai_otel.server.store.store import Store

WRITE_SECONDS: Final = 4.0
_BEAT: Final = "readiness"

_log = logging.getLogger(__name__)


def vital_checks(store: Store) -> Mapping[str, Callable[[], str | None]]:
    """Name to check, for `HealthRoute`."""
    return {"database": lambda: database(store), "schema": lambda: schema(store)}


def database(store: Store) -> str | None:
    """One small row is written, through the queue that every write goes through."""
    try:
        store.write(state.note, _BEAT).result(WRITE_SECONDS)
    except (TimeoutError, CancelledError):
        return "the database takes no writes: a write was not done in time"
    except Exception:
        _log.warning("the database takes no writes", exc_info=True)
        return "the database takes no writes: the server's log says why"
    return None


def schema(store: Store) -> str | None:
    """The schema is the one that this program knows: another process may have migrated it since."""
    try:
        found = store.read(schema_version.stored)
    except Exception:
        _log.warning("the schema cannot be read", exc_info=True)
        return "the schema cannot be read: the server's log says why"
    newest = schema_version.newest()
    if found == newest:
        return None
    return f"the database has schema {found}, this program knows {newest}: restart with the program that migrated it"


def storage(files: Files) -> str | None:
    """Files can be kept and read. Uploads alone depend on it, so it takes no process out of service."""
    try:
        files.check()
    except StorageError as problem:
        return f"uploads are refused: {problem}"
    return None
