"""A step while it is open: an OpenTelemetry span and what Literal wants to know beside it."""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast
from uuid import NAMESPACE_OID, uuid4, uuid5

from opentelemetry.trace import Span, Status, StatusCode

from literalai_otel.attributes import (
    ATTACHMENTS,
    ENVIRONMENT,
    ERROR_TYPE,
    GENERATION,
    METADATA,
    RELEASE,
    ROOT_RUN_ID,
    SCORES,
    STEP_ID,
    STEP_INPUT,
    STEP_NAME,
    STEP_OUTPUT,
    STEP_PARENT_ID,
    STEP_TYPE,
    TAGS,
    THREAD_ID,
)
from literalai_otel.context.client import Client, Sink
from literalai_otel.context.content import content_fields
from literalai_otel.context.state import EMPTY, MAX_STAMPED_METADATA, Attached, LiteralContext, leave_released
from literalai_otel.genai.side_table import end_span
from literalai_otel.jsonable import dumps_text, to_jsonable
from literalai_otel.model import Attachment, Generation, Score, Step, StepType, to_wire
from literalai_otel.translate import iso_time, step_id

logger = logging.getLogger(__name__)

_BARE_NAMES: Final = ("builtins", "asyncio.exceptions")
"""Modules whose exceptions everybody knows by their bare name."""
_LISTS: Final = (list, tuple, set, frozenset)
_STAMPED: Final = (STEP_TYPE, STEP_NAME, STEP_PARENT_ID, THREAD_ID, ROOT_RUN_ID, TAGS)


def as_content(value: Any) -> dict[str, Any] | None:
    """Inputs and outputs are objects: anything else goes under `content` (`spec/features.md` L-STEP-12)."""
    if value is None or type(value) is dict:
        return cast(dict[str, Any] | None, value)
    try:
        is_object = isinstance(value, Mapping)
    except Exception:  # an object may lie about its class, and fail at it
        is_object = False
    return cast(dict[str, Any], value) if is_object else {"content": value}


def describe(error: BaseException) -> str:
    """`Type: message`, for an error whose `str` may fail too."""
    kind = type(error).__qualname__
    try:
        message = str(error)
    except Exception:
        message = ""
    return f"{kind}: {message}" if message else kind


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def as_texts(value: Any) -> list[str]:
    """What the user gave as `tags`: a list, or by mistake one text, anything else or None."""
    if value is None:
        return []
    return [str(item) for item in cast(Iterable[Any], value)] if isinstance(value, _LISTS) else [str(value)]


