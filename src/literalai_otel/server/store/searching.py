"""Full-text search of the pages: one text, looked for in everything that a row of a list says (P-LOG-23).

It is a filter like any other, tested row by row within the bounds of `store.scanning`, so that a search that stopped
early says so. It is no field of the grammar: published clients filter by field.
"""

import re
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.filters import LONGEST_TEXT, Condition, FilterError, Kind
from literalai_otel.server.store import tables
from literalai_otel.server.store.comparisons import Build, contains
from literalai_otel.server.values import clean_text

SEARCH: Final = "search"
ID_START: Final = "idStart"
"""Names of the conditions."""

_ID: Final = re.compile(r"[\w.:-]{8,255}", re.ASCII)
"""What may be an id, or the start of one as pages show it."""
_LAST: Final = "\U0010ffff"
_STEP: Final = tables.steps
_CONTENT: Final = (
    select(tables.step_payloads.c.content)
    .where(tables.step_payloads.c.step_row == _STEP.c.row_id)
    .correlate(_STEP)
    .scalar_subquery()
)


def search_for(text: str) -> Condition:
    """The condition that a row holds `text`, without regard to case.

    Raises:
        FilterError: longer than a text in a filter may be.
    """
    if len(text) > LONGEST_TEXT:
        raise FilterError(f"a search holds at most {LONGEST_TEXT} characters")
    # No wildcards: who looks for "100 %" means the sign.
    return Condition(SEARCH, Kind.JSON, "ilike", clean_text(text, SEARCH))


def search_of_step(condition: Condition, _: int) -> ColumnElement[bool]:
    """By id, name, model, error and the whole payload: what was said, metadata and the messages of a generation."""
    text = str(condition.value)
    # Inside the payload the text stands as JSON has it: a quote or a new line is escaped there.
    inside = dumps_text(text)[1:-1]
    columns = (_STEP.c.name, _STEP.c.model, _STEP.c.error)
    said = contains(func.payload_text(_CONTENT), inside, wildcards=False)
    return or_(_STEP.c.id == text, *(contains(column, text, wildcards=False) for column in columns), said)


def by_search(key: ColumnElement[Any], *columns: ColumnElement[Any], steps: Select[Any] | None = None) -> Build:
    """By an id and the texts of the row itself; with `steps`, also by those of its steps."""

    def build(condition: Condition, project_id: int) -> ColumnElement[bool]:
        text = str(condition.value)
        own = [key == text, *(contains(column, text, wildcards=False) for column in columns)]
        if steps is not None:
            own.append(steps.where(search_of_step(condition, project_id)).exists())
        return or_(*own)

    return build


def ids_like(text: str) -> Condition | None:
    """The condition that a row's id begins with `text`, as people search for it; None where that is no such start."""
    return Condition(ID_START, Kind.TEXT, "eq", text) if _ID.fullmatch(text) else None


def begins(column: ColumnElement[str], start: Any) -> ColumnElement[bool]:
    """Whether a text begins with `start`, as a range that an index finds: texts are ordered by their code points."""
    return and_(column >= start, column < start + _LAST)


def by_start(key: ColumnElement[str]) -> Build:
    """By what an id begins with."""
    return lambda condition, _: begins(key, condition.value)
