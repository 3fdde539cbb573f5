"""The tracer provider of a client that keeps apart from the host's.

Where the host traces too, the steps of such a client are not current in the OTel context (`opening`): the nearest
step in the Literal context is then the parent of what this provider starts, so that its own tree is whole.
"""

import weakref
from collections.abc import Sequence
from typing import Any, cast

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Tracer, TracerProvider

from literalai_otel.context.state import literal_context
from literalai_otel.genai.keys import APART_SPAN_KEY


class PrivateTracerProvider(TracerProvider):
    """A provider whose spans stand under the nearest step of one client.

    Args:
        provider: The provider that makes the spans.
        client_name: The client whose steps count.
    """

    def __init__(self, provider: TracerProvider, client_name: str) -> None:
        self._provider = provider
        self._client_name = client_name
        self._own: weakref.WeakSet[Span] = weakref.WeakSet()

    def get_tracer(self, *args: Any, **kwargs: Any) -> Tracer:
        """As `TracerProvider.get_tracer`."""
        return _PrivateTracer(self._provider.get_tracer(*args, **kwargs), self)

    def place(self, context: Context | None) -> Context:
        """`context` with the right parent in it: a current span of this provider, else the nearest step's."""
        found = otel_context.get_current() if context is None else context
        if trace.get_current_span(found) in self._own:
            return found
        above = found.get(APART_SPAN_KEY)
        if above in self._own:
            return trace.set_span_in_context(cast(Span, above), found)
        literal = literal_context(found)
        step = literal.step
        if step is None or literal.client is None or literal.client.name != self._client_name:
            return found
        if not step.span.get_span_context().is_valid:
            return found
        return trace.set_span_in_context(step.span, found)

    def remember(self, span: Span) -> Span:
        """Know `span` as one of this provider."""
        self._own.add(span)
        return span


class _PrivateTracer(Tracer):
    def __init__(self, tracer: Tracer, provider: PrivateTracerProvider) -> None:
        self._tracer = tracer
        self._provider = provider

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Any = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        span = self._tracer.start_span(
            name,
            self._provider.place(context),
            kind,
            attributes,
            links,
            start_time,
            record_exception,
            set_status_on_exception,
        )
        return self._provider.remember(span)

    def start_as_current_span(self, name: str, context: Context | None = None, *args: Any, **kwargs: Any) -> Any:
        return self._tracer.start_as_current_span(name, self._provider.place(context), *args, **kwargs)
