"""What an experiment measured: an input, an output, the run behind it, scores (`spec/literal-wire.md` §2.9).

The run may be stored later than the item that names it, or never: its id is kept as it came.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select
from sqlalchemy import delete as delete_from

from literalai_otel.server.store import scores as scores_of
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.evaluation_tables import dataset_items, experiment_items, experiments
from literalai_otel.server.store.json_columns import decode, encode
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.store.tables import scores
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import InvalidValueError, clean_id


def page(
    connection: Connection,
    project_id: int,
    experiment_id: str,
    query: PageQuery,
    *,
    score: str | None = None,
) -> Listing:
    """A page of the items of an experiment with their scores: oldest first unless the query orders.

    An order by `score` is by the mean of the item's scores of the name `score`, of all of them where it is None.
    Items without one come last in a descending list and first in an ascending one.
    """
    expression, nullable = (
        (_mean_score(score), True)
        if query.order is not None and query.order.column == "score"
        else (experiment_items.c.created_at, False)
    )
    sorting = Sorting(
        name=query.order.column if query.order else "createdAt",
        expression=expression,
        row_id=experiment_items.c.row_id,
        descending=query.order is not None and query.order.descending,
        nullable=nullable,
    )
    conditions = [
        *where("experimentItems", project_id, query.filters),
        experiment_items.c.experiment_id == experiment_id,
    ]
    found = fetch(connection, list(experiment_items.c), conditions, query, sorting)
    return found.listing(_with_scores(connection, project_id, found.rows))


def of_experiment(connection: Connection, project_id: int, experiment_id: str) -> list[dict[str, Any]]:
    """All items of an experiment with their scores, oldest first."""
    statement = (
        select(experiment_items)
        .where(_of(project_id, experiment_id))
        .order_by(experiment_items.c.created_at, experiment_items.c.row_id)
    )
    return _with_scores(connection, project_id, connection.execute(statement).all())


def get(connection: Connection, project_id: int, item_id: str) -> dict[str, Any] | None:
    """One item with its scores."""
    statement = select(experiment_items).where(
        experiment_items.c.project_id == project_id, experiment_items.c.id == item_id
    )
    return next(iter(_with_scores(connection, project_id, connection.execute(statement).all())), None)


def content_of(given: Any, output: Any, run_id: str | None) -> dict[str, Any]:
    """The columns of what was measured, encoded before it is the writer's turn; `given` is the input.

    Raises:
        InvalidValueError: a value breaks a rule.
    """
    return {
        "input": encode(given, "input"),
        "output": encode(output, "output"),
        "experiment_run_id": None if run_id is None else clean_id(run_id, "experimentRunId"),
    }


def create(
    connection: Connection,
    project_id: int,
    experiment_id: str,
    content: Mapping[str, Any],
    dataset_item_id: str | None = None,
) -> str:
    """Adds an item; its id. `content`: see `content_of`.

    Raises:
        InvalidValueError: no such experiment or dataset item, or an item of another dataset.
    """
    dataset_id = _dataset_of(connection, project_id, experiment_id)
    if dataset_item_id is not None:
        _check_dataset(connection, project_id, dataset_item_id, dataset_id)
    item_id = str(uuid4())
    values = {
        "project_id": project_id,
        "id": item_id,
        "experiment_id": experiment_id,
        "dataset_item_id": dataset_item_id,
        "created_at": now(),
    }
    connection.execute(insert(experiment_items).values({**values, **content}))
    return item_id


def delete_all(connection: Connection, project_id: int, experiment_id: str) -> None:
    """Deletes the items of an experiment with their scores."""
    own = _of(project_id, experiment_id)
    ids = list(connection.execute(select(experiment_items.c.id).where(own)).scalars())
    scores_of.delete_of_items(connection, project_id, ids)
    connection.execute(delete_from(experiment_items).where(own))


def _dataset_of(connection: Connection, project_id: int, experiment_id: str) -> str | None:
    row = connection.execute(
        select(experiments.c.dataset_id).where(
            experiments.c.project_id == project_id, experiments.c.id == experiment_id
        )
    ).one_or_none()
    if row is None:
        raise InvalidValueError(f"datasetExperimentId {experiment_id!r} names no experiment of this project")
    return row.dataset_id


def _check_dataset(connection: Connection, project_id: int, dataset_item_id: str, dataset_id: str | None) -> None:
    found = connection.execute(
        select(dataset_items.c.dataset_id).where(
            dataset_items.c.project_id == project_id, dataset_items.c.id == dataset_item_id
        )
    ).scalar_one_or_none()
    if found is None:
        raise InvalidValueError(f"datasetItemId {dataset_item_id!r} names no dataset item of this project")
    if dataset_id is not None and found != dataset_id:
        raise InvalidValueError(f"datasetItemId {dataset_item_id!r} is of another dataset than the experiment")


def _mean_score(name: str | None) -> ColumnElement[Any]:
    mean = (
        select(func.avg(scores.c.value))
        .where(
            scores.c.project_id == experiment_items.c.project_id,
            scores.c.dataset_experiment_item_id == experiment_items.c.id,
        )
        .correlate(experiment_items)
    )
    return (mean if name is None else mean.where(scores.c.name == name)).scalar_subquery()


def _of(project_id: int, experiment_id: str) -> ColumnElement[bool]:
    return and_(experiment_items.c.project_id == project_id, experiment_items.c.experiment_id == experiment_id)


def _with_scores(connection: Connection, project_id: int, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    found = scores_of.of_items(connection, project_id, [row.id for row in rows])
    return [{**_to_wire(row), "scores": found.get(row.id, [])} for row in rows]


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "createdAt": format_time(row.created_at),
        "datasetExperimentId": row.experiment_id,
        "datasetItemId": row.dataset_item_id,
        "experimentRunId": row.experiment_run_id,
        "input": decode(row.input),
        "output": decode(row.output),
    }
