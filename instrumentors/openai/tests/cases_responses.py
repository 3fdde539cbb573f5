"""Responses that come in one piece, raw ones too, and what belongs to the endpoint but calls no model."""

from typing import Any

import openai
import pydantic

from literalai_otel import attributes
from literalai_otel.attributes import (
    CONVERSATION_COMPACTED,
    CONVERSATION_ID,
    GENERATION_SETTINGS,
    OPENAI_API_TYPE,
    OUTPUT_TYPE,
    PROMPT_NAME,
    PROMPT_VARIABLES,
    PROMPT_VERSION,
    REQUEST_ID,
    REQUEST_MAX_TOKENS,
    REQUEST_PREVIOUS_RESPONSE_ID,
    REQUEST_REASONING_LEVEL,
    RESPONSE_ID,
    RESPONSE_MODEL,
    RESPONSE_STATUS,
    SYSTEM_INSTRUCTIONS,
    TOOL_DEFINITIONS,
    USAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_REASONING_OUTPUT_TOKENS,
)
from literalai_otel.testing import CapturedSpan, Response, json_answer
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.openai_responses import message_item
from literalai_otel.testing.reading import arguments, decoded, inputs, outputs, parts

from .worlds import OPENAI, Expect, OpenAIWorld

RESPONSES = case = Cases()

GREETING = "Hello from the fake provider."
HI = [{"type": "text", "content": "Hi"}]


async def respond(world: OpenAIWorld, client: Any = None, **asked: Any) -> Any:
    """`responses.create` with a default model and input."""
    client = client if client is not None else world.client()
    return await world.call(client.responses.create(**{"model": "gpt-4o", "input": "Hi", **asked}))


def identity(span: CapturedSpan) -> None:
    fields = span.fields
    assert fields[OPENAI_API_TYPE] == "responses"
    assert fields[RESPONSE_ID].startswith("resp_")
    assert fields[RESPONSE_MODEL] == "gpt-4o-2025-01-01"
    assert fields[REQUEST_ID].startswith("req_")
    assert fields[USAGE_CACHE_READ_INPUT_TOKENS] == 4
    assert fields[USAGE_REASONING_OUTPUT_TOKENS] == 5
    assert RESPONSE_STATUS not in fields
    assert inputs(span) == [{"role": "user", "parts": HI}]


@case("responses", Expect(texts=(GREETING,), finish=("stop",), usage=(13, 9), check=identity))
async def plain(world: OpenAIWorld) -> None:
    answer = await respond(world)
    world.show("answer", answer)
    world.show("text", answer.output_text)
    world.show("request id", answer._request_id)


def settings_recorded(span: CapturedSpan) -> None:
    fields = span.fields
    expected = {
        REQUEST_MAX_TOKENS: 50,
        REQUEST_REASONING_LEVEL: "low",
        REQUEST_PREVIOUS_RESPONSE_ID: "resp_0",
        attributes.REQUEST_TEMPERATURE: 0,
        attributes.OPENAI_REQUEST_SERVICE_TIER: "flex",
        attributes.OPENAI_RESPONSE_SERVICE_TIER: "flex",
        OUTPUT_TYPE: "json",
    }
    assert {name: fields.get(name) for name in expected} == expected
    assert decoded(fields[SYSTEM_INSTRUCTIONS]) == [{"type": "text", "content": "Be brief"}]
    settings = decoded(fields[GENERATION_SETTINGS])
    assert settings["reasoning"] == {"effort": "low"}
    assert settings["vendor_option"] == {"deep": [1]}
    assert not {"model", "input", "instructions", "tools"} & set(settings)


@case("responses, settings", Expect(check=settings_recorded))
async def request_settings(world: OpenAIWorld) -> None:
    answer = await respond(
        world,
        instructions="Be brief",
        max_output_tokens=50,
        temperature=0,
        previous_response_id="resp_0",
        service_tier="flex",
        reasoning={"effort": "low"},
        text={"format": {"type": "json_schema", "name": "w", "schema": {"type": "object"}}},
        metadata={"ticket": "7"},
        extra_body={"vendor_option": {"deep": [1]}},
    )
    world.show("answer", answer)


