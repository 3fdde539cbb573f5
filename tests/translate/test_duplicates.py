"""When two spans record one call, and what one takes from the other."""

from typing import Any

import pytest

from literalai_otel.scopes import whole_framework
from literalai_otel.translate.duplicates import ModelCall, facts_of, model_call, same_call

OURS = "literalai_otel.instrumentors.openai"
OPENLLMETRY = "opentelemetry.instrumentation.openai.v1"
OPENINFERENCE = "openinference.instrumentation.openai"


def chat(**more: Any) -> dict[str, Any]:
    return {"gen_ai.operation.name": "chat", **more}


@pytest.mark.parametrize(
    ("scope", "attributes", "call"),
    [
        (OURS, chat(**{"gen_ai.request.model": "m"}), ModelCall(True, "llm", ("m",))),
        (OPENLLMETRY, chat(), ModelCall(False, "llm", ())),
        (
            "com.anthropic.sdk.python",
            chat(**{"gen_ai.request.model": "m", "gen_ai.response.model": "m-1"}),
            ModelCall(False, "llm", ("m", "m-1")),
        ),
        ("any", {"gen_ai.operation.name": "embeddings"}, ModelCall(False, "embedding", ())),
        ("any", {"gen_ai.operation.name": "rerank"}, ModelCall(False, "rerank", ())),
        (OPENLLMETRY, {"llm.request.type": "completion", "gen_ai.request.model": "m"}, ModelCall(False, "llm", ("m",))),
        (
            OPENINFERENCE,
            {"openinference.span.kind": "LLM", "llm.model_name": "m-1"},
            ModelCall(False, "llm", ("m-1",)),
        ),
        (
            OPENINFERENCE,
            {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "e"},
            ModelCall(False, "embedding", ("e",)),
        ),
        (OPENINFERENCE, {"openinference.span.kind": "CHAIN"}, None),
        ("any", {"gen_ai.operation.name": "execute_tool", "gen_ai.request.model": "m"}, None),
        ("any", {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 3}, None),
        ("any", {"gen_ai.request.model": 5}, None),
        (OURS, {}, None),
        ("", {"llm.request.type": "unknown"}, None),
    ],
)
def test_the_call_that_a_span_records(scope: str, attributes: dict[str, Any], call: ModelCall | None) -> None:
    assert model_call(scope, attributes) == call


def call(*models: str, ours: bool = False, kind: Any = "llm") -> ModelCall:
    return ModelCall(ours, kind, models)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (call("gpt-4o"), call("gpt-4o", ours=True)),
        (call("gpt-4o", ours=True), call("gpt-4o")),
        (call(), call("gpt-4o", ours=True)),
        (call("gpt-4o"), call()),
        (call("gpt-4o"), call("other", "gpt-4o-2024-08-06")),
        (call("claude-next"), call("claude-next@20250101")),
        (call("mistral-small-latest"), call("mistral-small")),
        (call("openai/GPT-4o"), call("gpt-4o", ours=True)),
        (call("e", kind="embedding"), call("e", kind="embedding")),
    ],
)
def test_one_call(outer: ModelCall, inner: ModelCall) -> None:
    assert same_call(outer, inner)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (call("gpt-4o"), call("gpt-4o-mini", ours=True)),
        (call("gpt-4"), call("gpt-4o")),
        (call("m"), call("m", kind="embedding")),
        (call("m", ours=True), call("m", ours=True)),
    ],
)
def test_two_calls(outer: ModelCall, inner: ModelCall) -> None:
    assert not same_call(outer, inner)


INNER = {
    "gen_ai.operation.name": "chat",
    "gen_ai.response.id": "r",
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.input.messages": "[]",
    "server.address": "host",
    "url.full": "http://host",
}


def test_the_response_of_an_inner_span_is_known_to_the_outer_one() -> None:
    assert facts_of("some.instrumentor", INNER, content=False) == {
        "gen_ai.response.id": "r",
        "gen_ai.usage.output_tokens": 7,
        "server.address": "host",
    }


def test_content_goes_along_where_no_policy_of_ours_rules_it() -> None:
    kept = {name: value for name, value in INNER.items() if name != "url.full"}
    assert facts_of("some.instrumentor", INNER, content=True) == kept


def test_openinference_facts_get_their_official_names() -> None:
    inner = {
        "llm.model_name": "m-1",
        "llm.token_count.prompt": 11,
        "llm.token_count.completion": 7,
        "llm.token_count.prompt_details.cache_read": 3,
        "llm.token_count.completion_details.reasoning": 2,
        "llm.input_messages.0.message.content": "Hi",
    }
    assert facts_of(OPENINFERENCE, inner, content=False) == {
        "gen_ai.response.model": "m-1",
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "gen_ai.usage.reasoning.output_tokens": 2,
    }


@pytest.mark.parametrize(
    ("scope", "framework"),
    [
        ("opentelemetry.instrumentation.langchain", "langchain"),
        ("opentelemetry.instrumentation.genai.langchain", "langchain"),
        ("openinference.instrumentation.llama_index", "llama_index"),
        ("opentelemetry.instrumentation.llamaindex", "llama_index"),
        ("literalai_otel.instrumentors.llama_index", "llama_index"),
        (OPENLLMETRY, None),
        ("my.own.langchain", None),
        ("", None),
    ],
)
def test_the_framework_of_a_scope(scope: str, framework: str | None) -> None:
    assert whole_framework(scope) == framework
