"""Spans of Logfire, above all streams, which are two spans each (`spec/genai-semconv.md` §3.4)."""

from typing import Any

import pytest

from literalai_otel.model import ChatGeneration, Step
from literalai_otel.translate import is_step, translate

from .conftest import SECOND, START, Ways
from .recorded import Recording, recorded

HELLO = {"role": "assistant", "content": "Hello from the fake provider."}


def generations(steps: list[Step]) -> list[ChatGeneration]:
    return [step.generation for step in steps if isinstance(step.generation, ChatGeneration)]


@pytest.mark.parametrize("case", ["stream", "streams_in_a_span", "stream_in_the_first_format"])
def test_a_streamed_call_is_one_generation_from_request_to_end(case: str, way: str) -> None:
    recording = recorded(f"logfire/{case}", way)
    requests = [record for record in recording.records if record.name.startswith("Chat Completion")]
    calls = [step for step in recording.steps if step.type == "llm"]
    assert len(calls) == len(requests) == (2 if case == "streams_in_a_span" else 1)
    for found in generations(calls):
        assert (found.message_completion, found.token_count) == (HELLO, 18)
        assert found.messages == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert {step.name for step in calls} == {"Chat Completion with 'gpt-4o'"}
    starts = sorted(step.start_time or "" for step in calls)
    assert starts == sorted((translate(record) or Step()).start_time or "" for record in requests)


def test_each_stream_is_brought_together_with_its_own_request(way: str) -> None:
    """The answer of the first stream came before the second request was made."""
    records = recorded("logfire/streams_in_a_span", way).records
    asked = [record for record in records if record.name.startswith("Chat")]
    answered = [record for record in records if record.name.startswith("streaming")]
    spans = {record.span_id: record for record in records}
    calls = [step for step in Recording(records).steps if step.type == "llm"]
    for request, answer, call in zip(asked, answered, calls, strict=True):
        assert spans[(call.metadata or {})["otel"]["span_id"]].end_ns == answer.end_ns
        assert call.start_time == (translate(request) or Step()).start_time


def test_halves_that_come_in_different_requests_are_still_one_generation(way: str) -> None:
    records = recorded("logfire/streams_in_a_span", way).records
    steps = [step for record in records for step in Recording([record]).steps]
    assert [step.type for step in steps] == ["run", "undefined", "llm", "undefined", "llm"]
    assert [found.message_completion for found in generations(steps)] == [HELLO, HELLO]
    for found in generations(steps):
        assert found.duration is not None
        assert found.duration > 0, "a log has no length of its own"


def test_a_stream_of_another_question_stays_apart(way: str) -> None:
    request, answer = recorded("logfire/stream", way).records
    answer.attributes["gen_ai.input.messages"] = '[{"role":"user","content":"another"}]'
    assert [step.type for step in Recording([request, answer]).steps] == ["undefined", "llm"]


def test_a_request_that_failed_is_the_generation(way: str) -> None:
    step = recorded("logfire/error", way).only
    assert step.type == "llm"
    assert step.generation is not None
    assert "scripted failure 400" in (step.generation.error or "")


def test_both_formats_say_the_same(way: str) -> None:
    first, now = (recorded(f"logfire/{case}", way).only for case in ("chat_in_the_first_format", "chat"))
    assert (first.name, first.input, first.output) == (now.name, now.input, now.output)
    (one,), (other,) = generations([first]), generations([now])
    assert (one.settings, one.token_count, one.metadata) == (other.settings, other.token_count, other.metadata)


def test_a_span_of_the_program_is_a_run_or_a_part_of_one(ways: Ways) -> None:
    attributes: dict[str, Any] = {
        "logfire.span_type": "span",
        "logfire.msg": "answer Hi",
        "logfire.msg_template": "answer {question}",
        "logfire.json_schema": '{"type":"object","properties":{"question":{},"facts":{"type":"array"}}}',
        "logfire.tags": ("blue",),
        "question": "Hi",
        "facts": "[1,2]",
        "return": '{"said":"Hello"}',
    }
    run = ways.step(attributes, scope="logfire", name="answer {question}")
    assert (run.type, run.name, run.tags) == ("run", "answer Hi", ["blue"])
    assert (run.input, run.output) == ({"question": "Hi", "facts": [1, 2]}, {"said": "Hello"})
    assert "attributes" not in (run.metadata or {})["otel"]
    assert ways.step(attributes, scope="logfire", parent=True).type == "undefined"


@pytest.mark.parametrize(
    ("scope", "attributes", "expected"),
    [
        ("logfire", {"logfire.span_type": "span"}, True),
        ("logfire", {"logfire.span_type": "log", "logfire.msg": "a line"}, False),
        ("logfire.openai", {"logfire.span_type": "pending_span", "gen_ai.operation.name": "chat"}, False),
        ("opentelemetry.instrumentation.fastapi", {"logfire.msg": "GET /", "logfire.span_type": "span"}, False),
    ],
)
def test_which_spans_are_steps(scope: str, attributes: dict[str, Any], expected: bool) -> None:
    assert is_step(scope, attributes) is expected


def test_a_stream_lasts_as_long_as_its_log_says(ways: Ways) -> None:
    log = {
        "logfire.span_type": "log",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.output_tokens": 6,
        "duration": 3.0,
    }
    (found,) = generations([ways.step(log, scope="logfire.openai", start=START, end=START + SECOND)])
    assert (found.duration, found.token_throughput_in_s) == (3.0, 2.0)
