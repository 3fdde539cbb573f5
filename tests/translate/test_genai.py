"""GenAI spans of any scope become steps and generations (`spec/genai-semconv.md` §1, §7)."""

import json
from typing import Any

import pytest

from literalai_otel import attributes as names
from literalai_otel.model import ChatGeneration, CompletionGeneration, Step
from literalai_otel.translate import is_step, step_id

from .conftest import SECOND, SPAN_ID, START, TRACE_ID, Ways

CHAT: dict[str, Any] = {names.OPERATION_NAME: "chat", names.PROVIDER_NAME: "openai", names.REQUEST_MODEL: "gpt-4o"}
USER = {"role": "user", "parts": [{"type": "text", "content": "hi"}]}
HELLO = {"role": "assistant", "parts": [{"type": "text", "content": "hello"}], "finish_reason": "stop"}


def said(messages: Any) -> str:
    return json.dumps(messages)


def generation(step: Step) -> ChatGeneration:
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


@pytest.mark.feature("O-05", "O-06", "L-GEN-01", "L-GEN-03")
def test_a_chat_span_as_a_whole(ways: Ways) -> None:
    step = ways.step(
        {
            **CHAT,
            names.REQUEST_TEMPERATURE: 0.0,
            names.REQUEST_MAX_TOKENS: 10,
            names.REQUEST_STOP_SEQUENCES: ("END",),
            names.REQUEST_CHOICE_COUNT: 2,
            names.REQUEST_STREAM: True,
            names.RESPONSE_MODEL: "gpt-4o-2024",
            names.RESPONSE_ID: "r1",
            names.RESPONSE_FINISH_REASONS: ("stop", "length"),
            names.RESPONSE_TIME_TO_FIRST_CHUNK: 0.25,
            names.USAGE_INPUT_TOKENS: 7,
            names.USAGE_OUTPUT_TOKENS: 4,
            names.USAGE_CACHE_READ_INPUT_TOKENS: 0,
            names.SYSTEM_INSTRUCTIONS: said([{"type": "text", "content": "be kind"}]),
            names.INPUT_MESSAGES: said([USER]),
            names.OUTPUT_MESSAGES: said([HELLO, {"role": "assistant", "parts": []}]),
            names.TOOL_DEFINITIONS: said(
                [{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}]
            ),
            names.SERVER_ADDRESS: "api.openai.com",
            names.SERVER_PORT: 443,
            names.CONVERSATION_ID: "t1",
            "app.version": 3,
            "app.flags": ("a", "b"),
        },
        resource={"service.name": "shop", "service.version": "1.9", "deployment.environment.name": "production"},
        parent=True,
    )
    messages = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi"}]
    answer = {"role": "assistant", "content": "hello"}
    assert step == Step(
        id=step_id(TRACE_ID, SPAN_ID),
        name="chat gpt-4o",
        type="llm",
        thread_id="t1",
        start_time="2026-11-21T08:00:00.123456Z",
        end_time="2026-11-21T08:00:02.123456Z",
        input={"content": messages},
        output=answer,
        environment="prod",
        metadata={
            "release": "1.9",
            "otel": {
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "span_id": "b7ad6b7169203331",
                "parent_span_id": "00f067aa0ba902b7",
                "scope": "some.instrumentor",
                "scope_version": "1.2",
                "service": "shop",
                "attributes": {"app.version": 3, "app.flags": ["a", "b"]},
            },
        },
        generation=ChatGeneration(
            provider="openai",
            model="gpt-4o-2024",
            messages=messages,
            message_completion=answer,
            settings={
                "model": "gpt-4o",
                "temperature": 0.0,
                "max_tokens": 10,
                "stop": ["END"],
                "n": 2,
                "stream": True,
            },
            tools=[
                {
                    "type": "function",
                    "function": {"name": "f", "description": "d", "parameters": {"type": "object"}},
                }
            ],
            token_count=11,
            input_token_count=7,
            output_token_count=4,
            tt_first_token=250.0,
            duration=2.0,
            token_throughput_in_s=2.0,
            metadata={
                "finish_reasons": ["stop", "length"],
                "response_id": "r1",
                "server_address": "api.openai.com",
                "server_port": 443,
                "usage": {"cache_read_input_tokens": 0},
                "choices": [{"role": "assistant", "content": None}],
            },
        ),
    )


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("chat", "llm"),
        ("generate_content", "llm"),
        ("text_completion", "llm"),
        ("embeddings", "embedding"),
        ("retrieval", "retrieval"),
        ("rerank", "rerank"),
        ("execute_tool", "tool"),
        ("invoke_agent", "run"),
        ("create_agent", "run"),
        ("invoke_workflow", "run"),
        ("plan", "run"),
        ("search_memory", "retrieval"),
        ("upsert_memory", "tool"),
        ("fetch_response", "undefined"),
        ("something_new", "undefined"),
    ],
)
@pytest.mark.feature("L-LOG-08")
def test_the_operation_decides_the_type(ways: Ways, operation: str, kind: str) -> None:
    step = ways.step({names.OPERATION_NAME: operation, names.USAGE_INPUT_TOKENS: 5})
    assert step.type == kind
    assert (step.generation is not None) == (kind == "llm")


