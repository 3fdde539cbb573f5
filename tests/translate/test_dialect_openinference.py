"""OpenInference, as its instrumentations of OpenAI, LangChain, LlamaIndex and Mistral record it (§3.2)."""

from typing import Any

import pytest
from inline_snapshot import snapshot

from literalai_otel.model import ChatGeneration, CompletionGeneration

from .conftest import Ways
from .recorded import facts, outline, recorded

HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
KIND = "openinference.span.kind"


def chat_of(case: str, way: str, name: str | None = None) -> ChatGeneration:
    found = recorded(f"openinference/{case}", way)
    step = found.only if name is None else found.step(name)
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


@pytest.mark.feature("L-LOG-08")
def test_a_chat_with_its_thread_user_tags_metadata_and_prompt(way: str) -> None:
    step = recorded("openinference/openai_chat", way).only
    assert facts(step) == snapshot(
        {
            "name": "ChatCompletion",
            "type": "llm",
            "threadId": "thread-1",
            "tags": ["blue", "green"],
            "metadata": {"tenant": "acme", "otel": {"user_id": "user-1"}},
            "input": {"content": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]},
            "output": {"role": "assistant", "content": "Hello from the fake provider."},
            "generation": {
                "type": "CHAT",
                "provider": "openai",
                "model": "gpt-4o-2025-01-01",
                "settings": {"model": "gpt-4o", "max_tokens": 50, "seed": 7, "temperature": 0.2},
                "variables": {"name": "Ada"},
                "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
                "messageCompletion": {"role": "assistant", "content": "Hello from the fake provider."},
                "inputTokenCount": 11,
                "outputTokenCount": 7,
                "tokenCount": 18,
                "duration": 0.001,
                "tokenThroughputInSeconds": 7000.0,
                "metadata": {
                    "finish_reasons": ["stop"],
                    "prompt_template": "Hi {name}",
                    "prompt_version": "3",
                    "usage": {
                        "cache_read_input_tokens": 3,
                        "reasoning_output_tokens": 2,
                        "audio_input_tokens": 0,
                        "audio_output_tokens": 0,
                    },
                },
            },
        }
    )


def test_calls_of_tools_their_results_and_the_tools_themselves(way: str) -> None:
    first, second = recorded("openinference/openai_tools", way).steps
    assert isinstance(first.generation, ChatGeneration)
    assert isinstance(second.generation, ChatGeneration)
    assert first.generation.message_completion is not None
    calls = first.generation.message_completion["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["get_weather", "get_time"]
    assert first.generation.tools is not None
    assert first.generation.tools[0]["function"]["parameters"]["required"] == ["city"]
    assert second.generation.messages == [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "content": "21", "tool_call_id": "call_1"},
        {"role": "tool", "content": "21", "tool_call_id": "call_2"},
    ]


def test_a_stream_knows_when_its_first_token_came(way: str) -> None:
    assert chat_of("openai_stream", way).tt_first_token == 1.0


def test_a_failed_call_has_its_error_and_what_was_asked(way: str) -> None:
    step = recorded("openinference/openai_error", way).only
    assert step.error is not None
    assert step.error.startswith("RateLimitError: Error code: 429")
    assert chat_of("openai_error", way).messages == HELLO
    assert (step.metadata or {})["otel"]["exception"]["type"] == "openai.RateLimitError"


