"""Figures of the dashboard by quarter of an hour, and cached tokens of generations.

Frozen: later changes are versions of their own. Quarters that have steps already are marked here; their figures are
counted afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

QUARTER = 900_000_000
"""Microseconds."""


def upgrade() -> None:
    """Makes its tables and its column."""
    op.add_column("steps", sa.Column("cached_token_count", sa.BigInteger()))
    op.create_table(
        "dashboard_marks",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "quarter", name="pk_dashboard_marks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dashboard_figures",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "quarter", name="pk_dashboard_figures"),
    )
    # Division of whole numbers rounds towards zero, on both databases; before 1970 it must round down.
    start = f"CASE WHEN sort_time < 0 THEN sort_time - {QUARTER - 1} ELSE sort_time END"
    op.execute(
        "INSERT INTO dashboard_marks (project_id, quarter, changes) "
        f"SELECT DISTINCT project_id, ({start}) / {QUARTER}, 1 FROM steps"
    )


def downgrade() -> None:
    """Drops what `upgrade` made."""
    op.drop_table("dashboard_figures")
    op.drop_table("dashboard_marks")
    op.drop_column("steps", "cached_token_count")
