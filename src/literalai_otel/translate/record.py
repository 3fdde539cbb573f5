"""`SpanRecord`: our neutral copy of a span, the same whether it came from the SDK or over OTLP.

Both constructors are duck-typed: this package imports neither the SDK nor the protobuf classes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, Protocol, Self, cast

from literalai_otel.jsonable import BINARY_PLACEHOLDER, to_jsonable

SpanKind = Literal["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
Status = Literal["UNSET", "OK", "ERROR"]

_KINDS: Final[tuple[SpanKind, ...]] = ("INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
SCALARS: Final = frozenset({str, int, float, bool})
_STATUSES: Final[tuple[Status, ...]] = ("UNSET", "OK", "ERROR")
# OTLP counts kinds from 1 and knows 0 as unspecified, which means INTERNAL; its status codes are the SDK's.
_OTLP_KINDS: Final = dict(enumerate(_KINDS, start=1))
_OTLP_STATUSES: Final = dict(enumerate(_STATUSES))


class SpanEvent(NamedTuple):
    """Something that happened during a span."""

    name: str
    attributes: Mapping[str, Any]
    time_ns: int
    """Nanoseconds since the epoch."""


class SpanLink(NamedTuple):
    """Another span that a span names; ids as in `SpanRecord`."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Any]


class Lineage(Protocol):
    """What the processor knows of a span's place; `processor.Lineage` is one."""

    parent_step_id: str | None
    parent_span_id: str | None
    fields: dict[str, Any]
    bridges: Sequence[str]
    inner: dict[str, Any] | None


@dataclass(slots=True, kw_only=True)
class SpanRecord:
    """A span that has ended. Ids are lower-case hexadecimal, times are nanoseconds since the epoch.

    `attributes` is what is on the span, in JSON types. `fields` is what came beside it (side table, stamps of the
    processor): native values, never cut by the host's limits. Where both have a name, `fields` is right.
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    """Span of the nearest step ancestor when the lineage is known, else the parent span."""
    name: str = ""
    kind: SpanKind = "INTERNAL"
    start_ns: int = 0
    end_ns: int = 0
    status: Status = "UNSET"
    status_text: str | None = None
    scope: str = ""
    scope_version: str | None = None
    scope_attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Only of spans that came over OTLP, as are `links` and `trace_state`: no step needs them."""
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    events: list[SpanEvent] = field(default_factory=list[SpanEvent])
    links: list[SpanLink] = field(default_factory=list[SpanLink])
    trace_state: str | None = None
    resource: Mapping[str, Any] = field(default_factory=dict[str, Any])
    parent_step_id: str | None = None
    bridges: list[str] = field(default_factory=list[str])

    def everything(self) -> dict[str, Any]:
        """A new dict of all that the span says: readers take out what they understand."""
        return {**self.attributes, **self.fields}

    @property
    def duration(self) -> float:
        """Seconds, never negative."""
        return max(self.end_ns - self.start_ns, 0) / 1e9

    @property
    def is_root(self) -> bool:
        """Whether nothing is known above it."""
        return self.parent_span_id is None and self.parent_step_id is None

    def seconds_until(self, event_name: str) -> float | None:
        """From the start of the span to its first event of that name, in seconds; None without one."""
        if not self.events:
            return None
        times = [event.time_ns for event in self.events if event.name == event_name]
        return (min(times) - self.start_ns) / 1e9 if times and min(times) >= self.start_ns else None

    @classmethod
    def from_sdk(cls, span: Any, fields: Mapping[str, Any] | None = None, lineage: Lineage | None = None) -> Self:
        """From an ended `ReadableSpan`, the resolved fields of the side table, and its lineage."""
        context = span.context
        parent = span.parent
        scope = span.instrumentation_scope
        status = span.status
        beside: Mapping[str, Any] = fields or dict[str, Any]()
        record = cls(
            trace_id=f"{context.trace_id:032x}",
            span_id=f"{context.span_id:016x}",
            parent_span_id=f"{parent.span_id:016x}" if parent is not None and parent.span_id else None,
            name=span.name,
            kind=_KINDS[cast(int, span.kind.value)],
            start_ns=span.start_time or 0,
            end_ns=span.end_time or span.start_time or 0,
            status=_STATUSES[cast(int, status.status_code.value)],
            status_text=status.description or None,
            scope=scope.name if scope is not None else "",
            scope_version=(scope.version or None) if scope is not None else None,
            attributes=_json_types(span.attributes) if span.attributes else {},
            fields=beside,
            events=[SpanEvent(event.name, event.attributes or {}, event.timestamp or 0) for event in span.events],
            resource=span.resource.attributes.copy(),  # without the lock
        )
        if lineage is not None:
            record.parent_span_id = lineage.parent_span_id
            record.parent_step_id = lineage.parent_step_id
            record.bridges = list(lineage.bridges)
            if lineage.inner:
                record.attributes = {**_json_types(lineage.inner), **record.attributes}
            if lineage.fields:
                record.fields = {**lineage.fields, **beside}
        return record

    @classmethod
    def from_otlp(cls, resource: Any, scope: Any, span: Any) -> Self:
        """From the protobuf messages `Resource`, `InstrumentationScope` and `Span`.

        `resource` may also be its attributes, read once by `attributes_of(resource.attributes)` for all its spans.
        """
        return cls(
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_span_id=span.parent_span_id.hex() or None,
            name=span.name,
            kind=_OTLP_KINDS.get(cast(int, span.kind), "INTERNAL"),
            start_ns=span.start_time_unix_nano,
            end_ns=span.end_time_unix_nano or span.start_time_unix_nano,
            status=_OTLP_STATUSES.get(cast(int, span.status.code), "UNSET"),
            status_text=span.status.message or None,
            scope=scope.name,
            scope_version=scope.version or None,
            scope_attributes=attributes_of(scope.attributes),
            attributes=attributes_of(span.attributes),
            events=[
                SpanEvent(event.name, attributes_of(event.attributes), event.time_unix_nano) for event in span.events
            ],
            links=[
                SpanLink(link.trace_id.hex(), link.span_id.hex(), attributes_of(link.attributes)) for link in span.links
            ],
            trace_state=span.trace_state or None,
            resource=(
                cast(Mapping[str, Any], resource)
                if isinstance(resource, Mapping)
                else attributes_of(resource.attributes)
            ),
        )


def _json_types(attributes: Any) -> dict[str, Any]:
    """A copy, with sequences and maps as lists and dicts: what they are when they come over OTLP."""
    return {
        name: value if type(value) in SCALARS else to_jsonable(value)
        for name, value in attributes.copy().items()  # the mapping takes a lock for each item, its copy() does not
    }


def attributes_of(pairs: Iterable[Any]) -> dict[str, Any]:
    """Repeated OTLP `KeyValue` as a dict of Python values."""
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        kind = value.WhichOneof("value")
        found[pair.key] = value.string_value if kind == "string_value" else _value_of(value, kind)
    return found


def _value_of(value: Any, kind: str | None) -> Any:
    if kind == "array_value":
        return [_value_of(item, item.WhichOneof("value")) for item in value.array_value.values]
    if kind == "kvlist_value":
        return attributes_of(value.kvlist_value.values)
    if kind == "bytes_value":
        return BINARY_PLACEHOLDER
    return None if kind is None else getattr(value, kind)
