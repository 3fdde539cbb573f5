"""Spans that other packages made (`tests/recordings`), as records and as the steps that they become.

python tests/translate/recorded.py    write what they become now to `steps/`, for `test_recordings.py`
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from literalai_otel.model import Step
from literalai_otel.translate import SpanRecord, attributes_of, translate
from literalai_otel.translate.collapse import collapse

NPM_FILES: Final = ("package.json", "package-lock.json")
RECORDINGS: Final = Path(__file__).resolve().parents[1] / "recordings"
STEPS: Final = Path(__file__).resolve().with_name("steps")
ENVIRONMENTS: Final = sorted({path.parent.name for path in RECORDINGS.glob("*/*.json") if path.name not in NPM_FILES})
_IDS: Final = {"traceId", "spanId", "parentSpanId"}
CASES: Final = sorted(
    f"{path.parent.name}/{path.stem}" for path in RECORDINGS.glob("*/*.json") if path.name not in NPM_FILES
)
"""Every recording, as `environment/case`."""


@dataclass(frozen=True)
class Recording:
    """What one program exported, read in one of the two ways in which spans come in."""

    records: list[SpanRecord]

    @property
    def steps(self) -> list[Step]:
        """The steps, by start, after spans of one call were brought together, as the server does with a request."""
        records = [replace(record) for record in self.records]  # `collapse` gives them new fields, never changed ones
        aside = collapse(records)
        kept = [record for record in records if (record.trace_id, record.span_id) not in aside]
        return [step for record in kept if (step := translate(record)) is not None]

    def step(self, name: str) -> Step:
        """The only step of that name."""
        (found,) = [step for step in self.steps if step.name == name]
        return found

    @property
    def only(self) -> Step:
        """The only step."""
        (found,) = self.steps
        return found


def recorded(case: str, way: str) -> Recording:
    """The recording `environment/case`, over `otlp` or from spans of the `sdk`."""
    request = _request((RECORDINGS / f"{case}.json").read_bytes())
    return Recording(
        _over_otlp(request) if way == "otlp" else [SpanRecord.from_sdk(span) for span in sdk_spans(request)]
    )


def _request(body: bytes) -> ExportTraceServiceRequest:
    """OTLP in its JSON form, where ids are hexadecimal; these tests also run where the server is not installed."""
    document = json.loads(body)
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for name in _IDS & span.keys():
                    span[name] = b64encode(bytes.fromhex(span[name])).decode()
    return ParseDict(document, ExportTraceServiceRequest())


def _over_otlp(request: ExportTraceServiceRequest) -> list[SpanRecord]:
    found = [
        SpanRecord.from_otlp(resource.resource, scope.scope, span)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    return sorted(found, key=lambda record: record.start_ns)


def sdk_spans(request: ExportTraceServiceRequest) -> list[ReadableSpan]:
    """The spans of a request as an exporter in their process would have seen them."""
    found: list[ReadableSpan] = []
    for resource in request.resource_spans:
        shared = Resource(attributes_of(resource.resource.attributes))
        for scope in resource.scope_spans:
            whose = InstrumentationScope(scope.scope.name, scope.scope.version)
            found += [_sdk_span(span, shared, whose) for span in scope.spans]
    return sorted(found, key=lambda span: span.start_time or 0)


def _sdk_span(span: Any, resource: Resource, scope: InstrumentationScope) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=_context(span.trace_id, span.span_id),
        parent=_context(span.trace_id, span.parent_span_id) if span.parent_span_id else None,
        resource=resource,
        attributes=_frozen(attributes_of(span.attributes)),
        events=[
            Event(event.name, _frozen(attributes_of(event.attributes)), event.time_unix_nano) for event in span.events
        ],
        kind=SpanKind(max(span.kind - 1, 0)),
        instrumentation_scope=scope,
        status=Status(StatusCode(span.status.code), span.status.message or None),
        start_time=span.start_time_unix_nano,
        end_time=span.end_time_unix_nano,
    )


def _context(trace_id: bytes, span_id: bytes) -> SpanContext:
    return SpanContext(int.from_bytes(trace_id), int.from_bytes(span_id), is_remote=False, trace_flags=TraceFlags(1))


def _frozen(attributes: dict[str, Any]) -> dict[str, Any]:
    """Sequences as tuples, as the SDK keeps them."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in attributes.items()}


def outline(steps: Sequence[Step]) -> list[str]:
    """The tree of `steps`, a line for each: indented type and name."""
    places = {(step.metadata or {})["otel"]["span_id"]: step for step in steps}

    def depth(step: Step) -> int:
        above = places.get((step.metadata or {})["otel"].get("parent_span_id"))
        return 0 if above is None else depth(above) + 1

    return [f"{'  ' * depth(step)}{step.type} {step.name}" for step in steps]


def facts(step: Step) -> dict[str, Any]:
    """What a step says, without ids, times and nulls, for a snapshot."""
    said: dict[str, Any] = json.loads(json.dumps(step.to_dict()))
    for name in ("id", "startTime", "endTime", "createdAt"):
        said.pop(name, None)
    otel = said.get("metadata", {}).get("otel", {})
    for name in ("trace_id", "span_id", "parent_span_id", "scope", "scope_version", "service"):
        otel.pop(name, None)
    return _without_nulls(said)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None and item != {}}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def main() -> None:
    """Write the steps of every recording."""
    STEPS.mkdir(exist_ok=True)
    for environment in ENVIRONMENTS:
        found: dict[str, Any] = {}
        for case in (case for case in CASES if case.startswith(f"{environment}/")):
            steps = recorded(case, "otlp").steps
            found[case.partition("/")[2]] = {"tree": outline(steps), "steps": [facts(step) for step in steps]}
        text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True)
        (STEPS / f"{environment}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
