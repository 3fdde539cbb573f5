"""Spans that Mistral's SDK makes itself."""

import os

os.environ["MISTRAL_SDK_TELEMETRY"] = "global"  # read as the SDK is imported

import contextlib
from typing import Any

from mistralai.client import Mistral
from mistralai.client.errors import MistralError
from opentelemetry import baggage, context, trace
from recorded import case, main, traced

HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def start() -> None:
    """The SDK asks the global provider."""
    trace.set_tracer_provider(traced())


def client() -> Any:
    """A client of the fake provider."""
    return Mistral(api_key="test", server_url=os.environ["MISTRAL_URL"])


@case
def chat() -> None:
    context.attach(baggage.set_baggage("gen_ai.conversation.id", "thread-1"))
    client().chat.complete(model="mistral-small-latest", messages=HELLO, temperature=0.2, max_tokens=50)


@case
def tools() -> None:
    client().chat.complete(model="tools", messages=HELLO, tools=[WEATHER])


@case
def stream() -> None:
    for _ in client().chat.stream(model="mistral-small-latest", messages=HELLO):
        pass


@case
def error() -> None:
    with contextlib.suppress(MistralError):
        client().chat.complete(model="error-429", messages=HELLO)


@case
def embeddings() -> None:
    client().embeddings.create(model="mistral-embed", inputs=["sunny day", "rainy night"])


main(before=start)
