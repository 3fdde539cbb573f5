"""What a provider's own answer tells: id, model, finish reason, tokens. It is the `raw` of a response, in any shape.

Tokens: `spec/frameworks.md` §5.2. Totals include what was cached.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

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
from literalai_otel.genai.usage import COUNTS, DETAILS, GROUPS, write_usage

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
_THOUGHTS: Final = "thoughts_token_count"
_OTHER_COUNTS: Final = {
    "prompt_token_count": USAGE_INPUT_TOKENS,  # Google
    "candidates_token_count": USAGE_OUTPUT_TOKENS,
    "cached_content_token_count": USAGE_CACHE_READ_INPUT_TOKENS,
    _THOUGHTS: USAGE_REASONING_OUTPUT_TOKENS,
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
_META, _TOKENS = "meta", "tokens"
_NESTED: Final = frozenset((*_USAGE_NAMES, *_CHOICE_NAMES, *GROUPS, _META, _TOKENS))
_LOOKED_AT: Final = _NESTED.union(_ALL_COUNTS, DETAILS, _CACHES, _REASON_NAMES, (key for key, _ in _TEXTS), ("type",))
"""All names that are looked at here, at any depth; the former hold further ones."""
_DEPTH: Final = 4
"""Where they end: a choice in an answer, the details of counts."""


class Raw(NamedTuple):
    """What a provider said, and what LlamaIndex copied of it: the counts of some providers."""

    fields: Mapping[str, Any]
    additional: Mapping[str, Any]

    def kept(self) -> "Raw":
        """A copy of what is looked at here, which nobody else has."""
        return Raw(_kept(self.fields, _DEPTH), _kept(self.additional, _DEPTH))


def raw_of(response: Any) -> Raw:
    """The raw answer behind `response`. It is the caller's."""
    raw = fields_of(getattr(response, "raw", None))
    inner = raw.get("data")
    if "choices" not in raw and inner is not None:
        raw = fields_of(inner)  # an event of Mistral's
    return Raw(raw, fields_of(getattr(response, "additional_kwargs", None)))


def _kept(value: Any, depth: int) -> Any:
    if depth == 0:
        return None
    if isinstance(value, list):
        return [_kept(item, depth - 1) for item in cast(list[Any], value)]
    fields = fields_of(value)
    return {
        name: _kept(fields[name], depth - 1) if name in _NESTED else fields[name]
        for name in _LOOKED_AT.intersection(fields)
    }


def write_raw(answer: Raw, attributes: dict[str, Any]) -> str | None:
    """Write what `answer` tells into `attributes`; the finish reason, if it has one."""
    raw = answer.fields
    for key, name in _TEXTS:
        value = raw.get(key)
        if isinstance(value, str) and value:
            attributes[name] = value
    _write_counts(raw, answer.additional, attributes)
    reason = _finish_reason(raw)
    if reason is not None:
        attributes[RESPONSE_FINISH_REASONS] = [reason]
    return reason


def _write_counts(raw: Mapping[str, Any], additional: Mapping[str, Any], attributes: dict[str, Any]) -> None:
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
        if type(counts.get(_THOUGHTS)) is int and USAGE_OUTPUT_TOKENS in attributes:
            attributes[USAGE_OUTPUT_TOKENS] += counts[_THOUGHTS]  # Google counts them apart


def _add_caches(counts: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    for key, name in _CACHES.items():
        count = counts.get(key)
        if type(count) is int and count > 0 and USAGE_INPUT_TOKENS in attributes:
            attributes[name] = count
            attributes[USAGE_INPUT_TOKENS] += count


def _cohere(raw: Mapping[str, Any]) -> Any:
    """Cohere's counts: `meta.tokens`, or `usage.tokens` in its second API."""
    place = fields_of(raw.get(_META) or raw.get("usage"))
    return place.get(_TOKENS)


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
