"""Fixtures: an instrumented LangChain, a provider on loopback, and a guard on every test."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from literalai_otel import genai
from literalai_otel.client import LiteralClient
from literalai_otel.config import Config
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel_langchain import LangChainInstrumentor
from literalai_otel_langchain.runs import RUNS

from .project import Project


@pytest.fixture(scope="session", autouse=True)
def no_foreign_tracer() -> Iterator[None]:
    """LangSmith's tracer stays out of it, whatever the environment says; garbage of the imports is not looked at."""
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING"):
            patch.delenv(name, raising=False)
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
    """Also: no run stays known."""
    with Guard(("literalai_otel", "literalai_otel_langchain", "langchain_core.callbacks")) as guard:
        yield guard
    assert len(RUNS) == 0


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
    """Instruments LangChain and gives the capture of its spans; undone at the end."""
    instrumentor = LangChainInstrumentor()

    def start(**options: Any) -> SpanCapture:
        provider, capture = SpanCapture.provider(**options)
        guard.watch(capture)
        instrumentor.instrument(tracer_provider=provider)
        capture.tracer = provider.get_tracer("user")
        capture.tracer_provider = provider
        return capture

    yield start
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


@pytest.fixture
def capture(instrument: Callable[..., SpanCapture]) -> SpanCapture:
    return instrument()


@pytest.fixture
def project() -> Iterator[Project]:
    server = Project()
    yield server
    server.stop()


@pytest.fixture
def client(project: Project) -> Iterator[LiteralClient]:
    """A client whose provider the instrumentor uses too."""
    provider = TracerProvider(shutdown_on_exit=False)
    client = LiteralClient(api_key="key", url=project.url, tracer_provider=provider)
    instrumentor = LangChainInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield client
    instrumentor.uninstrument()
    client.flush_and_stop(1)
