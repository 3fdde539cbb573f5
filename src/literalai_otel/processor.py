"""What every span learns at its start: the Literal surroundings, and which step it belongs to.

The tree that Literal shows has steps only, so a step's parent is its nearest ancestor that is a step. Ancestors
are known only while a process runs: `LineageIndex` keeps, for each span, its nearest step. HTTP and queue spans
on the way to another service are no steps; their ids are kept as bridges, so that the server can join what the
other service sends (`DESIGN.md` §3, Identity).
"""

import logging
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from opentelemetry.context import Context, get_value
from opentelemetry.trace import Span, SpanContext, SpanKind, format_span_id

from literalai_otel.attributes import (
    CONVERSATION_ID,
    INSTRUMENTOR_SCOPE_PREFIX,
    SCOPE_PREFIX,
    STEP_ID,
    STEP_PARENT_ID,
    THREAD_ID,
)
from literalai_otel.context.state import literal_context
from literalai_otel.genai.keys import THREAD_KEY
from literalai_otel.translate import is_step, step_id

logger = logging.getLogger(__name__)

MAX_BRIDGES: Final = 64
MAX_ENDED: Final = 8192
"""Ended spans that are remembered for children that start late."""

_OUTGOING: Final = (SpanKind.CLIENT, SpanKind.PRODUCER)

Key = tuple[int, int]
"""Trace id and span id."""


@dataclass(slots=True)
class Lineage:
    """Where a span stands among steps.

    Attributes:
        parent_step_id: Id of the nearest step ancestor known in this process, or the one that the user named.
        parent_span_id: 16 hex digits: that step's span, or the remote parent span. None for a root.
        fields: The `literalai.*` values of the surroundings, in native shapes.
        client: Name of the client that the surroundings name.
        bridges: 16-hex ids of the CLIENT and PRODUCER spans below this step that are no steps. Grows while the
            span lives.
    """

    parent_step_id: str | None
    parent_span_id: str | None
    fields: dict[str, Any]
    client: str | None
    bridges: list[str]


@dataclass(slots=True)
class _Node:
    """A span: its own lineage while it lives, and the nearest step at or above it."""

    key: Key
    lineage: Lineage | None
    is_step: bool
    chosen_id: str | None
    above: "_Node | None"
    """For a span that is no step, the nearest step above it. A step does not keep its own parent: chains of tasks
    that start one another would keep every ancestor alive."""
    remote_parent: str | None

    def step_id(self) -> str:
        if self.chosen_id is None:
            self.chosen_id = step_id(*self.key)
        return self.chosen_id


class _StartedSpan(Protocol):
    """What an SDK span offers beyond the API."""

    @property
    def parent(self) -> SpanContext | None: ...
    @property
    def kind(self) -> SpanKind: ...
    @property
    def attributes(self) -> Any: ...
    @property
    def instrumentation_scope(self) -> Any: ...


