"""OpenLLMetry: today's GenAI form, the indexed form before, and the decorators of traceloop-sdk (§3.1)."""

import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from literalai_otel import attributes as names
from literalai_otel.model import ChatGeneration, CompletionGeneration, Step

from .conftest import Ways
from .recorded import facts, outline, recorded

HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
ANSWER = {"role": "assistant", "content": "Hello from the fake provider."}
FORMS = ("openllmetry", "openllmetry_legacy")


def chat(step: Step) -> ChatGeneration:
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


@pytest.mark.feature("I-OTL-01", "I-OTL-02", "I-OTL-03")
def test_a_chat_with_what_the_published_client_hands_over(way: str) -> None:
    step = recorded("openllmetry/openai_chat", way).only
    assert facts(step) == snapshot(
        {
            "name": "greeting",
            "type": "llm",
            "threadId": "00000000-0000-4000-8000-000000000001",
            "parentId": "00000000-0000-4000-8000-000000000002",
            "tags": ["hello", "world"],
            "metadata": {
                "foo": 1,
                "otel": {"attributes": {"gen_ai.openai.api_base": "http://127.0.0.1:8000/v1/"}},
            },
            "input": {"content": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]},
            "output": {"role": "assistant", "content": "Hello from the fake provider."},
            "generation": {
                "type": "CHAT",
                "promptId": "00000000-0000-4000-8000-000000000003",
                "provider": "openai",
                "model": "gpt-4o-2025-01-01",
                "settings": {"model": "gpt-4o", "max_tokens": 50, "temperature": 0.2, "stream": False},
                "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
                "messageCompletion": {"role": "assistant", "content": "Hello from the fake provider."},
                "inputTokenCount": 11,
                "outputTokenCount": 7,
                "tokenCount": 18,
                "duration": 0.001,
                "tokenThroughputInSeconds": 7000.0,
                "metadata": {
                    "finish_reasons": ["stop"],
                    "response_id": "chatcmpl-5764cde6853f8e97699d8ec2",
                    "service_tier": "default",
                    "system_fingerprint": "fp_fake",
                    "prompt_name": "p",
                    "prompt_version": "2",
                    "usage": {"cache_read_input_tokens": 3, "reasoning_output_tokens": 2},
                },
            },
        }
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.feature("I-OTL-01")
def test_both_forms_say_the_same_of_a_call(form: str, way: str) -> None:
    generation = chat(recorded(f"{form}/openai_chat", way).only)
    assert (generation.provider, generation.model) == ("openai", "gpt-4o-2025-01-01")
    assert (generation.messages, generation.message_completion) == (HELLO, ANSWER)
    assert (generation.input_token_count, generation.output_token_count, generation.token_count) == (11, 7, 18)
    assert generation.settings == {"model": "gpt-4o", "temperature": 0.2, "max_tokens": 50, "stream": False}
    metadata: Any = generation.metadata
    assert (metadata["finish_reasons"], metadata["usage"]["cache_read_input_tokens"]) == (["stop"], 3)


@pytest.mark.parametrize("form", FORMS)
def test_tools_and_what_they_gave(form: str, way: str) -> None:
    first, second = recorded(f"{form}/openai_tools", way).steps
    completion: Any = chat(first).message_completion
    assert [call["function"]["name"] for call in completion["tool_calls"]] == ["get_weather", "get_time"]
    (tool,) = chat(first).tools or ()
    assert tool["function"]["parameters"]["required"] == ["city"]
    answers = [message for message in chat(second).messages or () if message["role"] == "tool"]
    assert [(answer["tool_call_id"], answer["content"]) for answer in answers] == [("call_1", "21"), ("call_2", "21")]


@pytest.mark.parametrize("form", FORMS)
def test_a_stream_knows_when_its_first_token_came(form: str, way: str) -> None:
    generation = chat(recorded(f"{form}/openai_stream", way).only)
    assert generation.tt_first_token == 1.0
    assert generation.message_completion == ANSWER


