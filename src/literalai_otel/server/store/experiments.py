"""Experiments (`spec/literal-wire.md` §2.9). What they measured: `experiment_items`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast
from uuid import uuid4

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, insert, select
from sqlalchemy import delete as delete_from

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.store import dataset_items, datasets, experiment_items, prompt_variants
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.evaluation_tables import experiment_params, experiments
from literalai_otel.server.store.json_columns import decode, encode
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import InvalidValueError, clean_id
from literalai_otel.translate.limits import MAX_METADATA_BYTES

MOST_PARAMS: Final = 1_000
"""Leaves of the parameters that filters find; what is beyond is stored all the same."""
LONGEST_PARAM: Final = 1_000
"""Characters of a leaf that filters look at."""

_ORDERS: Final[Mapping[str, Column[Any]]] = {"createdAt": experiments.c.created_at, "name": experiments.c.name}


def page(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    """A page of experiments, newest first unless the query orders."""
    sorting = Sorting.of(query, _ORDERS, experiments.c.row_id)
    found = fetch(connection, list(experiments.c), where("experiments", project_id, query.filters), query, sorting)
    return found.listing([_to_wire(row) for row in found.rows])


def get(connection: Connection, project_id: int, experiment_id: str) -> dict[str, Any] | None:
    """One experiment."""
    row = connection.execute(select(experiments).where(_own(project_id, experiment_id))).one_or_none()
    return _to_wire(row) if row else None


def create(
    connection: Connection,
    project_id: int,
    name: str,
    *,
    dataset_id: str | None = None,
    prompt_id: str | None = None,
    prompt_variant_id: str | None = None,
    params: Any = None,
) -> dict[str, Any]:
    """A new experiment. A prompt version is tried as a variant of the same content (`spec/features.md` X-02).

    Raises:
        InvalidValueError: no such dataset, prompt version or variant, or a value breaks a rule.
    """
    if dataset_id is not None:
        datasets.required(connection, project_id, dataset_id)
    if prompt_variant_id is not None:
        if prompt_variants.get(connection, project_id, prompt_variant_id) is None:
            raise InvalidValueError(
                f"promptExperimentId {prompt_variant_id!r} names no prompt variant of this project; "
                "the id of a prompt version is given as promptId"
            )
    elif prompt_id is not None:
        prompt_variant_id = prompt_variants.of_version(connection, project_id, prompt_id)["id"]
    experiment_id = str(uuid4())
    encoded = encode(params, "params", MAX_METADATA_BYTES)
    values = {
        "project_id": project_id,
        "id": experiment_id,
        "name": clean_id(name, "name"),
        "dataset_id": dataset_id,
        "prompt_id": prompt_id,
        "prompt_variant_id": prompt_variant_id,
        "params": encoded,
        "created_at": now(),
    }
    connection.execute(insert(experiments).values(values))
    index_params(connection, project_id, experiment_id, encoded)
    made = get(connection, project_id, experiment_id)
    assert made is not None
    return made


def delete(connection: Connection, project_id: int, experiment_id: str) -> dict[str, Any] | None:
    """Deletes an experiment with its items and their scores; None when unknown. The runs stay."""
    experiment = get(connection, project_id, experiment_id)
    if experiment is not None:
        experiment_items.delete_all(connection, project_id, experiment_id)
        for table, own in (
            (experiment_params, experiment_params.c.experiment_id == experiment_id),
            (experiments, experiments.c.id == experiment_id),
        ):
            connection.execute(delete_from(table).where(table.c.project_id == project_id, own))
    return experiment


def compared(
    connection: Connection, project_id: int, experiment_ids: list[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The experiments in the order of their ids, and for each item of their dataset what they measured on it.

    Experiments on different datasets cannot be compared (`spec/features.md` P-EXP-05).

    Raises:
        InvalidValueError: an unknown experiment, or experiments that are not on the same dataset.
    """
    wanted = list(dict.fromkeys(experiment_ids))
    found = [one for one in (get(connection, project_id, wanted_id) for wanted_id in wanted) if one is not None]
    if len(found) < len(wanted):
        raise InvalidValueError("one of the ids names no experiment of this project")
    dataset_ids = {experiment["datasetId"] for experiment in found}
    dataset_id = dataset_ids.pop()
    if dataset_ids or dataset_id is None:
        raise InvalidValueError("only experiments on the same dataset can be compared")
    measured: dict[str | None, list[dict[str, Any]]] = {}
    for experiment in found:
        for item in experiment_items.of_experiment(connection, project_id, experiment["id"]):
            measured.setdefault(item["datasetItemId"], []).append(item)
    items = dataset_items.of_dataset(connection, project_id, dataset_id)
    return found, [{"datasetItem": item, "items": measured.get(item["id"], [])} for item in items]


def index_params(connection: Connection, project_id: int, experiment_id: str, params: str | None) -> None:
    """Writes the leaves of an experiment's parameters, so that filters find them by key."""
    leaves = dict.fromkeys(_leaves(decode(params)))
    rows = [
        {"project_id": project_id, "experiment_id": experiment_id, "path": path, "value": value}
        for path, value in list(leaves)[:MOST_PARAMS]
    ]
    if rows:
        connection.execute(insert(experiment_params), rows)


def _leaves(params: Any) -> Iterator[tuple[str, str]]:
    """(path, text) of each value, as filters compare it; elements of a list have the path of the list.

    A loop: the depth of the data must not depend on how deep the caller already is.
    """
    pending: list[tuple[str, Any]] = [("", params)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            prefix = f"{path}." if path else ""
            pending += ((prefix + key, member) for key, member in cast(dict[str, Any], value).items())
        elif isinstance(value, list):
            pending += ((path, member) for member in cast(list[Any], value))
        elif value is not None:
            text = value if isinstance(value, str) else dumps_text(value)
            yield path[:LONGEST_PARAM], text[:LONGEST_PARAM]


def _own(project_id: int, experiment_id: str) -> ColumnElement[bool]:
    return and_(experiments.c.project_id == project_id, experiments.c.id == experiment_id)


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "createdAt": format_time(row.created_at),
        "name": row.name,
        "datasetId": row.dataset_id,
        "promptId": row.prompt_id,
        "promptExperimentId": row.prompt_variant_id,
        "params": decode(row.params),
    }
