"""From ended spans to the server: processor, exporter and delivery."""

from literalai_otel.export.counters import Counters, DropReason, FlushResult
from literalai_otel.export.delivery import Delivery
from literalai_otel.export.exporter import LiteralSpanExporter
from literalai_otel.export.prepare import FinishedSpan
from literalai_otel.export.preprocess import Preprocess
from literalai_otel.export.processor import LiteralSpanProcessor

__all__ = [
    "Counters",
    "Delivery",
    "DropReason",
    "FinishedSpan",
    "FlushResult",
    "LiteralSpanExporter",
    "LiteralSpanProcessor",
    "Preprocess",
]
