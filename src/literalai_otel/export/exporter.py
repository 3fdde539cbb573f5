"""The span exporter, for pipelines that the user built: `OTEL_TRACES_EXPORTER=literalai` and its kin.

Behind a stock processor `export` only queues, so that neither a flush nor an exit waits for the network twice, and
so that retries are ours: the stock processor has none (`spec/genai-semconv.md` §4.4).
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from literalai_otel.config import Config
from literalai_otel.errors import ConfigError
from literalai_otel.export.batch import Places, key_of, places_in
from literalai_otel.export.delivery import Delivery
from literalai_otel.export.losses import package_logger, say_unconfigured
from literalai_otel.export.prepare import FinishedSpan
from literalai_otel.export.processor import TAKEN
from literalai_otel.genai.side_table import SIDE_TABLE

logger = logging.getLogger(__name__)

_BATCH_SIZE: Final = 100


class LiteralSpanExporter(SpanExporter):
    """Sends the steps among finished spans to Literal.

    Never raises, not even the constructor: that would end the host's whole telemetry set-up
    (`spec/genai-semconv.md` §4.3, E4).

    Args:
        delivery: Where they go; made from the settings when None.
        settings: Of `Config`, by name; argument > environment > default.
    """

    def __init__(self, delivery: Delivery | None = None, **settings: Any) -> None:
        self._export_all = False
        self._keep_foreign = False
        self._evicted: int | None = SIDE_TABLE.evicted
        self.delivery = delivery or self._configured(settings)
        if not self.delivery.disabled:
            SIDE_TABLE.keep_until_taken()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Queue the steps among `spans`; success means accepted, not delivered."""
        ended = [finished for span in spans if (finished := self._finished(span)) is not None]
        places = self._places([finished for finished, _ in ended])
        for finished, taken in ended:
            key = key_of(finished)
            if taken or key in places.passed:
                continue
            finished.lineage = places.lineages.get(key)
            try:
                self.delivery.submit_span(finished)
            except Exception:
                logger.debug("span not queued", exc_info=True)
        self._say_evicted()
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Deliver what was exported before; True only if all of it was, and nothing was dropped before."""
        return bool(self.delivery.flush(timeout_millis / 1000))

    def shutdown(self, timeout_millis: float = 30_000) -> None:
        """Deliver what is queued and stop, within `timeout_millis` and the flush time-out."""
        self.delivery.shutdown(min(timeout_millis / 1000, self.delivery.flush_timeout))

    def _configured(self, settings: dict[str, Any]) -> Delivery:
        try:
            config = Config.load(**settings)
        except ConfigError as problem:
            package_logger.warning("Literal AI: nothing is sent: %s", problem)
            return Delivery(None)
        self._export_all = config.export_filter == "all"
        self._keep_foreign = config.keep_foreign
        if not (config.disabled or config.sdk_disabled):
            say_unconfigured(config)
        return Delivery.from_config(config, batch_size=_BATCH_SIZE)

    def _say_evicted(self) -> None:
        """One line, once, when content had to go because the stock processor did not ask for it in time."""
        if self._evicted is not None and SIDE_TABLE.evicted > self._evicted:
            self._evicted = None
            package_logger.warning(
                "Literal AI: the content of some steps is lost: more spans ended than OpenTelemetry's processor "
                "exports in time; lower OTEL_BSP_SCHEDULE_DELAY, or use literalai_otel.init() in place of the exporter"
            )

    def _finished(self, span: ReadableSpan) -> tuple[FinishedSpan, bool] | None:
        """What `span` says, and whether a processor of ours has taken it already; None for what is no span."""
        try:
            identity = span.get_span_context()
            if identity is None:
                return None
            fields = SIDE_TABLE.take(identity[:2])
            return FinishedSpan(span, fields, export_all=self._export_all), getattr(span, TAKEN, False)
        except Exception:
            logger.debug("span not queued", exc_info=True)
            return None

    def _places(self, spans: Sequence[FinishedSpan]) -> Places:
        try:
            return places_in(spans, collapses=not self._keep_foreign, all_are_steps=self._export_all)
        except Exception:
            # Each becomes a step where it is; what is none is left out by the translator.
            logger.debug("spans of one call were not brought together", exc_info=True)
            return Places()
