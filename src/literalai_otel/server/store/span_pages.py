"""Stored steps as spans see them: with a trace id, a span id and the span id of the parent.

A step that came from a span has them. Of any other, the trace is that of its root run and the span id is made from its
own id, so that an export gives the same ids every time, and a tree stays one trace.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select

from literalai_otel.jsonable import dumps
from literalai_otel.server.store import span_origins
from literalai_otel.server.store import steps as step_rows
from literalai_otel.server.store.tables import steps
from literalai_otel.server.store.transfer import PAGE_BYTES, Range

_AT_ONCE: Final = 20
"""Steps that are read at a time: one may have megabytes."""
_CHUNK: Final = 500
_DEEPEST: Final = 100
"""Levels of parents that are followed to a root that nobody named."""


@dataclass(frozen=True, slots=True)
class SpanIds:
    """16 and 8 bytes; `parent` is None for a root."""

    trace: bytes
    span: bytes
    parent: bytes | None


@dataclass(frozen=True, slots=True)
class SpanPage:
    """Steps in wire form with their ids; `after` asks for the next page, None at the end."""

    steps: list[tuple[dict[str, Any], SpanIds]]
    after: int | None


@dataclass(frozen=True, slots=True)
class _Place:
    """What a step's row says about its place."""

    parent: str | None
    root: str | None
    trace: bytes | None
    span: bytes | None


def page(
    connection: Connection, project_id: int, *, after: int, first: int, made: Range, thread_id: str | None = None
) -> SpanPage:
    """Up to `first` steps behind the row `after`, fewer when they are large; of one thread if it is given."""
    conditions: list[ColumnElement[bool]] = [steps.c.project_id == project_id]
    if made.since is not None:
        conditions.append(steps.c.created_at >= made.since)
    if made.until is not None:
        conditions.append(steps.c.created_at < made.until)
    if thread_id is not None:
        conditions.append(steps.c.thread_id == thread_id)
    found: list[tuple[dict[str, Any], SpanIds]] = []
    size = 0
    while len(found) < first and size < PAGE_BYTES:
        wanted = min(_AT_ONCE, first - len(found))
        statement = select(steps).where(*conditions, steps.c.row_id > after).order_by(steps.c.row_id).limit(wanted)
        rows = connection.execute(statement).all()
        places = _places(connection, project_id, [row.id for row in rows])
        wire = step_rows.to_wire(connection, project_id, rows, payload=True)
        span_origins.complete(connection, project_id, wire)
        for step in wire:
            found.append((step, _ids_of(step["id"], places)))
            size += len(dumps(step))
        if len(rows) < wanted:
            return SpanPage(found, None)
        after = rows[-1].row_id
    return SpanPage(found, after)


def _places(connection: Connection, project_id: int, ids: Iterable[str]) -> dict[str, _Place]:
    """The places of the steps, of their roots and parents, and of all above those that name no root."""
    found: dict[str, _Place] = {}
    wanted = set(ids)
    for _ in range(_DEEPEST):
        missing = list(wanted)
        wanted = set[str]()
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            own = (steps.c.project_id == project_id, steps.c.id.in_(chunk))
            columns = (steps.c.id, steps.c.parent_id, steps.c.root_run_id, steps.c.trace_id, steps.c.span_id)
            for step_id, *place in connection.execute(select(*columns).where(*own)):
                found[step_id] = _Place(*place)
                wanted.update(name for name in place[:2] if name is not None)
        wanted -= found.keys()
        if not wanted:
            break
    return found


def _ids_of(step_id: str, places: dict[str, _Place]) -> SpanIds:
    parent = places[step_id].parent
    return SpanIds(_trace_of(step_id, places), _span_of(step_id, places), (parent and _span_of(parent, places)) or None)


def _trace_of(step_id: str, places: dict[str, _Place]) -> bytes:
    seen: set[str] = set()
    while step_id not in seen:
        seen.add(step_id)
        place = places.get(step_id)
        if place is None:
            break
        if place.trace is not None:
            return bytes(place.trace)
        above = place.root or place.parent
        if above is None:
            break
        step_id = above
    return _digest("trace", step_id)[:16]


def _span_of(step_id: str, places: dict[str, _Place]) -> bytes:
    place = places.get(step_id)
    return bytes(place.span) if place is not None and place.span is not None else _digest("span", step_id)[:8]


def _digest(what: str, step_id: str) -> bytes:
    return hashlib.sha256(f"{what}:{step_id}".encode("utf-8", "replace")).digest()
