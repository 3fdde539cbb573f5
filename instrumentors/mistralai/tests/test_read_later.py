"""What is read on the delivery thread, where only Literal sees the span, is what would have been read in the call."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from literalai_otel import attributes
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.reading import texts
from literalai_otel.testing.spans import LiteralAlone
from literalai_otel_mistralai import MistralAIInstrumentor

from .worlds import GREETING, HELLO, MODEL, PACKAGE, SDK

CALLS: dict[str, Callable[[Any], Any]] = {
    "chat": lambda client: client.chat.complete(model=MODEL, messages=HELLO, temperature=0, random_seed=1),
    "tools": lambda client: client.chat.complete(model="tools", messages=HELLO),
    "cached tokens": lambda client: client.chat.complete(model="cached", messages=HELLO),
    "a usage of another shape": lambda client: client.chat.complete(model="usage-partial", messages=HELLO),
    "stream": lambda client: list(client.chat.stream(model=MODEL, messages=HELLO)),
    # Version 1 sends its default of `top_p`, which only the bytes tell.
    "fim": lambda client: client.fim.complete(model="codestral", prompt="def f(", suffix="return 1", top_p=1),
    "embeddings": lambda client: client.embeddings.create(model="mistral-embed", inputs=["a", "b"]),
    "conversation": lambda client: client.beta.conversations.start(model=MODEL, inputs="Hi"),
}


def recorded(kind: type[SpanCapture], name: str, provider: FakeProvider, guard: Guard) -> Any:
    tracer_provider, capture = kind.provider()
    guard.watch(capture)
    instrumentor = MistralAIInstrumentor()
    instrumentor.instrument(tracer_provider=tracer_provider)
    try:
        with SDK.Mistral(server_url=provider.origin, api_key="k") as client:
            CALLS[name](client)
    finally:
        instrumentor.uninstrument()
    span = capture.one()
    fields = {key: value for key, value in span.fields.items() if key != attributes.RESPONSE_TIME_TO_FIRST_CHUNK}
    return fields, (span.name, span.status, span.description), span.attributes.keys()


@pytest.mark.parametrize("name", CALLS)
def test_the_same_is_known(name: str, provider: FakeProvider, guard: Guard) -> None:
    later, in_the_call = (recorded(kind, name, provider, guard) for kind in (LiteralAlone, SpanCapture))
    assert later[:2] == in_the_call[:2]
    assert later[2] <= in_the_call[2]
    if name == "chat":
        assert attributes.RESPONSE_MODEL in in_the_call[2] - later[2], "nothing was left for later"


@pytest.mark.parametrize("how", ["by another name", "by the same name"])
def test_a_stream_that_is_made_otherwise_is_gathered_as_it_passes(
    how: str, provider: FakeProvider, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may have replaced what the SDK makes its streams with."""
    module = importlib.import_module(f"{PACKAGE}.utils.eventstreaming")
    original = module.stream_events

    def made(*args: Any, **kwargs: Any) -> Iterator[Any]:
        yield from original(*args, **kwargs)

    if how == "by the same name":
        made.__name__ = "stream_events"
    monkeypatch.setattr(module, "stream_events", made)
    fields, (name, status, _), _ = recorded(LiteralAlone, "stream", provider, guard)
    assert (name, status) == (f"chat {MODEL}", StatusCode.UNSET)
    assert texts(fields[attributes.OUTPUT_MESSAGES]) == (GREETING,)


def test_a_usage_that_the_sdk_does_not_know_is_read_from_the_bytes(provider: FakeProvider, guard: Guard) -> None:
    fields, _, _ = recorded(SpanCapture, "a usage of another shape", provider, guard)
    assert fields[attributes.USAGE_INPUT_TOKENS] == 11
    assert attributes.USAGE_OUTPUT_TOKENS not in fields
