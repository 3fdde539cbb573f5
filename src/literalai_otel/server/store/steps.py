"""Reading and deleting steps. Shapes: `spec/literal-wire.md` §4, Step and Generation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, cast

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select
from sqlalchemy import delete as delete_from

from literalai_otel.jsonable import loads
from literalai_otel.server.store import rollups, totals
from literalai_otel.server.store.attachments import delete_of_steps as delete_attachments
from literalai_otel.server.store.attachments import to_wire as attachment_to_wire
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.journal import notes_of
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.store.payload import unpack
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.scores import delete_of_steps as delete_scores
from literalai_otel.server.store.scores import to_wire as score_to_wire
from literalai_otel.server.store.stored import Stored
from literalai_otel.server.store.tables import attachments, scores, span_bridges, step_payloads, step_tags, steps
from literalai_otel.server.times import format_time

COLUMNS: Final[tuple[ColumnElement[Any], ...]] = tuple(steps.c)

_TEXTS: Final = {
    "id": "id",
    "name": "name",
    "type": "type",
    "thread_id": "threadId",
    "parent_id": "parentId",
    "root_run_id": "rootRunId",
    "environment": "environment",
    "error": "error",
}
_TIMES: Final = {"start_time": "startTime", "end_time": "endTime", "created_at": "createdAt"}
_GENERATION: Final = {
    "generation_type": "type",
    "generation_error": "error",
    "provider": "provider",
    "model": "model",
    "prompt_id": "promptId",
    "input_token_count": "inputTokenCount",
    "output_token_count": "outputTokenCount",
    "token_count": "tokenCount",
    "tt_first_token": "ttFirstToken",
    "duration": "duration",
    "token_throughput": "tokenThroughputInSeconds",
    "input_cost": "inputCost",
    "output_cost": "outputCost",
    "cost": "cost",
    "price_rule": "priceRule",
}
TIME: Final = "time"
"""The order of lists that name none: by the start, or the first insert where there is no start."""
_ORDERS: Final[Mapping[str, tuple[ColumnElement[Any], bool]]] = {
    TIME: (steps.c.sort_time, False),
    "createdAt": (steps.c.created_at, False),
    "startTime": (steps.c.start_time, True),
    "endTime": (steps.c.end_time, True),
    "name": (steps.c.name, True),
    "type": (steps.c.type, True),
    "tokenCount": (steps.c.token_count, True),
    "duration": (steps.c.duration, True),
}


def get(connection: Connection, project_id: int, step_id: str) -> dict[str, Any] | None:
    """A whole step."""
    rows = connection.execute(select(*COLUMNS).where(steps.c.project_id == project_id, steps.c.id == step_id)).all()
    found = to_wire(connection, project_id, rows, payload=True)
    return found[0] if found else None


def known_ids(connection: Connection, project_id: int, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that are stored steps."""
    found: set[str] = set()
    for chunk in portions(list(ids)):
        own = (steps.c.project_id == project_id, steps.c.id.in_(chunk))
        found.update(connection.execute(select(steps.c.id).where(*own)).scalars())
    return found


def page(
    connection: Connection,
    project_id: int,
    query: PageQuery,
    *,
    payload: bool,
    entity: Literal["steps", "runs"] = "steps",
) -> Listing:
    """A page of steps, or of those alone that are root runs."""
    column, descending = (query.order.column, query.order.descending) if query.order else (TIME, True)
    expression, nullable = _ORDERS[column]
    sorting = Sorting(
        name=column, expression=expression, row_id=steps.c.row_id, descending=descending, nullable=nullable
    )
    found = fetch(connection, COLUMNS, where(entity, project_id, query.filters, connection), query, sorting)
    return found.listing(to_wire(connection, project_id, found.rows, payload=payload))


def of_threads(
    connection: Connection,
    project_id: int,
    thread_ids: Sequence[str],
    *,
    step_types: Sequence[str] | None,
    payload: bool,
) -> dict[str, list[dict[str, Any]]]:
    """The steps of each thread in order of start."""
    grouped: dict[str, list[dict[str, Any]]] = {thread_id: [] for thread_id in thread_ids}
    statement = select(*COLUMNS).where(steps.c.project_id == project_id, steps.c.thread_id.in_(thread_ids))
    if step_types is not None:
        statement = statement.where(steps.c.type.in_(step_types))
    rows = connection.execute(statement.order_by(steps.c.sort_time, steps.c.row_id)).all()
    for step in to_wire(connection, project_id, rows, payload=payload):
        grouped[step["threadId"]].append(step)
    return grouped


def tree(connection: Connection, project_id: int, root_id: str, *, payload: bool) -> list[dict[str, Any]]:
    """A step and all below it in order of start."""
    found: dict[int, Row[Any]] = {}
    pending = [steps.c.id == root_id]
    while pending:
        rows = connection.execute(select(*COLUMNS).where(steps.c.project_id == project_id, pending.pop())).all()
        fresh = [row for row in rows if row.row_id not in found]
        found.update((row.row_id, row) for row in fresh)
        chunks = portions([row.id for row in fresh])
        pending += (or_(steps.c.parent_id.in_(chunk), steps.c.root_run_id.in_(chunk)) for chunk in chunks)
    rows = sorted(found.values(), key=lambda row: (row.sort_time, row.row_id))
    return to_wire(connection, project_id, rows, payload=payload)


