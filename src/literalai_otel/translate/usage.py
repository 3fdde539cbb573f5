"""Token counts that stand together in one object, under the provider's names or a package's own."""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.translate.reading import Rest, integer, mapping

_COUNTS: Final[Mapping[str, str]] = {
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
}
_INPUT_DETAILS: Final[Mapping[str, str]] = {
    "cached_tokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_read": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_creation": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "audio_tokens": names.USAGE_AUDIO_INPUT_TOKENS,
    "audio": names.USAGE_AUDIO_INPUT_TOKENS,
}
_OUTPUT_DETAILS: Final[Mapping[str, str]] = {
    "reasoning_tokens": names.USAGE_REASONING_OUTPUT_TOKENS,
    "reasoning": names.USAGE_REASONING_OUTPUT_TOKENS,
    "audio_tokens": names.USAGE_AUDIO_OUTPUT_TOKENS,
    "audio": names.USAGE_AUDIO_OUTPUT_TOKENS,
}
_DETAILS: Final[Mapping[str, Mapping[str, str]]] = {
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
    usage = mapping(rest.get(name))
    if usage is None:
        return
    found: list[tuple[str, int]] = []
    for key, value in usage.items():
        if isinstance(value, dict):
            found += _counted(cast(dict[str, Any], value), _DETAILS.get(key, {}))
        elif key in _COUNTS and (count := integer(value)) is not None:
            found.append((_COUNTS[key], count))
    if found:
        del rest[name]
        for official, count in found:
            rest.setdefault(official, count)


def _counted(details: Mapping[str, Any], counts: Mapping[str, str]) -> list[tuple[str, int]]:
    return [
        (counts[key], count)
        for key, value in details.items()
        if key in counts and (count := integer(value)) is not None
    ]
