"""Lists of what no index finds: looked through piece by piece, for a bounded time.

A filter that an index answers in the order of the list leads straight to its rows. Any other (on metadata, on text,
on a second column) is tested row by row, and where few rows pass, a page could be as far away as the end of the
project. So such a list is walked in windows of its order, each a range of the index, until the page is full, the list
is at its end or the time is over. Then the page is *cut*: it holds what was found, says so, and its cursor is the last
row that was looked at, so that a client which follows the cursors still sees every row that passes
(`spec/features.md` L-FLT-08).
"""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Index,
    Row,
    Select,
    Table,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.sql.elements import BooleanClauseList

from literalai_otel.server.filters import Condition, Kind
from literalai_otel.server.store.deadline import TooSlowError, limited
from literalai_otel.server.store.narrowing import Narrow
from literalai_otel.server.store.sorting import Cursor, Sorting

_WINDOW_SECONDS: Final = 0.1
"""What a window should take: the deadline is looked at between two of them."""
_GROWTH: Final = 4
_LARGEST: Final = 50_000
_SHRINKAGE: Final = 10
_LEEWAY: Final = 0.1
"""Seconds after the deadline in which a window may still come to its end."""
_TICK: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanBound:
    """How long a page may look for rows, and how many it looks at first. At least one window is looked at.

    `window` is for tests that read or fold a text, `quick_window` for those that compare columns.
    """

    seconds: float = 0.8
    window: int = 500
    quick_window: int = 5_000


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition in SQL; `column` is what an index would have to know for it, None where there is none.

    `aside` says the same so that no index answers it, for a condition beside one that leads to fewer rows.
    """

    condition: Condition
    expression: ColumnElement[bool]
    column: ColumnElement[Any] | None = None
    aside: ColumnElement[bool] | None = None

    def leads(self, sorting: Sorting) -> bool:
        """Whether an index finds the rows that pass: in the order of the list, or all of the few that there are."""
        column, operator, value = self.column, self.condition.operator, self.condition.value
        if operator == "nis" and column is not None:
            return any(_holds(index, column, sorting) for index in sorting.row_id.table.indexes)
        if not isinstance(column, Column) or operator not in ("eq", "in"):
            return False
        keys = _keys(sorting.row_id.table)
        if column.key == "id" or column.key.endswith("_id"):
            return any(key[:1] == (column,) for key in keys)
        single = operator == "eq" or (isinstance(value, tuple) and len(value) == 1)
        return single and any(key[:2] == (column, sorting.expression) for key in keys)

    @property
    def reads_text(self) -> bool:
        """Whether testing a row takes microseconds: JSON is parsed, or a text is folded."""
        return self.condition.kind is Kind.JSON or self.condition.operator in ("ilike", "nilike")

    def bounds(self, sorting: Sorting) -> bool:
        """Whether the condition is a range of the list itself."""
        return self.column is sorting.expression and self.condition.operator in ("eq", "gt", "gte", "lt", "lte")


class Conditions(list[ColumnElement[bool]]):
    """A WHERE: what always holds, followed by `filters`.

    `narrow` is the only condition where that is one by another table, which may count the rows for less.
    """

    def __init__(
        self, base: Sequence[ColumnElement[bool]], filters: Sequence[Filter] = (), narrow: Narrow | None = None
    ) -> None:
        super().__init__([*base, *(one.expression for one in filters)])
        self._base = base
        self._filters = filters
        self.narrow = narrow

    def split(self, sorting: Sorting) -> "Split":
        """By what an index does and by what is left to be tested row by row."""
        leading = next((one for one in self._filters if one.leads(sorting)), None)
        tested = [one for one in self._filters if one is not leading and not one.bounds(sorting)]
        walked = [one.expression for one in self._filters if one not in tested]
        beside = [one.expression if one.aside is None else one.aside for one in tested]
        return Split([*self._base, *walked], beside, any(one.reads_text for one in tested))


class Split(NamedTuple):
    """A WHERE in two."""

    walked: Sequence[ColumnElement[bool]]
    tested: Sequence[ColumnElement[bool]] = ()
    reads_text: bool = False

    def with_walked(self, more: Sequence[ColumnElement[bool]]) -> "Split":
        """Conditions that leave most rows are no reason to look for them in windows."""
        return self._replace(walked=[*self.walked, *more])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A walk through the rows of `split.walked` in the order of `sorting`, from `start` on."""

    split: Split
    sorting: Sorting
    source: FromClause
    bound: ScanBound
    start: Cursor | None = None
    backward: bool = False

    def rows(self, connection: Connection, statement: Select[Any], wanted: int) -> tuple[list[Row[Any]], Cursor | None]:
        """Up to `wanted` rows of `statement`, which selects from `source`; and where the walk was cut, if it was."""
        ordered = statement.where(*self.split.tested).order_by(*self.sorting.ordering(backward=self.backward))
        if not self.split.tested:
            return list(connection.execute(ordered.where(*self._ahead()).limit(wanted))), None
        found: list[Row[Any]] = []
        deadline = time.monotonic() + self.bound.seconds
        ahead, size = self, self.bound.window if self.split.reads_text else self.bound.quick_window
        while True:
            began = time.monotonic()
            try:
                with self._limited(connection, deadline, size):
                    end = ahead._end(connection, size)
                    window = ordered.where(*ahead._until(end)).limit(wanted - len(found))
                    rows = connection.execute(window).all()
            except TooSlowError:
                if ahead.start != self.start:
                    return found, ahead.start
                size = max(1, size // _SHRINKAGE)  # a page that got nowhere would be asked for again and again
                continue
            found += rows
            if len(found) == wanted or end is None:
                return found, None
            if time.monotonic() >= deadline:
                return found, end
            ahead = replace(ahead, start=end)
            fitting = int(size * _WINDOW_SECONDS / max(time.monotonic() - began, _TICK))
            size = max(1, size // _GROWTH, min(fitting, size * _GROWTH, _LARGEST))

    def count(self, connection: Connection, counted: Select[Any]) -> int | None:
        """What `counted` answers, the number of all rows that pass; None where it takes long, as the first rows say."""
        number = self.bound.window if self.split.reads_text else self.bound.quick_window
        sample = self._places().limit(number).subquery()
        tested = select(func.count()).where(self.sorting.row_id.in_(select(sample.c.number)), *self.split.tested)
        began = time.monotonic()
        deadline = began + self.bound.seconds
        try:
            with self._limited(connection, deadline, number):
                connection.execute(tested.select_from(self.sorting.row_id.table)).scalar_one()
            most = int(number * self.bound.seconds / max(time.monotonic() - began, _TICK))
            ahead = select(func.count()).select_from(self._places().order_by(None).limit(most + 1).subquery())
            if connection.execute(ahead).scalar_one() > most:
                return None
            with self._limited(connection, deadline, most):
                return connection.execute(counted).scalar_one()
        except TooSlowError:
            return None

    def _limited(self, connection: Connection, deadline: float, size: int) -> AbstractContextManager[None]:
        """Rows of some megabytes may be among those that a window looks at; a single one is always looked at."""
        if not self.split.reads_text or not self.bound.seconds or size == 1:
            return nullcontext()
        return limited(connection, max(0, deadline - time.monotonic()) + _LEEWAY)

    def _end(self, connection: Connection, size: int) -> Cursor | None:
        """The last of the next `size` rows; None where there are fewer."""
        last = connection.execute(self._places().offset(size - 1).limit(1)).one_or_none()
        return None if last is None else Cursor(*last)

    def _until(self, end: Cursor | None) -> Sequence[ColumnElement[bool]]:
        """The rows ahead up to `end`."""
        return self._ahead() if end is None else [*self._ahead(), self.sorting.through(end, backward=self.backward)]

    def _places(self) -> Select[Any, int]:
        """Place and number of the rows ahead, in order."""
        sorting = self.sorting
        ahead = select(sorting.expression.label("place"), sorting.row_id.label("number")).select_from(self.source)
        return ahead.where(*self._ahead()).order_by(*sorting.ordering(backward=self.backward))

    def _ahead(self) -> Sequence[ColumnElement[bool]]:
        if self.start is None:
            return self.split.walked
        return [*self.split.walked, self.sorting.beyond(self.start, backward=self.backward)]


def _holds(index: Index, column: ColumnElement[Any], sorting: Sorting) -> bool:
    """Whether an index has, in the order of the list, the rows alone that have a value in `column`."""
    within: ColumnElement[bool] | None = index.dialect_options["sqlite"]["where"]
    if within is None or tuple(index.columns)[1:2] != (sorting.expression,):
        return False
    parts = within.clauses if isinstance(within, BooleanClauseList) else [within]
    return any(part.compare(column.is_not(None)) for part in parts)


@cache
def _keys(table: Table) -> Sequence[tuple[Any, ...]]:
    """The columns of each index, without the project that all begin with."""
    unique = (constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint))
    return [tuple(index.columns)[1:] for index in (*table.indexes, *unique)]