def delete(connection: Connection, project_id: int, step_id: str) -> dict[str, Any] | None:
    """Deletes a step with its payload, tags, scores, attachments and bridges."""
    step = get(connection, project_id, step_id)
    if step is not None:
        delete_rows(connection, project_id, [step_id])
    return step


def delete_rows(connection: Connection, project_id: int, ids: Iterable[str]) -> None:
    """Deletes steps and everything that hangs on them."""
    for chunk in portions(list(ids)):
        own = (steps.c.project_id == project_id, steps.c.id.in_(chunk))
        row_ids = select(steps.c.row_id).where(*own).scalar_subquery()
        connection.execute(delete_from(step_payloads).where(step_payloads.c.step_row.in_(row_ids)))
        connection.execute(delete_from(step_tags).where(step_tags.c.step_row.in_(row_ids)))
        delete_attachments(connection, project_id, chunk)
        delete_scores(connection, project_id, chunk)
        bridged = (span_bridges.c.project_id == project_id, span_bridges.c.step_id.in_(chunk))
        connection.execute(delete_from(span_bridges).where(*bridged))
        columns = [steps.c[name] for name in Stored._fields]
        deleted = [Stored._make(row) for row in connection.execute(select(*columns).where(*own))]
        connection.execute(delete_from(steps).where(*own))
        for step in deleted:
            notes_of(connection, project_id).step(step, deleted=True)
        rollups.forget(connection, project_id, deleted)


def to_wire(
    connection: Connection, project_id: int, rows: Sequence[Row[Any]], *, payload: bool
) -> list[dict[str, Any]]:
    """Steps as clients read them, in the order of `rows` (which hold `COLUMNS` first)."""
    ids = [row.id for row in rows]
    contents = _payloads(connection, [row.row_id for row in rows]) if payload else {}
    scores_of = _grouped(connection, scores, project_id, ids)
    attachments_of = _grouped(connection, attachments, project_id, ids)
    totals_of = rollups.of_runs(connection, project_id, [row.id for row in rows if row.type == "run"])
    found: list[dict[str, Any]] = []
    for row in rows:
        content = contents.get(row.row_id, {})
        step = _step(row, content) if payload else _hot_step(row)
        generated = row.generation_type is not None
        step["scores"] = [score_to_wire(score, of_generation=generated) for score in scores_of.get(row.id, ())]
        step["attachments"] = [attachment_to_wire(item, row.thread_id) for item in attachments_of.get(row.id, ())]
        run = totals_of.get(row.id)
        step["totals"] = run and totals.to_wire(run)
        found.append(step)
    return found


def _step(row: Row[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    step = _hot_step(row)
    metadata: dict[str, Any] = content.get("metadata") or {}
    step["error"] = _whole(step["error"], content.get("error"))
    step |= {"input": content.get("input"), "output": content.get("output"), "metadata": metadata}
    step["span"] = content.get("span")
    generation = step["generation"]
    if generation is not None:
        error = generation["error"]
        generation |= {**content.get("generation", {}), "metadata": metadata}
        generation["error"] = _whole(error, generation["error"])
    del step["inputPreview"], step["outputPreview"]
    return step


def _whole(start: str | None, text: str | None) -> str | None:
    """The text of a payload whose `start` the hot row holds; a later, shorter one stands alone in the hot row."""
    return text if start is not None and text is not None and text.startswith(start) else start


def _hot_step(row: Row[Any]) -> dict[str, Any]:
    step: dict[str, Any] = {name: getattr(row, column) for column, name in _TEXTS.items()}
    for column, name in _TIMES.items():
        moment = getattr(row, column)
        step[name] = None if moment is None else format_time(moment)
    step["tags"] = _list(row.tags)
    step["inputPreview"], step["outputPreview"] = row.input_preview, row.output_preview
    step["generation"] = None
    if row.generation_type is not None:
        step["generation"] = {name: getattr(row, column) for column, name in _GENERATION.items()} | {
            "id": step["id"],
            "stepId": step["id"],
            "createdAt": step["createdAt"],
            "tags": step["tags"],
            "tokenCountEstimated": bool(row.tokens_estimated),
        }
    return step


def _payloads(connection: Connection, row_ids: list[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for chunk in portions(row_ids):
        statement = select(step_payloads).where(step_payloads.c.step_row.in_(chunk))
        found.update((step_row, unpack(content)) for step_row, content in connection.execute(statement))
    return found


def _grouped(connection: Connection, table: Table, project_id: int, step_ids: list[str]) -> dict[str, list[Row[Any]]]:
    grouped: dict[str, list[Row[Any]]] = {}
    for chunk in portions(step_ids):
        statement = select(table).where(table.c.project_id == project_id, table.c.step_id.in_(chunk))
        for row in connection.execute(statement.order_by(table.c.row_id)):
            grouped.setdefault(row.step_id, []).append(row)
    return grouped


def _list(text: str | None) -> list[Any]:
    return cast(list[Any], loads(text)) if text else []
