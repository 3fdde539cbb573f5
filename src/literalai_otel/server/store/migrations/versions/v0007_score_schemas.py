"""Score schemas; the schema and the author of scores.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# SQLite makes a key of exactly this type name the row number itself.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes its table, columns and index."""
    op.create_table(
        "score_schemas",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text()),
        sa.Column("minimum", sa.Float()),
        sa.Column("maximum", sa.Float()),
        sa.Column("created_by", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_score_schemas"),
        sa.UniqueConstraint("project_id", "id", name="uq_score_schemas_project_id_id"),
        sa.UniqueConstraint("project_id", "name", name="uq_score_schemas_project_id_name"),
    )
    for name in ("schema_id", "created_by"):
        op.add_column("scores", sa.Column(name, sa.Text()))
    where = sa.text("schema_id IS NOT NULL")
    columns = ["project_id", "schema_id", "created_at"]
    op.create_index("ix_scores_schema", "scores", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Drops what `upgrade` made."""
    op.drop_index("ix_scores_schema", "scores")
    for name in ("schema_id", "created_by"):
        op.drop_column("scores", name)
    op.drop_table("score_schemas")
