"""What every span learns at its start: the Literal surroundings, and which step it belongs to.

The tree that Literal shows has steps only, so a step's parent is its nearest ancestor that is a step. Ancestors
are known only while a process runs: `LineageIndex` keeps, for each span, its nearest step. HTTP and queue spans
on the way to another service are no steps; their ids are kept as bridges, so that the server can join what the
other service sends (`DESIGN.md` §3, Identity).
"""

import weakref
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from opentelemetry.context import Context, get_current
from opentelemetry.trace import Span, SpanContext, SpanKind, format_span_id, get_current_span

from literalai_otel.attributes import (
    CONVERSATION_ID,
    INSTRUMENTOR_SCOPE_PREFIX,
    SCOPE_PREFIX,
    STEP_ID,
    STEP_PARENT_ID,
    THREAD_ID,
)
from literalai_otel.context.state import EMPTY, LiteralContext
from literalai_otel.genai.audience import BELOW_ANOTHERS, KNOWN
from literalai_otel.genai.keys import LITERAL_KEY, OWN_THREAD_KEY, THREAD_KEY
from literalai_otel.genai.place import kept_place
from literalai_otel.genai.side_table import AWAITED, Key
from literalai_otel.genai.switched_on import SWITCHED_ON
from literalai_otel.scopes import whole_framework
from literalai_otel.translate import is_step, step_id
from literalai_otel.translate.duplicates import facts_of, model_call, same_call

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

MAX_BRIDGES: Final = 64
MAX_ENDED: Final = 8192
"""Ended spans that are remembered for children that start late."""

OUTGOING: Final = (SpanKind.CLIENT, SpanKind.PRODUCER)
"""Kinds of spans behind which another service may go on."""


@dataclass(slots=True)
class Lineage:
    """Where a span stands among steps.

    Attributes:
        parent_step_id: Id of the nearest step ancestor known in this process, or the one that the user named.
        parent_span_id: 16 hex digits: that step's span, or the remote parent span. None for a root.
        fields: The `literalai.*` values of the surroundings, in native shapes.
        client: Name of the client that the surroundings name.
        bridges: 16-hex ids of the CLIENT and PRODUCER spans below this step that are no steps. Grows while the
            span lives; none before the first.
        ours: Whether the span is one of ours, or a step of the user's.
        superseded: A span of ours records the same operation, and stands for it.
        same_call: The lineage of the span around this one that records the same call, and stands for it.
        inner: What spans inside that recorded the same call knew about it.
    """

    parent_step_id: str | None
    parent_span_id: str | None
    fields: dict[str, Any]
    client: str | None
    bridges: Sequence[str] = ()
    ours: bool = True
    superseded: bool = False
    same_call: "Lineage | None" = None
    inner: dict[str, Any] | None = None

    def stands_aside(self, span: "ReadableSpan") -> bool:
        """Whether another span stands for the call that `span`, which ends now, records: it gets its facts then."""
        outer = self.same_call
        if outer is not None:
            scope = span.instrumentation_scope.name if span.instrumentation_scope is not None else ""
            outer.inner = {**facts_of(scope, span.attributes or {}, content=not outer.ours), **(outer.inner or {})}
        return self.superseded or outer is not None


@dataclass(slots=True)
class _Node:
    """A span: its own lineage while it lives, and the nearest step at or above it."""

    key: Key
    lineage: Lineage | None
    is_step: bool
    chosen_id: str | None
    above: "_Node | None"
    """For a span that is no step, the nearest step above it; while it lives, for a step that is not ours too. Other
    steps do not keep their parent: chains of tasks that start one another would keep every ancestor alive."""
    remote_parent: str | None
    foreign: bool = False
    """A step that is neither ours nor the user's."""
    beside: bool = False
    """Another instrumentor's of a framework that ours records too. It says nothing about where the code runs."""

    def step_id(self) -> str:
        if self.chosen_id is None:
            self.chosen_id = step_id(*self.key)
        return self.chosen_id


