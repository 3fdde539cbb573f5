"""What the database holds of a step, as far as the ingest path needs it to merge and to count."""

from typing import Final, NamedTuple


class Stored(NamedTuple):
    """One row of `tables.steps`, without what is only shown."""

    id: str
    row_id: int
    parent_id: str | None
    root_run_id: str | None
    thread_id: str | None
    type: str | None
    trace_id: bytes | None
    waiting_span_id: bytes | None
    created_at: int
    start_time: int | None
    end_time: int | None
    error: str | None
    generation_type: str | None
    generation_error: str | None
    provider: str | None
    model: str | None
    input_token_count: int | None
    output_token_count: int | None
    token_count: int | None
    tokens_estimated: int | None
    input_cost: float | None
    output_cost: float | None
    cost: float | None
    price_rule: str | None


COLUMNS: Final = ", ".join(Stored._fields)
"""For SELECT: rows are `Stored._make(row)`."""
