"""What holds for every endpoint alike: where content goes, the program's own words, one step for a call."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from literalai_otel import attributes
from literalai_otel.model import CompletionGeneration
from literalai_otel.testing import CapturedSpan, FakeProvider, Images, SpanCapture
from literalai_otel.testing.reading import inputs
from literalai_otel.translate import SpanRecord, translate
from literalai_otel_openai.endpoints import ENDPOINTS, endpoint_of

from .worlds import OpenAIWorld

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])
SECRET = "the launch code is 0000"
Policy = Callable[..., None]
Call = Callable[..., Any]

CALLS: dict[str, Call] = {
    # name -> a call with a secret in it; `more` are further keywords
    "completions": lambda client, **more: client.completions.create(model="m", prompt=SECRET, suffix=SECRET, **more),
    "responses": lambda client, **more: client.responses.create(
        model="m", input=SECRET, instructions=SECRET, prompt={"id": "p", "variables": {"code": SECRET}}, **more
    ),
    "responses.parse": lambda client, **more: client.responses.parse(model="m", input=SECRET, **more),
    "embeddings": lambda client, **more: client.embeddings.create(model="m", input=[SECRET], **more),
    "moderations": lambda client, **more: client.moderations.create(model="m", input=SECRET, **more),
    "images.generate": lambda client, **more: client.images.generate(model="m", prompt=SECRET, **more),
    "images.edit": lambda client, **more: client.images.edit(model="m", prompt=SECRET, image=b"abc", **more),
    "speech": lambda client, **more: client.audio.speech.create(
        model="m", voice="v", input=SECRET, instructions=SECRET, **more
    ),
    "transcriptions": lambda client, **more: client.audio.transcriptions.create(
        model="m", file=b"sound", prompt=SECRET, **more
    ),
}


async def called(name: str, kind: str, provider: FakeProvider, **more: Any) -> None:
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    await world.call(CALLS[name](world.client(), **more))
    await world.aclose()


@KINDS
@pytest.mark.parametrize("mode", ["literal_only", "true", "false"])
@pytest.mark.parametrize("name", CALLS)
async def test_where_content_goes(
    name: str, mode: str, kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    policy(capture_content=mode)
    await called(name, kind, provider)
    assert SECRET.encode() in provider.requests[0].body
    span = capture.one()
    assert (SECRET in span.span.to_json()) is (mode == "true")
    assert (SECRET in json.dumps(span.fields, default=str)) is (mode != "false")


@KINDS
@pytest.mark.parametrize("name", CALLS)
async def test_a_failing_mask_lets_nothing_through(
    name: str, kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy, guard: Any
) -> None:
    def mask(value: Any, key: str, span: Any) -> Any:
        raise ValueError("no pattern")

    guard.allow("mask")
    policy(capture_content="true", mask=mask)
    await called(name, kind, provider)
    span = capture.one()
    assert SECRET not in span.span.to_json() + json.dumps(span.fields, default=str)
    assert span.fields[attributes.CONTENT_DROPPED] == "mask_failed"


@pytest.mark.feature("I-OAI-08")
@KINDS
@pytest.mark.parametrize("name", CALLS)
async def test_one_calls_own_words(name: str, kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    await called(name, kind, provider, literalai_tags=["mine"], literalai_metadata={"ticket": 7})
    fields = capture.one().fields
    assert list(fields[attributes.GENERATION_TAGS]) == ["mine"]
    assert json.loads(fields[attributes.GENERATION_METADATA]) == {"ticket": 7}
    assert b"literalai" not in provider.requests[0].body


class Templated(dict[str, Any]):
    """A message as a prompt of the SDK formats it."""


@pytest.mark.feature("L-GEN-09")
@KINDS
async def test_a_prompt_in_responses(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    message = Templated(role="user", content="Hi Ada")
    message.__literal_prompt__ = {"uuid": "u-1", "prompt_id": "p-1", "variables": {"name": "Ada"}}  # type: ignore[attr-defined]
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    items = [{"type": "reasoning", "id": "r", "summary": []}, message, {"role": "user", "content": "and more"}]
    await world.call(world.client().responses.create(model="m", input=items))
    await world.aclose()
    span = capture.one()
    assert span.fields[attributes.PROMPT_ID] == "p-1"
    first, second = inputs(span)
    assert (first.get("uuid"), first.get("templated")) == ("u-1", True)
    assert "templated" not in second


STEPS: dict[str, tuple[str, Any, Any]] = {
    # name -> type of the step, its input, its output
    "completions": ("llm", {"content": SECRET, "suffix": SECRET}, {"content": " is the capital of France."}),
    "embeddings": ("embedding", {"content": [SECRET]}, {"count": 1, "dimensions": 8}),
    "speech": (
        "llm",
        {"content": [{"role": "system", "content": SECRET}, {"role": "user", "content": SECRET}]},
        {"role": "assistant", "content": "[audio content, 16387 bytes]"},
    ),
    "transcriptions": (
        "llm",
        {
            "content": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "[audio content, 5 bytes]"}, {"type": "text", "text": SECRET}],
                }
            ]
        },
        {"role": "assistant", "content": "Good morning, Paris."},
    ),
}


@pytest.mark.feature("I-OAI-07")
@pytest.mark.parametrize("name", STEPS)
async def test_the_step(name: str, provider: FakeProvider, capture: SpanCapture) -> None:
    await called(name, "sync", provider)
    step = step_of(capture.one())
    assert (step.type, step.input, step.output) == STEPS[name]


def step_of(span: CapturedSpan) -> Any:
    return translate(SpanRecord.from_sdk(span.span, span.fields))


@pytest.mark.feature("I-OAI-03")
async def test_a_completion_is_a_completion_generation(provider: FakeProvider, capture: SpanCapture) -> None:
    await called("completions", "sync", provider)
    generation = step_of(capture.one()).generation
    assert isinstance(generation, CompletionGeneration)
    assert (generation.prompt, generation.completion) == (SECRET, " is the capital of France.")
    assert (generation.input_token_count, generation.output_token_count, generation.token_count) == (11, 7, 18)


@pytest.mark.feature("I-OAI-04")
async def test_an_image_is_a_generation(provider: FakeProvider, capture: SpanCapture) -> None:
    picture = bytes(100_000)
    provider.script(Images(picture))
    await called("images.generate", "sync", provider)
    step = step_of(capture.one())
    assert step.type == "llm"
    assert step.generation.provider == "openai"
    assert step.generation.model == "m"
    assert step.generation.token_count == 106
    (image,) = step.output["content"]
    assert image["image_url"]["url"].startswith("sha256:")
    assert (image["mime_type"], image["byte_size"]) == ("image/png", len(picture))


async def test_tools_of_the_provider_stay_in_the_answer(provider: FakeProvider, capture: SpanCapture) -> None:
    world = OpenAIWorld(provider, asynchronous=False)
    await world.call(world.client().responses.create(model="server-tools", input="Hi"))
    await world.aclose()
    step = step_of(capture.one())
    answer = step.generation.message_completion
    assert answer["role"] == "assistant"
    assert {"type": "text", "text": "It is sunny."} in answer["content"]
    results = {call["function"]["name"]: call["metadata"]["response"] for call in answer["tool_calls"]}
    assert results["code_interpreter"]["outputs"] == [{"type": "logs", "logs": "1\n"}]
    assert "choices" not in (step.generation.metadata or {})


@KINDS
@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_no_base64_on_a_span(
    size: int, kind: str, provider: FakeProvider, capture: SpanCapture, policy: Policy
) -> None:
    """Regression 11 of `spec/instrumentation-cases.md` §2."""
    policy(capture_content="true")
    provider.script(Images(b"\x01" * size))
    await called("images.generate", kind, provider)
    text = capture.one().span.to_json()
    assert "AQEBAQEB" not in text
    assert "sha256:" in text
    assert len(text) < 8_000


# --- which requests call a model -----------------------------------------------------------------

PATHS = {
    "/chat/completions": "chat",
    "chat/completions": "chat",
    "/chat/completions?api-version=1": "chat",
    "/completions": "text_completion",
    "https://example.com/openai/deployments/x/completions?api-version=1": "text_completion",
    "https://example.com/v1/chat/completions": "chat",
    "/responses": "chat",
    "/responses/": "chat",
    "/responses?beta=true": "chat",
    "/openai/v1/responses": "chat",
    "/responses/compact": "chat",
    "/embeddings": "embeddings",
    "/images/generations": "generate_content",
    "/images/edits": "generate_content",
    "/images/variations": "generate_content",
    "/audio/speech": "generate_content",
    "/audio/transcriptions": "generate_content",
    "/audio/translations": "generate_content",
    "/moderations": "moderation",
    "/responses/resp_1": None,
    "/responses/resp_1/cancel": None,
    "/responses/input_tokens": None,
    "/chat/completions/chatcmpl-1": None,
    "/conversations/c/items": None,
    "/files": None,
    "/batches": None,
    "/videos/edits": None,
    "/audio/voices": None,
    "/realtime/sessions": None,
    "/threads/t/runs": None,
    "/vector_stores/v/search": None,
    "/unknowncompletions": None,
    "": None,
}


@pytest.mark.parametrize("path", PATHS)
def test_endpoint_of_a_path(path: str) -> None:
    found = endpoint_of("post", path)
    assert (found.operation if found else None) == PATHS[path]
    assert endpoint_of("POST", path) is found
    for method in ("get", "GET", "delete", "patch", "put"):
        assert endpoint_of(method, path) is None


def test_the_longer_of_two_paths_that_end_alike_comes_first() -> None:
    """`endpoint_of` takes the first that fits."""
    paths = list(ENDPOINTS)
    for number, path in enumerate(paths):
        assert not [other for other in paths[number + 1 :] if other.endswith(path)]