def test_an_llm_span_without_content_is_still_a_generation(ways: Ways) -> None:
    step = ways.step({**CHAT, names.USAGE_INPUT_TOKENS: 3})
    assert (step.input, step.output) == (None, None)
    found = generation(step)
    assert (found.messages, found.message_completion, found.model) == (None, None, "gpt-4o")
    assert (found.input_token_count, found.output_token_count, found.token_count) == (3, None, None)
    assert found.token_throughput_in_s is None


@pytest.mark.feature("L-GEN-02")
def test_a_text_completion(ways: Ways) -> None:
    step = ways.step(
        {
            **CHAT,
            names.OPERATION_NAME: "text_completion",
            names.INPUT_MESSAGES: said([USER, USER]),
            names.OUTPUT_MESSAGES: said([HELLO]),
        }
    )
    assert isinstance(step.generation, CompletionGeneration)
    assert (step.generation.prompt, step.generation.completion) == ("hi\nhi", "hello")
    assert (step.input, step.output) == ({"content": "hi\nhi"}, {"content": "hello"})


def test_what_follows_the_gap_is_shown_beside_the_prompt(ways: Ways) -> None:
    filled = {
        **CHAT,
        names.OPERATION_NAME: "text_completion",
        names.INPUT_MESSAGES: said([{**USER, "suffix": "bye"}]),
        names.OUTPUT_MESSAGES: said([HELLO]),
    }
    assert ways.step(filled).input == {"content": "hi", "suffix": "bye"}


