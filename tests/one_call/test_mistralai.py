"""Mistral's SDK, our instrumentor and OpenInference's: one generation, with everything that is known."""

import pytest

from .program import FOREIGN

ORDERS = {"theirs first": ["openinference", "ours"], "ours first": ["ours", "openinference"]}
ANSWERED = ["mistral-large-latest-2025-01-01", 11, 7, "Hi", "Hello from the fake provider.", "ok"]
STREAMED = ["mistral-large-latest-2025-01-01", None, None, "Hi", "Hello from the fake provider.", "ok"]
EXPECTED = {"sync": ANSWERED, "async": ANSWERED, "stream": STREAMED, "async stream": STREAMED}
UNREAD = ["mistral-large-latest", None, None, "Hi", "", "ok"]
"""Where their wrapper, which is inside, answers with a generator in place of the SDK's stream: ours gets no chunks to
read then."""
NEEDS = FOREIGN["openinference", "mistralai"][0]

pytestmark = pytest.mark.feature("I-MIS-01")


@pytest.mark.parametrize("otherwise", [None, "stock_processor", "literal_alone"])
@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("order", ORDERS)
def test_literal_gets_one_generation_below_the_run(ask, order: str, mode: str, otherwise: str | None) -> None:
    asked = {} if otherwise is None else {otherwise: True}
    found = ask(NEEDS, framework="mistralai", instrument=ORDERS[order], **asked)[mode]
    generation = EXPECTED[mode]
    if (order, mode) == ("theirs first", "async stream"):
        generation = UNREAD
    assert found["requests"] == 1
    assert found["steps"] == [[0, "run", "work"], [1, "llm", "chat mistral-large-latest", *generation]]


@pytest.mark.parametrize("mode", EXPECTED)
def test_other_exporters_see_their_span_as_without_us(ask, mode: str) -> None:
    alone = ask(NEEDS, framework="mistralai", instrument=["openinference"])[mode]["spans"]
    beside = ask(NEEDS, framework="mistralai", instrument=ORDERS["ours first"])[mode]["spans"]
    ours = [span for span in beside if span["scope"].startswith("literalai_otel.")]
    assert len(ours) == 1
    assert [span for span in beside if span not in ours] == alone
