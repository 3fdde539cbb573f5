"""The items of datasets: made by hand, from a step, or from a generation (`spec/literal-wire.md` §2.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as change

from literalai_otel.server.store import datasets, steps
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.datasets import GENERATION
from literalai_otel.server.store.evaluation_tables import dataset_items, experiment_items
from literalai_otel.server.store.json_columns import decode, encode, encode_object
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import InvalidValueError
from literalai_otel.translate.limits import MAX_CONTENT_BYTES

MAX_INTERMEDIARY_BYTES: Final = 10 * MAX_CONTENT_BYTES
"""Inputs and outputs of all the steps below one that was added to a dataset."""

_INTERMEDIARY: Final = ("id", "parentId", "name", "type", "input", "output")
_MESSAGES_RULE: Final = (
    "an item of a generation dataset has the input {messages: [{role, content}, …]} and as its expected output "
    "a message {role, content}; a key_value dataset holds anything"
)
_STEP_RULE: Final = "a generation dataset holds no steps: add a generation, or use a key_value dataset"
_SORTING: Final = Sorting(
    name="createdAt",
    expression=dataset_items.c.created_at,
    row_id=dataset_items.c.row_id,
    descending=False,
    nullable=False,
)


@dataclass(frozen=True, slots=True)
class ItemContent:
    """What an item says, checked and encoded: that is done before it is the writer's turn.

    `columns` holds what is given. `refusal` is why a generation dataset does not take it, None where it does.
    """

    columns: Mapping[str, Any]
    refusal: str | None = None


def content_of(
    given: Any, expected_output: Any, metadata: dict[str, Any] | None, refusal: str | None = None, **more: str | None
) -> ItemContent:
    """A content with the input `given`; None is not given. `more` are further columns.

    Raises:
        InvalidValueError: too large, or metadata that is no object.
    """
    columns = {
        "input": encode(given, "input"),
        "expected_output": encode(expected_output, "expectedOutput"),
        "metadata": encode_object(metadata, "metadata"),
        **more,
    }
    if refusal is None and not ((given is None or _is_conversation(given)) and _is_answer(expected_output)):
        refusal = _MESSAGES_RULE
    return ItemContent({name: value for name, value in columns.items() if value is not None}, refusal)


def content_of_step(
    connection: Connection, project_id: int, step_id: str, metadata: dict[str, Any] | None
) -> ItemContent:
    """A step's input and output, and the steps below it as `intermediarySteps`.

    Raises:
        InvalidValueError: no such step, or more below it than an item holds.
    """
    tree = {step["id"]: step for step in steps.tree(connection, project_id, step_id, payload=True)}
    step = tree.pop(step_id, None)
    if step is None:
        raise InvalidValueError(f"stepId {step_id!r} names no step of this project")
    below = [{name: one[name] for name in _INTERMEDIARY} for one in tree.values()]
    return content_of(
        step["input"] or {},
        step["output"],
        metadata,
        _STEP_RULE,
        step_id=step_id,
        intermediary_steps=encode(below or None, "intermediarySteps", MAX_INTERMEDIARY_BYTES),
    )


def content_of_generation(
    connection: Connection, project_id: int, generation_id: str, metadata: dict[str, Any] | None
) -> ItemContent:
    """A generation's messages and the answer; of a completion, the prompt as a user's message and what followed.

    Raises:
        InvalidValueError: no such generation.
    """
    step = steps.get(connection, project_id, generation_id)
    generation = None if step is None else step["generation"]
    if generation is None:
        raise InvalidValueError(f"generationId {generation_id!r} names no generation of this project")
    if generation["type"] == "CHAT":
        messages, answer = generation.get("messages"), generation.get("messageCompletion")
    else:
        prompt, completion = generation.get("prompt"), generation.get("completion")
        messages = None if prompt is None else [{"role": "user", "content": prompt}]
        answer = None if completion is None else {"role": "assistant", "content": completion}
    more: dict[str, Any] = decode(encode_object(metadata, "metadata")) or {}
    return content_of(
        {"messages": messages or []},
        answer or {},
        {"promptType": generation["type"], **more},
        step_id=generation_id,
    )


def page(connection: Connection, project_id: int, dataset_id: str, query: PageQuery) -> Listing:
    """A page of the items of a dataset, oldest first."""
    conditions = [*where("datasetItems", project_id, query.filters), dataset_items.c.dataset_id == dataset_id]
    found = fetch(connection, list(dataset_items.c), conditions, query, _SORTING)
    return found.listing([_to_wire(row) for row in found.rows])


def of_dataset(connection: Connection, project_id: int, dataset_id: str) -> list[dict[str, Any]]:
    """All items of a dataset, oldest first."""
    statement = select(dataset_items).where(_of(project_id, dataset_id)).order_by(*_SORTING.ordering())
    return [_to_wire(row) for row in connection.execute(statement)]


def export(
    connection: Connection, project_id: int, *, dataset_id: str | None = None, name: str | None = None
) -> dict[str, Any] | None:
    """A dataset with all of its `items` (`spec/literal-wire.md` §3), None when unknown."""
    dataset = datasets.get(connection, project_id, dataset_id=dataset_id, name=name)
    return dataset and {**dataset, "items": of_dataset(connection, project_id, dataset["id"])}


def get(connection: Connection, project_id: int, item_id: str) -> dict[str, Any] | None:
    """One item."""
    row = connection.execute(select(dataset_items).where(_own(project_id, item_id))).one_or_none()
    return _to_wire(row) if row else None


def create(connection: Connection, project_id: int, dataset_id: str, content: ItemContent) -> str:
    """Adds an item; its id.

    Raises:
        InvalidValueError: no such dataset, or one that does not take the content.
    """
    _check(connection, project_id, dataset_id, content)
    item_id = str(uuid4())
    values = {"project_id": project_id, "id": item_id, "dataset_id": dataset_id, "created_at": now()}
    connection.execute(insert(dataset_items).values({**values, **content.columns}))
    return item_id


def update(connection: Connection, project_id: int, item_id: str, content: ItemContent) -> None:
    """Changes an item, if there is one; what is not given stays.

    Raises:
        InvalidValueError: the dataset does not take the content.
    """
    dataset_id = connection.execute(select(dataset_items.c.dataset_id).where(_own(project_id, item_id))).scalar()
    if dataset_id is not None:
        _check(connection, project_id, dataset_id, content)
        if content.columns:
            connection.execute(change(dataset_items).where(_own(project_id, item_id)).values(content.columns))


def delete(connection: Connection, project_id: int, item_id: str) -> dict[str, Any] | None:
    """The deleted item, None when unknown. What experiments measured on it stays."""
    item = get(connection, project_id, item_id)
    if item is not None:
        connection.execute(
            change(experiment_items)
            .where(experiment_items.c.project_id == project_id, experiment_items.c.dataset_item_id == item_id)
            .values(dataset_item_id=None)
        )
        connection.execute(delete_from(dataset_items).where(_own(project_id, item_id)))
    return item


def _check(connection: Connection, project_id: int, dataset_id: str, content: ItemContent) -> None:
    dataset = datasets.required(connection, project_id, dataset_id)
    if dataset["type"] == GENERATION and content.refusal is not None:
        raise InvalidValueError(content.refusal)


def _is_conversation(value: Any) -> bool:
    messages = cast(dict[str, Any], value).get("messages") if isinstance(value, dict) else None
    return isinstance(messages, list) and all(map(_is_message, cast(list[Any], messages)))


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(cast(dict[str, Any], value).get("role"), str)


def _is_answer(value: Any) -> bool:
    return value is None or value == {} or _is_message(value)


def _of(project_id: int, dataset_id: str) -> ColumnElement[bool]:
    return and_(dataset_items.c.project_id == project_id, dataset_items.c.dataset_id == dataset_id)


def _own(project_id: int, item_id: str) -> ColumnElement[bool]:
    return and_(dataset_items.c.project_id == project_id, dataset_items.c.id == item_id)


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "createdAt": format_time(row.created_at),
        "datasetId": row.dataset_id,
        "metadata": decode(row.metadata) or {},
        "input": decode(row.input),
        "expectedOutput": decode(row.expected_output),
        "intermediarySteps": decode(row.intermediary_steps) or [],
        "stepId": row.step_id,
    }
