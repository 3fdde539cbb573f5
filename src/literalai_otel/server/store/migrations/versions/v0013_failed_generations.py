"""The list of generations that failed, by an index over them alone.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The index."""
    failed = sa.text("generation_type IS NOT NULL AND coalesce(generation_error, error) IS NOT NULL")
    op.create_index(
        "ix_steps_failed", "steps", ["project_id", "sort_time"], sqlite_where=failed, postgresql_where=failed
    )


def downgrade() -> None:
    """Without it."""
    op.drop_index("ix_steps_failed", "steps")
