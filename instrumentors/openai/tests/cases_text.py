"""Legacy completions, embeddings, moderations."""

import array
from typing import Any

import openai

from literalai_otel.attributes import (
    EMBEDDINGS_DIMENSION_COUNT,
    GENERATION_SETTINGS,
    REQUEST_CHOICE_COUNT,
    REQUEST_ENCODING_FORMATS,
    REQUEST_ID,
    RESPONSE_ID,
    RESPONSE_MODEL,
    STEP_INPUT,
    STEP_OUTPUT,
    USAGE_TOTAL_TOKENS,
)
from literalai_otel.testing import CapturedSpan, Completion, json_answer
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.reading import decoded, inputs, texts

from .cases_streams import timed
from .worlds import HELLO, Expect, OpenAIWorld

TEXT = case = Cases()

PARIS = " is the capital of France."


def completion(**expected: Any) -> Expect:
    return Expect(operation="text_completion", **expected)


async def complete(world: OpenAIWorld, client: Any = None, **asked: Any) -> Any:
    """`completions.create` with a default model and prompt."""
    client = client if client is not None else world.client()
    return await world.call(client.completions.create(**{"model": "gpt-4o", "prompt": "Paris", **asked}))


def one_prompt(span: CapturedSpan) -> None:
    fields = span.fields
    assert texts(inputs(span)) == ("Paris",)
    assert fields[RESPONSE_ID].startswith("cmpl-")
    assert fields[RESPONSE_MODEL] == "gpt-4o-2025-01-01"
    assert decoded(fields[GENERATION_SETTINGS]) == {"temperature": 0, "best_of": 3}
    assert inputs(span)[0]["suffix"] == "!"


@case(
    "completions",
    completion(texts=(PARIS,), finish=("stop",), usage=(11, 7), check=one_prompt),
    features=("I-OAI-03",),
)
async def plain(world: OpenAIWorld) -> None:
    world.show("answer", await complete(world, temperature=0, best_of=3, suffix="!"))


def two_of_two(span: CapturedSpan) -> None:
    assert texts(inputs(span)) == ("a", "b")
    assert span.fields[REQUEST_CHOICE_COUNT] == 2


@case(
    "completions, several prompts, n and echo",
    completion(texts=(f"a{PARIS}",) * 2 + (f"b{PARIS}",) * 2, finish=("stop",) * 4, check=two_of_two),
)
async def many(world: OpenAIWorld) -> None:
    world.show("answer", await complete(world, prompt=["a", "b"], n=2, echo=True))


def tokens_kept(*expected: str) -> Any:
    def check(span: CapturedSpan) -> None:
        assert texts(inputs(span)) == expected

    return check


@case("completions, tokens", completion(check=tokens_kept("[1,2]")), completion(check=tokens_kept("[1,2]", "[3]")))
async def tokens(world: OpenAIWorld) -> None:
    client = world.client()
    world.show("one", await complete(world, client, prompt=[1, 2]))
    world.show("many", await complete(world, client, prompt=[[1, 2], [3]]))


@case("completions stream", completion(texts=(PARIS,), finish=("stop",), usage=(None, None), check=timed))
async def stream(world: OpenAIWorld) -> None:
    world.show("chunks", [chunk async for chunk in world.each(await complete(world, stream=True))])


@case("completions stream, n and usage", completion(texts=(PARIS, PARIS), finish=("stop", "stop"), usage=(11, 7)))
async def stream_many(world: OpenAIWorld) -> None:
    asked = {"n": 2, "stream": True, "stream_options": {"include_usage": True}}
    world.show("chunks", [chunk async for chunk in world.each(await complete(world, **asked))])


@case("completions stream, closed", completion(texts=(" is",), outcome="closed"))
async def stream_closed(world: OpenAIWorld) -> None:
    events = await complete(world, stream=True)
    async for _ in world.each(events):
        break
    await world.call(events.close())


@case("completions stream, error event", completion(texts=(" is the",), error="APIError"))
async def stream_error(world: OpenAIWorld) -> None:
    world.provider.script(Completion(error_after=2))

    async def reading() -> None:
        async for chunk in world.each(await complete(world, stream=True)):
            world.show("chunk", chunk)

    await world.attempt("error", reading)


@case("raw completions", completion(texts=(PARIS,), usage=(11, 7)), completion(texts=(PARIS,), usage=(11, 7)))
async def raw(world: OpenAIWorld) -> None:
    completions = world.client().completions
    response = await world.call(completions.with_raw_response.create(model="gpt-4o", prompt="Paris"))
    world.show("raw", response.parse())
    view = completions.with_streaming_response
    async with world.entering(view.create(model="gpt-4o", prompt="Paris")) as response:
        world.show("streaming", await world.call(response.parse()))


@case("completions, Azure", completion())
async def azure(world: OpenAIWorld) -> None:
    world.show("answer", await complete(world, world.azure()))


@case("completions, odd answers", completion(texts=()), completion(texts=("", "")))
async def odd(world: OpenAIWorld) -> None:
    client = world.client()
    for body in ({"choices": None}, {"choices": [{"text": None}, {"text": 5}]}):
        world.provider.script(json_answer(body))
        await world.attempt("answer", lambda: complete(world, client))


@case("completions 429", completion(model="error-429", error="RateLimitError"))
async def failure(world: OpenAIWorld) -> None:
    await world.attempt("error", lambda: complete(world, model="error-429"))


# --- embeddings ----------------------------------------------------------------------------------


