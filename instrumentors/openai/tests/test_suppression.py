"""Who records when several could, and what the HTTP layer sees while our span is open."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.utils import is_instrumentation_enabled, suppress_instrumentation

from literalai_otel import genai
from literalai_otel.testing import FakeProvider, SpanCapture

from .worlds import HELLO, HTTP, OpenAIWorld

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])
OPENLLMETRY_KEY = "suppress_language_model_instrumentation"


@contextlib.contextmanager
def attached(*values: tuple[str, Any]) -> Iterator[None]:
    """The current context with `values`, for a block."""
    changed: Context = context.get_current()
    for key, value in values:
        changed = context.set_value(key, value, changed)
    token = context.attach(changed)
    try:
        yield
    finally:
        context.detach(token)


async def every_way(world: OpenAIWorld) -> None:
    """A call in each form."""
    client = world.client()
    await world.chat(client)
    async for _ in world.each(await world.chat(client, stream=True)):
        pass
    (await world.call(client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO))).parse()
    async with world.entering(client.chat.completions.stream(model="gpt-4o", messages=HELLO)) as stream:
        await world.call(stream.get_final_completion())
    await world.aclose()


@KINDS
async def test_the_general_key_silences_us(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    with suppress_instrumentation():
        await every_way(world)
    assert capture.spans == []
    await every_way(world)
    assert len(capture.spans) == 4


@KINDS
async def test_the_key_of_openllmetry_silences_us(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    with attached((OPENLLMETRY_KEY, True)):
        await every_way(OpenAIWorld(provider, asynchronous=kind == "async"))
    assert capture.spans == []


def spying(seen: list[Any], asynchronous: bool) -> Any:
    """An HTTP client that notes the context in which each request is made and each piece of a body is read."""

    def note(what: str) -> None:
        seen.append((what, trace.get_current_span(), context.get_value(OPENLLMETRY_KEY), is_instrumentation_enabled()))

    if asynchronous:

        class AsyncBody(HTTP.AsyncByteStream):  # type: ignore[name-defined, misc] - the SDK's HTTP library
            def __init__(self, inner: Any) -> None:
                self._inner = inner

            async def __aiter__(self) -> Any:
                async for piece in self._inner:
                    note("read")
                    yield piece

            async def aclose(self) -> None:
                await self._inner.aclose()

        class AsyncTransport(HTTP.AsyncHTTPTransport):  # type: ignore[name-defined, misc] - see above
            async def handle_async_request(self, request: Any) -> Any:
                note("request")
                response = await super().handle_async_request(request)
                response.stream = AsyncBody(response.stream)
                return response

        return HTTP.AsyncClient(transport=AsyncTransport())

    class Body(HTTP.SyncByteStream):  # type: ignore[name-defined, misc] - see above
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __iter__(self) -> Any:
            for piece in self._inner:
                note("read")
                yield piece

        def close(self) -> None:
            self._inner.close()

    class Transport(HTTP.HTTPTransport):  # type: ignore[name-defined, misc] - see above
        def handle_request(self, request: Any) -> Any:
            note("request")
            response = super().handle_request(request)
            response.stream = Body(response.stream)
            return response

    return HTTP.Client(transport=Transport())


FORMS: dict[str, dict[str, Any]] = {"plain": {}, "stream": {"stream": True}}


@KINDS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("raw", [False, True], ids=["", "raw"])
async def test_the_http_layer_is_below_the_generation(
    kind: str, form: str, raw: bool, provider: FakeProvider, capture: SpanCapture
) -> None:
    """O5, O7: an instrumented HTTP client makes children of the generation, while sending and while reading."""
    seen: list[Any] = []
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    client = world.client(http_client=spying(seen, world.asynchronous))
    completions = client.chat.completions.with_raw_response if raw else client.chat.completions
    answer = await world.call(completions.create(model="gpt-4o", messages=HELLO, **FORMS[form]))
    answer = answer.parse() if raw else answer
    if form == "stream":
        async for _ in world.each(answer):
            assert not trace.get_current_span().get_span_context().is_valid
    await world.aclose()
    generation = capture.one()
    assert [what for what, *_ in seen].count("request") == 1
    assert any(what == "read" for what, *_ in seen)
    for what, span, openllmetry, http_instrumentation in seen:
        assert span.get_span_context().span_id == generation.span_id, what
        assert openllmetry is True, "OpenLLMetry stays silent below us"
        assert http_instrumentation, "OTel's general key would hide the user's HTTP spans"


@KINDS
async def test_no_trace_header_is_sent(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    await every_way(OpenAIWorld(provider, asynchronous=kind == "async"))
    names = {name.lower() for request in provider.requests for name, _ in request.headers}
    assert not names & {"traceparent", "tracestate", "baggage", "b3"}


@KINDS
async def test_a_provider_in_the_context_gets_the_span(kind: str, provider: FakeProvider, capture: SpanCapture) -> None:
    """Calls inside a client's own thread or step go to that client's provider."""
    private, private_capture = SpanCapture.provider()
    with attached((genai.TRACER_PROVIDER_KEY, private)):
        await every_way(OpenAIWorld(provider, asynchronous=kind == "async"))
    assert capture.spans == []
    assert {span.scope for span in private_capture.spans} == {"literalai_otel.instrumentors.openai"}
    assert len(private_capture.spans) == 4
