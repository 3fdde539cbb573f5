"""Completions that are answered in one piece: chat, agents, fill-in-the-middle, on every cloud."""

import importlib
from typing import Any

import pydantic

from literalai_otel.attributes import (
    AGENT_ID,
    GENERATION_SETTINGS,
    OUTPUT_TYPE,
    REQUEST_CHOICE_COUNT,
    REQUEST_FREQUENCY_PENALTY,
    REQUEST_ID,
    REQUEST_MAX_TOKENS,
    REQUEST_RETRIES,
    REQUEST_SEED,
    REQUEST_STOP_SEQUENCES,
    REQUEST_STREAM,
    REQUEST_TEMPERATURE,
    RESPONSE_ID,
    RESPONSE_MODEL,
    TOOL_DEFINITIONS,
    USAGE_CACHE_READ_INPUT_TOKENS,
)
from literalai_otel.testing import CapturedSpan
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.reading import arguments, decoded, inputs, outputs, parts, texts

from .worlds import GREETING, HELLO, MISTRAL, SDK, MistralWorld, expect

CHAT = case = Cases()

WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def identity(span: CapturedSpan) -> None:
    """Ids and models of the answer are recorded, and nothing that was not said."""
    fields = span.fields
    assert fields[RESPONSE_MODEL] == "mistral-small-2501"
    assert fields[RESPONSE_ID].startswith("cmpl-")
    assert fields[REQUEST_ID].startswith("cor_")
    assert not {REQUEST_RETRIES, USAGE_CACHE_READ_INPUT_TOKENS, REQUEST_STREAM} & set(fields)
    assert texts(inputs(span)) == ("Hi",)


@case(
    "M1 chat",
    expect(texts=(GREETING,), finish=("stop",), usage=(11, 7), check=identity),
    features=("I-MIS-01", "I-MIS-02"),
)
async def plain(world: MistralWorld) -> None:
    answer = await world.chat()
    world.show("answer", answer)
    world.here("after the call")


def settings_recorded(span: CapturedSpan) -> None:
    fields = span.fields
    expected = {
        REQUEST_TEMPERATURE: 0,
        REQUEST_MAX_TOKENS: 50,
        REQUEST_SEED: 0,
        REQUEST_FREQUENCY_PENALTY: 0.5,
        OUTPUT_TYPE: "json",
    }
    assert {name: fields.get(name) for name in expected} == expected
    assert list(fields[REQUEST_STOP_SEQUENCES]) == ["END", "STOP"]
    settings = decoded(fields[GENERATION_SETTINGS])
    assert (settings["random_seed"], settings["temperature"], settings["safe_prompt"]) == (0, 0, True)
    assert not {"messages", "model", "tools", "api_key"} & set(settings)


@case("settings, falsy ones too", expect(check=settings_recorded))
async def request_settings(world: MistralWorld) -> None:
    answer = await world.chat(
        temperature=0,
        max_tokens=50,
        random_seed=0,
        frequency_penalty=0.5,
        stop=["END", "STOP"],
        response_format={"type": "json_object"},
        safe_prompt=True,
        prediction={"type": "content", "content": "secret guess"},
        http_headers={"x-custom": "1"},
        timeout_ms=5000,
    )
    world.show("answer", answer)


def two_tool_calls(span: CapturedSpan) -> None:
    calls = parts(outputs(span), "tool_call")
    assert [(call["id"], call["name"], arguments(call)) for call in calls] == [
        ("call_1", "get_weather", {"city": "Paris", "unit": "celsius"}),
        ("call_2", "get_time", {"zone": "Europe/Paris"}),
    ]


def tools_recorded(span: CapturedSpan) -> None:
    two_tool_calls(span)
    (tool,) = decoded(span.fields[TOOL_DEFINITIONS])
    assert (tool["type"], tool["name"], tool["description"]) == ("function", "get_weather", "Weather of a city")


@case("M3 tool calls", expect(name="chat tools", finish=("tool_calls",), check=tools_recorded))
async def tools(world: MistralWorld) -> None:
    world.show("answer", await world.chat(model="tools", tools=[WEATHER_TOOL], tool_choice="any"))


def whole_history(span: CapturedSpan) -> None:
    messages = inputs(span)
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool", "user"]
    (call,) = parts(messages, "tool_call")
    (answer,) = parts(messages, "tool_call_response")
    assert (call["id"], call["name"], arguments(call)) == ("call_1", "get_weather", {"city": "Paris"})
    assert (answer["id"], answer["response"]) == ("call_1", "sunny")


@case("M4 M15 a conversation with tools", expect(check=whole_history))
async def history(world: MistralWorld) -> None:
    call = {"id": "call_1", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    answer = await world.chat(
        messages=[
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "sunny", "tool_call_id": "call_1", "name": "get_weather"},
            SDK.UserMessage(content="Thanks") if hasattr(SDK, "UserMessage") else {"role": "user", "content": "Thanks"},
        ]
    )
    world.show("answer", answer)


for _reason, _model in (("length", "length"), ("model_length", "model-length"), ("error", "finish-error")):

    @case(f"M7 finish reason {_reason}", expect(name=f"chat {_model}", finish=(_reason,)))
    async def finish(world: MistralWorld, model: str = _model) -> None:
        world.show("answer", await world.chat(model=model))


def cached(span: CapturedSpan) -> None:
    assert span.fields[USAGE_CACHE_READ_INPUT_TOKENS] == 3


