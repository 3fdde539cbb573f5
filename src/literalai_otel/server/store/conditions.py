"""Checked filters (`server.filters`) as SQL expressions: for each field of each entity how it is compared."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, func, or_, select

from literalai_otel.server.filters import Condition, Entity, Kind
from literalai_otel.server.store.comparisons import (
    NEGATIONS,
    Build,
    Indexed,
    by_json,
    by_listed,
    by_payload,
    by_seconds,
    by_some,
    by_value,
    compare,
    positive,
)
from literalai_otel.server.store.evaluation_tables import (
    dataset_items,
    datasets,
    experiment_items,
    experiment_params,
    experiments,
    prompt_lineages,
    prompt_versions,
)
from literalai_otel.server.store.narrowing import OWN_SCORES, OWN_STEPS, OWN_THREADS, narrow
from literalai_otel.server.store.prompt_links import VERSION_IDS
from literalai_otel.server.store.scanning import Conditions, Filter
from literalai_otel.server.store.searching import ID_START, SEARCH, by_search, by_start, search_of_step
from literalai_otel.server.store.tables import (
    participants,
    scores,
    step_tags,
    steps,
    tags,
    thread_tags,
    threads,
)

_STEPS_OF_THREAD: Final = select(steps.c.row_id).where(OWN_STEPS).correlate(threads)
_USER_OF_STEP: Final = select(participants.c.row_id).join(threads, OWN_THREADS).where(OWN_STEPS).correlate(steps)


def _user_of_a_thread(condition: Condition, project_id: int) -> ColumnElement[bool]:
    """By the identifier of the user, so that the threads of a user are found without looking at the others."""
    holder = threads.c.participant_id
    if condition.value is None:
        return holder.is_(None) if condition.operator == "is" else holder.is_not(None)
    names = cast(tuple[str, ...], condition.value)
    named = select(participants.c.id).where(participants.c.project_id == project_id)
    if condition.operator in NEGATIONS:
        return or_(holder.is_(None), holder.not_in(named.where(participants.c.identifier.in_(names))))
    if len(names) == 1:  # equality keeps the order of the index
        return holder == named.where(participants.c.identifier == names[0]).scalar_subquery()
    return holder.in_(named.where(participants.c.identifier.in_(names)))


_USER_OF_A_STEP: Final = by_some(_USER_OF_STEP, by_value(participants.c.identifier))


def _by_tags(own: Column[int], linked: Column[int]) -> Build:
    """By the tags of a row."""
    link = linked.table
    tag_of_row = select(linked).join(tags, tags.c.id == link.c.tag_id).where(linked == own).correlate(own.table)
    return by_some(tag_of_row, by_value(tags.c.name))


def _by_score(related: Select[Any]) -> Build:
    """By the scores that `related` selects; the path of the condition is the name of the score."""
    # Not the columns themselves: the index by name and value would be taken for each row instead of that by step.
    name, value = scores.c.name.concat(""), scores.c.value + 0

    def same(condition: Condition, _: int) -> ColumnElement[bool]:
        compared = compare(value, condition)
        return compared if condition.path is None else and_(name == condition.path, compared)

    return by_some(related, same)


_SCORE_OF_A_STEP: Final = _by_score(select(scores.c.row_id).where(OWN_SCORES).correlate(steps))
# Nested, not joined: SQLite would begin the join at the scores, all of them for each thread.
_SCORE_OF_A_THREAD: Final = by_some(_STEPS_OF_THREAD, _SCORE_OF_A_STEP)


def _by_start(condition: Condition, _: int) -> ColumnElement[bool]:
    """By the start; the time that steps are ordered by is the same one where there is a start, and has an index."""
    same = compare(steps.c.start_time, condition)
    return same if condition.value is None else and_(same, compare(steps.c.sort_time, condition))


_USER_OF_SCORE: Final = (
    select(participants.c.row_id)
    .join(threads, OWN_THREADS)
    .join(steps, OWN_STEPS)
    .where(steps.c.project_id == scores.c.project_id, steps.c.id == scores.c.step_id)
    .correlate(scores)
)
_THREAD_OF_SCORE: Final = (
    select(steps.c.thread_id)
    .where(steps.c.project_id == scores.c.project_id, steps.c.id == scores.c.step_id)
    .correlate(scores)
    .scalar_subquery()
)


def _by_prompt(*columns: ColumnElement[Any]) -> Build:
    """By the prompt version of a generation: one of the columns of its lineage and version."""

    def build(condition: Condition, project_id: int) -> ColumnElement[bool]:
        same = or_(*(compare(column, positive(condition)) for column in columns))
        found = VERSION_IDS.where(prompt_versions.c.project_id == project_id, same)
        used = steps.c.prompt_id
        return or_(used.is_(None), used.not_in(found)) if condition.operator in NEGATIONS else used.in_(found)

    return build


_PARAMS: Final = (
    select(experiment_params.c.row_id)
    .where(
        experiment_params.c.project_id == experiments.c.project_id,
        experiment_params.c.experiment_id == experiments.c.id,
    )
    .correlate(experiments)
)


def _param(condition: Condition, _: int) -> ColumnElement[bool]:
    """A leaf of an experiment's parameters; those in a list have the path of the list."""
    same = compare(experiment_params.c.value, condition)
    return same if condition.path is None else and_(experiment_params.c.path == condition.path, same)


