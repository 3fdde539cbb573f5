"""Which price counts, and what it makes of tokens."""

import pytest
from dirty_equals import IsApprox, IsPartialDict

from literalai_otel.server.store import prices
from literalai_otel.server.store.default_prices import find
from literalai_otel.server.store.patterns import hint, literal_start
from literalai_otel.server.store.prices import Cost, Rule, cost

WAIT = 20.0
RULE = Rule("r", "m.*", 1.0, 2.0, None, None, 1)


def priced(rules=(RULE,), **changes):
    given = {"provider": None, "model": "m1", "moment": 10, "input_tokens": 100, "output_tokens": 10, "tokens": 110}
    return cost(lambda: list(rules), **{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Cost(0.0001, 0.00002, IsApprox(0.00012), "rule:r")),
        ({"output_tokens": 0}, Cost(0.0001, 0.0, 0.0001, "rule:r")),
        ({"output_tokens": None, "tokens": 100}, Cost(0.0001, None, 0.0001, "rule:r")),
        ({"output_tokens": None, "tokens": None}, Cost(0.0001, None, 0.0001, "rule:r")),
        ({"output_tokens": None}, None),
        ({"input_tokens": None}, None),
        ({"model": None}, None),
        ({"model": "other"}, None),
        ({"model": "am1"}, None),
    ],
)
def test_a_cost_is_there_where_prices_and_counts_are(changes, expected):
    assert priced(**changes) == expected


@pytest.mark.parametrize(("moment", "rule"), [(9, None), (10, "rule:r"), (19, "rule:r"), (20, None)])
def test_a_period_begins_at_its_start_and_ends_before_its_end(moment, rule):
    found = priced([RULE._replace(starts_at=10, ends_at=20)], moment=moment)
    assert (found and found.rule) == rule


@pytest.mark.parametrize(
    ("pattern", "length"),
    [("gpt-4o.*", 6), ("gpt-4o*", 5), (r"^gpt\.4", 5), ("a|b", 0), ("ab?", 1), ("a{2}", 0), ("(a)", 0), ("gpt-4", 5)],
)
def test_the_literal_start_of_a_pattern_is_what_every_match_begins_with(pattern, length):
    assert literal_start(pattern) == length


@pytest.mark.parametrize(
    ("pattern", "hinted"), [("gpt-4o*", True), ("gpt-4o.*", False), ("gpt", False), ("[a]*", False)]
)
def test_file_patterns_are_hinted_at(pattern, hinted):
    assert (hint(pattern) is not None) == hinted


def test_a_price_of_tiers_is_that_of_the_tier_reached():
    listed = find("anthropic", "claude-sonnet-4-5")
    assert listed is not None
    low, high = (listed.rates(1_770_000_000_000_000, tokens) for tokens in (200_000, 200_001))
    assert (low.input, low.output, high.input, high.output) == (3.0, 15.0, 6.0, 22.5)


def test_what_was_priced_keeps_its_cost_when_it_is_sent_again(world):
    store, project = world.store, world.project.id
    rule = store.write(prices.create, project, {"pattern": "m", "inputPrice": 1, "outputPrice": 1}).result(WAIT)
    step = {"id": "s", "generation": {"model": "m", "inputTokenCount": 1_000_000, "outputTokenCount": 0}}
    world.put(step)
    store.write(prices.change, project, rule["id"], {"inputPrice": 5}).result(WAIT)
    world.put(step, {"id": "s", "name": "renamed"})
    assert world.step("s")["generation"]["cost"] == 1.0
    world.put({"id": "s", "generation": {"inputTokenCount": 2_000_000}})
    assert world.step("s")["generation"]["cost"] == 10.0


@pytest.mark.feature("P-COST-02")
def test_a_null_opens_an_end_of_the_period_and_leaves_everything_else(world):
    store, project = world.store, world.project.id
    day = "2026-01-01T00:00:00.000Z"
    values = {"pattern": "m", "inputPrice": 1, "outputPrice": 2, "startsAt": day, "endsAt": "2026-02-01T00:00:00.000Z"}
    rule = store.write(prices.create, project, values).result(WAIT)
    changed = store.write(prices.change, project, rule["id"], {"pattern": None, "endsAt": None}).result(WAIT)
    assert changed == {**rule, "endsAt": None}


@pytest.mark.feature("P-COST-03")
def test_the_rules_of_a_project_are_its_own(world):
    store, project, other = world.store, world.project.id, world.new_project()
    values = {"pattern": "shared", "inputPrice": 1, "outputPrice": 1}
    rule = store.write(prices.create, project, values).result(WAIT)
    assert store.read(prices.page, other.id) == []
    assert store.read(prices.get, other.id, rule["id"]) is None
    assert store.write(prices.change, other.id, rule["id"], {"inputPrice": 9}).result(WAIT) is None
    assert store.write(prices.remove, other.id, rule["id"]).result(WAIT) is None
    step = {"id": "s", "generation": {"model": "shared", "inputTokenCount": 1_000_000, "outputTokenCount": 0}}
    world.put(step)
    world.send(step, project=other)
    assert world.step("s")["generation"] == IsPartialDict(cost=1.0, priceRule=f"rule:{rule['id']}")
    assert store.get_step(other.id, "s")["generation"] == IsPartialDict(cost=None, priceRule=None)