class LineageIndex:
    """The nearest step of every span of a provider. Thread-safe, bounded, never raises.

    A span that is dropped without being ended leaves by itself; one that has ended is remembered for a while,
    since children may start after their parent ended.
    """

    def __init__(self, client: str | None = None) -> None:
        """`client`: the name of the client whose processor asks; the surroundings of other clients are not stamped."""
        self._client = client
        self._live: dict[Key, tuple[_Node, Any]] = {}
        self._ended: dict[Key, _Node] = {}
        self._order: deque[Key] = deque()

    def __len__(self) -> int:
        return len(self._live)

    def start(self, span: Span, parent_context: Context | None) -> None:
        """Stamp `span` and remember where it stands. For `on_start` of a span processor."""
        try:
            self._start(span, parent_context)
        except Exception:
            logger.debug("lineage of a span is unknown", exc_info=True)

    def end(self, trace_id: int, span_id: int) -> Lineage | None:
        """The lineage of a span that ends now; None when it was not seen to start."""
        key = (trace_id, span_id)
        entry = self._live.get(key)
        if entry is None:
            return None
        node = entry[0]
        lineage, node.lineage = node.lineage, None  # what is remembered for late children should be small
        self._ended[key] = node
        self._order.append(key)
        self._live.pop(key, None)
        if len(self._order) > MAX_ENDED:
            self._ended.pop(self._order.popleft(), None)
        return lineage

    def covers(self, span: SpanContext) -> bool | None:
        """Whether `span`, or one above it, is a step or comes from another service; None for an unknown span."""
        node = self._find(span)
        if node is None:
            return None
        return node.is_step or node.above is not None or node.remote_parent is not None

    def _find(self, span: SpanContext) -> _Node | None:
        return self._live_or_ended((span.trace_id, span.span_id))

    def _live_or_ended(self, key: Key) -> _Node | None:
        entry = self._live.get(key)
        return entry[0] if entry else self._ended.get(key)

    def _start(self, span: Span, parent_context: Context | None) -> None:
        identity = span.get_span_context()
        key = (identity.trace_id, identity.span_id)
        started = cast(_StartedSpan, span)
        attributes: dict[str, Any] = started.attributes or {}
        surroundings = literal_context(parent_context)
        client = surroundings.client.name if surroundings.client else None
        foreign = client is not None and self._client is not None and client != self._client

        parent = started.parent
        above = self._find(parent) if parent is not None else None
        nearest = above if above is None or above.is_step else above.above
        remote = above.remote_parent if above else None
        if above is None and parent is not None and parent.is_remote:
            remote = format_span_id(parent.span_id)
        step = surroundings.step
        if step is not None and step.released and nearest is not None and nearest.key == step.key:
            # A `start_step()` that ended elsewhere is still current here, but nothing belongs under it any more.
            outer = surroundings.settled().step
            nearest = self._live_or_ended(outer.key) if outer else None

        around, stamps = ({}, {}) if foreign else (surroundings.fields, surroundings.stamps)
        named = cast(str | None, get_value(THREAD_KEY, parent_context))
        if named is not None and THREAD_ID not in around and not foreign:
            around, stamps = {**around, THREAD_ID: named}, {**stamps, THREAD_ID: named}
        fields = {k: v for k, v in around.items() if k not in attributes}
        scope: str = started.instrumentation_scope.name
        step_like = scope.startswith(SCOPE_PREFIX) or is_step(scope, attributes)
        explicit_parent: str | None = attributes.get(STEP_PARENT_ID)
        node = _Node(
            key=key,
            lineage=Lineage(
                parent_step_id=explicit_parent or (nearest.step_id() if nearest else None),
                parent_span_id=format_span_id(nearest.key[1]) if nearest else remote,
                fields=fields,
                client=client,
                bridges=[],
            ),
            is_step=step_like,
            chosen_id=attributes.get(STEP_ID),
            above=None if step_like else nearest,
            remote_parent=remote,
        )
        open_step = nearest.lineage if nearest is not None else None
        is_bridge = not node.is_step and started.kind in _OUTGOING
        if is_bridge and open_step is not None and len(open_step.bridges) < MAX_BRIDGES:
            open_step.bridges.append(format_span_id(key[1]))
        self._live[key] = (node, weakref.ref(span, lambda _: self._live.pop(key, None)))
        if stamps:
            stamps = {k: v for k, v in stamps.items() if k not in attributes}
            if THREAD_ID in stamps and scope.startswith(INSTRUMENTOR_SCOPE_PREFIX):
                # The official name, for the exporters beside ours (`spec/genai-semconv.md` §7.1).
                stamps.setdefault(CONVERSATION_ID, stamps[THREAD_ID])
            span.set_attributes(stamps)
        if nearest is not None and nearest is not above and explicit_parent is None:
            span.set_attribute(STEP_PARENT_ID, nearest.step_id())
