"""The first schema: projects, keys, users, threads, steps with payloads, tags, scores, attachments, bridges.

Frozen: later changes are versions of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite makes a key of exactly this type name the row number itself.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Faster than what PostgreSQL does by itself; not every PostgreSQL was built with it.
FASTER_COMPRESSION = """
DO $$ BEGIN
    ALTER TABLE step_payloads ALTER COLUMN content SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$
"""

# Indexes of steps over the rows that have a value in the first named column.
PARTIAL_INDEXES = (
    ("ix_steps_environment", "environment", "project_id", "environment", "sort_time"),
    ("ix_steps_generation", "generation_type", "project_id", "created_at"),
    ("ix_steps_model", "model", "project_id", "model", "sort_time"),
    ("ix_steps_name", "name", "project_id", "name", "sort_time"),
    ("ix_steps_parent", "parent_id", "project_id", "parent_id", "sort_time"),
    ("ix_steps_root", "root_run_id", "project_id", "root_run_id", "sort_time"),
    ("ix_steps_span", "trace_id", "project_id", "trace_id", "span_id"),
    ("ix_steps_thread", "thread_id", "project_id", "thread_id", "sort_time"),
    ("ix_steps_waiting", "waiting_span_id", "project_id", "trace_id", "waiting_span_id"),
)


def upgrade() -> None:
    """Makes every table and index."""
    op.create_table(
        "attachments",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("mime", sa.Text()),
        sa.Column("object_key", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("metadata", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_attachments"),
        sa.UniqueConstraint("project_id", "id", name="uq_attachments_project_id_id"),
    )
    op.create_index("ix_attachments_step", "attachments", ["project_id", "step_id"])
    op.create_table(
        "participants",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_participants"),
        sa.UniqueConstraint("project_id", "id", name="uq_participants_project_id_id"),
        sa.UniqueConstraint("project_id", "identifier", name="uq_participants_project_id_identifier"),
    )
    op.create_index("ix_participants_created", "participants", ["project_id", "created_at"])
    op.create_table(
        "projects",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("public_id", name="uq_projects_public_id"),
    )
    op.create_table(
        "scores",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text()),
        sa.Column("dataset_experiment_item_id", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("type", sa.Text()),
        sa.Column("value", sa.Float()),
        sa.Column("label", sa.Text()),
        sa.Column("comment", sa.Text()),
        sa.Column("scorer", sa.Text()),
        sa.Column("tags", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_scores"),
        sa.UniqueConstraint("project_id", "id", name="uq_scores_project_id_id"),
    )
    op.create_index("ix_scores_name", "scores", ["project_id", "name", "value"])
    op.create_index("ix_scores_step", "scores", ["project_id", "step_id"])
    op.create_table(
        "span_bridges",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("trace_id", sa.LargeBinary(), nullable=False),
        sa.Column("span_id", sa.LargeBinary(), nullable=False),
        sa.Column("step_id", sa.Text()),
        sa.Column("parent_span_id", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("project_id", "trace_id", "span_id", name="pk_span_bridges"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "step_payloads",
        sa.Column("step_row", ROW_ID, nullable=False),
        sa.Column("content", sa.LargeBinary().with_variant(sa.Text(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("step_row", name="pk_step_payloads"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FASTER_COMPRESSION)
    op.create_table(
        "step_tags",
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.Column("step_row", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tag_id", "step_row", name="pk_step_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_step_tags_step", "step_tags", ["step_row"])
    op.create_table(
        "steps",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("type", sa.Text()),
        sa.Column("thread_id", sa.Text()),
        sa.Column("parent_id", sa.Text()),
        sa.Column("root_run_id", sa.Text()),
        sa.Column("sort_time", sa.BigInteger(), nullable=False),
        sa.Column("start_time", sa.BigInteger()),
        sa.Column("end_time", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("environment", sa.Text()),
        sa.Column("tags", sa.Text()),
        sa.Column("input_preview", sa.Text()),
        sa.Column("output_preview", sa.Text()),
        sa.Column("trace_id", sa.LargeBinary()),
        sa.Column("span_id", sa.LargeBinary()),
        sa.Column("parent_span_id", sa.LargeBinary()),
        sa.Column("waiting_span_id", sa.LargeBinary()),
        sa.Column("generation_type", sa.Text()),
        sa.Column("generation_error", sa.Text()),
        sa.Column("provider", sa.Text()),
        sa.Column("model", sa.Text()),
        sa.Column("prompt_id", sa.Text()),
        sa.Column("input_token_count", sa.BigInteger()),
        sa.Column("output_token_count", sa.BigInteger()),
        sa.Column("token_count", sa.BigInteger()),
        sa.Column("tt_first_token", sa.Float()),
        sa.Column("duration", sa.Float()),
        sa.Column("token_throughput", sa.Float()),
        sa.PrimaryKeyConstraint("row_id", name="pk_steps"),
        sa.UniqueConstraint("project_id", "id", name="uq_steps_project_id_id"),
    )
    op.create_index("ix_steps_created", "steps", ["project_id", "created_at"])
    op.create_index("ix_steps_time", "steps", ["project_id", "sort_time"])
    op.create_index("ix_steps_type", "steps", ["project_id", "type", "sort_time"])
    op.create_table(
        "tags",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("project_id", "name", name="uq_tags_project_id_name"),
    )
    op.create_table(
        "thread_tags",
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_row", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tag_id", "thread_row", name="pk_thread_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_thread_tags_thread", "thread_tags", ["thread_row"])
    op.create_table(
        "threads",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("metadata", sa.Text()),
        sa.Column("tags", sa.Text()),
        sa.Column("participant_id", sa.Text()),
        sa.Column("environment", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_threads"),
        sa.UniqueConstraint("project_id", "id", name="uq_threads_project_id_id"),
    )
    op.create_index("ix_threads_created", "threads", ["project_id", "created_at"])
    op.create_index("ix_threads_name", "threads", ["project_id", "name"])
    op.create_index("ix_threads_participant", "threads", ["project_id", "participant_id", "created_at"])
    op.create_table(
        "api_keys",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_api_keys_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
    )
    for name, column, *columns in PARTIAL_INDEXES:
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "steps", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Drops every table; indexes go with them."""
    for name in (
        "api_keys",
        "threads",
        "thread_tags",
        "tags",
        "steps",
        "step_tags",
        "step_payloads",
        "span_bridges",
        "scores",
        "projects",
        "participants",
        "attachments",
    ):
        op.drop_table(name)