def named_conversation(span: CapturedSpan) -> None:
    assert span.fields[CONVERSATION_ID] == "conv_1"


@case("responses, conversation", Expect(check=named_conversation), Expect(check=named_conversation))
async def conversation(world: OpenAIWorld) -> None:
    client = world.client()
    world.show("by id", await respond(world, client, conversation="conv_1"))
    world.show("by object", await respond(world, client, extra_body={"conversation": {"id": "conv_1"}}))


def stored_prompt(span: CapturedSpan) -> None:
    fields = span.fields
    assert (fields[PROMPT_NAME], fields[PROMPT_VERSION]) == ("pmpt_1", "2")
    assert decoded(fields[PROMPT_VARIABLES]) == {"city": "Paris"}
    assert decoded(fields[GENERATION_SETTINGS])["prompt"] == {"id": "pmpt_1", "version": "2"}
    assert attributes.INPUT_MESSAGES not in fields


@case("responses, stored prompt and no input", Expect(check=stored_prompt))
async def prompt(world: OpenAIWorld) -> None:
    client = world.client()
    stored = {"id": "pmpt_1", "version": "2", "variables": {"city": "Paris"}}
    world.show("answer", await world.call(client.responses.create(model="gpt-4o", prompt=stored)))


def credentials_stripped(span: CapturedSpan) -> None:
    function, server = decoded(span.fields[TOOL_DEFINITIONS])
    assert (function["name"], function["parameters"]) == ("get_weather", {"type": "object"})
    assert server == {"type": "mcp", "server_label": "dice", "server_url": "https://dice.example/mcp"}
    assert "very-secret" not in str(span.fields)


@case("responses, tools", Expect(check=credentials_stripped))
async def tools(world: OpenAIWorld) -> None:
    server = {
        "type": "mcp",
        "server_label": "dice",
        "server_url": "https://dice.example/mcp",
        "authorization": "very-secret",
        "headers": {"x-key": "very-secret"},
    }
    function = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}, "strict": False}
    world.show("answer", await respond(world, tools=[function, server]))


def two_calls(span: CapturedSpan) -> None:
    (message,) = outputs(span)
    assert [part["type"] for part in message["parts"]] == ["tool_call", "tool_call"], "O18: no empty reasoning"
    assert [(call["id"], call["name"], arguments(call)) for call in message["parts"]] == [
        ("call_1", "get_weather", {"city": "Paris"}),
        ("call_2", "get_time", {"zone": "Europe/Paris"}),
    ]


@case("O17 responses, parallel calls", Expect(model="tools", finish=("tool_calls",), check=two_calls))
async def parallel_calls(world: OpenAIWorld) -> None:
    world.show("answer", await respond(world, model="tools"))


def other_calls(name: str, asked: Any) -> Any:
    def check(span: CapturedSpan) -> None:
        (call,) = parts(outputs(span), "tool_call")
        assert (call["id"], call["name"], call["arguments"]) == ("call_1", name, asked)

    return check


for _model, _name, _asked in (
    ("custom-tool", "run_sql", "select 1"),
    ("computer", "computer", {"type": "click", "button": "left", "x": 1, "y": 2}),
):

    @case(f"O17 responses, {_model}", Expect(model=_model, finish=("tool_calls",), check=other_calls(_name, _asked)))
    async def client_tools(world: OpenAIWorld, model: str = _model) -> None:
        world.show("answer", await respond(world, model=model))


def thoughts(span: CapturedSpan) -> None:
    assert [part["content"] for part in parts(outputs(span), "reasoning")] == ["First this.", "Then that."]
    assert "gAAAA" not in str(span.fields), "encrypted content is for the provider alone"


@case("O18 responses, reasoning", Expect(model="reasoning", texts=("42",), check=thoughts))
async def reasoning(world: OpenAIWorld) -> None:
    world.show("answer", await respond(world, model="reasoning"))


