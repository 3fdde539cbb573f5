"""The fixtures of `literalai-otel[testing]` for pytest (docs/testing.md).

pytest loads this module in every environment that has the package installed, so it imports nothing before a fixture
is asked for, and does nothing by itself.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from literalai_otel.testing import FakeProvider, Steps
    from literalai_otel.testing.containment import Containment


@pytest.fixture
def literalai_steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator["Steps"]:
    """What the test records, in memory: `steps.one(type="llm")`, `.generations`, `.tree()`, `.snapshot()`."""
    from literalai_otel.testing.memory import ADDRESS
    from literalai_otel.testing.recorded import KEY, recorded

    # Clients that the test makes without arguments need them to be there.
    monkeypatch.setenv("LITERAL_API_URL", ADDRESS)
    monkeypatch.setenv("LITERAL_API_KEY", KEY)
    with recorded() as steps:
        steps.fixed = "deterministic" in request.fixturenames
        yield steps


@pytest.fixture
def steps(literalai_steps: "Steps") -> "Steps":
    """`literalai_steps` by a short name, for who has no fixture of that name."""
    return literalai_steps


@pytest.fixture
def deterministic(literalai_steps: "Steps") -> "Steps":
    """`literalai_steps` with ids and times that are the same in every run."""
    literalai_steps.fixed = True
    return literalai_steps


@pytest.fixture
def fake_openai(monkeypatch: pytest.MonkeyPatch) -> Iterator["FakeProvider"]:
    """A provider on loopback that speaks OpenAI's protocol; `openai.OpenAI()` finds it by the environment."""
    from literalai_otel.testing import FakeProvider

    with FakeProvider() as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        yield provider


@pytest.fixture
def fake_mistral(monkeypatch: pytest.MonkeyPatch) -> Iterator["FakeProvider"]:
    """A provider on loopback that speaks Mistral's protocol: `Mistral(server_url=fake_mistral.origin)`."""
    from literalai_otel.testing import FakeProvider
    from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS

    with FakeProvider(MISTRAL_ENDPOINTS) as provider:
        monkeypatch.setenv("MISTRAL_API_KEY", "test")
        yield provider


@pytest.fixture
def no_prompt_leaves_the_process(literalai_steps: "Steps") -> Iterator["Containment"]:
    """Connections to other machines are refused and fail the test, and so does content on spans."""
    from literalai_otel.testing.containment import contained

    left = ""
    try:
        with contained(literalai_steps.tracer_provider, lambda: literalai_steps.all) as watching:
            yield watching
    except AssertionError as problem:
        left = str(problem)
    if left:
        pytest.fail(left, pytrace=False)
