"""What running a server for a team needs.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes its tables, columns and indexes."""
    op.create_table(
        "server_state",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_state"),
    )
