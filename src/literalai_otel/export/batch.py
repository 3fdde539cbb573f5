"""What a batch says about the places of its spans: which stand aside, and below which step each of the others is.

A processor of ours sees every span start and knows at once. An exporter behind a stock processor has only what
ended together: an inner and an outer span end one right after the other, so that is nearly always enough.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from literalai_otel.attributes import SCOPE_PREFIX
from literalai_otel.export.prepare import FinishedSpan
from literalai_otel.processor import MAX_BRIDGES, OUTGOING, Key, Lineage
from literalai_otel.scopes import whole_framework
from literalai_otel.translate import SpanRecord, is_step
from literalai_otel.translate.collapse import collapse, crosses_traces
from literalai_otel.translate.duplicates import model_call


@dataclass(frozen=True, slots=True)
class Places:
    """`passed`: the spans that are not sent, no steps or aside. `lineages`: what the others gained by that."""

    passed: frozenset[Key] = frozenset()
    lineages: dict[Key, Lineage] = field(default_factory=dict[Key, Lineage])


def places_in(spans: Sequence[FinishedSpan], *, collapses: bool = True, all_are_steps: bool = False) -> Places:
    """The places of `spans`, which ended together. Cheap where all are steps and ours, or alone in their traces.

    Args:
        spans: A batch of a stock span processor.
        collapses: Whether what records a call for which another span stands is put aside.
        all_are_steps: Whether even a span that says nothing about itself becomes a step.
    """
    known = {key_of(span): span for span in spans}
    parents = {key: None if span.parent is None else span.parent.span_id for key, span in known.items()}
    lineages: dict[Key, Lineage] = {}
    aside = _collapsed(_related(known), parents, lineages) if collapses else frozenset[Key]()
    passed = {key: span for key, span in known.items() if key in aside or not (all_are_steps or _is_step(span))}
    if passed:
        _lift(parents, passed, lineages)
    return Places(frozenset(passed), lineages)


def _related(known: Mapping[Key, FinishedSpan]) -> list[FinishedSpan]:
    """The spans that may record a call together: of traces that have several here and not only ours."""
    count = Counter(trace_id for trace_id, _ in known)
    several = [
        (trace_id, span)
        for (trace_id, _), span in known.items()
        if count[trace_id] > 1 or crosses_traces(_scope_of(span))
    ]
    foreign = {trace_id for trace_id, span in several if _is_foreign(span)}
    return [span for trace_id, span in several if trace_id in foreign]


def _collapsed(
    spans: Sequence[FinishedSpan], parents: dict[Key, int | None], lineages: dict[Key, Lineage]
) -> frozenset[Key]:
    """Brings spans of one call together; writes new parents and gained attributes."""
    before = [SpanRecord.from_sdk(span) for span in spans]
    known = [(record.parent_span_id, record.attributes) for record in before]
    aside = collapse(before)
    for span, record, (parent, attributes) in zip(spans, before, known, strict=True):
        if record.parent_span_id != parent or record.attributes != attributes:
            key = key_of(span)
            parents[key] = None if record.parent_span_id is None else int(record.parent_span_id, 16)
            lineages[key] = Lineage(None, record.parent_span_id, {}, None, [], inner=record.attributes)
    return frozenset((int(trace_id, 16), int(span_id, 16)) for trace_id, span_id in aside)


def _lift(parents: Mapping[Key, int | None], passed: Mapping[Key, FinishedSpan], lineages: dict[Key, Lineage]) -> None:
    """Puts each step below the first span above it that is not `passed`, which are no steps or stand aside.

    What went out to another service from in between becomes a bridge of the step above.
    """
    for key, parent in parents.items():
        above = _first_above(key, parents, passed)
        if key not in passed:
            if above != parent:
                _lineage_of(key, parents, lineages).parent_span_id = None if above is None else f"{above:016x}"
        elif passed[key].kind in OUTGOING and above is not None and (key[0], above) in parents:
            bridges = _lineage_of((key[0], above), parents, lineages).bridges
            assert isinstance(bridges, list)
            if len(bridges) < MAX_BRIDGES:
                bridges.append(f"{key[1]:016x}")


def _first_above(key: Key, parents: Mapping[Key, int | None], passed: Mapping[Key, FinishedSpan]) -> int | None:
    seen: set[int] = set()
    parent = parents[key]
    while parent is not None and parent not in seen and (key[0], parent) in passed:
        seen.add(parent)
        parent = parents[key[0], parent]
    return parent


def _lineage_of(key: Key, parents: Mapping[Key, int | None], lineages: dict[Key, Lineage]) -> Lineage:
    if key not in lineages:
        parent = parents[key]
        lineages[key] = Lineage(None, None if parent is None else f"{parent:016x}", {}, None, [])
    return lineages[key]


def key_of(span: FinishedSpan) -> Key:
    """What `Places` knows a span by."""
    context = span.context
    assert context is not None, "what has ended has an identity"
    return context.trace_id, context.span_id


def _scope_of(span: FinishedSpan) -> str:
    scope = span.instrumentation_scope
    return scope.name if scope is not None else ""


def _is_step(span: FinishedSpan) -> bool:
    return is_step(_scope_of(span), span.attributes)


def _is_foreign(span: FinishedSpan) -> bool:
    """Whether another instrumentor than ours made `span`, and of something that ours may record too."""
    scope = _scope_of(span)
    return not scope.startswith(SCOPE_PREFIX) and (
        whole_framework(scope) is not None or model_call(scope, span.attributes) is not None
    )
