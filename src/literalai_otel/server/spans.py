"""From a stored step to an OTLP span: the way back of `translate` (`spec/genai-semconv.md` §7).

What OpenTelemetry's GenAI conventions have a name for is said in their names, so that any collector understands it;
what they have none for is said in ours, so that a server of ours reads the same step from the span.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span, Status

from literalai_otel import attributes as names
from literalai_otel.jsonable import dumps, dumps_text
from literalai_otel.server import raw_spans
from literalai_otel.server.store.span_pages import SpanIds
from literalai_otel.server.times import parse_time

SCOPE: Final = f"{names.SCOPE_PREFIX}.export"
_OPERATIONS: Final = {"embedding": "embeddings", "tool": "execute_tool", "retrieval": "retrieval"}
_GENERATION_OPERATIONS: Final = {"CHAT": "chat", "COMPLETION": "text_completion"}
_KINDS: Final[Mapping[Any, Any]] = {
    kind: getattr(Span, f"SPAN_KIND_{kind}") for kind in ("INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
}
_EMPTY: Final[dict[str, Any]] = {}
_NO_SERVICE: Final = "literal"
_PLACED: Final = ("role", "content", "tool_calls", "tool_call_id")
_MAX_INTEGER: Final = 2**63


def export_request(steps: Iterable[tuple[dict[str, Any], SpanIds]]) -> ExportTraceServiceRequest:
    """The steps as one request, grouped by where their spans came from."""
    request = ExportTraceServiceRequest()
    scopes: dict[bytes, ScopeSpans] = {}
    for step, ids in steps:
        raw = raw_spans.whole(step)
        resource, scope = _resource(step, raw), _scope(raw)
        origin = dumps([resource, scope])
        if origin not in scopes:
            spans = request.resource_spans.add()
            spans.resource.attributes.extend(_pairs(resource))
            scopes[origin] = spans.scope_spans.add()
            scopes[origin].scope.name = SCOPE
            scopes[origin].scope.attributes.extend(_pairs(scope))
        scopes[origin].spans.append(span_of(step, ids, raw))
    return request


def _resource(step: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = raw.get("resource", _EMPTY).get("attributes", _EMPTY)
    return {names.SERVICE_NAME: _span_facts(step).get("service") or _NO_SERVICE, **known}


def _scope(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The scope that a span had: an export names its own, by which its steps are read again."""
    scope: dict[str, Any] = raw.get("scope", _EMPTY)
    return {names.ORIGINAL_SCOPE_NAME: scope.get("name"), names.ORIGINAL_SCOPE_VERSION: scope.get("version")}


def span_of(step: Mapping[str, Any], ids: SpanIds, raw: Mapping[str, Any]) -> Span:
    """The span of a step in wire form; `raw` is what `raw_spans.whole` knows of it."""
    start = _nanoseconds(step.get("startTime") or step.get("createdAt"))
    error = step.get("error")
    status = Status(code=Status.STATUS_CODE_OK) if raw.get("status") == "OK" else None
    kind = _KINDS.get(raw.get("kind"), Span.SPAN_KIND_CLIENT if step.get("generation") else Span.SPAN_KIND_INTERNAL)
    return Span(
        trace_id=ids.trace,
        span_id=ids.span,
        parent_span_id=ids.parent or b"",
        name=step.get("name") or step.get("type") or "step",
        kind=kind,
        trace_state=raw.get("traceState") or "",
        start_time_unix_nano=start,
        end_time_unix_nano=max(start, _nanoseconds(step.get("endTime"))),
        attributes=_pairs(_attributes(step)),
        events=map(_event, raw.get("events") or ()),
        links=[link for said in raw.get("links") or () if (link := _link(said)) is not None],
        status=Status(code=Status.STATUS_CODE_ERROR, message=error) if error else status,
    )


def _event(said: Mapping[str, Any]) -> Span.Event:
    try:
        moment = _nanoseconds(said.get("time"))
    except (AttributeError, ValueError):  # an import can say anything
        moment = 0
    attributes = _pairs(said.get("attributes") or {})
    return Span.Event(name=str(said.get("name")), time_unix_nano=moment, attributes=attributes)


def _link(said: Mapping[str, Any]) -> Span.Link | None:
    try:
        trace_id, span_id = bytes.fromhex(said["traceId"]), bytes.fromhex(said["spanId"])
    except (KeyError, TypeError, ValueError):
        return None
    return Span.Link(trace_id=trace_id, span_id=span_id, attributes=_pairs(said.get("attributes") or {}))


def _attributes(step: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in _metadata(step).items() if name != "otel"}
    step_type = step.get("type") or "undefined"
    found: dict[str, Any] = {
        **(_span_facts(step).get("attributes") or {}),
        names.OPERATION_NAME: _OPERATIONS.get(step_type),
        names.CONVERSATION_ID: step.get("threadId"),
        names.STEP_ID: step["id"],
        names.STEP_TYPE: step_type,
        names.STEP_PARENT_ID: step.get("parentId"),
        names.ROOT_RUN_ID: step.get("rootRunId"),
        names.TAGS: step.get("tags") or None,
        names.ENVIRONMENT: step.get("environment"),
        names.METADATA: dumps_text(metadata) if metadata else None,
    }
    step_input, output = step.get("input"), step.get("output")
    generation = step.get("generation")
    if generation is not None:
        found |= _generation(generation)
        # What the messages say already is not said twice.
        if step_input == {"content": generation.get("messages")}:
            step_input = None
        if output == generation.get("messageCompletion"):
            output = None
    elif step_type == "tool":
        found[names.TOOL_NAME] = step.get("name")
    found[names.STEP_INPUT] = None if step_input is None else dumps_text(step_input)
    found[names.STEP_OUTPUT] = None if output is None else dumps_text(output)
    return found


