"""The delivery of a client, under the name and with the methods that the published client showed (L-CLI-14)."""

from typing import Any

from literalai_otel.context.flushing import flush_aside
from literalai_otel.export import Delivery, FlushResult, Preprocess
from literalai_otel.model import Step


class EventProcessor:
    """A face of `client.delivery`; it holds nothing itself.

    Args:
        delivery: The delivery of the client.
        disabled: Whether the client is.
    """

    def __init__(self, delivery: Delivery, disabled: bool) -> None:
        self._delivery = delivery
        self.disabled = disabled

    @property
    def batch_size(self) -> int:
        """Steps per request, at most."""
        return self._delivery.batch_size

    @property
    def processing_counter(self) -> int:
        """Steps and threads that are accepted and neither delivered nor dropped yet."""
        return self._delivery.counters().queued

    def add_event(self, event: Step | dict[str, Any]) -> None:
        """Queue a step, or its wire form (`spec/literal-wire.md` §4, Step; an `id` is required)."""
        step = event if isinstance(event, Step) else Step.from_dict(event)
        if not self.disabled:
            self._delivery.submit_step(step)

    def set_preprocess_function(self, function: Preprocess | None) -> None:
        """As `client.set_preprocess_steps_function`."""
        self._delivery.set_preprocess(function)

    def flush(self, timeout: float | None = None) -> FlushResult:
        """As `LiteralClient.flush`."""
        return self._delivery.flush(timeout)

    async def aflush(self, timeout: float | None = None) -> FlushResult:
        """The same, without holding up the event loop."""
        return await flush_aside(self._delivery.flush, timeout)

    def flush_and_stop(self, timeout: float | None = None) -> FlushResult:
        """As `LiteralClient.flush_and_stop`."""
        return self._delivery.shutdown(timeout)
