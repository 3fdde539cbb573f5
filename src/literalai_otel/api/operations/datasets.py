"""Operations on datasets and their items (`spec/literal-wire.md` §2.9, §3)."""

from collections.abc import Sequence
from typing import Any, Protocol

from literalai_otel.api import documents
from literalai_otel.api.calls import entity, graphql, known, rest
from literalai_otel.api.operation import Flow, operation
from literalai_otel.api.operations.paging import page, window
from literalai_otel.model import Dataset, DatasetItem, DatasetType, Page
from literalai_otel.model.dataset import DatasetApi

Json = dict[str, Any]


class MakesDatasets(Protocol):
    """An API that datasets can call back."""

    def to_sync(self) -> DatasetApi:
        """The API whose methods block, which the methods of a dataset are said to do."""
        ...


def _item(operation: str, document: str, field: str, variables: Json) -> Flow[DatasetItem]:
    data = yield from graphql(operation, document, variables)
    return DatasetItem.from_dict(entity(operation, data, field))


class DatasetOperations:
    """Create, read, list, change, delete; items likewise."""

    @operation
    def get_datasets(
        self: MakesDatasets, first: int | None = None, after: str | None = None, before: str | None = None
    ) -> Flow[Page[Dataset]]:
        """A page of datasets, without their items."""

        def dataset(node: Json) -> Dataset:
            return Dataset.from_dict(self.to_sync(), node)

        return (
            yield from page("GetDatasets", documents.GET_DATASETS, "datasets", dataset, window(first, after, before))
        )

    @operation
    def create_dataset(
        self: MakesDatasets,
        name: str,
        description: str | None = None,
        metadata: Json | None = None,
        type: DatasetType = "key_value",
    ) -> Flow[Dataset]:
        """A new dataset: `key_value`, items of any keys, or `generation`, items of messages."""
        variables = {"name": name, "description": description, "metadata": metadata, "type": type}
        data = yield from graphql("createDataset", documents.CREATE_DATASET, variables)
        return Dataset.from_dict(self.to_sync(), entity("createDataset", data, "createDataset"))

    @operation
    def get_dataset(self: MakesDatasets, id: str | None = None, name: str | None = None) -> Flow[Dataset | None]:
        """The dataset with all of its items; None when there is none.

        Raises:
            ValueError: Neither id nor name was given.
        """
        if id is None and name is None:
            raise ValueError("give id or name")
        given = {key: value for key, value in (("id", id), ("name", name)) if value is not None}
        found = (yield from rest("/export/dataset", given)).get("data")
        return Dataset.from_dict(self.to_sync(), found) if found else None

    @operation
    def update_dataset(
        self: MakesDatasets,
        id: str,
        name: str | None = None,
        description: str | None = None,
        metadata: Json | None = None,
    ) -> Flow[Dataset]:
        """Change a dataset; None leaves a field as it is. The result comes without items.

        Raises:
            NotFoundError: There is no such dataset.
        """
        variables = {"id": id, "name": name, "description": description, "metadata": metadata}
        data = yield from graphql("UpdateDataset", documents.UPDATE_DATASET, variables)
        return Dataset.from_dict(self.to_sync(), known(data, "updateDataset", "dataset", id))

    @operation
    def delete_dataset(self: MakesDatasets, id: str) -> Flow[Dataset | None]:
        """Delete a dataset with its items, and give it back; None when there was none."""
        data = yield from graphql("DeleteDataset", documents.DELETE_DATASET, {"id": id})
        return Dataset.from_dict(self.to_sync(), data["deleteDataset"]) if data.get("deleteDataset") else None

    @operation
    def create_dataset_item(
        self, dataset_id: str, input: Json, expected_output: Json | None = None, metadata: Json | None = None
    ) -> Flow[DatasetItem]:
        """A new item of a dataset."""
        variables = {"datasetId": dataset_id, "input": input, "expectedOutput": expected_output, "metadata": metadata}
        return (yield from _item("CreateDatasetItem", documents.CREATE_DATASET_ITEM, "createDatasetItem", variables))

    @operation
    def get_dataset_item(self, id: str) -> Flow[DatasetItem | None]:
        """The item; None when there is none."""
        data = yield from graphql("GetDataItem", documents.GET_DATASET_ITEM, {"id": id})
        return DatasetItem.from_dict(data["datasetItem"]) if data.get("datasetItem") else None

    @operation
    def delete_dataset_item(self, id: str) -> Flow[DatasetItem | None]:
        """Delete an item and give it back; None when there was none."""
        data = yield from graphql("DeleteDatasetItem", documents.DELETE_DATASET_ITEM, {"id": id})
        return DatasetItem.from_dict(data["deleteDatasetItem"]) if data.get("deleteDatasetItem") else None

    @operation
    def add_step_to_dataset(self, dataset_id: str, step_id: str, metadata: Json | None = None) -> Flow[DatasetItem]:
        """An item with the input and output of a step; the steps below it become its intermediary steps."""
        variables = {"datasetId": dataset_id, "stepId": step_id, "metadata": metadata}
        return (yield from _item("AddStepToDataset", documents.ADD_STEP_TO_DATASET, "addStepToDataset", variables))

    @operation
    def add_generation_to_dataset(
        self, dataset_id: str, generation_id: str, metadata: Json | None = None
    ) -> Flow[DatasetItem]:
        """An item with the messages of a generation and its completion as the expected output."""
        variables = {"datasetId": dataset_id, "generationId": generation_id, "metadata": metadata}
        return (
            yield from _item(
                "AddGenerationToDataset", documents.ADD_GENERATION_TO_DATASET, "addGenerationToDataset", variables
            )
        )

    @operation
    def add_generations_to_dataset(self, dataset_id: str, generation_ids: Sequence[str]) -> Flow[list[DatasetItem]]:
        """An item of each generation, in one request and in their order. An empty list sends nothing."""
        if not generation_ids:
            return []
        operation, count = "AddGenerationsToDataset", len(generation_ids)
        variables = {"datasetId": dataset_id} | {f"generationId_{n}": id for n, id in enumerate(generation_ids)}
        data = yield from graphql(operation, documents.add_generations_to_dataset(count), variables)
        return [DatasetItem.from_dict(entity(operation, data, f"datasetItem{index}")) for index in range(count)]
