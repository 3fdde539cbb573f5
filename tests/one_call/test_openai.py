"""OpenAI's SDK, our instrumentor, and those of other families: one generation, with everything that is known."""

from typing import Any

import pytest

from .program import FOREIGN

FAMILIES = ["openllmetry", "openinference", "official"]
ORDERS = {"theirs first": ["{}", "ours"], "ours first": ["ours", "{}"]}
COMPLETE = ["gpt-4o-2025-01-01", 11, 7, "Hi", "Hello from the fake provider.", "ok"]
PARTIAL = ["gpt-4o-2025-01-01", None, None, "Hi", "", "ok"]
EXPECTED = {
    "sync": COMPLETE,
    "async": COMPLETE,
    "stream": COMPLETE,
    "async stream": COMPLETE,
    "raw": COMPLETE,
    "closed": PARTIAL,
    "abandoned": PARTIAL,
    "error": ["error-429", None, None, "Hi", "", "error"],
}
OURS = "literalai_otel.instrumentors.openai"

pytestmark = pytest.mark.feature("I-OAI-11", "O-08")


def expected(family: str, mode: str) -> list[list[Any]]:
    generation = list(EXPECTED[mode])
    if (family, mode) == ("official", "abandoned"):
        generation[-1] = "error"  # the official package says so of its span
    return [[0, "run", "work"], [1, "llm", f"chat {'error-429' if mode == 'error' else 'gpt-4o'}", *generation]]


def of(order: str, family: str) -> list[str]:
    return [one.format(family) for one in ORDERS[order]]


def module_of(family: str) -> str:
    return FOREIGN[family, "openai"][0]


@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_literal_gets_one_generation_below_the_run(ask, family: str, order: str, mode: str) -> None:
    found = ask(module_of(family), framework="openai", instrument=of(order, family))[mode]
    assert found["requests"] == 1
    assert found["steps"] == expected(family, mode)


@pytest.mark.parametrize("otherwise", ["stock_processor", "literal_alone"])
@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("family", FAMILIES)
def test_also_where_spans_go_another_way(ask, otherwise: str, family: str, mode: str) -> None:
    whom = of("theirs first", family)
    found = ask(module_of(family), framework="openai", instrument=whom, **{otherwise: True})[mode]
    assert found["steps"] == expected(family, mode)


@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_other_exporters_see_their_span_as_without_us(ask, family: str, order: str, mode: str) -> None:
    alone = ask(module_of(family), framework="openai", instrument=[family])[mode]["spans"]
    beside = ask(module_of(family), framework="openai", instrument=of(order, family))[mode]["spans"]
    assert [span for span in beside if span["scope"] != OURS] == alone
    assert len([span for span in beside if span["scope"] == OURS]) == (0 if family == "official" else 1)


@pytest.mark.parametrize("mode", ["sync", "async stream"])
@pytest.mark.parametrize("order", ORDERS)
def test_with_keep_foreign_both_stay(ask, order: str, mode: str) -> None:
    found = ask(module_of("openllmetry"), framework="openai", instrument=of(order, "openllmetry"), keep_foreign=True)[
        mode
    ]
    assert found["steps"] == [
        [0, "run", "work"],
        [1, "llm", "openai.chat", *COMPLETE],
        [2, "llm", "chat gpt-4o", *COMPLETE],
    ]


@pytest.mark.parametrize(("policy", "content"), [("true", "Hi"), ("false", None), ("literal_only", "Hi")])
def test_an_official_span_gets_content_as_the_policy_says(ask, policy: str, content: str | None) -> None:
    """Beside it, never on it: what is on it the official package decides."""
    found = ask(
        module_of("official"),
        framework="openai",
        instrument=["official", "ours"],
        settings={"capture_content": policy},
        modes=["sync"],
    )["sync"]
    (_, generation) = found["steps"]
    assert generation[6] == content
    assert "gen_ai.input.messages" not in found["spans"][0]["attributes"]


@pytest.mark.parametrize("order", ORDERS)
def test_two_foreign_families_and_ours(ask, order: str) -> None:
    whom = ["openllmetry", *of(order, "openinference")]
    found = ask(module_of("openllmetry"), module_of("openinference"), framework="openai", instrument=whom)
    assert {mode: found[mode]["steps"] for mode in EXPECTED} == {mode: expected("", mode) for mode in EXPECTED}
