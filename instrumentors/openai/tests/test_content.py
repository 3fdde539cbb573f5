"""What of the messages is recorded, where it goes, and what never goes anywhere."""

import base64
import hashlib
import json
import logging
from collections.abc import Callable
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import SpanLimits
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from literalai_otel import attributes
from literalai_otel.attributes import CONTENT_DROPPED, INPUT_MESSAGES, OUTPUT_MESSAGES, PROMPT_ID, PROMPT_VARIABLES
from literalai_otel.genai.side_table import SIDE_TABLE
from literalai_otel.testing import CapturedSpan, Chat, FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.reading import decoded, inputs, outputs, parts, texts

from .worlds import HELLO, OpenAIWorld

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])
SECRETS = ("xyzzy", "plugh")
"""No digits: ids and times are full of them."""
SECRET = f"the launch code is {SECRETS[0]}"
ANSWER = f"it is {SECRETS[1]}, in truth"
Policy = Callable[..., None]
Instrument = Callable[..., SpanCapture]

FORMS = ["plain", "stream", "raw", "helper"]


async def secret_call(world: OpenAIWorld, form: str = "plain") -> None:
    """A call with a secret in the question, the answer and the tool."""
    world.provider.script(Chat(ANSWER))
    client = world.client()
    function = {"name": "look", "description": SECRET, "parameters": {}, "strict": True}  # the helper takes no others
    tool = {"type": "function", "function": function}
    asked: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": SECRET}], "tools": [tool]}
    completions = client.chat.completions
    if form == "plain":
        await world.call(completions.create(**asked))
    elif form == "stream":
        async for _ in world.each(await world.call(completions.create(stream=True, **asked))):
            pass
    elif form == "raw":
        (await world.call(completions.with_raw_response.create(**asked))).parse()
    else:
        async with world.entering(completions.stream(**asked)) as stream:
            await world.call(stream.get_final_completion())
    await world.aclose()


CAPTURE: dict[str, tuple[dict[str, Any], bool, bool]] = {
    # settings -> in Literal's fields, on the span
    "default": ({}, True, False),
    "literal_only": ({"capture_content": "literal_only"}, True, False),
    "true": ({"capture_content": "true"}, True, True),
    "false": ({"capture_content": "false"}, False, False),
    "standard switch": ({"capture_on_spans": "SPAN_ONLY"}, True, True),
    "standard switch, off": ({"capture_on_spans": "NO_CONTENT"}, True, False),
    "false beats the standard switch": ({"capture_content": "false", "capture_on_spans": True}, False, False),
}


