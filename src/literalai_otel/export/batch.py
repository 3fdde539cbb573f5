"""What a batch says about the places of its spans: which stand aside, and below which step each of the others is.

A processor of ours sees every span start and knows at once. An exporter behind a stock processor has only what
ended together: an inner and an outer span end one right after the other, so that is nearly always enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext

from literalai_otel.attributes import SCOPE_PREFIX
from literalai_otel.processor import MAX_BRIDGES, OUTGOING, Lineage
from literalai_otel.scopes import whole_framework
from literalai_otel.translate import SpanRecord, is_step
from literalai_otel.translate.collapse import Key, collapse
from literalai_otel.translate.duplicates import model_call


@dataclass(frozen=True, slots=True)
class Places:
    """`aside`: the spans that are not sent. `lineages`: what the others gained by that."""

    aside: frozenset[Key] = frozenset()
    lineages: dict[Key, Lineage] = field(default_factory=dict[Key, Lineage])


def places_in(spans: Sequence[ReadableSpan], *, collapses: bool = True, all_are_steps: bool = False) -> Places:
    """The places of `spans`, which ended together. Cheap where all are steps and ours.

    Args:
        spans: A batch of a stock span processor.
        collapses: Whether what records a call for which another span stands is put aside.
        all_are_steps: Whether even a span that says nothing about itself becomes a step.
    """
    known = {key_of(span.context): span for span in spans if span.context is not None}
    parents = {key: _parent(span) for key, span in known.items()}
    lineages: dict[Key, Lineage] = {}
    aside: Mapping[Key, SpanRecord] = {}
    if collapses and any(_is_foreign(span) for span in spans):
        aside = _collapsed(spans, parents, lineages)
    passed = {key: span for key, span in known.items() if key in aside or not (all_are_steps or _is_step(span))}
    if passed:
        _lift(parents, passed, lineages)
    return Places(frozenset(aside), lineages)


def _collapsed(
    spans: Sequence[ReadableSpan], parents: dict[Key, str | None], lineages: dict[Key, Lineage]
) -> Mapping[Key, SpanRecord]:
    """Brings spans of one call together; writes new parents and gained attributes."""
    before = [SpanRecord.from_sdk(span) for span in spans if span.context is not None]
    known = {(record.trace_id, record.span_id): (record.parent_span_id, record.attributes) for record in before}
    aside = collapse(before)
    for record in before:
        key = (record.trace_id, record.span_id)
        if (record.parent_span_id, record.attributes) != known[key]:
            parents[key] = record.parent_span_id
            lineages[key] = Lineage(None, record.parent_span_id, {}, None, [], inner=record.attributes)
    return aside


def _lift(parents: Mapping[Key, str | None], passed: Mapping[Key, ReadableSpan], lineages: dict[Key, Lineage]) -> None:
    """Puts each step below the first span above it that is not `passed`, which are no steps or stand aside.

    What went out to another service from in between becomes a bridge of the step above.
    """
    for key, parent in parents.items():
        above = _first_above(key, parents, passed)
        if key not in passed:
            if above != parent:
                _lineage_of(key, parents, lineages).parent_span_id = above
        elif passed[key].kind in OUTGOING and above is not None and (key[0], above) in parents:
            bridges = _lineage_of((key[0], above), parents, lineages).bridges
            assert isinstance(bridges, list)
            if len(bridges) < MAX_BRIDGES:
                bridges.append(key[1])


def _first_above(key: Key, parents: Mapping[Key, str | None], passed: Mapping[Key, ReadableSpan]) -> str | None:
    seen: set[str] = set()
    parent = parents[key]
    while parent is not None and parent not in seen and (key[0], parent) in passed:
        seen.add(parent)
        parent = parents[key[0], parent]
    return parent


def _lineage_of(key: Key, parents: Mapping[Key, str | None], lineages: dict[Key, Lineage]) -> Lineage:
    if key not in lineages:
        lineages[key] = Lineage(None, parents[key], {}, None, [])
    return lineages[key]


def key_of(context: SpanContext) -> Key:
    """Trace id and span id as `Places` has them."""
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def _parent(span: ReadableSpan) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def _is_step(span: ReadableSpan) -> bool:
    scope = span.instrumentation_scope
    return is_step(scope.name if scope is not None else "", span.attributes or {})


def _is_foreign(span: ReadableSpan) -> bool:
    """Whether another instrumentor than ours made `span`, and of something that ours may record too."""
    scope = span.instrumentation_scope.name if span.instrumentation_scope is not None else ""
    return not scope.startswith(SCOPE_PREFIX) and (
        whole_framework(scope) is not None or model_call(scope, span.attributes or {}) is not None
    )
