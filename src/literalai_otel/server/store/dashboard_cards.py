"""From figures to what the cards of the dashboard show: counts, rates, means, percentiles, and numbers by name.

A mean, a rate or a percentile of nothing is None; a count of nothing is 0 (`spec/features.md` P-DASH-09). Costs are
those that were stored with each generation (`docs/costs.md`); where none has one, the cost is None.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from literalai_otel.server.store import figures
from literalai_otel.server.store.figures import Figures, family, percentile

MOST_SHOWN: Final = 12
"""Names of a card; the sum of the others is said beside them."""

Names = Mapping[str, Sequence[str]]
"""Card -> the names that it shows, the largest first."""
_Scalar = Callable[[Figures], float | None]


def _count(key: str) -> _Scalar:
    return lambda found: found.get(key, 0)


def _ratio(part: str, whole: str) -> _Scalar:
    return lambda found: found.get(part, 0) / found[whole] if found.get(whole) else None


def _given(key: str, counter: str) -> _Scalar:
    """A sum over steps that need not say the number at all: None where none does."""
    return lambda found: found.get(key, 0) if found.get(counter) else None


SCALARS: Final[Mapping[str, _Scalar]] = {
    "threads": _count(figures.THREADS),
    "costPerThread": _ratio(figures.THREAD_COST, figures.PRICED_THREADS),
    "steps": _count(figures.STEPS),
    "errors": _count(figures.ERRORS),
    "errorRate": _ratio(figures.ERRORS, figures.STEPS),
    "runs": _count(figures.RUNS),
    "runErrors": _count(figures.FAILED_RUNS),
    "runErrorRate": _ratio(figures.FAILED_RUNS, figures.RUNS),
    "generations": _count(figures.GENERATIONS),
    "generationErrors": _count(figures.FAILED_GENERATIONS),
    "tokens": _count(figures.TOKENS),
    "tokensInput": _count(figures.INPUT),
    "tokensOutput": _count(figures.OUTPUT),
    "tokensCached": _given(figures.CACHED, figures.CACHE_COUNTED),
    "cachedShare": _ratio(figures.CACHED, figures.CACHEABLE),
    "tokensPerGeneration": _ratio(figures.TOKENS, figures.COUNTED),
    "estimated": _count(figures.ESTIMATED),
    "cost": _given(figures.COST, figures.PRICED),
    "priced": _count(figures.PRICED),
    "feedback": _count(figures.FEEDBACK),
}
_PERCENTILES: Final[Mapping[str, tuple[str, Mapping[str, float]]]] = {
    "latency": (figures.LATENCY, {"p50": 0.5, "p95": 0.95, "p99": 0.99}),
    "runLatency": (figures.RUN_LATENCY, {"p50": 0.5, "p95": 0.95, "p99": 0.99}),
    "firstToken": (figures.FIRST_TOKEN, {"p50": 0.5, "p95": 0.95}),
    "throughput": (figures.THROUGHPUT, {"p50": 0.5, "p5": 0.05}),
}
_SUMS: Final[Mapping[str, str]] = {
    "costByModel": figures.MODEL_COSTS,
    "generationsByModel": figures.MODEL_CALLS,
    "inputByModel": figures.MODEL_INPUT,
    "outputByModel": figures.MODEL_OUTPUT,
    "runsByName": figures.RUN_NAMES,
    "toolCalls": figures.TOOL_NAMES,
    "toolErrors": figures.TOOL_ERRORS,
    "prompts": figures.PROMPTS,
    "scoreCounts": figures.SCORES,
}
"""Card -> the family whose numbers it shows."""
_NAMED_AS: Final = {
    "inputByModel": "generationsByModel",
    "outputByModel": "generationsByModel",
    "toolErrors": "toolCalls",
    "scores": "scoreCounts",
}
"""Cards with the names of another one."""


def names_of(total: Figures) -> Names:
    """The names that each card shows of a period; those that are equally large go by the alphabet."""
    own: dict[str, list[str]] = {}
    for card, kind in _SUMS.items():
        if card not in _NAMED_AS:
            ranked = sorted(family(total, kind).items(), key=lambda item: (-item[1], item[0]))
            own[card] = [name for name, _ in ranked[:MOST_SHOWN]]
    return own | {card: own[other] for card, other in _NAMED_AS.items()}


def values(found: Figures, names: Names) -> dict[str, Any]:
    """Card -> its number, or its numbers by percentile or name."""
    cards: dict[str, Any] = {card: of(found) for card, of in SCALARS.items()}
    for card, (distribution, shares) in _PERCENTILES.items():
        numbers = family(found, distribution)
        cards[card] = {name: percentile(numbers, share) for name, share in shares.items()}
    for card, kind in _SUMS.items():
        cards[card] = {name: found.get(f"{kind}:{name}", 0) for name in names[card]}
    cards["scores"] = {name: _mean_score(found, name) for name in names["scores"]}
    return cards


def others(found: Figures, names: Names) -> dict[str, float]:
    """Card -> the sum over the names that it does not show, of the cards that show sums."""
    return {
        card: found.get(kind, 0)
        + sum(number for name, number in family(found, kind).items() if name not in names[card])
        for card, kind in _SUMS.items()
    }


def series(buckets: Sequence[Figures | None], names: Names) -> dict[str, Any]:
    """Card -> its numbers by bucket, None in a bucket that was not counted."""
    shown = [None if bucket is None else values(bucket, names) for bucket in buckets]
    return _transposed(values({}, names), shown)


def _transposed(shape: Mapping[str, Any], rows: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, example in shape.items():
        column = [None if row is None else row[key] for row in rows]
        nested = isinstance(example, dict)
        found[key] = _transposed(cast(dict[str, Any], example), column) if nested else column
    return found


def _mean_score(found: Figures, name: str) -> float | None:
    valued = found.get(f"{figures.VALUED_SCORES}:{name}")
    return found.get(f"{figures.SCORE_SUMS}:{name}", 0) / valued if valued else None
