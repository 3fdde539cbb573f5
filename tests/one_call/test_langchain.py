"""LangChain and LangGraph over OpenAI's SDK, both recorded by us and by another family: the tree is ours alone's."""

from collections import Counter
from typing import Any

import pytest

from .program import FOREIGN

FAMILIES = ["openllmetry", "openinference", "official"]
STACKS = {
    "theirs first": ["{}", "{}:openai", "ours", "ours:openai"],
    "ours first": ["ours:openai", "ours", "{}:openai", "{}"],
}
USAGE = ["gpt-4o-2025-01-01", 11, 7]
ANSWERED = [*USAGE, "Hi", "Hello from the fake provider.", "ok"]
ONE_CALL = [[0, "run", "work"], [1, "llm", "chat gpt-4o", *ANSWERED]]
CHAIN = [
    [0, "run", "work"],
    [1, "run", "RunnableSequence"],
    [2, "undefined", "ChatPromptTemplate"],
    [2, "llm", "chat gpt-4o", *ANSWERED],
    [2, "undefined", "StrOutputParser"],
]
EXPECTED: dict[str, list[list[Any]]] = {
    "sync": ONE_CALL,
    "async": ONE_CALL,
    "stream": ONE_CALL,
    "async stream": ONE_CALL,
    "chain": CHAIN,
    "async chain": CHAIN,
    "tool": [[0, "run", "work"], [1, "tool", "ask"], [2, "llm", "chat gpt-4o", *ANSWERED]],
    "agent": [
        [0, "run", "work"],
        [1, "run", "LangGraph"],
        [2, "undefined", "model"],
        [3, "llm", "chat gpt-4o", *USAGE, "Hi", "", "ok"],
        [2, "undefined", "tools"],
        [3, "tool", "ask"],
        [4, "llm", "chat gpt-4o", *USAGE, "Hi", "Yes", "ok"],
        [2, "undefined", "model"],
        [3, "llm", "chat gpt-4o", *USAGE, "Yes", "Done", "ok"],
    ],
}
REQUESTS = {mode: sum(line[1] == "llm" for line in tree) for mode, tree in EXPECTED.items()}
NEEDS = ("langchain_openai", "langchain.agents")

pytestmark = pytest.mark.feature("I-LC-11")


def stack(name: str, family: str) -> list[str]:
    return [one.format(family) for one in STACKS[name]]


def modules(family: str) -> list[str]:
    return [*NEEDS, *(FOREIGN[family, layer][0] for layer in ("langchain", "openai"))]


@pytest.mark.parametrize("mode", EXPECTED)
def test_ours_alone(ask, mode: str) -> None:
    found = ask(*NEEDS, framework="langchain", instrument=["ours", "ours:openai"])[mode]
    assert (found["steps"], found["requests"]) == (EXPECTED[mode], REQUESTS[mode])


@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("family", FAMILIES)
def test_beside_another_family(ask, family: str, name: str, mode: str) -> None:
    found = ask(*modules(family), framework="langchain", instrument=stack(name, family))[mode]
    assert (found["steps"], found["requests"]) == (EXPECTED[mode], REQUESTS[mode])


@pytest.mark.parametrize("otherwise", ["stock_processor", "literal_alone"])
@pytest.mark.parametrize("mode", EXPECTED)
def test_also_where_spans_go_another_way(ask, otherwise: str, mode: str) -> None:
    family = "openllmetry"
    whom = stack("theirs first", family)
    found = ask(*modules(family), framework="langchain", instrument=whom, **{otherwise: True})[mode]
    assert found["steps"] == EXPECTED[mode]


@pytest.mark.parametrize("mode", ["sync", "stream", "chain", "agent"])
@pytest.mark.parametrize("family", FAMILIES)
def test_other_exporters_see_the_same_spans_of_theirs(ask, family: str, mode: str) -> None:
    def seen(whom: list[str]) -> Counter[tuple[str, str]]:
        spans = ask(*modules(family), framework="langchain", instrument=whom)[mode]["spans"]
        return Counter((span["scope"], span["name"]) for span in spans if not span["scope"].startswith("literalai"))

    assert seen(stack("theirs first", family)) == seen([family, f"{family}:openai"])
