"""What `Ingest` hands to the store: steps that were checked, in the columns of the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from literalai_otel.server.store.payload import merge_members
from literalai_otel.server.store.token_counts import merged_counts
from literalai_otel.translate.duplicates import ModelCall

SpanKey = tuple[bytes, bytes]
"""Trace id (16 bytes) and span id (8 bytes)."""


@dataclass(frozen=True, slots=True)
class SpanOrigin:
    """Scope and resource of a span as JSON, and the digest by which it is kept once in its project."""

    digest: str
    content: str


@dataclass(slots=True)
class StepRow:
    """One step. What is absent leaves the stored value as it is.

    `values`: column of `tables.steps` -> value, never None. `payload`: key -> JSON bytes, see `payload`. `scores`
    and `attachments`: rows of their tables without project and times. `bridges`: spans below this step that are
    no steps and that other services may name as their parent. `thread_name` and `user` complete a thread that
    has none yet; a user is named by id or identifier. `call` is the call of a model that the step's span records,
    if another instrumentor than ours made that span. `uncounted` is what was asked and answered in a generation
    without token counts, to be estimated. `origin` is what the member `span` of the payload names by its digest.
    """

    id: str
    values: dict[str, Any]
    payload: dict[str, bytes] = field(default_factory=dict[str, bytes])
    tags: list[str] | None = None
    scores: Sequence[dict[str, Any]] = ()
    attachments: Sequence[dict[str, Any]] = ()
    bridges: Sequence[SpanKey] = ()
    thread_name: str | None = None
    user: str | None = None
    call: ModelCall | None = None
    uncounted: tuple[Any, Any] | None = None
    origin: SpanOrigin | None = None

    def copy(self) -> "StepRow":
        """One whose values can be completed; a transaction that fails must leave its input as it was."""
        # Not `replace`, which asks for the fields of the class each time: every step of the server comes by here.
        return StepRow(
            self.id,
            self.values.copy(),
            self.payload,
            self.tags,
            self.scores,
            self.attachments,
            self.bridges,
            self.thread_name,
            self.user,
            self.call,
            self.uncounted,
            self.origin,
        )

    def absorb(self, later: "StepRow") -> None:
        """Merges a later event of the same step into this copy."""
        counts = merged_counts(self.values, later.values)
        merged = {**self.values, **later.values, **counts}
        self.values = {column: value for column, value in merged.items() if value is not None}
        self.payload = merge_members(self.payload, later.payload)
        if later.tags is not None:
            self.tags = later.tags
        self.scores = [*self.scores, *later.scores]
        self.attachments = [*self.attachments, *later.attachments]
        self.bridges = [*self.bridges, *later.bridges]
        self.thread_name = later.thread_name or self.thread_name
        self.user = later.user or self.user
        self.origin = later.origin or self.origin


@dataclass(frozen=True, slots=True)
class Link:
    """A span that is no step, and the span above it, if there is one."""

    span: SpanKey
    parent_span_id: bytes | None


@dataclass(frozen=True, slots=True)
class StepBatch:
    """The steps of one request, in order; `size` is what it weighs in bytes while it waits."""

    project_id: int
    rows: Sequence[StepRow]
    links: Sequence[Link] = ()
    size: int = 0

    def split(self) -> list["StepBatch"]:
        """One batch for each step."""
        return [replace(self, rows=[row], size=0) for row in self.rows]