def server_tools_recorded(span: CapturedSpan) -> None:
    messages = outputs(span)
    calls = {part["name"]: part for part in parts(messages, "server_tool_call")}
    results = {part["id"]: part["server_tool_call_response"] for part in parts(messages, "server_tool_call_response")}
    assert set(calls) == {"web_search", "file_search", "code_interpreter", "image_generation", "roll", "mcp_list_tools"}
    assert not parts(messages, "tool_call"), "O19: they are no calls of the program's tools"
    assert calls["web_search"]["server_tool_call"]["action"] == {"type": "search", "query": "weather"}
    assert results["ws_1"]["sources"] == [{"type": "url", "url": "https://example.com"}]
    assert results["fs_1"]["results"][0]["text"] == "sunny"
    assert calls["code_interpreter"]["server_tool_call"]["code"] == "print(1)"
    assert results["ci_1"]["outputs"] == [{"type": "logs", "logs": "1\n"}]
    assert calls["roll"]["server_tool_call"] == {"type": "mcp", "arguments": {"sides": 6}, "server_label": "dice"}
    assert results["mcp_1"] == {"type": "mcp", "status": "completed", "output": "4"}
    assert results["mcpl_1"]["tools"][0]["name"] == "roll"
    (image,) = parts(messages, "blob")
    assert (image["modality"], image["mime_type"]) == ("image", "image/png")
    (request,) = parts(messages, "tool_approval_request")
    assert (request["id"], request["server_label"], request["arguments"]) == ("mcpr_1", "dice", {})


@case(
    "O19 responses, server tools",
    Expect(model="server-tools", texts=("It is sunny.",), finish=("stop",), check=server_tools_recorded),
)
async def server_tools(world: OpenAIWorld) -> None:
    world.show("answer", await respond(world, model="server-tools"))


