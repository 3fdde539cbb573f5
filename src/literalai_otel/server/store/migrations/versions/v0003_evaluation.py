"""Datasets, experiments and prompts.

Frozen: later changes are versions of their own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# SQLite makes a key of exactly this type name the row number itself.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

INDEXES = (
    ("ix_datasets_created", "datasets", "project_id", "created_at"),
    ("ix_datasets_name", "datasets", "project_id", "name"),
    ("ix_dataset_items_dataset", "dataset_items", "project_id", "dataset_id", "created_at"),
    ("ix_experiments_created", "experiments", "project_id", "created_at"),
    ("ix_experiments_dataset", "experiments", "project_id", "dataset_id"),
    ("ix_experiment_params_experiment", "experiment_params", "project_id", "experiment_id"),
    ("ix_experiment_items_experiment", "experiment_items", "project_id", "experiment_id", "created_at"),
    ("ix_experiment_items_dataset_item", "experiment_items", "project_id", "dataset_item_id"),
    ("ix_prompt_versions_core", "prompt_versions", "project_id", "lineage_id", "core_hash"),
)


def upgrade() -> None:
    """Makes its tables, columns and indexes."""
    _create(
        "datasets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("metadata", sa.Text()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        unique=(("id",),),
    )
    _create(
        "dataset_items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text()),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("expected_output", sa.Text()),
        sa.Column("metadata", sa.Text()),
        sa.Column("intermediary_steps", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        unique=(("id",),),
    )
    _create(
        "experiments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text()),
        sa.Column("prompt_id", sa.Text()),
        sa.Column("prompt_variant_id", sa.Text()),
        sa.Column("params", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        unique=(("id",),),
    )
    _create(
        "experiment_params",
        sa.Column("experiment_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("value", sa.Text()),
    )
    _create(
        "experiment_items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("experiment_id", sa.Text(), nullable=False),
        sa.Column("dataset_item_id", sa.Text()),
        sa.Column("experiment_run_id", sa.Text()),
        sa.Column("input", sa.Text()),
        sa.Column("output", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        unique=(("id",),),
    )
    _create(
        "prompt_lineages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger()),
        unique=(("id",), ("name",)),
    )
    _create(
        "prompt_versions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lineage_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("label", sa.Text()),
        sa.Column("status", sa.Text()),
        sa.Column("tags", sa.Text()),
        sa.Column("template_messages", sa.Text(), nullable=False),
        sa.Column("tools", sa.Text()),
        sa.Column("settings", sa.Text()),
        sa.Column("variables", sa.Text()),
        sa.Column("variables_default_values", sa.Text()),
        sa.Column("core_hash", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        unique=(("id",), ("lineage_id", "version"), ("lineage_id", "content_hash")),
    )
    _create(
        "prompt_rollouts",
        sa.Column("lineage_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rollout", sa.Float(), nullable=False),
        unique=(("lineage_id", "version"),),
    )
    _create(
        "prompt_variants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("from_lineage_id", sa.Text()),
        sa.Column("from_version", sa.Integer()),
        sa.Column("score_template_id", sa.Text()),
        sa.Column("template_messages", sa.Text(), nullable=False),
        sa.Column("tools", sa.Text()),
        sa.Column("settings", sa.Text()),
        sa.Column("variables", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        unique=(("id",),),
    )
    for name, table, *columns in INDEXES:
        op.create_index(name, table, columns)


def _create(name: str, *columns: sa.Column[Any], unique: tuple[tuple[str, ...], ...] = ()) -> None:
    """A table of rows that belong to a project; what is unique is so within the project."""
    op.create_table(
        name,
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("row_id", name=f"pk_{name}"),
        *(sa.UniqueConstraint("project_id", *key, name=f"uq_{name}_project_id_{'_'.join(key)}") for key in unique),
    )


def downgrade() -> None:
    """Drops its tables; indexes go with them."""
    for name in (
        "prompt_variants",
        "prompt_rollouts",
        "prompt_versions",
        "prompt_lineages",
        "experiment_items",
        "experiment_params",
        "experiments",
        "dataset_items",
        "datasets",
    ):
        op.drop_table(name)
