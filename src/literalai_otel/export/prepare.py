"""What delivery accepts, and how it becomes a unit in wire form: on the delivery thread, never on the caller's.

Deferred fields are resolved, the span becomes a record, the record a step, the step is trimmed to Literal's limits
and measured (`DESIGN.md` §2, the way of a call; §3, Units).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from literalai_otel.export.lanes import Unit
from literalai_otel.genai.side_table import resolve
from literalai_otel.jsonable import dumps
from literalai_otel.model import Step, Thread, to_wire
from literalai_otel.translate import SpanRecord, translate
from literalai_otel.translate.limits import trim

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from literalai_otel.processor import Lineage

_BYTES_BESIDE_TEXTS: Final = 2048
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


@dataclass(slots=True)
class Submission:
    """Something accepted and not looked at yet. `size` is a guess in bytes. Not frozen, as `FinishedSpan`."""

    source: FinishedSpan | Step | Thread
    environment: str | None
    size: int
    accepted_at: float
    epoch: int


def guess_size(source: FinishedSpan | Step | Thread) -> int:
    """Bytes that `source` may take; cheap, since it runs on the caller's thread. `prepare` measures."""
    fields = source.fields if isinstance(source, FinishedSpan) else None
    size = _BYTES_BESIDE_TEXTS
    if fields is not None:
        for value in fields.values():
            # Deferred content says how much it keeps alive.
            size += len(value) if value.__class__ is str else getattr(value, "size", 0)
    return size


def prepare(submission: Submission) -> Unit | None:
    """The unit to send, or None for a span that is no step. Raises whatever the translator raises."""
    source = submission.source
    if isinstance(source, Thread):
        return _unit(submission, source, submission.environment, source.id, to_wire(source))
    if isinstance(source, Step):
        return _step_unit(submission, source, source.root_run_id or source.parent_id or source.id)
    record = SpanRecord.from_sdk(
        source,
        resolve(source.fields) if source.fields is not None else None,
        source.lineage,
    )
    step = translate(record, export_all=source.export_all)
    return None if step is None else _step_unit(submission, step, record.trace_id)


def _step_unit(submission: Submission, step: Step, tree: str) -> Unit:
    wire: dict[str, Any] = to_wire(trim(step))
    environment = wire.pop("environment", None) or submission.environment
    return _unit(submission, wire, environment, step.thread_id or tree, wire)


def _unit(submission: Submission, payload: Any, environment: str | None, lane: str, wire: dict[str, Any]) -> Unit:
    return Unit(
        payload=payload,
        lane=(environment, lane),
        size=len(dumps(wire)),
        accepted_at=submission.accepted_at,
        epoch=submission.epoch,
    )
