"""What becomes of the spans that the packages of others really make (`tests/recordings`).

Every recording is read in both ways in which spans come in, and compared whole with `steps/<environment>.json`, one
step by step of it. After a change that is meant: `python tests/translate/recorded.py`, and read the diff.
"""

import json
from typing import Any

import pytest

from .recorded import CASES, ENVIRONMENTS, STEPS, facts, outline, recorded


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.feature("L-LOG-08")
def test_every_recording_becomes_the_same_steps_as_before(environment: str, way: str) -> None:
    expected: dict[str, Any] = json.loads((STEPS / f"{environment}.json").read_text(encoding="utf-8"))
    cases = [case for case in CASES if case.startswith(f"{environment}/")]
    assert sorted(expected) == [case.partition("/")[2] for case in cases]
    for case in cases:
        steps = recorded(case, way).steps
        found = {"tree": outline(steps), "steps": [facts(step) for step in steps]}
        assert found == expected[case.partition("/")[2]], case


@pytest.mark.parametrize("case", CASES)
def test_a_generation_is_counted_once_and_agents_never(case: str) -> None:
    steps = recorded(case, "otlp").steps
    assert all(step.generation is None for step in steps if step.type != "llm")
    by_span = {(step.metadata or {})["otel"]["span_id"]: step for step in steps}
    for step in steps:
        above = by_span.get((step.metadata or {})["otel"].get("parent_span_id"))
        assert not (step.type == "llm" and above is not None and above.type == "llm"), "one call, one generation"


@pytest.mark.parametrize("case", CASES)
def test_nothing_of_the_machine_that_recorded_is_in_a_recording(case: str) -> None:
    records = recorded(case, "otlp").records
    assert records
    said = json.dumps([[record.attributes, record.events, dict(record.resource)] for record in records])
    assert not any(word in said for word in ("/work/", "/home/", "/root/", "/tmp/"))
