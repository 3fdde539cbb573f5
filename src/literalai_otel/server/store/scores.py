"""Scores: reads, writes, deletion (`spec/literal-wire.md` §2.6, §2.7).

A score hangs on a step, on an item of an experiment, or on both. It may come before its step, which is how feedback
overtakes a batch that is still on its way; an item of an experiment is always there first. A score schema of its name,
or the one that it names, is what it is held against (`score_schemas`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as change

from literalai_otel.errors import LiteralError
from literalai_otel.jsonable import dumps_text, loads
from literalai_otel.server.store import score_schemas
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.evaluation_tables import experiment_items
from literalai_otel.server.store.journal import notes_of
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.score_rules import CATEGORICAL, finite
from literalai_otel.server.store.tables import participants, scores, steps, threads
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import InvalidValueError, clean_id, clean_tags, clean_text

TYPES: Final = ("HUMAN", "CODE", "AI")

_WIRE: Final = {
    "id": "id",
    "step_id": "stepId",
    "dataset_experiment_item_id": "datasetExperimentItemId",
    "name": "name",
    "type": "type",
    "value": "value",
    "label": "label",
    "comment": "comment",
    "scorer": "scorer",
    "schema_id": "scoreSchemaId",
    "created_by": "createdBy",
}
_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    *scores.c,
    steps.c.id.label("known_step_id"),
    steps.c.name.label("step_name"),
    steps.c.type.label("step_type"),
    steps.c.thread_id,
    steps.c.generation_type,
    participants.c.identifier,
)
_WITH_STEP: Final = (
    scores.outerjoin(steps, and_(steps.c.project_id == scores.c.project_id, steps.c.id == scores.c.step_id))
    .outerjoin(threads, and_(threads.c.project_id == steps.c.project_id, threads.c.id == steps.c.thread_id))
    .outerjoin(
        participants,
        and_(participants.c.project_id == threads.c.project_id, participants.c.id == threads.c.participant_id),
    )
)
_ORDERS: Final[Mapping[str, tuple[ColumnElement[Any], bool]]] = {
    "createdAt": (scores.c.created_at, False),
    "updatedAt": (scores.c.updated_at, False),
    "name": (scores.c.name, True),
    "value": (scores.c.value, True),
}


class ProtectedScoreError(LiteralError):
    """The score of an evaluator on an item of an experiment: it stays as long as the experiment (X-44)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFields:
    """What a client says of a new score. It needs a step or an item of an experiment, and a value or a label."""

    name: str
    type: str
    value: float | None
    label: str | None = None
    step_id: str | None = None
    dataset_experiment_item_id: str | None = None
    scorer: str | None = None
    comment: str | None = None
    tags: list[str] | None = None
    schema_id: str | None = None


