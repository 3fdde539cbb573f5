"""Anthropic's SDK makes its own spans (2.11 and later): translated, with nothing of ours in between."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from literalai_otel.testing import MESSAGE_ENDPOINTS, FakeProvider

from .program import Literal

anthropic = pytest.importorskip("anthropic", minversion="2.11")

ASKED: dict[str, Any] = {
    "max_tokens": 100,
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Hi"}],
    "tools": [{"name": "get_weather", "input_schema": {"type": "object"}}],
}
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
ANSWER = {"role": "assistant", "content": "Hello from the fake provider."}
TOOL_ANSWER = {
    "role": "assistant",
    "content": "Let me look.",
    "tool_calls": [
        {
            "id": "toolu_1",
            "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'},
        }
    ],
}
pytestmark = pytest.mark.feature("P-LLM-01")


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider(MESSAGE_ENDPOINTS) as fake:
        yield fake


def options(provider: FakeProvider, traced: TracerProvider, mode: str) -> dict[str, Any]:
    tracing = {"traces": {"content_mode": mode}, "tracer_provider": traced}
    return {"base_url": provider.origin, "api_key": "k", "max_retries": 0, "open_telemetry": tracing}


def plain(settings: dict[str, Any], model: str) -> None:
    anthropic.Anthropic(**settings).messages.create(model=model, **ASKED)


def streamed(settings: dict[str, Any], model: str) -> None:
    with anthropic.Anthropic(**settings).messages.stream(model=model, **ASKED) as stream:
        for _ in stream:
            pass


def asynchronous(settings: dict[str, Any], model: str) -> None:
    async def call() -> None:
        async with anthropic.AsyncAnthropic(**settings) as client:
            await client.messages.create(model=model, **ASKED)

    asyncio.run(call())


def asynchronously_streamed(settings: dict[str, Any], model: str) -> None:
    async def call() -> None:
        async with (
            anthropic.AsyncAnthropic(**settings) as client,
            client.messages.stream(model=model, **ASKED) as stream,
        ):
            async for _ in stream:
                pass

    asyncio.run(call())


Call = Callable[[dict[str, Any], str], None]
CALLS = pytest.mark.parametrize("call", [plain, streamed, asynchronous, asynchronously_streamed])


@CALLS
@pytest.mark.parametrize("mode", ["content", "metadata_only"])
def test_a_call_is_one_generation(
    literal: Literal, traced: TracerProvider, provider: FakeProvider, call: Call, mode: str
) -> None:
    settings = options(provider, traced, mode)
    step = literal.step_of(traced, lambda: call(settings, "claude-next"))
    generation = step["generation"]
    is_stream = call in (streamed, asynchronously_streamed)
    duration, throughput = generation.pop("duration"), generation.pop("tokenThroughputInSeconds")
    assert throughput == pytest.approx(7 / duration)
    assert (generation.pop("ttFirstToken", None) is not None) == is_stream
    content = {"messages": MESSAGES, "messageCompletion": ANSWER} if mode == "content" else {}
    assert step["type"] == "llm"
    assert step.get("error") is None
    assert generation == {
        "type": "CHAT",
        "provider": "anthropic",
        "model": "claude-next-20250101",
        "settings": {"model": "claude-next", "max_tokens": 100, **({"stream": True} if is_stream else {})},
        "inputTokenCount": 16,
        "outputTokenCount": 7,
        "tokenCount": 23,
        "metadata": {
            "server_address": "127.0.0.1",
            "server_port": provider.port,
            "response_id": generation["metadata"]["response_id"],
            "request_id": generation["metadata"]["request_id"],
            "finish_reasons": ["end_turn"],
            "usage": {"cache_write_input_tokens": 2, "cache_read_input_tokens": 3},
        },
        **content,
    }
    assert len(provider.requests) == 1


@CALLS
def test_tool_calls_are_part_of_the_answer(
    literal: Literal, traced: TracerProvider, provider: FakeProvider, call: Call
) -> None:
    settings = options(provider, traced, "content")
    step = literal.step_of(traced, lambda: call(settings, "tools"))
    assert step["output"] == step["generation"]["messageCompletion"] == TOOL_ANSWER
    assert step["generation"]["metadata"]["finish_reasons"] == ["tool_use"]


@CALLS
@pytest.mark.parametrize(("model", "error"), [("error-429", "rate_limit_error"), ("error-529", "overloaded_error")])
def test_a_refused_call_is_a_generation_with_its_error(
    literal: Literal, traced: TracerProvider, provider: FakeProvider, call: Call, model: str, error: str
) -> None:
    def refused() -> None:
        with pytest.raises(anthropic.APIStatusError):
            call(options(provider, traced, "metadata_only"), model)

    step = literal.step_of(traced, refused)
    assert (step["type"], step["error"], step["generation"]["error"]) == ("llm", error, error)
    assert step["generation"]["model"] == model


def test_the_switch_of_the_environment(
    literal: Literal, traced: TracerProvider, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For clients that are given no option; it is read when a client is made."""
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", traced)
    settings = options(provider, traced, "")
    del settings["open_telemetry"]
    monkeypatch.setenv("ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE", "content")
    step = literal.step_of(traced, lambda: plain(settings, "claude-next"))
    assert step["generation"]["messages"] == MESSAGES
    literal.steps.clear()
    monkeypatch.setenv("ANTHROPIC_OPEN_TELEMETRY", "false")
    plain(settings, "claude-next")
    literal.delivery.flush(10)
    assert literal.steps == {}