@pytest.mark.parametrize(
    ("attributes", "field", "expected"),
    [
        ({names.LEGACY_SYSTEM: "anthropic", names.PROVIDER_NAME: ""}, "provider", "anthropic"),
        ({names.LEGACY_SYSTEM: "old", names.PROVIDER_NAME: "new"}, "provider", "new"),
        ({names.PROVIDER_NAME: "mistral_ai"}, "provider", "mistralai"),
        ({names.LEGACY_USAGE_PROMPT_TOKENS: 5}, "input_token_count", 5),
        ({names.LEGACY_USAGE_COMPLETION_TOKENS: 0}, "output_token_count", 0),
        ({names.LEGACY_USAGE_PROMPT_TOKENS: 5, names.USAGE_INPUT_TOKENS: 6}, "input_token_count", 6),
        ({names.USAGE_INPUT_TOKENS: "12"}, "input_token_count", 12),
        ({names.USAGE_INPUT_TOKENS: 12.0}, "input_token_count", 12),
        ({names.USAGE_INPUT_TOKENS: "many"}, "input_token_count", None),
        ({names.USAGE_INPUT_TOKENS: True}, "input_token_count", None),
        ({names.USAGE_INPUT_TOKENS: 1, names.USAGE_OUTPUT_TOKENS: 2}, "token_count", 3),
        ({names.USAGE_INPUT_TOKENS: 1, names.USAGE_OUTPUT_TOKENS: 2, names.USAGE_TOTAL_TOKENS: 9}, "token_count", 9),
        ({names.USAGE_INPUT_TOKENS: 0, names.USAGE_OUTPUT_TOKENS: 0}, "token_count", 0),
        ({names.RESPONSE_TIME_TO_FIRST_CHUNK: 0.0}, "tt_first_token", 0.0),
        ({names.REQUEST_MODEL: "asked", names.RESPONSE_MODEL: ""}, "model", "asked"),
        ({names.PROMPT_ID: "p1"}, "prompt_id", "p1"),
        ({names.GENERATION_TAGS: ("a", "b")}, "tags", ["a", "b"]),
        ({names.RESPONSE_FINISH_REASONS: '["stop"]'}, "metadata", {"finish_reasons": ["stop"]}),
        ({names.LEGACY_USAGE_CACHE_CREATION: 8}, "metadata", {"usage": {"cache_write_input_tokens": 8}}),
        ({names.OUTPUT_MESSAGES: json.dumps([HELLO])}, "metadata", {"finish_reasons": ["stop"]}),
        (
            {names.GENERATION_METADATA: '{"mine": 1, "response_id": "over"}', names.RESPONSE_ID: "r"},
            "metadata",
            {"mine": 1, "response_id": "over"},
        ),
        ({"gen_ai.prompt.variable.city": "Lisbon"}, "variables", {"city": "Lisbon"}),
        (
            {"gen_ai.prompt.variable.n": "3", names.PROMPT_VARIABLES: '{"n": 3}'},
            "variables",
            {"n": 3},
        ),
        ({names.TOOL_DEFINITIONS: '[{"type": "web_search"}]'}, "tools", [{"type": "web_search"}]),
        (
            {names.TOOL_DEFINITIONS: '[{"type": "function", "function": {"name": "f"}}]'},
            "tools",
            [{"type": "function", "function": {"name": "f"}}],
        ),
    ],
)
def test_fields_of_a_generation(ways: Ways, attributes: dict[str, Any], field: str, expected: Any) -> None:
    found = generation(ways.step({**CHAT, **attributes}))
    if field == "metadata" and "provider" not in expected:
        assert found.metadata == expected
    assert getattr(found, field) == expected


def test_the_raw_provider_stays_in_the_metadata(ways: Ways) -> None:
    assert generation(ways.step({**CHAT, names.PROVIDER_NAME: "mistral_ai"})).metadata == {"provider": "mistral_ai"}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, {"model": "gpt-4o"}),
        (
            {names.REQUEST_MAX_TOKENS: 5, names.GENERATION_SETTINGS: '{"max_completion_tokens": 5, "user": "u"}'},
            {"model": "gpt-4o", "max_completion_tokens": 5, "user": "u"},
        ),
        (
            {names.REQUEST_TEMPERATURE: 0.1, names.GENERATION_SETTINGS: '{"temperature": 0.12345}'},
            {"model": "gpt-4o", "temperature": 0.12345},
        ),
        ({names.REQUEST_SEED: 0, names.REQUEST_STREAM: "True"}, {"model": "gpt-4o", "seed": 0, "stream": True}),
        ({names.GENERATION_SETTINGS: '{"cut of'}, {"model": "gpt-4o"}),
    ],
)
def test_settings_are_the_official_ones_with_the_complete_ones_over_them(
    ways: Ways, attributes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert generation(ways.step({**CHAT, **attributes})).settings == expected


def test_what_cannot_be_understood_is_kept_as_it_is(ways: Ways) -> None:
    odd = {names.GENERATION_SETTINGS: '{"cut of', names.USAGE_INPUT_TOKENS: "many", "gen_ai.new.key": "new"}
    assert ways.step({**CHAT, **odd}).metadata["otel"]["attributes"] == odd  # type: ignore[index]


def test_content_cut_by_a_length_limit_is_kept_as_text(ways: Ways) -> None:
    cut_in, cut_out = said([USER])[:30], said([HELLO])[:30]
    step = ways.step({**CHAT, names.INPUT_MESSAGES: cut_in, names.OUTPUT_MESSAGES: cut_out})
    assert generation(step).messages == [{"role": "user", "content": cut_in}]
    assert step.output == {"role": "assistant", "content": cut_out}


def test_structured_attributes_are_read_like_their_json(ways: Ways) -> None:
    """The SDK takes maps and lists since 1.40."""
    structured = {
        **CHAT,
        names.INPUT_MESSAGES: [USER],
        names.OUTPUT_MESSAGES: [HELLO],
        names.GENERATION_SETTINGS: {"temperature": 1},
    }
    as_json = {name: value if isinstance(value, str) else said(value) for name, value in structured.items()}
    assert ways.step(structured) == ways.step(as_json)


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({names.INPUT_MESSAGES: "[]"}, "llm"),
        ({names.PROVIDER_NAME: "x", names.USAGE_OUTPUT_TOKENS: 1}, "llm"),
        ({names.PROVIDER_NAME: "x", names.TOOL_NAME: "t"}, "tool"),
        ({names.PROVIDER_NAME: "x"}, "undefined"),
    ],
)
def test_a_span_whose_operation_was_evicted(ways: Ways, attributes: dict[str, Any], kind: str) -> None:
    assert ways.step(attributes).type == kind


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ("[1, 2]", {"content": [1, 2]}),
        ("sunny", {"content": "sunny"}),
        ("3", {"content": "3"}),
        ({"a": (1,)}, {"a": [1]}),
        (7, {"content": 7}),
        (False, {"content": False}),
        ("", None),
    ],
)
def test_a_tool_span(ways: Ways, result: Any, expected: Any) -> None:
    step = ways.step(
        {
            names.OPERATION_NAME: "execute_tool",
            names.TOOL_NAME: "weather",
            names.TOOL_CALL_ID: "c1",
            names.TOOL_CALL_ARGUMENTS: '{"city": "Lisbon"}',
            names.TOOL_CALL_RESULT: result,
        },
        name="execute_tool weather",
    )
    assert (step.type, step.name, step.generation) == ("tool", "weather", None)
    assert (step.input, step.output) == ({"city": "Lisbon"}, expected)
    assert step.metadata["otel"]["attributes"] == {names.TOOL_CALL_ID: "c1"}  # type: ignore[index]


