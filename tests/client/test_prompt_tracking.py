"""From a prompt on the server through a framework's call into the stored generation."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from literalai_otel import AsyncLiteralClient, LiteralClient
from literalai_otel.testing import Chat, FakeProvider
from literalai_otel.testing.mistral_chat import MistralChat
from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS
from literalai_otel_langchain import LangChainInstrumentor
from literalai_otel_mistralai import MistralAIInstrumentor
from literalai_otel_openai import OpenAIInstrumentor

TEMPLATE = [
    {"role": "system", "content": "You know {{city}} & more."},
    {"role": "user", "content": "{{#chunks}}{{.}};{{/chunks}} {{query}}"},
]
VARIABLES = {"city": "Łódź", "chunks": ["a", 0], "query": "<Why?>"}
TEXTS = ["You know Łódź & more.", "a;0; <Why?>"]
ADDED = {"role": "user", "content": "Not of the prompt."}


@pytest.fixture
def client(on_server: Callable[..., Any], switch_off: list[Any]) -> LiteralClient:
    switch_off += [OpenAIInstrumentor(), MistralAIInstrumentor(), LangChainInstrumentor()]
    return on_server()


@pytest.fixture
def prompt(client: LiteralClient) -> Any:
    return client.api.get_or_create_prompt(name=f"prompt {uuid4()}", template_messages=TEMPLATE)


def generations_in(client: LiteralClient, run_id: str) -> list[Any]:
    assert client.flush(10)
    steps = client.api.get_steps(filters=[{"field": "parentId", "operator": "eq", "value": run_id}]).data
    return [step.generation for step in steps if step.generation is not None]


def linked(generation: Any, prompt: Any, *, texts: list[str] = TEXTS) -> None:
    """`generation` is one of `prompt`: which version, with what, and which of its messages."""
    assert generation.prompt_id == prompt.id
    assert generation.variables == VARIABLES
    messages = generation.messages
    assert [message["content"] for message in messages] == [*texts, ADDED["content"]]
    uuids = [message["uuid"] for message in prompt.template_messages]
    assert all(uuids)
    assert [message.get("uuid") for message in messages] == [*uuids, None]
    assert [message.get("templated") for message in messages] == [True, True, None]


@pytest.mark.feature("L-GEN-09", "L-PRM-15", "I-OAI-01")
@pytest.mark.parametrize("streamed", [False, True])
def test_openai(client: LiteralClient, prompt: Any, provider: FakeProvider, streamed: bool) -> None:
    import openai

    client.instrument_openai()
    client.instrument_openai()
    model = openai.OpenAI(base_url=provider.base_url, api_key="test")
    provider.script(Chat("Because."))
    messages = [*prompt.format_messages(**VARIABLES), ADDED]
    with client.run(name="openai") as run:
        answer = model.chat.completions.create(model="m", messages=messages, stream=streamed)
        if streamed:
            list(answer)
    (generation,) = generations_in(client, run.id)
    linked(generation, prompt)
    assert generation.message_completion["content"] == "Because."
    sent = provider.requests[-1].json()["messages"]
    assert [set(message) for message in sent] == [{"role", "content"}] * 3, "the link does not travel to the provider"


@pytest.mark.feature("L-PRM-15", "I-MIS-01")
@pytest.mark.parametrize("how", ["complete", "stream", "complete_async", "stream_async"])
def test_mistral(client: LiteralClient, prompt: Any, how: str) -> None:
    try:
        from mistralai.client import Mistral
    except ImportError:
        from mistralai import Mistral

    client.instrument_mistralai()
    messages = [*prompt.format_messages(**VARIABLES), ADDED]

    async def ask_async(model: Any) -> None:
        async with model:
            answer = await getattr(model.chat, how)(model="m", messages=messages)
            if how == "stream_async":
                async for _ in answer:
                    pass

    with FakeProvider(MISTRAL_ENDPOINTS) as provider:
        provider.script(MistralChat("Because."))
        with Mistral(api_key="test", server_url=provider.origin) as model, client.run(name="mistral") as run:
            if how.endswith("_async"):
                asyncio.run(ask_async(model))
            elif how == "stream":
                list(model.chat.stream(model="m", messages=messages))
            else:
                model.chat.complete(model="m", messages=messages)
    (generation,) = generations_in(client, run.id)
    linked(generation, prompt)
    assert (generation.provider, generation.message_completion["content"]) == ("mistralai", "Because.")


@pytest.mark.feature("L-PRM-12", "I-LC-07")
@pytest.mark.parametrize("form", ["template", "messages"])
def test_langchain(client: LiteralClient, prompt: Any, provider: FakeProvider, form: str) -> None:
    langchain_openai = pytest.importorskip("langchain_openai")
    provider.script(Chat("Because."))
    model = langchain_openai.ChatOpenAI(model="m", base_url=provider.base_url, api_key="test")
    config = {"callbacks": [client.langchain_callback()], "run_name": "chain"}
    with client.thread() as thread:
        if form == "template":
            template = prompt.to_langchain_chat_prompt_template(additional_messages=[("human", ADDED["content"])])
            (template | model).invoke({**VARIABLES, "unknown": 1}, config=config)
        else:
            # It is the instrumentor that keeps the link when LangChain makes messages of its own.
            LangChainInstrumentor().instrument(tracer_provider=client.tracer_provider)
            model.invoke([*prompt.format_messages(**VARIABLES), ADDED], config=config)
    assert client.flush(10)
    stored = client.api.get_thread(id=thread.id)
    assert stored is not None
    (generation,) = [step.generation for step in stored.steps or () if step.generation is not None]
    assert generation.prompt_id == prompt.id
    assert {name: generation.variables[name] for name in VARIABLES} == VARIABLES
    uuids = [message["uuid"] for message in prompt.template_messages]
    assert [message.get("uuid") for message in generation.messages] == [*uuids, None]
    assert [message.get("templated") for message in generation.messages] == [True, True, None]


@pytest.mark.feature("L-GEN-09", "L-CLI-16")
def test_set_properties_marks_what_is_logged_next(client: LiteralClient, prompt: Any, provider: FakeProvider) -> None:
    import openai

    client.instrument_openai()
    model = openai.OpenAI(base_url=provider.base_url, api_key="test")
    provider.script(Chat("Because."), Chat("Because."))
    with client.thread(), client.run(name="marked") as run:
        client.set_properties(name="named", tags=["hello", "world"], metadata={"foo": 1}, prompt=prompt)
        model.chat.completions.create(model="m", messages=[ADDED])
    with client.run(name="unmarked") as after:
        model.chat.completions.create(model="m", messages=[ADDED])
    (marked,), (unmarked,) = generations_in(client, run.id), generations_in(client, after.id)
    assert (marked.prompt_id, unmarked.prompt_id) == (prompt.id, None)
    steps = client.api.get_steps(filters=[{"field": "parentId", "operator": "eq", "value": run.id}]).data
    (step,) = steps
    assert (step.name, sorted(step.tags), step.metadata["foo"]) == ("named", ["hello", "world"], 1)


@pytest.mark.feature("L-CLI-15", "L-CLI-16")
async def test_initialize_records_what_is_installed(
    client: LiteralClient, on_server: Callable[..., Any], provider: FakeProvider
) -> None:
    import openai

    lai = on_server(AsyncLiteralClient)
    lai.initialize()
    model = openai.AsyncOpenAI(base_url=provider.base_url, api_key="test")
    provider.script(Chat("Hello."))

    @lai.thread()
    async def ask() -> str:
        lai.set_properties(tags=["hello", "world"], metadata={"foo": 1})
        await model.chat.completions.create(model="gpt-4o", messages=[ADDED])
        thread = lai.get_current_thread()
        assert thread is not None
        return thread.id

    thread_id = await ask()
    assert await lai.flush(10)
    thread = await lai.api.get_thread(id=thread_id)
    (step,) = thread.steps
    assert (step.type, step.generation.settings["model"]) == ("llm", "gpt-4o")
    assert (sorted(step.tags), step.metadata["foo"]) == (["hello", "world"], 1)
