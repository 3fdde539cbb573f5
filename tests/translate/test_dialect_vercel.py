"""Spans of the Vercel AI SDK, both forms, beyond what `test_recordings` compares (`spec/genai-semconv.md` §3.3)."""

import json
from typing import Any

import pytest

from literalai_otel.model import ChatGeneration, Step
from literalai_otel.translate import is_step

from .conftest import Ways
from .recorded import recorded

FORMS = ("v6", "v7", "v7legacy")
HI = [{"role": "user", "content": "Hi"}]
HELLO = {"role": "assistant", "content": "Hello from the fake provider."}
CALL = {"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-4o", "ai.model.provider": "openai.chat"}


def generation(step: Step) -> ChatGeneration:
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


def asked(ways: Ways, *content: dict[str, Any], role: str = "user") -> Any:
    messages = [{"role": role, "content": list(content)}]
    step = ways.step({**CALL, "ai.prompt.messages": json.dumps(messages)}, scope="ai", name=CALL["ai.operationId"])
    return generation(step).messages


@pytest.mark.feature("I-VER-01")
@pytest.mark.parametrize("form", FORMS)
def test_a_call_is_a_run_with_one_generation(form: str, way: str) -> None:
    run, call = recorded(f"vercel/{form}_chat", way).steps
    assert (run.type, run.name, run.generation) == ("run", "answer-questions", None)
    found = generation(call)
    assert found.messages == [{"role": "system", "content": "Be kind."}, *HI]
    assert found.message_completion == HELLO
    assert (found.input_token_count, found.output_token_count, found.token_count) == (11, 7, 18)
    assert (found.provider, found.model) == ("openai", "gpt-4o-2025-01-01")
    settings = {**(found.settings or {})}
    assert settings.pop("tool_choice", {"type": "auto"}) == {"type": "auto"}  # said without tools too by some
    assert settings == {"model": "gpt-4o", "temperature": 0.2, "max_tokens": 50, "top_p": 0.9, "stop": ["END"]}


@pytest.mark.feature("I-VER-01")
@pytest.mark.parametrize("form", FORMS)
def test_a_stream_tells_when_its_first_chunk_came(form: str, way: str) -> None:
    found = generation(recorded(f"vercel/{form}_stream", way).steps[1])
    assert found.message_completion == HELLO
    assert found.tt_first_token is not None
    assert 1 < found.tt_first_token < 60_000, "milliseconds"


@pytest.mark.parametrize("form", FORMS)
def test_tools_are_steps_with_what_went_in_and_came_out(form: str, way: str) -> None:
    steps = recorded(f"vercel/{form}_tools", way).steps
    assert [step.type for step in steps] == ["run", "llm", "tool", "llm"]
    tool = steps[2]
    assert (tool.name, tool.input, tool.output) == ("get_weather", {"city": "Paris"}, {"city": "Paris", "degrees": 21})
    (definition,) = generation(steps[1]).tools or []
    assert definition["function"]["parameters"]["required"] == ["city"]
    messages = generation(steps[3]).messages or []
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
    assert messages[2]["tool_call_id"] == messages[1]["tool_calls"][0]["id"] == "call_1"


@pytest.mark.feature("I-VER-03")
def test_what_the_user_says_of_a_call_is_said_of_its_steps(way: str) -> None:
    run, call = recorded("vercel/v6_chat", way).steps
    assert run.id == "step-1"
    assert call.id != run.id
    for step in (run, call):
        assert step.thread_id == "thread-1"
        assert step.tags == ["blue", "green", "own"]
        metadata = dict(step.metadata or {})
        assert metadata.pop("otel")["user_id"] == "user-1"
        assert metadata == {"tenant": "acme", "plan": "pro"}


@pytest.mark.feature("I-VER-02")
def test_the_runtime_context_of_release_7_says_whose_a_run_is(way: str) -> None:
    run = recorded("vercel/v7_chat", way).steps[0]
    assert (run.thread_id, run.tags) == ("thread-1", ["blue"])
    assert (run.metadata or {})["otel"]["user_id"] == "user-1"


@pytest.mark.parametrize("form", ["v6", "v7"])
def test_embeddings_are_one_step_without_vectors(form: str, way: str) -> None:
    step = recorded(f"vercel/{form}_embed_many", way).only
    assert (step.type, step.input) == ("embedding", {"content": ["sunny day", "rainy night"]})
    assert step.output == {"count": 2, "dimensions": 8}
    assert "0.0625" not in json.dumps(step.to_dict())


@pytest.mark.parametrize("form", ["v6", "v7"])
def test_a_ranking_says_which_documents_came_first(form: str, way: str) -> None:
    step = recorded(f"vercel/{form}_rerank", way).only
    assert (step.type, step.input) == ("rerank", {"documents": ["sunny day", "rainy night"]})
    ranked = [{"index": 1, "score": 0.9, "content": "rainy night"}, {"index": 0, "score": 0.2, "content": "sunny day"}]
    assert step.output == {"content": ranked}


