"""Usage in streams that the program did not ask for: one difference on the wire, none for the program.

Regression 2 of `spec/instrumentation-cases.md` §2. The provider stands in as a proxy, so that the client believes
that it talks to the host.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from literalai_otel import attributes
from literalai_otel.config import Config
from literalai_otel.testing import ABSENT, Chat, Chunks, Completion, FakeProvider, SpanCapture
from literalai_otel.testing.reading import outputs, texts, usage
from literalai_otel.testing.twin import Observation, observe
from literalai_otel_openai.stream_usage import Asked

from .cases_streams import PIECES
from .worlds import HELLO, HTTP, OpenAIWorld

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])
OWN = "http://api.openai.com/v1"
ASKED = {"include_usage": True}
WHOLE = "one two three four five"
Policy = Callable[..., None]
Instrument = Callable[..., SpanCapture]


def client_of(world: OpenAIWorld, base_url: str = OWN, **settings: Any) -> Any:
    kind = HTTP.AsyncClient if world.asynchronous else HTTP.Client
    return world.client(base_url=base_url, http_client=kind(proxy=world.provider.origin), **settings)


async def chunks_of(world: OpenAIWorld, stream: Any) -> list[Any]:
    # A null `usage` in each chunk says that usage will follow; models show it as what it is by default.
    return [chunk.model_dump() async for chunk in world.each(stream)]


async def plain(world: OpenAIWorld, client: Any) -> None:
    stream = await world.chat(client, stream=True)
    world.show("chunks", await chunks_of(world, stream))
    world.show("type", type(stream).__name__)


async def raw(world: OpenAIWorld, client: Any) -> None:
    view = client.chat.completions.with_raw_response
    response = await world.call(view.create(model="gpt-4o", messages=HELLO, stream=True))
    world.show("chunks", await chunks_of(world, response.parse()))


async def streaming(world: OpenAIWorld, client: Any) -> None:
    view = client.chat.completions.with_streaming_response
    async with world.entering(view.create(model="gpt-4o", messages=HELLO, stream=True)) as response:
        world.show("chunks", await chunks_of(world, await world.call(response.parse())))


async def lines(world: OpenAIWorld, client: Any) -> None:
    view = client.chat.completions.with_streaming_response
    async with world.entering(view.create(model="gpt-4o", messages=HELLO, stream=True)) as response:
        seen = [line async for line in world.each(response.iter_lines())]
    world.show("lines", [line.replace(',"usage":null', "") for line in seen])


async def small_pieces(world: OpenAIWorld, client: Any) -> None:
    view = client.chat.completions.with_streaming_response
    async with world.entering(view.create(model="gpt-4o", messages=HELLO, stream=True)) as response:
        seen = b"".join([piece async for piece in world.each(response.iter_bytes(7))])
    world.show("bytes", seen.replace(b',"usage":null', b""))


async def helper(world: OpenAIWorld, client: Any) -> None:
    async with world.entering(client.chat.completions.stream(model="gpt-4o", messages=HELLO)) as stream:
        world.show("events", [event.type async for event in world.each(stream)])
        world.show("final", await world.call(stream.get_final_completion()))


async def legacy(world: OpenAIWorld, client: Any) -> None:
    world.provider.script(Completion(" two"))
    stream = await world.call(client.completions.create(model="gpt-4o", prompt="one", stream=True))
    world.show("chunks", await chunks_of(world, stream))


FORMS = {form.__name__: form for form in (plain, raw, streaming, lines, small_pieces, helper, legacy)}


def seen(form: Callable[..., Any], kind: str, provider: FakeProvider, **settings: Any) -> Observation:
    async def case(world: OpenAIWorld) -> None:
        world.provider.script(Chat(pieces=PIECES))
        await form(world, client_of(world, **settings))

    tracer = SpanCapture.provider()[0].get_tracer("user")
    return observe(case, provider, OpenAIWorld, asynchronous=kind == "async", tracer=tracer)


def bodies(observed: Observation) -> list[Mapping[str, Any]]:
    return [json.loads(request["body"]) for request in observed.wire]


@KINDS
@pytest.mark.parametrize("form", FORMS)
def test_asked_for_and_hidden(
    form: str, kind: str, provider: FakeProvider, instrument: Instrument, policy: Policy
) -> None:
    bare = seen(FORMS[form], kind, provider)
    policy(stream_usage=True)
    capture = instrument()
    on = seen(FORMS[form], kind, provider)
    assert bodies(on) == [{**body, "stream_options": ASKED} for body in bodies(bare)]
    assert all("usage" not in chunk or chunk["usage"] is None for chunk in _dumped(on))
    assert without_digests(on.shown) == without_digests(bare.shown)
    assert (on.raised, on.warned, on.printed) == (bare.raised, bare.warned, bare.printed)
    span = capture.one()
    assert usage(span) == (11, 7)
    assert texts(outputs(span)) == ((WHOLE,) if form != "legacy" else (" two",))
    assert attributes.STREAM_OUTCOME not in span.fields


def _dumped(observed: Observation) -> list[Any]:
    return [chunk for label, value in observed.shown if label == "chunks" for chunk in value]


def without_digests(shown: Any) -> str:
    """The fake provider names its answers after the request's bytes, which differ by what we ask."""
    return re.sub(r"(cmpl|chatcmpl|req)[-_][0-9a-f]{24}", "id", repr(shown))


