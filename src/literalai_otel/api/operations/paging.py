"""Lists: their variables, and the connection that comes back (`spec/literal-wire.md` §2.0, PI)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from literalai_otel.api.calls import entity, graphql
from literalai_otel.api.operation import Flow
from literalai_otel.model import Filter, Order, Page, PageInfo, from_wire

T = TypeVar("T")

Filters = Sequence[Filter | dict[str, Any]]
"""Typed ones, or the dicts of a program that has no types."""
Ordering = Order | dict[str, Any]


def window(
    first: int | None,
    after: str | None,
    before: str | None,
    filters: Filters | None = None,
    order_by: Ordering | None = None,
) -> dict[str, Any]:
    """The variables that the lists have in common. `first` is the size of a page, backwards from `before` too."""
    return {"first": first, "after": after, "before": before, "filters": filters, "orderBy": order_by}


def page(
    operation: str, document: str, field: str, node: Callable[[dict[str, Any]], T], variables: Mapping[str, Any]
) -> Flow[Page[T]]:
    """One page of a list."""
    found = entity(operation, (yield from graphql(operation, document, variables)), field)
    edges = cast(list[dict[str, Any] | None], found.get("edges") or [])
    return Page(
        data=[node(edge["node"]) for edge in edges if edge and edge.get("node")],
        page_info=from_wire(PageInfo, found.get("pageInfo") or {}),
        total_count=found.get("totalCount"),
    )
