"""What is read on the delivery thread, where only Literal sees the span, is what would have been read in the call."""

import contextlib
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from literalai_otel import attributes
from literalai_otel.export import FinishedSpan, LiteralSpanProcessor
from literalai_otel.genai import resolve
from literalai_otel.genai.kept_events import MAX_KEPT
from literalai_otel.genai.side_table import FACTS
from literalai_otel.testing import Chat, FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.reading import outputs, texts
from literalai_otel.testing.spans import LiteralAlone
from literalai_otel_openai import OpenAIInstrumentor

from .worlds import HELLO

ASKED: dict[str, Any] = {"temperature": 0, "extra_body": {"seed": 1}}
CALLS: dict[str, Any] = {
    "chat": lambda client: client.chat.completions.create(model="tools", messages=HELLO, **ASKED),
    "raw chat": lambda client: client.chat.completions.with_raw_response.create(model="m", messages=HELLO),
    "chat stream": lambda client: list(client.chat.completions.create(model="m", messages=HELLO, stream=True)),
    "responses": lambda client: client.responses.create(model="server-tools", input="Hi", instructions="Be"),
    "responses failed": lambda client: client.responses.create(model="failed", input="Hi"),
    "responses cut short": lambda client: client.responses.create(model="cut-short", input="Hi"),
    "raw responses": lambda client: client.responses.with_raw_response.create(model="failed", input="Hi"),
    "responses stream": lambda client: list(client.responses.create(model="reasoning", input="Hi", stream=True)),
    "completions": lambda client: client.completions.create(model="m", prompt=["a", "b"], suffix="c"),
    "embeddings": lambda client: client.embeddings.create(model="m", input=["a", "b"]),
    "raw embeddings": lambda client: client.embeddings.with_raw_response.create(model="m", input="a"),
    "moderations": lambda client: client.moderations.create(model="m", input="a"),
    "images": lambda client: client.images.generate(model="m", prompt="fox", n=2),
    "images edit": lambda client: client.images.edit(model="m", prompt="fox", image=("a.png", b"abc")),
    "speech": lambda client: client.audio.speech.create(model="m", voice="v", input="Hi"),
    "transcriptions": lambda client: client.audio.transcriptions.create(model="whisper-1", file=b"x"),
    "transcriptions as text": lambda client: client.audio.transcriptions.create(
        model="m", file=b"x", response_format="text"
    ),
}


def recorded(kind: type[SpanCapture], name: str, provider: FakeProvider, guard: Guard) -> Any:
    tracer_provider, capture = kind.provider()
    guard.watch(capture)
    OpenAIInstrumentor().instrument(tracer_provider=tracer_provider)
    try:
        with openai.OpenAI(base_url=provider.base_url, api_key="k", max_retries=0) as client:
            CALLS[name](client)
    finally:
        OpenAIInstrumentor().uninstrument()
    span = capture.one()
    fields = {key: value for key, value in span.fields.items() if key != attributes.RESPONSE_TIME_TO_FIRST_CHUNK}
    return fields, (span.name, span.status, span.description)


@pytest.mark.parametrize("name", CALLS)
def test_the_same_is_known(name: str, provider: FakeProvider, guard: Guard) -> None:
    assert recorded(LiteralAlone, name, provider, guard) == recorded(SpanCapture, name, provider, guard)


def stream_of(provider: FakeProvider) -> tuple[Any, Any]:
    """A stream that Literal alone is told of, and the capture of its span."""
    tracer_provider, capture = LiteralAlone.provider()
    OpenAIInstrumentor().instrument(tracer_provider=tracer_provider)
    try:
        client = openai.OpenAI(base_url=provider.base_url, api_key="k", max_retries=0)
        return client.chat.completions.create(model="m", messages=HELLO, stream=True), capture
    finally:
        OpenAIInstrumentor().uninstrument()


def test_what_the_program_does_to_its_chunks_is_its_own(provider: FakeProvider) -> None:
    provider.script(Chat(pieces=("one ", "two")))
    stream, capture = stream_of(provider)
    for chunk in stream:
        chunk.choices[0].delta.content = "mine"
        chunk.model = "mine"
    fields = capture.one().fields
    assert texts(outputs(capture.one())) == ("one two",)
    assert fields[attributes.RESPONSE_MODEL] == "m-2025-01-01"


def test_it_can_be_read_again(provider: FakeProvider) -> None:
    """Two processors may both have taken the fields of a span."""
    stream, capture = stream_of(provider)
    list(stream)
    assert capture.one().fields == capture.one().fields


@pytest.mark.parametrize("length", [10, 2_000])
def test_what_a_stream_keeps_is_bounded(length: int, provider: FakeProvider) -> None:
    """Beyond that it is folded as it comes, the oldest first; the answer is whole in either case."""
    provider.script(Chat(pieces=tuple(f"{number} " for number in range(length))))
    stream, capture = stream_of(provider)
    list(stream)
    span = capture.one()
    assert 0 < span.deferred[FACTS].size < 1.1 * MAX_KEPT
    assert texts(outputs(span)) == ("".join(f"{number} " for number in range(length)),)


def test_what_is_read_after_closing_is_no_part_of_it(provider: FakeProvider) -> None:
    """The SDK may have events in hand still."""
    provider.script(Chat(pieces=("one ", "two ", "three")))
    stream, capture = stream_of(provider)
    next(stream)
    next(stream)
    stream.close()
    with contextlib.suppress(Exception):
        list(stream)
    assert texts(outputs(capture.one())) == ("one ",)


class Kept(list[FinishedSpan]):
    """Takes spans as delivery does, and keeps them."""

    def submit_ended(self, *span: Any) -> None:
        self.append(FinishedSpan(*span))


@pytest.mark.parametrize("alone", [True, False])
def test_others_see_everything_on_the_span(alone: bool, provider: FakeProvider) -> None:
    kept, others = Kept(), InMemorySpanExporter()
    tracer_provider = TracerProvider(shutdown_on_exit=False)
    tracer_provider.add_span_processor(LiteralSpanProcessor(kept, client_name="c"))  # type: ignore[arg-type]
    if not alone:
        tracer_provider.add_span_processor(SimpleSpanProcessor(others))
    OpenAIInstrumentor().instrument(tracer_provider=tracer_provider)
    try:
        with openai.OpenAI(base_url=provider.base_url, api_key="k", max_retries=0) as client:
            client.chat.completions.create(model="m", messages=HELLO, temperature=0.5)
    finally:
        OpenAIInstrumentor().uninstrument()
    [finished] = kept
    known = {
        attributes.REQUEST_MODEL,
        attributes.REQUEST_TEMPERATURE,
        attributes.RESPONSE_MODEL,
        attributes.USAGE_INPUT_TOKENS,
    }
    assert known & finished.attributes.keys() == (set() if alone else known)
    assert known <= resolve(finished.fields or {}).keys()
    assert [span.attributes for span in others.get_finished_spans()] == ([] if alone else [finished.attributes])
