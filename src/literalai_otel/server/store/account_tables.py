"""The tables of people: accounts, how they are signed in, and what they are in which project.

Tokens (of sessions, sign-in links and invitations) are random, so their sha256 alone is stored, as of keys. An account
belongs to no project: one person may be a member of several. `sessions.by_link` is 1 where a link signed in, after
which a forgotten password may be replaced.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from literalai_otel.server.store.tables import RowId, metadata

accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("email", Text, unique=True),  # lower case
    Column("password_hash", Text),
    Column("created_at", BigInteger, nullable=False),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", BigInteger, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("by_link", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Index("ix_sessions_account", "account_id"),
)

sign_in_links: Final = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

memberships: Final = Table(
    "memberships",
    metadata,
    Column("project_id", BigInteger, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger),
    PrimaryKeyConstraint("project_id", "account_id"),
    Index("ix_memberships_account", "account_id"),
)

invitations: Final = Table(
    "invitations",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("public_id", Text, nullable=False, unique=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("invited_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_invitations_project", "project_id"),
)
