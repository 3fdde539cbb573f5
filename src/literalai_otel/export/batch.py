"""Which spans of a batch record a call for which another one stands (`translate.duplicates`).

A processor of ours sees every span start and knows at once. An exporter behind a stock processor has only what
ended together: an inner and an outer span end one right after the other, so that is nearly always enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from opentelemetry.sdk.trace import ReadableSpan

from literalai_otel.attributes import SCOPE_PREFIX
from literalai_otel.processor import Lineage
from literalai_otel.scopes import whole_framework
from literalai_otel.translate import SpanRecord
from literalai_otel.translate.collapse import Key, collapse
from literalai_otel.translate.duplicates import model_call


@dataclass(frozen=True, slots=True)
class Places:
    """`aside`: the spans that are not sent. `lineages`: what the others gained by that."""

    aside: frozenset[Key] = frozenset()
    lineages: dict[Key, Lineage] = field(default_factory=dict[Key, Lineage])


def places_in(spans: Sequence[ReadableSpan]) -> Places:
    """The places of `spans`, which ended together. Cheap unless another instrumentor took part."""
    if not any(_is_foreign(span) for span in spans):
        return Places()
    before = [SpanRecord.from_sdk(span) for span in spans if span.context is not None]
    known = {(record.trace_id, record.span_id): (record.parent_span_id, record.attributes) for record in before}
    aside = collapse(before)
    lineages: dict[Key, Lineage] = {}
    for record in before:
        key = (record.trace_id, record.span_id)
        if (record.parent_span_id, record.attributes) != known[key]:
            lineages[key] = Lineage(None, record.parent_span_id, {}, None, [], inner=record.attributes)
    return Places(frozenset(aside), lineages)


def _is_foreign(span: ReadableSpan) -> bool:
    """Whether another instrumentor than ours made `span`, and of something that ours may record too."""
    scope = span.instrumentation_scope.name if span.instrumentation_scope is not None else ""
    return not scope.startswith(SCOPE_PREFIX) and (
        whole_framework(scope) is not None or model_call(scope, span.attributes or {}) is not None
    )
