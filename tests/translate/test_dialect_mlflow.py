"""MLflow tracing over OTLP: whose values are all JSON, and whose inputs are the provider's own bodies (§3.7)."""

from typing import Any

import pytest

from literalai_otel.model import ChatGeneration, CompletionGeneration, Step

from .conftest import Ways
from .recorded import outline, recorded

HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
ANSWER = {"role": "assistant", "content": "Hello from the fake provider."}


def chat(step: Step) -> ChatGeneration:
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


@pytest.mark.feature("L-LOG-08")
def test_a_chat(way: str) -> None:
    step = recorded("mlflow/openai_chat", way).only
    generation = chat(step)
    assert (generation.messages, generation.message_completion) == (HELLO, ANSWER)
    assert generation.settings == {"model": "gpt-4o", "temperature": 0.2, "max_tokens": 50, "seed": 7}
    assert (generation.model, generation.token_count) == ("gpt-4o-2025-01-01", 18)
    assert (generation.input_token_count, generation.output_token_count) == (11, 7)
    assert generation.metadata == {
        "finish_reasons": ["stop"],
        "response_id": "chatcmpl-5764cde6853f8e97699d8ec2",
        "service_tier": "default",
        "system_fingerprint": "fp_fake",
        "usage": {"cache_read_input_tokens": 3},
    }
    left = set((step.metadata or {})["otel"]["attributes"])
    assert left == {"mlflow.traceRequestId", "mlflow.message.format", "mlflow.spanLogLevel"}


def test_tools_streams_images_and_errors(way: str) -> None:
    first, second = recorded("mlflow/openai_tools", way).steps
    (tool,) = chat(first).tools or ()
    assert tool["function"]["name"] == "get_weather"
    assert [message["role"] for message in chat(second).messages or ()][-2:] == ["tool", "tool"]
    assert chat(recorded("mlflow/openai_stream", way).only).tt_first_token == 1.0
    (message,) = chat(recorded("mlflow/openai_image", way).only).messages or ()
    # It takes files out itself and leaves an address of its own.
    assert message["content"][1]["image_url"]["url"].startswith("mlflow-attachment://")
    failed = recorded("mlflow/openai_error", way).only
    assert failed.error is not None
    assert failed.error.startswith("Error code: 429")
    assert chat(failed).messages == HELLO


def test_every_type_of_span_in_its_place(way: str) -> None:
    found = recorded("mlflow/decorators", way)
    assert outline(found.steps) == [
        "run guide",
        "  retrieval look_up",
        "  rerank rerank",
        "  tool get_weather",
        "  llm Completions",
        "  undefined parse",
    ]
    documents = [{"id": "d1", "text": "Paris is warm.", "metadata": {"source": "a.txt"}}]
    assert found.step("look_up").output == {"content": documents}
    tool = found.step("get_weather")
    assert (tool.input, tool.output) == ({"city": "Paris"}, {"content": "21 degrees in Paris"})


def test_embeddings_have_no_vector(way: str) -> None:
    step = recorded("mlflow/openai_embeddings", way).only
    assert (step.type, step.output) == ("embedding", {"count": 2, "dimensions": 8})
    assert "0.0625" not in str(step)


def test_session_user_and_tags(ways: Ways) -> None:
    step = ways.step(
        {
            "mlflow.spanType": '"AGENT"',
            "mlflow.trace.session": '"t1"',
            "mlflow.trace.user": '"u1"',
            "mlflow.traceTag.color": "blue",
        }
    )
    metadata: Any = step.metadata
    assert (step.type, step.thread_id) == ("run", "t1")
    assert (metadata["otel"]["user_id"], metadata["color"]) == ("u1", "blue")


def test_a_completion(ways: Ways) -> None:
    step = ways.step(
        {
            "mlflow.spanType": '"LLM"',
            "mlflow.spanInputs": '{"model": "m", "prompt": "Once upon", "max_tokens": 5}',
            "mlflow.spanOutputs": '{"choices": [{"text": " a time", "finish_reason": "stop"}]}',
        }
    )
    assert isinstance(step.generation, CompletionGeneration)
    assert (step.generation.prompt, step.generation.completion) == ("Once upon", " a time")
