"""O55: who is asked is told from the client and its address, never guessed from the model."""

from collections.abc import Callable
from typing import Any

import openai
import pytest

from literalai_otel import attributes
from literalai_otel.testing import CapturedSpan, FakeProvider, SpanCapture

from .worlds import HELLO, HTTP, OpenAIWorld

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])

HOSTS = {
    # address -> provider
    "http://api.openai.com/v1": "openai",
    "http://api.groq.com/openai/v1": "groq",
    "http://api.deepseek.com/v1": "deepseek",
    "http://api.x.ai/v1": "x_ai",
    "http://api.mistral.ai/v1": "mistral_ai",
    "http://api.perplexity.ai": "perplexity",
    "http://openrouter.ai/api/v1": "openrouter",
    "http://my-resource.openai.azure.com/openai/v1": "azure.ai.openai",
    "http://vllm.internal:8000/v1": "openai",
    "http://notgroq.com/v1": "openai",
    "http://api.groq.com.evil.example/v1": "openai",
}


async def ask_through_proxy(world: OpenAIWorld, base_url: str) -> None:
    """The provider stands in as a proxy, so that the client believes in the address."""
    kind = HTTP.AsyncClient if world.asynchronous else HTTP.Client
    client = world.client(base_url=base_url, http_client=kind(proxy=world.provider.origin))
    await world.chat(client)
    await world.aclose()


@pytest.mark.feature("I-OAI-12")
@KINDS
@pytest.mark.parametrize("base_url", HOSTS)
async def test_provider_of_an_address(base_url: str, kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    await ask_through_proxy(OpenAIWorld(provider, asynchronous=kind == "async"), base_url)
    span = capture.one()
    host, _, port = base_url.split("/")[2].partition(":")
    assert span.attributes[attributes.PROVIDER_NAME] == HOSTS[base_url]
    assert span.attributes[attributes.SERVER_ADDRESS] == host
    assert span.attributes[attributes.SERVER_PORT] == int(port or 80)


@KINDS
async def test_azure_by_class(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    """An Azure client says so, whatever its host."""
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    await world.chat(world.azure())
    await world.chat(world.azure(azure_deployment="prod"))
    await world.chat(world.client())
    await world.aclose()
    names = [span.attributes[attributes.PROVIDER_NAME] for span in capture.spans]
    assert names == ["azure.ai.openai", "azure.ai.openai", "openai"]


def test_the_module_level_client(provider: FakeProvider, capture: SpanCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "api_key", "k")
    monkeypatch.setattr(openai, "base_url", provider.base_url + "/")
    openai.chat.completions.create(model="gpt-4o", messages=HELLO)  # type: ignore[arg-type] - plain dicts
    assert capture.one().name == "chat gpt-4o"


def at_start(seen: list[dict[str, Any]]) -> Callable[[Any, Any], None]:
    def on_start(span: Any, parent_context: Any = None) -> None:
        seen.append(dict(span.attributes or {}))

    return on_start


async def test_samplers_see_what_they_decide_by(
    provider: FakeProvider, capture: SpanCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Operation, provider, model and server are known when the span starts (`spec/genai-semconv.md` §1.1)."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(capture, "on_start", at_start(seen))
    world = OpenAIWorld(provider, asynchronous=False)
    await world.chat()
    await world.aclose()
    (attributes_at_start,) = seen
    assert {
        attributes.OPERATION_NAME,
        attributes.PROVIDER_NAME,
        attributes.REQUEST_MODEL,
        attributes.SERVER_ADDRESS,
        attributes.SERVER_PORT,
    } <= set(attributes_at_start)
    assert isinstance(capture.one(), CapturedSpan)
