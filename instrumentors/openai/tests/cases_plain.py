"""Calls that are answered in one piece."""

import copy
import io
from typing import Any

import openai
import pydantic

from literalai_otel.attributes import (
    GENERATION_SETTINGS,
    OPENAI_REQUEST_SERVICE_TIER,
    OPENAI_RESPONSE_SERVICE_TIER,
    OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
    OUTPUT_TYPE,
    REQUEST_CHOICE_COUNT,
    REQUEST_ID,
    REQUEST_MAX_TOKENS,
    REQUEST_RETRIES,
    REQUEST_SEED,
    REQUEST_STOP_SEQUENCES,
    REQUEST_TEMPERATURE,
    RESPONSE_ID,
    RESPONSE_MODEL,
    TOOL_DEFINITIONS,
    USAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_CACHE_WRITE_INPUT_TOKENS,
    USAGE_REASONING_OUTPUT_TOKENS,
)
from literalai_otel.testing import ABSENT, CapturedSpan, Chat, Failure, ToolCall, json_answer
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.reading import arguments, decoded, inputs, outputs, parts, texts

from .worlds import HELLO, ONE, OPENAI, Expect, OpenAIWorld

PLAIN = case = Cases()

GREETING = "Hello from the fake provider."
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def identity(span: CapturedSpan) -> None:
    """Ids and models of the answer are recorded; counts that are part of a total stay beside it."""
    fields = span.fields
    assert fields[RESPONSE_MODEL] == "gpt-4o-2025-01-01"
    assert fields[RESPONSE_ID].startswith("chatcmpl-")
    assert fields[REQUEST_ID].startswith("req_")
    assert fields[USAGE_CACHE_READ_INPUT_TOKENS] == 3
    assert fields[USAGE_REASONING_OUTPUT_TOKENS] == 2
    assert fields[OPENAI_RESPONSE_SYSTEM_FINGERPRINT] == "fp_fake"
    assert REQUEST_RETRIES not in fields
    assert texts(inputs(span)) == ("Hi",)


@case(
    "chat",
    Expect(texts=(GREETING,), finish=("stop",), usage=(11, 7), check=identity),
    features=("I-OAI-01", "I-OAI-02", "I-OAI-06"),
)
async def plain(world: OpenAIWorld) -> None:
    client = world.client()
    pending = client.chat.completions.create(model="gpt-4o", messages=HELLO)
    world.here("during")
    answer = await world.call(pending)
    world.show("answer", answer)
    world.show("request id", answer._request_id)


def settings_recorded(span: CapturedSpan) -> None:
    fields = span.fields
    expected = {
        REQUEST_TEMPERATURE: 0,
        REQUEST_MAX_TOKENS: 50,
        REQUEST_SEED: 0,
        OPENAI_REQUEST_SERVICE_TIER: "flex",
        OPENAI_RESPONSE_SERVICE_TIER: "flex",
    }
    assert {name: fields.get(name) for name in expected} == expected
    assert list(fields[REQUEST_STOP_SEQUENCES]) == ["END", "STOP"]
    settings = decoded(fields[GENERATION_SETTINGS])
    assert settings["logit_bias"] == {"50256": -100}
    assert settings["vendor_option"] == {"deep": [1]}
    assert settings["temperature"] == 0
    assert not {"messages", "model", "tools", "api_key", "stream_cls"} & set(settings)


@case("settings, falsy ones too", Expect(check=settings_recorded))
async def request_settings(world: OpenAIWorld) -> None:
    answer = await world.chat(
        temperature=0,
        max_tokens=50,
        seed=0,
        stop=["END", "STOP"],
        service_tier="flex",
        logit_bias={"50256": -100},
        user="u",
        extra_body={"vendor_option": {"deep": [1]}},
        extra_headers={"x-custom": "1"},
        extra_query={"q": "1"},
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
    assert (tool["type"], tool["name"]) == ("function", "get_weather")
    assert tool["parameters"] == WEATHER_TOOL["function"]["parameters"]


@case("tools", Expect(model="tools", finish=("tool_calls",), check=tools_recorded), features=("I-OAI-10",))
async def tools(world: OpenAIWorld) -> None:
    world.show("answer", await world.chat(model="tools", tools=[WEATHER_TOOL], tool_choice="auto"))


def whole_history(span: CapturedSpan) -> None:
    messages = inputs(span)
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool", "tool"]
    responses = parts(messages, "tool_call_response")
    assert [(part["id"], part["response"]) for part in responses] == [("call_1", "sunny"), ("call_2", "noon")]
    assert len(parts(messages, "tool_call")) == 2


@case(
    "O30 answer objects and tool models sent back",
    ONE,
    Expect(texts=(GREETING,), check=whole_history),
    features=("L-GEN-10",),
)
async def conversation(world: OpenAIWorld) -> None:
    class Tool(pydantic.BaseModel):
        type: str = "function"
        function: dict[str, Any] = pydantic.Field(default_factory=lambda: WEATHER_TOOL["function"])

    client = world.client()
    world.provider.script(Chat(tool_calls=world_calls()), Chat())
    history: list[Any] = [{"role": "system", "content": "Be brief"}, *HELLO]
    first = await world.chat(client, messages=history, tools=[Tool()])
    message = first.choices[0].message
    history += [
        message,
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "call_2", "content": "noon"},
    ]
    second = await world.chat(client, messages=history, tools=[Tool()])
    world.show("answers", [first, second])
    world.show("the same object is still in the history", history[2] is message)


