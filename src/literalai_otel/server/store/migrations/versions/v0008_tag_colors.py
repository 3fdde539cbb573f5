"""The colours of tags.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds its column."""
    op.add_column("tags", sa.Column("color", sa.Text()))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("tags", "color")
