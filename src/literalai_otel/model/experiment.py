"""Experiments and their items (`spec/literal-wire.md` §2.9, §4).

An experiment runs an application over the items of a dataset, or over inputs of its own, and keeps each output with
its scores. As with datasets, `log` blocks until the server has answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypedDict

from literalai_otel.model.score import Score, ScoreDict
from literalai_otel.model.wire import LOCAL, Entity, each, from_wire


class DatasetExperimentItemDict(TypedDict, total=False):
    """An experiment item by its names on the wire."""

    id: str | None
    datasetExperimentId: str | None
    datasetItemId: str | None
    experimentRunId: str | None
    input: Any
    output: Any
    scores: Sequence[ScoreDict | Score]


class ExperimentApi(Protocol):
    """What an experiment asks of a server; `literalai_otel.api.SyncApi` has it."""

    def create_experiment_item(
        self, experiment_item: "DatasetExperimentItem | DatasetExperimentItemDict"
    ) -> "DatasetExperimentItem":
        """Make an item with its scores."""
        ...


def _score(score: Any) -> Score:
    return score if isinstance(score, Score) else Score.from_dict(score)


@dataclass(slots=True, kw_only=True, repr=False)
class DatasetExperimentItem(Entity):
    """`experiment_run_id` is the id of the run that produced the output; it may be stored later than the item."""

    id: str | None = None
    dataset_experiment_id: str | None = None
    dataset_item_id: str | None = None
    experiment_run_id: str | None = None
    input: Any = None
    output: Any = None
    scores: list[Score] = field(default_factory=list[Score], metadata=each(_score))


@dataclass(slots=True, kw_only=True, repr=False)
class DatasetExperiment(Entity):
    """`params` is any JSON: the settings that the experiment tries."""

    api: ExperimentApi | None = field(default=None, compare=False, metadata=LOCAL)
    """The server that `log` writes to."""
    id: str = ""
    created_at: str | None = None
    name: str | None = None
    dataset_id: str | None = None
    prompt_id: str | None = None
    prompt_variant_id: str | None = field(default=None, metadata={"wire": "promptExperimentId"})
    params: Any = None
    items: list[DatasetExperimentItem] = field(
        default_factory=list[DatasetExperimentItem], metadata=each(DatasetExperimentItem.from_dict)
    )

    @classmethod
    def from_dict(cls, api: ExperimentApi | None, data: dict[str, Any]) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride] - as published: the api comes first
        """The experiment of a dict, on the server of `api`."""
        experiment = from_wire(cls, data)
        experiment.api = api
        return experiment

    def log(self, item_dict: DatasetExperimentItemDict) -> DatasetExperimentItem:
        """Store one result with its scores.

        Args:
            item_dict: `input`, `output`, `scores`, and `datasetItemId` when it belongs to an item of the dataset.
                `experimentRunId` is the run of the enclosing `experiment_item_run`, unless it is given.

        Raises:
            ValueError: A score is not finite; nothing was stored.
        """
        if self.api is None:
            raise ValueError("this experiment has no server; make it with api.create_experiment")
        item = self.api.create_experiment_item({**item_dict, "datasetExperimentId": self.id})
        self.items.append(item)
        return item
