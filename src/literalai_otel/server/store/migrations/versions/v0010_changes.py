"""The feed of changes that open pages follow.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes its table."""
    op.create_table(
        "changes",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text()),
        sa.PrimaryKeyConstraint("project_id", "sequence", name="pk_changes"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drops what `upgrade` made."""
    op.drop_table("changes")