@case("M9 cached tokens", expect(name="chat cached", usage=(11, 7), check=cached))
async def cache(world: MistralWorld) -> None:
    world.show("answer", await world.chat(model="cached"))


@case("counts that the provider leaves out are not invented", expect(name="chat usage-partial", usage=(11, None)))
async def partial_usage(world: MistralWorld) -> None:
    world.show("answer", await world.chat(model="usage-partial"))


def thoughts(span: CapturedSpan) -> None:
    assert [part["content"] for part in parts(outputs(span), "reasoning")] == ["Let me ", "think."]
    assert texts(outputs(span)) == ("It is 4.",)


if MISTRAL >= (2, 0):

    @case("M10 thinking", expect(name="chat thinking", check=thoughts))
    async def thinking(world: MistralWorld) -> None:
        world.show("answer", await world.chat(model="thinking"))


@case(
    "M11 several choices",
    expect(texts=(GREETING, f"{GREETING} #1", f"{GREETING} #2"), fields={REQUEST_CHOICE_COUNT: 3}),
)
async def choices(world: MistralWorld) -> None:
    world.show("answer", await world.chat(n=3))


def media(span: CapturedSpan) -> None:
    (message,) = inputs(span)
    image, address = parts([message], "blob"), parts([message], "uri")
    assert [(part["modality"], part["mime_type"], part["content"]) for part in image] == [
        ("image", "image/png", "iVBORw0K")
    ]
    assert [(part["modality"], part["uri"]) for part in address] == [
        ("image", "https://example.org/a.png"),
        ("document", "https://example.org/a.pdf"),
    ]


@case("M10 images and documents", expect(check=media))
async def multimodal(world: MistralWorld) -> None:
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": "data:image/png;base64,iVBORw0K"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "document_url", "document_url": "https://example.org/a.pdf", "document_name": "a.pdf"},
    ]
    world.show("answer", await world.chat(messages=[{"role": "user", "content": content}]))


class Weather(pydantic.BaseModel):
    """What the model is to answer."""

    city: str
    degrees: int


@case(
    "M23 parse",
    expect(name="chat structured", texts=('{"city": "Paris", "degrees": 21}',), fields={OUTPUT_TYPE: "json"}),
)
async def parse(world: MistralWorld) -> None:
    client = world.client()
    answer = await world.do(client.chat, "parse", response_format=Weather, model="structured", messages=HELLO)
    world.show("parsed", answer.choices[0].message.parsed)
    world.show("answer", answer)


def one_message(span: CapturedSpan) -> None:
    assert texts(inputs(span)) == ("one",)


@case("messages given as a generator", expect(check=one_message))
async def generator(world: MistralWorld) -> None:
    messages = (message for message in [{"role": "user", "content": "one"}])
    world.show("answer", await world.chat(messages=messages))
    world.show("used up", list(messages))


def agent(span: CapturedSpan) -> None:
    assert span.attributes[AGENT_ID] == "ag_1"
    assert texts(inputs(span)) == ("Hi",)


@case("M13 agents", expect(name="chat", texts=(GREETING,), usage=(11, 7), check=agent))
async def agents(world: MistralWorld) -> None:
    client = world.client()
    world.show("answer", await world.do(client.agents, "complete", agent_id="ag_1", messages=HELLO))


def gap(span: CapturedSpan) -> None:
    (message,) = inputs(span)
    assert (texts([message]), message["suffix"]) == (("def f():",), "return x")
    assert "suffix" not in decoded(span.fields[GENERATION_SETTINGS])


@case("M29 fill in the middle", expect(name="text_completion codestral", texts=(GREETING,), usage=(11, 7), check=gap))
async def fim(world: MistralWorld) -> None:
    client = world.client()
    world.show(
        "answer", await world.do(client.fim, "complete", model="codestral", prompt="def f():", suffix="return x")
    )


@case("M14 no generation", kinds=("sync", "async"))
async def management(world: MistralWorld) -> None:
    client = world.client()
    world.show("models", await world.do(client.models, "list"))


@case("a server named in the call", expect())
async def named_server(world: MistralWorld) -> None:
    client = world.client(server_url="https://api.mistral.ai")
    world.show("answer", await world.chat(client, server_url=world.provider.origin))


def _cloud(name: str) -> Any:
    """The package of a cloud in either module layout, None where it is not installed."""
    try:
        return importlib.import_module(f"mistralai.{name}.client" if MISTRAL >= (2, 0) else f"mistralai_{name}")
    except ImportError:
        return None


@case("Azure", expect(provider="azure.ai.inference", texts=(GREETING,), usage=(11, 7)))
async def azure(world: MistralWorld) -> None:
    new = {"server_url": world.provider.origin, "api_key": "k"}
    old = {"azure_endpoint": world.provider.origin, "azure_api_key": "k"}
    client = world.keep(_cloud("azure").MistralAzure(**(new if MISTRAL >= (2, 0) else old)))
    world.show("answer", await world.chat(client))


# The client of Google Cloud needs an extra of the SDK.
if _cloud("gcp") is not None:

    @case("Google Cloud", expect(provider="gcp.vertex_ai", texts=(GREETING,), usage=(11, 7)))
    async def google(world: MistralWorld) -> None:
        sdk = _cloud("gcp")
        kind = sdk.MistralGCP if hasattr(sdk, "MistralGCP") else sdk.MistralGoogleCloud
        client = world.keep(kind(project_id="p", region="europe-west1", access_token="t"))
        world.show("answer", await world.chat(client, server_url=world.provider.origin))