_STEP_FIELDS: Final[Mapping[str, Build]] = {
    "id": by_value(steps.c.id),
    "createdAt": by_value(steps.c.created_at),
    "name": by_value(steps.c.name),
    "type": by_value(steps.c.type),
    "input": by_payload("input"),
    "output": by_payload("output"),
    "metadata": by_payload("metadata"),
    "startTime": Indexed(steps.c.sort_time, _by_start),
    "endTime": by_value(steps.c.end_time),
    "parentId": by_value(steps.c.parent_id),
    "rootRunId": by_value(steps.c.root_run_id),
    "threadId": by_value(steps.c.thread_id),
    "error": by_value(steps.c.error),
    "tags": _by_tags(steps.c.row_id, step_tags.c.step_row),
    "participantIdentifier": _USER_OF_A_STEP,
    "participantIdentifiers": _USER_OF_A_STEP,
    "environment": by_value(steps.c.environment),
    "model": by_value(steps.c.model),
    "provider": by_value(steps.c.provider),
    "duration": by_value(steps.c.duration),
    "tokenCount": by_value(steps.c.token_count),
    "scoreValue": _SCORE_OF_A_STEP,
    ID_START: by_start(steps.c.id),
    SEARCH: search_of_step,
}
_BUILDERS: Final[Mapping[Entity, Mapping[str, Build]]] = {
    "steps": _STEP_FIELDS,
    "runs": _STEP_FIELDS,
    "generations": {
        **_STEP_FIELDS,
        "error": by_value(func.coalesce(steps.c.generation_error, steps.c.error)),
        "score": _SCORE_OF_A_STEP,
        "participant": _USER_OF_A_STEP,
        "promptLineage": _by_prompt(prompt_lineages.c.name, prompt_lineages.c.id),
        "promptVersion": _by_prompt(prompt_versions.c.version),
    },
    "threads": {
        "id": by_value(threads.c.id),
        "createdAt": by_value(threads.c.created_at),
        "name": by_value(threads.c.name),
        "metadata": by_json(threads.c.metadata),
        "tokenCount": by_value(threads.c.token_count),
        "duration": by_seconds(threads.c.duration),
        "stepType": by_some(_STEPS_OF_THREAD, by_value(steps.c.type)),
        "stepName": by_some(_STEPS_OF_THREAD, by_value(steps.c.name)),
        "stepOutput": by_some(_STEPS_OF_THREAD, by_payload("output")),
        "tags": _by_tags(threads.c.row_id, thread_tags.c.thread_row),
        "participantId": by_value(threads.c.participant_id),
        "participantIdentifiers": Indexed(threads.c.participant_id, _user_of_a_thread),
        "scoreValue": _SCORE_OF_A_THREAD,
        "environment": by_value(threads.c.environment),
        ID_START: by_start(threads.c.id),
        SEARCH: by_search(threads.c.id, threads.c.name, threads.c.metadata, steps=_STEPS_OF_THREAD),
    },
    "participants": {
        "id": by_value(participants.c.id),
        "createdAt": by_value(participants.c.created_at),
        "identifier": by_value(participants.c.identifier),
        "lastEngaged": by_value(participants.c.last_engaged),
        "threadCount": by_value(participants.c.thread_count),
        "tokenCount": by_value(participants.c.token_count),
        "metadata": by_json(participants.c.metadata),
        ID_START: by_start(participants.c.id),
        SEARCH: by_search(participants.c.id, participants.c.identifier, participants.c.metadata),
    },
    "scores": {
        "id": by_value(scores.c.id),
        "createdAt": by_value(scores.c.created_at),
        "participant": by_some(_USER_OF_SCORE, by_value(participants.c.identifier)),
        "name": by_value(scores.c.name),
        "tags": by_listed(scores.c.tags),
        "value": by_value(scores.c.value),
        "type": by_value(scores.c.type),
        "comment": by_value(scores.c.comment),
        "label": by_value(scores.c.label),
        "scorer": by_value(scores.c.scorer),
        "stepId": by_value(scores.c.step_id),
        "threadId": by_value(_THREAD_OF_SCORE),
        "datasetExperimentItemId": by_value(scores.c.dataset_experiment_item_id),
        ID_START: by_start(scores.c.id),
        SEARCH: by_search(scores.c.id, scores.c.name, scores.c.label, scores.c.comment),
    },
    "datasets": {
        "id": by_value(datasets.c.id),
        "createdAt": by_value(datasets.c.created_at),
        "name": by_value(datasets.c.name),
        "type": by_value(datasets.c.type),
    },
    "datasetItems": {
        "id": by_value(dataset_items.c.id),
        "createdAt": by_value(dataset_items.c.created_at),
        "stepId": by_value(dataset_items.c.step_id),
    },
    "experiments": {
        "id": by_value(experiments.c.id),
        "createdAt": by_value(experiments.c.created_at),
        "name": by_value(experiments.c.name),
        "datasetId": by_value(experiments.c.dataset_id),
        "promptId": by_value(experiments.c.prompt_id),
        "promptExperimentId": by_value(experiments.c.prompt_variant_id),
        "params": by_some(_PARAMS, _param),
    },
    "experimentItems": {
        "id": by_value(experiment_items.c.id),
        "createdAt": by_value(experiment_items.c.created_at),
        "datasetItemId": by_value(experiment_items.c.dataset_item_id),
        "experimentRunId": by_value(experiment_items.c.experiment_run_id),
    },
    "prompts": {
        "id": by_value(prompt_lineages.c.id),
        "createdAt": by_value(prompt_lineages.c.created_at),
        "name": by_value(prompt_lineages.c.name),
    },
}
_TABLES: Final[Mapping[Entity, Table]] = {
    "steps": steps,
    "runs": steps,
    "generations": steps,
    "threads": threads,
    "participants": participants,
    "scores": scores,
    "datasets": datasets,
    "datasetItems": dataset_items,
    "experiments": experiments,
    "experimentItems": experiment_items,
    "prompts": prompt_lineages,
}

