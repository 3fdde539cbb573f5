"""The rules of `duplicates` over records that came together: a request of OTLP, a batch of an exporter.

Where every span is seen to start, `processor` does the same without waiting for a batch.
"""

from collections.abc import Mapping, Sequence

from literalai_otel import attributes as names
from literalai_otel.scopes import whole_framework
from literalai_otel.translate.dialects import dialect_of, logfire
from literalai_otel.translate.duplicates import ModelCall, facts_of, model_call, same_call
from literalai_otel.translate.record import SpanRecord

Key = tuple[str, str]
"""Trace id and span id, in hexadecimal."""


def collapse(records: Sequence[SpanRecord]) -> dict[Key, SpanRecord]:
    """The records for whose call another one of `records` stands.

    Those that stay are completed in place: attributes that they lack, and the parent of one of ours whose parent
    stood aside. Between the two are only spans that are no steps, of the same service, and the inner one starts
    while the outer one lasts.
    """
    aside = {**_beside_ours(records), **logfire.stream_requests(records)}
    calls = [(record, call) for record in records if (call := model_call(record.scope, record.attributes)) is not None]
    nested = len(calls) > 1 and not all(call.ours for _, call in calls)
    if not aside and not nested:
        return aside
    index = {(record.trace_id, record.span_id): record for record in records}
    if nested:
        # From the inside out: the last to start is the deepest.
        for record, inner in sorted(calls, key=lambda item: item[0].start_ns, reverse=True):
            if (record.trace_id, record.span_id) not in aside:
                _place(record, inner, index, aside)
    for record in records:
        _lift(record, aside)
    return aside


def crosses_traces(scope_name: str) -> bool:
    """Whether spans of `scope_name` that record one call may be of two traces; all others are of one."""
    return scope_name.startswith(logfire.SCOPES)


def _beside_ours(records: Sequence[SpanRecord]) -> dict[Key, SpanRecord]:
    """What others record of a framework in traces in which ours records it."""
    found = [(record, framework) for record in records if (framework := whole_framework(record.scope)) is not None]
    ours = {(record.trace_id, framework) for record, framework in found if _is_ours(record)}
    return {
        (record.trace_id, record.span_id): record
        for record, framework in found
        if (record.trace_id, framework) in ours and not _is_ours(record)
    }


def _is_ours(record: SpanRecord) -> bool:
    return record.scope.startswith(names.INSTRUMENTOR_SCOPE_PREFIX)


def _lift(record: SpanRecord, aside: Mapping[Key, SpanRecord]) -> None:
    """Puts `record` below the first span above it that stays."""
    seen: set[str] = set()
    while record.parent_span_id is not None and record.parent_span_id not in seen:
        above = aside.get((record.trace_id, record.parent_span_id))
        if above is None:
            return
        seen.add(record.parent_span_id)
        record.parent_span_id = above.parent_span_id


def _place(record: SpanRecord, inner: ModelCall, index: Mapping[Key, SpanRecord], aside: dict[Key, SpanRecord]) -> None:
    around = _step_around(record, index, aside)
    while around is not None:
        outer = model_call(around.scope, around.attributes)
        if outer is None or not same_call(outer, inner) or not _contains(around, record):
            return
        if not inner.ours:
            aside[record.trace_id, record.span_id] = record
            around.attributes = {
                **facts_of(record.scope, record.attributes, content=not outer.ours),
                **around.attributes,
            }
            return
        aside[around.trace_id, around.span_id] = around
        record.parent_span_id = around.parent_span_id
        around = _step_around(record, index, aside)


def _step_around(
    record: SpanRecord, index: Mapping[Key, SpanRecord], aside: Mapping[Key, SpanRecord]
) -> SpanRecord | None:
    """The nearest step above `record` that does not stand aside, as far as the records go."""
    seen: set[str] = set()
    parent = record.parent_span_id
    while parent is not None and parent not in seen:
        seen.add(parent)
        found = index.get((record.trace_id, parent))
        if found is None:
            return None
        if (found.trace_id, found.span_id) not in aside and dialect_of(found.scope, found.attributes) is not None:
            return found
        parent = found.parent_span_id
    return None


def _contains(outer: SpanRecord, inner: SpanRecord) -> bool:
    same_service = outer.resource.get(names.SERVICE_NAME) == inner.resource.get(names.SERVICE_NAME)
    return same_service and outer.start_ns <= inner.start_ns <= outer.end_ns
