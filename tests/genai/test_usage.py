"""Token counts in both spellings."""

from typing import Any

import pytest

from literalai_otel import attributes as names
from literalai_otel.genai.usage import write_usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}, {"in": 3, "out": 2}),
        ({"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}, {"in": 3, "out": 2}),
        ({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 9}, {"in": 3, "out": 2, "total": 9}),
        ({"prompt_tokens": 5, "total_tokens": 5}, {"in": 5}),
        ({"completion_tokens": 7, "total_tokens": 7}, {"out": 7, "total": 7}),
        ({"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}, {"in": 0, "out": 0}),
        ({"input_tokens": -1, "output_tokens": "many", "total_tokens": True}, {}),
        ({"type": "duration", "seconds": 2.5}, {"seconds": 2.5}),
        ({"type": "duration", "seconds": "long"}, {}),
        ({"type": "tokens", "seconds": 1}, {}),
        (None, {}),
        (7, {}),
    ],
)
def test_totals(usage: Any, expected: dict[str, Any]) -> None:
    keys = {
        "in": names.USAGE_INPUT_TOKENS,
        "out": names.USAGE_OUTPUT_TOKENS,
        "total": names.USAGE_TOTAL_TOKENS,
        "seconds": names.USAGE_AUDIO_SECONDS,
    }
    found: dict[str, Any] = {}
    write_usage(usage, found)
    assert found == {keys[key]: value for key, value in expected.items()}


@pytest.mark.parametrize(
    ("group", "detail", "name"),
    [
        ("prompt_tokens_details", "cached_tokens", names.USAGE_CACHE_READ_INPUT_TOKENS),
        ("input_tokens_details", "cached_tokens", names.USAGE_CACHE_READ_INPUT_TOKENS),
        ("input_tokens_details", "cache_write_tokens", names.USAGE_CACHE_WRITE_INPUT_TOKENS),
        ("input_tokens_details", "image_tokens", names.USAGE_IMAGE_INPUT_TOKENS),
        ("input_token_details", "audio_tokens", names.USAGE_AUDIO_INPUT_TOKENS),
        ("completion_tokens_details", "reasoning_tokens", names.USAGE_REASONING_OUTPUT_TOKENS),
        ("output_tokens_details", "text_tokens", names.USAGE_TEXT_OUTPUT_TOKENS),
    ],
)
def test_details(group: str, detail: str, name: str) -> None:
    """Regression 6 of `spec/instrumentation-cases.md` §2: parts of the totals, beside them."""
    found: dict[str, Any] = {}
    write_usage({"input_tokens": 9, "output_tokens": 9, group: {detail: 4, "unknown_tokens": 1}}, found)
    assert found == {names.USAGE_INPUT_TOKENS: 9, names.USAGE_OUTPUT_TOKENS: 9, name: 4}
    for nothing in (0, -1, None, "4"):
        found.clear()
        write_usage({group: {detail: nothing}}, found)
        assert found == {}
