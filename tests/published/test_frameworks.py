"""What the last published Python client has for LangChain, Mistral and OpenAI's agents, unmodified, on our server."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from literalai_otel.testing import FakeProvider
from literalai_otel.testing.fake_provider import ENDPOINTS
from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS

from .clients import Client, Results, assert_check, assert_no_call_failed, each_check, each_client

CLIENT = Client("literalai 0.1.300, frameworks", "published-frameworks", "newest_frameworks.py")
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    """OpenAI's wire, and Mistral's below `/mistral`, since the two share paths."""
    mistral = (replace(endpoint, pattern=f"/mistral{endpoint.pattern}") for endpoint in MISTRAL_ENDPOINTS)
    with FakeProvider([*ENDPOINTS, *mistral]) as provider:
        yield provider


@each_check(CLIENT, engines=["sqlite"])
def test_the_integration(results_of: Callable[[Client], Results], client: Client, check: str):
    assert_check(results_of(client), check)


@each_client(CLIENT, engines=["sqlite"])
def test_no_call_fails(results_of: Callable[[Client], Results], client: Client, record_property: Any):
    assert_no_call_failed(client, results_of(client), record_property)
