"""Filters by another table: few rows are found from there, many while walking the list.

Lists of logs are walked in their order. A tag, a score or a user that few rows have would make that walk long, and
looking up all rows of a common one would be longer still; neither database knows which it is. So it is asked: up to
`FEW` rows are taken from the other table, and where there are no more, the list is made of those.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Select, and_, select

from literalai_otel.server.filters import Condition, Entity
from literalai_otel.server.store.comparisons import NEGATIONS, compare
from literalai_otel.server.store.tables import participants, scores, step_tags, steps, tags, thread_tags, threads

FEW: Final = 2_000

OWN_STEPS: Final = and_(steps.c.project_id == threads.c.project_id, steps.c.thread_id == threads.c.id)
OWN_THREADS: Final = and_(
    threads.c.project_id == participants.c.project_id, threads.c.participant_id == participants.c.id
)
OWN_SCORES: Final = and_(scores.c.project_id == steps.c.project_id, scores.c.step_id == steps.c.id)

Matching = Callable[[Condition, int], Select[Any]]
"""A condition and the project to the numbers of the rows that pass."""


class Narrow(NamedTuple):
    """What one condition says about a list: `row_ids` where they are few."""

    condition: Condition
    matching: Select[Any]
    row_ids: list[int] | None


def narrow(connection: Connection, entity: Entity, project_id: int, conditions: Sequence[Condition]) -> Narrow | None:
    """The condition by another table that leaves few rows, else the last of those that leave many."""
    found: Narrow | None = None
    for condition in conditions:
        matching = _matching(entity, project_id, condition)
        if matching is None:
            continue
        row_ids = list(connection.execute(matching.limit(FEW + 1)).scalars())
        found = Narrow(condition, matching, row_ids if len(row_ids) <= FEW else None)
        if found.row_ids is not None:
            break
    return found


def _matching(entity: Entity, project_id: int, condition: Condition) -> Select[Any] | None:
    build = _BUILDERS.get(entity, {}).get(condition.field)
    if build is None or condition.operator in NEGATIONS or condition.operator == "ilike":
        return None
    found = build(condition, project_id)
    # One tag is on a row once; of two tags a row may have both.
    return found if isinstance(condition.value, tuple) and len(condition.value) == 1 else found.distinct()


def _by(statement: Select[Any], column: Column[Any]) -> Matching:
    """By a column of the other table, whose rows have the project too."""
    project: Column[Any] = column.table.c.project_id
    return lambda condition, project_id: statement.where(project == project_id, compare(column, condition))


def _by_score(statement: Select[Any]) -> Matching:
    def build(condition: Condition, project_id: int) -> Select[Any]:
        found = statement.where(scores.c.project_id == project_id, compare(scores.c.value, condition))
        return found if condition.path is None else found.where(scores.c.name == condition.path)

    return build


def _steps_of_user(condition: Condition, project_id: int) -> Select[Any]:
    # Nested, not joined: SQLite would begin the join at the steps.
    users = select(participants.c.id).where(
        participants.c.project_id == project_id, compare(participants.c.identifier, condition)
    )
    own = select(threads.c.id).where(threads.c.project_id == project_id, threads.c.participant_id.in_(users))
    return select(steps.c.row_id).where(steps.c.project_id == project_id, steps.c.thread_id.in_(own))


_SCORED_STEPS: Final = _by_score(select(steps.c.row_id).join(scores, OWN_SCORES))
_OF_STEPS: Final[Mapping[str, Matching]] = {
    "tags": _by(select(step_tags.c.step_row).join(tags, tags.c.id == step_tags.c.tag_id), tags.c.name),
    "scoreValue": _SCORED_STEPS,
    "participantIdentifier": _steps_of_user,
    "participantIdentifiers": _steps_of_user,
}
_BUILDERS: Final[Mapping[Entity, Mapping[str, Matching]]] = {
    "steps": _OF_STEPS,
    "generations": {"tags": _OF_STEPS["tags"], "score": _SCORED_STEPS, "participant": _steps_of_user},
    "threads": {
        "tags": _by(select(thread_tags.c.thread_row).join(tags, tags.c.id == thread_tags.c.tag_id), tags.c.name),
        "scoreValue": _by_score(select(threads.c.row_id).join(steps, OWN_STEPS).join(scores, OWN_SCORES)),
        "participantIdentifiers": _by(
            select(threads.c.row_id).join(participants, OWN_THREADS), participants.c.identifier
        ),
        "stepName": _by(select(threads.c.row_id).join(steps, OWN_STEPS), steps.c.name),
        "stepType": _by(select(threads.c.row_id).join(steps, OWN_STEPS), steps.c.type),
    },
}