def world_calls() -> tuple[ToolCall, ...]:
    return (ToolCall("call_1", "get_weather", '{"city": "Paris"}'), ToolCall("call_2", "get_time", "{}"))


def three_choices(span: CapturedSpan) -> None:
    assert span.fields[REQUEST_CHOICE_COUNT] == 3


@case(
    "O48 n = 3",
    Expect(texts=(GREETING, f"{GREETING} #1", f"{GREETING} #2"), finish=("stop",) * 3, check=three_choices),
)
async def many_choices(world: OpenAIWorld) -> None:
    world.show("answer", await world.chat(n=3))


def refused(span: CapturedSpan) -> None:
    assert "I can't help with that." in str(outputs(span))


@case("refusal", Expect(model="refusal", finish=("stop",), check=refused))
async def refusal(world: OpenAIWorld) -> None:
    world.show("answer", await world.chat(model="refusal"))


class Weather(pydantic.BaseModel):
    city: str
    degrees: int


def is_json_output(span: CapturedSpan) -> None:
    assert span.fields[OUTPUT_TYPE] == "json"
    schema = decoded(span.fields[GENERATION_SETTINGS])["response_format"]["json_schema"]["schema"]
    assert set(schema["properties"]) == {"city", "degrees"}


@case(
    "parse",
    Expect(model="structured", texts=('{"city": "Paris", "degrees": 21}',), check=is_json_output),
    features=("I-OAI-10",),
)
async def parse(world: OpenAIWorld) -> None:
    client = world.client()
    answer = await world.call(
        client.chat.completions.parse(model="structured", messages=HELLO, response_format=Weather)
    )
    world.show("answer", answer)
    world.show("parsed", answer.choices[0].message.parsed)


@case("O37 parse refused", Expect(model="refusal", check=refused))
async def parse_refusal(world: OpenAIWorld) -> None:
    client = world.client()
    answer = await world.call(client.chat.completions.parse(model="refusal", messages=HELLO, response_format=Weather))
    world.show("parsed", answer.choices[0].message.parsed)
    world.show("refusal", answer.choices[0].message.refusal)


@case("parse, length", Expect(model="length", error="LengthFinishReasonError", texts=("cut",), usage=(11, 7)))
async def parse_length(world: OpenAIWorld) -> None:
    """The SDK raises after a billed call: an error for the user, and all that was paid for is recorded."""
    client = world.client()
    await world.attempt(
        "length",
        lambda: client.chat.completions.parse(model="length", messages=HELLO, response_format=Weather),
        openai.LengthFinishReasonError,
    )


@case("beta.parse", Expect(model="structured", texts=('{"city": "Paris", "degrees": 21}',)))
async def beta_parse(world: OpenAIWorld) -> None:
    client = world.client()
    answer = await world.call(
        client.beta.chat.completions.parse(model="structured", messages=HELLO, response_format=Weather)
    )
    world.show("answer", answer)


for _reason in ("stop", "length", "tool_calls", "content_filter", "function_call"):

    @case(f"O43 finish reason {_reason}", Expect(finish=(_reason,)))
    async def finish_reason(world: OpenAIWorld, reason: str = _reason) -> None:
        world.provider.script(Chat(finish_reason=reason))
        world.show("answer", await world.chat())


@case("O43 finish reason null", Expect(model="finish-null", texts=(GREETING,)))
async def finish_null(world: OpenAIWorld) -> None:
    world.show("answer", await world.chat(model="finish-null"))