def test_the_names_of_older_releases(ways: Ways) -> None:
    called = [{"toolCallId": "c1", "toolName": "f", "args": {"a": 1}}]
    step = ways.step(
        {
            **CALL,
            "ai.prompt.messages": json.dumps(HI),
            "ai.settings.maxTokens": 9,
            "ai.finishReason": "tool-calls",
            "ai.result.toolCalls": json.dumps(called),
            "ai.usage.promptTokens": 4,
            "ai.usage.completionTokens": 2,
            "ai.stream.msToFirstChunk": 12.5,
            "ai.response.avgCompletionTokensPerSecond": 40.0,
        },
        scope="ai",
        name=CALL["ai.operationId"],
    )
    found = generation(step)
    assert (found.token_count, found.tt_first_token, found.token_throughput_in_s) == (6, 12.5, 40.0)
    assert found.settings == {"model": "gpt-4o", "max_tokens": 9}
    assert (found.metadata or {})["finish_reasons"] == ["tool-calls"]
    (call,) = (found.message_completion or {})["tool_calls"]
    assert call == {"type": "function", "id": "c1", "function": {"name": "f", "arguments": '{"a":1}'}}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "image", "image": "https://x/a.png"}, {"type": "image_url", "image_url": {"url": "https://x/a.png"}}),
        (
            {"type": "file", "mediaType": "image/png", "data": "QUJD"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
        ),
        (
            {"type": "image", "mimeType": "image/png", "image": {"0": 1, "1": 2}},
            {"type": "text", "text": "[image/png content]"},
        ),
        (
            {"type": "file", "mediaType": "image/png", "data": {"type": "url", "url": "https://x/b.png"}},
            {"type": "image_url", "image_url": {"url": "https://x/b.png"}, "mime_type": "image/png"},
        ),
        ({"type": "source", "url": "x"}, {"type": "text", "text": '{"type":"source","url":"x"}'}),
    ],
)
def test_parts_of_messages(part: dict[str, Any], expected: dict[str, Any], ways: Ways) -> None:
    (message,) = asked(ways, {"type": "text", "text": "see"}, part)
    assert message["content"] == [{"type": "text", "text": "see"}, expected]


@pytest.mark.parametrize(
    "result",
    [
        {"result": {"a": 1}},
        {"output": {"type": "json", "value": {"a": 1}}},
        {"output": {"a": 1}},
    ],
)
def test_results_of_tools_of_every_release(result: dict[str, Any], ways: Ways) -> None:
    (message,) = asked(ways, {"type": "tool-result", "toolCallId": "c1", "toolName": "f", **result}, role="tool")
    assert message == {"role": "tool", "content": '{"a":1}', "tool_call_id": "c1", "name": "f"}


def test_reasoning_stands_beside_the_answer(ways: Ways) -> None:
    for reasoning in ("because", json.dumps([{"type": "reasoning", "text": "because"}])):
        attributes = {**CALL, "ai.response.text": "yes", "ai.response.reasoning": reasoning}
        step = ways.step(attributes, scope="ai", name=CALL["ai.operationId"])
        assert step.output == {"role": "assistant", "content": "yes", "reasoning_content": "because"}


def test_what_is_meant_for_the_provider_is_no_part_of_a_message(ways: Ways) -> None:
    content = [{"type": "text", "text": "see"}]
    message: dict[str, Any] = {"role": "user", "content": content, "providerOptions": {"openai": {}}}
    attributes = {**CALL, "ai.prompt.messages": json.dumps([message])}
    step = ways.step(attributes, scope="ai", name=CALL["ai.operationId"])
    assert generation(step).messages == [{"role": "user", "content": "see"}]


@pytest.mark.parametrize("operation", ["ai.generateText", "ai.generateText.doGenerate"])
def test_answers_of_older_releases(operation: str, ways: Ways) -> None:
    attributes = {**CALL, "ai.operationId": operation, "ai.result.text": "yes"}
    step = ways.step(attributes, scope="ai", name=operation)
    assert step.output == {"role": "assistant", "content": "yes"}


def test_what_a_limit_cut_is_kept_as_it_is(ways: Ways) -> None:
    cut = '[{"role":"user","content":[{"type":"te'
    attributes = {**CALL, "ai.prompt.messages": cut, "ai.response.toolCalls": '[{"toolName":"get_w'}
    found = generation(ways.step(attributes, scope="ai", name=CALL["ai.operationId"]))
    assert found.messages == [{"role": "user", "content": cut}]
    assert (found.message_completion or {})["tool_calls"][0]["function"]["arguments"] == '[{"toolName":"get_w'
    run = ways.step({"ai.operationId": "ai.generateText", "ai.prompt": '{"prompt":"H'}, scope="ai")
    assert run.input == {"content": [{"role": "user", "content": '{"prompt":"H'}]}


def test_a_span_whose_operation_was_evicted_is_known_by_its_name(ways: Ways) -> None:
    step = ways.step({"ai.response.text": "yes"}, scope="ai", name="ai.streamText.doStream")
    assert (step.type, step.output) == ("llm", {"role": "assistant", "content": "yes"})


def test_providers_have_their_official_names(ways: Ways) -> None:
    names = {
        "openai.chat": "openai",
        "openai.responses": "openai",
        "google.vertex.chat": "gcp.vertex_ai",
        "google.generative-ai": "gcp.gemini",
        "mistral.chat": "mistralai",
        "amazon-bedrock": "aws.bedrock",
        "azure.chat": "azure.ai.openai",
        "xai.chat": "x_ai",
        "somebody.chat": "somebody",
    }
    for own, official in names.items():
        step = ways.step({**CALL, "ai.model.provider": own}, scope="ai", name=CALL["ai.operationId"])
        assert generation(step).provider == official


def test_a_step_around_one_request_is_none(way: str) -> None:
    assert not is_step("gen_ai", {"gen_ai.operation.name": "agent_step"})
    names = [step.name for step in recorded("vercel/v7_tools", way).steps]
    assert names == ["answer-questions", "chat agent", "get_weather", "chat agent"]