def test_a_retrieval_span(ways: Ways) -> None:
    step = ways.step(
        {
            names.OPERATION_NAME: "retrieval",
            names.RETRIEVAL_QUERY_TEXT: "invoices",
            names.RETRIEVAL_DOCUMENTS: said([{"id": "d1", "score": 0.5}]),
        }
    )
    assert (step.input, step.output) == ({"content": "invoices"}, {"content": [{"id": "d1", "score": 0.5}]})


def test_an_agent_span_with_usage_is_a_run_and_no_generation(ways: Ways) -> None:
    step = ways.step(
        {
            names.OPERATION_NAME: "invoke_agent",
            names.AGENT_NAME: "planner",
            names.INPUT_MESSAGES: said([USER]),
            names.OUTPUT_MESSAGES: said([HELLO]),
            names.USAGE_OUTPUT_TOKENS: 100,
        }
    )
    assert (step.type, step.name, step.generation) == ("run", "planner", None)
    assert step.input == {"content": [{"role": "user", "content": "hi"}]}
    assert step.output == {"role": "assistant", "content": "hello"}


@pytest.mark.parametrize(
    ("scope", "attributes", "expected"),
    [
        ("x", CHAT, True),
        ("x", {names.LEGACY_SYSTEM: "openai"}, True),
        ("opentelemetry.instrumentation.httpx", {"http.request.method": "POST"}, False),
        ("x", {names.CONVERSATION_ID: "from baggage"}, False),
        ("x", {names.THREAD_ID: "stamped", names.TAGS: ("a",)}, False),
        ("x", {}, False),
        ("x", None, False),
    ],
)
def test_what_is_a_step(scope: str, attributes: Any, expected: bool) -> None:
    assert is_step(scope, attributes) is expected


@pytest.mark.parametrize(
    ("tokens", "end", "throughput"), [(10, START + SECOND // 2, 20.0), (0, START + SECOND, 0.0), (5, START, None)]
)
def test_throughput_is_tokens_a_second(ways: Ways, tokens: int, end: int, throughput: float | None) -> None:
    found = generation(ways.step({**CHAT, names.USAGE_OUTPUT_TOKENS: tokens}, end=end))
    assert found.token_throughput_in_s == throughput
