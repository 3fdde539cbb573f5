"""Keyset paging: pages that stay right while rows arrive (`spec/platform-peers.md` §2.4).

What no index finds is looked for within bounds (`store.scanning`); a page whose search was cut says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Row, func, select

from literalai_otel.server.filters import Condition, Order
from literalai_otel.server.store.scanning import Conditions, Scan, ScanBound, Split
from literalai_otel.server.store.sorting import Sorting

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """What a list is asked for.

    `first` is bounded to 1 000 and defaults to 50; `after` and `before` are cursors of an earlier page; with
    `before` alone the page is the one that ends just before it. `count` asks for `total_count`. Rows of the
    environment `hidden` are left out, in lists of what has one. `bound` is for filters that no index answers.
    """

    first: int | None = None
    after: str | None = None
    before: str | None = None
    filters: tuple[Condition, ...] = ()
    order: Order | None = None
    count: bool = True
    hidden: str | None = None
    bound: ScanBound = field(default_factory=ScanBound)

    @property
    def limit(self) -> int:
        """How many nodes the page holds at most."""
        return DEFAULT_PAGE if self.first is None else max(0, min(self.first, MAX_PAGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page: `nodes` in wire form (camelCase dicts), with the cursor of each at the same index.

    `start_cursor` and `end_cursor` are where the pages before and after it begin: its first and last row, but where
    the search was `cut` the last one that was looked at; `scanned_until` is its time, in a list that is ordered by one.
    """

    nodes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    cursors: list[str] = field(default_factory=list[str])
    start_cursor: str | None = None
    end_cursor: str | None = None
    has_next: bool = False
    has_previous: bool = False
    total_count: int | None = None
    cut: bool = False
    scanned_until: str | None = None

    def to_connection(self) -> dict[str, Any]:
        """The GraphQL connection: `{pageInfo, totalCount, edges: [{cursor, node}]}`."""
        return {
            "pageInfo": {
                "startCursor": self.start_cursor,
                "endCursor": self.end_cursor,
                "hasNextPage": self.has_next,
                "hasPreviousPage": self.has_previous,
                "cut": self.cut,
                "scannedUntil": self.scanned_until,
            },
            "totalCount": self.total_count,
            "edges": [{"cursor": cursor, "node": node} for cursor, node in zip(self.cursors, self.nodes, strict=True)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The rows of a page, before they are turned into nodes; the rest as in `Listing`."""

    rows: Sequence[Row[Any]]
    cursors: list[str]
    start_cursor: str | None
    end_cursor: str | None
    has_next: bool
    has_previous: bool
    total_count: int | None
    cut: bool
    scanned_until: str | None

    def listing(self, nodes: list[dict[str, Any]]) -> Listing:
        """The page with its nodes."""
        return Listing(
            nodes=nodes,
            cursors=self.cursors,
            start_cursor=self.start_cursor,
            end_cursor=self.end_cursor,
            has_next=self.has_next,
            has_previous=self.has_previous,
            total_count=self.total_count,
            cut=self.cut,
            scanned_until=self.scanned_until,
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
    split = where.split(sorting) if isinstance(where, Conditions) else Split(where)
    source = sorting.row_id.table if source is None else source
    whole = Scan(split=split, sorting=sorting, source=source, bound=query.bound)
    extra = [sorting.beyond(before, backward=True)] if before is not None and not backward else []
    if query.hidden is not None:
        extra.append(sorting.row_id.table.c.environment.is_distinct_from(query.hidden))
    scan = replace(whole, split=split.with_walked(extra), start=before if backward else after, backward=backward)
    statement = select(*columns, sorting.expression, sorting.row_id).select_from(source)
    found, cut = scan.rows(connection, statement, query.limit + 1)
    more, rows = cut is not None or len(found) > query.limit, found[: query.limit]
    total = None
    if query.count:
        complete = after is None and before is None and not more
        total = len(rows) if complete else _total(connection, where, query, whole)
    cursors = [sorting.encode(row) for row in rows]
    ends = [cursors[0] if cursors else None, cursors[-1] if cursors else None]
    if cut is not None:
        ends[1] = sorting.encode(cut)
    if backward:
        rows, cursors, ends = rows[::-1], cursors[::-1], ends[::-1]
    return Slice(
        rows=rows,
        cursors=cursors,
        start_cursor=ends[0],
        end_cursor=ends[1],
        has_next=backward or more,
        has_previous=more if backward else after is not None,
        total_count=total,
        cut=cut is not None,
        scanned_until=sorting.moment(cut) if cut is not None else None,
    )


def _total(connection: Connection, where: Sequence[ColumnElement[bool]], query: PageQuery, whole: Scan) -> int | None:
    """How many rows the list has on all of its pages; None where finding out would take too long."""
    table = whole.sorting.row_id.table
    counted = select(func.count()).select_from(table).where(*where)
    narrow = where.narrow if isinstance(where, Conditions) else None
    total = narrow.count(connection) if narrow is not None else None
    if total is None and whole.split.tested:
        if query.hidden is not None:
            counted = counted.where(table.c.environment.is_distinct_from(query.hidden))
        return whole.count(connection, counted)
    if total is None:
        total = connection.execute(counted).scalar_one()
    if query.hidden is not None:
        # Both counts are answered by an index; a count of what is not hidden would look at every row.
        total -= connection.execute(counted.where(table.c.environment == query.hidden)).scalar_one()
    return total
