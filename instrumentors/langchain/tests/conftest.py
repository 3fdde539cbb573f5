"""Fixtures of the LangChain tests: a guard on every test, and a client with a project of its own."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider

from literalai_otel.client import LiteralClient
from literalai_otel.testing.guards import Guard
from literalai_otel_langchain import LangChainInstrumentor
from literalai_otel_langchain.runs import RUNS

from .project import Project


@pytest.fixture(scope="session", autouse=True)
def no_foreign_tracer() -> Iterator[None]:
    """LangSmith's tracer stays out of it, whatever the environment says."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    """Also: no run stays known."""
    with Guard(("literalai_otel", "literalai_otel_langchain", "langchain_core.callbacks")) as guard:
        yield guard
    assert len(RUNS) == 0


@pytest.fixture
def instrumentor() -> LangChainInstrumentor:
    return LangChainInstrumentor()


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
