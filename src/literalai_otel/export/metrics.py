"""What becomes of steps, as OpenTelemetry metrics.

The numbers of `Delivery.counters` under the names that the SDK has for its own processors and exporters. Off unless
`Config.metrics`. Steps that are no spans, such as messages, and upserts of threads count as spans here: they travel the
same way.
"""

import itertools
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation, get_meter

from literalai_otel.attributes import (
    COMPONENT_NAME,
    COMPONENT_TYPE,
    ERROR_TYPE,
    METRIC_REQUESTS_RETRIED,
    METRIC_SPANS_EXPORTED,
    METRIC_SPANS_PROCESSED,
    METRIC_SPANS_QUEUED,
    METRIC_STEPS_SPOOLED,
)
from literalai_otel.export.counters import Counters, DropReason

if TYPE_CHECKING:
    from literalai_otel.export.delivery import Delivery

METER: Final = "literalai_otel"
KIND: Final = "literalai_delivery"
BEFORE_EXPORT: Final[frozenset[DropReason]] = frozenset(
    {"queue_full", "spool_full", "spool_lost", "after_exit", "timeout_at_exit", "translate_failed"}
)
"""Losses on the way to the exporter; the others are failed exports."""

Read = Callable[[Counters], Iterator[tuple[int, Mapping[str, str]]]]
"""Values of one metric, each with what else it says."""

_numbers: Final = itertools.count()


def observe(delivery: "Delivery", provider: MeterProvider | None = None) -> None:
    """Have every collection of metrics ask `delivery` for its numbers, for as long as it is there."""
    meter = get_meter(METER, meter_provider=provider)
    labels = {COMPONENT_TYPE: KIND, COMPONENT_NAME: f"{KIND}/{next(_numbers)}"}
    asked = weakref.ref(delivery)

    def callback(read: Read) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observations(_: CallbackOptions) -> Iterable[Observation]:
            there = asked()
            seen = read(there.counters()) if there is not None else ()
            return [Observation(value, {**labels, **more}) for value, more in seen]

        return observations

    for name, unit, description, read in (
        (METRIC_SPANS_PROCESSED, "{span}", "Steps that were passed on to be sent, or lost before", _processed),
        (METRIC_SPANS_EXPORTED, "{span}", "Steps that the server has, or has not taken", _exported),
        (METRIC_REQUESTS_RETRIED, "{request}", "Requests that were sent again", _retried),
    ):
        meter.create_observable_counter(name, [callback(read)], unit, description)
    for name, description, read in (
        (METRIC_SPANS_QUEUED, "Steps in memory that the server does not have yet", _queued),
        (METRIC_STEPS_SPOOLED, "Steps on the disk alone", _spooled),
    ):
        meter.create_observable_up_down_counter(name, [callback(read)], "{span}", description)


def _processed(now: Counters) -> Iterator[tuple[int, Mapping[str, str]]]:
    lost = {reason: count for reason, count in now.dropped.items() if reason in BEFORE_EXPORT}
    yield now.sent + sum(now.dropped.values()) - sum(lost.values()), {}
    for reason, count in lost.items():
        yield count, {ERROR_TYPE: reason}


def _exported(now: Counters) -> Iterator[tuple[int, Mapping[str, str]]]:
    yield now.sent, {}
    for reason, count in now.dropped.items():
        if reason not in BEFORE_EXPORT:
            yield count, {ERROR_TYPE: reason}


def _retried(now: Counters) -> Iterator[tuple[int, Mapping[str, str]]]:
    yield now.retried, {}


def _queued(now: Counters) -> Iterator[tuple[int, Mapping[str, str]]]:
    yield now.queued, {}


def _spooled(now: Counters) -> Iterator[tuple[int, Mapping[str, str]]]:
    yield now.spooled, {}
