"""What goes in and out of a step, under the content policy of the process (`DESIGN.md` §3, Settings)."""

import dataclasses
from functools import lru_cache
from typing import Any, Final

from opentelemetry.trace import Span, format_span_id, format_trace_id

from literalai_otel.attributes import GENERATION
from literalai_otel.genai.content import ContentPolicy, DeferredContent, SpanInfo, policy
from literalai_otel.jsonable import dumps_text, to_jsonable

_WHOLE: Final = 2**31
"""Steps carry 3 MB of input and of output; the translator trims to that. The cap of texts is for model calls."""

_GENERATION_CONTENT: Final = frozenset({"messages", "messageCompletion", "prompt", "completion", "tools", "variables"})
"""What a generation in wire form says beyond model, settings and numbers."""


def capturing() -> bool:
    """Whether anybody may see content."""
    return policy().to_literal


def content_fields(span: Span, name: str, type: str, content: dict[str, Any], own: Any) -> dict[str, Any]:
    """The side-table fields of `content` (attribute name -> value), snapshotted; masks run on the delivery thread.

    Content also goes on `span`, as JSON texts, when the policy says so. `own` is a value that is a snapshot already.
    """
    in_force = policy()
    if not in_force.to_literal:
        generation = content.get(GENERATION)
        return {} if generation is None else {GENERATION: to_jsonable(_facts(generation))}
    snapshots = {
        key: value if value is own else to_jsonable(value) for key, value in content.items() if value is not None
    }
    if in_force.mask is None and not in_force.on_spans:
        return snapshots
    identity = span.get_span_context()
    info = SpanInfo(
        name, format_trace_id(identity.trace_id), format_span_id(identity.span_id), type, provider=None, model=None
    )
    if in_force.on_spans:
        for key, value in snapshots.items():
            shown, flags = in_force.shown_on_span(key, _deferred(key, to_jsonable(value), in_force, info)(), info)
            span.set_attributes(flags)
            if shown is not None:
                span.set_attribute(key, dumps_text(shown))
    whole = _without_cap(in_force)
    return {key: _deferred(key, value, whole, info) for key, value in snapshots.items()}


def message_content(value: Any) -> Any:
    """The same for a message, which is no span: delivery masks it. None when content is off."""
    return to_jsonable(value) if policy().to_literal and value is not None else None


def _facts(generation: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in generation.items() if key not in _GENERATION_CONTENT}


def _deferred(key: str, value: Any, content_policy: ContentPolicy, info: SpanInfo) -> DeferredContent:
    return DeferredContent(key, lambda: value, content_policy, info)


@lru_cache(maxsize=4)
def _without_cap(content_policy: ContentPolicy) -> ContentPolicy:
    # Media is taken out of the step: the snapshots are handed out more than once.
    return dataclasses.replace(content_policy, max_bytes=_WHOLE, inline_media=_WHOLE)
