"""Fixtures of the Mistral matrix."""

from collections.abc import Iterator

import pytest

from literalai_otel.testing import FakeProvider
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS
from literalai_otel_mistralai import MistralAIInstrumentor


@pytest.fixture(scope="session", autouse=True)
def nothing_of_the_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MISTRAL_API_KEY", raising=False)
        patch.delenv("MISTRAL_SDK_TELEMETRY", raising=False)
        yield


@pytest.fixture(scope="session")
def running_provider() -> Iterator[FakeProvider]:
    with FakeProvider(MISTRAL_ENDPOINTS) as provider:
        yield provider


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    with Guard(("literalai_otel", "literalai_otel_mistralai")) as guard:
        yield guard


@pytest.fixture
def instrumentor() -> MistralAIInstrumentor:
    return MistralAIInstrumentor()
