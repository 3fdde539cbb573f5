"""Logfire: its own spans, and those of its instrumentations of SDKs (`spec/genai-semconv.md` §3.4).

The instrumentations speak GenAI; in their first format a request and a response were one JSON each. A streamed call
is two spans: the request, which ends when the stream begins, and a log when the stream has been read, with all that
the request said, the answer and its usage. The log is the generation, since it has everything; the request is a step
of no type beside it, or stands aside when both came together (`stream_requests`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.bodies import put_answered, put_asked
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.dialects.genai_events import messages_of_events
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    json_value,
    mapping,
    number,
    renaming,
    sequence,
    text,
)
from literalai_otel.translate.record import SpanRecord
from literalai_otel.translate.usage import put_usage

SCOPES: Final = ("logfire",)
_OWN_SCOPE: Final = "logfire"
_KIND: Final = "logfire.span_type"
_MESSAGE: Final = "logfire.msg"
_SCHEMA: Final = "logfire.json_schema"
_rename: Final = renaming({"logfire.tags": names.TAGS})
_NOISE: Final = ("logfire.msg_template", "async")
_REQUEST: Final = "request_data"
_RESPONSE: Final = "response_data"
_EVENTS: Final = "events"
_DURATION: Final = "duration"
_RETURN: Final = "return"
_GIVEN: Final = frozenset(("messages", "input", "prompt"))
_NO_SETTINGS: Final = _GIVEN | {"model"}
_SAID: Final = ("message", "combined_chunk_content", "text")
_TOLD: Final = frozenset(
    (names.OUTPUT_MESSAGES, names.USAGE_INPUT_TOKENS, names.USAGE_OUTPUT_TOKENS, names.RESPONSE_ID, _RESPONSE)
)
"""Whatever a response leaves on a span: a request of which none is there got a stream, or failed."""

Key = tuple[str, str]
"""Trace id and span id, in hexadecimal."""


def skips(scope_name: str, attributes: Mapping[str, Any]) -> bool:
    """Placeholders for spans that are still open, and log lines."""
    kind = attributes.get(_KIND)
    return kind == "pending_span" or (kind == "log" and names.OPERATION_NAME not in attributes)


def officially(rest: Rest) -> None:
    """Says everything in official names that has one."""
    for name in _NOISE:
        rest.pop(name, None)
    _rename(rest)
    request = mapping(rest.pop(_REQUEST, None))
    if request is not None:
        _say_request(rest, request)
    response = mapping(rest.pop(_RESPONSE, None))
    if response is not None:
        _say_response(rest, response)
    put_usage(rest, names.USAGE_RAW)
    events = sequence(rest[_EVENTS]) if _EVENTS in rest else None
    if events is not None:
        del rest[_EVENTS]
        given, said = messages_of_events(each for item in events if (each := mapping(item)) is not None)
        rest.setdefault(names.INPUT_MESSAGES, given)
        if said:
            rest.setdefault(names.OUTPUT_MESSAGES, said)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a call of a model, or of a span that a program opened."""
    kind = rest.pop(_KIND, None)
    is_stream = _is_stream_request(record.status, kind, rest)
    name = text(rest.pop(_MESSAGE, None))
    schema = rest.pop(_SCHEMA, None)
    if names.OPERATION_NAME not in rest and record.scope == _OWN_SCOPE:
        return _read_own(record, rest, name, schema)
    duration = number(rest.pop(_DURATION, None)) if kind == "log" else None
    officially(rest)
    reading = genai.read(record, rest)
    reading.name = reading.name or name
    if reading.generation is not None and duration is not None:
        reading.generation.duration = duration
    if is_stream:
        reading.type, reading.generation = "undefined", None
    return reading


def stream_requests(records: Sequence[SpanRecord]) -> dict[Key, SpanRecord]:
    """The requests among `records` whose log, the generation of the same call, is there too.

    The log then lasts from the start of its request, and has its name.
    """
    spans = [record for record in records if record.scope.startswith(SCOPES)]
    requests = [
        record for record in spans if _is_stream_request(record.status, record.attributes.get(_KIND), record.attributes)
    ]
    aside: dict[Key, SpanRecord] = {}
    for log in spans:
        if log.attributes.get(_KIND) != "log" or not requests or names.OPERATION_NAME not in log.attributes:
            continue
        began = log.end_ns - int((number(log.attributes.get(_DURATION)) or 0.0) * 1e9)
        fitting = [request for request in requests if _of_one_call(request, log)]
        if fitting:
            request = min(fitting, key=lambda each: abs(each.end_ns - began))
            requests.remove(request)
            aside[request.trace_id, request.span_id] = request
            log.start_ns = request.start_ns
            log.attributes = {**log.attributes, _MESSAGE: request.attributes.get(_MESSAGE, log.name)}
            log.attributes.pop(_DURATION, None)
    return aside


def _of_one_call(request: SpanRecord, log: SpanRecord) -> bool:
    """Two roots are of different traces; everything else about a call is the same in both."""
    same_place = request.parent_span_id == log.parent_span_id and request.scope == log.scope
    same_trace = request.trace_id == log.trace_id or request.parent_span_id is None
    asked = (_REQUEST, names.INPUT_MESSAGES, _EVENTS) if same_place and same_trace else ()
    return bool(asked) and all(
        request.attributes.get(name) == log.attributes.get(name) for name in asked if name in request.attributes
    ) and request.start_ns <= log.start_ns  # fmt: skip


def _is_stream_request(status: str, kind: Any, attributes: Mapping[str, Any]) -> bool:
    told = kind != "span" or status == "ERROR" or not _TOLD.isdisjoint(attributes)
    return not told and genai.call_type(attributes) == "llm"


def _read_own(record: SpanRecord, rest: Rest, name: str | None, schema: Any) -> Reading:
    """A span of a program: what it was given are the attributes that its schema names."""
    _rename(rest)
    rest.pop("logfire.msg_template", None)
    kind: StepType = "run" if record.parent_span_id is None else "undefined"
    reading = Reading(type=kind, name=name)
    returned = rest.pop(_RETURN, None)
    named = mapping((mapping(schema) or {}).get("properties")) or {}
    given = {key: json_value(rest.pop(key)) for key in named if key in rest and not key.startswith("logfire.")}
    if given:
        reading.input = given
    if returned is not None:
        reading.output = mapping(returned) or {"content": json_value(returned)}
    return reading


def _say_request(rest: Rest, request: Mapping[str, Any]) -> None:
    if not _GIVEN.isdisjoint(request):
        put_asked(rest, request)
    settings = {key: value for key, value in request.items() if key not in _NO_SETTINGS and value is not None}
    if settings:
        rest.setdefault(names.GENERATION_SETTINGS, settings)


def _say_response(rest: Rest, response: Mapping[str, Any]) -> None:
    said = next((response[key] for key in _SAID if response.get(key) is not None), None)
    put_answered(rest, said)
    if names.USAGE_RAW not in rest:
        rest[names.USAGE_RAW] = response.get("usage")
