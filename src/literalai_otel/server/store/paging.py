"""Keyset paging: pages that stay right while rows arrive (`spec/platform-peers.md` §2.4).

A list is ordered by (column, row number); the row number is the table's own integer key, given at first insert,
so rows of equal column keep their order of arrival and no row is shown twice or skipped. Rows without a value in
the column come first in an ascending list and last in a descending one, on every database. the base64 of the
JSON `[column name, value, row number]`; to clients it is opaque.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Column, ColumnElement, Connection, FromClause, Row, Select, and_, func, or_, select, tuple_

from literalai_otel.server.filters import Condition, FilterError, Order

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """What a list is asked for.

    `first` is bounded to 1 000 and defaults to 50; `after` and `before` are cursors of an earlier page; with
    `before` alone the page is the one that ends just before it. `count` asks for `total_count`.
    """

    first: int | None = None
    after: str | None = None
    before: str | None = None
    filters: tuple[Condition, ...] = ()
    order: Order | None = None
    count: bool = True

    @property
    def limit(self) -> int:
        """How many nodes the page holds at most."""
        return DEFAULT_PAGE if self.first is None else max(0, min(self.first, MAX_PAGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page: `nodes` in wire form (camelCase dicts), with the cursor of each at the same index."""

    nodes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    cursors: list[str] = field(default_factory=list[str])
    has_next: bool = False
    has_previous: bool = False
    total_count: int | None = None

    def to_connection(self) -> dict[str, Any]:
        """The GraphQL connection: `{pageInfo, totalCount, edges: [{cursor, node}]}`."""
        return {
            "pageInfo": {
                "startCursor": self.cursors[0] if self.cursors else None,
                "endCursor": self.cursors[-1] if self.cursors else None,
                "hasNextPage": self.has_next,
                "hasPreviousPage": self.has_previous,
            },
            "totalCount": self.total_count,
            "edges": [{"cursor": cursor, "node": node} for cursor, node in zip(self.cursors, self.nodes, strict=True)],
        }


class Cursor(NamedTuple):
    """A position in a list: the sort value of a row and its number."""

    value: str | int | float | None
    row_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """How a list is ordered: `name` of the column on the wire, its expression, the table's row number."""

    name: str
    expression: ColumnElement[Any]
    row_id: Column[int]
    descending: bool
    nullable: bool = True

    def encode(self, row: Row[Any]) -> str:
        """The cursor of a row; its last two values are the sort value and the row number."""
        return base64.urlsafe_b64encode(orjson.dumps([self.name, *row[-2:]])).decode()

    def decode(self, cursor: str) -> Cursor:
        """The position that a cursor of this order names.

        Raises:
            FilterError: no cursor of ours, or one of another order.
        """
        try:
            name, value, row_id = orjson.loads(base64.urlsafe_b64decode(cursor))
        except ValueError:
            name, value, row_id = None, None, None
        if name is None or not isinstance(row_id, int) or not (value is None or isinstance(value, str | int | float)):
            raise FilterError("a cursor must be one that an earlier page answered")
        if name != self.name:
            raise FilterError(f"the cursor belongs to a list ordered by {name}, this one is ordered by {self.name}")
        return Cursor(value, row_id)

    def beyond(self, cursor: Cursor, *, backward: bool = False) -> ColumnElement[bool]:
        """The rows that stand after `cursor` in this order, or before it."""
        up = self.descending == backward
        column, value = self.expression, cursor.value
        further_row = self.row_id > cursor.row_id if up else self.row_id < cursor.row_id
        if value is None:
            same = and_(column.is_(None), further_row)
            return or_(same, column.is_not(None)) if up else same
        if not self.nullable:
            position = tuple_(column, self.row_id)
            return position > tuple_(value, cursor.row_id) if up else position < tuple_(value, cursor.row_id)
        same = and_(column == value, further_row)
        return or_(column > value, same) if up else or_(column < value, same, column.is_(None))

    def ordering(self, *, backward: bool = False) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """The ORDER BY, or its mirror image."""
        if self.descending == backward:
            return self.expression.asc().nulls_first(), self.row_id.asc()
        return self.expression.desc().nulls_last(), self.row_id.desc()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The rows of a page, before they are turned into nodes."""

    rows: Sequence[Row[Any]]
    cursors: list[str]
    has_next: bool
    has_previous: bool
    total_count: int | None

    def listing(self, nodes: list[dict[str, Any]]) -> Listing:
        """The page with its nodes."""
        return Listing(
            nodes=nodes,
            cursors=self.cursors,
            has_next=self.has_next,
            has_previous=self.has_previous,
            total_count=self.total_count,
        )


def fetch(
    connection: Connection,
    columns: Sequence[ColumnElement[Any]],
    where: Sequence[ColumnElement[bool]],
    query: PageQuery,
    sorting: Sorting,
    source: FromClause | None = None,
) -> Slice:
    """The rows of a page: `columns` first, then the sort value and the row number.

    `source` is what to select from where that is more than the table of the row number.

    Raises:
        FilterError: a cursor that does not belong here.
    """
    after = sorting.decode(query.after) if query.after else None
    before = sorting.decode(query.before) if query.before else None
    backward = before is not None and after is None
    statement: Select[Any] = select(*columns, sorting.expression, sorting.row_id).where(*where)
    if source is not None:
        statement = statement.select_from(source)
    if after is not None:
        statement = statement.where(sorting.beyond(after))
    if before is not None:
        statement = statement.where(sorting.beyond(before, backward=True))
    statement = statement.order_by(*sorting.ordering(backward=backward)).limit(query.limit + 1)
    found = connection.execute(statement).all()
    more, rows = len(found) > query.limit, found[: query.limit]
    if backward:
        rows = rows[::-1]
    total = None
    if query.count:
        total = connection.execute(select(func.count()).select_from(sorting.row_id.table).where(*where)).scalar_one()
    return Slice(
        rows=rows,
        cursors=[sorting.encode(row) for row in rows],
        has_next=backward or more,
        has_previous=more if backward else after is not None,
        total_count=total,
    )
