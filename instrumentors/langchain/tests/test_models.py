"""What is recorded of a model call: the request, the answer, the tokens, and messages of every shape."""

from typing import Any

import pytest
from langchain_core.language_models.llms import LLM
from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.outputs import ChatGeneration, ChatResult, Generation, LLMResult
from opentelemetry.trace import SpanKind, StatusCode

from literalai_otel.config import INLINE_MEDIA_BYTES
from literalai_otel.genai.media import take_media
from literalai_otel.testing import SpanCapture
from literalai_otel_langchain.messages import FrozenMessage
from literalai_otel_langchain.models import model_invocation, read_result

from .fakes import AsyncScriptedModel, ScriptedModel


def usage(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key.split("usage.")[1]: value for key, value in attributes.items() if ".usage." in key}


@pytest.mark.feature("I-LC-12")
def test_a_whole_generation(capture: SpanCapture) -> None:
    """L25: a model that nobody knows is recorded like any other."""
    answer = AIMessage(
        "Hello",
        usage_metadata={"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
        response_metadata={"model_name": "scripted-1-2025", "finish_reason": "stop", "id": "r1"},
    )
    model = ScriptedModel(answers=[answer])
    model.invoke([SystemMessage("Be kind."), HumanMessage("Hi")], stop=["END"])
    span = capture.one()
    assert (span.name, span.kind, span.status) == ("chat scripted-1", SpanKind.CLIENT, StatusCode.UNSET)
    assert span.scope == "literalai_otel.instrumentors.langchain"
    assert span.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "scriptedmodel",
        "gen_ai.request.model": "scripted-1",
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.response.model": "scripted-1-2025",
        "gen_ai.response.id": "r1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.usage.output_tokens": 2,
    }
    content = {key: value for key, value in span.fields.items() if key not in span.attributes}
    assert content == {
        "gen_ai.input.messages": [
            {"role": "system", "parts": [{"type": "text", "content": "Be kind."}]},
            {"role": "user", "parts": [{"type": "text", "content": "Hi"}]},
        ],
        "gen_ai.output.messages": [
            {"role": "assistant", "parts": [{"type": "text", "content": "Hello"}], "finish_reason": "stop"}
        ],
        "literalai.generation.settings": {"stop": ["END"]},
    }


def test_messages_are_kept_as_they_were(capture: SpanCapture) -> None:
    """The program changes its messages after the call, and may: what was sent is what is recorded."""
    message = HumanMessage([{"type": "text", "text": "before"}])
    result = ScriptedModel(answers=["Hello"]).invoke([message])
    message.content[0]["text"] = "after"
    result.content = "after"
    fields = capture.one().fields
    assert fields["gen_ai.input.messages"][0]["parts"] == [{"type": "text", "content": "before"}]
    assert fields["gen_ai.output.messages"][0]["parts"] == [{"type": "text", "content": "Hello"}]


