"""Fixtures of the OpenAI matrix."""

from collections.abc import Iterator

import pytest

from literalai_otel.testing.guards import Guard
from literalai_otel_openai import OpenAIInstrumentor


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    with Guard(("literalai_otel", "literalai_otel_openai")) as guard:
        yield guard


@pytest.fixture
def instrumentor() -> OpenAIInstrumentor:
    return OpenAIInstrumentor()
