"""LangChain over the clients of providers: one call is one generation, and the tokens are those of the wire."""

import asyncio
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda

from literalai_otel.testing import Chat, Failure, FakeProvider, SpanCapture, ToolCall, span_tree

from .fakes import named, settled

openai_models = pytest.importorskip("langchain_openai")
instrumentors = pytest.importorskip("literalai_otel_openai")

USAGE = {"gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 7}


@pytest.fixture(params=[False, True], ids=["seen by others", "Literal alone"])
def capture(request: pytest.FixtureRequest, instrument: Callable[..., SpanCapture]) -> SpanCapture:
    """Where Literal alone sees the spans, both sides are read later."""
    return instrument(alone=request.param)


@pytest.fixture
def both(capture: SpanCapture) -> Iterator[SpanCapture]:
    """The OpenAI instrumentor beside LangChain's, on the same provider."""
    instrumentor = instrumentors.OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=capture.tracer_provider)
    yield capture
    instrumentor.uninstrument()


@pytest.fixture(autouse=True)
def own_http_clients() -> None:
    """langchain-openai keeps HTTP clients for the process; an asynchronous one serves one event loop."""
    module = importlib.import_module("langchain_openai.chat_models._client_utils")
    for value in vars(module).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


def chat_model(provider: FakeProvider, **settings: Any) -> Any:
    return openai_models.ChatOpenAI(
        **{
            "model": "gpt-4o",
            "base_url": provider.base_url,
            "api_key": "k",
            "max_retries": 0,
            "temperature": 0.5,
            **settings,
        }
    )


async def invoke(model: Any) -> Any:
    return model.invoke([HumanMessage("Hi")])


async def stream(model: Any) -> Any:
    return list(model.stream([HumanMessage("Hi")]))[-1]


async def ainvoke(model: Any) -> Any:
    return await model.ainvoke([HumanMessage("Hi")])


async def astream(model: Any) -> Any:
    return [chunk async for chunk in model.astream([HumanMessage("Hi")])][-1]


async def inside(model: Any) -> Any:
    return await RunnableLambda(lambda given: model.invoke([HumanMessage(given)]), name="outer").ainvoke("Hi")


