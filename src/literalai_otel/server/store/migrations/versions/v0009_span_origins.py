"""Where spans come from: their scope and resource, once for all spans of a process.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes its table."""
    op.create_table(
        "span_origins",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "digest", name="pk_span_origins"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drops what `upgrade` made."""
    op.drop_table("span_origins")
