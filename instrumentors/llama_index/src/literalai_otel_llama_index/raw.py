"""What a provider's own answer tells: id, model, finish reason, tokens. It is the `raw` of a response, in any shape.

Tokens: `spec/frameworks.md` §5.2. Totals include what was cached.
"""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.attributes import (
    RESPONSE_FINISH_REASONS,
    RESPONSE_ID,
    RESPONSE_MODEL,
    USAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_CACHE_WRITE_INPUT_TOKENS,
    USAGE_INPUT_TOKENS,
    USAGE_OUTPUT_TOKENS,
    USAGE_REASONING_OUTPUT_TOKENS,
)
from literalai_otel.genai import fields_of, items_of
from literalai_otel.genai.usage import COUNTS, write_usage

_TEXTS: Final = (("id", RESPONSE_ID), ("model", RESPONSE_MODEL))
_USAGE_NAMES: Final = ("usage", "usage_metadata", "usageMetadata")
_REASON_NAMES: Final = ("finish_reason", "stop_reason", "done_reason", "finishReason", "stopReason")
_CHOICE_NAMES: Final = ("choices", "candidates", "generations")
_REASONS: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "eos": "stop",
    "complete": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "tool_use": "tool_calls",
    "tool_call": "tool_calls",
    "safety": "content_filter",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}
"""What vendors call OpenAI's reasons. Others stay as they are."""
_OTHER_COUNTS: Final = {
    "prompt_token_count": USAGE_INPUT_TOKENS,  # Google
    "candidates_token_count": USAGE_OUTPUT_TOKENS,
    "cached_content_token_count": USAGE_CACHE_READ_INPUT_TOKENS,
    "thoughts_token_count": USAGE_REASONING_OUTPUT_TOKENS,
    "inputTokens": USAGE_INPUT_TOKENS,  # Bedrock
    "outputTokens": USAGE_OUTPUT_TOKENS,
    "prompt_eval_count": USAGE_INPUT_TOKENS,  # Ollama
    "eval_count": USAGE_OUTPUT_TOKENS,
}
_ALL_COUNTS: Final = COUNTS.union(_OTHER_COUNTS)
_CACHES: Final = {
    "cache_read_input_tokens": USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_creation_input_tokens": USAGE_CACHE_WRITE_INPUT_TOKENS,
}
"""Anthropic's, which are no part of its `input_tokens`."""


def write_raw(response: Any, attributes: dict[str, Any]) -> str | None:
    """Write what the raw answer of `response` tells into `attributes`; the finish reason, if it has one."""
    raw = fields_of(getattr(response, "raw", None))
    inner = raw.get("data")
    if "choices" not in raw and inner is not None:
        raw = fields_of(inner)  # an event of Mistral's
    for key, name in _TEXTS:
        value = raw.get(key)
        if isinstance(value, str) and value:
            attributes[name] = value
    _write_counts(raw, fields_of(getattr(response, "additional_kwargs", None)), attributes)
    reason = _finish_reason(raw)
    if reason is not None:
        attributes[RESPONSE_FINISH_REASONS] = [reason]
    return reason


def _write_counts(raw: Mapping[str, Any], additional: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    # LlamaIndex copies the counts of some providers into `additional_kwargs`.
    for usage in (additional, raw, *map(raw.get, _USAGE_NAMES), _cohere(raw)):
        counts = fields_of(usage)
        if _ALL_COUNTS.isdisjoint(counts):
            continue
        write_usage(counts, attributes)
        for key in filter(counts.__contains__, _OTHER_COUNTS):
            count, name = counts[key], _OTHER_COUNTS[key]
            if type(count) is int and count >= 0 and (count or name in (USAGE_INPUT_TOKENS, USAGE_OUTPUT_TOKENS)):
                attributes[name] = count
        if "input_tokens" in counts:
            _add_caches(counts, attributes)
        if type(counts.get("thoughts_token_count")) is int and USAGE_OUTPUT_TOKENS in attributes:
            attributes[USAGE_OUTPUT_TOKENS] += counts["thoughts_token_count"]  # Google counts them apart


def _add_caches(counts: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    for key, name in _CACHES.items():
        count = counts.get(key)
        if type(count) is int and count > 0 and USAGE_INPUT_TOKENS in attributes:
            attributes[name] = count
            attributes[USAGE_INPUT_TOKENS] += count


def _cohere(raw: Mapping[str, Any]) -> Any:
    """Cohere's counts: `meta.tokens`, or `usage.tokens` in its second API."""
    place = fields_of(raw.get("meta") or raw.get("usage"))
    return place.get("tokens")


def _finish_reason(raw: Mapping[str, Any]) -> str | None:
    places: list[Any] = [raw]
    for choices in map(raw.get, _CHOICE_NAMES):
        places.extend(items_of(choices))
    for place in places:
        fields = fields_of(place)
        for name in filter(fields.__contains__, _REASON_NAMES):
            given: Any = fields[name]
            reason = given if isinstance(given, str) else getattr(given, "name", None)
            if isinstance(reason, str) and reason:
                return _REASONS.get(reason.lower(), reason.lower() if reason.isupper() else reason)
    return None
