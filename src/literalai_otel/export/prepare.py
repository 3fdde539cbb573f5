"""What delivery accepts, and how it becomes a unit in wire form: on the delivery thread, never on the caller's.

Deferred fields are resolved, the span becomes a record, the record a step; the content policy acts on the step, large
media leaves it, it is trimmed to Literal's limits and measured (`DESIGN.md` §2, the way of a call; §3, Units).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from literalai_otel.attributes import CONTENT_DROPPED, SCOPE_PREFIX
from literalai_otel.export.lanes import Unit
from literalai_otel.export.masking import Governed, govern
from literalai_otel.export.offload import Uploads, without_media
from literalai_otel.genai.content import MASK_FAILED, MASK_PROBLEM, policy
from literalai_otel.genai.media import Media, pop_media
from literalai_otel.genai.side_table import FACTS, resolve
from literalai_otel.jsonable import dumps
from literalai_otel.model import Step, Thread, to_wire
from literalai_otel.translate import SpanRecord, translate
from literalai_otel.translate.limits import MAX_NAME_BYTES, trim, trim_thread

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Span

    from literalai_otel.processor import Lineage

BYTES_BESIDE_TEXTS: Final = 2048
"""What a span or step weighs without its texts, about."""


class FinishedSpan:
    """What an ended span says (under the names that it has there, for `SpanRecord.from_sdk`), and what came beside it.

    The span itself is not kept: a queue of spans has half as many objects without them, and what waits in a queue is
    what the garbage collector walks through, on the caller's thread.

    Args:
        span: The span. `from_sdk` says what is read of it.
        fields: From the side table.
        lineage: From the processor.
        export_all: Whether even a span that is no step becomes one.
    """

    __slots__ = (
        "attributes",
        "context",
        "end_time",
        "events",
        "export_all",
        "fields",
        "instrumentation_scope",
        "kind",
        "lineage",
        "name",
        "parent",
        "resource",
        "start_time",
        "status",
    )

    def __init__(
        self,
        span: "ReadableSpan",
        fields: Mapping[str, Any] | None = None,
        lineage: "Lineage | None" = None,
        export_all: bool = False,
    ) -> None:
        self.context = span.context
        self.parent = span.parent
        self.name = span.name
        self.kind = span.kind
        self.start_time = span.start_time
        self.end_time = span.end_time
        self.status = span.status
        # The mapping takes a lock for each item, its copy() does not; every question to it is a call or two.
        attributes: Any = span.attributes
        self.attributes: dict[str, Any] = {} if attributes is None else attributes.copy()
        self.events = span.events
        self.instrumentation_scope = span.instrumentation_scope
        self.resource = span.resource
        self.fields = fields
        self.lineage = lineage
        self.export_all = export_all


class EndingSpan:
    """A span that is over and has not ended: ending it takes longer than all else that is done after a call.

    It ends where it is prepared, and nobody else is told: whoever started to look at the provider's spans meanwhile
    would be shown one that is bare (`genai.audience`).

    Args:
        span: The span.
        end: Ends it, with what is known of the call beside it.
        finished: What is to be sent of it when it has ended; None when that is nothing.
    """

    __slots__ = ("_end", "_finish", "_finished", "_span")

    def __init__(
        self, span: "Span", end: Callable[[], None], finished: "Callable[[ReadableSpan], FinishedSpan | None]"
    ) -> None:
        self._span = span
        self._end: Callable[[], None] | None = end
        self._finish = finished
        self._finished: FinishedSpan | None = None

    def ended(self) -> FinishedSpan | None:
        """End the span, if it has not yet: what is to be sent of it."""
        end, self._end = self._end, None
        if end is not None:
            # An SDK that knows another name for it tells the provider's processor, which then sends the span itself.
            span: Any = self._span
            span._span_processor = self
            end()
        return self._finished

    def _on_ending(self, span: "Span") -> None:
        """Called by the SDK before the span has ended."""

    def on_end(self, span: "ReadableSpan") -> None:
        """Called by the SDK when the span has ended, with a copy."""
        self._finished = self._finish(span)


Source = FinishedSpan | EndingSpan | Step | Thread
"""What delivery accepts."""


@dataclass(slots=True)
class Submission:
    """Something accepted and not looked at yet. `size` is a guess in bytes. Not frozen, as `FinishedSpan`."""

    source: Source
    environment: str | None
    size: int
    accepted_at: float
    epoch: int


def guess_size(fields: Mapping[str, Any] | None) -> int:
    """Bytes that a span with `fields` beside it may take, or a step (None). `prepare` measures.

    Cheap, since it runs on the caller's thread.
    """
    if fields is None:
        return BYTES_BESIDE_TEXTS
    later = fields.get(FACTS)
    if later is not None:  # it has all that is large, and says how much it keeps alive
        return BYTES_BESIDE_TEXTS + getattr(later, "size", 0)
    size = BYTES_BESIDE_TEXTS
    for value in fields.values():
        # Deferred content says it too.
        size += len(value) if value.__class__ is str else getattr(value, "size", 0)
    return size


def prepare(submission: Submission, uploads: Uploads) -> Unit | None:
    """The unit to send, or None for a span that is no step. Raises whatever the translator raises."""
    source = submission.source
    if isinstance(source, Thread):
        thread = trim_thread(source)
        return _unit(submission, thread, submission.environment, thread.id, len(dumps(to_wire(thread))))
    if isinstance(source, Step):
        governed = govern(source, policy(), unmasked=True)
        return _step_unit(submission, governed, source.root_run_id or source.parent_id or source.id, uploads)
    if isinstance(source, EndingSpan):
        ended = source.ended()
        if ended is None:
            return None
        source = ended
    record = SpanRecord.from_sdk(
        source,
        resolve(source.fields) if source.fields is not None else None,
        source.lineage,
    )
    media, problem = _taken_beside(cast(dict[str, Any], record.fields))
    step = translate(record, export_all=source.export_all)
    if step is None:
        return None
    governed = govern(step, policy(), unmasked=not record.scope.startswith(SCOPE_PREFIX))
    governed.media.update({key: item for key, item in media.items() if key not in governed.withheld})
    governed.problem = governed.problem or problem
    return _step_unit(submission, governed, record.trace_id, uploads)


def _taken_beside(fields: dict[str, Any]) -> tuple[dict[str, Media], str]:
    """What came beside the content of a span and is no part of a step: its media, and why a mask failed, if it did."""
    media = pop_media(fields)
    if fields.get(CONTENT_DROPPED) != MASK_FAILED:
        return media, ""
    return media, str(fields.pop(MASK_PROBLEM, MASK_FAILED))


def _step_unit(submission: Submission, governed: Governed, tree: str, uploads: Uploads) -> Unit:
    in_force, step, media = policy(), governed.step, governed.media
    wire: dict[str, Any] = to_wire(step)
    encoded = dumps(wire)
    if len(encoded) > min(in_force.inline_media, MAX_NAME_BYTES):
        lighter, found = without_media(step, in_force.inline_media)
        media = {**media, **{key: item for key, item in found.items() if key not in governed.withheld}}
        trimmed = trim(lighter)
        if trimmed is not step:
            wire = to_wire(trimmed)
            encoded = dumps(wire)
    size = len(encoded)
    if media and in_force.upload_media:
        # What a mask or a rule took away, or was cut off, is not referred to any more.
        size += uploads.attach(wire, [item for item in media.values() if item.reference.encode() in encoded])
    environment = wire.pop("environment", None) or submission.environment
    return _unit(submission, wire, environment, step.thread_id or tree, size, governed.problem)


def _unit(submission: Submission, payload: Any, environment: str | None, lane: str, size: int, flaw: str = "") -> Unit:
    return Unit(
        payload=payload,
        lane=(environment, lane),
        size=size,
        accepted_at=submission.accepted_at,
        epoch=submission.epoch,
        flaw=flaw,
    )
