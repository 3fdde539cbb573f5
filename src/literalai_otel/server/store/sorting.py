"""The order of a list, and positions in it.

A list is ordered by (column, row number); the row number is the table's own integer key, given at first insert,
so rows of equal column keep their order of arrival and no row is shown twice or skipped. Rows without a value in
the column come first in an ascending list and last in a descending one, on every database. A cursor is the base64
of the JSON `[table and column, value, row number]`; to clients it is opaque.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import orjson
from sqlalchemy import Column, ColumnElement, FromClause, String, and_, or_, tuple_

from literalai_otel.server.filters import FilterError
from literalai_otel.server.times import format_time

if TYPE_CHECKING:
    from literalai_otel.server.store.paging import PageQuery


_TIMES: Final = ("time", "createdAt", "updatedAt", "startTime", "endTime", "lastEngaged")
"""Orders whose column holds microseconds since 1970."""


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
    def of(cls, query: "PageQuery", orders: Mapping[str, Column[Any]], row_id: Column[int]) -> Self:
        """By the column that the query names of `orders`, else newest first. For columns without nulls."""
        column, descending = (query.order.column, query.order.descending) if query.order else ("createdAt", True)
        return cls(name=column, expression=orders[column], row_id=row_id, descending=descending, nullable=False)

    @property
    def table(self) -> FromClause:
        """Whose rows are listed."""
        return self.row_id.table

    @property
    def _full_name(self) -> str:
        """Lists of other things are ordered by columns of the same names."""
        return f"{self.row_id.table.name} by {self.name}"

    def encode(self, position: Sequence[Any]) -> str:
        """The cursor of a row; its last two values are the sort value and the row number."""
        return base64.urlsafe_b64encode(orjson.dumps([self._full_name, *position[-2:]])).decode()

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

    def through(self, cursor: Cursor, *, backward: bool = False) -> ColumnElement[bool]:
        """The rows up to and with the one at `cursor`: those that are not `beyond` it."""
        if not self.nullable:
            position = tuple_(self.expression, self.row_id)
            last = tuple_(cursor.value, cursor.row_id)
            return position <= last if self.descending == backward else position >= last
        return or_(self.beyond(cursor, backward=not backward), self.row_id == cursor.row_id)

    def moment(self, cursor: Cursor) -> str | None:
        """The time at a position, ISO 8601; None in a list that is ordered by something else."""
        return format_time(cursor.value) if self.name in _TIMES and isinstance(cursor.value, int) else None

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
