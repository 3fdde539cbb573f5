"""Spans of LiteLLM's two engines, beyond what `test_recordings` compares (`spec/genai-semconv.md` §3.6)."""

import json

import pytest

from literalai_otel.model import ChatGeneration, CompletionGeneration
from literalai_otel.translate import is_step

from .conftest import Ways
from .recorded import recorded

ENGINES = ("v1", "v2")
HELLO = "Hello from the fake provider."


@pytest.mark.parametrize("engine", ENGINES)
def test_a_call_is_one_step(engine: str, way: str) -> None:
    step = recorded(f"litellm/{engine}_chat", way).only
    assert (step.type, step.name) == ("llm", "chat gpt-4o")
    found = step.generation
    assert isinstance(found, ChatGeneration)
    assert (found.provider, found.model, found.token_count) == ("openai", "gpt-4o-2025-01-01", 18)
    assert found.messages == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert (found.message_completion or {})["content"] == HELLO
    assert (found.settings or {})["temperature"] == 0.2
    assert (found.metadata or {})["finish_reasons"] == ["stop"]


def test_nothing_that_is_empty_is_kept_of_its_metadata(way: str) -> None:
    metadata = dict(recorded("litellm/v1_chat", way).only.metadata or {})
    otel = metadata.pop("otel")
    assert metadata == {}
    assert otel["user_id"] == "user-1"
    assert not any(name.startswith("metadata.") for name in otel["attributes"])


@pytest.mark.parametrize("engine", ENGINES)
def test_tools_and_their_calls(engine: str, way: str) -> None:
    found = recorded(f"litellm/{engine}_tools", way).only.generation
    assert isinstance(found, ChatGeneration)
    (definition,) = found.tools or []
    assert definition["function"]["name"] == "get_weather"
    assert definition["function"]["parameters"]["type"] == "object"
    (call,) = (found.message_completion or {})["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city": "Paris"}'}


def test_embeddings_and_completions(way: str) -> None:
    step = recorded("litellm/v1_embeddings", way).only
    assert (step.type, step.input) == ("embedding", {"content": ["sunny day", "rainy night"]})
    found = recorded("litellm/v1_completion", way).only.generation
    assert isinstance(found, CompletionGeneration)
    assert (found.prompt, found.token_count) == ("Once upon", 18)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_failure_is_told(engine: str, way: str) -> None:
    step = recorded(f"litellm/{engine}_error", way).only
    assert "scripted failure 400" in (step.error or "")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"litellm.call_id": "c"}, True),
        ({"gen_ai.operation.name": "chat"}, True),
        ({"llm.openai.messages": "[]"}, False),
        ({"litellm.guardrail.name": "g"}, False),
        ({}, False),
    ],
)
def test_only_calls_are_steps(attributes: dict[str, str], expected: bool) -> None:
    assert is_step("litellm", attributes) is expected


def test_the_metadata_of_a_request_through_the_proxy(ways: Ways) -> None:
    own = {"session_id": "t1", "user_id": "u1", "tags": ["a"], "tenant": "acme"}
    attributes = {
        "litellm.call_id": "c",
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "",
        "litellm.provider.model": "mistral/mistral-small",
        "metadata.user_api_key_team_alias": "blue",
        "metadata.user_api_key_spend": "",
        "metadata.requester_metadata": json.dumps(own),
        "metadata.usage_object": "{'prompt_tokens': 1}",
    }
    step = ways.step(attributes, scope="litellm", name="litellm_request")
    assert (step.thread_id, step.tags) == ("t1", ["a"])
    metadata = dict(step.metadata or {})
    assert metadata.pop("otel")["user_id"] == "u1"
    assert {key: metadata[key] for key in ("tenant", "user_api_key_team_alias")} == {
        "tenant": "acme",
        "user_api_key_team_alias": "blue",
    }
    assert step.generation is not None
    assert step.generation.provider == "mistral"


def test_the_metadata_of_the_second_engine(ways: Ways) -> None:
    own = {"litellm.metadata.tenant": "acme", "litellm.metadata.session_id": "t1", "litellm.metadata.plan": ""}
    repeated = {"litellm.metadata.usage_object": "{'prompt_tokens': 1}", "litellm.metadata.my_usage_object": "mine"}
    step = ways.step({"gen_ai.operation.name": "chat", **own, **repeated}, scope="litellm")
    metadata = dict(step.metadata or {})
    metadata.pop("otel")
    assert (step.thread_id, metadata) == ("t1", {"tenant": "acme", "session_id": "t1", "my_usage_object": "mine"})


@pytest.mark.feature("I-LIT-03")
def test_a_call_within_a_prompt_is_a_generation_of_that_prompt(ways: Ways) -> None:
    """Our processor stamps the prompt on every span that starts within it, LiteLLM's among them."""
    attributes = {"litellm.call_id": "c", "gen_ai.operation.name": "chat", "literalai.prompt.id": "p1"}
    step = ways.step(attributes, scope="litellm", name="litellm_request")
    assert step.generation is not None
    assert step.generation.prompt_id == "p1"


def test_the_tools_of_the_second_engine_stand_one_by_one(ways: Ways) -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.tool.0.name": "f",
        "gen_ai.tool.0.description": "d",
        "gen_ai.tool.0.parameters": '{"type":"object"}',
        "gen_ai.tool.1.name": "g",
    }
    step = ways.step(attributes, scope="litellm")
    assert step.generation is not None
    functions = [tool["function"] for tool in step.generation.tools or []]
    assert functions[0] == {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert functions[1]["name"] == "g"
