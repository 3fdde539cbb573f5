"""What the storage of files needs: uploaded files, their blobs, the server's secrets; indexes of scores.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite makes a key of exactly this type name the row number itself.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Indexes over the rows that have a value in a column: (name, table, columns, that column).
PARTIAL_INDEXES = (
    ("ix_attachments_object", "attachments", ("project_id", "object_key"), "object_key"),
    ("ix_blobs_unused", "blobs", ("unused_from",), "unused_from"),
    ("ix_files_thread", "files", ("project_id", "thread_id"), "thread_id"),
    (
        "ix_scores_item",
        "scores",
        ("project_id", "dataset_experiment_item_id", "created_at"),
        "dataset_experiment_item_id",
    ),
)


def upgrade() -> None:
    """Makes its tables, columns and indexes."""
    op.create_table(
        "blobs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("unused_from", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_blobs"),
    )
    op.create_table(
        "files",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_files"),
        sa.UniqueConstraint("project_id", "id", name="uq_files_project_id_id"),
    )
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_secrets"),
    )
    for name, table, columns, column in PARTIAL_INDEXES:
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
    op.create_index("ix_scores_created", "scores", ["project_id", "created_at"])
    op.create_index("ix_scores_name_time", "scores", ["project_id", "name", "created_at"])
    op.drop_index("ix_scores_step", "scores")
    op.create_index("ix_scores_step", "scores", ["project_id", "step_id", "created_at"])


def downgrade() -> None:
    """Drops what `upgrade` made."""
    op.drop_index("ix_scores_step", "scores")
    op.create_index("ix_scores_step", "scores", ["project_id", "step_id"])
    for name in ("ix_scores_name_time", "ix_scores_created", "ix_scores_item"):
        op.drop_index(name, "scores")
    op.drop_index("ix_attachments_object", "attachments")
    for table in ("server_secrets", "files", "blobs"):
        op.drop_table(table)