def _generation(generation: Mapping[str, Any]) -> dict[str, Any]:
    first_token = generation.get("ttFirstToken")
    counts = {name: generation.get(name) for name in ("tokenCount", "inputTokenCount", "outputTokenCount")}
    if generation.get("tokenCountEstimated"):
        counts = dict.fromkeys(counts)  # what is estimated here was not said by the provider
    parts = [counts["inputTokenCount"] or 0, counts["outputTokenCount"] or 0]
    found: dict[str, Any] = {
        names.OPERATION_NAME: _GENERATION_OPERATIONS.get(str(generation.get("type")), "chat"),
        names.PROVIDER_NAME: generation.get("provider"),
        names.REQUEST_MODEL: generation.get("model"),
        names.USAGE_INPUT_TOKENS: counts["inputTokenCount"],
        names.USAGE_OUTPUT_TOKENS: counts["outputTokenCount"],
        names.USAGE_TOTAL_TOKENS: counts["tokenCount"] if counts["tokenCount"] != sum(parts) else None,
        names.RESPONSE_TIME_TO_FIRST_CHUNK: None if first_token is None else first_token / 1_000,
        names.GENERATION_SETTINGS: _json(generation.get("settings")),
        names.TOOL_DEFINITIONS: _json(generation.get("tools")),
        names.PROMPT_ID: generation.get("promptId"),
        names.PROMPT_VARIABLES: _json(generation.get("variables")),
    }
    if generation.get("type") == "COMPLETION":
        prompt, completion = generation.get("prompt"), generation.get("completion")
        messages = None if prompt is None else [{"role": "user", "content": prompt}]
        answers = None if completion is None else [{"role": "assistant", "content": completion}]
    else:
        messages, answer = generation.get("messages"), generation.get("messageCompletion")
        answers = [answer] if answer else None
    found[names.INPUT_MESSAGES] = _messages(messages)
    found[names.OUTPUT_MESSAGES] = _messages(answers)
    return found


def _messages(messages: Any) -> str | None:
    if not isinstance(messages, list):
        return None
    return dumps_text([_message(item) for item in cast(list[Any], messages)])


def _message(message: Any) -> Any:
    """A message in the form of the conventions: a role, and parts."""
    if not isinstance(message, dict):
        return {"role": "user", "parts": [{"type": "text", "content": dumps_text(message)}]}
    known = cast(dict[str, Any], message)
    role, content = known.get("role") or "user", known.get("content")
    if role == "tool":
        parts: list[Any] = [{"type": "tool_call_response", "id": known.get("tool_call_id"), "response": content}]
    else:
        contents = cast(list[Any], content) if isinstance(content, list) else [] if content is None else [content]
        parts = [_part(item) for item in contents]
        parts += [_tool_call(call) for call in known.get("tool_calls") or ()]
    extras = {name: value for name, value in known.items() if name not in _PLACED and value is not None}
    return {"role": role, "parts": parts, **extras}


def _part(content: Any) -> dict[str, Any]:
    if isinstance(content, str):
        return {"type": "text", "content": content}
    if not isinstance(content, dict):
        return {"type": "text", "content": dumps_text(content)}
    part = cast(dict[str, Any], content)
    if part.get("type") == "text":
        return {"type": "text", "content": part.get("text")}
    return part


def _tool_call(call: Any) -> dict[str, Any]:
    known = cast(dict[str, Any], call) if isinstance(call, dict) else {}
    function: Any = known.get("function") or {}
    return {
        "type": "tool_call",
        "id": known.get("id"),
        "name": function.get("name"),
        "arguments": function.get("arguments"),
    }


def _span_facts(step: Mapping[str, Any]) -> dict[str, Any]:
    facts = _metadata(step).get("otel")
    return cast(dict[str, Any], facts) if isinstance(facts, dict) else {}


def _metadata(step: Mapping[str, Any]) -> dict[str, Any]:
    return step.get("metadata") or {}


def _json(value: Any) -> str | None:
    return dumps_text(value) if value else None


def _nanoseconds(text: str | None) -> int:
    return 0 if text is None else max(parse_time(text), 0) * 1_000


def _pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [_pair(name, value) for name, value in attributes.items() if value is not None]


def _pair(name: str, value: Any) -> KeyValue:
    return KeyValue(key=name, value=_value(value))


def _value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int) and -_MAX_INTEGER <= value < _MAX_INTEGER:
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, list) and all(isinstance(item, str) for item in cast(Sequence[Any], value)):
        return AnyValue(array_value=ArrayValue(values=[_value(item) for item in cast(list[str], value)]))
    return AnyValue(string_value=dumps_text(value))
