"""What the tests of all instrumentors share: a provider on loopback, the content policy, an instrumented framework.

Each folder names its `instrumentor` and its `guard`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from literalai_otel import genai
from literalai_otel.config import Config
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.spans import LiteralAlone


@pytest.fixture(scope="session")
def running_provider() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: FakeProvider) -> FakeProvider:
    running_provider.clear()
    return running_provider


@pytest.fixture(autouse=True)
def policy() -> Iterator[Callable[..., None]]:
    """Sets the content policy of a test; before and after it the defaults hold, whatever the environment says."""

    def configure(*, mask: Any = None, **settings: Any) -> None:
        genai.configure(Config.load({}, **settings), mask=mask)

    configure()
    yield configure
    configure()


@pytest.fixture
def instrument(instrumentor: genai.Instrumentor, guard: Guard) -> Iterator[Callable[..., SpanCapture]]:
    """Instruments and gives the capture of the spans; undone at the end. Options are those of the tracer provider.

    With `alone` nobody but Literal sees the spans, so that what can wait is read later.
    """

    def start(*, alone: bool = False, **options: Any) -> SpanCapture:
        provider, capture = (LiteralAlone if alone else SpanCapture).provider(**options)
        guard.watch(capture)
        instrumentor.instrument(tracer_provider=provider)
        # For spans of the user's own, and for other instrumentors beside ours.
        capture.tracer_provider, capture.tracer = provider, provider.get_tracer("user")  # type: ignore[attr-defined]
        return capture

    yield start
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


@pytest.fixture
def capture(instrument: Callable[..., SpanCapture]) -> SpanCapture:
    return instrument()
