"""The one way in: steps of GraphQL and REST, records of OTLP.

Validate, one set-based upsert in one transaction, answer after the commit. One bad step never loses its batch.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from literalai_otel.errors import LiteralError
from literalai_otel.model import Step, to_wire
from literalai_otel.server import raw_spans
from literalai_otel.server.preparation import needs_preparation, prepare
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.rows import Link, StepBatch, StepRow
from literalai_otel.server.store.store import Store
from literalai_otel.server.validation import step_row
from literalai_otel.server.values import InvalidValueError, clean_id
from literalai_otel.translate import SpanRecord, translate, trim
from literalai_otel.translate.collapse import collapse
from literalai_otel.translate.duplicates import model_call

MAX_PENDING_BYTES: Final = 64 * 1024 * 1024
RETRY_AFTER_SECONDS: Final = 1.0
_ROW_BYTES: Final = 600
"""What a step weighs beside its payload, about."""
_AT_ONCE: Final = 100
"""Spans that are translated before rows are made of them: one after the other, each costs a quarter more (measured),
since two paths of code take turns in the processor's caches. All of a request would hold its messages twice."""
_REASONS: Final = 3
"""Reasons that an OTLP answer names; more would repeat them."""
_LOGGER: Final = logging.getLogger(__name__)


class Overloaded(LiteralError):  # noqa: N818 - a state of the server that passes, not a fault
    """More bytes wait for the database than may. `retry_after` is in seconds."""

    def __init__(self, retry_after: float = RETRY_AFTER_SECONDS) -> None:
        super().__init__(f"the server is busy, try again in {retry_after:g} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step: stored, or refused with a message for people."""

    id: str
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class RecordsOutcome:
    """OTLP partial success: how many spans were refused, and why in a line."""

    rejected: int
    message: str


class Ingest:
    """Checks and queues. Bytes that wait for the writer are bounded by `max_pending_bytes`; safe on any thread."""

    def __init__(self, store: Store, max_pending_bytes: int = MAX_PENDING_BYTES) -> None:
        self._store = store
        self._limit = max_pending_bytes
        self._pending = 0
        self._lock = threading.Lock()
        # One thread: estimates are cheap, only loading what they need is not.
        self._preparing = ThreadPoolExecutor(1, "literalai-prepare")
        self._told: set[int] = set()

    @property
    def pending_bytes(self) -> int:
        """Bytes that wait for the writer."""
        return self._pending

    def steps(
        self, project_id: int, steps: Sequence[dict[str, Any]], *, environment: str | None = None
    ) -> Future[list[Outcome]]:
        """Stores the steps of one request (wire form), each for itself.

        Resolves after the commit, one outcome per step in order.

        Raises:
            Overloaded: at once; nothing is stored then.
            InvalidValueError: `environment` is no name of 1 to 255 characters.
        """
        if environment is not None:
            environment = clean_id(environment, "environment")
        checked = [_checked(step, environment) for step in steps]
        rows = [row for row in checked if isinstance(row, StepRow)]
        self._warn_of_lone_tools(project_id, rows)

        def answer(refusals: list[str | None]) -> list[Outcome]:
            after_write = iter(refusals)
            return [item if isinstance(item, Outcome) else _outcome(item.id, next(after_write)) for item in checked]

        return self._queue(StepBatch(project_id, rows, size=_size(rows)), answer)

    def records(
        self, project_id: int, records: Sequence[SpanRecord], *, environment: str | None = None
    ) -> Future[RecordsOutcome]:
        """Stores the spans of one OTLP request; those that are no steps only keep the tree together.

        Of several spans that record one call of a model one is a step, which gets what it lacks from the others: of
        `records`, which are completed in place, and of what a request before brought. What is too large is cut and
        says so in its metadata.

        Raises:
            Overloaded: at once; nothing is stored then.
        """
        rows: list[StepRow] = []
        links: list[Link] = []
        reasons: list[str] = []
        aside = collapse(records)
        origin_of = raw_spans.origins()
        for portion in portions(records, _AT_ONCE):
            steps = [None if _key(record) in aside else translate(record) for record in portion]
            for record, step in zip(portion, steps, strict=True):
                if step is None:
                    if record.parent_span_id is not None or _key(record) in aside:
                        links.append(_link(record))
                    continue
                try:
                    rows.append(_record_row(record, step, environment, origin_of))
                except InvalidValueError as problem:
                    reasons.append(f"span {record.span_id}: {problem}")

        def answer(refusals: list[str | None]) -> RecordsOutcome:
            after_write = [f"step {row.id}: {text}" for row, text in zip(rows, refusals, strict=True) if text]
            return _records_outcome(reasons + after_write)

        return self._queue(StepBatch(project_id, rows, links, size=_size(rows)), answer)

    def _queue(self, batch: StepBatch, answer: Any) -> Future[Any]:
        if not batch.rows and not batch.links:
            done: Future[Any] = Future()
            done.set_result(answer([]))
            return done
        self._reserve(batch.size)
        result: Future[Any] = Future()

        def finish(written: Future[list[str | None]]) -> None:
            self._release(batch.size)
            problem = written.exception()
            if result.cancelled():
                return
            if problem is not None:
                result.set_exception(problem)
            else:
                result.set_result(answer(written.result()))

        def send(_: Any = None) -> None:
            try:
                self._store.upsert_steps(batch).add_done_callback(finish)
            except BaseException as problem:
                self._release(batch.size)
                result.set_exception(problem)

        # Running, so that a client that goes away cannot cancel what other code is about to resolve.
        result.set_running_or_notify_cancel()
        if any(map(needs_preparation, batch.rows)):
            self._preparing.submit(prepare, batch.rows).add_done_callback(send)
        else:
            send()
        return result

    def _warn_of_lone_tools(self, project_id: int, rows: Sequence[StepRow]) -> None:
        """A tool needs a step around it, says the manual; one without is stored all the same (X-08)."""
        if project_id in self._told or not any(map(_is_lone_tool, rows)):
            return
        self._told.add(project_id)
        _LOGGER.warning("a step of type tool came without parent and thread; it is stored, but belongs to no run")

    def _reserve(self, size: int) -> None:
        with self._lock:
            # A request that alone is larger than the limit passes when nothing else waits.
            if self._pending and self._pending + size > self._limit:
                raise Overloaded
            self._pending += size

    def _release(self, size: int) -> None:
        with self._lock:
            self._pending -= size


def _is_lone_tool(row: StepRow) -> bool:
    values = row.values
    return (
        values.get("type") == "tool"
        and "thread_id" not in values
        and "parent_id" not in values
        and "span_id" not in values
    )


def _checked(step: dict[str, Any], environment: str | None) -> StepRow | Outcome:
    try:
        return step_row(step, environment)
    except InvalidValueError as problem:
        given = step.get("id")
        return Outcome(given if isinstance(given, str) else "", ok=False, message=str(problem))


def _key(record: SpanRecord) -> tuple[str, str]:
    return record.trace_id, record.span_id


def _record_row(record: SpanRecord, step: Step, environment: str | None, origin_of: raw_spans.OriginOf) -> StepRow:
    environment = step.environment or environment
    # The row has the record's times: those of the step are the same, written as texts that would be read again.
    step.start_time = step.end_time = None
    try:
        row = step_row(to_wire(step), environment)
    except InvalidValueError:
        trimmed = trim(step)
        if trimmed is step:
            raise
        row = step_row(to_wire(trimmed), environment)
    row.values["start_time"], row.values["end_time"] = record.start_ns // 1000, record.end_ns // 1000
    call = model_call(record.scope, record.attributes)
    row.call = None if call is None or call.ours else call
    raw_spans.keep(row, record, origin_of(record))
    return row


def _link(record: SpanRecord) -> Link:
    above = record.parent_span_id
    span = (bytes.fromhex(record.trace_id), bytes.fromhex(record.span_id))
    return Link(span, None if above is None else bytes.fromhex(above))


def _outcome(step_id: str, refusal: str | None) -> Outcome:
    return Outcome(step_id, ok=refusal is None, message=refusal or "stored")


def _records_outcome(reasons: list[str]) -> RecordsOutcome:
    shown = "; ".join(reasons[:_REASONS])
    more = f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return RecordsOutcome(len(reasons), shown + more)


def _size(rows: Sequence[StepRow]) -> int:
    return sum(_ROW_BYTES + sum(map(len, row.payload.values())) for row in rows)
