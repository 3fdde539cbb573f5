"""Below an open span of OpenTelemetry's own GenAI family: that span is the generation, and gets what we know.

The span itself stays as the official package makes it. What it may have is published to the package's data, which
is how its own instrumentors share facts (`spec/genai-semconv.md` §2.2); what Literal alone gets goes beside the span.
"""

from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, get_current_span

from literalai_otel.attributes import OPERATION_NAME, SCOPE_PREFIX
from literalai_otel.genai.invocation import Invocation
from literalai_otel.genai.keys import OFFICIAL_INFERENCE_KEY, RECORDING_KEY
from literalai_otel.genai.side_table import AWAITED, SIDE_TABLE


@dataclass(frozen=True, slots=True)
class OfficialCall:
    """The official inference that is open around a call: its `InferenceData` and its span."""

    data: object
    span: Span


def publish(invocation: Invocation, data: object) -> None:
    """Fill what is still empty in the `InferenceData` from `invocation`.

    Its fields are named after the attributes: `gen_ai.usage.input_tokens` is `usage_input_tokens`.
    """
    for name, value in invocation.attributes.items():
        field = name.removeprefix("gen_ai.").replace(".", "_")
        if getattr(data, field, value) is None:
            setattr(data, field, value)


def official_call(context: Context) -> OfficialCall | None:
    """The official inference around a call in `context`, None when it should be recorded as if there were none.

    That is so below a span of ours, and where Literal would never see the official span: it is another tracer
    provider's, such as the host's beside a client with one of its own.
    """
    data = None if RECORDING_KEY in context else context.get(OFFICIAL_INFERENCE_KEY)
    if data is None:
        return None
    span = get_current_span(context)
    attributes: Any = getattr(span, "attributes", None) or {}
    scope: Any = getattr(span, "instrumentation_scope", None)
    if OPERATION_NAME not in attributes or scope is None or scope.name.startswith(SCOPE_PREFIX):
        return None
    return OfficialCall(data, span) if getattr(span, AWAITED, False) or SIDE_TABLE.keeps else None
