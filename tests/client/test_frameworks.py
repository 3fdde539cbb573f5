"""Switching instrumentors on for a client."""

import sys
from collections.abc import Callable
from typing import Any

import openai
import pytest

from literalai_otel import LiteralClient
from literalai_otel.instrumentation.openai import instrument_openai
from literalai_otel.testing import FakeProvider
from literalai_otel_openai import OpenAIInstrumentor

ASKED: Any = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def client(project: Any, connect: Callable[..., Any], switch_off: list[Any]) -> LiteralClient:
    switch_off.append(OpenAIInstrumentor())
    return connect(project)


@pytest.fixture
def model(provider: FakeProvider) -> Any:
    with openai.OpenAI(base_url=provider.base_url, api_key="test") as made:
        yield made


def generations(project: Any) -> list[dict[str, Any]]:
    found = [step["generation"] for step in project.steps.values() if "generation" in step]
    return sorted(found, key=lambda generation: len(generation.get("tags", ())))


@pytest.mark.feature("I-OAI-09")
def test_tags_and_metadata_of_all_calls(client: LiteralClient, model: Any, project: Any) -> None:
    client.instrument_openai(tags=["x"], metadata={"team": "search", "tier": 1})
    model.chat.completions.create(**ASKED)
    model.chat.completions.create(**ASKED, literalai_tags=["own", "x"], literalai_metadata={"tier": 2})
    assert client.flush(10)
    plain, own = generations(project)
    assert (plain["tags"], own["tags"]) == (["x"], ["x", "own"])
    assert [(found["metadata"]["team"], found["metadata"]["tier"]) for found in (plain, own)] == [
        ("search", 1),
        ("search", 2),
    ]


def test_calls_go_to_the_client_around_them(
    client: LiteralClient, model: Any, project: Any, other_project: Any, connect: Callable[..., Any]
) -> None:
    """Outside of any client's scope, to the one that asked first."""
    other = connect(other_project)
    client.instrument_openai()
    other.instrument_openai()
    model.chat.completions.create(**ASKED)
    with other.run(name="other"):
        model.chat.completions.create(**ASKED)
    assert client.flush(10)
    assert other.flush(10)
    assert len(generations(project)) == len(generations(other_project)) == 1


def test_a_disabled_client_switches_nothing_on(
    model: Any, project: Any, connect: Callable[..., Any], switch_off: list[Any]
) -> None:
    switch_off.append(OpenAIInstrumentor())
    disabled = connect(project, disabled=True)
    disabled.instrument_openai()
    disabled.initialize()
    assert not OpenAIInstrumentor().is_instrumented_by_opentelemetry


@pytest.mark.parametrize(
    ("method", "module", "said"),
    [
        ("instrument_openai", "literalai_otel_openai", "pip install literalai-otel-openai"),
        ("instrument_mistralai", "literalai_otel_mistralai", "pip install literalai-otel-mistralai"),
        ("instrument_llamaindex", "literalai_otel_llama_index", "pip install literalai-otel-llama-index"),
        ("langchain_callback", "literalai_otel_langchain", "pip install literalai-otel-langchain"),
    ],
)
def test_a_missing_instrumentor_is_named(
    client: LiteralClient, monkeypatch: pytest.MonkeyPatch, method: str, module: str, said: str
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("sys.meta_path", [_Without(module), *sys.meta_path])
    with pytest.raises(ImportError, match=said):
        getattr(client, method)()


class _Without:
    """An import path on which one package is missing."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] == self._package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_the_published_function_warns_of_its_callback(client: LiteralClient, caplog: pytest.LogCaptureFixture) -> None:
    instrument_openai(client)
    assert not caplog.records
    instrument_openai(client, on_new_generation=print)
    assert "on_new_generation is not called" in caplog.text
