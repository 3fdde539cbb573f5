"""Fixtures of the matrix: a provider, a driver switched on, and a guard on every test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from literalai_otel import genai
from literalai_otel.config import Config
from literalai_otel.testing import FakeProvider
from literalai_otel.testing.guards import Guard

from .drivers import DRIVERS
from .driving import Driver


@pytest.fixture(scope="session", autouse=True)
def loaded_frameworks() -> Iterator[None]:
    """Before the first test, so that what they bring is no garbage to look through in each of the others."""
    for driver in DRIVERS:
        driver.load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANGSMITH_TRACING", "false")
        yield


@pytest.fixture(scope="session")
def running_provider() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: FakeProvider) -> FakeProvider:
    running_provider.clear()
    return running_provider


@pytest.fixture(params=DRIVERS, ids=str)
def driver(request: pytest.FixtureRequest) -> Driver:
    """Each framework in turn."""
    return request.param


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    with Guard() as guard:
        yield guard


@pytest.fixture(autouse=True)
def policy() -> Iterator[Callable[..., None]]:
    """Sets the content policy of a test; before and after it the defaults hold, whatever the environment says."""

    def configure(*, mask: Any = None, **settings: Any) -> None:
        genai.configure(Config.load({}, **settings), mask=mask)

    configure()
    yield configure
    configure()
