"""Fixtures of the matrix: a provider, a driver switched on, and a guard on every test."""

import gc
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
def cheap_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every case makes clients and collects garbage: no certificates are loaded, and only new objects looked at."""
    for driver in DRIVERS:
        driver.load()
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-certificates")))
        patch.setenv("LANGSMITH_TRACING", "false")
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
