"""Datasets, experiments and prompts in the store: several processes, several projects."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest

from literalai_otel.server.store import (
    PageQuery,
    Store,
    dataset_items,
    datasets,
    experiment_items,
    experiments,
    prompt_links,
    prompt_rollouts,
    prompt_variants,
    prompts,
)
from literalai_otel.server.store.datasets import DatasetFields
from literalai_otel.server.store.prompt_content import parse_content
from literalai_otel.server.store.prompts import VersionNotes
from literalai_otel.server.values import InvalidValueError

WAIT = 20.0
MESSAGES = [{"role": "user", "content": "{{question}}"}]


ITEM = dataset_items.content_of({"changed": True}, None, None)
MEASURED = experiment_items.content_of({}, {}, None)


def content(number: int = 0) -> Any:
    return parse_content(MESSAGES, None, {"n": number})


@pytest.fixture
def processes(engine: Any, tmp_path: Any) -> Iterator[list[Store]]:
    """What several server processes have open: on PostgreSQL a store each, on SQLite there is one process."""
    with ExitStack() as stack:
        count = 1 if engine.name == "sqlite" else 3
        yield [stack.enter_context(closing(engine.open(tmp_path / "data"))) for _ in range(count)]
    engine.drop(tmp_path / "data")


@pytest.mark.feature("L-PRM-01", "L-PRM-02")
def test_racing_processes_make_one_lineage_one_version_and_one_variant(processes: list[Store]):
    project = processes[0].create_project("p").result(WAIT).id

    def race(turn: int) -> tuple[str, str, int, str]:
        store = processes[turn % len(processes)]
        lineage = store.write(prompts.get_or_create_lineage, project, "name", None).result(WAIT)
        version = store.write(prompts.get_or_create_version, project, lineage["id"], content(turn % 5), None)
        made = version.result(WAIT)
        variant = store.write(prompt_variants.of_version, project, made["id"]).result(WAIT)
        return lineage["id"], made["id"], made["version"], variant["id"]

    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(race, range(60)))
    assert len({lineage_id for lineage_id, *_ in made}) == 1
    # Five contents: five versions, each with one id, one number and one variant.
    found = sorted({(number, version_id, variant_id) for _, version_id, number, variant_id in made})
    assert [number for number, *_ in found] == [0, 1, 2, 3, 4]
    assert len({version_id for _, version_id, _ in found}) == len({variant_id for *_, variant_id in found}) == 5
    split = processes[-1].read(prompt_rollouts.of_lineage, project, made[0][0])
    assert split == [{"version": 0, "rollout": 100.0}]


@pytest.mark.feature("L-PRM-14")
def test_what_one_process_changed_the_others_see_at_once(processes: list[Store]):
    first, last = processes[0], processes[-1]
    project = first.create_project("p").result(WAIT).id
    lineage = first.write(prompts.get_or_create_lineage, project, "name", None).result(WAIT)
    for number in (0, 1):
        first.write(prompts.get_or_create_version, project, lineage["id"], content(number), None).result(WAIT)
    for number in (1, 0, 1):
        whole = [{"version": number, "rollout": 1.0}]
        first.write(prompts.set_rollouts, project, whole, name="name").result(WAIT)
        drawn = last.read(prompts.version, project, name="name")
        assert drawn is not None
        assert drawn["version"] == number


@pytest.mark.feature("L-EXP-09")
def test_a_prompt_id_leads_to_the_name_and_the_number(world: Any):
    store, project = world.store, world.project.id
    lineage = store.write(prompts.get_or_create_lineage, project, "name", None).result(WAIT)
    made = [
        store.write(prompts.get_or_create_version, project, lineage["id"], content(number), None).result(WAIT)["id"]
        for number in (0, 1)
    ]
    found = store.read(prompt_links.named, project, [*made, "no prompt"])
    assert found == {made[0]: prompt_links.PromptLink("name", 0), made[1]: prompt_links.PromptLink("name", 1)}
    assert store.read(prompt_links.named, project, []) == {}
    assert store.read(prompt_links.named, world.new_project().id, made) == {}


@pytest.fixture
def foreign(world: Any) -> dict[str, str]:
    """Ids of everything in another project, which also has a step with a generation."""
    store, project = world.store, world.new_project()
    world.put({"id": "step", "type": "llm", "generation": {"type": "CHAT", "messages": MESSAGES}}, project=project)

    def write(change: Any, *arguments: Any, **options: Any) -> Any:
        return store.write(change, project.id, *arguments, **options).result(WAIT)

    dataset = write(datasets.create, "key_value", DatasetFields(name="theirs"))["id"]
    lineage = write(prompts.get_or_create_lineage, "theirs", None)["id"]
    version = write(prompts.get_or_create_version, lineage, content(), None)["id"]
    experiment = write(experiments.create, "theirs", dataset_id=dataset, prompt_id=version, params={"k": 1})
    item = write(dataset_items.create, dataset, ITEM)
    write(experiment_items.create, experiment["id"], MEASURED, item)
    return {
        "project": str(project.id),
        "dataset": dataset,
        "item": item,
        "lineage": lineage,
        "version": version,
        "variant": experiment["promptExperimentId"],
        "experiment": experiment["id"],
    }


def everything(store: Store, project: int) -> list[Any]:
    """What a project holds, as its own key reads it."""
    query = PageQuery()
    found: list[Any] = [
        store.read(page, project, query).nodes for page in (datasets.page, experiments.page, prompts.page)
    ]
    stored_datasets, stored_experiments, lineages = found.copy()
    found += (store.read(dataset_items.of_dataset, project, one["id"]) for one in stored_datasets)
    found += (store.read(experiment_items.of_experiment, project, one["id"]) for one in stored_experiments)
    found += (store.read(prompts.versions, project, one["id"], query).nodes for one in lineages)
    found += (store.read(prompt_rollouts.of_lineage, project, one["id"]) for one in lineages)
    return found


def test_nothing_of_another_project_is_read(world: Any, foreign: dict[str, str]):
    store, project, ids = world.store, world.project.id, foreign
    assert len(everything(store, int(ids["project"]))) == 7
    assert everything(store, project) == [[], [], []]
    for read, arguments, options in (
        (datasets.get, (), {"dataset_id": ids["dataset"]}),
        (datasets.get, (), {"name": "theirs"}),
        (dataset_items.export, (), {"dataset_id": ids["dataset"]}),
        (dataset_items.get, (ids["item"],), {}),
        (experiments.get, (ids["experiment"],), {}),
        (prompts.lineage, (), {"name": "theirs"}),
        (prompts.lineage, (), {"lineage_id": ids["lineage"]}),
        (prompts.version, (), {"version_id": ids["version"]}),
        (prompts.version, (), {"name": "theirs"}),
        (prompts.version, (), {"name": "theirs", "number": 0}),
        (prompt_variants.get, (ids["variant"],), {}),
        (prompt_rollouts.champion, (ids["lineage"],), {}),
    ):
        assert store.read(read, project, *arguments, **options) is None, read
    for read in (dataset_items.content_of_step, dataset_items.content_of_generation):
        with pytest.raises(InvalidValueError, match="this project"):
            store.read(read, project, "step", None)
    for read, arguments in (
        (dataset_items.of_dataset, (ids["dataset"],)),
        (experiment_items.of_experiment, (ids["experiment"],)),
        (prompt_rollouts.of_lineage, (ids["lineage"],)),
    ):
        assert store.read(read, project, *arguments) == [], read


def test_nothing_of_another_project_is_written(world: Any, foreign: dict[str, str]):
    store, project, ids = world.store, world.project, foreign
    before = everything(store, int(ids["project"]))
    mine = store.write(experiments.create, project.id, "mine").result(WAIT)["id"]
    for change, arguments, options in (
        (datasets.update, (ids["dataset"], DatasetFields(name="mine")), {}),
        (datasets.delete, (ids["dataset"],), {}),
        (dataset_items.update, (ids["item"], ITEM), {}),
        (dataset_items.delete, (ids["item"],), {}),
        (experiments.delete, (ids["experiment"],), {}),
        (prompts.mark_deleted, (ids["lineage"],), {"deleted": True}),
        (prompts.set_rollouts, ([{"version": 0, "rollout": 1.0}],), {"lineage_id": ids["lineage"]}),
        (prompts.set_rollouts, ([{"version": 0, "rollout": 1.0}],), {"name": "theirs"}),
        (prompts.update_version, (ids["version"], VersionNotes(label="mine")), {}),
    ):
        assert store.write(change, project.id, *arguments, **options).result(WAIT) is None, change
    for change, arguments, options in (
        (dataset_items.create, (ids["dataset"], ITEM), {}),
        (experiments.create, ("x",), {"dataset_id": ids["dataset"]}),
        (experiments.create, ("x",), {"prompt_id": ids["version"]}),
        (experiments.create, ("x",), {"prompt_variant_id": ids["variant"]}),
        (experiment_items.create, (ids["experiment"], MEASURED), {}),
        (experiment_items.create, (mine, MEASURED, ids["item"]), {}),
        (prompts.get_or_create_version, (ids["lineage"], content(1), None), {}),
        (prompt_variants.create, (content(),), {"lineage_id": ids["lineage"]}),
    ):
        with pytest.raises(InvalidValueError, match="this project"):
            store.write(change, project.id, *arguments, **options).result(WAIT)
    assert everything(store, int(ids["project"])) == before
    # The same name is another prompt here, with the same content.
    lineage = store.write(prompts.get_or_create_lineage, project.id, "theirs", None).result(WAIT)
    version = store.write(prompts.get_or_create_version, project.id, lineage["id"], content(), None).result(WAIT)
    assert (lineage["id"], version["id"]) != (ids["lineage"], ids["version"])
