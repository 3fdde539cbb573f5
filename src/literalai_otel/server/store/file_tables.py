"""The tables of uploaded files, in the schema of `tables`.

A *file* is what a client uploaded: an object key (its `id`) that is never used twice. A *blob* is where its bytes
are in the storage; on disk, files of the same content share one. `uses` counts the files of a blob. One that nobody
uses has `unused_from` set, and from that moment on the sweep may remove it: blobs leave the storage after the commit
that made them useless, and a server that dies in between forgets none.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, UniqueConstraint

from literalai_otel.server.store.tables import RowId, metadata

files: Final = Table(
    "files",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("blob", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mime", Text, nullable=False),
    Column("thread_id", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
)

blobs: Final = Table(
    "blobs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("uses", BigInteger, nullable=False),
    Column("unused_from", BigInteger),
)

server_secrets: Final = Table(
    "server_secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

Index(
    "ix_blobs_unused",
    blobs.c.unused_from,
    sqlite_where=blobs.c.unused_from.is_not(None),
    postgresql_where=blobs.c.unused_from.is_not(None),
)
Index(
    "ix_files_thread",
    files.c.project_id,
    files.c.thread_id,
    sqlite_where=files.c.thread_id.is_not(None),
    postgresql_where=files.c.thread_id.is_not(None),
)
