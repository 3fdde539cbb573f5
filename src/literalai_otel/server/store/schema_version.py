"""Which schema the database has, and which one this program knows."""

from functools import cache

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from literalai_otel.server.store.migrations import FOLDER


@cache
def newest() -> str | None:
    """The version that this program brings a database to."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def stored(connection: Connection) -> str | None:
    """The version of the database; None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()
