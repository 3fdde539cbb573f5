"""Totals of threads, runs and users, costs and estimates of generations, price rules.

Frozen: later changes are versions of their own. Totals of rows that are there already are counted here.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# SQLite makes a key of exactly this type name the row number itself.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTERS = ("step_count", "generation_count", "error_count", "counted_count", "priced_count", "timed_count")
TOKENS = ("input_token_count", "output_token_count", "token_count")
SUMMED = (*COUNTERS[:4], "timed_count", *TOKENS, "duration")
STEP_COLUMNS = (
    ("tokens_estimated", sa.Integer()),
    ("input_cost", sa.Float()),
    ("output_cost", sa.Float()),
    ("cost", sa.Float()),
    ("price_rule", sa.Text()),
)
# Indexes that lists are walked by, both ways: the second column can be null, and nulls come first in an ascending list.
LIST_INDEXES = (
    ("ix_participants_engaged", "participants", "last_engaged"),
    ("ix_threads_tokens", "threads", "token_count"),
    ("ix_threads_duration", "threads", "duration"),
)
# Indexes over the rows that have a value in the second column.
PARTIAL_INDEXES = (
    ("ix_threads_environment", "threads", ("project_id", "environment")),
    ("ix_steps_prompt", "steps", ("project_id", "prompt_id", "sort_time")),
)
# A step's time counts where both ends are known, and never backwards.
DURATION = "CASE WHEN end_time > start_time THEN end_time - start_time ELSE 0 END"
TIMED = "start_time IS NOT NULL AND end_time IS NOT NULL"
RUN_KEY = "CASE WHEN root_run_id <> '' THEN root_run_id WHEN type = 'run' THEN id END"


def totals() -> list[sa.Column[Any]]:
    """The columns of totals, new ones for each table."""
    return [
        *(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in COUNTERS),
        *(sa.Column(name, sa.BigInteger()) for name in TOKENS),
        *(sa.Column(name, sa.Float()) for name in ("cost", "duration")),
    ]


def sums(timed: str) -> tuple[str, ...]:
    """The values of `SUMMED` over a group of steps."""
    tokens = (f"sum(CASE WHEN token_count IS NOT NULL THEN coalesce({name}, 0) END)" for name in TOKENS)
    return (
        "count(*)",
        "count(generation_type)",
        "count(CASE WHEN error <> '' OR generation_error <> '' THEN 1 END)",
        "count(token_count)",
        f"count(CASE WHEN {timed} THEN 1 END)",
        *tokens,
        f"sum(CASE WHEN {timed} THEN CAST({DURATION} AS FLOAT) END)",
    )


def upgrade() -> None:
    """Makes its tables, columns and indexes."""
    for name, kind in STEP_COLUMNS:
        op.add_column("steps", sa.Column(name, kind))
    for column in totals():
        op.add_column("threads", column)
    op.add_column("threads", sa.Column("engaged_at", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("thread_count", "token_count"):
        op.add_column("participants", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("participants", sa.Column("last_engaged", sa.BigInteger()))
    op.create_table(
        "run_totals",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        *totals(),
        sa.PrimaryKeyConstraint("project_id", "run_id", name="pk_run_totals"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "model_prices",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("input_price", sa.Float(), nullable=False),
        sa.Column("output_price", sa.Float(), nullable=False),
        sa.Column("starts_at", sa.BigInteger()),
        sa.Column("ends_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_model_prices"),
        sa.UniqueConstraint("project_id", "id", name="uq_model_prices_project_id_id"),
    )
    count()
    # SQLite has nulls first in every index.
    nulls = "NULLS FIRST" if op.get_bind().dialect.name == "postgresql" else ""
    for name, table, column in LIST_INDEXES:
        op.create_index(name, table, ["project_id", sa.text(f"{column} {nulls}".strip()), "row_id"])
    op.create_index("ix_threads_engaged", "threads", ["project_id", "participant_id", "engaged_at"])
    failed = sa.text("error IS NOT NULL")
    op.create_index(
        "ix_steps_error", "steps", ["project_id", "sort_time"], sqlite_where=failed, postgresql_where=failed
    )
    for name, table, columns in PARTIAL_INDEXES:
        where = sa.text(f"{columns[1]} IS NOT NULL")
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def count() -> None:
    """The totals of what is stored already. Nothing has a cost yet."""
    columns = ", ".join(SUMMED)
    of_runs = ", ".join(sums(f"{TIMED} AND {RUN_KEY} = id"))
    op.execute(
        f"INSERT INTO run_totals (project_id, run_id, {columns}) SELECT project_id, {RUN_KEY}, {of_runs} "
        f"FROM steps WHERE {RUN_KEY} IS NOT NULL GROUP BY project_id, {RUN_KEY}"
    )
    of_threads = zip(sums(f"{TIMED} AND parent_id IS NULL"), SUMMED, strict=True)
    op.execute(
        "CREATE TEMPORARY TABLE counted_threads AS SELECT project_id, thread_id, max(sort_time) AS engaged_at, "
        f"{', '.join(f'{expression} AS {name}' for expression, name in of_threads)} "
        "FROM steps WHERE thread_id IS NOT NULL GROUP BY project_id, thread_id"
    )
    op.execute("CREATE INDEX ix_counted_threads ON counted_threads (project_id, thread_id)")
    op.execute("UPDATE threads SET engaged_at = created_at")
    taken = ", ".join(f"{name} = counted.{name}" for name in (*SUMMED, "engaged_at"))
    op.execute(
        f"UPDATE threads SET {taken} FROM counted_threads AS counted "
        "WHERE counted.project_id = threads.project_id AND counted.thread_id = threads.id"
    )
    op.execute("DROP TABLE counted_threads")
    own = "FROM threads WHERE threads.project_id = participants.project_id AND threads.participant_id = participants.id"
    op.execute(
        f"UPDATE participants SET thread_count = (SELECT count(*) {own}), "
        f"token_count = (SELECT coalesce(sum(threads.token_count), 0) {own}), "
        f"last_engaged = (SELECT max(threads.engaged_at) {own})"
    )
