"""The models that a project has used, each with the price that a call has now (`spec/features.md` P-COST-01)."""

from typing import Any, Final

from sqlalchemy import Connection, select

from literalai_otel.server.store import facets, prices
from literalai_otel.server.store.patterns import compiled
from literalai_otel.server.store.prices import Rule
from literalai_otel.server.store.tables import model_prices, steps
from literalai_otel.server.times import now

MOST: Final = 200
"""Models that are listed."""


def listed(connection: Connection, project_id: int, pattern: str | None) -> list[dict[str, Any]]:
    """`{model, provider, inputPrice, outputPrice, source, matched}` by model, prices in USD per million tokens.

    `source` is what `priceRule` of a generation would be, null without a price. `matched`: whether the model is one of
    those that `pattern` stands for, null without a pattern. The provider is that of the model's newest call; list
    prices with tiers are those of the lowest.

    Raises:
        InvalidValueError: the pattern is no regular expression.
    """
    wanted = None if pattern is None else compiled(pattern)
    rules = _rules(connection, project_id)
    moment = now()
    found: list[dict[str, Any]] = []
    for model in facets.values(connection, project_id, "steps", "model", "", MOST) or ():
        own = (steps.c.project_id == project_id, steps.c.model == model)
        newest = select(steps.c.provider).where(*own).order_by(steps.c.sort_time.desc()).limit(1)
        provider = connection.execute(newest).scalars().first()
        rates = prices.rates_of(rules, provider, model, moment, 0)
        found.append(
            {
                "model": model,
                "provider": provider,
                "inputPrice": None if rates is None else rates.input,
                "outputPrice": None if rates is None else rates.output,
                "source": None if rates is None else rates.source,
                "matched": None if wanted is None else wanted.fullmatch(model) is not None,
            }
        )
    return found


def _rules(connection: Connection, project_id: int) -> list[Rule]:
    columns = [model_prices.c[name] for name in Rule._fields]
    own = select(*columns).where(model_prices.c.project_id == project_id)
    return [Rule._make(row) for row in connection.execute(own)]
