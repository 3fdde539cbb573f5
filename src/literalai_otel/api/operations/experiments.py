"""Operations on experiments (`spec/literal-wire.md` §2.9)."""

from typing import Any, Protocol

from literalai_otel.api import documents
from literalai_otel.api.calls import entity, graphql
from literalai_otel.api.operation import Flow, Surrounded, operation
from literalai_otel.api.operations.scores import checked, create_scores
from literalai_otel.model import DatasetExperiment, DatasetExperimentItem, DatasetExperimentItemDict
from literalai_otel.model.experiment import ExperimentApi


class MakesExperiments(Protocol):
    """An API that experiments can call back."""

    def to_sync(self) -> ExperimentApi:
        """The API whose methods block, which `log` of an experiment is said to do."""
        ...


class ExperimentOperations:
    """Create; items likewise."""

    @operation
    def create_experiment(
        self: MakesExperiments,
        name: str,
        dataset_id: str | None = None,
        prompt_variant_id: str | None = None,
        params: Any = None,
        *,
        prompt_id: str | None = None,
    ) -> Flow[DatasetExperiment]:
        """A new experiment.

        Args:
            name: Shown name.
            dataset_id: The dataset whose items it goes through; none when the inputs come from the program.
            prompt_variant_id: What `create_prompt_variant` gave, when it tries a prompt that is no version yet.
            params: Any JSON: the settings that it tries.
            prompt_id: The version of a prompt that it tries.
        """
        variables = {
            "name": name,
            "datasetId": dataset_id,
            "promptExperimentId": prompt_variant_id,
            "promptId": prompt_id,
            "params": params,
        }
        data = yield from graphql("CreateDatasetExperiment", documents.CREATE_EXPERIMENT, variables)
        stored = entity("CreateDatasetExperiment", data, "createDatasetExperiment")
        return DatasetExperiment.from_dict(self.to_sync(), stored)

    @operation
    def create_experiment_item(
        self: Surrounded, experiment_item: DatasetExperimentItem | DatasetExperimentItemDict
    ) -> Flow[DatasetExperimentItem]:
        """Store one result of an experiment, then its scores.

        The item belongs to the run that it names, else to that of the enclosing `experiment_item_run`.

        Raises:
            ValueError: A score is not finite, or no experiment is named; nothing was sent.
        """
        given = experiment_item
        item = given if isinstance(given, DatasetExperimentItem) else DatasetExperimentItem.from_dict(dict(given))
        scores = [checked(score) for score in item.scores]
        if not item.dataset_experiment_id:
            raise ValueError("an experiment item needs the id of its experiment")
        run_id = item.experiment_run_id if item.experiment_run_id is not None else self.here().experiment_run_id
        variables = {
            "datasetExperimentId": item.dataset_experiment_id,
            "experimentRunId": run_id,
            "datasetItemId": item.dataset_item_id,
            "input": item.input,
            "output": item.output,
        }
        operation = "CreateDatasetExperimentItem"
        data = yield from graphql(operation, documents.CREATE_EXPERIMENT_ITEM, variables)
        stored = DatasetExperimentItem.from_dict(entity(operation, data, "createDatasetExperimentItem"))
        stored.scores = yield from create_scores([score | {"datasetExperimentItemId": stored.id} for score in scores])
        return stored
