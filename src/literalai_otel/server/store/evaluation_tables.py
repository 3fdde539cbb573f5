"""The tables of datasets, experiments, prompts and score schemas, in the schema of `tables`.

What clients may send in any shape (inputs, outputs, params, messages) is JSON in Text columns: nothing looks into it
but the parameters of experiments, which are found by key, so each leaf of them is a row of `experiment_params`.

A prompt is a lineage with versions 0, 1, 2 …; `core_hash` says which messages, settings and tools a version has, and
`content_hash` says it of everything that is its content: two versions of a lineage never agree in it
(`spec/literal-wire.md` §2.10). A lineage that was deleted stays, flagged, so that generations keep their prompt.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text, UniqueConstraint

from literalai_otel.server.store.tables import RowId, metadata

datasets: Final = Table(
    "datasets",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("metadata", Text),
    Column("type", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
    Index("ix_datasets_created", "project_id", "created_at"),
    Index("ix_datasets_name", "project_id", "name"),
)

dataset_items: Final = Table(
    "dataset_items",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("dataset_id", Text, nullable=False),
    Column("step_id", Text),
    Column("input", Text, nullable=False),
    Column("expected_output", Text),
    Column("metadata", Text),
    Column("intermediary_steps", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
    Index("ix_dataset_items_dataset", "project_id", "dataset_id", "created_at"),
)

experiments: Final = Table(
    "experiments",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("dataset_id", Text),
    Column("prompt_id", Text),
    Column("prompt_variant_id", Text),
    Column("params", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
    Index("ix_experiments_created", "project_id", "created_at"),
    Index("ix_experiments_dataset", "project_id", "dataset_id"),
)

experiment_params: Final = Table(
    "experiment_params",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("experiment_id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("value", Text),
    Index("ix_experiment_params_experiment", "project_id", "experiment_id"),
)

experiment_items: Final = Table(
    "experiment_items",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("experiment_id", Text, nullable=False),
    Column("dataset_item_id", Text),
    Column("experiment_run_id", Text),
    Column("input", Text),
    Column("output", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
    Index("ix_experiment_items_experiment", "project_id", "experiment_id", "created_at"),
    Index("ix_experiment_items_dataset_item", "project_id", "dataset_item_id"),
)

prompt_lineages: Final = Table(
    "prompt_lineages",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    UniqueConstraint("project_id", "id"),
    UniqueConstraint("project_id", "name"),
)

prompt_versions: Final = Table(
    "prompt_versions",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("lineage_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("description", Text),
    Column("label", Text),
    Column("status", Text),
    Column("tags", Text),
    Column("template_messages", Text, nullable=False),
    Column("tools", Text),
    Column("settings", Text),
    Column("variables", Text),
    Column("variables_default_values", Text),
    Column("core_hash", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
    UniqueConstraint("project_id", "lineage_id", "version"),
    UniqueConstraint("project_id", "lineage_id", "content_hash"),
    Index("ix_prompt_versions_core", "project_id", "lineage_id", "core_hash"),
)

prompt_rollouts: Final = Table(
    "prompt_rollouts",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("lineage_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("rollout", Float, nullable=False),
    UniqueConstraint("project_id", "lineage_id", "version"),
)

prompt_variants: Final = Table(
    "prompt_variants",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("from_lineage_id", Text),
    Column("from_version", Integer),
    Column("score_template_id", Text),
    Column("template_messages", Text, nullable=False),
    Column("tools", Text),
    Column("settings", Text),
    Column("variables", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
)

score_schemas: Final = Table(
    "score_schemas",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("type", Text, nullable=False),
    Column("categories", Text),
    Column("minimum", Float),
    Column("maximum", Float),
    Column("created_by", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
    UniqueConstraint("project_id", "name"),
)
