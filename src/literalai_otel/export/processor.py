"""The span processor: stamps spans as they start, takes steps as they end, and never holds anyone up.

The stock batch processor loses a burst silently and answers True to a flush that failed (`DESIGN.md` §2).
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import TraceFlags

from literalai_otel.attributes import OPERATION_NAME
from literalai_otel.export.counters import Counters
from literalai_otel.export.delivery import Delivery
from literalai_otel.export.lone_tool import TOOL, run_around
from literalai_otel.export.prepare import FinishedSpan
from literalai_otel.genai.audience import OF_LITERAL
from literalai_otel.genai.side_table import SIDE_TABLE, Fields
from literalai_otel.processor import Lineage, LineageIndex
from literalai_otel.translate import is_step

logger = logging.getLogger(__name__)

EXPORT_ALL: Final = "all"
TAKEN: Final = "_literalai_taken"
"""Attribute of a finished span that a processor of ours queued: a `LiteralSpanExporter` beside it leaves it alone."""


Taken = tuple[ReadableSpan, Fields | None, Lineage | None, bool]
"""The arguments of `FinishedSpan`."""


class LiteralSpanProcessor(SpanProcessor):
    """Sends the steps among the spans of a tracer provider to Literal.

    Args:
        delivery: Where they go. Several processors may share one; `shutdown` stops it, a later span restarts it.
        client_name: Spans whose context names another client are left to that one's processor.
        export_filter: `llm` for steps alone, `all` for every span (`LITERAL_EXPORT_FILTER`).
        keep_foreign: Send the spans too that other instrumentors made of a call that ours recorded
            (`LITERAL_KEEP_FOREIGN`).
    """

    def __init__(
        self, delivery: Delivery, *, client_name: str, export_filter: str = "llm", keep_foreign: bool = False
    ) -> None:
        self.delivery = delivery
        self.client_name = client_name
        self._export_all = export_filter == EXPORT_ALL
        self._sampled_out_before = SIDE_TABLE.sampled_out
        self.lineage = LineageIndex(client_name, keep_foreign=keep_foreign)
        self._finish = self._finished  # bound once, and not for each call
        setattr(self, OF_LITERAL, True)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Stamp the Literal context on `span` and remember where in the tree it is."""
        try:
            self.lineage.start(span, parent_context)
        except Exception:
            logger.debug("lineage of a span is unknown", exc_info=True)

    def on_end(self, span: ReadableSpan) -> None:
        """Queue `span` if it is a step of this client. Runs inside `span.end()`, so it only queues."""
        try:
            taken = self._taken(span)
            if taken is not None:
                self.delivery.submit_ended(*taken)
        except Exception:
            logger.debug("span not queued", exc_info=True)

    def end_later(self, span: ApiSpan, end: Callable[[], None], size: int) -> None:
        """Have a worker call `end` (`genai.audience.OursAlone`); what `span` says then is accepted now."""
        self.delivery.submit_ending(span, end, self._finish, size)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Deliver everything that ended before; True only if all of it was, and nothing was dropped before."""
        return bool(self.delivery.flush(timeout_millis / 1000))

    def shutdown(self) -> None:
        """Deliver what is queued, within the flush time-out, and stop."""
        self.delivery.shutdown()

    def counters(self) -> Counters:
        """What happened to the spans so far; `sampled_out` has the calls too that the host's sampler dropped."""
        numbers = self.delivery.counters()
        return replace(numbers, sampled_out=numbers.sampled_out + SIDE_TABLE.sampled_out - self._sampled_out_before)

    def _finished(self, span: ReadableSpan) -> FinishedSpan | None:
        taken = self._taken(span)
        return None if taken is None else FinishedSpan(*taken)

    def _taken(self, span: ReadableSpan) -> Taken | None:
        """What is to be queued of a span that ends now; None when that is nothing."""
        identity = span.get_span_context()
        if identity is None:
            return None
        key = identity[:2]  # a tuple: by name each is a call
        lineage = self.lineage.end(key)
        if lineage is not None and (
            lineage.client not in (None, self.client_name)
            or ((lineage.superseded or lineage.same_call is not None) and lineage.stands_aside(span))
        ):
            return None
        fields = SIDE_TABLE.peek(key)
        # What has fields beside it is ours, and a step.
        if fields is None and not self._export_all and not _is_step(span):
            return None
        if not identity[3] & TraceFlags.SAMPLED:
            self.delivery.count_sampled_out()
            return None
        setattr(span, TAKEN, True)
        if lineage is not None and (fields is None or fields.get(OPERATION_NAME, TOOL) == TOOL):
            run = run_around(span, fields, lineage)
            if run is not None:
                self.delivery.submit_step(run)
        return span, fields, lineage, self._export_all


def _is_step(span: ReadableSpan) -> bool:
    scope = span.instrumentation_scope
    return is_step(scope.name if scope is not None else "", span.attributes or {})
