"""Steps with fixed ids and times: what differs from run to run is replaced, in order of the steps' start.

The program keeps its real ids and its real clock; only what a test reads is fixed, so it can be compared with a
snapshot.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

Json = dict[str, Any]

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The first moment that a fixed step knows; each later one is a second after the one before."""
FIRST_TOKEN_MS: Final = 100.0
_IDS: Final = ("id", "threadId", "parentId", "rootRunId")
_TIMES: Final = ("startTime", "endTime", "createdAt")
_SPAN_IDS: Final = {"trace_id": 32, "span_id": 16, "parent_span_id": 16}
_PORT: Final = "server_port"


def fixed(steps: Sequence[Json], threads: Sequence[Json]) -> tuple[list[Json], list[Json]]:
    """Copies of `steps`, in order of their start, and of `threads`, both in wire form, with fixed ids and times."""
    places = _places(steps, threads)
    placed_steps = [_placed(step, places) for step in steps]
    for step in placed_steps:
        _settle(step)
    return placed_steps, [_placed(thread, places) for thread in threads]


def _places(steps: Sequence[Json], threads: Sequence[Json]) -> dict[str, str]:
    """What stands in the place of each id and moment."""
    places: dict[str, str] = {}
    for holder in (*steps, *threads):
        for name in _IDS:
            if isinstance(holder.get(name), str):
                places.setdefault(holder[name], str(UUID(int=len(places) + 1)))
        for each in cast(list[Json], holder.get("attachments") or []):
            places.setdefault(str(each.get("id")), str(UUID(int=len(places) + 1)))
    spans: dict[str, str] = {}
    for step in steps:
        otel = _otel(step)
        for name, digits in _SPAN_IDS.items():
            if isinstance(otel.get(name), str):
                spans.setdefault(otel[name], f"{len(spans) + 1:0{digits}x}")
        for bridge in cast(list[str], otel.get("bridges") or []):
            spans.setdefault(bridge, f"{len(spans) + 1:016x}")
    moments = sorted({holder[name] for holder in (*steps, *threads) for name in _TIMES if holder.get(name)})
    times = {moment: _time(EPOCH + timedelta(seconds=number)) for number, moment in enumerate(moments)}
    return {**places, **spans, **times}


def _placed(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return places.get(value, value)
    if isinstance(value, list):
        return [_placed(item, places) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {key: _placed(item, places) for key, item in cast(Json, value).items()}
    return value


def _settle(step: Json) -> None:
    """Durations that fit the fixed times; a port of this run is left out."""
    generation: Any = step.get("generation")
    if not isinstance(generation, dict):
        return
    known = cast(Json, generation)
    if known.get("duration") is not None and step.get("startTime") and step.get("endTime"):
        seconds = (datetime.fromisoformat(step["endTime"]) - datetime.fromisoformat(step["startTime"])).total_seconds()
        known["duration"] = seconds
        if known.get("tokenThroughputInSeconds") is not None:
            known["tokenThroughputInSeconds"] = known["outputTokenCount"] / seconds if seconds else 0.0
    if known.get("ttFirstToken") is not None:
        known["ttFirstToken"] = FIRST_TOKEN_MS
    metadata: Any = known.get("metadata")
    if isinstance(metadata, dict):
        known["metadata"] = {key: item for key, item in cast(Json, metadata).items() if key != _PORT}


def _otel(step: Json) -> Json:
    metadata: Json = step.get("metadata") or {}
    found: Any = metadata.get("otel")
    return cast(Json, found) if isinstance(found, dict) else {}


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
