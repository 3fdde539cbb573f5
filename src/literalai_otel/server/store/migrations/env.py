"""Alembic's entry: runs the versions on the connection that `upgrade` hands over."""

from alembic import context
from sqlalchemy import Connection

from literalai_otel.server.store.tables import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
if connection.dialect.name == "sqlite":
    # Python's driver opens no transaction for DDL by itself; a half-applied version would be unusable.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
with context.begin_transaction():
    context.run_migrations()
