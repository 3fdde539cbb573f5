"""Experiments and what they measured (`spec/literal-wire.md` §2.9)."""

from typing import Any, Final

from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.store import datasets, experiment_items, experiments, prompt_variants
from literalai_otel.server.values import clean_text

MOST_COMPARED: Final = 20
"""Experiments side by side."""


def dataset_experiments(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of experiments, newest first unless the query orders."""
    query = call.page_query("experiments", arguments, info)
    return call.store.read(experiments.page, call.project.id, query).to_connection()


def dataset_experiment(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """One experiment, null when unknown."""
    return call.store.read(experiments.get, call.project.id, arguments["id"])


def create_dataset_experiment(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A new experiment, with or without a dataset and a prompt."""
    return call.wait(
        call.store.write(
            experiments.create,
            call.project.id,
            arguments["name"],
            dataset_id=arguments.get("datasetId"),
            prompt_id=arguments.get("promptId"),
            prompt_variant_id=arguments.get("promptExperimentId"),
            params=arguments.get("params"),
        )
    )


def delete_dataset_experiment(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete an experiment with its items and their scores; answers what was deleted."""
    return call.wait(call.store.write(experiments.delete, call.project.id, arguments["id"]))


def dataset_experiment_items(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of the items of an experiment, oldest first unless the query orders, by a score for example."""
    order: dict[str, Any] = arguments.get("orderBy") or {}
    return call.store.read(
        experiment_items.page,
        call.project.id,
        arguments["datasetExperimentId"],
        call.page_query("experimentItems", arguments, info),
        score=clean_text(order["path"], "path") if order.get("path") else None,
    ).to_connection()


def create_dataset_experiment_item(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """A new item. Its run may be stored later."""
    content = experiment_items.content_of(
        arguments.get("input"), arguments.get("output"), arguments.get("experimentRunId")
    )
    item_id = call.wait(
        call.store.write(
            experiment_items.create,
            call.project.id,
            arguments["datasetExperimentId"],
            content,
            arguments.get("datasetItemId"),
        )
    )
    return call.store.read(experiment_items.get, call.project.id, item_id)


def compare_dataset_experiments(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """What experiments on the same dataset measured, item by item of the dataset."""
    ids = arguments["ids"]
    if not 1 <= len(ids) <= MOST_COMPARED:
        raise Problem("BAD_USER_INPUT", f"Give 1 to {MOST_COMPARED} ids of experiments.")
    found, rows = call.store.read(experiments.compared, call.project.id, ids)
    dataset = call.store.read(datasets.get, call.project.id, dataset_id=found[0]["datasetId"])
    return {"dataset": dataset, "experiments": found, "rows": rows}


def items_of_experiment(call: Call, info: Info, experiment: dict[str, Any]) -> list[dict[str, Any]]:
    """All items of an experiment, oldest first."""
    return call.store.read(experiment_items.of_experiment, call.project.id, experiment["id"])


def dataset_of_experiment(call: Call, info: Info, experiment: dict[str, Any]) -> dict[str, Any] | None:
    """The dataset, null when there is none."""
    dataset_id = experiment["datasetId"]
    if dataset_id is None:
        return None
    return call.once(
        ("dataset", dataset_id), lambda: call.store.read(datasets.get, call.project.id, dataset_id=dataset_id)
    )


def variant_of_experiment(call: Call, info: Info, experiment: dict[str, Any]) -> dict[str, Any] | None:
    """The prompt variant that was tried, null when there is none."""
    variant_id = experiment["promptExperimentId"]
    if variant_id is None:
        return None
    return call.once(
        ("prompt variant", variant_id), lambda: call.store.read(prompt_variants.get, call.project.id, variant_id)
    )


QUERIES: Final = {
    "datasetExperiments": dataset_experiments,
    "datasetExperiment": dataset_experiment,
    "datasetExperimentItems": dataset_experiment_items,
    "compareDatasetExperiments": compare_dataset_experiments,
}
MUTATIONS: Final = {
    "createDatasetExperiment": create_dataset_experiment,
    "deleteDatasetExperiment": delete_dataset_experiment,
    "createDatasetExperimentItem": create_dataset_experiment_item,
}
LINKS: Final = {
    "DatasetExperiment": {
        "items": items_of_experiment,
        "dataset": dataset_of_experiment,
        "promptVariant": variant_of_experiment,
    }
}
