"""LlamaIndex over Mistral's SDK, recorded by us and by another family: the tree is ours alone's."""

from collections import Counter
from typing import Any

import pytest

from .program import FOREIGN

STACKS = {
    "openllmetry": ["openllmetry"],
    "openinference": ["openinference", "openinference:mistralai"],
    "official": ["official"],
}
OURS = ["ours", "ours:mistralai"]
MODEL = "mistral-large-latest-2025-01-01"
ANSWER = "Hello from the fake provider."
PROMPT = (
    "Context information is below.\n---------------------\nLisbon is in Portugal.\n---------------------\n"
    "Given the context information and not prior knowledge, answer the query.\nQuery: Hi\nAnswer: "
)


def one_call(*tokens: int | None) -> list[list[Any]]:
    return [[0, "run", "work"], [1, "llm", "chat mistral-large-latest", MODEL, *tokens, "Hi", ANSWER, "ok"]]


EXPECTED: dict[str, list[list[Any]]] = {
    "sync": one_call(11, 7),
    "async": one_call(11, 7),
    "stream": one_call(None, None),
    "async stream": one_call(None, None),
    "query": [
        [0, "run", "work"],
        [1, "run", "RetrieverQueryEngine"],
        [2, "retrieval", "SummaryIndexRetriever"],
        [2, "undefined", "CompactAndRefine"],
        [3, "llm", "chat mistral-large-latest", MODEL, 11, 7, PROMPT, ANSWER, "ok"],
    ],
}
NEEDS = ("llama_index.llms.mistralai", "mistralai.client.chat")

pytestmark = pytest.mark.feature("I-LI-09")


def modules(family: str) -> list[str]:
    found = [FOREIGN[family, "llama_index"][0]]
    return [*NEEDS, *found, *([FOREIGN[family, "mistralai"][0]] if family == "openinference" else [])]


@pytest.mark.parametrize("mode", EXPECTED)
def test_ours_alone(ask, mode: str) -> None:
    found = ask(*NEEDS, framework="llama_index", instrument=OURS)[mode]
    assert (found["steps"], found["requests"]) == (EXPECTED[mode], 1)


@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("ours_first", [False, True])
@pytest.mark.parametrize("family", STACKS)
def test_beside_another_family(ask, family: str, ours_first: bool, mode: str) -> None:
    whom = [*OURS, *STACKS[family]] if ours_first else [*STACKS[family], *OURS]
    found = ask(*modules(family), framework="llama_index", instrument=whom)[mode]
    assert (found["steps"], found["requests"]) == (EXPECTED[mode], 1)


@pytest.mark.parametrize("otherwise", ["stock_processor", "literal_alone"])
@pytest.mark.parametrize("mode", [mode for mode in EXPECTED if mode != "query"])
def test_also_where_spans_go_another_way(ask, otherwise: str, mode: str) -> None:
    whom = [*STACKS["openinference"], *OURS]
    found = ask(*modules("openinference"), framework="llama_index", instrument=whom, **{otherwise: True})[mode]
    assert found["steps"] == EXPECTED[mode]


@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("family", STACKS)
def test_other_exporters_see_the_same_spans_of_theirs(ask, family: str, mode: str) -> None:
    def seen(whom: list[str]) -> Counter[tuple[str, str]]:
        spans = ask(*modules(family), framework="llama_index", instrument=whom)[mode]["spans"]
        return Counter((span["scope"], span["name"]) for span in spans if not span["scope"].startswith("literalai"))

    assert seen([*STACKS[family], *OURS]) == seen(STACKS[family])