@KINDS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mode", CAPTURE)
async def test_where_content_goes(
    mode: str, form: str, kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    settings, in_fields, on_span = CAPTURE[mode]
    policy(**settings)
    await secret_call(OpenAIWorld(provider, asynchronous=kind == "async"), form)
    span = capture.one()
    on_the_span = span.span.to_json()
    beside_it = json.dumps(span.fields, default=str)
    for secret in (SECRET, ANSWER):
        assert (secret in on_the_span) is on_span
        assert (secret in beside_it) is in_fields
    assert list(span.fields[attributes.RESPONSE_FINISH_REASONS]) == ["stop"], "O43: with content off, too"
    assert span.fields.get(attributes.USAGE_INPUT_TOKENS) == (11 if form in ("plain", "raw") else None)
    if on_span:
        assert json.loads(span.attributes[INPUT_MESSAGES]) == inputs(span), "one JSON text per list"
        assert json.loads(span.attributes[OUTPUT_MESSAGES]) == outputs(span)


@pytest.mark.parametrize("on_spans", [False, True])
async def test_mask(on_spans: bool, provider: FakeProvider, capture: SpanCapture, policy: Policy) -> None:
    asked: list[str] = []

    def mask(value: Any, key: str, span: Any) -> Any:
        asked.append(key)
        assert span.name == "chat gpt-4o"
        return json.loads(json.dumps(value).replace(SECRETS[0], "****").replace(SECRETS[1], "****"))

    policy(mask=mask, capture_on_spans=on_spans)
    await secret_call(OpenAIWorld(provider, asynchronous=False))
    span = capture.one()
    assert texts(inputs(span)) == ("the launch code is ****",)
    assert texts(outputs(span)) == ("it is ****, in truth",)
    for secret in SECRETS:
        assert secret not in span.span.to_json()
        assert secret not in json.dumps(span.fields, default=str)
    assert {INPUT_MESSAGES, OUTPUT_MESSAGES} <= set(asked)


@pytest.mark.parametrize("on_spans", [False, True])
@pytest.mark.parametrize("form", FORMS)
async def test_a_failing_mask_drops_the_content_and_keeps_the_span(
    form: str, on_spans: bool, provider: FakeProvider, capture: SpanCapture, policy: Policy, guard: Guard
) -> None:
    def mask(value: Any, key: str, span: Any) -> Any:
        raise ValueError("no pattern")

    guard.allow("mask")
    guard.allow("dropped")
    policy(mask=mask, capture_on_spans=on_spans)
    await secret_call(OpenAIWorld(provider, asynchronous=False), form)
    span = capture.one()
    for secret in (SECRET, ANSWER):
        assert secret not in span.span.to_json()
        assert secret not in json.dumps(span.fields, default=str)
    assert span.attributes[attributes.RESPONSE_MODEL] == "gpt-4o-2025-01-01"
    assert dropped(span) == "mask_failed"


def dropped(span: CapturedSpan) -> str | None:
    """The reason that is given for absent content; it may be known only once the fields were made."""
    fields = span.fields
    flags = [value.flags for value in (span.deferred or {}).values() if hasattr(value, "flags")]
    return fields.get(CONTENT_DROPPED) or next(
        (each[CONTENT_DROPPED] for each in flags if CONTENT_DROPPED in each), None
    )


async def test_a_mask_that_returns_nothing(provider: FakeProvider, capture: SpanCapture, policy: Policy) -> None:
    policy(mask=lambda value, key, span: None)
    await secret_call(OpenAIWorld(provider, asynchronous=False))
    assert not {INPUT_MESSAGES, OUTPUT_MESSAGES} & set(capture.one().fields)


async def test_the_cap_cuts_single_texts(provider: FakeProvider, capture: SpanCapture, policy: Policy) -> None:
    policy(max_content_bytes=100)
    world = OpenAIWorld(provider, asynchronous=False)
    await world.chat(messages=[{"role": "user", "content": "é" * 1000}, {"role": "user", "content": "short"}])
    await world.aclose()
    long, short = texts(inputs(capture.one()))
    assert len(long.encode()) < 200
    assert long.startswith("é" * 50)
    assert short == "short"
    assert provider.requests[0].json()["messages"][0]["content"] == "é" * 1000


async def test_limits_of_the_host_do_not_reach_literal(provider: FakeProvider, instrument: Instrument) -> None:
    """16 attributes of 100 characters: the span is poor, the fields are whole."""
    capture = instrument(limits=SpanLimits(max_attributes=16, max_attribute_length=100))
    world = OpenAIWorld(provider, asynchronous=False)
    text = "word " * 1000
    await world.chat(messages=[{"role": "user", "content": text}], temperature=0.5, seed=1, user="u", stop=["a"])
    await world.aclose()
    span = capture.one()
    assert len(span.attributes) <= 16
    assert texts(inputs(span)) == (text,)
    assert span.fields[attributes.REQUEST_TEMPERATURE] == 0.5
    assert span.fields[attributes.USAGE_OUTPUT_TOKENS] == 7
    assert span.fields[attributes.OPERATION_NAME] == "chat"


@KINDS
async def test_content_is_that_of_the_call(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    """What the program does to its messages, its tools and the answer afterwards is not recorded."""
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    messages: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": "first"}]}]
    tools: list[dict[str, Any]] = [{"type": "function", "function": {"name": "look", "parameters": {"a": [1]}}}]
    answer = await world.chat(messages=messages, tools=tools)
    messages[0]["content"][0]["text"] = "changed"
    messages.append({"role": "user", "content": "added"})
    tools[0]["function"]["parameters"]["a"].append(2)
    answer.choices[0].message.content = "changed"
    answer.choices.clear()
    await world.aclose()
    span = capture.one()
    assert texts(inputs(span)) == ("first",)
    assert texts(outputs(span)) == ("Hello from the fake provider.",)
    assert decoded(span.fields[attributes.TOOL_DEFINITIONS])[0]["parameters"] == {"a": [1]}


class Counted(dict[str, Any]):
    """A message that counts how often anybody looks into it."""

    looks = 0

    def _look(self) -> None:
        Counted.looks += 1

    def __getitem__(self, key: str) -> Any:
        self._look()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._look()
        return super().get(key, default)

    def items(self) -> Any:
        self._look()
        return super().items()

    def __iter__(self) -> Any:
        self._look()
        return super().__iter__()

    def keys(self) -> Any:
        self._look()
        return super().keys()


@KINDS
@pytest.mark.parametrize("stream", [False, True])
async def test_a_span_that_is_not_sampled_costs_no_content_work(
    kind: str, stream: bool, provider: FakeProvider, instrument: Instrument, policy: Policy
) -> None:
    """O45."""

    async def call() -> int:
        Counted.looks = 0
        answer = await world.chat(client, messages=[Counted(role="user", content="Hi")], stream=stream)
        if stream:
            assert len([chunk async for chunk in world.each(answer)]) == 7
        return Counted.looks

    masked: list[str] = []
    policy(mask=lambda value, key, span: masked.append(key), capture_content="true")
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    client = world.client()
    bare = await call()
    capture = instrument(sampler=ALWAYS_OFF)
    assert await call() == bare
    await world.aclose()
    assert capture.spans == []
    assert masked == []
    assert len(SIDE_TABLE) == 0


# --- parts of messages ---------------------------------------------------------------------------

PIXEL = base64.b64encode(b"\x89PNG" + bytes(200)).decode()
BIG = base64.b64encode(b"\x89PNG" + bytes(range(256)) * 20_000).decode()


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, "detail": "low"}}


PARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "data URL": (image(f"data:image/png;base64,{PIXEL}"), {"modality": "image", "mime_type": "image/png"}),
    "URL": (
        image("https://example.com/a.png"),
        {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
    ),
    "file id": ({"type": "file", "file": {"file_id": "file-1"}}, {"type": "file", "file_id": "file-1"}),
    "audio": (
        {"type": "input_audio", "input_audio": {"data": PIXEL, "format": "wav"}},
        {"modality": "audio", "mime_type": "audio/wav"},
    ),
    "file data": (
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PIXEL}"}},
        {"mime_type": "application/pdf"},
    ),
}


@pytest.mark.feature("I-OAI-11")
@pytest.mark.parametrize("name", PARTS)
async def test_media_parts(name: str, provider: FakeProvider, capture: SpanCapture, policy: Policy) -> None:
    """O21. A span never carries base64."""
    policy(capture_content="true")
    part, expected = PARTS[name]
    world = OpenAIWorld(provider, asynchronous=False)
    await world.chat(messages=[{"role": "user", "content": [{"type": "text", "text": "Look"}, part]}])
    await world.aclose()
    span = capture.one()
    text, media = inputs(span)[0]["parts"]
    assert text == {"type": "text", "content": "Look"}
    assert {key: media.get(key) for key in expected} == expected
    assert PIXEL not in span.span.to_json()


@pytest.mark.parametrize("on_spans", [False, True])
async def test_a_picture_of_5_mb(on_spans: bool, provider: FakeProvider, capture: SpanCapture, policy: Policy) -> None:
    """O58: the span stays small, the wire unchanged, and a reference by hash and size is kept."""
    policy(capture_on_spans=on_spans)
    world = OpenAIWorld(provider, asynchronous=False)
    url = f"data:image/png;base64,{BIG}"
    await world.chat(messages=[{"role": "user", "content": [{"type": "text", "text": "Look"}, image(url)]}])
    await world.aclose()
    assert provider.requests[0].json()["messages"][0]["content"][1]["image_url"]["url"] == url
    span = capture.one()
    assert len(span.span.to_json()) < 8_000
    (media,) = [part for part in inputs(span)[0]["parts"] if part["type"] != "text"]
    raw = base64.b64decode(BIG)
    assert hashlib.sha256(raw).hexdigest() in json.dumps(media)
    assert str(len(raw)) in json.dumps(media)


