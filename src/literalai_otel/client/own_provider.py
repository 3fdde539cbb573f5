"""A tracer provider of the SDK that keeps everything, whatever the environment says about sampling and limits."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


def own_provider(told: Mapping[str, str | None]) -> "TracerProvider":
    """A new provider; `told` are the attributes of its resource, those without a value left out."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    unlimited = SpanLimits.UNSET
    return TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource.create({key: value for key, value in told.items() if value is not None}),
        shutdown_on_exit=False,  # the delivery has its own end, and one for all clients
        span_limits=SpanLimits(
            max_attributes=unlimited,
            max_events=unlimited,
            max_links=unlimited,
            max_span_attributes=unlimited,
            max_event_attributes=unlimited,
            max_link_attributes=unlimited,
            max_attribute_length=unlimited,
            max_span_attribute_length=unlimited,
        ),
    )
