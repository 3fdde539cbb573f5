"""What is recorded of a call's content, of the caller's own words, and what never is."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from literalai_otel.attributes import (
    CONTENT_DROPPED,
    CONVERSATION_ID,
    GENERATION_METADATA,
    GENERATION_TAGS,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    PROMPT_ID,
    PROMPT_VARIABLES,
    STEP_ID,
    USAGE_INPUT_TOKENS,
)
from literalai_otel.genai import Inference, Recorder
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.cases import CONTENT
from literalai_otel.testing.reading import decoded, inputs, outputs, texts
from literalai_otel_mistralai.completions import output_messages
from literalai_otel_mistralai.messages import content_parts, input_messages, tool_definitions

from .worlds import GREETING, HELLO, HTTP, MODEL, MistralWorld

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])
Policy = Callable[..., None]


@pytest.fixture(params=["sync", "async"])
async def world(request: pytest.FixtureRequest, provider: FakeProvider) -> Any:
    world = MistralWorld(provider, asynchronous=request.param == "async")
    yield world
    await world.aclose()


class Templated(dict[str, Any]):
    """A message as a prompt of Literal AI makes it."""


STEP = "11111111-0000-4000-8000-000000000000"


async def test_a_caller_s_own_words(world: MistralWorld, provider: FakeProvider, capture: SpanCapture) -> None:
    message = Templated(role="user", content="Hi Ada")
    message.__literal_prompt__ = {"uuid": "u-1", "prompt_id": "p-1", "variables": {"name": "Ada"}}  # type: ignore[attr-defined]
    ours = {"literalai_tags": ["a"], "literalai_metadata": {"k": 1}, "literalai_step_id": STEP}
    await world.chat(messages=[message], **ours)
    await world.read(await world.stream(messages=[message], **ours))
    await world.do(world.client().chat, "complete", model=MODEL, messages=HELLO)
    assert not [key for request in provider.requests for key in request.json() if key.startswith("literalai")]
    *linked, other = capture.spans
    for span in linked:
        assert (list(span.fields[GENERATION_TAGS]), span.fields[STEP_ID]) == (["a"], STEP)
        assert decoded(span.fields[GENERATION_METADATA]) == {"k": 1}
        assert (span.fields[PROMPT_ID], decoded(span.fields[PROMPT_VARIABLES])) == ("p-1", {"name": "Ada"})
        assert (inputs(span)[0]["uuid"], inputs(span)[0]["templated"]) == ("u-1", True)
    assert not {PROMPT_ID, GENERATION_TAGS, STEP_ID} & set(other.fields)


@pytest.mark.parametrize("capture_content", ["true", "false", "literal_only"])
async def test_content_goes_where_it_may(
    capture_content: str, world: MistralWorld, capture: SpanCapture, policy: Policy
) -> None:
    """M26: without content no text is anywhere, and the counts stay."""
    policy(capture_content=capture_content)
    await world.chat()
    await world.read(await world.stream())
    await world.do(world.client().embeddings, "create", model="e", inputs=["Hi"])
    for span in capture.spans:
        on_span, beside = set(CONTENT) & set(span.attributes), set(CONTENT) & set(span.fields)
        assert bool(on_span) == (capture_content == "true")
        assert bool(beside) == (capture_content != "false")
        assert span.attributes[USAGE_INPUT_TOKENS] in (5, 11)
        if capture_content == "false":
            assert "Hi" not in json.dumps(span.fields, default=str).replace("Hide", "")


async def test_a_mask_that_drops(world: MistralWorld, capture: SpanCapture, policy: Policy) -> None:
    """M25."""
    policy(mask=lambda value, name, span: None if name == INPUT_MESSAGES else value)
    await world.chat()
    fields = capture.one().fields
    assert INPUT_MESSAGES not in fields
    assert texts(fields[OUTPUT_MESSAGES]) == (GREETING,)


async def test_a_mask_that_fails(world: MistralWorld, capture: SpanCapture, policy: Policy, guard: Any) -> None:
    guard.allow("mask hook failed")

    def failing(value: Any, name: str, span: Any) -> Any:
        raise RuntimeError("scripted")

    policy(mask=failing)
    await world.chat()
    fields = capture.one().fields
    assert not {INPUT_MESSAGES, OUTPUT_MESSAGES} & set(fields)
    assert fields[CONTENT_DROPPED] == "mask_failed"


async def test_credentials_are_not_recorded(world: MistralWorld, capture: SpanCapture, policy: Policy) -> None:
    policy(capture_content="true")
    client = world.client(api_key="sk-very-secret")
    await world.chat(client, http_headers={"x-key": "sk-very-secret"}, metadata={"api_key": "sk-very-secret"})
    recorded = "".join(span.span.to_json() + json.dumps(span.fields, default=str) for span in capture.spans)
    assert "very-secret" not in recorded


async def test_suppression(world: MistralWorld, capture: SpanCapture) -> None:
    with suppress_instrumentation():
        await world.chat()
        await world.read(await world.stream())
    assert capture.spans == []


async def test_a_call_that_is_sampled_out(world: MistralWorld, instrument: Callable[..., SpanCapture]) -> None:
    capture = instrument(sampler=ALWAYS_OFF)
    await world.chat()
    await world.read(await world.stream())
    assert capture.spans == []


async def test_below_a_framework_it_is_the_same_generation(world: MistralWorld, capture: SpanCapture) -> None:
    """The framework's span learns what only the SDK knows, the bytes of the exchange included."""
    tracer_provider, frameworks = SpanCapture.provider()
    recorder = Recorder("literalai_otel.instrumentors.framework", "0", tracer_provider)
    for method in ("complete", "stream"):
        recording = recorder.open(
            Inference({"gen_ai.operation.name": "chat", "gen_ai.request.model": "outer"}), accepts_nested=True
        )
        assert recording is not None
        token = context.attach(recording.context)
        try:
            result = await world.chat(method=method)
            if method == "stream":
                await world.read(result)
        finally:
            context.detach(token)
        recording.complete()
    assert capture.spans == []
    for span in frameworks.spans:
        assert span.name == "chat outer"
        assert (span.fields[USAGE_INPUT_TOKENS], span.fields["literalai.request.id"][:4]) == (11, "cor_")
        assert (texts(inputs(span)), texts(outputs(span))) == (("Hi",), (GREETING,))


