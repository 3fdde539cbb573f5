"""Experiments, attachments and scores from inside decorated code, read back from the real server."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from literalai_otel import AsyncLiteralClient, LiteralClient


@pytest.fixture
def client(on_server: Callable[..., Any]) -> LiteralClient:
    return on_server(environment="dev")


def scored(value: float) -> list[dict[str, Any]]:
    return [{"name": "relevancy", "type": "AI", "value": value}]


@pytest.mark.feature("L-EXP-05", "L-EXP-06", "L-EXP-07", "L-EXP-10")
def test_items_name_the_run_that_made_them(client: LiteralClient) -> None:
    experiment = client.api.create_experiment(name="Foo", params=[{"foo": "bar"}])
    items = []

    @client.run
    def agent(question: str) -> dict[str, Any]:
        return {"content": question.upper()}

    @client.experiment_item_run
    def evaluate(question: str) -> None:
        output = agent(question)
        items.append(experiment.log({"scores": scored(0.6), "input": {"q": question}, "output": output}))  # type: ignore[typeddict-item]

    for question in ("a", "b"):
        evaluate(question)
        run = client.api.get_step(items[-1].experiment_run_id)
        assert run is not None, "the run is stored when the call is over"
        assert (run.name, run.type, run.environment) == ("Experiment Run", "run", "experiment")
    assert items[0].experiment_run_id != items[1].experiment_run_id
    for item in items:
        (score,) = item.scores
        assert score.id and score.dataset_experiment_item_id == item.id
        children = client.api.get_steps(
            filters=[{"field": "parentId", "operator": "eq", "value": item.experiment_run_id}]
        ).data
        assert [(child.name, child.environment) for child in children] == [("agent", "experiment")]
    outside = experiment.log({"input": {}, "output": {}, "scores": []})  # type: ignore[typeddict-item]
    assert outside.experiment_run_id is None


@pytest.mark.feature("L-EXP-08")
async def test_concurrent_evaluations_of_an_async_client(on_server: Callable[..., Any], client: LiteralClient) -> None:
    """Each item names its own run; production code beside it stays what it is."""
    lai = on_server(AsyncLiteralClient, environment="prod")
    dataset = await lai.api.create_dataset(name="questions")
    for n in range(3):
        await lai.api.create_dataset_item(dataset_id=dataset.id, input={"n": n})
    dataset = await lai.api.get_dataset(id=dataset.id)
    experiment = await lai.api.create_experiment(name="Async", dataset_id=dataset.id)
    logged: dict[str, str | None] = {}

    @lai.experiment_item_run
    async def evaluate(item: Any) -> None:
        run = lai.get_current_root_run()
        await asyncio.sleep(0)
        made = await lai.api.create_experiment_item(
            {"datasetExperimentId": experiment.id, "datasetItemId": item.id, "input": item.input, "output": {}}
        )
        logged[run.id] = made.experiment_run_id

    @lai.run
    async def production() -> str:
        await asyncio.sleep(0.01)
        return lai.get_current_step().id

    *_, beside = await asyncio.gather(*(evaluate(item) for item in dataset.items), production())
    assert len(logged) == 3
    assert all(own == named for own, named in logged.items())
    assert await lai.flush(10)
    assert (await lai.api.get_step(beside)).environment == "prod"


@pytest.mark.feature("L-ATT-04")
def test_an_attachment_goes_to_the_step_around(client: LiteralClient, tmp_path: Path) -> None:
    file = tmp_path / "some.pdf"
    file.write_bytes(b"%PDF-1.4")

    @client.step(type="tool")
    def load_document() -> str:
        client.api.create_attachment(name="pdf_document", content=file.read_bytes())
        return client.get_current_step().id  # type: ignore[union-attr]

    with client.thread(name="with a file") as thread:
        step_id = load_document()
    assert client.flush(10)
    step = client.api.get_step(step_id)
    assert step is not None and step.thread_id == thread.id
    (attachment,) = step.attachments or ()
    assert (attachment.name, attachment.step_id) == ("pdf_document", step_id)


@pytest.mark.feature("L-LOG-14", "L-CLI-17")
def test_a_run_id_may_be_scored_later(client: LiteralClient) -> None:
    @client.run
    def agent() -> str:
        root = client.get_current_root_run()
        assert root is not None
        return root.id

    run_id = agent()
    assert client.flush(10)
    score = client.api.create_score(step_id=run_id, name="user-feedback", type="HUMAN", value=1, comment="good")
    stored = client.api.get_step(run_id)
    assert stored is not None
    assert [(found.id, found.value) for found in stored.scores or ()] == [(score.id, 1)]


@pytest.mark.feature("L-STEP-15")
def test_a_step_may_name_its_root_run(client: LiteralClient) -> None:
    root = client.api.create_step(name="root", type="run")
    step = client.api.create_step(name="late", type="tool", parent_id=root.id, root_run_id=root.id)
    stored = client.api.get_step(step.id)
    assert stored is not None and stored.root_run_id == root.id


@pytest.mark.feature("L-CLI-10")
def test_the_api_sends_the_environment_of_the_scope(client: LiteralClient) -> None:
    with client.environment(env="staging"):
        inside = client.api.create_step(name="inside")
    outside = client.api.create_step(name="outside")
    assert [client.api.get_step(step.id).environment for step in (inside, outside)] == ["staging", "dev"]  # type: ignore[union-attr]
