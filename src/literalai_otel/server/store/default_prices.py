"""The list prices of models, from genai-prices, whose data ships in its wheel.

Loaded on first need (about 0.5 s and 40 MiB). A model is looked up by its provider; without a provider by its name
alone. A provider that the list does not know has no list price: a model that somebody hosts under a public name
costs something else.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

KNOWN_MODELS: Final = 4_096
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS: Final = re.compile(r"[^a-z0-9_.]+")


class Rates(NamedTuple):
    """USD per million tokens, with where they come from."""

    source: str
    input: float | None
    output: float | None


class ListedModel:
    """A model of the list, under one provider."""

    def __init__(self, provider: Any, model: Any) -> None:
        self._source = f"default:{provider.id}/{model.id}"
        self._model = model

    def rates(self, moment: int, input_tokens: int) -> Rates:
        """The rates at `moment` (microseconds since 1970) for a call with so many input tokens."""
        prices = self._model.get_prices(_EPOCH + timedelta(microseconds=moment))
        return Rates(self._source, _rate(prices.input_mtok, input_tokens), _rate(prices.output_mtok, input_tokens))


def is_known(provider: str | None, model: str) -> bool:
    """Whether `find` will answer at once."""
    return (provider, model) in _found


def find(provider: str | None, model: str) -> ListedModel | None:
    """The model in the list, None when it is not there. Slow when it is asked for the first time."""
    listed = _look_up(provider, model)
    if len(_found) >= KNOWN_MODELS:
        _found.clear()
    _found.add((provider, model))
    return listed


_found: set[tuple[str | None, str]] = set()


@lru_cache(maxsize=KNOWN_MODELS)
def _look_up(provider: str | None, model: str) -> ListedModel | None:
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    # LangChain's names of providers hold the provider's own (`openai-chat`).
    names = [None] if provider is None else [provider, *filter(None, _WORDS.split(provider.lower()))]
    for name in names:
        try:
            return ListedModel(*snapshot.find_provider_model(model, None, name, None))
        except LookupError:
            continue
    return None


def _rate(price: Any, input_tokens: int) -> float | None:
    """One price: plain, or by tiers that the number of input tokens chooses between."""
    if price is None:
        return None
    tiers = getattr(price, "tiers", None)
    if tiers is None:
        return float(price)
    reached = [tier.price for tier in tiers if input_tokens > tier.start]
    return float(reached[-1] if reached else price.base)
