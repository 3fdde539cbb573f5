"""Fixtures of the LlamaIndex tests: an instrumented framework, a provider on loopback, and a guard on every test."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from literalai_otel import genai
from literalai_otel.config import Config
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel_llama_index import LlamaIndexInstrumentor

LEFT_BY_HTTPX2 = (
    "PoolByteStream.__aiter__",
    "HTTP11ConnectionByteStream.__aiter__",
    "Response.aiter_bytes",
    "Response.aiter_raw",
)
"""Generators that streams leave to the end of the event loop, which then trips over them, with us and without."""


@pytest.fixture(scope="session", autouse=True)
def cheap_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Many cases make clients and collect garbage: no certificates are loaded, and only new objects looked at."""
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-certificates")))
        yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def running_provider() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: FakeProvider) -> FakeProvider:
    running_provider.clear()
    return running_provider


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    with Guard(("literalai_otel", "literalai_otel_llama_index")) as guard:
        for name in LEFT_BY_HTTPX2:
            guard.allow(f"async_generator object {name}")
        yield guard


@pytest.fixture(autouse=True)
def policy() -> Iterator[Callable[..., None]]:
    """Sets the content policy of a test; before and after it the defaults hold, whatever the environment says."""

    def configure(*, mask: Any = None, **settings: Any) -> None:
        genai.configure(Config.load({}, **settings), mask=mask)

    configure()
    yield configure
    configure()


@pytest.fixture
def instrument(guard: Guard) -> Iterator[Callable[..., SpanCapture]]:
    """Instruments LlamaIndex and gives the capture of its spans; undone at the end."""
    instrumentor = LlamaIndexInstrumentor()

    def start(**options: Any) -> SpanCapture:
        provider, capture = SpanCapture.provider()
        guard.watch(capture)
        instrumentor.instrument(tracer_provider=provider, **options)
        # For spans of the user's own, and for other instrumentors beside ours.
        capture.tracer_provider, capture.tracer = provider, provider.get_tracer("user")  # type: ignore[attr-defined]
        return capture

    yield start
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


@pytest.fixture
def capture(instrument: Callable[..., SpanCapture]) -> SpanCapture:
    return instrument()
