"""What differs between the databases: a few modules each, and nothing that differs anywhere else."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from literalai_otel.errors import ConfigError
from literalai_otel.server.store.database import Database
from literalai_otel.server.store.engines.postgres_address import PostgresAddress
from literalai_otel.server.store.engines.sqlite import SqliteDatabase
from literalai_otel.server.store.migrations import Report, silent

if TYPE_CHECKING:
    from literalai_otel.server.store.engines.postgres import PostgresDatabase


def open_database(data_dir: Path, address: PostgresAddress | None, report: Report = silent) -> Database:
    """See `Store.open`; `report` hears of each version of the schema that is applied."""
    return SqliteDatabase.open(data_dir, report) if address is None else _postgres().open(address, report)


def open_beside(data_dir: Path, address: PostgresAddress | None) -> Database:
    """See `Store.open_beside`."""
    return SqliteDatabase.beside(data_dir) if address is None else _postgres().beside(address)


def pending_versions(data_dir: Path, address: PostgresAddress | None) -> Sequence[str]:
    """What `open_database` would apply to the schema, oldest first; nothing is locked, made or changed.

    Raises:
        ConfigError: as `open_database`.
    """
    return SqliteDatabase.pending(data_dir) if address is None else _postgres().pending(address)


def _postgres() -> "type[PostgresDatabase]":
    """Loaded when it is asked for: its driver is an extra of its own."""
    try:
        from literalai_otel.server.store.engines.postgres import PostgresDatabase
    except ImportError as missing:
        raise ConfigError(
            f"PostgreSQL needs a package that is not installed ({missing.name}): "
            'pip install "literalai-otel[server,postgres]"'
        ) from missing
    return PostgresDatabase
