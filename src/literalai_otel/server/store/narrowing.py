"""Filters by another table: few rows are found from there, many while walking the list.

Lists of logs are walked in their order. A tag, a score or a user that few rows have would make that walk long, and
looking up all rows of a common one would be longer still; neither database knows which it is. So it is asked: up to
`FEW` rows are counted in the other table, and where there are no more, the list is made of those.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, FromClause, Select, Table, and_, any_, func, select

from literalai_otel.server.filters import Condition, Entity
from literalai_otel.server.store.comparisons import NEGATIONS, compare
from literalai_otel.server.store.searching import ID_START, begins
from literalai_otel.server.store.tables import participants, scores, step_tags, steps, tags, thread_tags, threads

FEW: Final[Mapping[str, int]] = {"sqlite": 1_000, "postgresql": 5_000}
"""By engine: where a page of 51 found by walking 1 000 000 rows costs as much (measured)."""
COUNTED: Final = 20_000
"""Rows of the other table whose own rows are looked up for nothing but their number."""

OWN_STEPS: Final = and_(steps.c.project_id == threads.c.project_id, steps.c.thread_id == threads.c.id)
OWN_THREADS: Final = and_(
    threads.c.project_id == participants.c.project_id, threads.c.participant_id == participants.c.id
)
OWN_SCORES: Final = and_(scores.c.project_id == steps.c.project_id, scores.c.step_id == steps.c.id)


class Related(NamedTuple):
    """What another table says: the rows of the list whose column `key` is among `values` pass."""

    key: Column[Any]
    values: Callable[[Condition, int], Select[Any]]


@dataclass(frozen=True, slots=True)
class Narrow:
    """What one condition says about a list: `few` rows pass, those of `where`."""

    condition: Condition
    key: Column[Any]
    values: Select[Any]
    where: Sequence[ColumnElement[bool]]
    few: bool

    def count(self, connection: Connection) -> int | None:
        """How many rows pass; None where looking them up would take too long."""
        table = self.key.table
        if self.key is not table.c.row_id and _more_than(connection, self.values, COUNTED):
            return None
        # A row may be named twice, and one that is named need not be there; only row numbers are both, once each.
        counted = self.values.distinct() if self.key is table.c.row_id else select(table.c.row_id).where(*self.where)
        return connection.execute(select(func.count()).select_from(counted.subquery())).scalar_one()


def narrow(connection: Connection, entity: Entity, project_id: int, conditions: Sequence[Condition]) -> Narrow | None:
    """The condition by another table that leaves few rows, else the last of those that leave many."""
    found: Narrow | None = None
    for condition in conditions:
        related = _RELATED.get(entity, {}).get(condition.field)
        if related is None or condition.operator in NEGATIONS or condition.operator == "ilike":
            continue
        values = related.values(condition, project_id)
        few = not _more_than(connection, values, FEW[connection.dialect.name])
        where = _among(connection.dialect.name, related.key, values, project_id)
        found = Narrow(condition, related.key, values, where, few)
        if few:
            break
    return found


def _more_than(connection: Connection, values: Select[Any], most: int) -> bool:
    counted = select(func.count()).select_from(values.limit(most + 1).subquery())
    return connection.execute(counted).scalar_one() > most


def _among(dialect: str, key: Column[Any], values: Select[Any], project_id: int) -> list[ColumnElement[bool]]:
    """The rows whose key is among the values, said so that the database begins there and not at the list."""
    table = key.table
    assert isinstance(table, Table)
    if dialect == "postgresql":
        array = func.array(values.distinct().scalar_subquery(), type_=ARRAY(key.type))
        return [table.c.project_id == project_id, key == any_(array)]
    # Without the project beside the row number, which is of the project anyway, no index of the order is taken instead.
    if key is table.c.row_id:
        return [key.in_(values)]
    rows = table.alias()
    named = select(rows.c.row_id).where(rows.c.project_id == project_id, rows.c[key.key].in_(values))
    return [table.c.row_id.in_(named)]


def _by(values: Select[Any], column: Column[Any]) -> Callable[[Condition, int], Select[Any]]:
    """By a column of the other table, whose rows have the project too."""
    project: Column[Any] = column.table.c.project_id
    return lambda condition, project_id: values.where(project == project_id, compare(column, condition))


def _by_score(values: Select[Any]) -> Callable[[Condition, int], Select[Any]]:
    def build(condition: Condition, project_id: int) -> Select[Any]:
        found = values.where(scores.c.project_id == project_id, compare(scores.c.value, condition))
        return found if condition.path is None else found.where(scores.c.name == condition.path)

    return build


def _steps_of_user(condition: Condition, project_id: int) -> Select[Any]:
    # Nested, not joined: SQLite would begin the join at the steps.
    users = select(participants.c.id).where(
        participants.c.project_id == project_id, compare(participants.c.identifier, condition)
    )
    own = select(threads.c.id).where(threads.c.project_id == project_id, threads.c.participant_id.in_(users))
    return select(_STEPS.c.row_id).where(_STEPS.c.project_id == project_id, _STEPS.c.thread_id.in_(own))


# Under names of their own, so that a subquery on the listed table itself is not taken for a part of it.
_STEPS: Final = steps.alias()
_THREADS: Final = threads.alias()
_OWN_USERS: Final = and_(
    _THREADS.c.project_id == participants.c.project_id, _THREADS.c.participant_id == participants.c.id
)


def _ids(rows: FromClause) -> Callable[[Condition, int], Select[Any]]:
    """By the start of their own id."""
    return lambda condition, project_id: select(rows.c.row_id).where(
        rows.c.project_id == project_id, begins(rows.c.id, condition.value)
    )


_SCORED_STEPS: Final = Related(steps.c.id, _by_score(select(scores.c.step_id)))
_OF_STEPS: Final[Mapping[str, Related]] = {
    "tags": Related(
        steps.c.row_id, _by(select(step_tags.c.step_row).join(tags, tags.c.id == step_tags.c.tag_id), tags.c.name)
    ),
    ID_START: Related(steps.c.row_id, _ids(_STEPS)),
    "scoreValue": _SCORED_STEPS,
    "participantIdentifier": Related(steps.c.row_id, _steps_of_user),
    "participantIdentifiers": Related(steps.c.row_id, _steps_of_user),
}
_RELATED: Final[Mapping[Entity, Mapping[str, Related]]] = {
    "steps": _OF_STEPS,
    "runs": _OF_STEPS,
    "generations": {
        ID_START: _OF_STEPS[ID_START],
        "tags": _OF_STEPS["tags"],
        "score": _SCORED_STEPS,
        "participant": _OF_STEPS["participantIdentifier"],
    },
    "threads": {
        ID_START: Related(threads.c.row_id, _ids(_THREADS)),
        "tags": Related(
            threads.c.row_id,
            _by(select(thread_tags.c.thread_row).join(tags, tags.c.id == thread_tags.c.tag_id), tags.c.name),
        ),
        "scoreValue": Related(threads.c.id, _by_score(select(steps.c.thread_id).join(scores, OWN_SCORES))),
        "participantIdentifiers": Related(
            threads.c.row_id, _by(select(_THREADS.c.row_id).join(participants, _OWN_USERS), participants.c.identifier)
        ),
        "stepName": Related(threads.c.id, _by(select(steps.c.thread_id), steps.c.name)),
        "stepType": Related(threads.c.id, _by(select(steps.c.thread_id), steps.c.type)),
    },
}
