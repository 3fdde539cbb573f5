"""Token counts that stand together in one object, under the provider's names or a package's own."""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.translate.reading import Rest, integer, mapping

Counts = Mapping[str, "str | Counts"]
"""Name in the object -> official name, or what the object behind it has."""

_INPUT_DETAILS: Final[Counts] = {
    "cached_tokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_read": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_creation": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "audio_tokens": names.USAGE_AUDIO_INPUT_TOKENS,
    "audio": names.USAGE_AUDIO_INPUT_TOKENS,
}
_OUTPUT_DETAILS: Final[Counts] = {
    "reasoning_tokens": names.USAGE_REASONING_OUTPUT_TOKENS,
    "reasoning": names.USAGE_REASONING_OUTPUT_TOKENS,
    "audio_tokens": names.USAGE_AUDIO_OUTPUT_TOKENS,
    "audio": names.USAGE_AUDIO_OUTPUT_TOKENS,
}
_COUNTS: Final[Counts] = {
    "input": names.USAGE_INPUT_TOKENS,
    "input_tokens": names.USAGE_INPUT_TOKENS,
    "prompt_tokens": names.USAGE_INPUT_TOKENS,
    "output": names.USAGE_OUTPUT_TOKENS,
    "output_tokens": names.USAGE_OUTPUT_TOKENS,
    "completion_tokens": names.USAGE_OUTPUT_TOKENS,
    "total": names.SHORT_USAGE_TOTAL,
    "total_tokens": names.SHORT_USAGE_TOTAL,
    "cache_read_input_tokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "input_cached_tokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "input_cache_read": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_creation_input_tokens": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "input_cache_creation": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "reasoning_tokens": names.USAGE_REASONING_OUTPUT_TOKENS,
    "output_reasoning_tokens": names.USAGE_REASONING_OUTPUT_TOKENS,
    "prompt_tokens_details": _INPUT_DETAILS,
    "input_tokens_details": _INPUT_DETAILS,
    "input_token_details": _INPUT_DETAILS,
    "completion_tokens_details": _OUTPUT_DETAILS,
    "output_tokens_details": _OUTPUT_DETAILS,
    "output_token_details": _OUTPUT_DETAILS,
}


def put_usage(rest: Rest, name: str) -> None:
    """Says the counts of the object under `name` in the official names; what is there already stays.

    An object that has none of the known counts stays where it is.
    """
    usage = mapping(rest.get(name)) if name in rest else None
    if usage is not None and _say(rest, usage, _COUNTS):
        del rest[name]


def _say(rest: Rest, usage: Mapping[str, Any], counts: Counts) -> bool:
    """Whether there was anything to say."""
    said = False
    for key, value in usage.items():
        official = counts.get(key)
        if isinstance(official, str):
            count = value if type(value) is int else integer(value)
            if count is not None:
                said = True
                if official not in rest:
                    rest[official] = count
        elif official is not None and isinstance(value, dict):
            said |= _say(rest, cast("dict[str, Any]", value), official)
    return said
