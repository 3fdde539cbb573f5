"""Generations: the steps that hold one, read as generations (`spec/literal-wire.md` §2.5)."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, select

from literalai_otel.server.store import projects
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.store.steps import COLUMNS, TIME, to_wire
from literalai_otel.server.store.tables import participants, steps, threads

_IDENTIFIER: Final[ColumnElement[Any]] = (
    select(participants.c.identifier)
    .join(
        threads,
        and_(threads.c.project_id == participants.c.project_id, threads.c.participant_id == participants.c.id),
    )
    .where(threads.c.project_id == steps.c.project_id, threads.c.id == steps.c.thread_id)
    .correlate(steps)
    .scalar_subquery()
)
_ORDERS: Final[Mapping[str, ColumnElement[Any]]] = {
    "createdAt": steps.c.created_at,
    TIME: steps.c.sort_time,
    "startTime": steps.c.start_time,
    "tokenCount": steps.c.token_count,
    "model": steps.c.model,
    "provider": steps.c.provider,
    "duration": steps.c.duration,
    "participant": _IDENTIFIER,
}


def page(connection: Connection, project_id: int, query: PageQuery, *, payload: bool = True) -> Listing:
    """A page of generations, newest first unless the query orders; hot rows only without `payload`."""
    column, descending = (query.order.column, query.order.descending) if query.order else ("createdAt", True)
    sorting = Sorting(
        name=column,
        expression=_ORDERS[column],
        row_id=steps.c.row_id,
        descending=descending,
        nullable=column not in ("createdAt", TIME),
    )
    conditions = where("generations", project_id, query.filters, connection)
    found = fetch(connection, [*COLUMNS, _IDENTIFIER.label("identifier")], conditions, query, sorting)
    public_id = projects.public_id(connection, project_id)
    nodes: list[dict[str, Any]] = []
    for row, step in zip(found.rows, to_wire(connection, project_id, found.rows, payload=payload), strict=True):
        user = {"identifier": row.identifier} if row.identifier is not None else None
        thread = None if step["threadId"] is None else {"id": step["threadId"], "participant": user}
        node: dict[str, Any] = step["generation"]
        nodes.append(node | {"projectId": public_id, "step": {**step, "thread": thread}})
    return found.listing(nodes)