async def test_audio_that_the_model_made_is_not_recorded(
    provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    policy(capture_content="true")
    audio = {"id": "audio_1", "data": PIXEL, "expires_at": 1, "transcript": "Good morning"}
    message = {"role": "assistant", "content": None, "audio": audio}
    provider.script(Chat(choice_extra={"message": message}))
    world = OpenAIWorld(provider, asynchronous=False)
    await world.chat(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
    await world.aclose()
    span = capture.one()
    assert PIXEL not in json.dumps(span.fields, default=str) + span.span.to_json()
    assert "Good morning" in json.dumps(outputs(span))


async def test_reasoning_of_compatible_servers(provider: FakeProvider, capture: SpanCapture) -> None:
    provider.script(
        Chat(choice_extra={"message": {"role": "assistant", "content": "42", "reasoning_content": "I think"}})
    )
    world = OpenAIWorld(provider, asynchronous=False)
    await world.chat()
    await world.aclose()
    assert [part["content"] for part in parts(outputs(capture.one()), "reasoning")] == ["I think"]


# --- prompts -------------------------------------------------------------------------------------


class Templated(dict[str, Any]):
    """A message as a prompt of the SDK formats it."""


@pytest.mark.feature("L-GEN-09")
@KINDS
@pytest.mark.parametrize("form", ["create", "stream", "raw", "parse"])
async def test_a_prompt_leaves_its_identity(kind: str, form: str, provider: FakeProvider, capture: SpanCapture) -> None:
    message = Templated(role="user", content="Hi Ada")
    message.__literal_prompt__ = {"uuid": "u-1", "prompt_id": "p-1", "variables": {"name": "Ada", "n": 1}}  # type: ignore[attr-defined]
    plain = {"role": "user", "content": "and more"}
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    completions = world.client().chat.completions
    asked = {"model": "gpt-4o", "messages": [message, plain]}
    if form == "create":
        await world.call(completions.create(**asked))
    elif form == "stream":
        async for _ in world.each(await world.call(completions.create(stream=True, **asked))):
            pass
    elif form == "raw":
        await world.call(completions.with_raw_response.create(**asked))
    else:
        await world.call(completions.parse(**asked))
    await world.chat()
    await world.aclose()
    assert provider.requests[0].json()["messages"] == [dict(message), plain]
    linked, other = capture.spans
    assert linked.fields[PROMPT_ID] == "p-1"
    assert decoded(linked.fields[PROMPT_VARIABLES]) == {"name": "Ada", "n": 1}
    first, second = inputs(linked)
    assert (first.get("uuid"), first.get("templated")) == ("u-1", True)
    assert "templated" not in second
    assert PROMPT_ID not in other.fields


# --- what must never be recorded -----------------------------------------------------------------


async def test_credentials_are_not_recorded(
    provider: FakeProvider, capture: SpanCapture, policy: Policy, caplog: pytest.LogCaptureFixture
) -> None:
    policy(capture_content="true")
    caplog.set_level(logging.DEBUG, "literalai_otel")
    world = OpenAIWorld(provider, asynchronous=False)
    client = world.client(
        api_key="sk-very-secret", organization="org-very-secret", default_headers={"x-key": "sk-very-secret"}
    )
    await world.chat(
        client, extra_headers={"authorization": "Bearer sk-very-secret"}, extra_body={"api_key": "sk-very-secret"}
    )
    with pytest.raises(openai.AuthenticationError):
        await world.chat(client, model="error-401", messages=HELLO)
    await world.aclose()
    recorded = "".join(span.span.to_json() + json.dumps(span.fields, default=str) for span in capture.spans)
    assert "very-secret" not in recorded + caplog.text
