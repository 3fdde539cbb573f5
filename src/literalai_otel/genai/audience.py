"""Who sees the spans of a tracer.

Where that is Literal alone they stay bare: what a recording knows is beside its span anyway, and may be read later.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol

from opentelemetry.trace import Span, Tracer

OF_LITERAL: Final = "_literalai_processor"
"""Attribute, true, of a span processor that takes what is beside a span."""
KNOWN: Final = "_literalai_known"
"""Attribute of a bare span: the attributes that its recording knows so far."""
BELOW_ANOTHERS: Final = "_literalai_below_anothers"
"""Attribute of a span that a processor of ours saw start: whether the nearest step, at or above it, is one of another
instrumentor. A span that starts below may record the same call, and its attributes tell."""


class OursAlone(Protocol):
    """A processor of ours that alone sees a span."""

    def end_later(self, span: Span, end: Callable[[], None], size: int) -> None:
        """Call `end`, which ends `span`, on the delivery thread, and tell nobody else. It keeps `size` bytes alive."""
        ...


class Audience:
    """Who sees the spans of `tracer`, asked before each of them: a host adds processors when it likes.

    What is asked is private to the SDK. A tracer without it has an audience.
    """

    __slots__ = ("_fan_out", "sampler_is_blind", "tracer")

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self._fan_out: Any = None
        """What hands spans to the processors."""
        self.sampler_is_blind = False
        """Whether, where Literal is alone, nothing of the host's looks at the attributes of a span that starts."""

    def literal_alone(self) -> OursAlone | None:
        """The processor of ours that alone sees the next span: what its recording learns may wait, unread.

        None when another one sees it too.
        """
        if self._fan_out is None:
            self._find_fan_out()
        processors = getattr(self._fan_out, "_span_processors", ())
        return processors[0] if len(processors) == 1 and getattr(processors[0], OF_LITERAL, False) else None

    def _find_fan_out(self) -> None:
        real: Any = getattr(self.tracer, "_real_tracer", self.tracer)  # of a proxy, None before its first span
        self._fan_out = getattr(real, "span_processor", None)
        self.sampler_is_blind = self._fan_out is not None and _is_blind(getattr(real, "sampler", None))


def _is_blind(sampler: Any) -> bool:
    """Whether `sampler` is one of the SDK's own, none of which looks at attributes."""
    from opentelemetry.sdk.trace.sampling import ParentBased, StaticSampler, TraceIdRatioBased  # loaded where asked for

    if type(sampler) is ParentBased:
        return all(map(_is_blind, vars(sampler).values()))
    return type(sampler) in (StaticSampler, TraceIdRatioBased)
