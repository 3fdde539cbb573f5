"""Alembic's entry: runs the versions on the connection that `upgrade` hands over."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from literalai_otel.server.store.migrations import Report, described
from literalai_otel.server.store.tables import metadata

connection: Connection = context.config.attributes["connection"]
report: Report = context.config.attributes["report"]


def tell(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
    """Passes an applied version on; Alembic calls with these names."""
    report(described(step.up_revision))


context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True, on_version_apply=tell)
if connection.dialect.name == "sqlite":
    # Python's driver opens no transaction for DDL by itself; a half-applied version would be unusable.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
with context.begin_transaction():
    context.run_migrations()
