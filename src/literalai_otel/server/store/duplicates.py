"""Calls of a model that two instrumentors recorded, when the outer span comes in a later request than the inner one.

Children end first, so the inner span is stored already and waits for its parent. The outer one is then no step
but a link, through which the inner one finds the step above (the rules: `translate.duplicates`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from literalai_otel.server.store.driver import Driver
from literalai_otel.server.store.rows import Link, SpanKey, StepRow
from literalai_otel.translate.duplicates import ModelCall, same_call


def set_aside(
    db: Driver,
    project_id: int,
    rows: dict[str, StepRow],
    links: Sequence[Link],
    is_stored: Callable[[str], Any],
) -> list[Link]:
    """Takes the rows out of `rows` for whose call a stored step stands, and returns their links.

    A span that was set aside before stays so when it is sent again: it is known as a link.
    """
    found: list[Link] = []
    candidates = [
        (row, (row.values["trace_id"], row.values["span_id"]), row.call)
        for row in rows.values()
        if row.call is not None and {"trace_id", "span_id"} <= row.values.keys() and not is_stored(row.id)
    ]
    if not candidates:
        return found
    spans = [span for _, span, _ in candidates]
    known = _links_among(db, project_id, spans)
    waiting = _Waiting(db, project_id, links, spans)
    for row, span, call in candidates:
        if span in known or any(same_call(call, inner) for inner in waiting.calls_below(span)):
            found.append(Link(span, row.values.get("parent_span_id")))
            del rows[row.id]
    return found


def _links_among(db: Driver, project_id: int, spans: Iterable[SpanKey]) -> set[SpanKey]:
    found = db.execute(
        f"SELECT trace_id, span_id FROM {db.wanted_spans} CROSS JOIN span_bridges "
        "WHERE project_id=? AND trace_id=wanted.trace AND span_id=wanted.span",
        (*db.spans(spans), project_id),
    )
    return {(trace_id, span_id) for trace_id, span_id in found}


class _Waiting:
    """The stored steps of the traces of `spans` that wait for a span, seen through the links of the batch."""

    def __init__(self, db: Driver, project_id: int, links: Sequence[Link], spans: Iterable[SpanKey]) -> None:
        self._links = {link.span: link.parent_span_id for link in links}
        self._calls: dict[SpanKey, list[ModelCall]] = {}
        stored = db.execute(
            "SELECT trace_id, waiting_span_id, type, model FROM steps "
            f"WHERE project_id=? AND trace_id {db.among_bytes} AND waiting_span_id IS NOT NULL",
            (project_id, db.byte_values({trace_id for trace_id, _ in spans})),
        )
        for trace_id, waits_for, kind, model in stored:
            # Whose the stored span was is not known any more; the rules need to know that the other is not ours.
            inner = ModelCall(ours=True, type=kind, models=(model,) if model else ())
            self._calls.setdefault((trace_id, self._top(trace_id, waits_for)), []).append(inner)

    def calls_below(self, span: SpanKey) -> list[ModelCall]:
        """The calls whose nearest step above would be `span`."""
        return self._calls.get(span, [])

    def _top(self, trace_id: bytes, span_id: bytes) -> bytes:
        """The first span at or above `span_id` that the links do not lead on from."""
        seen: set[bytes] = set()
        while span_id not in seen:
            seen.add(span_id)
            span_id = self._links.get((trace_id, span_id)) or span_id
        return span_id
