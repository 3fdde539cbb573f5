"""Who records a call when several could (`DESIGN.md` §1: one call, one generation).

While a span of ours is open the GenAI keys of the other families are set, so that they stay silent below it.
OTel's general key is never set: it would silence HTTP spans too.
"""

import sys
from contextvars import copy_context
from typing import Any, Final

from opentelemetry.context import Context, attach, get_current
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.trace import INVALID_SPAN, Span, set_span_in_context

from literalai_otel.genai.keys import (
    APART_KEY,
    APART_SPAN_KEY,
    OFFICIAL_INFERENCE_KEY,
    OPENLLMETRY_KEY,
    RECORDING_KEY,
)

_OFFICIAL_MODULE: Final = "opentelemetry.util.genai.invocation"


def _suppression_keys() -> frozenset[str]:
    """The keys that `suppress_instrumentation` sets: they are private, and its own question takes nine calls."""
    attach(Context())
    with suppress_instrumentation():
        return frozenset(get_current())


_SUPPRESSION_KEYS: Final = copy_context().run(_suppression_keys)
(SPAN_KEY,) = set_span_in_context(INVALID_SPAN, Context())
"""The key of the current span: asking for it directly is three calls less."""


def suppressed(context: Context, *, framework: bool = False) -> bool:
    """Whether no span may be opened in `context`.

    OpenLLMetry's key is set by its instrumentors of frameworks, and by our own recordings, for the SDKs below: it
    says nothing to those who record a `framework` themselves.
    """
    if not framework and OPENLLMETRY_KEY in context and context[OPENLLMETRY_KEY] and RECORDING_KEY not in context:
        return True
    return not _SUPPRESSION_KEYS.isdisjoint(context) and any(context.get(key) for key in _SUPPRESSION_KEYS)


def context_of(span: Span, recording: object, parent: Context, *, calls_model: bool) -> Context:
    """`parent` with `span` current.

    When a model is called, `recording` is known there and the GenAI instrumentors of others are silenced; in
    anything else a call of a model is one of its own.
    """
    if parent.get(APART_KEY):
        values: dict[str, Any] = {**parent, APART_SPAN_KEY: span}
    else:
        values = {**parent, SPAN_KEY: span}
    if calls_model:
        values[RECORDING_KEY] = recording
        values[OPENLLMETRY_KEY] = True
        official = sys.modules.get(_OFFICIAL_MODULE)
        if official is not None:
            # Only its own type is recognised. It is filled from below and read by nobody.
            values[OFFICIAL_INFERENCE_KEY] = official.InferenceData()
    elif RECORDING_KEY in parent:
        for key in (RECORDING_KEY, OPENLLMETRY_KEY, OFFICIAL_INFERENCE_KEY):
            values.pop(key, None)
    return Context(values)
