"""Google's SDK makes no spans itself; those of OpenTelemetry's instrumentation of it are translated."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from literalai_otel.testing import Body, Computed, Endpoint, FakeProvider, RecordedRequest, json_answer
from literalai_otel.testing.replies import Answer

from .program import Literal

google = pytest.importorskip("google.genai")
instrumentation = pytest.importorskip("opentelemetry.instrumentation.google_genai")

REPLY: dict[str, Any] = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "Hello from the fake provider."}]},
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "usageMetadata": {
        "promptTokenCount": 11,
        "candidatesTokenCount": 7,
        "totalTokenCount": 18,
        "cachedContentTokenCount": 3,
    },
    "modelVersion": "gemini-next-001",
    "responseId": "response-1",
}
FAILURE = json_answer({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}, status=429)


def answer(request: RecordedRequest) -> Answer:
    if "refused" in request.path:
        return FAILURE
    if "alt=sse" in request.path:
        return Body(b"data: " + json.dumps(REPLY).encode() + b"\r\n\r\n", "text/event-stream")
    return json_answer(REPLY)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider([Endpoint("POST", r"/v1beta/models/.+", Computed(answer))]) as fake:
        yield fake


@pytest.fixture
def instrument(traced: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Switches the instrumentation on, with a setting for content, which it reads then."""
    instrumentor = instrumentation.GoogleGenAiSdkInstrumentor()

    def switch_on(captured: str) -> None:
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", captured)
        instrumentor.instrument(tracer_provider=traced)

    yield switch_on
    instrumentor.uninstrument()


CONFIG = {"system_instruction": "Be brief.", "temperature": 0.5}


def plain(client: Any, model: str) -> None:
    client.models.generate_content(model=model, contents="Hi", config=CONFIG)


def streamed(client: Any, model: str) -> None:
    for _ in client.models.generate_content_stream(model=model, contents="Hi", config=CONFIG):
        pass


def asynchronous(client: Any, model: str) -> None:
    asyncio.run(client.aio.models.generate_content(model=model, contents="Hi", config=CONFIG))


def asynchronously_streamed(client: Any, model: str) -> None:
    async def call() -> None:
        async for _ in await client.aio.models.generate_content_stream(model=model, contents="Hi", config=CONFIG):
            pass

    asyncio.run(call())


CALLS = pytest.mark.parametrize("call", [plain, streamed, asynchronous, asynchronously_streamed])
Call = Callable[[Any, str], None]


@CALLS
@pytest.mark.parametrize("captured", ["SPAN_ONLY", "NO_CONTENT"])
def test_a_call_is_one_generation(
    literal: Literal,
    traced: TracerProvider,
    provider: FakeProvider,
    instrument: Callable[[str], None],
    call: Call,
    captured: str,
) -> None:
    instrument(captured)
    client = google.Client(api_key="k", http_options={"base_url": provider.origin})
    step = literal.step_of(traced, lambda: call(client, "gemini-next"))
    generation = step["generation"]
    is_stream = call in (streamed, asynchronously_streamed)
    for measured in ("duration", "tokenThroughputInSeconds"):
        assert generation.pop(measured) > 0
    assert (generation.pop("ttFirstToken", None) is not None) == is_stream
    stream = {"stream": True} if is_stream else {}
    content = {
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "messageCompletion": {"role": "assistant", "content": "Hello from the fake provider."},
    }
    assert step["type"] == "llm"
    assert generation == {
        "type": "CHAT",
        "provider": generation["provider"],
        "model": "gemini-next-001",
        "settings": {"model": "gemini-next", "temperature": 0.5, **stream},
        "inputTokenCount": 11,
        "outputTokenCount": 7,
        "tokenCount": 18,
        "metadata": {
            "server_address": "127.0.0.1",
            "finish_reasons": ["stop"],
            "response_id": "response-1",
            "usage": {"cache_read_input_tokens": 3},
            "provider": "gemini",
        },
        **(content if captured == "SPAN_ONLY" else {}),
    }
    assert "gemini" in generation["provider"]
    assert len(provider.requests) == 1


@CALLS
def test_a_refused_call_is_a_generation_with_its_error(
    literal: Literal,
    traced: TracerProvider,
    provider: FakeProvider,
    instrument: Callable[[str], None],
    call: Call,
) -> None:
    instrument("NO_CONTENT")
    client = google.Client(api_key="k", http_options={"base_url": provider.origin, "retry_options": {"attempts": 1}})

    def refused() -> None:
        with pytest.raises(google.errors.ClientError):
            call(client, "refused")

    step = literal.step_of(traced, refused)
    assert step["type"] == "llm"
    assert step["error"]
    assert step["generation"]["error"] == step["error"]
