"""Generations in order of their tokens.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the index."""
    # SQLite has nulls first in every index; generations without a count come first in an ascending list.
    nulls = "NULLS FIRST" if op.get_bind().dialect.name == "postgresql" else ""
    where = sa.text("generation_type IS NOT NULL")
    op.create_index(
        "ix_steps_tokens",
        "steps",
        ["project_id", sa.text(f"token_count {nulls}".strip()), "row_id"],
        sqlite_where=where,
        postgresql_where=where,
    )