class ActiveStep:
    """An open step. Change it freely until it ends; `end()` may be called from any thread, and twice.

    Attributes:
        name: Shown name.
        type: One of `literalai_otel.model.STEP_TYPES`.
        metadata: Any JSON object.
        tags: Texts.
        generation: A `model.Generation` or its wire form.
        attachments: `model.Attachment` objects or their wire form.
        scores: `model.Score` objects or their wire form.
        thread_id: The thread it belongs to.
        parent_id: The step above it; None when that is not known here. Setting it overrides the span's parent.
        root_run_id: The outermost run above it; None on that run itself.
        error: What went wrong. Set, it makes the step a failed one.
    """

    __slots__ = (
        "_chosen_id",
        "_client",
        "_end_ns",
        "_explicit_parent",
        "_id",
        "_input",
        "_lone",
        "_output",
        "_own_span",
        "_parent_id",
        "_right_to_end",
        "_snapshot",
        "_span",
        "_start_ns",
        "attached",
        "attachments",
        "error",
        "error_type",
        "generation",
        "metadata",
        "name",
        "outer",
        "released",
        "root_run_id",
        "scores",
        "tags",
        "thread_id",
        "type",
    )

    def __init__(
        self,
        span: Span,
        *,
        client: Client,
        surroundings: LiteralContext,
        name: str,
        type: StepType,
        start_ns: int,
        own_span: bool,
        id: str | None = None,
        parent_id: str | None = None,
        lone: bool = False,
    ) -> None:
        """For `opening.open_step`.

        `own_span` is False when the tracer handed out somebody else's span or none. `lone` asks for an implicit run
        around the step.
        """
        self._span = span
        self._client = client
        self._start_ns = start_ns
        self._end_ns: int | None = None
        self._right_to_end = [True]
        self._chosen_id = id
        self._own_span = own_span
        self._id = id or (None if own_span else str(uuid4()))
        self._explicit_parent = parent_id is not None
        self._parent_id = parent_id or (surroundings.step.id if surroundings.step else None)
        if lone:
            self._parent_id = self.implicit_run_id
        self._lone = lone
        self._input: Any = None
        self._snapshot: Any = None
        self._output: Any = None
        self.name = name
        self.type: StepType = type
        self.metadata: dict[str, Any] = {}
        self.tags: list[str] = []
        self.generation: Generation | dict[str, Any] | None = None
        self.attachments: list[Attachment | dict[str, Any]] = []
        self.scores: list[Score | dict[str, Any]] = []
        self.thread_id = surroundings.thread.id if surroundings.thread else None
        self.root_run_id = surroundings.root_run_id
        self.error: str | None = None
        self.error_type: str | None = None
        self.attached: Attached | None = None
        """Of a `start_step()`: how it became current."""
        self.outer = surroundings
        """Where it was opened."""
        self.released = False
        """A `start_step()` that has ended: it may still be current somewhere, but is nobody's parent any more."""

    @property
    def id(self) -> str:
        """The user's id, else one derived from the span's."""
        if self._id is None:
            self._id = step_id(*self.key)
        return self._id

    @property
    def key(self) -> tuple[int, int]:
        """Trace id and span id."""
        identity = self._span.get_span_context()
        return identity.trace_id, identity.span_id

    @property
    def span(self) -> Span:
        """The span behind the step."""
        return self._span

    @property
    def recording(self) -> bool:
        """Whether anybody will see the step."""
        return self._span.is_recording()

    @property
    def input(self) -> Any:
        """What went in: an object; a text or anything else is kept under `content`."""
        return self._input

    @input.setter
    def input(self, value: Any) -> None:
        self._input = as_content(value)

    def take_input(self, snapshot: dict[str, Any]) -> None:
        """Set an input that is a snapshot already, and nobody else's."""
        self._input = self._snapshot = snapshot

    @property
    def output(self) -> Any:
        """What came out, in the same shape. Set inside a decorated function, it wins over the result."""
        return self._output

    @output.setter
    def output(self, value: Any) -> None:
        self._output = as_content(value)

    @property
    def parent_id(self) -> str | None:
        """Id of the step above."""
        return self._parent_id

    @parent_id.setter
    def parent_id(self, value: str | None) -> None:
        self._parent_id = value
        self._explicit_parent = value is not None
        self._lone = False

    @property
    def implicit_run_id(self) -> str:
        """Id of the run that stands around a tool that nothing surrounds (`spec/features.md` X-08)."""
        return str(uuid5(NAMESPACE_OID, f"{self.id}:run"))

    @property
    def start_time(self) -> str:
        """ISO 8601, UTC."""
        return iso_time(self._start_ns)

    @property
    def end_time(self) -> str | None:
        """ISO 8601, UTC; None while the step is open."""
        return None if self._end_ns is None else iso_time(self._end_ns)

    def fail(self, error: BaseException) -> None:
        """Take note of an exception that leaves the step; the status rules are those of `step`. Never raises."""
        if isinstance(error, GeneratorExit):
            return
        kind = type(error)
        bare = kind.__module__ in _BARE_NAMES
        self.error_type = kind.__qualname__ if bare else f"{kind.__module__}.{kind.__qualname__}"
        if not isinstance(error, (Exception, KeyboardInterrupt, SystemExit)):
            return  # asyncio's and trio's cancellation: stopped, not failed
        if self.error is None:
            self.error = describe(error)
        try:
            self._span.record_exception(error)
        except Exception:
            logger.debug("exception not recorded", exc_info=True)

    def end(self) -> None:
        """End and send the step. Safe from any thread; a second call does nothing. Never raises."""
        try:
            self._right_to_end.pop()  # one thread gets it, without a lock: a finalizer may come in between
        except IndexError:
            return
        self._end_ns = max(time.time_ns(), self._start_ns)
        if self.attached is not None:
            self.released = True
            leave_released()
        try:
            self._finish(self._end_ns)
        except Exception:
            logger.debug("step %s ended without its fields", self.name, exc_info=True)
            self._span.end()
        if not self.released:
            self.outer = EMPTY  # chains of tasks that start one another would keep every ancestor alive

    def _finish(self, end_ns: int) -> None:
        span, sink = self._span, self._client.sink
        if not span.is_recording():
            span.end(end_ns)
            if sink is not None and self._own_span and not self._client.disabled:
                sink.count_sampled_out()
            return
        if self.name and getattr(span, "name", self.name) != self.name:
            span.update_name(self.name)
        if self.error is not None:
            span.set_status(Status(StatusCode.ERROR, self.error))
        if self.error_type is not None:
            span.set_attribute(ERROR_TYPE, self.error_type)
        fields = self._fields()
        self._stamp(span, fields)
        content = {STEP_INPUT: self._input, STEP_OUTPUT: self._output, GENERATION: to_wire(self.generation)}
        fields.update(content_fields(span, self.name, self.type, content, self._snapshot))
        end_span(span, fields, end_ns)
        if self._lone and sink is not None:
            self._submit_implicit_run(sink)

    def _stamp(self, span: Span, fields: dict[str, Any]) -> None:
        """Put on `span` what changed since its start, for pipelines that see nothing else."""
        present: Mapping[str, Any] = getattr(span, "attributes", None) or {}
        stamps = {name: fields[name] for name in _STAMPED if name in fields and fields[name] != present.get(name)}
        if METADATA in fields:
            text = dumps_text(fields[METADATA])
            if len(text) <= MAX_STAMPED_METADATA:
                stamps[METADATA] = text
        if stamps:
            span.set_attributes(stamps)

    def _fields(self) -> dict[str, Any]:
        """Everything but content, snapshotted."""
        surroundings = self.outer
        tags = list(dict.fromkeys((*surroundings.tags, *as_texts(self.tags))))
        metadata = {**surroundings.metadata, **(as_content(self.metadata) or {})}
        fields = {
            STEP_TYPE: self.type,
            STEP_NAME: self.name,
            STEP_ID: self._chosen_id,
            STEP_PARENT_ID: _text(self._parent_id) if self._explicit_parent or self._lone else None,
            THREAD_ID: _text(self.thread_id),
            ROOT_RUN_ID: _text(self.root_run_id),
            TAGS: tags or None,
            METADATA: to_jsonable(metadata) if metadata else None,
            ATTACHMENTS: to_jsonable(to_wire(self.attachments)) if self.attachments else None,
            SCORES: to_jsonable(to_wire(self.scores)) if self.scores else None,
            ERROR_TYPE: self.error_type,
            ENVIRONMENT: surroundings.environment,
            RELEASE: surroundings.release,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _submit_implicit_run(self, sink: Sink) -> None:
        run = Step(
            id=self.implicit_run_id,
            name=self.name,
            type="run",
            start_time=self.start_time,
            end_time=self.end_time,
            error=self.error,
        )
        sink.submit_step(run, environment=self.outer.environment)
