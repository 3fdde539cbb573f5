"""Counts and names in Mistral's answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from literalai_otel.attributes import USAGE_AUDIO_SECONDS, USAGE_CACHE_READ_INPUT_TOKENS
from literalai_otel.genai import given_fields
from literalai_otel.genai import usage as token_counts


def write_usage(usage: Any, attributes: dict[str, Any]) -> None:
    """Write the counts that the provider gave; where it gave none, the SDK's models say 0."""
    fields = given_fields(usage)
    token_counts.write_usage(fields, attributes)
    cached = fields.get("num_cached_tokens")
    if type(cached) is int and cached > 0:
        attributes.setdefault(USAGE_CACHE_READ_INPUT_TOKENS, cached)
    heard = fields.get("prompt_audio_seconds")
    if isinstance(heard, int | float) and heard > 0:
        attributes[USAGE_AUDIO_SECONDS] = heard


def write_texts(fields: Mapping[str, Any], places: Iterable[tuple[str, str]], attributes: dict[str, Any]) -> None:
    """Write the `fields` that are texts and not empty: `places` are pairs of a field and an attribute."""
    for key, name in places:
        value = fields.get(key)
        if value and isinstance(value, str):
            attributes[name] = value
