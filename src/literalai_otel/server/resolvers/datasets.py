"""Datasets and their items (`spec/literal-wire.md` §2.9)."""

from typing import Any, Final

from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.store import dataset_items as items
from literalai_otel.server.store import dataset_report
from literalai_otel.server.store import datasets as store
from literalai_otel.server.store.dataset_items import ItemContent
from literalai_otel.server.store.datasets import KEY_VALUE, DatasetFields


def datasets(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of datasets, newest first unless the query orders."""
    query = call.page_query("datasets", arguments, info)
    return call.store.read(store.page, call.project.id, query).to_connection()


def dataset(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The dataset with this id, else the newest of this name; null when unknown."""
    dataset_id, name = arguments.get("id"), arguments.get("name")
    if dataset_id is None and name is None:
        raise Problem("BAD_USER_INPUT", "Give an id or a name.")
    return call.store.read(store.get, call.project.id, dataset_id=dataset_id, name=name)


def validate_dataset(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Which items have other keys than most of their dataset; null when the dataset is unknown."""
    return call.store.read(dataset_report.report, call.project.id, arguments["id"])


def create_dataset(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A new dataset, `key_value` unless it says otherwise."""
    kind = arguments.get("type") or KEY_VALUE
    return call.wait(call.store.write(store.create, call.project.id, kind, _fields(arguments)))


def update_dataset(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Change a dataset: null leaves a value."""
    return call.wait(call.store.write(store.update, call.project.id, arguments["id"], _fields(arguments)))


def delete_dataset(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete a dataset with its items; answers what was deleted."""
    return call.wait(call.store.write(store.delete, call.project.id, arguments["id"]))


def dataset_items(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of the items of a dataset, oldest first."""
    query = call.page_query("datasetItems", arguments, info)
    return call.store.read(items.page, call.project.id, arguments["datasetId"], query).to_connection()


def dataset_item(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """One item, null when unknown."""
    return call.store.read(items.get, call.project.id, arguments["id"])


def create_dataset_item(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """An item made by hand; `generationId` says which generation it came from."""
    generation_id = arguments.get("generationId")
    if generation_id is not None:
        call.store.read(items.content_of_generation, call.project.id, generation_id, None)
    return _add(call, arguments, _content(arguments, step_id=generation_id))


def update_dataset_item(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Change an item: null leaves a value."""
    call.wait(call.store.write(items.update, call.project.id, arguments["id"], _content(arguments)))
    return dataset_item(call, info, arguments)


def delete_dataset_item(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete an item; answers what was deleted."""
    return call.wait(call.store.write(items.delete, call.project.id, arguments["id"]))


def add_step_to_dataset(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """An item from a step with what lies below it."""
    content = call.store.read(items.content_of_step, call.project.id, arguments["stepId"], arguments.get("metadata"))
    return _add(call, arguments, content)


def add_generation_to_dataset(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """An item from a generation: its messages and the answer, in both kinds of dataset."""
    content = call.store.read(
        items.content_of_generation, call.project.id, arguments["generationId"], arguments.get("metadata")
    )
    return _add(call, arguments, content)


def items_of_dataset(call: Call, info: Info, dataset: dict[str, Any]) -> list[dict[str, Any]]:
    """All items of a dataset, oldest first."""
    dataset_id = dataset["id"]
    return call.once(
        ("dataset items", dataset_id), lambda: call.store.read(items.of_dataset, call.project.id, dataset_id)
    )


def _fields(arguments: dict[str, Any]) -> DatasetFields:
    return DatasetFields(
        name=arguments.get("name"), description=arguments.get("description"), metadata=arguments.get("metadata")
    )


def _content(arguments: dict[str, Any], **more: str | None) -> ItemContent:
    return items.content_of(arguments.get("input"), arguments.get("expectedOutput"), arguments.get("metadata"), **more)


def _add(call: Call, arguments: dict[str, Any], content: ItemContent) -> dict[str, Any] | None:
    item_id = call.wait(call.store.write(items.create, call.project.id, arguments["datasetId"], content))
    return call.store.read(items.get, call.project.id, item_id)


QUERIES: Final = {
    "datasets": datasets,
    "dataset": dataset,
    "datasetItems": dataset_items,
    "datasetItem": dataset_item,
    "validateDataset": validate_dataset,
}
MUTATIONS: Final = {
    "createDataset": create_dataset,
    "updateDataset": update_dataset,
    "deleteDataset": delete_dataset,
    "createDatasetItem": create_dataset_item,
    "updateDatasetItem": update_dataset_item,
    "deleteDatasetItem": delete_dataset_item,
    "addStepToDataset": add_step_to_dataset,
    "addGenerationToDataset": add_generation_to_dataset,
}
LINKS: Final = {"Dataset": {"items": items_of_dataset}}
