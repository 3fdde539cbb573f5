"""Who records a call when several could (`DESIGN.md` §1: one call, one generation).

While a span of ours is open the GenAI keys of the other families are set, so that they stay silent below it.
OTel's general key is never set: it would silence HTTP spans too.
"""

import sys
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import Span, set_span_in_context

from literalai_otel.genai.invocation import Invocation
from literalai_otel.genai.keys import (
    APART_KEY,
    APART_SPAN_KEY,
    OFFICIAL_INFERENCE_KEY,
    OPENLLMETRY_KEY,
    RECORDING_KEY,
)

_OFFICIAL_MODULE: Final = "opentelemetry.util.genai.invocation"


def suppressed(context: Context) -> bool:
    """Whether no span may be opened here; `context` is the current one.

    OpenLLMetry's key counts only outside of our own recordings, which set it themselves.
    """
    if context.get(OPENLLMETRY_KEY) and RECORDING_KEY not in context:
        return True
    return not is_instrumentation_enabled()


def context_of(span: Span, recording: object, parent: Context, *, calls_model: bool) -> Context:
    """`parent` with `span` current.

    When a model is called, `recording` is known there and the GenAI instrumentors of others are silenced; in
    anything else a call of a model is one of its own.
    """
    if parent.get(APART_KEY):
        values: dict[str, Any] = {**parent, APART_SPAN_KEY: span}
    else:
        values = {**set_span_in_context(span, parent)}
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


def outer_official(context: Context) -> object | None:
    """The data of an official inference span that is open around this call and is not below a span of ours."""
    return None if RECORDING_KEY in context else context.get(OFFICIAL_INFERENCE_KEY)


def publish(invocation: Invocation, data: object) -> None:
    """Fill the fields of an official `InferenceData` that are still empty from `invocation`.

    Its fields are named after the attributes: `gen_ai.usage.input_tokens` is `usage_input_tokens`.
    """
    for name, value in invocation.attributes.items():
        field = name.removeprefix("gen_ai.").replace(".", "_")
        if getattr(data, field, value) is None:
            setattr(data, field, value)
