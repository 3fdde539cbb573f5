"""Langfuse 5: its OpenAI wrapper, its decorator, its context managers (§3.5)."""

from typing import Any

import pytest
from inline_snapshot import snapshot

from literalai_otel.model import ChatGeneration, Step

from .conftest import START, Ways
from .recorded import facts, outline, recorded


def chat(step: Step) -> ChatGeneration:
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


@pytest.mark.feature("L-LOG-08")
def test_a_chat_with_what_is_propagated_to_it(way: str) -> None:
    step = recorded("langfuse/openai_chat", way).only
    assert facts(step) == snapshot(
        {
            "name": "greeting",
            "type": "llm",
            "threadId": "thread-1",
            "environment": "staging",
            "tags": ["blue", "green"],
            "metadata": {
                "tenant": "acme",
                "plan": "a",
                "version": "7",
                "release": "1.2.3",
                "otel": {"user_id": "user-1"},
            },
            "input": {"content": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]},
            "output": {"role": "assistant", "content": "Hello from the fake provider."},
            "generation": {
                "type": "CHAT",
                "model": "gpt-4o-2025-01-01",
                "settings": {
                    "temperature": 0.2,
                    "max_tokens": 50,
                    "top_p": 1,
                    "frequency_penalty": 0,
                    "presence_penalty": 0,
                    "seed": 7,
                    "service_tier": "default",
                },
                "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
                "messageCompletion": {"role": "assistant", "content": "Hello from the fake provider."},
                "inputTokenCount": 11,
                "outputTokenCount": 7,
                "tokenCount": 18,
                "duration": 0.001,
                "tokenThroughputInSeconds": 7000.0,
                "metadata": {
                    "usage": {
                        "cache_read_input_tokens": 3,
                        "reasoning_output_tokens": 2,
                        "audio_input_tokens": 0,
                        "audio_output_tokens": 0,
                    }
                },
            },
        }
    )


def test_every_kind_of_observation_in_its_place(way: str) -> None:
    found = recorded("langfuse/decorators", way)
    assert outline(found.steps) == [
        "run handle",
        "  run guide",
        "    run prepare",
        "      retrieval look_up",
        "      tool get_weather",
        "    llm answer",
        "    embedding embed",
        "    undefined check",
    ]
    answer = chat(found.step("answer"))
    assert (answer.model, answer.input_token_count, answer.output_token_count) == ("gpt-4o", 11, 7)
    assert (answer.metadata or {})["cost"] == {"input": 0.1, "output": 0.2}
    embed = found.step("embed")
    assert (embed.input, embed.output) == ({"content": ["one"]}, {"count": 1, "dimensions": 3})
    assert found.step("look_up").input == {"content": "How warm is Paris?"}


def test_tools_are_taken_out_of_the_input(way: str) -> None:
    first, second = recorded("langfuse/openai_tools", way).steps
    (tool,) = chat(first).tools or ()
    assert tool["function"]["name"] == "get_weather"
    completion: Any = chat(first).message_completion
    assert [call["id"] for call in completion["tool_calls"]] == ["call_1", "call_2"]
    roles = [message["role"] for message in chat(second).messages or ()]
    assert roles == ["system", "user", "assistant", "tool", "tool"]


def test_a_stream_knows_when_its_first_token_came(way: str) -> None:
    generation = chat(recorded("langfuse/openai_stream", way).only)
    assert generation.tt_first_token == pytest.approx(1.0, abs=0.01)
    assert generation.message_completion == {"role": "assistant", "content": "Hello from the fake provider."}
    assert (generation.metadata or {})["finish_reasons"] == ["stop"]


def test_an_error_is_one_with_an_unset_status_too(ways: Ways, way: str) -> None:
    recorded_error = recorded("langfuse/openai_error", way).only
    assert recorded_error.error is not None
    assert recorded_error.error.startswith("Error code: 429")
    step = ways.step(
        {
            "langfuse.observation.type": "tool",
            "langfuse.observation.level": "ERROR",
            "langfuse.observation.status_message": "out of stock",
        }
    )
    assert (step.type, step.error) == ("tool", "out of stock")


@pytest.mark.parametrize("moment", ['"soon"', "{", '"9999-99-99T00:00:00Z"', 7])
def test_a_time_that_is_none_is_kept_as_it_is(ways: Ways, moment: Any) -> None:
    name = "langfuse.observation.completion_start_time"
    step = ways.step({"langfuse.observation.type": "generation", name: moment}, start=START)
    assert chat(step).tt_first_token is None
    assert (step.metadata or {})["otel"]["attributes"][name] == moment


def test_a_prompt_is_linked(ways: Ways) -> None:
    prompt = {"langfuse.observation.prompt.name": "greet", "langfuse.observation.prompt.version": 3}
    step = ways.step({"langfuse.observation.type": "generation", **prompt})
    assert (chat(step).metadata or {}) == {"prompt_name": "greet", "prompt_version": "3"}
