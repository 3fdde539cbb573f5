"""Spans without what differs between two runs of one program: ids, times, addresses, paths.

Times keep their order and nothing else: each distinct time of a recording becomes one millisecond more than the one
before. ISO times in attributes are times too, since some packages say there when the first token came.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

START: Final = 1_795_248_000_000_000_000
"""2026-11-21T08:00:00Z in nanoseconds."""
STEP: Final = 1_000_000
_SPAN_TIMES: Final = ("startTimeUnixNano", "endTimeUnixNano")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|\+00:00)")
_UUID: Final = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_LOOPBACK: Final = re.compile(r"\b(127\.0\.0\.1|localhost):\d{4,5}")
_SERVICE: Final = "service.name"
_UNKNOWN: Final = "unknown_service"
_KEPT_OF_RESOURCE: Final = (_SERVICE, "telemetry.sdk.language", "telemetry.sdk.name")
_PORT: Final = "server.port"
_STACK: Final = "exception.stacktrace"

Json = dict[str, Any]


def normalised(document: Json, *, hidden: str) -> Json:
    """An OTLP request in JSON form, one resource, spans by start; `hidden` is a path that must not show."""
    spans = [
        (scope.get("scope", {}), span)
        for resource in document.get("resourceSpans", [])
        for scope in resource.get("scopeSpans", [])
        for span in scope.get("spans", [])
    ]
    spans.sort(key=lambda pair: int(pair[1]["startTimeUnixNano"]))
    times = sorted({moment for _, span in spans for moment in _times_of(span)})
    clock = {moment: START + place * STEP for place, moment in enumerate(times)}
    texts = _Texts(clock, hidden)
    traces: dict[str, str] = {}
    ids = {span["spanId"]: f"{place:016x}" for place, (_, span) in enumerate(spans, start=1)}
    scopes: dict[str, Json] = {}
    for scope, span in spans:
        key = json.dumps(scope, sort_keys=True)
        entry = scopes.setdefault(key, {"scope": _scope(scope), "spans": []})
        entry["spans"].append(_span(span, traces, ids, clock, texts))
    kept = _resource(document)
    return {"resourceSpans": [{"resource": {"attributes": kept}, "scopeSpans": list(scopes.values())}]}


def _resource(document: Json) -> list[Json]:
    found = document.get("resourceSpans", [])[:1]
    attributes = found[0].get("resource", {}).get("attributes", []) if found else []
    kept = {pair["key"]: pair["value"] for pair in attributes if pair["key"] in _KEPT_OF_RESOURCE}
    if str(kept.get(_SERVICE, {}).get("stringValue")).startswith(_UNKNOWN):
        kept[_SERVICE] = {"stringValue": _UNKNOWN}  # behind it stands the path of the interpreter
    return [{"key": key, "value": value} for key, value in kept.items()]


def _scope(scope: Json) -> Json:
    return {key: scope[key] for key in ("name", "version") if key in scope}


def _span(span: Json, traces: dict[str, str], ids: dict[str, str], clock: dict[int, int], texts: "_Texts") -> Json:
    found: Json = {**span, "traceId": traces.setdefault(span["traceId"], f"{len(traces) + 1:032x}")}
    found["spanId"] = ids[span["spanId"]]
    if "parentSpanId" in span:
        # A parent that was not exported keeps a place of its own: the span is no root.
        found["parentSpanId"] = ids.setdefault(span["parentSpanId"], f"{len(ids) + 1:016x}")
    for name in _SPAN_TIMES:
        found[name] = str(clock[int(span[name])])
    found["attributes"] = [_pair(pair, texts) for pair in span.get("attributes", [])]
    if "events" in span:
        found["events"] = [
            {
                **event,
                "timeUnixNano": str(clock[int(event["timeUnixNano"])]),
                "attributes": [_pair(pair, texts) for pair in event.get("attributes", [])],
            }
            for event in span["events"]
        ]
    found.pop("links", None)
    return found


def _pair(pair: Json, texts: "_Texts") -> Json:
    if pair["key"] == _PORT:
        return {"key": _PORT, "value": {"intValue": "8000"}}
    value = _mapped(pair["value"], texts.normal)
    if pair["key"] == _STACK:
        value = {"stringValue": value["stringValue"].strip().rpartition("\n")[2]}
    return {"key": pair["key"], "value": value}


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: change(item) if key == "stringValue" else _mapped(item, change) for key, item in value.items()}
    return [_mapped(item, change) for item in value] if isinstance(value, list) else value


def _times_of(span: Json) -> Iterator[int]:
    yield from (int(span[name]) for name in _SPAN_TIMES)
    for event in span.get("events", []):
        yield int(event["timeUnixNano"])
    for text in _ISO.findall(json.dumps(span.get("attributes", []))):
        yield _nanoseconds(text)


def _nanoseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


class _Texts:
    """Texts of attributes, each known UUID under a number of its own."""

    def __init__(self, clock: dict[int, int], hidden: str) -> None:
        self._clock = clock
        self._hidden = hidden
        self._uuids: dict[str, str] = {}

    def normal(self, text: str) -> str:
        text = text.replace(self._hidden, "/app")
        text = _ISO.sub(self._time, text)
        text = _LOOPBACK.sub(r"\1:8000", text)
        return _UUID.sub(self._uuid, text)

    def _time(self, found: re.Match[str]) -> str:
        moment = self._clock.get(_nanoseconds(found[0]), START)
        return datetime.fromtimestamp(moment / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"

    def _uuid(self, found: re.Match[str]) -> str:
        # The version stays: one that carries a time is not one that a user chose.
        return self._uuids.setdefault(found[0], f"00000000-0000-{found[0][14]}000-8000-{len(self._uuids) + 1:012x}")