def page(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    """A page of scores, newest first unless the query orders; each with `step: {id, threadId, thread}`."""
    column, descending = (query.order.column, query.order.descending) if query.order else ("createdAt", True)
    expression, nullable = _ORDERS[column]
    sorting = Sorting(
        name=column, expression=expression, row_id=scores.c.row_id, descending=descending, nullable=nullable
    )
    found = fetch(connection, _COLUMNS, where("scores", project_id, query.filters), query, sorting, source=_WITH_STEP)
    return found.listing([_with_step(row) for row in found.rows])


def get(connection: Connection, project_id: int, score_id: str) -> dict[str, Any] | None:
    """A score with its step."""
    return next(iter(_of_ids(connection, project_id, [score_id])), None)


def of_items(connection: Connection, project_id: int, item_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The scores of each item of an experiment, in order of arrival."""
    grouped: dict[str, list[dict[str, Any]]] = {item_id: [] for item_id in item_ids}
    for chunk in portions(item_ids):
        statement = select(*_COLUMNS).select_from(_WITH_STEP)
        own = (scores.c.project_id == project_id, scores.c.dataset_experiment_item_id.in_(chunk))
        for row in connection.execute(statement.where(*own).order_by(scores.c.row_id)):
            grouped[row.dataset_experiment_item_id].append(_with_step(row))
    return grouped


def checked(fields: ScoreFields) -> dict[str, Any]:
    """The columns of a new score.

    Raises:
        InvalidValueError: a value breaks a rule, or there is no target.
    """
    if fields.step_id is None and fields.dataset_experiment_item_id is None:
        raise InvalidValueError("a score needs a target: give stepId or datasetExperimentItemId")
    if fields.type not in TYPES:
        raise InvalidValueError(f"type must be one of {', '.join(TYPES)}, not {fields.type!r}")
    if fields.value is None and fields.label is None:
        raise InvalidValueError("a score needs a value, or the label of a category of its schema")
    item_id, step_id = fields.dataset_experiment_item_id, fields.step_id
    return {
        "name": clean_id(fields.name, "name"),
        "type": fields.type,
        "value": None if fields.value is None else finite(fields.value, "value"),
        "label": _text(fields.label, "label"),
        "step_id": None if step_id is None else clean_id(step_id, "stepId"),
        "dataset_experiment_item_id": None if item_id is None else clean_id(item_id, "datasetExperimentItemId"),
        "scorer": _text(fields.scorer, "scorer"),
        "comment": _text(fields.comment, "comment"),
        "tags": None if fields.tags is None else dumps_text(clean_tags(fields.tags, "tags")),
        "schema_id": None if fields.schema_id is None else clean_id(fields.schema_id, "scoreSchemaId"),
    }


def create_all(
    connection: Connection, project_id: int, columns: Sequence[Mapping[str, Any]], author: str | None = None
) -> list[dict[str, Any]]:
    """New scores of `checked` columns, in their order: all of them or none. `author` is who asked for it.

    Raises:
        InvalidValueError: an item of an experiment or a schema is unknown, or a schema does not allow the score.
    """
    moment = now()
    ids = [str(uuid4()) for _ in columns]
    common = {"project_id": project_id, "created_by": author}
    rows = [
        {**given, **common, "id": score_id, "created_at": moment + place, "updated_at": moment + place}
        for place, (score_id, given) in enumerate(zip(ids, columns, strict=True))
    ]
    _check_items(connection, project_id, rows)
    _hold_against_schemas(connection, project_id, rows)
    if rows:
        connection.execute(insert(scores), rows)
        targets = (given["step_id"] for given in columns)
        notes_of(connection, project_id).scores(zip(ids, targets, strict=True))
    return _of_ids(connection, project_id, ids)


def update(
    connection: Connection,
    project_id: int,
    score_id: str,
    *,
    comment: str | None = None,
    value: float | None = None,
    label: str | None = None,
) -> dict[str, Any] | None:
    """The score after the change (None leaves a value), None when it is unknown.

    Of a score with categories, value and label change together.

    Raises:
        InvalidValueError: a value breaks a rule, that of the score's schema among them.
    """
    values: dict[str, Any] = {}
    if comment is not None:
        values["comment"] = clean_text(comment, "comment")
    if value is not None:
        values["value"] = finite(value, "value")
    if label is not None:
        values["label"] = clean_text(label, "label")
    if values:
        own = (scores.c.project_id == project_id, scores.c.id == score_id)
        if not values.keys().isdisjoint(("value", "label")):
            values |= _allowed(connection, project_id, score_id, values)
        connection.execute(change(scores).where(*own).values(**values, updated_at=now()))
    score = get(connection, project_id, score_id)
    if score is not None:
        notes_of(connection, project_id).scores([(score_id, score["stepId"])])
    return score


def delete(connection: Connection, project_id: int, score_id: str) -> dict[str, Any] | None:
    """The deleted score, None when it was unknown.

    Raises:
        ProtectedScoreError: an AI score on an item of an experiment.
    """
    score = get(connection, project_id, score_id)
    if score is None:
        return None
    if score["type"] == "AI" and score["datasetExperimentItemId"] is not None:
        raise ProtectedScoreError("AI scores of an experiment cannot be deleted: they stay with the experiment.")
    connection.execute(delete_from(scores).where(scores.c.project_id == project_id, scores.c.id == score_id))
    notes_of(connection, project_id).scores([(score_id, score["stepId"])], deleted=True)
    return score


def delete_of_items(connection: Connection, project_id: int, item_ids: Sequence[str]) -> None:
    """Deletes the scores of items that go with their experiment."""
    for chunk in portions(item_ids):
        own = (scores.c.project_id == project_id, scores.c.dataset_experiment_item_id.in_(chunk))
        connection.execute(delete_from(scores).where(*own))


def delete_of_steps(connection: Connection, project_id: int, step_ids: Sequence[str]) -> None:
    """Deletes the scores of steps (as many as one statement takes); those of an experiment only lose their step."""
    own = (scores.c.project_id == project_id, scores.c.step_id.in_(step_ids))
    connection.execute(delete_from(scores).where(*own, scores.c.dataset_experiment_item_id.is_(None)))
    connection.execute(change(scores).where(*own).values(step_id=None))


def to_wire(row: Row[Any], *, of_generation: bool) -> dict[str, Any]:
    """A score as clients read it, from a row of its table. A generation is a step, so they share the id (X-07)."""
    return {name: getattr(row, column) for column, name in _WIRE.items()} | {
        "generationId": row.step_id if of_generation else None,
        "tags": loads(row.tags) if row.tags else [],
        "createdAt": format_time(row.created_at),
        "updatedAt": format_time(row.updated_at),
    }


def _with_step(row: Row[Any]) -> dict[str, Any]:
    step: dict[str, Any] | None = None
    if row.known_step_id is not None:
        user = {"identifier": row.identifier} if row.identifier is not None else None
        thread = None if row.thread_id is None else {"id": row.thread_id, "participant": user}
        named = {"id": row.known_step_id, "name": row.step_name, "type": row.step_type}
        step = {**named, "threadId": row.thread_id, "thread": thread}
    return to_wire(row, of_generation=row.generation_type is not None) | {"step": step}


def _of_ids(connection: Connection, project_id: int, ids: Sequence[str]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for chunk in portions(ids):
        own = (scores.c.project_id == project_id, scores.c.id.in_(chunk))
        rows = connection.execute(select(*_COLUMNS).select_from(_WITH_STEP).where(*own))
        found.update((row.id, _with_step(row)) for row in rows)
    return [found[score_id] for score_id in ids if score_id in found]


def _check_items(connection: Connection, project_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    wanted = {row["dataset_experiment_item_id"] for row in rows} - {None}
    for chunk in portions(sorted(wanted)):
        own = (experiment_items.c.project_id == project_id, experiment_items.c.id.in_(chunk))
        wanted -= set(connection.execute(select(experiment_items.c.id).where(*own)).scalars())
    if wanted:
        raise InvalidValueError(f"no item of an experiment has the id {min(wanted)!r} (datasetExperimentItemId)")


def _hold_against_schemas(connection: Connection, project_id: int, rows: Sequence[dict[str, Any]]) -> None:
    """Completes the rows that have a schema: the one that they name, else the one of their name."""
    wanted = {row["schema_id"] for row in rows} - {None}
    found = score_schemas.of_scores(connection, project_id, wanted, {row["name"] for row in rows})
    by_id, by_name = {schema.id: schema for schema in found}, {schema.name: schema for schema in found}
    for row in rows:
        schema_id, name = row["schema_id"], row["name"]
        schema = by_name.get(name) if schema_id is None else by_id.get(schema_id)
        if schema_id is not None and schema is None:
            raise InvalidValueError(f"no score schema has the id {schema_id!r} (scoreSchemaId)")
        if schema is None:
            if row["value"] is None:
                raise InvalidValueError(f"the score {name!r} has no schema that gives its label a number: give a value")
            continue
        if schema.name != name:
            raise InvalidValueError(f"a score of the schema {schema.name!r} has its name, not {name!r}")
        value, label = schema.rule.fit(name, row["value"], row["label"])
        row.update(schema_id=schema.id, value=value, label=label)


def _allowed(connection: Connection, project_id: int, score_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` of a change as the schema of the score has them; nothing when it has none."""
    own = (scores.c.project_id == project_id, scores.c.id == score_id)
    stored = connection.execute(select(scores).where(*own)).one_or_none()
    linked = stored.schema_id if stored is not None else None
    schema = next(iter(score_schemas.of_scores(connection, project_id, [linked])), None) if linked else None
    if stored is None or schema is None:
        return {}
    kept = None if schema.rule.type == CATEGORICAL else stored.value
    value, label = schema.rule.fit(stored.name, values.get("value", kept), values.get("label"))
    return {"value": value} if label is None else {"value": value, "label": label}


def _text(value: str | None, field: str) -> str | None:
    return None if value is None else clean_text(value, field)
