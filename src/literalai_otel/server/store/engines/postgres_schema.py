"""Whether a PostgreSQL database is fit for us, and what brings its schema to the newest version."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Engine, text

from literalai_otel.errors import ConfigError
from literalai_otel.server.store.engines.postgres_address import PostgresAddress
from literalai_otel.server.store.engines.postgres_functions import install, is_installed, major_version
from literalai_otel.server.store.migrations import Report, is_newest, pending, silent, upgrade

OLDEST_VERSION: Final = 15
_MIGRATION_LOCK: Final = 0x6C69746572616C
"""An advisory lock: of several servers that start at once one migrates, the others wait."""
_MARKS: Final = frozenset({"alembic_version", "projects", "api_keys", "steps", "step_payloads"})
"""Tables that no other program has all of."""
_TABLES: Final = text(
    "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE nspname = :schema AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS "
    "(SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e') ORDER BY relname"
)
_OTHERWISE_COLLATED: Final = text(
    "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
    "JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = :schema AND relkind = 'r' "
    "AND attnum > 0 AND atttypid = 'text'::regtype AND attcollation <> 'pg_catalog.\"C\"'::regcollation "
    "ORDER BY relname, attname"
)


def bring_up_to_date(direct: Engine, address: PostgresAddress, report: Report = silent) -> None:
    """Checks the server and the schema; migrates where something is missing, one program at a time.

    Args:
        direct: sessions without a pooler in between.
        address: names the schema.
        report: hears of each version that is applied.

    Raises:
        ConfigError: the server is too old, the schema belongs to somebody else or is newer than this program.
    """
    with direct.connect() as connection:
        _check_server(connection, address)
        if is_ready(connection, address):
            return
    with direct.begin() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {address.schema}")
        _check_tables(connection, address)
        upgrade(connection, report, otherwise="set DATABASE_SCHEMA to another schema")
        _collate(connection, address)
        install(connection)


def missing(connection: Connection, address: PostgresAddress) -> Sequence[str]:
    """What `bring_up_to_date` would apply, for people.

    Raises:
        ConfigError: see `bring_up_to_date`.
    """
    _check_server(connection, address)
    _check_tables(connection, address)
    versions = pending(connection)
    return versions if versions or is_installed(connection) else ["the functions of filters"]


def is_ready(connection: Connection, address: PostgresAddress) -> bool:
    """Whether there is nothing to migrate.

    Raises:
        ConfigError: the schema belongs to somebody else.
    """
    return _check_tables(connection, address) and is_newest(connection) and is_installed(connection)


def _check_server(connection: Connection, address: PostgresAddress) -> None:
    version = major_version(connection)
    if version < OLDEST_VERSION:
        raise ConfigError(f"{address} is version {version}: PostgreSQL {OLDEST_VERSION} or later is needed")
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise ConfigError(f"{address} is encoded in {encoding}: make a database with ENCODING 'UTF8'")


def _check_tables(connection: Connection, address: PostgresAddress) -> bool:
    """Whether our tables are there. Refuses a schema with the tables of others alone."""
    found = set(connection.scalars(_TABLES, {"schema": address.schema}))
    if found >= _MARKS:
        return True
    if found:
        shown = ", ".join(sorted(found)[:5]) + (", …" if len(found) > 5 else "")
        raise ConfigError(
            f"{address} holds tables that are not ours ({shown}): set DATABASE_SCHEMA to a schema of our own, "
            "such as literal (it is made if absent), or DATABASE_URL to an empty database"
        )
    return False


def _collate(connection: Connection, address: PostgresAddress) -> None:
    """Makes every text compare by its code points, as on SQLite, whatever the language of the database is.

    Lists of names then have one order everywhere, and cursors stay right when a system's collation changes.
    """
    columns: dict[str, list[str]] = {}
    for table, column in connection.execute(_OTHERWISE_COLLATED, {"schema": address.schema}):
        columns.setdefault(table, []).append(f'ALTER COLUMN {column} TYPE text COLLATE "C"')
    for table, changes in columns.items():
        connection.exec_driver_sql(f"ALTER TABLE {table} {', '.join(changes)}")