def embedding(count: int, *inputs: str, dimensions: int = 8, form: str = "base64", **expected: Any) -> Expect:
    def check(span: CapturedSpan) -> None:
        fields = span.fields
        assert fields[EMBEDDINGS_DIMENSION_COUNT] == dimensions
        assert list(fields[REQUEST_ENCODING_FORMATS]) == [form]
        assert decoded(fields[STEP_INPUT]) == list(inputs)
        assert decoded(fields[STEP_OUTPUT]) == {"count": count, "dimensions": dimensions}
        assert USAGE_TOTAL_TOKENS not in fields, "it is the input's"
        assert fields[REQUEST_ID].startswith("req_")
        assert "0.0625" not in str(fields), "vectors are not recorded"

    return Expect(operation="embeddings", usage=(5, None), check=check, **expected)


async def embed(world: OpenAIWorld, client: Any = None, **asked: Any) -> Any:
    """`embeddings.create` with a default model and input."""
    client = client if client is not None else world.client()
    return await world.call(client.embeddings.create(**{"model": "gpt-4o", "input": "Paris", **asked}))


@case("embeddings", embedding(1, "Paris"))
async def embeddings(world: OpenAIWorld) -> None:
    """The SDK asks for base64 by itself and decodes it."""
    world.show("answer", await embed(world))


@case("O40 embeddings, lists and tokens", embedding(2, "a", "b"), embedding(1, "[1,2,3]"), embedding(2, "[1]", "[2,3]"))
async def embedding_inputs(world: OpenAIWorld) -> None:
    client = world.client()
    for given in (["a", "b"], [1, 2, 3], [[1], [2, 3]]):
        world.show("answer", await embed(world, client, input=given))


@case("O40 embeddings, floats and dimensions", embedding(1, "Paris", dimensions=3, form="float"))
async def embedding_floats(world: OpenAIWorld) -> None:
    world.show("answer", await embed(world, encoding_format="float", dimensions=3))


@case("O40 embeddings out of order", embedding(2, "a", "b", model="out-of-order"))
async def embedding_order(world: OpenAIWorld) -> None:
    world.show("answer", await embed(world, model="out-of-order", input=["a", "b"]))


@case("raw embeddings", embedding(1, "Paris"), embedding(1, "Paris"))
async def embedding_raw(world: OpenAIWorld) -> None:
    resource = world.client().embeddings
    response = await world.call(resource.with_raw_response.create(model="gpt-4o", input="Paris"))
    world.show("parsed", response.parse())
    async with world.entering(resource.with_streaming_response.create(model="gpt-4o", input="Paris")) as response:
        world.show("streaming", await world.call(response.parse()))


@case("embeddings, input as an iterator", embedding(2, "a", "b"))
async def embedding_generator(world: OpenAIWorld) -> None:
    world.show("answer", await embed(world, input=iter(["a", "b"])))


@case("embeddings without data", Expect(operation="embeddings", model="no-data", error="ValueError"))
async def embedding_nothing(world: OpenAIWorld) -> None:
    """The SDK itself refuses them."""
    await world.attempt("answer", lambda: embed(world, model="no-data"))


@case("embeddings, hostile input", Expect(operation="embeddings", error="TypeError"))
async def embedding_hostile(world: OpenAIWorld) -> None:
    await world.attempt("answer", lambda: embed(world, input=[object()]))
    world.show("sent", len(world.provider.requests))


@case("embeddings 401", Expect(operation="embeddings", model="error-401", error="AuthenticationError"))
async def embedding_failure(world: OpenAIWorld) -> None:
    await world.attempt("error", lambda: embed(world, model="error-401"))


# --- moderations ---------------------------------------------------------------------------------


def judged(span: CapturedSpan) -> None:
    assert decoded(span.fields[STEP_INPUT]) == [{"type": "text", "content": "kill"}]
    assert decoded(span.fields[STEP_OUTPUT])["results"][0]["flagged"] is True
    assert span.fields[RESPONSE_MODEL] == "omni-moderation-2025-01-01"


@case("moderations", *(Expect(operation="moderation", check=judged),) * 3, Expect(operation="moderation", model=None))
async def moderations(world: OpenAIWorld) -> None:
    client = world.client()
    part = {"type": "text", "text": "kill"}
    for given in ("kill", ["kill"], [part]):
        world.show("answer", await world.call(client.moderations.create(model="gpt-4o", input=given)))
    world.show("default model", await world.call(client.moderations.create(input="kill")))


@case("wrong arguments of other endpoints")
async def wrong_arguments(world: OpenAIWorld) -> None:
    """Nothing was sent, so nothing is recorded."""
    client = world.client()
    for resource in (client.completions, client.embeddings, client.responses, client.moderations):
        await world.attempt("unknown", lambda resource=resource: resource.create(nonsense=1))
    await world.attempt("array", lambda: client.moderations.create(nonsense=array.array("i")))
    world.show("sent", len(world.provider.requests))


@case("a method kept by the user, other endpoints", completion(), Expect(operation="embeddings"), Expect())
async def bound_methods(world: OpenAIWorld) -> None:
    client = world.client()
    methods = [client.completions.create, client.embeddings.create, client.chat.completions.create]
    world.show("names", [(each.__name__, each.__qualname__, bool(each.__doc__)) for each in methods])
    world.show("completion", await world.call(methods[0](model="gpt-4o", prompt="Paris")))
    world.show("embedding", await world.call(methods[1](model="gpt-4o", input="Paris")))
    world.show("chat", await world.call(methods[2](model="gpt-4o", messages=HELLO)))


@case("completions, left-out arguments", completion(texts=(PARIS,)))
async def left_out(world: OpenAIWorld) -> None:
    world.show("answer", await complete(world, suffix=None, stop=openai.NOT_GIVEN, n=None))