async def test_what_the_http_client_sees(world: MistralWorld, capture: SpanCapture) -> None:
    """M18: our span is current while the request is sent, and after an error the caller's is again."""
    seen: list[Any] = []

    def look(request: Any) -> None:
        seen.append(trace.get_current_span())
        if len(seen) > 1:
            raise HTTP.ConnectError("scripted")

    async def look_async(request: Any) -> None:
        look(request)

    clients = (
        {"async_client": HTTP.AsyncClient(verify=False, event_hooks={"request": [look_async]})}
        if world.asynchronous
        else {"client": HTTP.Client(verify=False, event_hooks={"request": [look]})}
    )
    client = world.client(**clients)
    await world.chat(client)
    with pytest.raises(HTTP.ConnectError):
        await world.chat(client)
    assert [span.get_span_context().span_id for span in seen] == [span.span_id for span in capture.spans]
    assert capture.spans[1].status is StatusCode.ERROR
    assert not trace.get_current_span().get_span_context().is_valid


async def test_a_conversation_in_baggage_is_not_ours(world: MistralWorld, capture: SpanCapture) -> None:
    """M16: ours is set by the provider's answer or by the thread, never by what others put into baggage."""
    token = context.attach(baggage.set_baggage(CONVERSATION_ID, "theirs"))
    try:
        await world.chat()
    finally:
        context.detach(token)
    assert CONVERSATION_ID not in capture.one().fields


# --- the converters alone ------------------------------------------------------------------------

CONTENTS = {
    "text": ("Hi", [{"type": "text", "content": "Hi"}]),
    "nothing": (None, []),
    "thinking, nested": (
        [{"type": "thinking", "thinking": [{"thinking": [{"text": "deep"}]}, {"type": "text", "text": "er"}]}],
        [{"type": "reasoning", "content": "deeper"}],
    ),
    "thinking as a text": ([{"type": "thinking", "thinking": "hm"}], [{"type": "reasoning", "content": "hm"}]),
    "thinking without thoughts": ([{"type": "thinking"}], [{"type": "reasoning", "content": ""}]),
    "a file": ([{"type": "file", "file_id": "f"}], [{"type": "file", "modality": "document", "file_id": "f"}]),
    "audio": (
        [{"type": "input_audio", "input_audio": "QUJD"}],
        [{"type": "blob", "modality": "audio", "content": "QUJD"}],
    ),
    "audio at an address": (
        [{"type": "input_audio", "input_audio": "https://e.org/a.wav"}],
        [{"type": "uri", "modality": "audio", "uri": "https://e.org/a.wav"}],
    ),
    "references": (
        [{"type": "reference", "reference_ids": [1, 2]}],
        [{"type": "reference", "reference_ids": [1, 2]}],
    ),
    "an unknown chunk": ([{"type": "hologram", "data": 1}], [{"type": "hologram", "data": 1}]),
    "no chunk at all": ([7, "loose"], [{"type": "text", "content": "7"}, {"type": "text", "content": "loose"}]),
}


@pytest.mark.parametrize("content", CONTENTS)
def test_content(content: str) -> None:
    """M10."""
    given, expected = CONTENTS[content]
    assert content_parts(given) == expected


TOOLS = {
    "full": (
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
        [{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}],
    ),
    "minimal": ({"type": "function", "function": {"name": "f"}}, [{"type": "function", "name": "f"}]),
    "without a function": ({"type": "function"}, None),
    "empty": ({}, None),
    "without a name": ({"type": "function", "function": {"description": "d"}}, None),
    "of the provider": ({"type": "web_search"}, [{"type": "web_search"}]),
    "no tool": (7, None),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_definitions(tool: str) -> None:
    """M21."""
    given, expected = TOOLS[tool]
    assert tool_definitions([given]) == expected


CALLS = {
    "without an id": ({"function": {"name": "f", "arguments": "{}"}}, {"name": "f", "arguments": {}}),
    "with the SDK's word for no id": ({"id": "null", "function": {"name": "f"}}, {"name": "f"}),
    "without arguments": ({"id": "1", "function": {"name": "f"}}, {"id": "1", "name": "f"}),
    "without a function": ({"id": "1"}, {"id": "1", "name": None}),
    "arguments that are no JSON": (
        {"id": "1", "function": {"name": "f", "arguments": "{"}},
        {"id": "1", "name": "f", "arguments": "{"},
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_tool_calls(call: str) -> None:
    """M22."""
    given, expected = CALLS[call]
    (message,) = input_messages([{"role": "assistant", "content": None, "tool_calls": [given]}])
    assert message["parts"] == [{"type": "tool_call", **expected}]


@pytest.mark.parametrize("response", [None, {}, {"choices": None}, {"choices": []}, {"choices": "none"}, 7])
def test_answers_without_choices(response: Any) -> None:
    assert output_messages(response) is None
