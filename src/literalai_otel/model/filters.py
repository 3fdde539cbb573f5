"""Filters and orders of lists (`spec/literal-wire.md` §4.1)."""

from typing import Any, Literal, NotRequired, TypedDict

FilterOperator = Literal["eq", "neq", "ilike", "nilike", "gt", "gte", "lt", "lte", "in", "nin", "is", "nis"]


class Filter(TypedDict):
    """A condition; a list of them is a conjunction. `path` says where in a JSON field, or which score."""

    field: str
    operator: FilterOperator
    value: Any
    path: NotRequired[str]


class Order(TypedDict):
    """By which column, and which way."""

    column: str
    direction: Literal["ASC", "DESC"]
