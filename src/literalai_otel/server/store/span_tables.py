"""The table of where spans come from, in the schema of `tables`.

Scope and resource are the same for all spans of a process and weigh more than most of them, so each pair is kept once
in a project, under a digest of its content that the payloads of its steps name. `seen_at` is when a step last named
it, give or take an hour: what no step is young enough for goes with the retention.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table, Text

from literalai_otel.server.store.tables import metadata

span_origins: Final = Table(
    "span_origins",
    metadata,
    Column("project_id", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "digest"),
    sqlite_with_rowid=False,
)
