"""What the writer works out of a step once it is merged: whose token counts stand, and what they cost."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from literalai_otel.server.store import token_counts
from literalai_otel.server.store.prices import Rule, cost
from literalai_otel.server.store.stored import Stored

COSTS: Final = ("input_cost", "output_cost", "cost", "price_rule")
COLUMNS: Final = token_counts.COLUMNS + COSTS
"""Columns of `tables.steps` that are written as they are here, and not merged one by one."""
_DECIDE_COST: Final = ("provider", "model", "start_time")
"""Beside the counts."""

Values = dict[str, Any]
_NOTHING: Final[Values] = dict.fromkeys(COLUMNS)
_UNPRICED: Final[Values] = dict.fromkeys(COSTS)


def derived(values: Values, stored: Stored | None, moment: int, rules: Callable[[], Sequence[Rule]]) -> Values:
    """The values of `COLUMNS` for a step with new `values` over what is `stored`; of a new one without its own counts.

    `moment`: when the step was first seen, in microseconds; its start counts where it is known.
    """
    if stored is None:
        return _costs(values.get, moment, rules) if "generation_type" in values else _NOTHING
    before = {column: getattr(stored, column) for column in COLUMNS}
    counts = token_counts.merged_counts(before, values)
    # What was priced keeps its cost, whatever the rules say when it is sent again.
    same = all(values.get(column) in (None, getattr(stored, column)) for column in _DECIDE_COST)
    if same and all(counts[column] == before[column] for column in token_counts.COLUMNS):
        return before

    def after(column: str) -> Any:
        if column in counts:
            return counts[column]
        given = values.get(column)
        return getattr(stored, column) if given is None else given

    return counts | _costs(after, moment, rules)


def _costs(get: Callable[[str], Any], moment: int, rules: Callable[[], Sequence[Rule]]) -> Values:
    """The values of `COSTS` for a step whose columns `get` answers."""
    start = get("start_time")
    priced = cost(
        rules,
        provider=get("provider"),
        model=get("model"),
        moment=moment if start is None else start,
        input_tokens=get("input_token_count"),
        output_tokens=get("output_token_count"),
        tokens=get("token_count"),
    )
    return dict(zip(COSTS, priced, strict=True)) if priced is not None else _UNPRICED