for _id, _usage, _expected in (
    ("absent", ABSENT, (None, None)),
    ("null", None, (None, None)),
    ("empty", {}, (None, None)),
    ("partial", {"prompt_tokens": 11}, (11, None)),
    ("zero", {"prompt_tokens": 4, "completion_tokens": 0, "total_tokens": 4}, (4, 0)),
    ("null inside", {"prompt_tokens": None, "completion_tokens": 7, "total_tokens": 7}, (None, 7)),
    ("negative", {"prompt_tokens": -1, "completion_tokens": 7, "total_tokens": 6}, (None, 7)),
    ("text", {"prompt_tokens": "many", "completion_tokens": 7, "total_tokens": 7}, (None, 7)),
    (
        "null details",
        {
            "prompt_tokens": 4,
            "completion_tokens": 2,
            "total_tokens": 6,
            "prompt_tokens_details": None,
            "completion_tokens_details": {"reasoning_tokens": None},
        },
        (4, 2),
    ),
):

    @case(f"O9 usage {_id}", Expect(texts=(GREETING,), usage=_expected))
    async def odd_usage(world: OpenAIWorld, usage: Any = _usage) -> None:
        world.provider.script(Chat(usage=usage))
        world.show("answer", await world.chat())


def cache_written(span: CapturedSpan) -> None:
    assert span.fields[USAGE_CACHE_WRITE_INPUT_TOKENS] == 100
    assert USAGE_CACHE_READ_INPUT_TOKENS not in span.fields or span.fields[USAGE_CACHE_READ_INPUT_TOKENS] == 0


def cache_read(span: CapturedSpan) -> None:
    assert span.fields[USAGE_CACHE_READ_INPUT_TOKENS] == 100
    assert USAGE_CACHE_WRITE_INPUT_TOKENS not in span.fields or span.fields[USAGE_CACHE_WRITE_INPUT_TOKENS] == 0


@case("O44 prompt cache", Expect(usage=(120, 7), check=cache_written), Expect(usage=(120, 7), check=cache_read))
async def prompt_cache(world: OpenAIWorld) -> None:
    def usage(cached: int, written: int) -> dict[str, Any]:
        details = {"cached_tokens": cached, "cache_write_tokens": written}
        return {"prompt_tokens": 120, "completion_tokens": 7, "total_tokens": 127, "prompt_tokens_details": details}

    world.provider.script(Chat(usage=usage(0, 100)), Chat(usage=usage(100, 0)))
    client = world.client()
    world.show("write", await world.chat(client, prompt_cache_key="k"))
    world.show("read", await world.chat(client, prompt_cache_key="k"))


@case("choices null", Expect(model="choices-null"))
async def choices_null(world: OpenAIWorld) -> None:
    world.show("answer", await world.chat(model="choices-null"))


@case("choices empty", Expect(model="choices-empty"))
async def choices_empty(world: OpenAIWorld) -> None:
    world.show("answer", await world.chat(model="choices-empty"))


@case("an answer with little in it", ONE)
async def bare_answer(world: OpenAIWorld) -> None:
    world.provider.script(json_answer({"choices": [{}, {"message": None}, {"message": {"content": 5}}]}))
    world.show("answer", await world.chat())


@case("an answer of another kind", ONE)
async def list_answer(world: OpenAIWorld) -> None:
    world.provider.script(json_answer([1, 2]))
    await world.attempt("answer", lambda: world.chat())


def generator_content(span: CapturedSpan) -> None:
    assert texts(inputs(span)) == ("one", "two")
    assert [tool["name"] for tool in decoded(span.fields[TOOL_DEFINITIONS])] == ["get_weather"]


@case("O23 messages and tools as generators", Expect(texts=(GREETING,), check=generator_content))
async def generators(world: OpenAIWorld) -> None:
    pulled: list[str] = []

    def messages() -> Any:
        for text in ("one", "two"):
            pulled.append(text)
            yield {"role": "user", "content": text}
        pulled.append("end")

    world.show("answer", await world.chat(messages=messages(), tools=(tool for tool in [WEATHER_TOOL])))
    world.show("pulled", pulled)


def nothing_left_out_leaks(span: CapturedSpan) -> None:
    assert "Omit" not in str(span.fields)
    assert "NotGiven" not in str(span.fields)
    assert set(decoded(span.fields[GENERATION_SETTINGS])) <= {"temperature", "stream"}


@case("Omit and NotGiven", Expect(texts=(GREETING,), check=nothing_left_out_leaks))
async def left_out(world: OpenAIWorld) -> None:
    left_out = {"tools": openai.NOT_GIVEN, "stop": openai.NOT_GIVEN, "stream": openai.NOT_GIVEN}
    if OPENAI >= (2, 0):  # `omit` came with 2.0
        left_out |= {"seed": openai.omit, "n": openai.omit, "response_format": openai.omit}
    world.show("answer", await world.chat(temperature=1, **left_out))


def two_hundred(span: CapturedSpan) -> None:
    assert len(inputs(span)) == 200


