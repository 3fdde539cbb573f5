"""What is read on the delivery thread, where only Literal sees the span, is what would have been read in the call."""

from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from literalai_otel import attributes
from literalai_otel.export import FinishedSpan, LiteralSpanProcessor
from literalai_otel.export.prepare import EndingSpan
from literalai_otel.genai import resolve
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
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


class Kept(list[FinishedSpan]):
    """Takes spans as delivery does, and keeps them."""

    def submit_ended(self, *span: Any) -> None:
        self.append(FinishedSpan(*span))

    def submit_ending(self, span: Any, end: Any, finished: Any, size: int) -> None:
        ended = EndingSpan(span, end, finished).ended()
        assert ended is not None
        self.append(ended)


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
