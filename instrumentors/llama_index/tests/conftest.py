"""Fixtures of the LlamaIndex tests: a guard on every test, and `instrument` with options of the instrumentor."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from literalai_otel.testing import SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.spans import LiteralAlone
from literalai_otel_llama_index import LlamaIndexInstrumentor

LEFT_BY_HTTPX2 = (
    "PoolByteStream.__aiter__",
    "HTTP11ConnectionByteStream.__aiter__",
    "Response.aiter_bytes",
    "Response.aiter_raw",
)
"""Generators that streams leave to the end of the event loop, which then trips over them, with us and without."""


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    with Guard(("literalai_otel", "literalai_otel_llama_index")) as guard:
        for name in LEFT_BY_HTTPX2:
            guard.allow(f"async_generator object {name}")
        yield guard


@pytest.fixture
def instrument(guard: Guard) -> Iterator[Callable[..., SpanCapture]]:
    """Instruments LlamaIndex and gives the capture of its spans; undone at the end."""
    instrumentor = LlamaIndexInstrumentor()

    def start(*, alone: bool = False, **options: Any) -> SpanCapture:
        provider, capture = (LiteralAlone if alone else SpanCapture).provider()
        guard.watch(capture)
        instrumentor.instrument(tracer_provider=provider, **options)
        # For spans of the user's own, and for other instrumentors beside ours.
        capture.tracer_provider, capture.tracer = provider, provider.get_tracer("user")  # type: ignore[attr-defined]
        return capture

    yield start
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()
