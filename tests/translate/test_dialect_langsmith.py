"""LangSmith's OpenTelemetry export: its OpenAI wrapper, its decorator, LangChain's tracer (§3.8)."""

from typing import Any

import pytest

from literalai_otel.model import ChatGeneration, Step

from .conftest import Ways
from .recorded import outline, recorded

HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
ANSWER = {"role": "assistant", "content": "Hello from the fake provider."}


def chat(step: Step) -> ChatGeneration:
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


@pytest.mark.feature("L-LOG-08")
def test_a_chat_with_thread_user_tags_and_metadata(way: str) -> None:
    step = recorded("langsmith/openai_chat", way).only
    generation = chat(step)
    metadata: Any = step.metadata
    assert (step.thread_id, step.tags) == ("thread-1", ["blue", "green"])
    assert (metadata["tenant"], metadata["otel"]["user_id"]) == ("acme", "user-1")
    assert set(metadata) == {"tenant", "otel"}
    assert (generation.provider, generation.model) == ("openai", "gpt-4o-2025-01-01")
    assert generation.settings == {"model": "gpt-4o", "temperature": 0.2, "max_tokens": 50, "seed": 7}
    assert (generation.messages, generation.message_completion) == (HELLO, ANSWER)
    assert (generation.input_token_count, generation.output_token_count, generation.token_count) == (11, 7, 18)
    assert generation.metadata is not None
    assert generation.metadata["usage"]["reasoning_output_tokens"] == 2


def test_every_kind_of_run_in_its_place(way: str) -> None:
    found = recorded("langsmith/decorators", way)
    assert outline(found.steps) == [
        "run guide",
        "  retrieval look_up",
        "  embedding embed",
        "  undefined prompt",
        "    tool get_weather",
        "  llm ChatOpenAI",
    ]
    assert {step.thread_id for step in found.steps} == {"thread-2"}
    documents = [{"text": "Paris is warm.", "metadata": {"source": "a.txt"}}]
    assert found.step("look_up").output == {"content": documents}
    assert found.step("embed").output == {"count": 1, "dimensions": 3}
    tool = found.step("get_weather")
    assert (tool.input, tool.output) == ({"city": "Paris"}, {"content": "21 degrees in Paris"})


def test_messages_that_langchain_serialised(way: str) -> None:
    found = recorded("langsmith/langchain_agent", way)
    assert outline(found.steps) == ["run weather", "  llm ChatOpenAI", "  tool get_weather", "  llm ChatOpenAI"]
    first, second = (chat(step) for step in found.steps if step.type == "llm")
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'},
    }
    assert first.message_completion == {"role": "assistant", "content": None, "tool_calls": [call]}
    assert second.messages == [
        {"role": "user", "content": "How warm is Paris?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "21 degrees in Paris", "tool_call_id": "call_1"},
    ]
    assert second.message_completion == {"role": "assistant", "content": "It is 21 degrees in Paris."}
    assert (second.provider, second.output_token_count) == ("openai", 7)
    assert second.tools is not None


def test_tools_streams_images_and_errors(way: str) -> None:
    first, _ = recorded("langsmith/openai_tools", way).steps
    (tool,) = chat(first).tools or ()
    assert tool["function"]["name"] == "get_weather"
    stream = chat(recorded("langsmith/openai_stream", way).only)
    assert (stream.settings or {})["stream"] is True
    assert stream.message_completion == ANSWER
    (message,) = chat(recorded("langsmith/openai_image", way).only).messages or ()
    assert message["content"][1]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    failed = recorded("langsmith/openai_error", way).only
    assert failed.error is not None
    assert failed.error.startswith('RateLimitError("Error code: 429')
    assert "Traceback" not in failed.error


def test_what_is_cut_in_the_middle_is_kept_as_a_text(ways: Ways) -> None:
    step = ways.step({"langsmith.span.kind": "llm", "gen_ai.prompt": '{"messages": [{"role": "us'})
    assert chat(step).messages == [{"role": "user", "content": '{"messages": [{"role": "us'}]