def test_an_image_is_one_of_openais_form(way: str) -> None:
    messages: Any = chat_of("openai_image", way).messages
    (text, image) = messages[0]["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


def test_a_completion_has_a_prompt_and_no_messages(way: str) -> None:
    generation = recorded("openinference/openai_completion", way).only.generation
    assert isinstance(generation, CompletionGeneration)
    assert (generation.prompt, generation.completion) == ("Once upon", " is the capital of France.")


def test_embeddings_have_texts_and_no_vector(way: str) -> None:
    step = recorded("openinference/openai_embeddings", way).only
    assert (step.type, step.input, step.output) == (
        "embedding",
        {"content": ["one", "two"]},
        {"count": 2, "dimensions": 8},
    )
    assert "0.0625" not in str(step)


@pytest.mark.feature("L-LOG-08")
def test_the_tree_of_an_agent_of_langchain(way: str) -> None:
    found = recorded("openinference/langchain_agent", way)
    assert outline(found.steps) == ["run weather", "  llm ChatOpenAI", "  tool get_weather", "  llm ChatOpenAI"]
    assert {step.thread_id for step in found.steps} == {"thread-2"}
    tool = found.step("get_weather")
    assert (tool.input, tool.output) == ({"content": "Paris"}, {"content": "21 degrees in Paris"})


def test_documents_have_the_form_of_our_own_steps(way: str) -> None:
    assert recorded("openinference/langchain_retrieval", way).only.output == {
        "content": [
            {"text": "Paris is warm.", "metadata": {"source": "a.txt"}},
            {"text": "Rome is warmer.", "metadata": {"source": "b.txt"}},
        ]
    }
    retrieval = recorded("openinference/llama_index_query", way).step("VectorIndexRetriever.retrieve")
    assert retrieval.input == {"content": "Where is it warm?"}
    assert retrieval.output == {
        "content": [
            {"id": "d1", "score": 1.0, "text": "Paris is warm."},
            {"id": "d2", "score": 1.0, "text": "Rome is warmer."},
        ]
    }


def test_predict_around_chat_is_one_generation_with_the_facts_of_both(way: str) -> None:
    found = recorded("openinference/llama_index_query", way)
    assert [step.name for step in found.steps if step.type == "llm"] == ["OpenAI.predict"]
    generation = found.step("OpenAI.predict").generation
    assert isinstance(generation, ChatGeneration)
    assert generation.messages is not None
    assert [message["role"] for message in generation.messages] == ["system", "user"]
    assert (generation.input_token_count, generation.output_token_count) == (11, 7)
    assert generation.variables == {
        "context_str": "Paris is warm.\n\nRome is warmer.",
        "query_str": "Where is it warm?",
    }


def test_rerankers_agents_and_guardrails_set_by_hand(way: str) -> None:
    found = recorded("openinference/by_hand", way)
    assert outline(found.steps) == ["run guide", "  rerank rerank", "  undefined check", "  tool get_weather"]
    rerank = found.step("rerank")
    assert rerank.input == {
        "query": "warm",
        "documents": [{"id": "d1", "text": "Paris is warm."}, {"id": "d2", "text": "Rome is warmer."}],
    }
    assert rerank.output == {"content": [{"id": "d2", "score": 0.9, "text": "Rome is warmer."}]}


def test_what_it_writes_under_official_names_too_is_read_once(ways: Ways) -> None:
    # OPENINFERENCE_ENABLE_GENAI_SEMCONV; it writes the served model as the requested one.
    step = ways.step(
        {
            KIND: "LLM",
            "llm.model_name": "m-2025",
            "llm.invocation_parameters": '{"model": "m", "top_p": "", "stop": null}',
            "llm.token_count.prompt": 3,
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "Hi",
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m-2025",
            "gen_ai.usage.input_tokens": 3,
            "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]',
        }
    )
    assert isinstance(step.generation, ChatGeneration)
    assert (step.generation.model, step.generation.settings) == ("m-2025", {"model": "m"})
    assert step.generation.messages == [{"role": "user", "content": "Hi"}]
    assert "attributes" not in (step.metadata or {})["otel"]


def test_without_the_lists_the_raw_request_and_response_are_read(ways: Ways) -> None:
    step = ways.step(
        {
            KIND: "LLM",
            "input.value": '{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}',
            "output.value": '{"choices": [{"message": {"role": "assistant", "content": "Hel',
        }
    )
    assert isinstance(step.generation, ChatGeneration)
    assert step.generation.messages == [{"role": "user", "content": "Hi"}]
    assert step.output == {
        "role": "assistant",
        "content": '{"choices": [{"message": {"role": "assistant", "content": "Hel',
    }


@pytest.mark.parametrize(("parent", "kind"), [(False, "run"), (True, "undefined")])
def test_a_chain_is_a_run_where_nothing_is_above_it(ways: Ways, parent: bool, kind: str) -> None:
    assert ways.step({KIND: "CHAIN"}, parent=parent).type == kind
    assert ways.step({KIND: "AGENT"}, parent=parent).type == "run"
