"""A recording: the open span of an invocation. It is ended once, whatever happens, and never raises.

Content takes the ways that the policy allows (`genai.content`); everything else is in the side table, and on the span
where anybody but Literal sees that.
"""

import logging
from collections.abc import Callable
from itertools import islice
from time import perf_counter, time_ns
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode

from literalai_otel.attributes import (
    ERROR_TYPE,
    OPERATION_NAME,
    PROVIDER_NAME,
    REQUEST_MODEL,
    RESPONSE_TIME_TO_FIRST_CHUNK,
    STREAM_OUTCOME,
)
from literalai_otel.genai.audience import OursAlone
from literalai_otel.genai.content import ContentPolicy, SpanInfo, policy
from literalai_otel.genai.invocation import Invocation
from literalai_otel.genai.keys import RECORDING_KEY
from literalai_otel.genai.later import InnerCalls, Reader, ReadLater, kept_content, read_quietly, take_over
from literalai_otel.genai.metrics import Metrics
from literalai_otel.genai.side_table import FACTS, end_recording_span, end_span, resolve
from literalai_otel.genai.suppression import context_of
from literalai_otel.jsonable import dumps_text

logger = logging.getLogger(__name__)

_BARE_NAMES: Final = ("builtins", "asyncio.exceptions")
"""Modules whose exceptions everybody knows by their bare name."""
_MAX_DESCRIPTION: Final = 4096
"""Characters of a status description: some errors carry the whole page that a gateway answered."""
_NO_CONTEXT: Final = Context()