class _Seen(weakref.ref[Span]):
    """A live span, and its node."""

    __slots__ = ("node",)

    node: _Node


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
    """The nearest step of every span of a provider. Thread-safe, bounded.

    A span that is dropped without being ended leaves by itself; one that has ended is remembered for a while,
    since children may start after their parent ended.
    """

    def __init__(self, client: str | None = None, *, keep_foreign: bool = False) -> None:
        """`client`: the name of the client whose processor asks; the surroundings of other clients are not stamped.

        With `keep_foreign` spans that record the same call as one of ours are steps like any other.
        """
        self._client = client
        self._keep_foreign = keep_foreign
        live: dict[Key, _Seen] = {}
        self._live = live

        def forget(seen: weakref.ref[Span]) -> None:
            live.pop(cast(_Seen, seen).node.key, None)

        self._forget = forget
        self._ended: dict[Key, _Node] = {}
        self._order: deque[Key] = deque()

    def __len__(self) -> int:
        return len(self._live)

    def start(self, span: Span, parent_context: Context | None) -> None:
        """Stamp `span` and remember where it stands. For `on_start` of a span processor."""
        key: Key = span.get_span_context()[:2]  # a tuple: by name each is a call
        started: _StartedSpan = span  # pyright: ignore[reportAssignmentType] - a span of the SDK; a cast is a call
        # The span's own mapping looks a missing name up by an exception.
        given = started.attributes
        attributes: dict[str, Any] = {} if given is None else given.copy()
        context = get_current() if parent_context is None else parent_context
        surroundings: LiteralContext = context.get(LITERAL_KEY, EMPTY)  # pyright: ignore[reportAssignmentType] - as above
        client = surroundings.client.name if surroundings.client else None
        foreign = client is not None and self._client is not None and client != self._client

        parent = started.parent
        above = nearest = remote = None
        if parent is not None:
            above = self._live_or_ended(parent[:2])
            if above is None:
                remote = format_span_id(parent.span_id) if parent.is_remote else None
            else:
                if above.beside:
                    above = self._find(get_current_span(kept_place()).get_span_context()) or above
                nearest, remote = self._nearest(above, surroundings), above.remote_parent
        around, stamps = (EMPTY.fields, EMPTY.stamps) if foreign else (surroundings.fields, surroundings.stamps)
        own_thread: str | None = None
        if (THREAD_KEY in context or OWN_THREAD_KEY in context) and not foreign and THREAD_ID not in around:
            own_thread = _own_thread(context, nearest)
            named = cast(str | None, context.get(THREAD_KEY)) or own_thread
            if named is not None:
                around, stamps = {**around, THREAD_ID: named}, {**stamps, THREAD_ID: named}
        fields = {k: v for k, v in around.items() if k not in attributes} if around else around
        scope: str = started.instrumentation_scope.name
        ours = scope.startswith(SCOPE_PREFIX)
        step_like = ours or is_step(scope, attributes)
        stand_in: Lineage | None = None
        recorded_by_ours = not ours and not self._keep_foreign and whole_framework(scope) in SWITCHED_ON
        if recorded_by_ours:
            step_like = False
        elif step_like and nearest is not None and (nearest.foreign or not ours):
            nearest, stand_in = self._once(nearest, scope, attributes)
            step_like = stand_in is None
        explicit_parent: str | None = attributes.get(STEP_PARENT_ID)
        # Of the service that called this one, which named it in baggage.
        far_parent = surroundings.far_parent_id if nearest is None and not foreign else None
        node = _Node(
            key=key,
            lineage=Lineage(
                parent_step_id=explicit_parent or (nearest.step_id() if nearest else far_parent),
                parent_span_id=format_span_id(nearest.key[1]) if nearest else remote,
                fields=fields,
                client=client,
                ours=ours,
                superseded=recorded_by_ours,
                same_call=stand_in,
            ),
            is_step=step_like,
            chosen_id=attributes.get(STEP_ID),
            above=None if step_like and ours else nearest,
            remote_parent=remote,
            foreign=step_like and not ours,
            beside=recorded_by_ours,
        )
        if nearest is not None and not step_like and started.kind in OUTGOING:
            open_step = nearest.lineage
            if open_step is not None and len(open_step.bridges) < MAX_BRIDGES:
                open_step.bridges = [*open_step.bridges, format_span_id(key[1])]
        if node.foreign:
            setattr(span, AWAITED, True)
        setattr(span, BELOW_ANOTHERS, node.foreign or (not node.is_step and nearest is not None and nearest.foreign))
        seen = _Seen(span, self._forget)
        seen.node = node
        self._live[key] = seen
        if stamps:
            stamps = {k: v for k, v in stamps.items() if k not in attributes}
            is_official = scope.startswith(INSTRUMENTOR_SCOPE_PREFIX) and CONVERSATION_ID not in attributes
            if is_official and stamps.get(THREAD_ID) not in (None, own_thread):
                # The official name, for the exporters beside ours (`spec/genai-semconv.md` §7.1).
                stamps[CONVERSATION_ID] = stamps[THREAD_ID]
            span.set_attributes(stamps)
        if nearest is not None and nearest is not above and explicit_parent is None:
            span.set_attribute(STEP_PARENT_ID, nearest.step_id())
        elif far_parent is not None and explicit_parent is None:
            span.set_attribute(STEP_PARENT_ID, far_parent)

    def end(self, key: Key) -> Lineage | None:
        """The lineage of a span that ends now; None when it was not seen to start."""
        seen = self._live.get(key)
        if seen is None:
            return None
        node = seen.node
        lineage, node.lineage = node.lineage, None  # what is remembered for late children should be small
        if node.is_step:
            node.above = None
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

    def step_around(self, span: SpanContext) -> str | None:
        """Id of the nearest step at or above `span`; None for an unknown span, or when there is none."""
        node = self._find(span)
        step = node if node is None or node.is_step else node.above
        return step.step_id() if step is not None else None

    def _nearest(self, above: _Node, surroundings: LiteralContext) -> _Node | None:
        """The nearest step at or above the parent of a span that starts in `surroundings`."""
        nearest = above if above.is_step else above.above
        step = surroundings.step
        if step is not None and step.released and nearest is not None and nearest.key == step.key:
            # A `start_step()` that ended elsewhere is still current here, but nothing belongs under it any more.
            outer = surroundings.settled().step
            nearest = self._live_or_ended(outer.key) if outer else None
        if nearest is not None and not nearest.is_step:
            nearest = nearest.above  # it was superseded meanwhile
        return nearest

    def _once(self, nearest: _Node, scope: str, attributes: dict[str, Any]) -> tuple[_Node | None, Lineage | None]:
        """The step above a span that starts directly below `nearest`, when two spans may record one call of a model.

        And the lineage of the span that stands for the call in place of the new one, if one does.
        """
        lineage = nearest.lineage
        seen = self._live.get(nearest.key)
        around = cast(_StartedSpan | None, seen() if seen is not None else None)
        if lineage is None or around is None or self._keep_foreign:
            return nearest, None
        inner = model_call(scope, attributes)
        if inner is None:
            return nearest, None
        outer = model_call(around.instrumentation_scope.name, getattr(around, KNOWN, around.attributes) or {})
        if outer is None or not same_call(outer, inner):
            return nearest, None
        if not inner.ours:
            return nearest, lineage
        lineage.superseded, nearest.is_step = True, False
        return nearest.above, None

    def _find(self, span: SpanContext) -> _Node | None:
        return self._live_or_ended(span[:2])

    def _live_or_ended(self, key: Key) -> _Node | None:
        seen = self._live.get(key)
        return seen.node if seen is not None else self._ended.get(key)


def _own_thread(context: Context, nearest: _Node | None) -> str | None:
    """The thread that an instrumentor made, for root runs and below them: a step of the user's keeps having none."""
    made = cast(str | None, context.get(OWN_THREAD_KEY))
    if made is None or nearest is None or nearest.lineage is None:
        return made
    return made if nearest.lineage.fields.get(THREAD_ID) == made else None
