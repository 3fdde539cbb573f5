"""The span behind a step: what neither the step nor its metadata say of it.

The translator reads most of a span into the step and leaves the attributes that it does not understand in
`metadata.otel`. What is left after that (kind, status, events, links, scope and resource) is kept here, so that the
page can show the span whole and an export gives it back. Nothing is stored twice: contents of messages that events
hold are the step's messages, the last exception is in the metadata, and scope and resource are kept once for all
spans of a process (`store.span_tables`). Steps that SDKs send over GraphQL have `metadata.otel` alone.

The member `span` of a payload: `kind`, `status`, `statusText`, `traceState`, `events` (`name`, `time` in ISO,
`attributes`), `links` (`traceId`, `spanId`, `attributes`), `cut` where it was too large, and `origin`, a digest.
Absent is what says nothing.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.jsonable import dumps
from literalai_otel.server.store.rows import SpanOrigin, StepRow
from literalai_otel.server.values import clean_json
from literalai_otel.translate import SpanRecord, iso_time
from literalai_otel.translate.record import SpanEvent

OriginOf = Callable[[SpanRecord], SpanOrigin]

MAX_REST_BYTES: Final = 256 * 1024
"""JSON of what is kept of one span; beyond it, names and times of its events are."""
MAX_ORIGIN_BYTES: Final = 64 * 1024
_MAX_EVENTS: Final = 1_000
_MAX_NAME: Final = 255
_DIGEST: Final = 24
"""Hexadecimal digits: enough for what one project can have."""
_ORIGINAL_SCOPE: Final = {"name": names.ORIGINAL_SCOPE_NAME, "version": names.ORIGINAL_SCOPE_VERSION}
EXCEPTION: Final = "exception"
READ_OF_EXCEPTIONS: Final = {
    "type": names.EXCEPTION_TYPE,
    "message": names.EXCEPTION_MESSAGE,
    "stacktrace": names.EXCEPTION_STACKTRACE,
}
"""Key in `metadata.otel.exception` -> attribute of the event."""
_READ_AS_MESSAGES: Final = frozenset(
    {
        *("content", "message", "tool_calls", names.EVENT_CONTENT, names.WHOLE_PROMPT, names.WHOLE_COMPLETION),
        *(names.INPUT_MESSAGES, names.OUTPUT_MESSAGES, names.SYSTEM_INSTRUCTIONS, names.TOOL_DEFINITIONS),
    }
)
_TEXTS: Final = ("kind", "status", "statusText", "traceState")


def origins() -> OriginOf:
    """Where the spans of one request come from: each pair of scope and resource is read once."""
    known: dict[tuple[int, str, str | None], SpanOrigin] = {}

    def origin_of(record: SpanRecord) -> SpanOrigin:
        # The spans of a request share their resource, which outlives this function.
        key = (id(record.resource), record.scope, record.scope_version)
        origin = known.get(key)
        if origin is None:
            origin = known[key] = _origin(_scope(record), record.resource)
        return origin

    return origin_of


def keep(row: StepRow, record: SpanRecord, origin: SpanOrigin) -> None:
    """Puts into the row what neither it nor its metadata say of the span that it was made from."""
    said: dict[str, Any] = {"kind": record.kind}
    if record.status != "UNSET":
        said["status"] = record.status
        if record.status_text and record.status_text != row.values.get("error"):
            said["statusText"] = record.status_text
    if record.trace_state:
        said["traceState"] = record.trace_state
    if record.events:
        said["events"] = _events(record.events, is_generation="generation" in row.payload)
    if record.links:
        said["links"] = [
            {"traceId": trace_id, "spanId": span_id, "attributes": dict(attributes)}
            for trace_id, span_id, attributes in record.links
        ]
    _put(row, said, origin)


def put(row: StepRow, said: Mapping[str, Any]) -> None:
    """Puts into the row what an export said of its span, `scope` and `resource` in the place of the digest.

    What is malformed is left out: it is no reason to lose the step.
    """
    known: dict[str, Any] = {name: said[name] for name in _TEXTS if isinstance(said.get(name), str)}
    for name in ("events", "links"):
        items = said.get(name)
        if isinstance(items, list):
            known[name] = [item for item in cast(list[Any], items) if isinstance(item, dict)]
    scope, resource = said.get("scope"), said.get("resource")
    if isinstance(scope, dict) and isinstance(resource, dict):
        attributes: Any = cast(dict[str, Any], resource).get("attributes")
        of_process = cast(dict[str, Any], attributes) if isinstance(attributes, dict) else {}
        _put(row, known, _origin(cast(dict[str, Any], scope), of_process))
    elif known:
        _put(row, known, None)


def _put(row: StepRow, said: dict[str, Any], origin: SpanOrigin | None) -> None:
    if origin is not None:
        said["origin"] = origin.digest
        row.origin = origin
    encoded = clean_json(said)
    if len(encoded) > MAX_REST_BYTES:
        encoded = clean_json(_shortened(said))
    row.payload["span"] = encoded


def _shortened(said: Mapping[str, Any]) -> dict[str, Any]:
    events = cast(list[dict[str, Any]], said.get("events") or [])[:_MAX_EVENTS]
    links = cast(list[dict[str, Any]], said.get("links") or [])[:_MAX_EVENTS]
    texts = {name: str(said[name])[:_MAX_NAME] for name in (*_TEXTS, "origin") if name in said}
    return {
        **texts,
        "events": [{"name": str(event.get("name"))[:_MAX_NAME], "time": event.get("time")} for event in events],
        "links": [{"traceId": link.get("traceId"), "spanId": link.get("spanId")} for link in links],
        "cut": True,
    }


def _events(events: list[SpanEvent], *, is_generation: bool) -> list[dict[str, Any]]:
    last_exception = max((index for index, event in enumerate(events) if event.name == EXCEPTION), default=-1)
    found: list[dict[str, Any]] = []
    for index, event in enumerate(events):
        read: Collection[str] = ()
        if index == last_exception:
            read = READ_OF_EXCEPTIONS.values()
        elif is_generation and event.name.startswith(names.GENAI_PREFIX):
            read = _READ_AS_MESSAGES
        said: dict[str, Any] = {"name": event.name, "time": iso_time(event.time_ns)}
        attributes = {name: value for name, value in event.attributes.items() if name not in read}
        found.append({**said, "attributes": attributes} if attributes else said)
    return found


def _scope(record: SpanRecord) -> dict[str, Any]:
    attributes = record.scope_attributes
    if names.ORIGINAL_SCOPE_NAME in attributes:  # an export of ours
        return {key: attributes.get(name) for key, name in _ORIGINAL_SCOPE.items()}
    return {"name": record.scope, "version": record.scope_version, "attributes": attributes}


def whole(step: Mapping[str, Any]) -> dict[str, Any]:
    """All that is known of the span of a step in wire form whose `span` has its scope and resource.

    `attributes` are those that the step does not say. Empty for a step that came from no span.
    """
    metadata: dict[str, Any] = step.get("metadata") or {}
    facts: Any = metadata.get("otel")
    otel = cast(dict[str, Any], facts) if isinstance(facts, dict) else {}
    said: dict[str, Any] = {**(step.get("span") or {})}
    if not said and not otel:
        return {}
    if "scope" not in said and "scope" in otel:
        said["scope"] = {
            name: otel[key] for name, key in (("name", "scope"), ("version", "scope_version")) if key in otel
        }
    exception: Any = otel.get("exception")
    if isinstance(exception, dict):
        said["events"] = _with_exception(said.get("events") or [], cast(dict[str, Any], exception))
    return {**said, "attributes": otel.get("attributes") or {}}


def _with_exception(events: list[dict[str, Any]], exception: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The events with what the metadata say of the last exception put back into it."""
    said = {name: exception[key] for key, name in READ_OF_EXCEPTIONS.items() if key in exception}
    for index in range(len(events) - 1, -1, -1):
        event = events[index]
        if event.get("name") == EXCEPTION:
            return [
                *events[:index],
                {**event, "attributes": {**said, **event.get("attributes", {})}},
                *events[index + 1 :],
            ]
    return [*events, {"name": EXCEPTION, "attributes": said}]


def _origin(scope: Mapping[str, Any], resource: Mapping[str, Any]) -> SpanOrigin:
    said = {
        "scope": {name: value for name, value in scope.items() if value},
        "resource": {"attributes": resource},
    }
    content = clean_json(said)
    if len(content) > MAX_ORIGIN_BYTES:
        short = {name: value for name, value in resource.items() if len(dumps(value)) <= _MAX_NAME}
        named = {"name": str(scope.get("name") or "")[:_MAX_NAME]}
        content = clean_json({"scope": named, "resource": {"attributes": dict(list(short.items())[:100])}, "cut": True})
    return SpanOrigin(hashlib.sha256(content).hexdigest()[:_DIGEST], content.decode())
