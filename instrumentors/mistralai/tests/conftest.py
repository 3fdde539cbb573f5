"""Fixtures of the Mistral matrix: a provider, an instrumented SDK, and a guard on every test."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from literalai_otel import genai
from literalai_otel.config import Config
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS
from literalai_otel_mistralai import MistralAIInstrumentor


@pytest.fixture(scope="session", autouse=True)
def cheap_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every case makes clients and collects garbage: no certificates are loaded, and only new objects looked at."""
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-certificates")))
        patch.delenv("MISTRAL_API_KEY", raising=False)
        patch.delenv("MISTRAL_SDK_TELEMETRY", raising=False)
        yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def running_provider() -> Iterator[FakeProvider]:
    with FakeProvider(MISTRAL_ENDPOINTS) as provider:
        yield provider


@pytest.fixture
def provider(running_provider: FakeProvider) -> FakeProvider:
    running_provider.clear()
    return running_provider


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    with Guard(("literalai_otel", "literalai_otel_mistralai")) as guard:
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
    """Instruments the SDK and gives the capture of its spans; undone at the end."""
    instrumentor = MistralAIInstrumentor()

    def start(**options: Any) -> SpanCapture:
        provider, capture = SpanCapture.provider(**options)
        guard.watch(capture)
        instrumentor.instrument(tracer_provider=provider)
        return capture

    yield start
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


@pytest.fixture
def capture(instrument: Callable[..., SpanCapture]) -> SpanCapture:
    return instrument()