class Recording:
    """One invocation that is being recorded.

    `context` is the one in which the call runs. `active` says whether readers need to do anything, `wants_content`
    whether content is kept, `defers` whether facts may be read later (`learn`). A recording without a span of its own
    contributes what it learns to an outer one.
    """

    __slots__ = (
        "_chunk_at",
        "_content_policy",
        "_contribute",
        "_ended_at",
        "_ends_later",
        "_inner",
        "_known_at_start",
        "_later",
        "_later_size",
        "_metrics",
        "_open",
        "_started_at",
        "_summed",
        "accepts_nested",
        "active",
        "context",
        "defers",
        "invocation",
        "span",
        "wants_content",
    )

    def __init__(
        self,
        invocation: Invocation,
        span: Span,
        parent: Context,
        *,
        metrics: Metrics | None = None,
        contribute: "Callable[[Recording], None] | None" = None,
        accepts_nested: bool = False,
        for_literal_alone: bool = False,
        ends_later: OursAlone | None = None,
    ) -> None:
        """`for_literal_alone`: nobody but a processor of ours sees `span`, or that to which this one contributes.

        `ends_later`, that processor, is given the end of a call that succeeded: it is most of the work.
        """
        self.invocation = invocation
        self.span = span
        self.accepts_nested = accepts_nested
        self.context = (
            # What is seen of the HTTP exchange inside belongs to this call, not to the outer one.
            Context({**parent, RECORDING_KEY: self})
            if contribute is not None
            else context_of(span, self, parent, calls_model=invocation.calls_model)
        )
        self._content_policy: ContentPolicy = policy()
        self._contribute = contribute
        self._metrics = metrics
        is_recording = span.is_recording()
        self.active = is_recording or metrics is not None or contribute is not None
        self.wants_content = (is_recording or contribute is not None) and (
            self._content_policy.to_literal or self._content_policy.on_spans
        )
        self.defers = for_literal_alone and metrics is None and not self._content_policy.on_spans
        self._later: list[Reader] = []
        self._later_size = 0
        self._summed: set[str] | None = None
        self._inner: InnerCalls | None = None
        self._known_at_start = len(invocation.attributes)
        self._ends_later = ends_later if self.defers and is_recording else None
        self._open = True
        self._ended_at: int | None = None
        self._started_at = perf_counter()
        self._chunk_at: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the recording is over."""
        return not hasattr(self, "_open")

    @property
    def counts_chunks(self) -> bool:
        """Whether `chunk` must be called for every chunk and not for the first alone."""
        return self._metrics is not None

    def chunk(self) -> None:
        """A chunk has come; the first one sets the time to first chunk, in seconds."""
        now = perf_counter()
        if self._chunk_at is None:
            self.invocation.attributes[RESPONSE_TIME_TO_FIRST_CHUNK] = now - self._started_at
        elif self._metrics is not None:
            self._metrics.chunk(self.invocation.attributes, now - self._chunk_at)
        self._chunk_at = now

    def learn(self, read: Reader, size: int = 0) -> None:
        """Let `read` write into the invocation what its exchange says.

        That is now, or on the delivery thread when nobody but Literal will ever see the span; then the invocation is
        another one, with the same exchange. So `read` looks at nothing that the caller could change meanwhile. `size`
        is what it keeps alive beside the exchange, in bytes.
        """
        if self.defers:
            self._later.append(read)
            self._later_size += size
        else:
            self.invocation.content_size += size
            read_quietly(read, self.invocation)

    def complete(self) -> None:
        """End: the call succeeded, or its stream was read to the end."""
        if self._ends_later is None:
            self._end()
            return
        try:
            del self._open
        except AttributeError:
            return
        try:
            self._ended_at = time_ns()
            invocation = self.invocation
            size = self._later_size + invocation.content_size + invocation.exchange.size
            self._ends_later.end_later(self.span, self._end_as_it_was, size)
        except Exception:
            logger.debug("a recording was cut short", exc_info=True)
            self._end_bare()
        finally:
            self.context = _NO_CONTEXT  # as in `_end`

    def fail(self, error: BaseException, outcome: str | None = None) -> None:
        """End with `error`; the caller re-raises it."""
        self._end(error=error, outcome=outcome)

    def fail_as(self, error_type: str, message: str) -> None:
        """End with an error that the provider reported and no exception stands for."""
        self._end(error_type=error_type, description=message)

    def stop(self, outcome: str) -> None:
        """End a stream that was not read to its end: `closed`, `abandoned`."""
        self._end(outcome=outcome)

    def enrich(self, inner: "Recording") -> None:
        """Take over what an inner call of the same invocation knows and this one does not (`later.take_over`).

        Now, or when the rest of this one is read: what `inner` leaves for later is read then too.
        """
        known, own = inner.invocation, self.invocation.attributes
        provider = known.attributes.get(PROVIDER_NAME)
        if provider is not None and own.get(PROVIDER_NAME) not in (None, provider):
            own[PROVIDER_NAME] = provider  # the client knows its host
            self.span.set_attribute(PROVIDER_NAME, provider)  # what was known at the start is on the span already
        if not self.defers:
            self.invocation.content_size += known.content_size
            if self._summed is None:
                self._summed = set()
            take_over(known, self.invocation, self._summed)
            return
        if self._inner is None:
            self._inner = InnerCalls()
            self._later.append(self._inner)
        self._inner.add(known, inner._later)
        self._later_size += known.exchange.size + known.content_size + inner._later_size

    def _end(
        self,
        *,
        error: BaseException | None = None,
        error_type: str | None = None,
        description: str | None = None,
        outcome: str | None = None,
    ) -> None:
        try:
            del self._open  # one instruction: of two threads that end it, one comes further
        except AttributeError:
            return
        try:
            attributes = self.invocation.attributes
            if outcome is not None:
                attributes[STREAM_OUTCOME] = outcome
            if error is not None:
                error_type, description = _type_name(error), _message(error)
            if error_type is not None:
                attributes[ERROR_TYPE] = error_type
            if self._contribute is not None:
                self._contribute(self)
                return
            if self._metrics is not None:
                self._metrics.record(attributes, perf_counter() - self._started_at)
            if not self.span.is_recording():
                end_span(self.span, {})
                return
            if error is not None:
                self._record_exception(error)
            if error_type is not None:
                self.span.set_status(Status(StatusCode.ERROR, description))
            self._write_and_end(attributes)
        except Exception:
            logger.debug("a recording was cut short", exc_info=True)
            self._end_bare()
        finally:
            # The context names the recording: without this, every call would leave a cycle to the collector.
            self.context = _NO_CONTEXT

    def _end_as_it_was(self) -> None:
        """The end of a call that is over and succeeded, on the delivery thread."""
        try:
            self._write_and_end(self.invocation.attributes)
        except Exception:
            logger.debug("a recording was cut short", exc_info=True)
            self._end_bare()

    def _record_exception(self, error: BaseException) -> None:
        try:
            self.span.record_exception(error)
        except Exception:  # an exception whose text cannot be made must not cost the rest of the span
            logger.debug("an exception is not recorded", exc_info=True)

    def fields_so_far(self) -> dict[str, Any]:
        """What Literal gets of the call, as far as it is known: for a span beside which it goes, not on it."""
        fields = dict(self.invocation.attributes)
        self._add_content(fields, {})
        return resolve(fields)

    def _write_and_end(self, attributes: dict[str, Any]) -> None:
        fields = dict(attributes)
        if self._later:
            fields[FACTS] = ReadLater(
                self._later,
                self.invocation.exchange,
                self._content_policy,
                None if self._content_policy.mask is None else self._info(),
                wants_content=self.wants_content,
                size=self._later_size,
            )
        learned: dict[str, Any] = {}
        if not self.defers or ERROR_TYPE in attributes:  # else nobody looks for them on the span
            learned.update(islice(attributes.items(), self._known_at_start, None))
        if self.invocation.content:
            self._add_content(fields, learned)
        if learned:
            self.span.set_attributes(learned)
        end_recording_span(self.span, fields, self._ended_at)

    def _add_content(self, fields: dict[str, Any], learned: dict[str, Any]) -> None:
        info = None if self._content_policy.mask is None else self._info()
        kept = kept_content(self.invocation, self._content_policy, info, wanted=self.wants_content)
        for key, deferred in kept.items():
            fields[key] = deferred
            if self._content_policy.on_spans:
                fields[key] = value = deferred()
                fields.update(deferred.flags)
                fields.update(deferred.beside)
                shown, flags = self._content_policy.shown_on_span(key, value, info)
                learned.update({**deferred.flags, **flags})
                if shown is not None:
                    learned[key] = dumps_text(shown)

    def _info(self) -> SpanInfo:
        identity, attributes = self.span.get_span_context(), self.invocation.attributes
        return SpanInfo(
            name=self.invocation.span_name,
            trace_id=f"{identity.trace_id:032x}",
            span_id=f"{identity.span_id:016x}",
            operation=attributes.get(OPERATION_NAME, ""),
            provider=attributes.get(PROVIDER_NAME),
            model=attributes.get(REQUEST_MODEL),
        )

    def _end_bare(self) -> None:
        """The last resort: no span stays open because writing to it failed."""
        try:
            if self.span.is_recording():
                self.span.end(self._ended_at)
        except Exception:
            logger.debug("a span did not end", exc_info=True)


def _type_name(error: BaseException) -> str:
    """`openai.RateLimitError`; bare for what comes with Python (`spec/frameworks.md` §7, cancellation)."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ in _BARE_NAMES else f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_MAX_DESCRIPTION]
    except Exception:
        return "the exception has no readable message"
