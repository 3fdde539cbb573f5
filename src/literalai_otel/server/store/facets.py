"""Values that a field has, to choose from in a filter: found by jumping through an index, not by looking at rows.

Each value is one seek in the index that begins with it (a loose index scan), so 50 models among 1 000 000 steps cost
50 seeks. A field without such an index is read off the newest rows instead.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, func, literal, select

from literalai_otel.server.store import tables
from literalai_otel.server.store.evaluation_tables import prompt_lineages
from literalai_otel.server.store.folding import folded
from literalai_otel.server.store.log_rows import Kind

MOST: Final = 500
"""Values that are looked through for a text inside of them."""
_SAMPLE: Final = 5_000
"""Newest rows that a field without an index is read off."""

_STEPS, _THREADS, _SCORES = tables.steps, tables.threads, tables.scores

Source = Callable[[Connection, int, str, int], list[str]]
"""Connection, project, what the values begin with, and how many at most."""


def values(connection: Connection, project_id: int, kind: Kind, field: str, text: str, first: int) -> list[str] | None:
    """Up to `first` values of a field in alphabetical order that hold `text` in any case; None where it has none.

    Those that begin with `text` are found among any number of values, those that hold it elsewhere among `MOST`.
    """
    source = SOURCES[kind].get(field)
    if source is None:
        return None
    found = source(connection, project_id, text, first)
    if text and len(found) < first:
        wanted = folded(text)
        inside = (value for value in source(connection, project_id, "", MOST) if wanted in folded(value))
        found = list(dict.fromkeys([*found, *inside]))[:first]
    return found


def _through(column: Column[Any], *where: ColumnElement[bool]) -> Source:
    """Through the index of the project and `column`."""
    project: Column[int] = column.table.c.project_id

    def read(connection: Connection, project_id: int, prefix: str, most: int) -> list[str]:
        own = (project == project_id, column.is_not(None), *where)
        began = select(func.min(column).label("value")).where(*own, column >= prefix)
        walk = began.cte("walk", recursive=True)
        following = select(func.min(column)).where(*own, column > walk.c.value).correlate(walk).scalar_subquery()
        walk = walk.union_all(select(following).where(walk.c.value.is_not(None)))
        statement = select(walk.c.value).where(walk.c.value.is_not(None)).limit(most)
        if prefix:
            # Within the walk it would end it early; here it only cuts what was read too much, at most one page.
            statement = statement.where(func.substr(walk.c.value, 1, len(prefix)) == prefix)
        return list(connection.execute(statement).scalars())

    return read


def _of_newest(column: Column[Any], time: Column[Any], *where: ColumnElement[bool]) -> Source:
    """Off the newest rows, for a column without an index."""
    project: Column[int] = column.table.c.project_id

    def read(connection: Connection, project_id: int, prefix: str, most: int) -> list[str]:
        newest = select(column.label("value")).where(project == project_id, *where)
        sample = newest.order_by(time.desc()).limit(_SAMPLE).subquery()
        statement = select(sample.c.value).distinct().where(sample.c.value.is_not(None)).order_by(sample.c.value)
        if prefix:
            statement = statement.where(func.substr(sample.c.value, 1, len(prefix)) == literal(prefix))
        return list(connection.execute(statement.limit(most)).scalars())

    return read


def _fixed(*known: str) -> Source:
    def read(_: Connection, project_id: int, prefix: str, most: int) -> list[str]:
        return [value for value in known if value.startswith(prefix)][:most]

    return read


_OF_GENERATION: Final = _STEPS.c.generation_type.is_not(None)
_TAGS: Final = _through(tables.tags.c.name)
_USERS: Final = _through(tables.participants.c.identifier)
_SCORE_NAMES: Final = _through(_SCORES.c.name)
_OF_STEPS: Final[Mapping[str, Source]] = {
    "name": _through(_STEPS.c.name),
    "type": _through(_STEPS.c.type),
    "model": _through(_STEPS.c.model),
    "provider": _of_newest(_STEPS.c.provider, _STEPS.c.created_at, _OF_GENERATION),
    "environment": _through(_STEPS.c.environment),
    "tags": _TAGS,
    "participantIdentifier": _USERS,
    "participantIdentifiers": _USERS,
    "scoreValue": _SCORE_NAMES,
}
SOURCES: Final[Mapping[Kind, Mapping[str, Source]]] = {
    "steps": _OF_STEPS,
    "runs": {
        **{name: _OF_STEPS[name] for name in ("environment", "tags", "participantIdentifiers", "scoreValue")},
        "name": _of_newest(_STEPS.c.name, _STEPS.c.sort_time, _STEPS.c.type == "run"),
        "participantIdentifier": _USERS,
    },
    "generations": {
        **{name: _OF_STEPS[name] for name in ("model", "provider", "environment", "tags")},
        "participant": _USERS,
        "score": _SCORE_NAMES,
        "promptLineage": _through(prompt_lineages.c.name),
    },
    "threads": {
        "name": _through(_THREADS.c.name),
        "environment": _through(_THREADS.c.environment),
        "stepType": _OF_STEPS["type"],
        "stepName": _OF_STEPS["name"],
        "tags": _TAGS,
        "participantIdentifiers": _USERS,
        "scoreValue": _SCORE_NAMES,
    },
    "scores": {
        "name": _SCORE_NAMES,
        "type": _fixed("AI", "CODE", "HUMAN"),
        "label": _of_newest(_SCORES.c.label, _SCORES.c.created_at),
        "scorer": _of_newest(_SCORES.c.scorer, _SCORES.c.created_at),
        "participant": _USERS,
        "tags": _TAGS,
    },
    "users": {"identifier": _USERS},
}
"""For each list the fields whose values can be chosen. Of a score, the values are its names: the path of a filter."""


def chosen(kind: Kind) -> Sequence[str]:
    """The fields of a list whose values `values` knows."""
    return list(SOURCES[kind])
