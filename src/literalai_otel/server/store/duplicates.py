"""Calls of a model that two instrumentors recorded, when the outer span comes in a later request than the inner one.

Children end first, so the inner span is stored already and waits for its parent. The outer one is then no step
but a link, through which the inner one finds the step above (the rules: `translate.duplicates`).
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from literalai_otel.server.store.rows import Link, SpanKey, StepRow
from literalai_otel.translate.duplicates import ModelCall, same_call


def set_aside(
    db: sqlite3.Connection,
    project_id: int,
    rows: dict[str, StepRow],
    links: Sequence[Link],
    is_stored: Callable[[str], Any],
) -> list[Link]:
    """Takes the rows out of `rows` for whose call a stored step stands, and returns their links.

    A span that was set aside before stays so when it is sent again: it is known as a link.
    """
    found: list[Link] = []
    waiting = _Waiting(db, project_id, links)
    for row in list(rows.values()):
        trace_id, span_id = row.values.get("trace_id"), row.values.get("span_id")
        if row.call is None or trace_id is None or span_id is None or is_stored(row.id):
            continue
        span = (trace_id, span_id)
        if _is_link(db, project_id, span) or any(same_call(row.call, inner) for inner in waiting.calls_below(span)):
            found.append(Link(span, row.values.get("parent_span_id")))
            del rows[row.id]
    return found


def _is_link(db: sqlite3.Connection, project_id: int, span: SpanKey) -> bool:
    found = db.execute(
        "SELECT 1 FROM span_bridges WHERE project_id=? AND trace_id=? AND span_id=?", (project_id, *span)
    )
    return found.fetchone() is not None


class _Waiting:
    """The stored steps that wait for a span, seen through the links of the batch."""

    def __init__(self, db: sqlite3.Connection, project_id: int, links: Sequence[Link]) -> None:
        self._db = db
        self._project_id = project_id
        self._links = {link.span: link.parent_span_id for link in links}
        self._by_trace: dict[bytes, dict[bytes, list[ModelCall]]] = {}

    def calls_below(self, span: SpanKey) -> list[ModelCall]:
        """The calls whose nearest step above would be `span`."""
        trace_id, span_id = span
        if trace_id not in self._by_trace:
            self._by_trace[trace_id] = self._load(trace_id)
        return self._by_trace[trace_id].get(span_id, [])

    def _load(self, trace_id: bytes) -> dict[bytes, list[ModelCall]]:
        found: dict[bytes, list[ModelCall]] = {}
        stored = self._db.execute(
            "SELECT waiting_span_id, type, model FROM steps "
            "WHERE project_id=? AND trace_id=? AND waiting_span_id IS NOT NULL",
            (self._project_id, trace_id),
        )
        for waits_for, kind, model in stored:
            # Whose the stored span was is not known any more; the rules need to know that the other is not ours.
            inner = ModelCall(ours=True, type=kind, models=(model,) if model else ())
            found.setdefault(self._top(trace_id, waits_for), []).append(inner)
        return found

    def _top(self, trace_id: bytes, span_id: bytes) -> bytes:
        """The first span at or above `span_id` that the links do not lead on from."""
        seen: set[bytes] = set()
        while span_id not in seen:
            seen.add(span_id)
            span_id = self._links.get((trace_id, span_id)) or span_id
        return span_id
