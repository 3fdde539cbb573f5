"""What a client says of content holds for the process: mask, rules and the settings of capture."""

from typing import Any

import pytest

from literalai_otel import AsyncLiteralClient, LiteralClient, Rule, init
from literalai_otel.errors import ConfigError
from literalai_otel.genai.content import policy
from literalai_otel.testing import recorded
from literalai_otel.testing.memory import ADDRESS

PROJECT: dict[str, Any] = {"api_key": "key", "url": ADDRESS}


@pytest.mark.parametrize("kind", [LiteralClient, AsyncLiteralClient])
@pytest.mark.parametrize(
    ("settings", "output"),
    [
        ({}, {"content": "secret"}),
        ({"mask": lambda value, key, span: "***"}, {"content": "***"}),
        ({"content_policy": (Rule("drop", kind="output"),)}, {"content": "[dropped]"}),
        ({"content_policy": "output=mask", "mask": lambda value, key, span: value.upper()}, {"content": "SECRET"}),
        ({"capture_content": "false"}, None),
    ],
    ids=["nothing", "mask", "rules", "mask by rule", "off"],
)
def test_a_client_sets_the_policy(kind: Any, settings: dict[str, Any], output: Any) -> None:
    before = policy()
    with recorded() as steps:
        client = kind(**PROJECT, **settings)
        with client.step(name="step") as step:
            step.output = {"content": "secret"}
        assert steps.one().output == output
    assert policy() is before


def test_a_later_set_up_without_them_lets_nothing_out() -> None:
    with recorded() as steps:
        LiteralClient(**PROJECT, mask=lambda value, key, span: "***", content_policy="variable=drop")
        init()
        second = LiteralClient(**PROJECT, capture_content="true")
        with second.step(name="step") as step:
            step.output = {"content": "secret"}
        assert steps.one().output == {"content": "***"}
        assert policy().rules == (Rule("drop", kind="variable"),)


def test_a_rule_that_cannot_be_makes_no_client() -> None:
    with pytest.raises(ConfigError, match="`output=mask`, but there is no mask"):
        LiteralClient(**PROJECT, content_policy="output=mask")
    with pytest.raises(ConfigError, match="argument content_policy: 'x=drop' has a rule 'x=drop'"):
        LiteralClient(**PROJECT, content_policy="x=drop")
