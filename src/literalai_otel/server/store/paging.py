"""Keyset paging: pages that stay right while rows arrive (`spec/platform-peers.md` §2.4).

A list is ordered by (column, row number); the row number is the table's own integer key, given at first insert,
so rows of equal column keep their order of arrival and no row is shown twice or skipped. Rows without a value in
the column come first in an ascending list and last in a descending one, on every database. the base64 of the
JSON `[table and column, value, row number]`; to clients it is opaque.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    String,
    and_,
    func,
    or_,
    select,
    tuple_,
)

from literalai_otel.server.filters import Condition, FilterError, Order

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """What a list is asked for.

    `first` is bounded to 1 000 and defaults to 50; `after` and `before` are cursors of an earlier page; with
    `before` alone the page is the one that ends just before it. `count` asks for `total_count`. Rows of the
    environment `hidden` are left out, in lists of what has one.
    """

    first: int | None = None
    after: str | None = None
    before: str | None = None
    filters: tuple[Condition, ...] = ()
    order: Order | None = None
    count: bool = True
    hidden: str | None = None

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

    @classmethod
    def of(cls, query: PageQuery, orders: Mapping[str, Column[Any]], row_id: Column[int]) -> Self:
        """By the column that the query names of `orders`, else newest first. For columns without nulls."""
        column, descending = (query.order.column, query.order.descending) if query.order else ("createdAt", True)
        return cls(name=column, expression=orders[column], row_id=row_id, descending=descending, nullable=False)

    @property
    def _full_name(self) -> str:
        """Lists of other things are ordered by columns of the same names."""
        return f"{self.row_id.table.name} by {self.name}"

    def encode(self, row: Row[Any]) -> str:
        """The cursor of a row; its last two values are the sort value and the row number."""
        return base64.urlsafe_b64encode(orjson.dumps([self._full_name, *row[-2:]])).decode()

    def decode(self, cursor: str) -> Cursor:
        """The position that a cursor of this order names.

        Raises:
            FilterError: no cursor of ours, or one of another order.
        """
        try:
            name, value, row_id = orjson.loads(base64.urlsafe_b64decode(cursor))
        except ValueError:
            name, value, row_id = None, None, None
        if (
            name is None
            or not isinstance(row_id, int)
            or not _is_number(row_id)
            or not (value is None or isinstance(value, str) or _is_number(value))
        ):
            raise FilterError("a cursor must be one that an earlier page answered")
        if name != self._full_name:
            raise FilterError(f"the cursor belongs to the list {name}, this one is {self._full_name}")
        if value is not None and isinstance(value, str) != isinstance(self.expression.type, String):
            raise FilterError("a cursor must be one that an earlier page answered")
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
        up = self.descending == backward
        column, number = (
            (self.expression.asc(), self.row_id.asc()) if up else (self.expression.desc(), self.row_id.desc())
        )
        # PostgreSQL takes an index for a list only if it says the same of empty values, and plain ones say nothing.
        if self.nullable:
            column = column.nulls_first() if up else column.nulls_last()
        return column, number


def _is_number(value: Any) -> bool:
    """Whether the databases have a place for it."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


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


class Conditions(list[ColumnElement[bool]]):
    """A WHERE; `matching` selects the numbers of exactly the rows that it finds, where counting those is cheaper."""

    matching: Select[Any] | None = None


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
    table = sorting.row_id.table
    statement: Select[Any] = select(*columns, sorting.expression, sorting.row_id).where(*where)
    if query.hidden is not None:
        statement = statement.where(table.c.environment.is_distinct_from(query.hidden))
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
        counted = select(func.count()).select_from(table).where(*where)
        matching = where.matching if isinstance(where, Conditions) else None
        counting = counted if matching is None else select(func.count()).select_from(matching.subquery())
        total = connection.execute(counting).scalar_one()
        if query.hidden is not None:
            # Both counts are answered by an index; a count of what is not hidden would look at every row.
            total -= connection.execute(counted.where(table.c.environment == query.hidden)).scalar_one()
    return Slice(
        rows=rows,
        cursors=[sorting.encode(row) for row in rows],
        has_next=backward or more,
        has_previous=more if backward else after is not None,
        total_count=total,
    )