@pytest.mark.parametrize("form", FORMS)
def test_completions_embeddings_and_errors(form: str, way: str) -> None:
    completion = recorded(f"{form}/openai_completion", way).only.generation
    assert isinstance(completion, CompletionGeneration)
    assert (completion.prompt, completion.completion) == ("Once upon", " is the capital of France.")
    embedding = recorded(f"{form}/openai_embeddings", way).only
    assert (embedding.type, embedding.input) == ("embedding", {"content": ["one", "two"]})
    failed = recorded(f"{form}/openai_error", way).only
    assert failed.error is not None
    assert failed.error.startswith("Error code: 429")
    assert chat(failed).messages == HELLO


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.feature("I-OTL-01")
def test_the_tree_of_an_agent_of_langchain(form: str, way: str) -> None:
    found = recorded(f"{form}/langchain_agent", way)
    tree = ["run weather", "  llm ChatOpenAI.chat", "  tool get_weather", "  llm ChatOpenAI.chat"]
    # The indexed form has no span for a retriever.
    assert [line for line in outline(found.steps) if "Shelf" not in line] == tree
    run, tool = found.step("weather"), found.step("get_weather")
    assert (run.input, run.output) == ({"content": "How warm is Paris?"}, {"content": "It is 21 degrees in Paris."})
    assert (tool.input, tool.output) == ({"city": "Paris"}, {"content": "21 degrees in Paris"})
    assert run.tags == ["blue"]
    assert (run.metadata or {})["tenant"] == "acme"


def test_a_retriever_of_langchain_has_documents_in_the_form_of_our_own(way: str) -> None:
    step = recorded("openllmetry/langchain_agent", way).step("Shelf")
    assert (step.type, step.input) == ("retrieval", {"content": "How warm is Paris?"})
    assert step.output == {"content": [{"text": "Paris is warm.", "metadata": {"source": "a.txt"}}]}


@pytest.mark.feature("I-OTL-02")
def test_decorated_functions_and_their_properties(way: str) -> None:
    found = recorded("openllmetry/decorators", way)
    tree = ["run travel", "  run guide", "    undefined look up", "      tool get_weather", "    llm openai.chat"]
    assert outline(found.steps) == tree
    for step in found.steps:
        assert step.thread_id == "thread-1"
        assert (step.metadata or {})["tenant"] == "acme"
        assert (step.metadata or {})["otel"]["user_id"] == "user-1"
    assert found.step("get_weather").output == {"content": "21 degrees in Paris"}


@pytest.mark.feature("I-OTL-03")
def test_images_and_variables_pass_through(ways: Ways) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    parts = json.dumps([{"type": "text", "text": "What is it?"}, image])
    step = ways.step(
        {
            "llm.request.type": "chat",
            names.LEGACY_SYSTEM: "OpenAI",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": parts,
            "traceloop.prompt.key": "greet",
            "traceloop.prompt.version": 4,
            "traceloop.prompt.template_variables.name": "Ada",
        }
    )
    generation = chat(step)
    (message,) = generation.messages or ()
    assert message["content"][1] == image
    assert generation.variables == {"name": "Ada"}
    assert generation.metadata is not None
    assert (generation.metadata["prompt_name"], generation.metadata["prompt_version"]) == ("greet", "4")


def test_the_providers_own_name_where_langchain_is_said_to_be_one(ways: Ways) -> None:
    behind = {"traceloop.association.properties.ls_provider": "mistralai"}
    step = ways.step({"llm.request.type": "chat", names.LEGACY_SYSTEM: "Langchain", **behind})
    assert chat(step).provider == "mistralai"


def test_a_property_that_says_none_is_absent(ways: Ways) -> None:
    carrier = "traceloop.association.properties.literal."
    kinds = ("thread_id", "parent_id", "root_run_id", "name", "tags", "metadata", "prompt")
    step = ways.step({"llm.request.type": "chat", **{f"{carrier}{kind}": "None" for kind in kinds}})
    assert (step.thread_id, step.parent_id, step.root_run_id, step.tags) == (None, None, None, None)
    assert chat(step).prompt_id is None
    assert "None" not in str(facts(step))
