"""The logical schema, once, for SQLite and PostgreSQL alike.

What each group of columns and each index of `steps` costs is measured by `benchmarks/floor.py`. The ideas:

- Rows have an integer key (`row_id`) besides Literal's free-text id. Ids are random, so a large table keyed by
  them is written all over; payloads keyed by the integer are appended, and lists break ties by it.
- A step is a *hot row* (scalars and previews of 200 characters) and a *payload row* (everything long, one JSON
  object, compressed). Lists read hot rows only (`spec/platform-peers.md` §2.2, lesson 3). One blob a step and not
  one a column: a generation's messages and its step's input say the same, and together they compress to 70 %.
- Times are microseconds since 1970; `sort_time` is the start, or the first insert where there is no start.
- Steps keep the ids of their span, so that parents are found across services (`DESIGN.md` §3, Identity).
  `waiting_span_id` is the span that the parent is searched under, empty as soon as the parent is known.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
)

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

# SQLite makes a key of exactly this type name the row number itself, which is what makes appending cheap.
RowId = BigInteger().with_variant(Integer, "sqlite")
SpanId = LargeBinary  # 8 raw bytes; trace ids 16


def _totals() -> list[Column[Any]]:
    """The columns of `totals.COLUMNS`: new ones for each table."""
    counters = ("step_count", "generation_count", "error_count", "counted_count", "priced_count", "timed_count")
    return [
        *(Column(name, BigInteger, nullable=False, server_default="0") for name in counters),
        *(Column(name, BigInteger) for name in ("input_token_count", "output_token_count", "token_count")),
        *(Column(name, Float) for name in ("cost", "duration")),
    ]


projects: Final = Table(
    "projects",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", RowId, primary_key=True),
    Column[int]("project_id", ForeignKey("projects.id"), nullable=False),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("role", Text, nullable=False, server_default="ADMIN"),
    Column("created_by", Text),
)

participants: Final = Table(
    "participants",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("metadata", Text),
    Column("created_at", BigInteger, nullable=False),
    # Over the threads of the user.
    Column("thread_count", BigInteger, nullable=False, server_default="0"),
    Column("token_count", BigInteger, nullable=False, server_default="0"),
    Column("last_engaged", BigInteger),
    UniqueConstraint("project_id", "id"),
    UniqueConstraint("project_id", "identifier"),
    Index("ix_participants_created", "project_id", "created_at"),
    Index("ix_participants_engaged", "project_id", "last_engaged", "row_id"),
)

threads: Final = Table(
    "threads",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text),
    Column("metadata", Text),
    Column("tags", Text),
    Column("participant_id", Text),
    Column("environment", Text),
    Column("created_at", BigInteger, nullable=False),
    *_totals(),
    # The start of the newest step, the thread's own creation where it has none.
    Column("engaged_at", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("project_id", "id"),
    Index("ix_threads_created", "project_id", "created_at"),
    Index("ix_threads_tokens", "project_id", "token_count", "row_id"),
    Index("ix_threads_duration", "project_id", "duration", "row_id"),
    Index("ix_threads_engaged", "project_id", "participant_id", "engaged_at"),
    Index("ix_threads_participant", "project_id", "participant_id", "created_at"),
    Index("ix_threads_name", "project_id", "name"),
)
Index(
    "ix_threads_environment",
    threads.c.project_id,
    threads.c.environment,
    sqlite_where=threads.c.environment.is_not(None),
    postgresql_where=threads.c.environment.is_not(None),
)

steps: Final = Table(
    "steps",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text),
    Column("type", Text),
    Column("thread_id", Text),
    Column("parent_id", Text),
    Column("root_run_id", Text),
    Column("sort_time", BigInteger, nullable=False),
    Column("start_time", BigInteger),
    Column("end_time", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("error", Text),
    Column("environment", Text),
    Column("tags", Text),
    Column("input_preview", Text),
    Column("output_preview", Text),
    Column("trace_id", SpanId),
    Column("span_id", SpanId),
    Column("parent_span_id", SpanId),
    Column("waiting_span_id", SpanId),
    # The scalars of the generation; `generation_type` is set exactly where there is one.
    Column("generation_type", Text),
    Column("generation_error", Text),
    Column("provider", Text),
    Column("model", Text),
    Column("prompt_id", Text),
    Column("input_token_count", BigInteger),
    Column("output_token_count", BigInteger),
    Column("token_count", BigInteger),
    # Of the input tokens those that the provider read from its cache.
    Column("cached_token_count", BigInteger),
    Column("tt_first_token", Float),
    Column("duration", Float),
    Column("token_throughput", Float),
    Column("tokens_estimated", Integer),
    Column("input_cost", Float),
    Column("output_cost", Float),
    Column("cost", Float),
    Column("price_rule", Text),
    UniqueConstraint("project_id", "id"),
)
Index("ix_steps_time", steps.c.project_id, steps.c.sort_time)
Index("ix_steps_created", steps.c.project_id, steps.c.created_at)
Index("ix_steps_type", steps.c.project_id, steps.c.type, steps.c.sort_time)
for _name, _columns, _where in (
    ("ix_steps_thread", (steps.c.thread_id, steps.c.sort_time), steps.c.thread_id.is_not(None)),
    ("ix_steps_parent", (steps.c.parent_id, steps.c.sort_time), steps.c.parent_id.is_not(None)),
    ("ix_steps_root", (steps.c.root_run_id, steps.c.sort_time), steps.c.root_run_id.is_not(None)),
    ("ix_steps_name", (steps.c.name, steps.c.sort_time), steps.c.name.is_not(None)),
    ("ix_steps_environment", (steps.c.environment, steps.c.sort_time), steps.c.environment.is_not(None)),
    ("ix_steps_prompt", (steps.c.prompt_id, steps.c.sort_time), steps.c.prompt_id.is_not(None)),
    ("ix_steps_error", (steps.c.sort_time,), steps.c.error.is_not(None)),
    ("ix_steps_model", (steps.c.model, steps.c.sort_time), steps.c.model.is_not(None)),
    ("ix_steps_generation", (steps.c.created_at,), steps.c.generation_type.is_not(None)),
    ("ix_steps_tokens", (steps.c.token_count, steps.c.row_id), steps.c.generation_type.is_not(None)),
    ("ix_steps_span", (steps.c.trace_id, steps.c.span_id), steps.c.trace_id.is_not(None)),
    ("ix_steps_waiting", (steps.c.trace_id, steps.c.waiting_span_id), steps.c.waiting_span_id.is_not(None)),
):
    Index(_name, steps.c.project_id, *_columns, sqlite_where=_where, postgresql_where=_where)

_failed = and_(
    steps.c.generation_type.is_not(None), func.coalesce(steps.c.generation_error, steps.c.error).is_not(None)
)
Index("ix_steps_failed", steps.c.project_id, steps.c.sort_time, sqlite_where=_failed, postgresql_where=_failed)

step_payloads: Final = Table(
    "step_payloads",
    metadata,
    Column("step_row", RowId, primary_key=True),
    # Compressed by us on SQLite; on PostgreSQL a text that SQL looks into and that the database compresses (TOAST).
    Column("content", LargeBinary().with_variant(Text(), "postgresql"), nullable=False),
)

tags: Final = Table(
    "tags",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("color", Text),
    UniqueConstraint("project_id", "name"),
)

step_tags: Final = Table(
    "step_tags",
    metadata,
    Column("tag_id", BigInteger, nullable=False),
    Column("step_row", BigInteger, nullable=False),
    PrimaryKeyConstraint("tag_id", "step_row"),
    Index("ix_step_tags_step", "step_row"),
    sqlite_with_rowid=False,
)

thread_tags: Final = Table(
    "thread_tags",
    metadata,
    Column("tag_id", BigInteger, nullable=False),
    Column("thread_row", BigInteger, nullable=False),
    PrimaryKeyConstraint("tag_id", "thread_row"),
    Index("ix_thread_tags_thread", "thread_row"),
    sqlite_with_rowid=False,
)

scores: Final = Table(
    "scores",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("step_id", Text),
    Column("dataset_experiment_item_id", Text),
    Column("name", Text),
    Column("type", Text),
    Column("value", Float),
    Column("label", Text),
    Column("comment", Text),
    Column("scorer", Text),
    Column("tags", Text),
    Column("schema_id", Text),
    Column("created_by", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
    # The time at the end: without statistics SQLite prefers the index that saves it sorting.
    Index("ix_scores_step", "project_id", "step_id", "created_at"),
    Index("ix_scores_name_time", "project_id", "name", "created_at"),
    Index("ix_scores_name", "project_id", "name", "value"),
    Index("ix_scores_created", "project_id", "created_at"),
)

attachments: Final = Table(
    "attachments",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("step_id", Text, nullable=False),
    Column("thread_id", Text),
    Column("name", Text),
    Column("mime", Text),
    Column("object_key", Text),
    Column("url", Text),
    Column("metadata", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
    Index("ix_attachments_step", "project_id", "step_id"),
)
for _name, _column, _more in (
    ("ix_scores_item", scores.c.dataset_experiment_item_id, [scores.c.created_at]),
    ("ix_scores_schema", scores.c.schema_id, [scores.c.created_at]),
    ("ix_attachments_object", attachments.c.object_key, []),
):
    _where = _column.is_not(None)
    Index(_name, _column.table.c.project_id, _column, *_more, sqlite_where=_where, postgresql_where=_where)

# Spans that are no steps, but stand between steps: `step_id` where the nearest step above is known by id (our SDK
# names such spans), else `parent_span_id`, one hop up (spans that came in over OTLP and are no steps).
span_bridges: Final = Table(
    "span_bridges",
    metadata,
    Column("project_id", BigInteger, nullable=False),
    Column("trace_id", SpanId, nullable=False),
    Column("span_id", SpanId, nullable=False),
    Column("step_id", Text),
    Column("parent_span_id", SpanId),
    PrimaryKeyConstraint("project_id", "trace_id", "span_id"),
    sqlite_with_rowid=False,
)

# Keyed by the root run's id, which steps may name before it is there itself.
run_totals: Final = Table(
    "run_totals",
    metadata,
    Column("project_id", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    *_totals(),
    PrimaryKeyConstraint("project_id", "run_id"),
    sqlite_with_rowid=False,
)

model_prices: Final = Table(
    "model_prices",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("project_id", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("pattern", Text, nullable=False),
    Column("input_price", Float, nullable=False),
    Column("output_price", Float, nullable=False),
    Column("starts_at", BigInteger),
    Column("ends_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "id"),
)