@case("200 messages", Expect(check=two_hundred))
async def many_messages(world: OpenAIWorld) -> None:
    messages = [{"role": ("user", "assistant")[i % 2], "content": f"message {i}"} for i in range(200)]
    world.show("answer", await world.chat(messages=messages))


@case("hostile text", Expect(texts=("naïve 😀 \u0000 end",)))
async def hostile_text(world: OpenAIWorld) -> None:
    world.provider.script(Chat("naïve 😀 \u0000 end"))
    world.show("answer", await world.chat(messages=[{"role": "user", "content": "a\u0000b 😀 \u2028"}]))


@case("lone surrogate", Expect(error="UnicodeEncodeError"))
async def lone_surrogate(world: OpenAIWorld) -> None:
    await world.attempt("answer", lambda: world.chat(messages=[{"role": "user", "content": "a\ud800b"}]))


@case("O25 a file object among the inputs", Expect(error="TypeError"))
async def file_object(world: OpenAIWorld) -> None:
    """Whatever the SDK does with it, we neither read nor replace it."""
    file = io.BytesIO(b"one\ntwo\n")
    await world.attempt("answer", lambda: world.chat(messages=[{"role": "user", "content": file}]))
    world.show("file", [file.tell(), file.closed])


@case("Azure", Expect(texts=(GREETING,)), Expect(texts=(GREETING,)))
async def azure(world: OpenAIWorld) -> None:
    """The deployment may come from the model or from the client."""
    world.show("by model", await world.chat(world.azure()))
    world.show("by client", await world.chat(world.azure(azure_deployment="prod")))


def filters_recorded(span: CapturedSpan) -> None:
    assert "content_filter_results" in str(span.fields) or "prompt_filter_results" in str(span.fields)


@case(
    "O31 Azure content filter",
    Expect(finish=("content_filter",), check=filters_recorded),
    Expect(error="BadRequestError"),
)
async def azure_filter(world: OpenAIWorld) -> None:
    verdict = {"hate": {"filtered": True, "severity": "high"}}
    world.provider.script(
        Chat(
            "",
            finish_reason="content_filter",
            extra={"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": verdict}]},
            choice_extra={"content_filter_results": verdict},
        ),
        Failure(400, code="content_filter", message="The response was filtered"),
    )
    client = world.azure()
    world.show("answer", await world.chat(client))
    await world.attempt("prompt", lambda: world.chat(client))


@case("O54 with_options and copies", ONE, ONE, ONE)
async def copies(world: OpenAIWorld) -> None:
    client = world.client()
    world.show("with_options", await world.chat(client.with_options(timeout=30)))
    world.show("copy()", await world.chat(world.keep(client.copy(api_key="sk-other"))))
    world.show("copy.copy", await world.chat(copy.copy(client)))
    await world.attempt("deepcopy", lambda: type(copy.deepcopy(client)).__name__)


@case("a subclass that overrides create", ONE, ONE)
async def subclass(world: OpenAIWorld) -> None:
    base = type(world.client().chat.completions)

    class Calling(base):  # type: ignore[misc, valid-type] - chosen at run time
        def create(self, **asked: Any) -> Any:
            return super().create(**{**asked, "temperature": 0.5})

    class Posting(base):  # type: ignore[misc, valid-type] - chosen at run time
        def create(self, **asked: Any) -> Any:
            return self._post("/chat/completions", body=asked, cast_to=openai.types.chat.ChatCompletion)

    for kind in (Calling, Posting):
        answer = await world.call(kind(world.client()).create(model="gpt-4o", messages=HELLO))
        world.show(kind.__name__, answer)


@case("a method kept by the user", ONE)
async def bound_method(world: OpenAIWorld) -> None:
    create = world.client().chat.completions.create
    world.show("name", [create.__name__, create.__qualname__, bool(create.__doc__)])
    world.show("answer", await world.call(create(model="gpt-4o", messages=HELLO)))


@case("wrong arguments")
async def wrong_arguments(world: OpenAIWorld) -> None:
    """Nothing was sent, so nothing is recorded."""
    client = world.client()
    await world.attempt("no model", lambda: client.chat.completions.create(messages=HELLO))
    await world.attempt("unknown", lambda: client.chat.completions.create(model="m", messages=HELLO, nonsense=1))
    await world.attempt("positional", lambda: client.chat.completions.create("m"))


@case("other endpoints")
async def other_endpoints(world: OpenAIWorld) -> None:
    models = await world.call(world.client().models.list())
    world.show("models", [model.id for model in models.data])


@case("custom cast", ONE)
async def custom_cast(world: OpenAIWorld) -> None:
    answer = await world.call(
        world.client().post("/chat/completions", cast_to=object, body={"model": "gpt-4o", "messages": HELLO})
    )
    world.show("answer", answer)
