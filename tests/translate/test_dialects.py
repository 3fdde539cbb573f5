"""The order of the dialects: which spans are steps, and that no reader breaks on what a span may hold."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from literalai_otel.jsonable import dumps
from literalai_otel.model import to_wire
from literalai_otel.translate import SpanRecord, is_step, translate, trim
from literalai_otel.translate.dialects import DIALECTS, dialect_of

from .recorded import CASES, recorded

ROWS = {row.name: row for row in DIALECTS}


@pytest.mark.parametrize(
    ("scope", "attributes", "dialect"),
    [
        ("literalai_otel.context", {}, "literal"),
        ("anyone", {"literalai.step.type": "tool", "gen_ai.operation.name": "chat"}, "literal"),
        ("langfuse-sdk", {}, "langfuse"),
        ("anyone", {"langfuse.observation.type": "span", "openinference.span.kind": "LLM"}, "langfuse"),
        ("openinference.instrumentation.openai", {}, "openinference"),
        ("anyone", {"openinference.span.kind": "CHAIN"}, "openinference"),
        ("anyone", {"llm.input_messages.3.message.role": "user"}, "openinference"),
        ("anyone", {"openinference.span.kind": "LLM", "gen_ai.request.model": "m"}, "openinference"),
        ("mlflow.tracing.provider", {}, "mlflow"),
        ("anyone", {"mlflow.spanType": '"TOOL"'}, "mlflow"),
        ("langsmith", {}, "langsmith"),
        ("opentelemetry.instrumentation.openai.v1", {}, "openllmetry"),
        ("opentelemetry.instrumentation.langchain", {}, "openllmetry"),
        ("traceloop.tracer", {}, "openllmetry"),
        ("anyone", {"gen_ai.system": "openai", "gen_ai.prompt.0.role": "user"}, "openllmetry"),
        ("anyone", {"llm.request.type": "chat"}, "openllmetry"),
        ("opentelemetry.instrumentation.genai.openai", {}, "genai"),
        ("anyone", {"gen_ai.usage.output_tokens": 3}, "genai"),
    ],
)
def test_the_first_row_that_recognises_a_span_reads_it(scope: str, attributes: dict[str, Any], dialect: str) -> None:
    found = dialect_of(scope, attributes)
    assert found is not None
    assert found.name == dialect


@pytest.mark.parametrize(
    ("scope", "attributes"),
    [
        ("", {}),
        ("opentelemetry.instrumentation.httpx", {"http.request.method": "GET", "server.address": "api.openai.com"}),
        ("opentelemetry.instrumentation.openai_unknown", {}),
        ("langfuse-sdk-of-mine", {}),
        ("mlflowers", {}),
        ("anyone", {"traceloop.association.properties.session_id": "t", "traceloop.workflow.name": "w"}),
        ("anyone", {"session.id": "s", "user.id": "u", "langfuse.trace.tags": ["a"], "langfuse.environment": "e"}),
        ("anyone", {"gen_ai.conversation.id": "c", "gen_ai.agent.name": "a"}),
        ("anyone", {"literalai.thread.id": "t"}),
        ("anyone", {"gen_ai.prompt.name": "p", "gen_ai.prompt.variable.x": "1"}),
    ],
)
@pytest.mark.feature("L-LOG-08")
def test_what_processors_copy_to_every_span_makes_no_step(scope: str, attributes: dict[str, Any]) -> None:
    assert not is_step(scope, attributes)


def names_of(row_name: str) -> list[str]:
    """Attribute names that a row's spans had in the recordings, and those that it is told by."""
    found = {key if key[-1] != "." else f"{key}0.message.content" for key in ROWS[row_name].keys}
    for case in CASES:
        for record in recorded(case, "otlp").records:
            dialect = dialect_of(record.scope, record.attributes)
            if dialect is not None and dialect.name == row_name:
                found |= set(record.attributes)
    return sorted(found)


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ['{"a": ', '[{"role": "user"', '"half', "[[", "{}", "[]", "[null]", '{"messages": [1]}', "\ud800"]
    )
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("row_name", sorted(ROWS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_no_value_breaks_a_reader(row_name: str, data: st.DataObject) -> None:
    row = ROWS[row_name]
    names = data.draw(st.lists(st.sampled_from(NAMES[row_name]), max_size=12, unique=True))
    attributes = {name: data.draw(HOSTILE) for name in names}
    scope = data.draw(st.sampled_from([*row.scopes, "anyone"]))
    record = SpanRecord(trace_id="0" * 31 + "1", span_id="0" * 15 + "1", name="s", scope=scope, attributes=attributes)
    row.call_type(attributes)
    row.skips(scope, attributes)
    row.officially(dict(attributes))
    row.read(record, dict(attributes))
    step = translate(record, export_all=True)
    assert step is not None or row.skips(scope, attributes)
    if step is not None:
        dumps(to_wire(trim(step)))


NAMES = {name: names_of(name) for name in ROWS}


def cut_json(record: SpanRecord) -> dict[str, Any]:
    """The attributes under a host's limit of 40 characters a value, which cuts JSON in the middle."""
    return {name: value[:40] if isinstance(value, str) else value for name, value in record.attributes.items()}


def half(record: SpanRecord) -> dict[str, Any]:
    """The attributes under a host's limit of their number: the older half is gone, the type with it."""
    names = list(record.attributes)
    return {name: record.attributes[name] for name in names[len(names) // 2 :]}


@pytest.mark.parametrize("case", CASES)
def test_a_cut_span_is_still_a_step_and_keeps_the_text_that_is_left(case: str) -> None:
    for record in recorded(case, "otlp").records:
        whole = translate(replace(record))
        if whole is None:
            continue
        step = translate(replace(record, attributes=cut_json(record)))
        assert step is not None
        assert step.type == whole.type
        if whole.generation is not None:
            assert step.generation is not None
            assert step.generation.output_token_count == whole.generation.output_token_count or any(
                len(value) > 40 and "tok" in value for value in record.attributes.values() if isinstance(value, str)
            ), "counts that were in no cut text are kept"
        if whole.input is not None:
            left = (step.metadata or {})["otel"].get("attributes")
            assert step.input is not None or left, "what is left of a text is better than none"
        dumps(to_wire(step))


@pytest.mark.parametrize("case", CASES)
def test_a_span_that_lost_its_older_half_is_still_a_step(case: str) -> None:
    for record in recorded(case, "otlp").records:
        whole = translate(replace(record))
        if whole is not None:
            step = translate(replace(record, attributes=half(record)))
            assert step is not None
            json.loads(dumps(to_wire(step)))