@KINDS
@pytest.mark.parametrize("form", FORMS)
def test_off_by_default(form: str, kind: str, provider: FakeProvider, instrument: Instrument) -> None:
    assert Config().stream_usage is False
    bare = seen(FORMS[form], kind, provider)
    capture = instrument()
    assert seen(FORMS[form], kind, provider) == bare
    assert usage(capture.one()) == (None, None)


OPTIONS = {
    # what the program says -> what is sent
    "nothing": (None, ASKED),
    "other options": ({"include_obfuscation": False}, {"include_obfuscation": False, "include_usage": True}),
    "asks": (ASKED, ASKED),
    "refuses": ({"include_usage": False}, {"include_usage": False}),
}


@KINDS
@pytest.mark.parametrize("through", ["stream_options", "extra_body"])
@pytest.mark.parametrize("said", OPTIONS)
async def test_what_the_program_says_is_left_alone(
    said: str, through: str, kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    policy(stream_usage=True)
    given, sent = OPTIONS[said]
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    asked: dict[str, Any] = {} if given is None else {"stream_options": given}
    stream = await world.chat(
        client_of(world), stream=True, **({"extra_body": asked} if through == "extra_body" else asked)
    )
    chunks = [chunk async for chunk in world.each(stream)]
    await world.aclose()
    if through == "extra_body" and said == "other options":
        sent = given  # a body written by hand is sent as it is
    assert provider.requests[0].json().get("stream_options") == sent
    assert any(chunk.usage for chunk in chunks) is (said == "asks")
    expected = sent is not None and sent.get("include_usage") is True
    assert usage(capture.one()) == ((11, 7) if expected else (None, None))


HOSTS = {
    OWN: True,
    "http://eu.api.openai.com/v1": True,
    "http://api.openai.com.evil.example/v1": False,
    "http://notapi.openai.com/v1": False,
    "http://api.groq.com/openai/v1": False,
    "http://vllm.internal:8000/v1": False,
    "http://mine.openai.azure.com/openai/v1/": True,
    "http://mine.openai.azure.com/openai/deployments/x": False,
}


@KINDS
@pytest.mark.parametrize("base_url", HOSTS)
async def test_only_hosts_that_are_known_to_understand(
    base_url: str, kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    policy(stream_usage=True)
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    async for chunk in world.each(await world.chat(client_of(world, base_url), stream=True)):
        assert chunk.choices
    await world.aclose()
    assert ("stream_options" in provider.requests[0].json()) is HOSTS[base_url]


@pytest.mark.parametrize(
    ("version", "asked", "expected"),
    [
        ("2024-10-21", {}, True),
        ("2025-04-01-preview", {}, True),
        ("2024-06-01", {}, False),
        ("2024-10-21", {"extra_body": {"data_sources": [{"type": "azure_search"}]}}, False),
        ("latest", {}, False),
    ],
)
async def test_azure_by_version(
    version: str, asked: Any, expected: bool, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    policy(stream_usage=True)
    world = OpenAIWorld(provider, asynchronous=False)
    list(await world.chat(world.azure(api_version=version), stream=True, **asked))
    await world.aclose()
    assert ("stream_options" in provider.requests[0].json()) is expected


ODD = {
    "a chunk that only has filter results": ({"choices": [], "prompt_filter_results": [], "usage": None},),
    "usage beside a choice": ({"choices": [{"index": 0, "delta": {"content": "x"}}], "usage": {"prompt_tokens": 1}},),
    "null choices": ({"choices": None, "usage": {"prompt_tokens": 1}},),
    "usage that is none": ({"choices": [], "usage": 5},),
}


@KINDS
@pytest.mark.parametrize("name", ODD)
async def test_only_the_chunk_that_was_asked_for_is_hidden(
    name: str, kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    policy(stream_usage=True)
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    provider.script(Chunks(ODD[name]))
    stream = await world.chat(client_of(world), stream=True)
    assert len([chunk async for chunk in world.each(stream)]) == 1
    await world.aclose()


@KINDS
async def test_nothing_is_asked_for_a_span_that_is_not_recorded(
    kind: str, provider: FakeProvider, instrument: Instrument, policy: Policy
) -> None:
    policy(stream_usage=True)
    instrument(sampler=ALWAYS_OFF)
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    stream = await world.chat(client_of(world), stream=True)
    assert [chunk async for chunk in world.each(stream)]
    await world.aclose()
    assert "stream_options" not in provider.requests[0].json()


@KINDS
async def test_what_the_program_handed_over_is_unchanged(
    kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    """The body of a request made by hand, and its options when they are used twice."""
    policy(stream_usage=True)
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    client = client_of(world)
    body: dict[str, Any] = {"model": "gpt-4o", "messages": HELLO, "stream": True}
    stream_class = openai.AsyncStream[Any] if world.asynchronous else openai.Stream[Any]
    for _ in range(2):
        stream = await world.call(
            client.post("/chat/completions", cast_to=object, body=body, stream=True, stream_cls=stream_class)
        )
        assert all(chunk["choices"] for chunk in [chunk async for chunk in world.each(stream)])
    await world.aclose()
    assert body == {"model": "gpt-4o", "messages": HELLO, "stream": True}
    assert [request.json()["stream_options"] for request in provider.requests] == [ASKED, ASKED]


def test_options_are_as_before_after_the_call() -> None:
    class Options:
        json_data: Any = {"stream_options": {"include_obfuscation": False}}  # noqa: RUF012 - as the SDK has it

    options = Options()
    before = options.json_data
    asked = Asked(options)
    assert options.json_data == {"stream_options": {"include_obfuscation": False, "include_usage": True}}
    asked.restore()
    assert options.json_data is before
    assert before == {"stream_options": {"include_obfuscation": False}}


@KINDS
async def test_a_stream_without_the_chunk(
    kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    """A host that promises and does not tell: nothing is invented."""
    policy(stream_usage=True)
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    provider.script(Chat(pieces=PIECES, usage=ABSENT))
    stream = await world.chat(client_of(world), stream=True)
    assert [chunk async for chunk in world.each(stream)]
    await world.aclose()
    assert usage(capture.one()) == (None, None)


@KINDS
@pytest.mark.parametrize("ending", ["closed", "error", "cut"])
async def test_other_endings(
    ending: str, kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    policy(stream_usage=True)
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    provider.script(
        Chat(pieces=PIECES, error_after=3 if ending == "error" else None, cut_after=3 if ending == "cut" else None)
    )
    stream = await world.chat(client_of(world), stream=True)
    read: list[Any] = []

    async def reading() -> None:
        async for chunk in world.each(stream):
            read.append(chunk)
            if ending == "closed" and len(read) == 2:
                break

    await world.attempt("end", reading)
    await world.call(stream.close())
    await world.aclose()
    span = capture.one()
    assert span.fields.get(attributes.STREAM_OUTCOME) == ("closed" if ending == "closed" else None)
    assert (attributes.ERROR_TYPE in span.attributes) is (ending != "closed")
    assert len(read) == (2 if ending == "closed" else 3)
