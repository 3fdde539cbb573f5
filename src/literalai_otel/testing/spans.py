"""Spans kept in memory, with the fields that they carry to Literal beside them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import SpanKind, StatusCode

from literalai_otel.export.prepare import EndingSpan
from literalai_otel.genai.audience import BELOW_ANOTHERS, OF_LITERAL
from literalai_otel.genai.side_table import SIDE_TABLE, resolve


@dataclass(frozen=True, slots=True)
class CapturedSpan:
    """A span that has ended, and its fields from the side table (None when it had none).

    `literal_alone`: nobody else saw it, so that nothing needs to be on the span itself.
    """

    span: ReadableSpan
    deferred: Mapping[str, Any] | None
    literal_alone: bool = False

    @property
    def name(self) -> str:
        """The span's name."""
        return self.span.name

    @property
    def attributes(self) -> dict[str, Any]:
        """What every exporter sees."""
        return dict(self.span.attributes or {})

    @property
    def fields(self) -> dict[str, Any]:
        """What Literal gets: the deferred values are called anew at each reading."""
        return resolve(self.deferred or {})

    @property
    def known(self) -> dict[str, Any]:
        """What is known of an operation but its content: on the span, unless that is bare."""
        return self.fields if self.literal_alone else self.attributes

    @property
    def scope(self) -> str:
        """The name of the instrumentation scope, `""` when there is none."""
        return self.span.instrumentation_scope.name if self.span.instrumentation_scope else ""

    @property
    def kind(self) -> SpanKind:
        """The span's kind."""
        return self.span.kind

    @property
    def status(self) -> StatusCode:
        """The status code."""
        return self.span.status.status_code

    @property
    def description(self) -> str | None:
        """The description of the status."""
        return self.span.status.description

    @property
    def span_id(self) -> int:
        """The span's own id."""
        context = self.span.context
        return context.span_id if context else 0

    @property
    def trace_id(self) -> int:
        """The id of its trace."""
        context = self.span.context
        return context.trace_id if context else 0

    @property
    def parent_id(self) -> int | None:
        """The span id of its parent; None for a root."""
        return self.span.parent.span_id if self.span.parent else None


class SpanCapture(SpanProcessor):
    """A span processor that keeps what ends and counts what is still open.

    `SpanCapture.provider()` gives one with a `TracerProvider` of its own; added to a provider of the user it takes
    part there. It takes the side table's fields inside `span.end()`, as the processor of this project does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[int, int], str] = {}
        self._ended: list[CapturedSpan] = []

    @classmethod
    def provider(
        cls,
        *,
        sampler: Sampler = ALWAYS_ON,
        ids: IdGenerator | None = None,
        limits: SpanLimits | None = None,
    ) -> tuple[TracerProvider, "SpanCapture"]:
        """A private provider and the capture on it. Nothing global is touched."""
        provider = TracerProvider(
            sampler=sampler,
            resource=Resource({}),
            id_generator=ids,
            span_limits=limits,
            shutdown_on_exit=False,
        )
        capture = cls()
        provider.add_span_processor(capture)
        return provider, capture

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Count the span as open."""
        context = span.get_span_context()
        with self._lock:
            self._open[context[:2]] = span.name

    def on_end(self, span: ReadableSpan) -> None:
        """Keep the span and take its fields."""
        context = span.context
        if context is None:
            return
        ended = CapturedSpan(span, SIDE_TABLE.take(context[:2]), isinstance(self, LiteralAlone))
        with self._lock:  # at once: what is not open any more is among the ended
            self._open.pop(context[:2], None)
            self._ended.append(ended)

    @property
    def spans(self) -> list[CapturedSpan]:
        """The spans that have ended, in order of their end (a copy)."""
        with self._lock:
            return list(self._ended)

    @property
    def still_open(self) -> list[str]:
        """Names of the spans that were started and not ended."""
        with self._lock:
            return list(self._open.values())

    def settled(self, timeout: float = 2.0) -> bool:
        """Whether every span ends within `timeout` seconds: abandoned streams are ended on another thread."""
        deadline = time.monotonic() + timeout
        while self.still_open:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def one(self) -> CapturedSpan:
        """The only span. Raises `AssertionError` when there is not exactly one."""
        spans = self.spans
        if len(spans) != 1:
            raise AssertionError(f"one span expected, {len(spans)} ended:\n{span_tree(spans)}")
        return spans[0]

    def clear(self) -> None:
        """Forget the spans so far, those that are open too."""
        with self._lock:
            self._ended.clear()
            self._open.clear()


def span_tree(spans: Sequence[CapturedSpan], *, attributes: Sequence[str] = ()) -> str:
    """The spans as an indented tree, one line each, children in order of their start.

    A line is the name, the status if it is not unset, and those of the named `attributes` that the span has. A
    span whose parent is not among `spans` stands at the left.
    """
    known = {span.span_id for span in spans}
    children: dict[int | None, list[CapturedSpan]] = {}
    for span in sorted(spans, key=lambda each: each.span.start_time or 0):
        parent = span.parent_id if span.parent_id in known else None
        children.setdefault(parent, []).append(span)

    lines: list[str] = []

    def add(parent: int | None, depth: int) -> None:
        for span in children.get(parent, ()):
            words = [span.name]
            if span.status is not StatusCode.UNSET:
                words.append(span.status.name)
            words += [f"{name}={span.attributes[name]!r}" for name in attributes if name in span.attributes]
            lines.append("  " * depth + " ".join(words))
            add(span.span_id, depth + 1)

    add(None, 0)
    return "\n".join(lines)


class LiteralAlone(SpanCapture):
    """A capture that counts as a processor of ours: where it is the only one, recordings leave for later what they can.

    Like `LiteralSpanProcessor`. What is to end later ends when somebody looks.
    """

    def __init__(self) -> None:
        super().__init__()
        self._over: deque[EndingSpan] = deque()
        setattr(self, OF_LITERAL, True)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Count the span as open; none here is a step of another instrumentor."""
        setattr(span, BELOW_ANOTHERS, False)
        super().on_start(span, parent_context)

    def end_later(self, span: ApiSpan, end: Callable[[], None], size: int) -> None:
        """Keep the end for later (`genai.audience.OursAlone`)."""
        self._over.append(EndingSpan(span, end, super().on_end))

    def on_end(self, span: ReadableSpan) -> None:
        """Keep the span, after those that were over before."""
        self._end_all()
        super().on_end(span)

    @property
    def spans(self) -> list[CapturedSpan]:
        """The spans that are over, in order of their end (a copy)."""
        self._end_all()
        return super().spans

    @property
    def still_open(self) -> list[str]:
        """Names of the spans that were started and are not over."""
        self._end_all()
        return super().still_open

    def _end_all(self) -> None:
        while self._over:
            self._over.popleft().ended()