_IS_ROOT: Final = or_(steps.c.root_run_id.is_(None), steps.c.root_run_id == steps.c.id)
_OWN_ROWS: Final[Mapping[Entity, ColumnElement[bool]]] = {"generations": steps.c.generation_type.is_not(None)}
"""Which rows of the table a list is made of, where it is not all of them."""
_OWN_FILTERS: Final[Mapping[Entity, Sequence[Filter]]] = {
    "runs": (
        Filter(
            Condition("type", Kind.TEXT, "eq", "run"),
            and_(steps.c.type == "run", _IS_ROOT),
            steps.c.type,
            aside=and_(steps.c.type.concat("") == "run", _IS_ROOT),
        ),
    )
}
"""The same as conditions that an index may answer; behind those of the caller, whose index may find fewer rows."""


def where(
    entity: Entity, project_id: int, conditions: Sequence[Condition], connection: Connection | None = None
) -> Conditions:
    """The WHERE of a list of filters within a project; all of its elements must hold.

    With a `connection`, a filter by another table that few rows pass is where the list begins (`store.narrowing`).
    """
    builders, table = _BUILDERS[entity], _TABLES[entity]
    first = narrow(connection, entity, project_id, conditions) if connection is not None and conditions else None
    base: list[ColumnElement[bool]] = [table.c.project_id == project_id]
    others = conditions
    if first is not None and first.few:
        base = list(first.where)
        others = [condition for condition in conditions if condition is not first.condition]
    if entity in _OWN_ROWS:
        base.append(_OWN_ROWS[entity])
    filters = [_filter(builders[one.field], one, project_id) for one in others]
    filters += _OWN_FILTERS.get(entity, ())
    alone = first is not None and len(conditions) == 1 and entity not in _OWN_ROWS
    return Conditions(base, filters, first if alone else None)


def _filter(build: Build, condition: Condition, project_id: int) -> Filter:
    column = build.column if isinstance(build, Indexed) else None
    return Filter(condition, build(condition, project_id), column)
