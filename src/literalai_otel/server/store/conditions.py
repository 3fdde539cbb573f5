"""Checked filters (`server.filters`) as SQL expressions, the same for both databases.

`neq`, `nilike` and `nin` also find rows without a value: a step without a name has no name that is like "x".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from sqlalchemy import Column, ColumnElement, Select, Table, and_, func, literal, not_, or_, select

from literalai_otel.server.filters import Condition, Entity, Kind
from literalai_otel.server.store.tables import (
    participants,
    scores,
    step_payloads,
    step_tags,
    steps,
    tags,
    thread_tags,
    threads,
)

Build = Callable[[Condition, int], ColumnElement[bool]]
"""A condition and the project to its expression."""

_OWN_STEPS: Final = and_(steps.c.project_id == threads.c.project_id, steps.c.thread_id == threads.c.id)

THREAD_TOKENS: Final[ColumnElement[Any]] = (
    select(func.sum(steps.c.token_count)).where(_OWN_STEPS).correlate(threads).scalar_subquery()
)
"""Tokens of a thread: the sum over its steps."""
THREAD_DURATION: Final[ColumnElement[Any]] = (
    select(func.sum(steps.c.end_time - steps.c.start_time) / 1e6)
    .where(_OWN_STEPS, steps.c.parent_id.is_(None))
    .correlate(threads)
    .scalar_subquery()
)
"""Seconds of a thread: the sum over its steps without a parent; the pauses between them do not count."""
_OWN_THREADS: Final = and_(
    threads.c.project_id == participants.c.project_id, threads.c.participant_id == participants.c.id
)
USER_THREADS: Final[ColumnElement[Any]] = (
    select(func.count()).select_from(threads).where(_OWN_THREADS).correlate(participants).scalar_subquery()
)
"""How many threads a user has."""
USER_TOKENS: Final[ColumnElement[Any]] = (
    select(func.sum(steps.c.token_count))
    .select_from(threads.join(steps, _OWN_STEPS))
    .where(_OWN_THREADS)
    .correlate(participants)
    .scalar_subquery()
)
"""Tokens of a user: the sum over the steps of the user's threads."""
USER_ENGAGED: Final[ColumnElement[Any]] = (
    select(func.max(func.coalesce(steps.c.sort_time, threads.c.created_at)))
    .select_from(threads.outerjoin(steps, _OWN_STEPS))
    .where(_OWN_THREADS)
    .correlate(participants)
    .scalar_subquery()
)
"""When a user was last active: the newest step of the user's threads."""


