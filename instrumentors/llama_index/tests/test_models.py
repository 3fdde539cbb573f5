"""Calls of models: through classes of providers and of users, as chat, completion, prediction, structured output."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.llms import ChatMessage, ChatResponse, CompletionResponse, MockLLM
from llama_index.core.tools import FunctionTool
from opentelemetry.trace import SpanKind
from pydantic import BaseModel

from literalai_otel.attributes import (
    ERROR_TYPE,
    GENERATION_METADATA,
    INPUT_MESSAGES,
    OPERATION_NAME,
    OUTPUT_MESSAGES,
    PROMPT_VARIABLES,
    PROVIDER_NAME,
    REQUEST_MAX_TOKENS,
    REQUEST_MODEL,
    REQUEST_STOP_SEQUENCES,
    REQUEST_TEMPERATURE,
    RESPONSE_FINISH_REASONS,
    RESPONSE_ID,
    RESPONSE_MODEL,
    TOOL_DEFINITIONS,
    USAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_CACHE_WRITE_INPUT_TOKENS,
    USAGE_INPUT_TOKENS,
    USAGE_OUTPUT_TOKENS,
    USAGE_REASONING_OUTPUT_TOKENS,
)
from literalai_otel.testing import Chat, Failure, FakeProvider, SpanCapture
from literalai_otel.testing.openai_chat import ToolCall
from literalai_otel_llama_index.providers import provider_of

from .parts import FAKE_ANSWER, HELLO, MODEL, PROVIDER, EchoLLM, everything, real_llm, texts, tree, words_llm

ASKS_FOR_WEATHER = Chat(
    "Let me look.", pieces=["Let me look."], tool_calls=[ToolCall("call12345", "get_weather", '{"city": "Paris"}')]
)


async def called(llm: Any, form: str, *args: Any, **kwargs: Any) -> Any:
    """The result of a method, sync or async by its name."""
    result = getattr(llm, form)(*args, **kwargs)
    return await result if form[0] == "a" else result


# --- through a provider's class -------------------------------------------------------------------


@pytest.mark.feature("I-LI-05")
@pytest.mark.parametrize("form", ["chat", "achat"])
async def test_a_chat_is_a_stand_alone_generation(form: str, provider: FakeProvider, capture: SpanCapture) -> None:
    llm = real_llm(provider, temperature=0.25, max_tokens=50)
    answer = await called(llm, form, HELLO)
    span = capture.one()
    assert (span.name, span.kind, span.parent_id) == (f"chat {MODEL}", SpanKind.CLIENT, None)
    assert answer.message.content == FAKE_ANSWER
    expected = {
        OPERATION_NAME: "chat",
        PROVIDER_NAME: PROVIDER,
        REQUEST_MODEL: MODEL,
        REQUEST_TEMPERATURE: 0.25,
        REQUEST_MAX_TOKENS: 50,
        RESPONSE_MODEL: f"{MODEL}-2025-01-01",
        RESPONSE_FINISH_REASONS: ["stop"],
        USAGE_INPUT_TOKENS: 11,
        USAGE_OUTPUT_TOKENS: 7,
        USAGE_CACHE_READ_INPUT_TOKENS: 3,
    }
    assert {key: span.fields.get(key) for key in expected} == expected
    assert texts(span.fields[INPUT_MESSAGES]) == ["Hi"]
    assert span.fields[OUTPUT_MESSAGES] == [
        {"role": "assistant", "parts": [{"type": "text", "content": FAKE_ANSWER}], "finish_reason": "stop"}
    ]


async def test_what_a_call_says_wins_over_the_llm(provider: FakeProvider, capture: SpanCapture) -> None:
    real_llm(provider, temperature=0.25).chat(HELLO, temperature=0.75, model="length")
    span = capture.one()
    assert (span.name, span.attributes[REQUEST_TEMPERATURE]) == ("chat length", 0.75)
    assert span.attributes[RESPONSE_FINISH_REASONS] == ("length",)
    assert provider.requests[0].json()["model"] == "length"


@pytest.mark.parametrize("form", ["chat", "achat", "complete", "acomplete"])
async def test_an_error_of_the_provider(form: str, provider: FakeProvider, capture: SpanCapture) -> None:
    asked = HELLO if "chat" in form else "Hi"
    provider.script(Failure(401))
    with pytest.raises(Exception, match="401") as caught:
        await called(real_llm(provider), form, asked)
    span = capture.one()
    assert span.attributes[ERROR_TYPE].endswith(type(caught.value).__name__)
    assert span.span.status.description is not None
    assert "401" in span.span.status.description


def test_tools_and_their_calls(provider: FakeProvider, capture: SpanCapture) -> None:
    """A tool call comes with name, id and arguments; its answer goes back with the id (I27)."""
    provider.script(ASKS_FOR_WEATHER)
    llm = real_llm(provider)

    def get_weather(city: str) -> str:
        """The weather in a city."""
        return "sunny"

    answer = llm.chat_with_tools([FunctionTool.from_defaults(get_weather)], user_msg="Weather?")
    provider.script(Chat("Sunny."))
    tool_answer = ChatMessage(role="tool", content="sunny", additional_kwargs={"tool_call_id": "call12345"})
    llm.chat([*HELLO, answer.message, tool_answer])

    first, second = capture.spans
    call = {"id": "call12345", "type": "tool_call", "name": "get_weather", "arguments": {"city": "Paris"}}
    (message,) = first.fields[OUTPUT_MESSAGES]
    assert [part for part in message["parts"] if part["type"] == "tool_call"] == [call]
    (definition,) = first.fields[TOOL_DEFINITIONS]
    assert (definition["type"], definition["name"]) == ("function", "get_weather")
    _, asked, answered = second.fields[INPUT_MESSAGES]
    assert [part for part in asked["parts"] if part["type"] == "tool_call"] == [call]
    assert answered == {
        "role": "tool",
        "parts": [{"type": "tool_call_response", "id": "call12345", "response": "sunny"}],
    }


@pytest.mark.feature("I-LI-07")
def test_predict_and_call(provider: FakeProvider, capture: Any) -> None:
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return "sunny"

    provider.script(ASKS_FOR_WEATHER)
    with capture.tracer.start_as_current_span("run"):
        real_llm(provider).predict_and_call([FunctionTool.from_defaults(get_weather)], "Weather?")
    assert tree(capture) == f"run\n  chat {MODEL}\n  execute_tool get_weather"


class City(BaseModel):
    """What is asked for."""

    name: str


def test_a_structured_llm_has_the_settings_of_the_one_inside(capture: SpanCapture) -> None:
    """I29."""
    llm = EchoLLM(temperature=0.125).as_structured_llm(City)
    with pytest.raises(ValueError, match=r"(?i)json"):  # the echo is no JSON
        llm.chat(HELLO)
    span = capture.one()
    assert (span.name, span.attributes[REQUEST_TEMPERATURE]) == ("text_completion echo-1", 0.125)


def test_a_prediction_brings_its_template_and_variables(capture: SpanCapture) -> None:
    template = PromptTemplate("Say {what} to {whom}.", whom="Ann")
    assert EchoLLM().predict(template, what="hello") == "echo: Say hello to Ann."
    EchoLLM().complete("Another.")
    predicted, other = capture.spans
    assert predicted.fields[PROMPT_VARIABLES] == {"what": "hello", "whom": "Ann"}
    assert predicted.fields[GENERATION_METADATA] == {"prompt_template": "Say {what} to {whom}."}
    assert texts(predicted.fields[INPUT_MESSAGES]) == ["Say hello to Ann."]
    assert PROMPT_VARIABLES not in other.fields, "a template is for the call inside"


# --- classes of users and fakes (I32) -------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("chat", "chat echo-1"),
        ("achat", "chat echo-1"),
        ("complete", "text_completion echo-1"),
        ("acomplete", "text_completion echo-1"),
    ],
)
async def test_a_users_llm_is_one_generation(form: str, name: str, capture: SpanCapture) -> None:
    """LlamaIndex passes `achat` on to `chat`, and that to `complete`: each of them is a span of its own there."""
    asked: Any = HELLO if "chat" in form else "Hi"
    await called(EchoLLM(), form, asked, stop=["END"])
    span = capture.one()
    assert (span.name, span.attributes[REQUEST_TEMPERATURE]) == (name, 0.5)
    assert span.attributes[REQUEST_STOP_SEQUENCES] == ("END",)
    assert PROVIDER_NAME not in span.attributes, "it is nobody's"
    (answer,) = texts(span.fields[OUTPUT_MESSAGES])
    assert answer.startswith("echo: ")


def test_the_mock_has_no_name(capture: SpanCapture) -> None:
    words_llm().chat(HELLO)
    span = capture.one()
    assert (span.name, REQUEST_MODEL in span.attributes) == ("chat", False)


def test_many_at_once_do_not_mix(capture: SpanCapture) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(EchoLLM(model=f"m{number}").acomplete(f"q{number}") for number in range(20)))

    asyncio.run(all_of_them())
    found = {span.name: texts(span.fields[OUTPUT_MESSAGES]) for span in capture.spans}
    assert found == {f"text_completion m{number}": [f"echo: q{number}"] for number in range(20)}
    assert all(span.parent_id is None for span in capture.spans)


async def test_a_call_that_is_cancelled(capture: SpanCapture) -> None:
    class Sleepy(MockLLM):
        async def achat(self, messages: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(30)

    task = asyncio.create_task(Sleepy().achat(HELLO))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert capture.one().attributes[ERROR_TYPE] == "CancelledError"


# --- what answers look like (I22, I28, I31) -------------------------------------------------------


class Answering(EchoLLM):
    """Answers with whatever it is given."""

    answer: Any = None

    def chat(self, messages: Any, **kwargs: Any) -> Any:
        return self.answer


class Streaming(Answering):
    """Streams whatever it is given, in one piece."""

    def stream_chat(self, messages: Any, **kwargs: Any) -> Any:
        def pieces() -> Iterator[Any]:
            yield self.answer

        return pieces()


@pytest.fixture(params=[False, True], ids=["others look on", "Literal alone"])
def alone(request: pytest.FixtureRequest) -> bool:
    """Whether answers may be read later, from a copy."""
    return request.param


@pytest.fixture
def told(alone: bool, instrument: Any) -> SpanCapture:
    return instrument(alone=alone)


def answered(raw: Any, **further: Any) -> ChatResponse:
    return ChatResponse(message=ChatMessage(role="assistant", content="yes"), raw=raw, **further)


@pytest.mark.parametrize(
    ("response", "tokens"),
    [
        (answered({"usage": {"prompt_tokens": 3, "completion_tokens": 4}}), (3, 4)),
        (answered(SimpleNamespace(usage=None), additional_kwargs={"prompt_tokens": 3, "completion_tokens": 4}), (3, 4)),
        (
            answered(
                {
                    "usage": {
                        "input_tokens": 3,
                        "output_tokens": 4,
                        "cache_read_input_tokens": 10,
                        "cache_creation_input_tokens": 20,
                    }
                }
            ),
            (33, 4),
        ),
        (
            answered(
                {"usage_metadata": {"prompt_token_count": 3, "candidates_token_count": 4, "thoughts_token_count": 5}}
            ),
            (3, 9),
        ),
        (answered({"usage": {"inputTokens": 3, "outputTokens": 4}}), (3, 4)),
        (answered({"prompt_eval_count": 3, "eval_count": 0}), (3, 0)),
        (answered({"meta": {"tokens": {"input_tokens": 3.0, "output_tokens": 4}}}), (None, 4)),
        (answered({"usage": {"prompt_tokens": -1, "completion_tokens": "4"}}), (None, None)),
        (answered({"usage": None}), (None, None)),
        (answered(None), (None, None)),
        (answered("text"), (None, None)),
    ],
)
def test_tokens_of_every_vendor(response: Any, tokens: tuple[Any, Any], told: SpanCapture) -> None:
    assert Answering(answer=response).chat(HELLO) is response
    span = told.one()
    assert (span.known.get(USAGE_INPUT_TOKENS), span.known.get(USAGE_OUTPUT_TOKENS)) == tokens
    assert texts(span.fields[OUTPUT_MESSAGES]) == ["yes"]


def test_details_of_tokens(told: SpanCapture) -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 4}
    Answering(answer=answered({"usage": usage})).chat(HELLO)
    google = {"prompt_token_count": 1, "candidates_token_count": 2, "thoughts_token_count": 3}
    Answering(answer=answered({"usage_metadata": google})).chat(HELLO)
    openai = {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 5}}
    Answering(answer=answered({"usage": openai})).chat(HELLO)
    first, second, third = (span.known for span in told.spans)
    assert (third[USAGE_INPUT_TOKENS], third[USAGE_CACHE_READ_INPUT_TOKENS]) == (9, 5)
    assert (first[USAGE_CACHE_READ_INPUT_TOKENS], first[USAGE_CACHE_WRITE_INPUT_TOKENS]) == (3, 4)
    assert second[USAGE_REASONING_OUTPUT_TOKENS] == 3


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"choices": [{"finish_reason": "tool_calls"}]}, "tool_calls"),
        ({"stop_reason": "end_turn"}, "stop"),
        ({"stop_reason": "max_tokens"}, "length"),
        ({"stop_reason": "tool_use"}, "tool_calls"),
        ({"candidates": [{"finish_reason": "SAFETY"}]}, "content_filter"),
        ({"finish_reason": "COMPLETE"}, "stop"),
        ({"done_reason": "stop"}, "stop"),
        ({"stopReason": "guardrail_intervened"}, "content_filter"),
        ({"choices": [{"finish_reason": "something new"}]}, "something new"),
        ({"choices": [{"finish_reason": None}]}, None),
        ({"choices": None}, None),
        ({"choices": []}, None),
    ],
)
@pytest.mark.parametrize("capture_content", ["literal_only", "false"])
def test_finish_reasons(
    raw: Any, reason: str | None, capture_content: str, alone: bool, instrument: Any, policy: Any
) -> None:
    policy(capture_content=capture_content)
    capture = instrument(alone=alone)
    Answering(answer=answered(raw)).chat(HELLO)
    found = capture.one().known.get(RESPONSE_FINISH_REASONS)
    assert (None if found is None else list(found)) == (None if reason is None else [reason])


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "a text",
        42,
        ChatResponse(message=ChatMessage(role="assistant", content=None)),
        CompletionResponse(text="", raw=None),
        SimpleNamespace(message=None, raw=object()),
    ],
)
def test_answers_of_any_shape_reach_the_caller(answer: Any, told: SpanCapture) -> None:
    assert Answering(answer=answer).chat(HELLO) is answer
    span = told.one()
    assert (span.status.name, RESPONSE_ID in span.known) == ("UNSET", False)


@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_read_later_is_what_was_said(streamed: bool, instrument: Any) -> None:
    """The program may do with an answer, and with what it asked, what it likes."""
    capture = instrument(alone=True)
    raw: dict[str, Any] = {
        "model": "echo-1-2026",
        "choices": [{"finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}},
    }
    asked = ChatMessage(role="user", content="before")
    if streamed:
        list(Streaming(answer=answered(raw, delta="yes")).stream_chat([asked]))
    else:
        Answering(answer=answered(raw)).chat([asked])
    asked.blocks[0].text = "after"
    raw["usage"]["prompt_tokens_details"]["cached_tokens"] = 200
    raw["usage"]["prompt_tokens"] = 300
    raw["choices"][0]["finish_reason"] = "length"
    raw["choices"].clear()
    raw["model"] = "another"
    fields = capture.one().fields
    assert (fields[RESPONSE_MODEL], fields[RESPONSE_FINISH_REASONS]) == ("echo-1-2026", ["stop"])
    assert (fields[USAGE_INPUT_TOKENS], fields[USAGE_CACHE_READ_INPUT_TOKENS]) == (3, 1)
    assert (texts(fields[INPUT_MESSAGES]), texts(fields[OUTPUT_MESSAGES])) == (["before"], ["yes"])


# --- who is behind a class (I30) ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "provider"),
    [
        ("llama_index.llms.openai.base", "openai"),
        ("llama_index.llms.azure_openai.base", "azure.ai.openai"),
        ("llama_index.llms.cohere.base", "cohere"),
        ("llama_index.llms.anthropic.base", "anthropic"),
        ("llama_index.llms.groq.base", "groq"),
        ("llama_index.llms.mistralai.base", "mistral_ai"),
        ("llama_index.llms.bedrock_converse.base", "aws.bedrock"),
        ("llama_index.llms.google_genai.base", "gcp.gemini"),
        ("llama_index.embeddings.openai.base", "openai"),
        ("llama_index.postprocessor.cohere_rerank.base", "cohere"),
        ("llama_index.llms.deepseek.base", "deepseek"),
        ("llama_index.llms.ollama.base", "ollama"),
        ("llama_index.core.llms.mock", None),
        ("my_app.llms", None),
    ],
)
def test_the_provider_is_known_by_the_class(module: str, provider: str | None) -> None:
    base = type("Base", (), {"__module__": module})
    derived = type("Mine", (base,), {"__module__": "my_app"})
    assert (provider_of(base), provider_of(derived)) == (provider, provider)


# --- what must never be recorded ------------------------------------------------------------------


async def test_credentials_are_not_recorded(
    provider: FakeProvider, instrument: Any, policy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    policy(capture_content="true")
    caplog.set_level("DEBUG", "literalai_otel_llama_index")
    capture = instrument()
    llm = real_llm(provider)
    llm.chat(HELLO)
    provider.script(Failure(401))
    with pytest.raises(Exception, match="401"):
        await llm.achat(HELLO)
    assert "very-secret" not in everything(capture.spans) + caplog.text
