"""From spans to steps, for the exporter and for the server alike. Pure: no I/O, no clock, no globals.

`translate(SpanRecord.from_sdk(span))` and `translate(SpanRecord.from_otlp(resource, scope, span))` give equal steps.
"""

from literalai_otel.translate.identity import step_id, step_id_from_hex
from literalai_otel.translate.limits import trim
from literalai_otel.translate.record import SpanRecord, attributes_of
from literalai_otel.translate.steps import is_step, iso_time, translate

__all__ = ["SpanRecord", "attributes_of", "is_step", "iso_time", "step_id", "step_id_from_hex", "translate", "trim"]
