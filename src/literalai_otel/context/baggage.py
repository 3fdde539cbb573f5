"""Thread, root run and step around a request, by their ids, from one service to the next: opt-in (`LITERAL_BAGGAGE`).

The server joins trees across services by the ids of spans alone (`DESIGN.md` §3, Identity). Baggage is for those who
want each step to name its thread and parent by itself: steps that two servers store, or that are read before all of
them have come. What travels is put into the headers of requests and taken from them; the program's own baggage stays
as it is. Rule: `spec/genai-semconv.md` §6.3.
"""

import logging
from collections.abc import Callable
from typing import Final

from opentelemetry import baggage, propagate
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, get_current, set_value
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.trace import SpanContext, get_current_span

from literalai_otel.attributes import ROOT_RUN_ID, STEP_PARENT_ID, THREAD_ID
from literalai_otel.context.active_thread import MAX_ID_LENGTH, ActiveThread
from literalai_otel.context.client import choose_client, default_client
from literalai_otel.context.state import EMPTY, LiteralContext, literal_context
from literalai_otel.genai.keys import LITERAL_KEY, THREAD_KEY

logger = logging.getLogger(__name__)

StepAround = Callable[[SpanContext], str | None]
_W3C: Final = W3CBaggagePropagator()


class IdsInBaggage(TextMapPropagator):
    """The propagator that stood, and our ids with what it sends and receives. Never raises on its own account.

    Args:
        standing: The application's propagator. Where it carries no baggage, W3C baggage is carried beside it.
        step_around: Id of the nearest step at or above a span.
    """

    def __init__(self, standing: TextMapPropagator, step_around: StepAround) -> None:
        carried = _W3C.fields <= standing.fields
        self._standing = standing if carried else CompositePropagator([standing, _W3C])
        self._step_around = step_around

    @property
    def fields(self) -> set[str]:
        """Headers that may be set."""
        return self._standing.fields

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write what stands and our ids into `carrier`."""
        context = get_current() if context is None else context
        self._standing.inject(carrier, self._named(context), setter)

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """`context` with what `carrier` says, our surroundings among it unless there are some already."""
        return _surrounded(self._standing.extract(carrier, context, getter))

    def _named(self, context: Context) -> Context:
        """`context` with our ids in its baggage."""
        try:
            literal = literal_context(context).settled()
            client = default_client()
            if literal.client is not None and client is not None and literal.client.name != client.name:
                return context  # another project's
            step = self._step_around(get_current_span(context).get_span_context())
            if step is None:
                step = literal.step.id if literal.step is not None else literal.far_parent_id
            thread = literal.thread.id if literal.thread is not None else context.get(THREAD_KEY)
            for name, value in ((THREAD_ID, thread), (ROOT_RUN_ID, literal.root_run_id), (STEP_PARENT_ID, step)):
                if isinstance(value, str):
                    context = baggage.set_baggage(name, value, context)
        except Exception:
            logger.debug("ids are not in the baggage", exc_info=True)
        return context


def use_baggage(step_around: StepAround) -> None:
    """Wrap the propagator of the process, once."""
    standing = propagate.get_global_textmap()
    if not isinstance(standing, IdsInBaggage):
        propagate.set_global_textmap(IdsInBaggage(standing, step_around))


def _surrounded(context: Context) -> Context:
    try:
        if literal_context(context) is not EMPTY:
            return context
        thread, run, step = (_id_in(context, name) for name in (THREAD_ID, ROOT_RUN_ID, STEP_PARENT_ID))
        if thread is None and run is None and step is None:
            return context
        named = ActiveThread(choose_client(None), thread) if thread is not None else None
        return set_value(LITERAL_KEY, LiteralContext(thread=named, root_run_id=run, far_parent_id=step), context)
    except Exception:
        logger.debug("baggage is not used", exc_info=True)
        return context


def _id_in(context: Context, name: str) -> str | None:
    """A usable id; strangers may send anything, so that nothing is said of others."""
    value = baggage.get_baggage(name, context)
    return value if isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH and value.isprintable() else None
