"""Ways to compare: what each kind of field becomes in SQL, on both databases (`store.conditions` says which is which).

`neq`, `nilike` and `nin` also find rows without a value: a step without a name has no name that is like "x".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from sqlalchemy import Column, ColumnElement, Select, and_, false, func, literal, not_, or_, select

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.filters import Condition, Kind
from literalai_otel.server.store.folding import folded
from literalai_otel.server.store.tables import step_payloads, steps

Build = Callable[[Condition, int], ColumnElement[bool]]
"""A condition and the project to its expression."""


def contains(column: ColumnElement[Any], text: str, *, wildcards: bool = True) -> ColumnElement[bool]:
    """Whether `column` holds `text`, without regard to case; a `%` in `text` stands for anything between.

    Without `wildcards` it stands for itself.
    """
    literally = folded(text).replace("\\", "\\\\").replace("_", "\\_")
    parts = literally.strip("%").split("%") if wildcards else [literally.replace("%", "\\%")]
    return func.unicode_fold(column).like(f"%{'%'.join(parts)}%", escape="\\")


def compare(column: ColumnElement[Any], condition: Condition) -> ColumnElement[bool]:
    """A single value against the condition; a negation also holds for null."""
    value: Any = condition.value
    operator = condition.operator
    if condition.kind is Kind.LIST:
        operator = {"eq": "in", "neq": "nin"}.get(operator, operator)
    match operator:
        case "eq":
            return column == value
        case "neq":
            return column.is_distinct_from(value)
        case "gt":
            return column > value
        case "gte":
            return column >= value
        case "lt":
            return column < value
        case "lte":
            return column <= value
        case "in":
            return column.in_(value)
        case "nin":
            return or_(column.not_in(value), column.is_(None))
        case "ilike":
            return contains(column, value)
        case "nilike":
            return or_(not_(contains(column, value)), column.is_(None))
        case "nis":
            return column.is_not(None)
        case _:
            return column.is_(None)


NEGATIONS: Final[Mapping[str, str]] = {"neq": "eq", "nilike": "ilike", "nin": "in", "is": "nis"}


@dataclass(frozen=True, slots=True)
class Indexed:
    """A way to compare that an index over `column` may answer."""

    column: ColumnElement[Any]
    build: Build

    def __call__(self, condition: Condition, project_id: int) -> ColumnElement[bool]:
        """See `Build`."""
        return self.build(condition, project_id)


def by_value(column: ColumnElement[Any]) -> Build:
    """By a column as it is."""
    return Indexed(column, lambda condition, _: compare(column, condition))


def by_seconds(column: ColumnElement[Any]) -> Build:
    """By seconds, of a column of microseconds."""

    def build(condition: Condition, _: int) -> ColumnElement[bool]:
        value = condition.value
        if isinstance(value, int | float):
            # What was meant as whole microseconds is so again: 4.35 times a million is a little less than 4350000.
            exact = value * 1e6
            value = float(round(exact)) if abs(exact - round(exact)) < 1e-3 else exact
        return compare(column, replace(condition, value=value))

    return Indexed(column, build)


def by_json(column: ColumnElement[Any]) -> Build:
    """By the member of a column of JSON text that the condition's path names."""
    return lambda condition, _: compare(func.json_member(column, literal(condition.path)), condition)


def by_payload(key: str) -> Build:
    """By the member of a step's payload `key` that the condition's path names."""
    content = (
        select(step_payloads.c.content)
        .where(step_payloads.c.step_row == steps.c.row_id)
        .correlate(steps)
        .scalar_subquery()
    )
    return lambda condition, _: compare(func.payload_member(content, key, literal(condition.path)), condition)


def by_some(related: Select[Any], build: Build) -> Build:
    """By related rows: the condition holds if it does for one of them; a negation, if it does for none."""

    def combined(condition: Condition, project_id: int) -> ColumnElement[bool]:
        found = related.where(build(positive(condition), project_id)).exists()
        return not_(found) if condition.operator in NEGATIONS else found

    return combined


def positive(condition: Condition) -> Condition:
    """The condition whose opposite a negation is; any other as it is."""
    return replace(condition, operator=NEGATIONS.get(condition.operator, condition.operator))


def by_listed(column: Column[str]) -> Build:
    """By a short list that is kept as a JSON text, and has no table of its own."""
    inside = literal(",") + func.substr(column, 2, func.length(column) - 2) + literal(",")

    def build(condition: Condition, _: int) -> ColumnElement[bool]:
        if condition.value is None:
            empty = or_(column.is_(None), column == "[]")
            return empty if condition.operator == "is" else not_(empty)
        names = cast(tuple[str, ...], condition.value)
        # replace() tells upper from lower case on both databases, LIKE does not.
        held = or_(false(), *(func.replace(inside, f",{dumps_text(name)},", "") != inside for name in names))
        return or_(column.is_(None), not_(held)) if condition.operator in NEGATIONS else and_(column.is_not(None), held)

    return build
