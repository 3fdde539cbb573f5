"""Token counts as OpenAI and those who speak its protocols give them, in both spellings.

Chat and embeddings say `prompt_tokens` and `completion_tokens`; Responses, images and audio say `input_tokens` and
`output_tokens` (`spec/frameworks.md` §2.5).
"""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.attributes import (
    USAGE_AUDIO_INPUT_TOKENS,
    USAGE_AUDIO_OUTPUT_TOKENS,
    USAGE_AUDIO_SECONDS,
    USAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_CACHE_WRITE_INPUT_TOKENS,
    USAGE_IMAGE_INPUT_TOKENS,
    USAGE_IMAGE_OUTPUT_TOKENS,
    USAGE_INPUT_TOKENS,
    USAGE_OUTPUT_TOKENS,
    USAGE_REASONING_OUTPUT_TOKENS,
    USAGE_TEXT_INPUT_TOKENS,
    USAGE_TEXT_OUTPUT_TOKENS,
    USAGE_TOTAL_TOKENS,
)
from literalai_otel.genai.fields import fields_of

_INPUT_DETAILS: Final = {
    "cached_tokens": USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_write_tokens": USAGE_CACHE_WRITE_INPUT_TOKENS,
    "audio_tokens": USAGE_AUDIO_INPUT_TOKENS,
    "image_tokens": USAGE_IMAGE_INPUT_TOKENS,
    "text_tokens": USAGE_TEXT_INPUT_TOKENS,
}
_OUTPUT_DETAILS: Final = {
    "reasoning_tokens": USAGE_REASONING_OUTPUT_TOKENS,
    "audio_tokens": USAGE_AUDIO_OUTPUT_TOKENS,
    "image_tokens": USAGE_IMAGE_OUTPUT_TOKENS,
    "text_tokens": USAGE_TEXT_OUTPUT_TOKENS,
}
_DETAILS: Final[Mapping[str, Mapping[str, str]]] = {
    "prompt_tokens_details": _INPUT_DETAILS,
    "completion_tokens_details": _OUTPUT_DETAILS,
    "input_tokens_details": _INPUT_DETAILS,
    "output_tokens_details": _OUTPUT_DETAILS,
    "input_token_details": _INPUT_DETAILS,  # transcriptions
}
"""Parts of the totals, never to be added to them."""
_SPENT: Final = ("prompt_tokens", "input_tokens")
_MADE: Final = ("completion_tokens", "output_tokens")
_TOTAL: Final = "total_tokens"
_SECONDS: Final = "seconds"
COUNTS: Final = frozenset((*_SPENT, *_MADE, _TOTAL, _SECONDS, *_DETAILS))
"""The fields that `write_usage` looks at."""
GROUPS: Final = frozenset(_DETAILS)
"""Those of them that hold others."""
DETAILS: Final = frozenset((*_INPUT_DETAILS, *_OUTPUT_DETAILS))
"""The fields inside of those."""


def write_usage(usage: Any, attributes: dict[str, Any]) -> None:
    """Write token counts as far as they are given: totals also when zero, details only when positive."""
    fields = fields_of(usage)
    spent = _count(fields, *_SPENT)
    made = _count(fields, *_MADE)
    total = _count(fields, _TOTAL)
    if spent is not None:
        attributes[USAGE_INPUT_TOKENS] = spent
    if made is not None:
        attributes[USAGE_OUTPUT_TOKENS] = made
    if total is not None and (spent is None or total != spent + (made or 0)):
        attributes[USAGE_TOTAL_TOKENS] = total
    for group in filter(fields.__contains__, _DETAILS):
        details, names = fields[group], _DETAILS[group]
        if details is not None:
            for key, count in fields_of(details).items():
                if key in names and type(count) is int and count > 0:
                    attributes[names[key]] = count
    seconds = fields.get(_SECONDS)
    if isinstance(seconds, int | float) and fields.get("type") == "duration":
        attributes[USAGE_AUDIO_SECONDS] = seconds


def _count(fields: Mapping[str, Any], *names: str) -> int | None:
    """The first of the counts that is one; providers also send null, texts and -1."""
    for name in names:
        count = fields.get(name)
        if type(count) is int and count >= 0:
            return count
    return None
