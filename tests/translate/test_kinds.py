"""What is remembered of the names that spans have."""

from typing import Any

import pytest
from tests.translate.conftest import Ways

from literalai_otel.translate.kinds import Names, PerKind


def test_names_that_come_again_are_looked_at_once() -> None:
    seen: list[Names] = []
    longest = PerKind(lambda names: [seen.append(names), max(names, key=len)][1])

    assert [longest["a", "bc"], longest["a", "bc"], longest["bc", "a"]] == ["bc", "bc", "bc"]
    assert seen == [("a", "bc"), ("bc", "a")]


def test_what_is_remembered_stays_small() -> None:
    counted = PerKind(len)
    large = tuple(f"name.{number}" for number in range(10_000))

    assert counted[large] == 10_000
    assert not counted  # spans of such a kind don't come again
    assert [counted[f"name.{number}",] for number in range(10_000)] == [1] * 10_000
    assert len(counted) < 1_000


@pytest.mark.parametrize(
    ("counts", "tokens"),
    [
        ({"ai.usage.inputTokens": 3, "ai.usage.promptTokens": 5}, 3),
        ({"ai.usage.inputTokens": "", "ai.usage.promptTokens": 5}, 5),
        ({"ai.usage.inputTokens": "many", "ai.usage.promptTokens": 5}, None),
        ({"ai.usage.inputTokens": 7, "ai.usage.promptTokens": ""}, 7),
    ],
)
def test_spans_of_one_kind_are_read_by_their_own_values(ways: Ways, counts: dict[str, Any], tokens: int | None) -> None:
    call = {"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-4o", "ai.response.text": "Hi"}
    step = ways.step({**call, **counts}, scope="ai")
    assert step.generation is not None
    assert step.generation.input_token_count == tokens
    assert step.metadata is not None
    assert step.metadata["otel"].get("attributes", {}) == ({} if tokens else {"gen_ai.usage.input_tokens": "many"})
