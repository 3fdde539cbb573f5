"""What a generation costs: the project's own price rules first, list prices otherwise (`spec/features.md` P-COST).

A rule's pattern is a regular expression that must match the whole model name. Of several that match at the time of
the log, the one with the longest literal start counts, then the newest (X-34). Prices are USD per million tokens. A
model without a price has no cost: nothing is ever taken to be free.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from literalai_otel.server.store import default_prices
from literalai_otel.server.store.default_prices import Rates
from literalai_otel.server.store.driver import Driver
from literalai_otel.server.store.patterns import compiled, hint, literal_start
from literalai_otel.server.store.tables import model_prices
from literalai_otel.server.times import format_time, now, parse_time
from literalai_otel.server.values import InvalidValueError, clean_id

MAX_RULES: Final = 1_000
MILLION: Final = 1_000_000
_ENDS: Final = ("startsAt", "endsAt")


class Rule(NamedTuple):
    """A price rule of a project, valid from `starts_at` up to `ends_at` (microseconds; None: no end)."""

    id: str
    pattern: str
    input_price: float
    output_price: float
    starts_at: int | None
    ends_at: int | None
    created_at: int


class Cost(NamedTuple):
    """USD. `rule` is `rule:<id>` or `default:<provider>/<model>`."""

    input: float
    output: float | None
    total: float
    rule: str


def cost(
    rules: Callable[[], Sequence[Rule]],
    *,
    provider: str | None,
    model: str | None,
    moment: int,
    input_tokens: int | None,
    output_tokens: int | None,
    tokens: int | None,
) -> Cost | None:
    """The cost of one call at `moment`, None where a price or a count is missing. `rules` are asked for on need.

    Without output tokens the call costs what its input costs, if all of its `tokens` are input, as of an embedding.
    """
    if model is None or input_tokens is None or (output_tokens is None and tokens not in (None, input_tokens)):
        return None
    rates = rates_of(rules(), provider, model, moment, input_tokens)
    if rates is None or rates.input is None or (output_tokens and rates.output is None):
        return None
    of_input = input_tokens * rates.input / MILLION
    of_output = None if output_tokens is None else output_tokens * (rates.output or 0.0) / MILLION
    return Cost(of_input, of_output, of_input + (of_output or 0.0), rates.source)


def rates_of(rules: Sequence[Rule], provider: str | None, model: str, moment: int, input_tokens: int) -> Rates | None:
    """What a call with so many input tokens is charged at: by the best rule, else by the list; None without a price."""
    own = _own_rates(rules, model, moment)
    if own is not None:
        return own
    listed = default_prices.find(provider, model)
    return None if listed is None else listed.rates(moment, input_tokens)


def _own_rates(rules: Sequence[Rule], model: str, moment: int) -> Rates | None:
    fitting = [
        rule
        for rule in rules
        if (rule.starts_at is None or rule.starts_at <= moment)
        and (rule.ends_at is None or moment < rule.ends_at)
        and compiled(rule.pattern).fullmatch(model)
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda rule: (literal_start(rule.pattern), rule.created_at))
    return Rates(f"rule:{best.id}", best.input_price, best.output_price)


# --- the rules of a project ----------------------------------------------------------------------


def load(db: Driver, project_id: int) -> list[Rule]:
    """The rules as the ingest path needs them."""
    found = db.execute(f"SELECT {', '.join(Rule._fields)} FROM model_prices WHERE project_id=?", (project_id,))
    return [Rule._make(row) for row in found]


def page(connection: Connection, project_id: int) -> list[dict[str, Any]]:
    """The rules, newest first."""
    own = select(model_prices).where(model_prices.c.project_id == project_id)
    return [_to_wire(row) for row in connection.execute(own.order_by(model_prices.c.row_id.desc()))]


def get(connection: Connection, project_id: int, price_id: str) -> dict[str, Any] | None:
    """One rule."""
    row = connection.execute(select(model_prices).where(_own(project_id, price_id))).one_or_none()
    return _to_wire(row) if row else None


def create(connection: Connection, project_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """A new rule from wire values.

    Raises:
        InvalidValueError: a value breaks a rule, or the project has `MAX_RULES` already.
    """
    checked = _checked(values)
    held = select(func.count()).select_from(model_prices).where(model_prices.c.project_id == project_id)
    if connection.execute(held).scalar_one() >= MAX_RULES:
        raise InvalidValueError(f"a project has at most {MAX_RULES} prices: delete some first")
    price_id = str(uuid4())
    connection.execute(insert(model_prices).values(project_id=project_id, id=price_id, created_at=now(), **checked))
    return _stored(connection, project_id, price_id)


def change(connection: Connection, project_id: int, price_id: str, values: dict[str, Any]) -> dict[str, Any] | None:
    """The rule after the merge, None when it is unknown. What was priced before keeps its cost.

    A null leaves a value, but opens an end of the period: that is the only way to.

    Raises:
        InvalidValueError: a value breaks a rule.
    """
    stored = get(connection, project_id, price_id)
    if stored is None:
        return None
    given = {name: value for name, value in values.items() if value is not None or name in _ENDS}
    connection.execute(update(model_prices).where(_own(project_id, price_id)).values(**_checked({**stored, **given})))
    return _stored(connection, project_id, price_id)


def remove(connection: Connection, project_id: int, price_id: str) -> dict[str, Any] | None:
    """The deleted rule, None when it was unknown. What was priced by it keeps its cost."""
    stored = get(connection, project_id, price_id)
    connection.execute(delete(model_prices).where(_own(project_id, price_id)))
    return stored


def _own(project_id: int, price_id: str) -> Any:
    return and_(model_prices.c.project_id == project_id, model_prices.c.id == price_id)


def _stored(connection: Connection, project_id: int, price_id: str) -> dict[str, Any]:
    stored = get(connection, project_id, price_id)
    assert stored is not None
    return stored


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    pattern = clean_id(values.get("pattern"), "pattern")
    compiled(pattern)
    starts_at, ends_at = (_moment(values.get(name), name) for name in _ENDS)
    if starts_at is not None and ends_at is not None and starts_at >= ends_at:
        raise InvalidValueError("endsAt must be later than startsAt")
    return {
        "pattern": pattern,
        "input_price": _price(values.get("inputPrice"), "inputPrice"),
        "output_price": _price(values.get("outputPrice"), "outputPrice"),
        "starts_at": starts_at,
        "ends_at": ends_at,
    }


def _price(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InvalidValueError(f"{field} must be a number of USD per million tokens, 0 or more")
    return float(value)


def _moment(value: Any, field: str) -> int | None:
    if value is None:
        return None
    try:
        return parse_time(value)
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise InvalidValueError(f"{field} must be an ISO 8601 time") from None


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "pattern": row.pattern,
        "inputPrice": row.input_price,
        "outputPrice": row.output_price,
        "startsAt": None if row.starts_at is None else format_time(row.starts_at),
        "endsAt": None if row.ends_at is None else format_time(row.ends_at),
        "createdAt": format_time(row.created_at),
        "hint": hint(row.pattern),
    }