class TextModel(LLM):
    """A text model."""

    answer: Any = "world"

    @property
    def _llm_type(self) -> str:
        return "text"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": "text-1", "temperature": 0.2, "api_key": "secret"}

    def _call(self, prompt: str, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> str:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_text_models(capture: SpanCapture, asynchronous: bool) -> None:
    model = TextModel()
    assert (await model.ainvoke("hello") if asynchronous else model.invoke("hello")) == "world"
    span = capture.one()
    assert span.name == "text_completion text-1"
    assert span.fields["gen_ai.input.messages"] == [{"role": "user", "parts": [{"type": "text", "content": "hello"}]}]
    assert span.fields["gen_ai.output.messages"][0]["parts"] == [{"type": "text", "content": "world"}]
    assert span.attributes["gen_ai.request.temperature"] == 0.2
    assert "secret" not in str(span.fields)


def test_several_prompts_of_a_text_model(capture: SpanCapture) -> None:
    TextModel().generate(["one", "two"])
    assert [span.fields["gen_ai.input.messages"][0]["parts"][0]["content"] for span in capture.spans] == ["one", "two"]


def test_a_text_model_that_fails(capture: SpanCapture) -> None:
    with pytest.raises(ValueError, match="no"):
        TextModel(answer=ValueError("no")).invoke("hello")
    assert capture.one().attributes["error.type"] == "ValueError"


def test_an_error_after_some_text(capture: SpanCapture) -> None:
    """What came before the error is kept."""

    class Breaks(ScriptedModel):
        def _stream(self, *args: Any, **kwargs: Any) -> Any:
            yield from super()._stream(*args, **kwargs)
            raise ConnectionError("cut")

    with pytest.raises(ConnectionError):
        list(Breaks(answers=["half an answer"]).stream("Hi"))
    span = capture.one()
    assert span.attributes["error.type"] == "ConnectionError"
    said = span.fields["gen_ai.output.messages"][0]["parts"]
    assert said == [{"type": "text", "content": "halfananswer"}]


async def test_a_call_that_is_cancelled(capture: SpanCapture) -> None:
    """L5: LangChain tells handlers nothing."""
    import asyncio

    class Hangs(AsyncScriptedModel):
        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(60)

    task = asyncio.ensure_future(Hangs(answers=["x"]).ainvoke("Hi"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert capture.one().attributes["error.type"] == "CancelledError"


MESSAGES = {
    "text": (HumanMessage("Hi", name="Ann"), {"role": "user", "name": "Ann", "parts": [("text", "Hi")]}),
    "not ascii": (HumanMessage("Grüße, 世界"), {"role": "user", "parts": [("text", "Grüße, 世界")]}),
    "other roles": (ChatMessage("Hi", role="critic"), {"role": "critic", "parts": [("text", "Hi")]}),
    "empty": (AIMessage(""), {"role": "assistant", "parts": []}),
    "refusal": (
        AIMessage("", additional_kwargs={"refusal": "No."}),
        {"role": "assistant", "parts": [("refusal", "No.")]},
    ),
    "reasoning beside": (
        AIMessage("4", additional_kwargs={"reasoning_content": "2+2"}),
        {"role": "assistant", "parts": [("reasoning", "2+2"), ("text", "4")]},
    ),
    "thinking and reasoning blocks": (
        AIMessage(
            [
                {"type": "thinking", "thinking": "a"},
                {"type": "reasoning", "reasoning": "b"},
                {"type": "reasoning", "summary": [{"text": "c"}]},
                {"type": "text", "text": "d"},
            ]
        ),
        {"role": "assistant", "parts": [("reasoning", "a"), ("reasoning", "b"), ("reasoning", "c"), ("text", "d")]},
    ),
    "calls are said once": (
        AIMessage(
            [{"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}],
            tool_calls=[{"id": "c", "name": "f", "args": {"a": 1}}],
        ),
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]},
    ),
    "calls that cannot be read": (
        AIMessage("", invalid_tool_calls=[{"id": "c", "name": "f", "args": "{", "error": "eof"}]),
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": "{"}]},
    ),
    "function calls of old": (
        AIMessage("", additional_kwargs={"function_call": {"name": "f", "arguments": '{"a": 1}'}}),
        {"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "arguments": {"a": 1}}]},
    ),
    "answer of a function": (
        FunctionMessage("42", name="f"),
        {"role": "function", "name": "f", "parts": [{"type": "tool_call_response", "response": "42"}]},
    ),
    "answer of a tool in blocks": (
        ToolMessage([{"type": "text", "text": "42"}], tool_call_id="c"),
        {
            "role": "tool",
            "parts": [
                {"type": "tool_call_response", "id": "c", "response": [{"type": "text", "content": "42"}]},
            ],
        },
    ),
    "removal": (RemoveMessage(id="m1"), {"role": "remove", "parts": []}),
    "texts among blocks": (
        HumanMessage(["a", {"type": "text", "text": "b"}]),
        {"parts": [("text", "a"), ("text", "b")]},
    ),
    "an unknown block": (
        HumanMessage([{"type": "hologram", "x": 1}]),
        {"parts": [{"type": "hologram", "x": 1}]},
    ),
}
BASE64 = "aGVsbG8="
URI = {"type": "uri", "modality": "image", "uri": "https://x/y.png"}
BLOB = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": BASE64}
IMAGES = {
    "OpenAI": ({"type": "image_url", "image_url": {"url": "https://x/y.png"}}, URI),
    "OpenAI, data": ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{BASE64}"}}, BLOB),
    "Anthropic": (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}},
        BLOB,
    ),
    "LangChain 0.3": ({"type": "image", "source_type": "base64", "data": BASE64, "mime_type": "image/png"}, BLOB),
    "LangChain 0.3, url": ({"type": "image", "source_type": "url", "url": "https://x/y.png"}, URI),
    "LangChain 1": ({"type": "image", "base64": BASE64, "mime_type": "image/png"}, BLOB),
    "LangChain 1, url": ({"type": "image", "url": "https://x/y.png"}, URI),
    "a file": (
        {"type": "file", "source_type": "id", "id": "f1"},
        {"type": "file", "modality": "document", "file_id": "f1"},
    ),
    "OpenAI file": (
        {"type": "file", "file": {"file_id": "f1"}},
        {"type": "file", "modality": "document", "file_id": "f1"},
    ),
}


def part(expected: Any) -> Any:
    return {"type": expected[0], "content": expected[1]} if isinstance(expected, tuple) else expected


@pytest.mark.feature("I-LC-08")
@pytest.mark.parametrize("name", MESSAGES)
def test_messages_become_parts(name: str) -> None:
    """L24, L32, L44."""
    message, expected = MESSAGES[name]
    whole = {"role": "user", **expected, "parts": [part(each) for each in expected["parts"]]}
    assert FrozenMessage(message).render() == whole


@pytest.mark.parametrize("name", IMAGES)
def test_media_in_every_spelling(name: str) -> None:
    """L24."""
    block, expected = IMAGES[name]
    assert FrozenMessage(HumanMessage([block])).render()["parts"] == [expected]


def test_large_media_becomes_a_reference() -> None:
    block = {"type": "image", "base64": "A" * 100_000, "mime_type": "image/png"}
    message = FrozenMessage(HumanMessage([block])).render()
    take_media(message, INLINE_MEDIA_BYTES)
    (found,) = message["parts"]
    assert found["type"] == "uri"
    assert found["uri"].startswith("sha256:")


COUNTS = {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14}
USAGES = {
    "on the message": (
        {
            "usage_metadata": {
                **COUNTS,
                "input_token_details": {"cache_read": 3},
                "output_token_details": {"reasoning": 2},
            }
        },
        {},
        {"input_tokens": 10, "output_tokens": 4, "cache_read.input_tokens": 3, "reasoning.output_tokens": 2},
    ),
    "cache that was written": (
        {"usage_metadata": {**COUNTS, "input_token_details": {"cache_creation": 5, "cache_read": 0}}},
        {},
        {"input_tokens": 10, "output_tokens": 4, "cache_write.input_tokens": 5},
    ),
    "a total of its own": (
        {"usage_metadata": {**COUNTS, "total_tokens": 20}},
        {},
        {"input_tokens": 10, "output_tokens": 4, "total_tokens": 20},
    ),
    "in llm_output": (
        {},
        {"token_usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}},
        {"input_tokens": 10, "output_tokens": 4},
    ),
    "in both, counted once": (
        {"usage_metadata": COUNTS},
        {"token_usage": {"prompt_tokens": 99, "completion_tokens": 99, "total_tokens": 198}},
        {"input_tokens": 10, "output_tokens": 4},
    ),
    "Anthropic": ({}, {"usage": {"input_tokens": 10, "output_tokens": 4}}, {"input_tokens": 10, "output_tokens": 4}),
    "Vertex": (
        {"response_metadata": {"usage_metadata": {"prompt_token_count": 10, "candidates_token_count": 4}}},
        {},
        {"input_tokens": 10, "output_tokens": 4},
    ),
    "none": ({}, {}, {}),
    "nonsense": ({"response_metadata": {"token_usage": {"prompt_tokens": "many", "completion_tokens": -1}}}, {}, {}),
}


@pytest.mark.parametrize("name", USAGES)
def test_tokens_wherever_they_are(name: str) -> None:
    """L26."""
    message, output, expected = USAGES[name]
    attributes: dict[str, Any] = {}
    generation = ChatGeneration(message=AIMessage("x", **message))
    read_result(LLMResult(generations=[[generation]], llm_output=output))(attributes)
    assert usage(attributes) == expected


def test_counts_are_those_of_the_moment_also_in_a_dict_that_holds_itself() -> None:
    counts: dict[str, Any] = {"input_tokens": 5, "output_tokens": 2, "input_token_details": {"cache_read": 3}}
    counts["usage_metadata"] = counts
    attributes: dict[str, Any] = {}
    generation = ChatGeneration(message=AIMessage("x", response_metadata={"usage_metadata": counts}))
    write = read_result(LLMResult(generations=[[generation]]))
    counts["input_tokens"] = counts["input_token_details"]["cache_read"] = 9
    write(attributes)
    assert usage(attributes) == {"input_tokens": 5, "output_tokens": 2, "cache_read.input_tokens": 3}


PROVIDERS = {
    "openai": "openai",
    "azure": "azure.ai.openai",
    "mistral": "mistral_ai",
    "anthropic": "anthropic",
    "google_genai": "gcp.gemini",
    "amazon_bedrock": "aws.bedrock",
    "somebody": "somebody",
}


@pytest.mark.feature("I-LC-12")
@pytest.mark.parametrize("name", PROVIDERS)
def test_providers(name: str) -> None:
    """L25."""
    found = model_invocation("chat", {}, {"model": "models/m"}, {"ls_provider": name})
    assert found.attributes["gen_ai.provider.name"] == PROVIDERS[name]
    assert found.span_name == "chat m"


def test_a_provider_without_a_name() -> None:
    found = model_invocation("chat", {"id": ["a", "ChatThing"]}, {}, {})
    assert (found.attributes["gen_ai.provider.name"], found.span_name) == ("thing", "chat")
    assert model_invocation("chat", {}, {}, {}).attributes["gen_ai.provider.name"] == "unknown"


def test_every_choice_is_kept(capture: SpanCapture) -> None:
    class Two(ScriptedModel):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            return ChatResult(
                generations=[
                    ChatGeneration(message=AIMessage(text), generation_info={"finish_reason": "stop"})
                    for text in ("a", "b")
                ]
            )

    Two(answers=["x"]).invoke("Hi")
    fields = capture.one().fields
    assert [message["parts"][0]["content"] for message in fields["gen_ai.output.messages"]] == ["a", "b"]
    assert fields["gen_ai.response.finish_reasons"] == ["stop", "stop"]


def test_tools_modern_old_and_malformed(capture: SpanCapture) -> None:
    """L28."""
    modern = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
    ScriptedModel(answers=["x"]).bind(tools=[modern, None, 3, "x"], functions=[{"name": "g"}]).invoke("Hi")
    assert capture.one().fields["gen_ai.tool.definitions"] == [
        {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}},
        {"type": "function", "name": "g"},
    ]


def test_content_off(capture: SpanCapture, policy: Any) -> None:
    policy(capture_content="false")
    ScriptedModel(answers=["secret answer"]).bind(user="me").invoke("secret question")
    span = capture.one()
    assert "secret" not in str(span.fields)
    assert span.fields["literalai.generation.settings"] == {"user": "me"}
    assert span.attributes["gen_ai.request.model"] == "scripted-1"


def test_an_empty_result() -> None:
    attributes: dict[str, Any] = {}
    for result in (
        None,
        LLMResult(generations=[]),
        LLMResult(generations=[[]]),
        LLMResult(generations=[[Generation(text="")]]),
    ):
        read_result(result)(attributes)
    assert attributes == {}
