"""Datasets and their items (`spec/literal-wire.md` §2.9, §4).

A dataset that was read from a server can change it: its methods block until the server has answered, also when an
async client read it (`spec/features.md` L-CLI-12).
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self, TypedDict, cast

from literalai_otel.model.experiment import DatasetExperiment
from literalai_otel.model.wire import LOCAL, Entity, each, from_wire

DatasetType = Literal["key_value", "generation"]
Json = dict[str, Any]


class DatasetItemDict(TypedDict, total=False):
    """A dataset item by its names on the wire."""

    id: str
    createdAt: str | None
    datasetId: str | None
    metadata: Json | None
    input: Any
    expectedOutput: Any
    intermediarySteps: list[Json] | None
    stepId: str | None


class DatasetDict(TypedDict, total=False):
    """A dataset by its names on the wire."""

    id: str
    createdAt: str | None
    name: str | None
    description: str | None
    metadata: Json | None
    type: DatasetType
    items: list[DatasetItemDict]


class DatasetApi(Protocol):
    """What a dataset asks of a server; `literalai_otel.api.SyncApi` has it."""

    def update_dataset(
        self, id: str, name: str | None = None, description: str | None = None, metadata: Json | None = None
    ) -> "Dataset":
        """Change its own fields."""
        ...

    def delete_dataset(self, id: str) -> "Dataset | None":
        """Delete it."""
        ...

    def create_dataset_item(
        self, dataset_id: str, input: Json, expected_output: Json | None = None, metadata: Json | None = None
    ) -> "DatasetItem":
        """Make an item."""
        ...

    def delete_dataset_item(self, id: str) -> "DatasetItem | None":
        """Delete an item."""
        ...

    def add_step_to_dataset(self, dataset_id: str, step_id: str, metadata: Json | None = None) -> "DatasetItem":
        """Make an item of a step."""
        ...

    def add_generation_to_dataset(
        self, dataset_id: str, generation_id: str, metadata: Json | None = None
    ) -> "DatasetItem":
        """Make an item of a generation."""
        ...

    def create_experiment(
        self,
        name: str,
        dataset_id: str | None = None,
        prompt_variant_id: str | None = None,
        params: Any = None,
        *,
        prompt_id: str | None = None,
    ) -> DatasetExperiment:
        """Make an experiment."""
        ...


def _steps(entries: Any) -> list[Json]:
    """Intermediary steps. Old servers say `expectedOutput` for what is now `output` (`spec/features.md` X-41)."""
    found: list[Json] = []
    for entry in cast(list[Json], entries):
        renamed = "expectedOutput" in entry and "output" not in entry
        found.append({("output" if renamed and key == "expectedOutput" else key): entry[key] for key in entry})
    return found


@dataclass(slots=True, kw_only=True, repr=False)
class DatasetItem(Entity):
    """`intermediary_steps` are the steps below the one that the item was made of."""

    id: str | None = None
    created_at: str | None = None
    dataset_id: str | None = None
    metadata: Json | None = None
    input: Any = None
    expected_output: Any = None
    intermediary_steps: list[Json] | None = field(default=None, metadata={"read": _steps})
    step_id: str | None = None


@dataclass(slots=True, kw_only=True, repr=False)
class Dataset(Entity):
    """A named list of items, `key_value` or `generation`.

    The methods change the server and this object alike. They raise what the operations of the API raise.
    """

    api: DatasetApi | None = field(default=None, compare=False, metadata=LOCAL)
    """The server that the methods change; None for a dataset that was read from a file."""
    id: str = ""
    created_at: str | None = None
    name: str | None = None
    description: str | None = None
    metadata: Json | None = None
    type: DatasetType = "key_value"
    items: list[DatasetItem] = field(default_factory=list[DatasetItem], metadata=each(DatasetItem.from_dict))

    @classmethod
    def from_dict(cls, api: DatasetApi | None, data: Json) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride] - as published: the api comes first
        """The dataset of a dict, on the server of `api`.

        Raises:
            ValueError: `items` is something else than a list.
        """
        items = data.get("items")
        if items is not None and not isinstance(items, list):
            raise ValueError(f"the items of a dataset are a list, not {type(items).__name__}")
        dataset = from_wire(cls, data)
        dataset.api = api
        return dataset

    def update(self, name: str | None = None, description: str | None = None, metadata: Json | None = None) -> None:
        """Change what is given; None leaves a field as it is."""
        changed = self._server().update_dataset(self.id, name, description, metadata)
        self.name, self.description, self.metadata = changed.name, changed.description, changed.metadata

    def delete(self) -> None:
        """Delete the dataset and its items on the server."""
        self._server().delete_dataset(self.id)

    def create_item(
        self, input: Json, expected_output: Json | None = None, metadata: Json | None = None
    ) -> DatasetItem:
        """A new item of this dataset."""
        return self._append(self._server().create_dataset_item(self.id, input, expected_output, metadata))

    def delete_item(self, item_id: str) -> None:
        """Delete an item; it leaves `items` too."""
        self._server().delete_dataset_item(item_id)
        self.items = [item for item in self.items if item.id != item_id]

    def add_step(self, step_id: str, metadata: Json | None = None) -> DatasetItem:
        """A new item with the input and output of a step; the steps below it are its intermediary steps.

        Raises:
            ValueError: This is a dataset of generations.
        """
        if self.type == "generation":
            raise ValueError("a step cannot be added to a dataset of generations; use add_generation")
        return self._append(self._server().add_step_to_dataset(self.id, step_id, metadata))

    def add_generation(self, generation_id: str, metadata: Json | None = None) -> DatasetItem:
        """A new item with the messages and the completion of a generation."""
        return self._append(self._server().add_generation_to_dataset(self.id, generation_id, metadata))

    def create_experiment(
        self,
        name: str,
        prompt_variant_id: str | None = None,
        params: Any = None,
        *,
        prompt_id: str | None = None,
    ) -> DatasetExperiment:
        """An experiment on this dataset; arguments as in `SyncApi.create_experiment`."""
        return self._server().create_experiment(name, self.id, prompt_variant_id, params, prompt_id=prompt_id)

    def _append(self, item: DatasetItem) -> DatasetItem:
        self.items.append(item)
        return item

    def _server(self) -> DatasetApi:
        if self.api is None:
            raise ValueError("this dataset has no server; read it with api.get_dataset")
        return self.api
