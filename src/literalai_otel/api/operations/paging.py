"""Lists: their variables, and the connection that comes back (`spec/literal-wire.md` §2.0, PI)."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from literalai_otel.api.calls import graphql
from literalai_otel.api.flow import Flow
from literalai_otel.errors import TransportError
from literalai_otel.model import Page, PageInfo, from_wire

T = TypeVar("T")

Filter = dict[str, Any]
"""`{field, operator, value, path?}`; a list of them is a conjunction (`spec/literal-wire.md` §4.1)."""
Order = dict[str, str]
"""`{column, direction}` with direction ASC or DESC."""


def page(
    operation: str, document: str, field: str, node: Callable[[dict[str, Any]], T], variables: dict[str, Any]
) -> Flow[Page[T]]:
    """One page of a list; variables that are None are left out."""
    given = {name: value for name, value in variables.items() if value is not None}
    data = yield from graphql(operation, document, given)
    connection = data.get(field)
    if not isinstance(connection, dict):
        raise TransportError(f"{operation}: the answer has no {field}", retryable=False)
    found = cast(dict[str, Any], connection)
    return Page(
        data=[node(edge["node"]) for edge in found.get("edges") or () if edge and edge.get("node")],
        page_info=from_wire(PageInfo, found.get("pageInfo") or {}),
        total_count=found.get("totalCount"),
    )
