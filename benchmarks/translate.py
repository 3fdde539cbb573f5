"""Translate budget (DESIGN §5): at most 40 µs from a record to the JSON of its step, for every dialect.

    python benchmarks/translate.py [--spans N] [--rounds N]

One reference span, 2.4 KB on the wire with 2 000 characters of messages, in the forms in which it comes in
(`dialect_spans.py`, `recorded_spans.py`; a convention that repeats the messages makes it longer). A row
has the CPU microseconds per span (best round) of `record`, which copies the span from the SDK or from protobuf, of
`translate`, which makes a step of it, and of `encode`, which takes the step to JSON within Literal's limits. The
budget is for the last two together. Exits with 1 when a row is over it.
"""

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from dialect_spans import dialect_spans
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.trace import SpanKind
from recorded_spans import recorded_spans

from literalai_otel import attributes as names
from literalai_otel.jsonable import dumps, dumps_text
from literalai_otel.model import Step, to_wire
from literalai_otel.processor import Lineage
from literalai_otel.translate import SpanRecord, attributes_of, translate, trim
from literalai_otel.translate.limits import MAX_NAME_BYTES

BUDGET_US = 40.0
TEXT = (
    "The invoice of March shows a difference of 12.40 euros against the order; the customer asks whether the "
    "discount of the spring campaign was applied to all three positions or only to the first. "
)
INPUT = [
    {"role": "system", "parts": [{"type": "text", "content": TEXT}]},
    {"role": "user", "parts": [{"type": "text", "content": TEXT * 5}]},
]
OUTPUT = [{"role": "assistant", "parts": [{"type": "text", "content": TEXT * 4}], "finish_reason": "stop"}]
AT_START: dict[str, Any] = {
    names.OPERATION_NAME: "chat",
    names.PROVIDER_NAME: "openai",
    names.REQUEST_MODEL: "gpt-4o-mini",
    names.SERVER_ADDRESS: "api.openai.com",
    names.SERVER_PORT: 443,
}
LEARNED: dict[str, Any] = {
    names.REQUEST_TEMPERATURE: 0.2,
    names.REQUEST_MAX_TOKENS: 500,
    names.RESPONSE_MODEL: "gpt-4o-mini-2024-07-18",
    names.RESPONSE_ID: "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    names.RESPONSE_FINISH_REASONS: ("stop",),
    names.USAGE_INPUT_TOKENS: 250,
    names.USAGE_OUTPUT_TOKENS: 240,
    names.USAGE_CACHE_READ_INPUT_TOKENS: 128,
}
STAMPS: dict[str, Any] = {
    names.THREAD_ID: "0190f3c2-7a54-7c55-9d6c-7b2f6b1f2a10",
    names.ROOT_RUN_ID: "0190f3c2-7a54-7c55-9d6c-7b2f6b1f2a11",
    names.TAGS: ("invoices",),
}
OURS: dict[str, Any] = {
    names.GENERATION_SETTINGS: {"temperature": 0.2, "max_tokens": 500},
    names.REQUEST_ID: "req_2b1c4b0c6a0e4ed2a0b5c0a4fca34d10",
}
CONTENT: dict[str, Any] = {names.INPUT_MESSAGES: INPUT, names.OUTPUT_MESSAGES: OUTPUT}


def on_span(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as span attributes: structures as JSON texts."""
    return {key: dumps_text(value) if isinstance(value, dict | list) else value for key, value in fields.items()}


def ended(scope: str, attributes: dict[str, Any]) -> ReadableSpan:
    """An ended span with a parent."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": "shop"}), span_limits=SpanLimits(max_attributes=SpanLimits.UNSET)
    )
    tracer = provider.get_tracer(scope, "1.0")
    found: list[ReadableSpan] = []
    with tracer.start_as_current_span("agent"):
        span = tracer.start_span("chat gpt-4o-mini", kind=SpanKind.CLIENT, attributes=attributes)
        span.end()
        found.append(span._readable_span())
    return found[0]


def otlp(span: ReadableSpan) -> Callable[[], SpanRecord]:
    """Makes the record from protobuf messages, as the server does."""
    resource_spans = encode_spans([span]).resource_spans[0]
    scope_spans = resource_spans.scope_spans[0]
    scope, message = scope_spans.scope, scope_spans.spans[0]
    resource = attributes_of(resource_spans.resource.attributes)  # once for all spans of a resource
    return lambda: SpanRecord.from_otlp(resource, scope, message)


def rows() -> dict[str, Callable[[], SpanRecord]]:
    """How the record of the reference span is made, by the form in which it comes in."""
    scope = "literalai_otel.instrumentors.openai"
    lineage = Lineage(
        parent_step_id="0190f3c2-7a54-7c55-9d6c-7b2f6b1f2a12",
        parent_span_id="00f067aa0ba902b7",
        fields=STAMPS,
        client=None,
        bridges=[],
    )
    fields = {**AT_START, **LEARNED, **OURS, **CONTENT}
    bare = ended(scope, {**AT_START, **LEARNED, **STAMPS})
    full = ended(scope, on_span({**fields, **STAMPS}))
    foreign = ended("opentelemetry.instrumentation.openai", on_span({**AT_START, **LEARNED, **CONTENT}))
    return {
        "ours, side table": lambda: SpanRecord.from_sdk(bare, fields, lineage),
        "ours, OTLP": otlp(full),
        "GenAI, SDK": lambda: SpanRecord.from_sdk(foreign),
        "GenAI, OTLP": otlp(foreign),
        **{
            name: otlp(ended(scope, dict(attributes)))
            for spans in (dialect_spans, recorded_spans)
            for name, (scope, attributes) in spans(TEXT, TEXT * 5, TEXT * 4).items()
        },
    }


def step_of(record: SpanRecord) -> Step:
    """The step of a record that is one."""
    step = translate(record)
    assert step is not None
    return step


def encoded(step: Step) -> bytes:
    """The JSON of a step."""
    sent = dumps(to_wire(step))
    return sent if len(sent) <= MAX_NAME_BYTES else dumps(to_wire(trim(step)))


def microseconds(work: Callable[[], Any], spans: int, rounds: int) -> float:
    """CPU time of one call, best of `rounds`."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time_ns()
        for _ in range(spans):
            work()
        best = min(best, (time.process_time_ns() - started) / spans / 1000)
    return best


def main() -> int:
    """Print a row for each form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    gc.collect()
    gc.freeze()  # the collector is on, but does not walk the modules of this program again and again
    over = False
    for name, make in rows().items():
        record = make()
        step = step_of(record)
        copying = microseconds(make, options.spans, options.rounds)
        translating = microseconds(lambda record=record: step_of(record), options.spans, options.rounds)
        encoding = microseconds(lambda step=step: encoded(step), options.spans, options.rounds)
        total = translating + encoding
        over = over or total > BUDGET_US
        row = {
            "row": name,
            "record_us": round(copying, 1),
            "translate_us": round(translating, 1),
            "encode_us": round(encoding, 1),
            "total_us": round(total, 1),
            "budget_us": BUDGET_US,
            "step_bytes": len(encoded(step)),
            "ok": total <= BUDGET_US,
        }
        print(json.dumps(row), flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