def where(entity: Entity, project_id: int, conditions: Sequence[Condition]) -> list[ColumnElement[bool]]:
    """The WHERE of a list of filters within a project; all of its elements must hold."""
    return [
        _TABLES[entity].c.project_id == project_id,
        *(_BUILDERS[entity][condition.field](condition, project_id) for condition in conditions),
    ]


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether `column` holds `text`, without regard to case; a `%` in `text` stands for anything between."""
    parts = text.casefold().replace("\\", "\\\\").replace("_", "\\_").strip("%").split("%")
    return func.casefold(column).like(f"%{'%'.join(parts)}%", escape="\\")


def _compare(column: ColumnElement[Any], condition: Condition) -> ColumnElement[bool]:
    """A single value against the condition."""
    value: Any = condition.value
    operator = condition.operator
    if condition.kind is Kind.LIST:
        operator = {"eq": "in", "neq": "nin"}.get(operator, operator)
    match operator:
        case "eq":
            return column == value
        case "neq":
            return column.is_distinct_from(value)
        case "gt":
            return column > value
        case "gte":
            return column >= value
        case "lt":
            return column < value
        case "lte":
            return column <= value
        case "in":
            return column.in_(value)
        case "nin":
            return or_(column.not_in(value), column.is_(None))
        case "ilike":
            return contains(column, value)
        case "nilike":
            return or_(not_(contains(column, value)), column.is_(None))
        case "nis":
            return column.is_not(None)
        case _:
            return column.is_(None)


_NEGATIONS: Final[Mapping[str, str]] = {"neq": "eq", "nilike": "ilike", "nin": "in", "is": "nis"}


def _value(column: ColumnElement[Any]) -> Build:
    return lambda condition, _: _compare(column, condition)


def _json(column: ColumnElement[Any]) -> Build:
    return lambda condition, _: _compare(func.json_member(column, literal(condition.path)), condition)


def _payload(key: str) -> Build:
    content = (
        select(step_payloads.c.content)
        .where(step_payloads.c.step_row == steps.c.row_id)
        .correlate(steps)
        .scalar_subquery()
    )
    return lambda condition, _: _compare(func.payload_member(content, key, literal(condition.path)), condition)


def _some(related: Select[Any], build: Build) -> Build:
    """By related rows: the condition holds if it does for one of them; a negation, if it does for none."""

    def combined(condition: Condition, project_id: int) -> ColumnElement[bool]:
        found = related.where(build(_positive(condition), project_id)).exists()
        return not_(found) if condition.operator in _NEGATIONS else found

    return combined


def _scored(own: ColumnElement[Any], holder: ColumnElement[Any], scored: Select[Any]) -> Build:
    """By the scores that `scored` selects the `holder` of; found by name and value, as scores are few.

    The path of the condition is the name of the score.
    """

    def combined(condition: Condition, project_id: int) -> ColumnElement[bool]:
        found = scored.where(
            scores.c.project_id == project_id, holder.is_not(None), _compare(scores.c.value, _positive(condition))
        )
        if condition.path is not None:
            found = found.where(scores.c.name == condition.path)
        negated = condition.operator in _NEGATIONS
        return own.not_in(found) if negated else own.in_(found)

    return combined


def _positive(condition: Condition) -> Condition:
    return replace(condition, operator=_NEGATIONS.get(condition.operator, condition.operator))


def _tags(link: Table, row_id: Column[int]) -> Build:
    """By the tag tables: the rows of a tag are found without looking at the others."""
    linked = link.c[row_id.table.name.removesuffix("s") + "_row"]

    def build(condition: Condition, project_id: int) -> ColumnElement[bool]:
        tagged = select(linked)
        if condition.value is not None:
            named = and_(tags.c.project_id == project_id, tags.c.name.in_(cast(tuple[str, ...], condition.value)))
            tagged = tagged.join(tags, tags.c.id == link.c.tag_id).where(named)
        return row_id.not_in(tagged) if condition.operator in _NEGATIONS else row_id.in_(tagged)

    return build


_STEPS_OF_THREAD: Final = select(steps.c.row_id).where(_OWN_STEPS).correlate(threads)
_SCORES: Final = select(scores.c.step_id)
_SCORED_THREADS: Final = select(steps.c.thread_id).join(
    scores, and_(scores.c.project_id == steps.c.project_id, scores.c.step_id == steps.c.id)
)
_USER_OF_THREAD: Final = select(participants.c.row_id).where(_OWN_THREADS).correlate(threads)
_USER_OF_STEP: Final = select(participants.c.row_id).join(threads, _OWN_THREADS).where(_OWN_STEPS).correlate(steps)
_USER_OF_A_STEP: Final = _some(_USER_OF_STEP, _value(participants.c.identifier))
_SCORE_OF_A_STEP: Final = _scored(steps.c.id, scores.c.step_id, _SCORES)

_STEP_FIELDS: Final[Mapping[str, Build]] = {
    "id": _value(steps.c.id),
    "createdAt": _value(steps.c.created_at),
    "name": _value(steps.c.name),
    "type": _value(steps.c.type),
    "input": _payload("input"),
    "output": _payload("output"),
    "metadata": _payload("metadata"),
    "startTime": _value(steps.c.start_time),
    "endTime": _value(steps.c.end_time),
    "parentId": _value(steps.c.parent_id),
    "rootRunId": _value(steps.c.root_run_id),
    "threadId": _value(steps.c.thread_id),
    "error": _value(steps.c.error),
    "tags": _tags(step_tags, steps.c.row_id),
    "participantIdentifier": _USER_OF_A_STEP,
    "participantIdentifiers": _USER_OF_A_STEP,
    "environment": _value(steps.c.environment),
    "model": _value(steps.c.model),
    "provider": _value(steps.c.provider),
    "duration": _value(steps.c.duration),
    "tokenCount": _value(steps.c.token_count),
    "scoreValue": _SCORE_OF_A_STEP,
}
_BUILDERS: Final[Mapping[Entity, Mapping[str, Build]]] = {
    "steps": _STEP_FIELDS,
    "generations": {
        **_STEP_FIELDS,
        "error": _value(func.coalesce(steps.c.generation_error, steps.c.error)),
        "score": _SCORE_OF_A_STEP,
        "participant": _USER_OF_A_STEP,
    },
    "threads": {
        "id": _value(threads.c.id),
        "createdAt": _value(threads.c.created_at),
        "name": _value(threads.c.name),
        "metadata": _json(threads.c.metadata),
        "tokenCount": _value(THREAD_TOKENS),
        "duration": _value(THREAD_DURATION),
        "stepType": _some(_STEPS_OF_THREAD, _value(steps.c.type)),
        "stepName": _some(_STEPS_OF_THREAD, _value(steps.c.name)),
        "stepOutput": _some(_STEPS_OF_THREAD, _payload("output")),
        "tags": _tags(thread_tags, threads.c.row_id),
        "participantId": _value(threads.c.participant_id),
        "participantIdentifiers": _some(_USER_OF_THREAD, _value(participants.c.identifier)),
        "scoreValue": _scored(threads.c.id, steps.c.thread_id, _SCORED_THREADS),
        "environment": _value(threads.c.environment),
    },
    "participants": {
        "id": _value(participants.c.id),
        "createdAt": _value(participants.c.created_at),
        "identifier": _value(participants.c.identifier),
        "lastEngaged": _value(USER_ENGAGED),
        "threadCount": _value(USER_THREADS),
        "tokenCount": _value(USER_TOKENS),
        "metadata": _json(participants.c.metadata),
    },
}
_TABLES: Final[Mapping[Entity, Table]] = {
    "steps": steps,
    "generations": steps,
    "threads": threads,
    "participants": participants,
}
