"""The recorder of an instrumentor: whether a call is recorded at all, by whom, and on which tracer provider."""

import logging
from functools import partial
from typing import Final
from weakref import WeakKeyDictionary

from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, TracerProvider, get_tracer

from literalai_otel.attributes import (
    CONVERSATION_ID,
    INSTRUMENTOR_SCOPE_PREFIX,
    STEP_ID,
    STEP_PARENT_ID,
    THREAD_ID,
    WHOLE_FRAMEWORKS,
)
from literalai_otel.genai.audience import BELOW_ANOTHERS, KNOWN, Audience
from literalai_otel.genai.call_options import NO_OPTIONS, CallOptions
from literalai_otel.genai.content import policy
from literalai_otel.genai.current import get_current
from literalai_otel.genai.invocation import Invocation
from literalai_otel.genai.keys import OFFICIAL_INFERENCE_KEY, RECORDING_KEY, TRACER_PROVIDER_KEY
from literalai_otel.genai.metrics import Metrics
from literalai_otel.genai.official import official_call, publish
from literalai_otel.genai.place import own_context
from literalai_otel.genai.recording import Recording
from literalai_otel.genai.side_table import FACTS, SIDE_TABLE
from literalai_otel.genai.suppression import SPAN_KEY, suppressed

logger = logging.getLogger(__name__)

_PLACING: Final = frozenset({STEP_ID, STEP_PARENT_ID, THREAD_ID, CONVERSATION_ID})
"""What a processor of ours must find on a span that starts: it says where the span belongs."""


class Recorder:
    """Opens the recordings of one instrumentor, on scope `scope`."""

    def __init__(
        self,
        scope: str,
        version: str,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        marks: CallOptions = NO_OPTIONS,
    ) -> None:
        """`marks`: tags and metadata of every call of a model."""
        self._scope = scope
        self._marks = marks
        self._of_framework = scope.removeprefix(INSTRUMENTOR_SCOPE_PREFIX) in WHOLE_FRAMEWORKS
        self._version = version
        self._audience = Audience(get_tracer(scope, version, tracer_provider))
        self._audiences: WeakKeyDictionary[TracerProvider, Audience] = WeakKeyDictionary()
        self._meter_provider = meter_provider
        self._metrics: Metrics | None = None

    def open(
        self, invocation: Invocation, *, accepts_nested: bool = False, parent: Context | None = None
    ) -> Recording | None:
        """Start recording `invocation`; None when it must not be recorded.

        It is recorded below `parent`, by default the current context: callbacks know what called them, and what is
        current while they run may be something else. `accepts_nested` is for frameworks: a call of a provider's SDK
        below them is the same invocation.
        """
        context = own_context(get_current()) if parent is None else parent
        framework = self._of_framework
        if suppressed(context, framework=framework) or (
            parent is not None and suppressed(get_current(), framework=framework)
        ):
            return None
        if invocation.calls_model:
            if self._marks is not NO_OPTIONS:
                self._marks.mark_call(invocation)
            outer = context.get(RECORDING_KEY)
            if isinstance(outer, Recording):
                source = invocation.exchange.source
                if source is not None and outer.invocation.exchange.source is source:
                    return None  # wrapped in two places: it is the same call
                if outer.accepts_nested and not outer.ended:
                    inner = Recording(
                        invocation, INVALID_SPAN, context, contribute=outer.enrich, for_literal_alone=outer.defers
                    )
                    outer.enrich(inner)  # what is known now: of two streams that nobody closes any may end first
                    return inner
            # Beside an official instrumentor of the same framework ours records for Literal, and it for others.
            official = official_call(context) if OFFICIAL_INFERENCE_KEY in context and not framework else None
            if official is not None:
                recording = Recording(
                    invocation,
                    NonRecordingSpan(official.span.get_span_context()),  # the fields below must not keep it alive
                    context,
                    contribute=partial(_publish, official.data),
                    accepts_nested=accepts_nested,
                )
                # Now and not in the end: streams that nobody closes may end in any order.
                SIDE_TABLE.put_beside(official.span, {FACTS: recording.fields_so_far})
                return recording
        metrics = self._meters() if invocation.calls_model and policy().metrics else None
        audience = self._audience if TRACER_PROVIDER_KEY not in context else self._audience_in(context)
        attributes = invocation.attributes
        alone = audience.literal_alone()
        around = context.get(SPAN_KEY)
        stays_bare = (
            alone is not None
            and audience.sampler_is_blind
            and _PLACING.isdisjoint(attributes)
            and (around is None or not getattr(around, BELOW_ANOTHERS, True))
        )
        span = audience.tracer.start_span(
            invocation.span_name, context, invocation.span_kind, None if stays_bare else attributes
        )
        try:
            if stays_bare:
                setattr(span, KNOWN, attributes)
            return Recording(
                invocation,
                span,
                context,
                metrics=metrics,
                accepts_nested=accepts_nested,
                for_literal_alone=alone is not None,
                # A step around a lone tool is sent before it, by whoever calls the tool.
                ends_later=alone if stays_bare and invocation.calls_model else None,
            )
        except Exception:
            logger.debug("a call is not recorded", exc_info=True)
            span.end()
            return None

    def _audience_in(self, context: Context) -> Audience:
        provider = context.get(TRACER_PROVIDER_KEY)
        if not isinstance(provider, TracerProvider):
            return self._audience
        audience = self._audiences.get(provider)
        if audience is None:
            audience = self._audiences[provider] = Audience(provider.get_tracer(self._scope, self._version))
        return audience

    def _meters(self) -> Metrics:
        if self._metrics is None:
            self._metrics = Metrics(self._scope, self._version, self._meter_provider)
        return self._metrics


def _publish(data: object, recording: Recording) -> None:
    publish(recording.invocation, data)
