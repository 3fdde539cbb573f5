"""Records that came together: which of them stand for one call."""

import itertools
from typing import Any

import pytest

from literalai_otel.translate import SpanRecord
from literalai_otel.translate.collapse import collapse

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OURS = "literalai_otel.instrumentors.openai"
OPENLLMETRY = "opentelemetry.instrumentation.openai.v1"
NATIVE = "com.anthropic.sdk.python"
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 99}


def record(number: int, parent: int | None, scope: str, attributes: dict[str, Any], **changes: Any) -> SpanRecord:
    """A span that starts `number` seconds after the first and ends before the one above it."""
    fields: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": f"{number:016x}",
        "parent_span_id": None if parent is None else f"{parent:016x}",
        "scope": scope,
        "start_ns": number * 10**9,
        "end_ns": (100 - number) * 10**9,
        "attributes": dict(attributes),
        "resource": {"service.name": "shop"},
    }
    return SpanRecord(**{**fields, **changes})


def chat(number: int, parent: int | None, scope: str, *, model: str = "m", **more: Any) -> SpanRecord:
    changes = {name: more.pop(name) for name in ("resource", "end_ns") if name in more}
    return record(
        number, parent, scope, {"gen_ai.operation.name": "chat", "gen_ai.request.model": model, **more}, **changes
    )


def http(number: int, parent: int) -> SpanRecord:
    return record(number, parent, "opentelemetry.instrumentation.httpx", {"http.request.method": "POST"})


def aside(records: list[SpanRecord]) -> list[int]:
    return sorted(int(span_id, 16) for _, span_id in collapse(records))


CASES: dict[str, tuple[list[SpanRecord], list[int]]] = {
    "ours in theirs": ([record(1, None, "", AGENT), chat(2, 1, OPENLLMETRY), chat(3, 2, OURS)], [2]),
    "with a span in between": ([chat(1, None, OPENLLMETRY), http(2, 1), chat(3, 2, OURS)], [1]),
    "native in ours": ([chat(1, None, OURS), chat(2, 1, NATIVE)], [2]),
    "native in theirs": ([chat(1, None, OPENLLMETRY), chat(2, 1, NATIVE)], [2]),
    "ours in native in theirs": ([chat(1, None, OPENLLMETRY), chat(2, 1, NATIVE), chat(3, 2, OURS)], [1, 2]),
    "two of ours in theirs": ([chat(1, None, OPENLLMETRY), chat(2, 1, OURS), chat(3, 1, OURS)], [1]),
    "an agent in between": ([chat(1, None, OPENLLMETRY), record(2, 1, "", AGENT), chat(3, 2, OURS)], []),
    "another model": ([chat(1, None, OPENLLMETRY), chat(2, 1, OURS, model="other")], []),
    "another service": ([chat(1, None, OPENLLMETRY, resource={"service.name": "gateway"}), chat(2, 1, OURS)], []),
    "after the outer one": ([chat(1, None, OPENLLMETRY, end_ns=10**9), chat(2, 1, OURS)], []),
    "side by side": ([record(1, None, "", AGENT), chat(2, 1, OPENLLMETRY), chat(3, 1, OURS)], []),
    "an unknown parent": ([chat(2, 1, OPENLLMETRY), chat(4, 3, OURS)], []),
    "ours in ours": ([chat(1, None, OURS), chat(2, 1, OURS)], []),
    "its own parent": ([chat(1, 1, OPENLLMETRY), chat(2, 1, OURS), http(3, 3)], [1]),
    "one alone": ([chat(1, None, OPENLLMETRY)], []),
    "none": ([], []),
}


@pytest.mark.parametrize("case", CASES)
def test_which_stand_aside(case: str) -> None:
    records, expected = CASES[case]
    for order in itertools.permutations(records):
        copies = [SpanRecord(**{name: getattr(one, name) for name in SpanRecord.__slots__}) for one in order]
        assert aside(copies) == expected


def test_ours_takes_the_place_of_the_span_around_it() -> None:
    records = [record(1, None, "", AGENT), chat(2, 1, OPENLLMETRY), http(3, 2), chat(4, 3, OURS)]
    collapse(records)
    assert records[3].parent_span_id == records[0].span_id
    root = [chat(1, None, OPENLLMETRY), chat(2, 1, OURS)]
    collapse(root)
    assert root[1].parent_span_id is None


def test_the_one_that_stays_is_completed() -> None:
    told = {"gen_ai.usage.input_tokens": 11, "gen_ai.response.model": "m-1", "gen_ai.input.messages": "[]"}
    ours = [chat(1, None, OURS, **{"gen_ai.usage.input_tokens": 12}), chat(2, 1, NATIVE, **told)]
    collapse(ours)
    assert ours[0].attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.response.model": "m-1",
    }
    theirs = [chat(1, None, OPENLLMETRY), chat(2, 1, NATIVE, **told)]
    collapse(theirs)
    assert theirs[0].attributes == {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", **told}