HISTORY: list[Any] = [
    {"role": "developer", "content": "Be brief"},
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "Look"},
            {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"},
            {"type": "input_image", "file_id": "file-1", "detail": "auto"},
            {"type": "input_file", "filename": "a.pdf", "file_url": "https://example.com/a.pdf"},
        ],
    },
    {"type": "reasoning", "id": "rs_1", "summary": []},
    {"type": "function_call", "call_id": "call_1", "name": "a", "arguments": "{}"},
    {"type": "function_call", "call_id": "call_2", "name": "b", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
    {"type": "function_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "noon"}]},
    {"type": "custom_tool_call", "call_id": "call_3", "name": "sql", "input": "select 1"},
    {"type": "custom_tool_call_output", "call_id": "call_3", "output": "1"},
    {
        "type": "computer_call_output",
        "call_id": "call_4",
        "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,iVBORw0KGgo="},
    },
    {"type": "function_call", "name": "no_id", "arguments": "not json"},
    {"role": "assistant", "content": "One"},
    {"role": "assistant", "content": [{"type": "output_text", "text": "Two"}]},
    {"type": "item_reference", "id": "msg_9"},
    {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
    {"type": "hologram_call", "id": "h_1", "secret_of": "the future"},
    {"role": "user", "content": "And now?"},
]


def history_recorded(span: CapturedSpan) -> None:
    messages = inputs(span)
    assert [(message["role"], [part["type"] for part in message["parts"]]) for message in messages] == [
        ("developer", ["text"]),
        ("user", ["text", "blob", "file", "uri"]),
        ("assistant", ["tool_call", "tool_call"]),
        ("tool", ["tool_call_response", "tool_call_response"]),
        ("assistant", ["tool_call"]),
        ("tool", ["tool_call_response", "tool_call_response"]),
        ("assistant", ["tool_call", "text"]),
        ("assistant", ["text", "item_reference"]),
        ("user", ["tool_approval_response"]),
        ("assistant", ["hologram_call"]),
        ("user", ["text"]),
    ]
    answers = parts(messages, "tool_call_response")
    assert [(part["id"], part["response"]) for part in answers[:3]] == [
        ("call_1", "sunny"),
        ("call_2", [{"type": "text", "content": "noon"}]),
        ("call_3", "1"),
    ]
    assert answers[3]["response"][0]["type"] == "blob"
    calls = parts(messages, "tool_call")
    assert "id" not in calls[-1]
    assert calls[-1]["arguments"] == "not json"


@case("O17 O21 responses, history of items", Expect(check=history_recorded))
async def history(world: OpenAIWorld) -> None:
    world.show("answer", await respond(world, input=HISTORY))


def both_turns(span: CapturedSpan) -> None:
    assert [message["role"] for message in inputs(span)] == ["user", "assistant", "tool"]


@case("O30 responses, items of an answer sent back", Expect(model="tools"), Expect(check=both_turns))
async def sent_back(world: OpenAIWorld) -> None:
    client = world.client()
    first = await respond(world, client, model="tools")
    items: list[Any] = [{"role": "user", "content": "Hi"}, *first.output]
    items += [{"type": "function_call_output", "call_id": f"call_{number}", "output": "x"} for number in (1, 2)]
    world.show("answer", await respond(world, client, input=items))


@case("O23 responses, input as a generator", Expect(error="TypeError"))
async def generator(world: OpenAIWorld) -> None:
    """The SDK refuses it, and nothing of it was pulled by us."""
    pulled: list[str] = []

    def items() -> Any:
        pulled.append("one")
        yield {"role": "user", "content": "one"}

    await world.attempt("answer", lambda: respond(world, input=items()))
    world.show("pulled", pulled)


def nothing_leaks(span: CapturedSpan) -> None:
    assert "Omit" not in str(span.fields)
    assert "NotGiven" not in str(span.fields)
    assert decoded(span.fields[GENERATION_SETTINGS]) == {}


@case("O38 responses, Omit, NotGiven and None", Expect(check=nothing_leaks))
async def left_out(world: OpenAIWorld) -> None:
    absent = {"tools": openai.NOT_GIVEN, "reasoning": openai.NOT_GIVEN, "stream": openai.NOT_GIVEN}
    if OPENAI >= (2, 0):
        absent |= {"tools": openai.omit, "instructions": openai.omit, "text": openai.omit}
    world.show("answer", await respond(world, **absent))


@case("O38 responses, null parameters", Expect())
async def nulls(world: OpenAIWorld) -> None:
    nothing = {"instructions": None, "conversation": None, "prompt": None, "reasoning": None, "metadata": None}
    world.show("answer", await respond(world, extra_body={**nothing, "tools": None, "text": None}))


class Weather(pydantic.BaseModel):
    city: str
    degrees: int


def is_json(span: CapturedSpan) -> None:
    assert span.fields[OUTPUT_TYPE] == "json"


@case("responses.parse", Expect(model="structured", texts=('{"city": "Paris", "degrees": 21}',), check=is_json))
async def parse(world: OpenAIWorld) -> None:
    client = world.client()
    answer = await world.call(client.responses.parse(model="structured", input="Hi", text_format=Weather))
    world.show("parsed", answer.output_parsed)


def refused(span: CapturedSpan) -> None:
    assert [part["content"] for part in parts(outputs(span), "refusal")] == ["I can't help with that."]


@case("responses, refusal", Expect(model="refusal", finish=("stop",), check=refused))
async def refusal(world: OpenAIWorld) -> None:
    world.show("answer", await respond(world, model="refusal"))


def status_is(status: str) -> Any:
    def check(span: CapturedSpan) -> None:
        assert span.fields[RESPONSE_STATUS] == status

    return check


for _model, _expect in (
    ("cut-short", Expect(model="cut-short", texts=("Once upon",), finish=("length",), check=status_is("incomplete"))),
    ("filtered", Expect(model="filtered", finish=("content_filter",), check=status_is("incomplete"))),
    ("failed", Expect(model="failed", error="server_error", finish=("error",), check=status_is("failed"))),
    ("queued", Expect(model="queued", texts=(), usage=(None, None), check=status_is("queued"))),
    ("nothing", Expect(model="nothing", texts=(), finish=("stop",))),
    ("usage-absent", Expect(model="usage-absent", usage=(None, None))),
):

    @case(f"O14 O15 responses, {_model}", _expect)
    async def odd_endings(world: OpenAIWorld, model: str = _model) -> None:
        world.show("answer", await respond(world, model=model, background=model == "queued"))


@case("responses, an answer of another kind", Expect(texts=()), Expect(texts=()), Expect())
async def odd_answers(world: OpenAIWorld) -> None:
    client = world.client()
    nonsense = {"output": None, "status": 5, "usage": "much"}
    for body in ({}, nonsense, {"output": [{"type": "message", "content": [{}]}]}):
        world.provider.script(json_answer(body))
        await world.attempt("answer", lambda: respond(world, client))


for _status, _error in ((400, "BadRequestError"), (429, "RateLimitError"), (500, "InternalServerError")):

    @case(f"O42 responses {_status}", Expect(model=f"error-{_status}", error=_error))
    async def errors(world: OpenAIWorld, model: str = f"error-{_status}") -> None:
        await world.attempt("error", lambda: respond(world, model=model))


@case("responses, HTML", Expect(model="html"), logs="not readable")
async def html(world: OpenAIWorld) -> None:
    await world.attempt("answer", lambda: respond(world, model="html"))


@case("responses, Azure and other base paths", Expect(), Expect(), Expect())
async def paths(world: OpenAIWorld) -> None:
    world.show("Azure", await respond(world, world.azure(api_version="2025-03-01-preview")))
    gateway = world.client(base_url=f"{world.provider.origin}/some/gateway/v1")
    world.show("gateway", await respond(world, gateway))
    body = {"model": "gpt-4o", "input": "Hi"}
    world.show("by hand", await world.call(world.client().post("responses?beta=true", cast_to=object, body=body)))


@case("responses that are fetched are no generations", Expect(model="queued", texts=()))
async def fetched(world: OpenAIWorld) -> None:
    """A response that is polled stays the one generation that made it."""
    client = world.client()
    made = await respond(world, client, model="queued", background=True)
    responses = client.responses
    for _ in range(2):
        world.show("retrieved", await world.call(responses.retrieve(made.id)))
    stream = await world.call(responses.retrieve(made.id, stream=True))
    world.show("events", [event.type async for event in world.each(stream)])
    async with world.entering(responses.stream(response_id=made.id, starting_after=1)) as stream:
        world.show("resumed", [event.type async for event in world.each(stream)])
    world.show("cancelled", await world.call(responses.cancel(made.id)))
    world.show("deleted", await world.call(responses.delete(made.id)))
    items = [item async for item in world.each(responses.input_items.list(made.id))]
    world.show("items", items)
    if hasattr(responses, "input_tokens"):
        world.show("counted", await world.call(responses.input_tokens.count(model="gpt-4o", input="Hi")))


def compacted(span: CapturedSpan) -> None:
    assert span.fields[CONVERSATION_COMPACTED] is True
    assert outputs(span)[0]["parts"] == [{"type": "compaction", "id": "cmp_1"}], "the user's messages are the input"


@case("responses.compact", Expect(finish=("compaction",), usage=(13, 9), check=compacted))
async def compact(world: OpenAIWorld) -> None:
    """A billed call; releases without the method have the endpoint all the same."""
    client = world.client()
    body = {"model": "gpt-4o", "input": "Hi"}
    world.show("answer", await world.call(client.post("/responses/compact", cast_to=object, body=body)))


@case("raw responses", Expect(texts=(GREETING,), usage=(13, 9)))
async def raw(world: OpenAIWorld) -> None:
    response = await world.call(world.client().responses.with_raw_response.create(model="gpt-4o", input="Hi"))
    world.show("response", [response, response.headers["x-request-id"]])
    world.show("parsed", response.parse())


@case("raw responses, failed", Expect(model="failed", error="server_error"))
async def raw_failed(world: OpenAIWorld) -> None:
    response = await world.call(world.client().responses.with_raw_response.create(model="failed", input="Hi"))
    world.show("parsed", response.parse())


for _model, _error in (("gpt-4o", None), ("failed", "server_error")):

    @case(f"streaming response of responses, {_model}", Expect(model=_model, error=_error))
    async def streaming(world: OpenAIWorld, model: str = _model) -> None:
        view = world.client().responses.with_streaming_response
        async with world.entering(view.create(model=model, input="Hi")) as response:
            world.show("parsed", await world.call(response.parse()))


@case("beta responses", Expect(texts=(GREETING,)))
async def beta(world: OpenAIWorld) -> None:
    resource = getattr(world.client().beta, "responses", None) or world.client().responses
    world.show("answer", await world.call(resource.create(model="gpt-4o", input="Hi")))


@case("responses, two messages are one turn", Expect(texts=("onetwo",)))
async def many_texts(world: OpenAIWorld) -> None:
    world.provider.script(Response((message_item("one"), message_item("two"))))
    world.show("answer", await respond(world))
