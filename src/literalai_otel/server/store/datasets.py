"""Datasets (`spec/literal-wire.md` §2.9). Their items: `dataset_items`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, insert, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as change

from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.evaluation_tables import dataset_items, datasets, experiment_items, experiments
from literalai_otel.server.store.json_columns import decode, encode_object
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import InvalidValueError, clean_id, clean_text

KEY_VALUE: Final = "key_value"
GENERATION: Final = "generation"

_ORDERS: Final[Mapping[str, Column[Any]]] = {"createdAt": datasets.c.created_at, "name": datasets.c.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFields:
    """What can be changed of a dataset; None leaves the stored value."""

    name: str | None = None
    description: str | None = None
    metadata: dict[str, Any] | None = None

    def columns(self) -> dict[str, Any]:
        """The columns that are given.

        Raises:
            InvalidValueError: a value breaks a rule.
        """
        columns = {
            "name": None if self.name is None else clean_id(self.name, "name"),
            "description": None if self.description is None else clean_text(self.description, "description"),
            "metadata": encode_object(self.metadata, "metadata"),
        }
        return {name: value for name, value in columns.items() if value is not None}


def page(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    """A page of datasets, newest first unless the query orders."""
    sorting = Sorting.of(query, _ORDERS, datasets.c.row_id)
    found = fetch(connection, list(datasets.c), where("datasets", project_id, query.filters), query, sorting)
    return found.listing([_to_wire(row) for row in found.rows])


def get(
    connection: Connection, project_id: int, *, dataset_id: str | None = None, name: str | None = None
) -> dict[str, Any] | None:
    """By id if one is given, else the newest of this name."""
    named = datasets.c.id == dataset_id if dataset_id is not None else datasets.c.name == name
    newest = (datasets.c.created_at.desc(), datasets.c.row_id.desc())
    row = connection.execute(
        select(datasets).where(datasets.c.project_id == project_id, named).order_by(*newest).limit(1)
    ).one_or_none()
    return _to_wire(row) if row else None


def required(connection: Connection, project_id: int, dataset_id: str) -> dict[str, Any]:
    """The dataset that a new row refers to.

    Raises:
        InvalidValueError: there is none.
    """
    dataset = get(connection, project_id, dataset_id=dataset_id)
    if dataset is None:
        raise InvalidValueError(f"datasetId {dataset_id!r} names no dataset of this project: create the dataset first")
    return dataset


def create(connection: Connection, project_id: int, kind: str, fields: DatasetFields) -> dict[str, Any]:
    """A new dataset of the kind `key_value` or `generation`. Names may repeat: the newest is found by name.

    Raises:
        InvalidValueError: a value breaks a rule.
    """
    dataset_id = str(uuid4())
    values = {"project_id": project_id, "id": dataset_id, "type": kind, "created_at": now(), **fields.columns()}
    connection.execute(insert(datasets).values(values))
    return required(connection, project_id, dataset_id)


def update(connection: Connection, project_id: int, dataset_id: str, fields: DatasetFields) -> dict[str, Any] | None:
    """The dataset after the change, None when unknown.

    Raises:
        InvalidValueError: a value breaks a rule.
    """
    columns = fields.columns()
    if columns:
        connection.execute(change(datasets).where(_own(project_id, dataset_id)).values(columns))
    return get(connection, project_id, dataset_id=dataset_id)


def delete(connection: Connection, project_id: int, dataset_id: str) -> dict[str, Any] | None:
    """Deletes a dataset with its items. Experiments on it stay with what they measured, without a dataset."""
    dataset = get(connection, project_id, dataset_id=dataset_id)
    if dataset is None:
        return None
    items = and_(dataset_items.c.project_id == project_id, dataset_items.c.dataset_id == dataset_id)
    connection.execute(
        change(experiment_items)
        .where(
            experiment_items.c.project_id == project_id,
            experiment_items.c.dataset_item_id.in_(select(dataset_items.c.id).where(items)),
        )
        .values(dataset_item_id=None)
    )
    connection.execute(
        change(experiments)
        .where(experiments.c.project_id == project_id, experiments.c.dataset_id == dataset_id)
        .values(dataset_id=None)
    )
    connection.execute(delete_from(dataset_items).where(items))
    connection.execute(delete_from(datasets).where(_own(project_id, dataset_id)))
    return dataset


def _own(project_id: int, dataset_id: str) -> ColumnElement[bool]:
    return and_(datasets.c.project_id == project_id, datasets.c.id == dataset_id)


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "createdAt": format_time(row.created_at),
        "name": row.name,
        "description": row.description,
        "metadata": decode(row.metadata) or {},
        "type": row.type,
    }