async def structured(model: Any) -> Any:
    schema = {"title": "Answer", "type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    return model.with_structured_output(schema, method="function_calling").invoke("Hi")


async def in_batch(model: Any) -> Any:
    return model.batch(["Hi"])


WAYS = [invoke, stream, ainvoke, astream, inside, structured, in_batch]


@pytest.mark.feature("I-LC-11", "I-LC-08")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_one_generation_with_what_each_side_knows(
    both: SpanCapture, provider: FakeProvider, way: Callable[[Any], Any]
) -> None:
    """L48, L45."""
    if way is structured:
        provider.script(Chat(tool_calls=[ToolCall("c1", "Answer", '{"text": "Hello"}')]))
    model = chat_model(provider, stream_usage=True)
    try:
        await way(model)
    finally:
        if hasattr(model, "root_async_client"):
            await model.root_async_client.close()
    assert len(provider.requests) == 1
    generations = [span for span in both.spans if span.name == "chat gpt-4o"]
    assert len(generations) == 1, span_tree(both.spans)
    assert not [span for span in both.spans if span.scope.endswith(".openai")]
    fields = generations[0].fields
    assert USAGE.items() <= fields.items()
    told_by_langchain = {"gen_ai.provider.name": "openai", "gen_ai.request.temperature": 0.5}
    assert told_by_langchain.items() <= fields.items()
    assert fields["gen_ai.response.model"] == "gpt-4o-2025-01-01"
    assert fields["literalai.request.id"].startswith("req_")
    assert fields["server.address"] == "127.0.0.1"
    assert fields["gen_ai.input.messages"] == [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
    assert fields["literalai.generation.settings"]["temperature"] == 0.5
    streamed = way in (stream, astream)
    assert fields.get("gen_ai.request.stream") is (True if streamed else None)
    assert ("gen_ai.response.time_to_first_chunk" in fields) is streamed
    if way is structured:
        assert [tool["name"] for tool in fields["gen_ai.tool.definitions"]] == ["Answer"]
        assert fields["gen_ai.output.messages"][0]["parts"][-1]["name"] == "Answer"
    else:
        text = fields["gen_ai.output.messages"][0]["parts"][0]["content"]
        assert text == "Hello from the fake provider."


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_without_the_instrumentor_of_the_client(
    capture: SpanCapture, provider: FakeProvider, way: Callable[[Any], Any]
) -> None:
    """What only the client knows is absent, not invented; the rest is the same."""
    if way is structured:
        provider.script(Chat(tool_calls=[ToolCall("c1", "Answer", '{"text": "Hello"}')]))
    model = chat_model(provider, stream_usage=True)
    await way(model)
    await model.root_async_client.close()
    fields = named(capture, "chat gpt-4o").fields
    assert USAGE.items() <= fields.items()
    assert fields["gen_ai.response.model"] == "gpt-4o-2025-01-01"
    assert fields["gen_ai.response.finish_reasons"] in (("stop",), ["stop"], ["tool_calls"])
    assert fields["literalai.generation.settings"]["temperature"] == 0.5
    assert "server.address" not in fields


async def test_streams_without_usage_have_none(both: SpanCapture, provider: FakeProvider) -> None:
    """langchain-openai asks for it on OpenAI's own host only."""
    for _ in chat_model(provider).stream("Hi"):
        pass
    assert not USAGE.keys() & named(both, "chat gpt-4o").fields.keys()


@pytest.mark.parametrize("way", [invoke, stream, ainvoke, astream], ids=lambda way: way.__name__)
async def test_an_error_of_the_provider(both: SpanCapture, provider: FakeProvider, way: Any) -> None:
    provider.script(Failure(429, headers={"x-request-id": "req_1"}))
    model = chat_model(provider)
    with pytest.raises(Exception, match="429"):
        await way(model)
    await model.root_async_client.close()
    span = both.one()
    assert span.attributes["error.type"].endswith("RateLimitError")
    assert span.fields["literalai.request.id"] == "req_1"
    assert "gen_ai.output.messages" not in span.fields


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_stream_that_is_left_early(both: SpanCapture, provider: FakeProvider, asynchronous: bool) -> None:
    """L11: what came before is kept, once."""
    model = chat_model(provider)
    if asynchronous:
        stream = model.astream("Hi")
        async for chunk in stream:
            if chunk.content:
                break
        await stream.aclose()
        await settled(both)
        await asyncio.sleep(0)
    else:
        stream = model.stream("Hi")
        for chunk in stream:
            if chunk.content:
                break
        stream.close()
    await model.root_async_client.close()
    span = both.one()
    assert span.fields["literalai.stream.outcome"] == "closed"
    assert span.fields["gen_ai.output.messages"][0]["parts"] == [{"type": "text", "content": chunk.content}]


def test_responses_api(both: SpanCapture, provider: FakeProvider) -> None:
    """The other endpoint, if the fake provider speaks it."""
    if not any("responses" in str(endpoint) for endpoint in provider._endpoints):
        pytest.skip("the fake provider has no Responses endpoint")
    chat_model(provider, use_responses_api=True).invoke("Hi")
    assert span_tree(both.spans) == "chat gpt-4o"


def test_several_choices_and_their_tokens(both: SpanCapture, provider: FakeProvider) -> None:
    """With n > 1 the usage is in `llm_output` alone; it is not multiplied."""
    chat_model(provider, n=2).generate([[HumanMessage("Hi")]])
    fields = both.one().fields
    assert USAGE.items() <= fields.items()
    assert fields["gen_ai.request.choice.count"] == 2
    assert [message["finish_reason"] for message in fields["gen_ai.output.messages"]] == ["stop", "stop"]


def test_mistral_over_its_own_http(capture: SpanCapture, provider: FakeProvider) -> None:
    """langchain-mistralai uses no SDK: all that is known comes from LangChain."""
    models = pytest.importorskip("langchain_mistralai")
    model = models.ChatMistralAI(model="mistral-small-latest", endpoint=provider.base_url, api_key="k", temperature=0.1)
    model.invoke("Hi")
    span = capture.one()
    assert span.name == "chat mistral-small-latest"
    assert span.known["gen_ai.provider.name"] == "mistral_ai"
    assert USAGE.items() <= span.fields.items()
