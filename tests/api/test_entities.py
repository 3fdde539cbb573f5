"""Users, threads, steps, generations, scores, datasets, experiments: what is sent, and what the answer becomes."""

import json
import math
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.api import Current
from literalai_otel.errors import GraphQLError, LiteralError, NotFoundError, TransportError
from literalai_otel.model import (
    Attachment,
    ChatGeneration,
    CompletionGeneration,
    Dataset,
    DatasetExperiment,
    DatasetExperimentItem,
    DatasetItem,
    Page,
    PageInfo,
    Score,
    Step,
    Thread,
    User,
)

from .conftest import Caller, answering

HERE = Path(__file__).parent
ADA = {"id": "u1", "identifier": "ada", "metadata": {"k": 1}}
STEP = {"id": "s1", "type": "tool", "input": {"content": "hi"}}
SCORE = {"id": "c1", "name": "n", "type": "AI", "value": 0.5, "stepId": "s1"}
ITEM = {"id": "i1", "datasetId": "d1", "input": {"q": 1}}
DATASET = {"id": "d1", "name": "n", "type": "key_value"}
ATTACHMENT = {"id": "a1", "stepId": "s1", "name": "f.txt"}
EMPTY = {"pageInfo": {"hasNextPage": False}, "totalCount": 1}

Case = tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], Any]
CASES: dict[str, Case] = {
    # operation: method, arguments, variables that must be sent, data of the answer, result
    "get_users": (
        "get_users",
        {"first": 1, "filters": [{"field": "identifier", "operator": "in", "value": ["ada"]}]},
        {"first": 1, "filters": [{"field": "identifier", "operator": "in", "value": ["ada"]}]},
        {"participants": {**EMPTY, "edges": [{"node": {**ADA, "threadCount": 0, "lastEngaged": "x"}}]}},
        Page(
            data=[User(id="u1", identifier="ada", metadata={"k": 1}, thread_count=0, last_engaged="x")],
            page_info=PageInfo(),
            total_count=1,
        ),
    ),
    "create_user": (
        "create_user",
        {"identifier": "ada", "metadata": {"k": 1}},
        {"identifier": "ada", "metadata": {"k": 1}},
        {"createParticipant": ADA},
        User.from_dict(ADA),
    ),
    "update_user": (
        "update_user",
        {"id": "u1", "metadata": {}},
        {"id": "u1", "metadata": {}},
        {"updateParticipant": ADA},
        User.from_dict(ADA),
    ),
    "delete_user": ("delete_user", {"id": "u1"}, {"id": "u1"}, {"deleteParticipant": {"id": "u1"}}, "u1"),
    "delete_user, absent": ("delete_user", {"id": "u1"}, {"id": "u1"}, {"deleteParticipant": None}, None),
    "create_thread": (
        "create_thread",
        {"name": "n", "participant_id": "ada", "tags": []},
        {"name": "n", "participantId": "ada", "tags": []},
        {"createThread": {"id": "t1", "participant": ADA}},
        Thread(id="t1", participant_id="u1", participant=User.from_dict(ADA)),
    ),
    "update_thread": (
        "update_thread",
        {"id": "t1", "tags": ["x"]},
        {"id": "t1", "tags": ["x"]},
        {"updateThread": {"id": "t1", "name": "kept"}},
        Thread(id="t1", name="kept"),
    ),
    "create_step": (
        "create_step",
        {"thread_id": "t1", "input": "hi", "output": {"a": 0}, "root_run_id": "r1", "parent_id": "p1"},
        {
            "threadId": "t1",
            "type": "undefined",
            "input": {"content": "hi"},
            "output": {"a": 0},
            "rootRunId": "r1",
            "parentId": "p1",
        },
        {"createStep": STEP},
        Step.from_dict(STEP),
    ),
    "update_step": (
        "update_step",
        {"id": "s1", "output": "bye", "end_time": "x", "name": ""},
        {"id": "s1", "output": {"content": "bye"}, "endTime": "x", "name": ""},
        {"updateStep": STEP},
        Step.from_dict(STEP),
    ),
    "create_generation": (
        "create_generation",
        {"generation": ChatGeneration(model="m", messages=[], tags=["x"], metadata={"k": 1})},
        {"generation": {"type": "CHAT", "model": "m", "messages": [], "tags": ["x"], "metadata": {"k": 1}}},
        {"createGeneration": {"id": "g1", "type": "CHAT"}},
        ChatGeneration(id="g1", model="m", messages=[], tags=["x"], metadata={"k": 1}),
    ),
    "create_generation of a dict": (
        "create_generation",
        {"generation": {"prompt": "a", "completion": "b"}},
        {"generation": {"type": "COMPLETION", "prompt": "a", "completion": "b"}},
        {"createGeneration": {"id": "g1", "type": "COMPLETION"}},
        CompletionGeneration(id="g1", prompt="a", completion="b"),
    ),
    "get_scores": (
        "get_scores",
        {"first": 1, "order_by": {"column": "createdAt", "direction": "DESC"}},
        {"first": 1, "orderBy": {"column": "createdAt", "direction": "DESC"}},
        {"scores": {**EMPTY, "edges": [{"node": SCORE}]}},
        Page(data=[Score.from_dict(SCORE)], page_info=PageInfo(), total_count=1),
    ),
    "create_score": (
        "create_score",
        {"name": "n", "value": 0, "type": "AI", "step_id": "s1", "label": "Bad", "scorer": "me", "tags": []},
        {"name": "n", "value": 0.0, "type": "AI", "stepId": "s1", "label": "Bad", "scorer": "me", "tags": []},
        {"createScore": SCORE},
        Score.from_dict(SCORE),
    ),
    "update_score, value": (
        "update_score",
        {"id": "c1", "update_params": {"value": 0}},
        {"id": "c1", "value": 0.0},
        {"updateScore": SCORE},
        Score.from_dict(SCORE),
    ),
    "update_score, comment": (
        "update_score",
        {"id": "c1", "update_params": {"comment": ""}},
        {"id": "c1", "comment": ""},
        {"updateScore": SCORE},
        Score.from_dict(SCORE),
    ),
    "delete_score": ("delete_score", {"id": "c1"}, {"id": "c1"}, {"deleteScore": SCORE}, Score.from_dict(SCORE)),
    "delete_score, absent": ("delete_score", {"id": "c1"}, {"id": "c1"}, {"deleteScore": None}, None),
    "get_attachment": (
        "get_attachment",
        {"id": "a1"},
        {"id": "a1"},
        {"attachment": ATTACHMENT},
        Attachment.from_dict(ATTACHMENT),
    ),
    "get_attachment, absent": ("get_attachment", {"id": "a1"}, {"id": "a1"}, {"attachment": None}, None),
    "update_attachment": (
        "update_attachment",
        {"id": "a1", "update_params": {"name": "g.txt", "objectKey": "k", "metadata": {}}},
        {"id": "a1", "name": "g.txt", "objectKey": "k", "metadata": {}},
        {"updateAttachment": ATTACHMENT},
        Attachment.from_dict(ATTACHMENT),
    ),
    "delete_attachment": (
        "delete_attachment",
        {"id": "a1"},
        {"id": "a1"},
        {"deleteAttachment": ATTACHMENT},
        Attachment.from_dict(ATTACHMENT),
    ),
    "get_datasets": (
        "get_datasets",
        {"first": 100},
        {"first": 100},
        {"datasets": {**EMPTY, "edges": [{"node": DATASET}]}},
        Page(data=[Dataset(id="d1", name="n")], page_info=PageInfo(), total_count=1),
    ),
    "create_dataset": (
        "create_dataset",
        {"name": "n"},
        {"name": "n", "type": "key_value"},
        {"createDataset": DATASET},
        Dataset(id="d1", name="n"),
    ),
    "update_dataset": (
        "update_dataset",
        {"id": "d1", "description": ""},
        {"id": "d1", "description": ""},
        {"updateDataset": DATASET},
        Dataset(id="d1", name="n"),
    ),
    "delete_dataset": (
        "delete_dataset",
        {"id": "d1"},
        {"id": "d1"},
        {"deleteDataset": DATASET},
        Dataset(id="d1", name="n"),
    ),
    "create_dataset_item": (
        "create_dataset_item",
        {"dataset_id": "d1", "input": {"q": 1}, "expected_output": {}},
        {"datasetId": "d1", "input": {"q": 1}, "expectedOutput": {}},
        {"createDatasetItem": ITEM},
        DatasetItem.from_dict(ITEM),
    ),
    "get_dataset_item": (
        "get_dataset_item",
        {"id": "i1"},
        {"id": "i1"},
        {"datasetItem": ITEM},
        DatasetItem.from_dict(ITEM),
    ),
    "get_dataset_item, absent": ("get_dataset_item", {"id": "i1"}, {"id": "i1"}, {"datasetItem": None}, None),
    "delete_dataset_item": (
        "delete_dataset_item",
        {"id": "i1"},
        {"id": "i1"},
        {"deleteDatasetItem": ITEM},
        DatasetItem.from_dict(ITEM),
    ),
    "add_step_to_dataset": (
        "add_step_to_dataset",
        {"dataset_id": "d1", "step_id": "s1", "metadata": {"k": 1}},
        {"datasetId": "d1", "stepId": "s1", "metadata": {"k": 1}},
        {"addStepToDataset": ITEM},
        DatasetItem.from_dict(ITEM),
    ),
    "add_generation_to_dataset": (
        "add_generation_to_dataset",
        {"dataset_id": "d1", "generation_id": "g1"},
        {"datasetId": "d1", "generationId": "g1"},
        {"addGenerationToDataset": ITEM},
        DatasetItem.from_dict(ITEM),
    ),
    "add_generations_to_dataset": (
        "add_generations_to_dataset",
        {"dataset_id": "d1", "generation_ids": ["g1", "g2"]},
        {"datasetId": "d1", "generationId_0": "g1", "generationId_1": "g2"},
        {"datasetItem0": ITEM, "datasetItem1": {**ITEM, "id": "i2"}},
        [DatasetItem.from_dict(ITEM), DatasetItem.from_dict({**ITEM, "id": "i2"})],
    ),
    "create_experiment": (
        "create_experiment",
        {"name": "n", "dataset_id": "d1", "prompt_variant_id": "v1", "params": [{"model": "m"}]},
        {"name": "n", "datasetId": "d1", "promptExperimentId": "v1", "params": [{"model": "m"}]},
        {"createDatasetExperiment": {"id": "x1", "name": "n", "datasetId": "d1", "promptExperimentId": "v1"}},
        DatasetExperiment(id="x1", name="n", dataset_id="d1", prompt_variant_id="v1"),
    ),
    "create_experiment of a version": (
        "create_experiment",
        {"name": "n", "prompt_id": "p1", "params": {}},
        {"name": "n", "promptId": "p1", "params": {}},
        {"createDatasetExperiment": {"id": "x1", "name": "n", "promptId": "p1"}},
        DatasetExperiment(id="x1", name="n", prompt_id="p1"),
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_an_operation_sends_its_variables_and_returns_objects(caller: Caller, case: str) -> None:
    method, arguments, variables, data, expected = CASES[case]
    api = caller.open(handler=answering({"data": data}))
    assert await caller.settle(getattr(api, method)(**arguments)) == expected
    [request] = caller.requests
    assert json.loads(request.content)["variables"] == variables


CHANGES: dict[str, tuple[Any, ...]] = {
    "update_user": ("u9",),
    "update_thread": ("t9",),
    "update_step": ("s9",),
    "update_score": ("c9", {"value": 1}),
    "update_attachment": ("a9", {}),
    "update_dataset": ("d9",),
}


@pytest.mark.parametrize("method", CHANGES)
async def test_a_change_of_what_does_not_exist_names_it(caller: Caller, method: str) -> None:
    api = caller.open(handler=lambda request: httpx.Response(200, json={"data": {"anything": None}}))
    with pytest.raises(NotFoundError, match=CHANGES[method][0]) as caught:
        await caller.settle(getattr(api, method)(*CHANGES[method]))
    assert isinstance(caught.value, LiteralError)


@pytest.mark.parametrize("method", ["create_user", "create_dataset"])
async def test_an_answer_without_the_new_object_is_a_transport_error(caller: Caller, method: str) -> None:
    api = caller.open(handler=answering({"data": {}}))
    with pytest.raises(TransportError, match="the answer has no"):
        await caller.settle(getattr(api, method)("x"))


@pytest.mark.parametrize(("known", "sent"), [(True, 1), (False, 2)])
@pytest.mark.feature("L-USR-06")
async def test_get_or_create_user_makes_a_user_only_once(caller: Caller, known: bool, sent: int) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        creates = b"createParticipant" in request.content
        data = {"createParticipant": ADA} if creates else {"participant": ADA if known else None}
        return httpx.Response(200, json={"data": data})

    api = caller.open(handler=handler)
    assert await caller.settle(api.get_or_create_user("ada", {"k": 1})) == User.from_dict(ADA)
    assert len(caller.requests) == sent


@pytest.mark.parametrize(("given", "sent"), [("production", "prod"), ("development", "dev")])
async def test_the_environment_of_a_thread_has_synonyms(caller: Caller, given: str, sent: str) -> None:
    api = caller.open(handler=answering({"data": {"createThread": {"id": "t"}}}))
    with pytest.warns(UserWarning, match=f"'{given}' is called '{sent}'") as caught:
        await caller.settle(api.create_thread(environment=given))
    assert Path(caught[0].filename).parent == HERE
    assert caller.requests[0].headers["x-env"] == sent


async def test_an_unknown_environment_is_refused_before_anything_is_sent(caller: Caller) -> None:
    api = caller.open(handler=answering({}))
    with pytest.raises(ValueError, match="dev, staging, prod, experiment"):
        await caller.settle(api.create_thread(environment="moon"))
    assert caller.requests == []


async def test_requests_say_the_environment_around_the_caller(caller: Caller) -> None:
    here = Current()
    api = caller.open(
        handler=answering({"data": {"step": None, "upsertThread": {"id": "t"}}}),
        environment="staging",
        current=lambda: here,
    )
    await caller.settle(api.get_step("s"))
    here = Current(environment="experiment")
    await caller.settle(api.get_step("s"))
    await caller.settle(api.upsert_thread("t", environment="dev"))
    assert [request.headers["x-env"] for request in caller.requests] == ["staging", "experiment", "dev"]


NOT_FINITE = [math.nan, math.inf, -math.inf, None, "1", 10**400]


@pytest.mark.parametrize("value", NOT_FINITE, ids=repr)
@pytest.mark.feature("L-SCO-06")
async def test_a_score_that_is_no_finite_number_is_never_sent(caller: Caller, value: Any) -> None:
    api = caller.open(handler=answering({"data": {}}))
    score = {"name": "n", "type": "AI", "value": value, "stepId": "s"}
    good = {**score, "value": 1.0}
    item = DatasetExperimentItem(dataset_experiment_id="x", input={}, scores=[good, score])  # type: ignore[list-item]
    calls: list[tuple[Any, tuple[Any, ...]]] = [
        (api.create_score, ("n", value, "AI", "s")),
        (api.create_scores, ([good, score],)),
        (api.create_experiment_item, (item,)),
        (api.create_experiment_item, (DatasetExperimentItem(dataset_experiment_id="x", scores=[Score(name="n")]),)),
    ]
    if value is not None:
        calls.append((api.update_score, ("c", {"value": value})))
    for call, arguments in calls:
        with pytest.raises(ValueError, match="finite"):
            await caller.settle(call(*arguments))
    assert caller.requests == []


@pytest.mark.feature("L-SCO-05", "L-SCO-07", "L-SCO-08")
async def test_scores_go_in_one_request_and_come_back_in_order(caller: Caller) -> None:
    answer = {"score_0": {**SCORE, "id": "a"}, "score_1": {**SCORE, "id": "b"}}
    api = caller.open(handler=answering({"data": answer}))
    scores = [
        {"name": "n", "type": "AI", "value": True, "stepId": "s1", "label": "Good", "comment": None},
        Score(name="m", type="HUMAN", value=0.25, dataset_experiment_item_id="e1", comment="c", tags=["t"]),
    ]
    assert [score.id for score in await caller.settle(api.create_scores(scores))] == ["a", "b"]
    [request] = caller.requests
    assert json.loads(request.content)["variables"] == {
        "name_0": "n",
        "type_0": "AI",
        "value_0": 1.0,
        "stepId_0": "s1",
        "label_0": "Good",
        "name_1": "m",
        "type_1": "HUMAN",
        "value_1": 0.25,
        "datasetExperimentItemId_1": "e1",
        "comment_1": "c",
        "tags_1": ["t"],
    }
    assert scores[0]["comment"] is None  # type: ignore[index]


@pytest.mark.parametrize("method", ["create_scores", "add_generations_to_dataset"])
async def test_an_empty_list_sends_nothing(caller: Caller, method: str) -> None:
    api = caller.open(handler=answering({}))
    arguments = ([],) if method == "create_scores" else ("d", [])
    assert await caller.settle(getattr(api, method)(*arguments)) == []
    assert caller.requests == []


@pytest.mark.feature("L-SCO-04")
async def test_the_id_of_a_generation_is_that_of_its_step(caller: Caller) -> None:
    api = caller.open(handler=answering({"data": {"createScore": SCORE, "score_0": SCORE}}))
    with pytest.warns(DeprecationWarning, match="use step_id") as caught:
        await caller.settle(api.create_score("n", 1, "AI", generation_id="g1"))
    assert Path(caught[0].filename).parent == HERE
    with pytest.warns(DeprecationWarning, match="use step_id") as caught:
        await caller.settle(api.create_scores([{"name": "n", "type": "AI", "value": 1, "generationId": "g1"}]))
    assert Path(caught[0].filename).parent == HERE
    sent = [json.loads(request.content)["variables"] for request in caller.requests]
    assert (sent[0]["stepId"], sent[1]["stepId_0"]) == ("g1", "g1")
    with pytest.warns(DeprecationWarning, match="use step_id"), pytest.raises(ValueError, match="two steps"):
        await caller.settle(api.create_score("n", 1, "AI", step_id="s1", generation_id="g1"))


def experiment_handler(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    if "createDatasetExperimentItem" in body["query"]:
        item = {"id": "e1", "datasetExperimentId": "x1", **{k: body["variables"].get(k) for k in ("input", "output")}}
        return httpx.Response(
            200,
            json={
                "data": {
                    "createDatasetExperimentItem": {
                        **item,
                        "experimentRunId": body["variables"].get("experimentRunId"),
                    }
                }
            },
        )
    if "createDatasetExperiment(" in body["query"]:
        return httpx.Response(200, json={"data": {"createDatasetExperiment": {"id": "x1", "name": "n"}}})
    count = sum(name.startswith("name_") for name in body["variables"])
    stored = {f"score_{n}": {"id": f"c{n}", "name": body["variables"][f"name_{n}"], "value": 1} for n in range(count)}
    return httpx.Response(200, json={"data": stored})


@pytest.mark.feature("L-EXP-06")
async def test_an_experiment_item_is_stored_before_its_scores(caller: Caller) -> None:
    api = caller.open(handler=experiment_handler, current=lambda: Current(experiment_run_id="run"))
    given = [{"name": "n", "type": "AI", "value": 0.6}]
    item = DatasetExperimentItem(dataset_experiment_id="x1", dataset_item_id="i1", input={"q": 1}, scores=given)  # type: ignore[arg-type]
    stored = await caller.settle(api.create_experiment_item(item))
    assert (stored.id, stored.experiment_run_id, [score.id for score in stored.scores]) == ("e1", "run", ["c0"])
    first, second = (json.loads(request.content)["variables"] for request in caller.requests)
    assert first == {"datasetExperimentId": "x1", "experimentRunId": "run", "datasetItemId": "i1", "input": {"q": 1}}
    assert second["datasetExperimentItemId_0"] == "e1"
    assert given == [{"name": "n", "type": "AI", "value": 0.6}]


@pytest.mark.feature("L-EXP-05", "L-EXP-10")
async def test_log_of_an_experiment_blocks_on_either_client(caller: Caller) -> None:
    api = caller.open(handler=experiment_handler, current=lambda: Current(experiment_run_id="run"))
    experiment = await caller.settle(api.create_experiment("n"))
    item = experiment.log({"input": {}, "output": {"a": 1}, "scores": []})
    assert (item.id, item.experiment_run_id, item.scores) == ("e1", "run", [])
    other = experiment.log({"input": {}, "output": {}, "experimentRunId": "mine", "scores": [Score(name="n", value=1)]})
    assert other.experiment_run_id == "mine"
    assert experiment.items == [item, other]
    # The experiment, two items, one of them with scores: an empty list of scores is no request.
    assert len(caller.requests) == 4


async def test_an_item_needs_an_experiment(caller: Caller) -> None:
    api = caller.open(handler=answering({}))
    with pytest.raises(ValueError, match="id of its experiment"):
        await caller.settle(api.create_experiment_item({"input": {}}))
    assert caller.requests == []


def dataset_handler(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/api/export/dataset":
        body = json.loads(request.content)
        found = {**DATASET, "items": [ITEM], "name": body.get("name", "n"), "type": body.get("id", "key_value")}
        return httpx.Response(200, json={"data": None if body == {"name": "nobody"} else found})
    body = json.loads(request.content)
    field = next(
        name
        for name in ("updateDataset", "deleteDatasetItem", "deleteDataset", "createDatasetItem", "addStepToDataset",
                     "addGenerationToDataset", "createDatasetExperiment")
        if f"{name}(" in body["query"]
    )  # fmt: skip
    answer = {"id": "new"} | body["variables"]
    return httpx.Response(200, json={"data": {field: answer | {"id": body["variables"].get("id", "new")}}})


@pytest.mark.feature("L-DS-05")
async def test_a_dataset_is_read_by_id_or_name_over_rest(caller: Caller) -> None:
    api = caller.open(handler=dataset_handler)
    assert (await caller.settle(api.get_dataset(name="x"))).items == [DatasetItem.from_dict(ITEM)]
    assert (await caller.settle(api.get_dataset(id="key_value"))).id == "d1"
    assert await caller.settle(api.get_dataset(name="nobody")) is None
    assert [json.loads(request.content) for request in caller.requests] == [
        {"name": "x"},
        {"id": "key_value"},
        {"name": "nobody"},
    ]
    with pytest.raises(ValueError, match="id or name"):
        await caller.settle(api.get_dataset())


@pytest.mark.feature("L-CLI-12", "L-DS-13", "L-DS-15", "L-DS-16")
async def test_methods_of_a_dataset_change_the_server_and_the_object(caller: Caller) -> None:
    api = caller.open(handler=dataset_handler)
    dataset = await caller.settle(api.get_dataset(name="x"))
    made = dataset.create_item({"a": 1}, {"b": 2}, {"k": 3})
    assert made == DatasetItem(id="new", dataset_id="d1", input={"a": 1}, expected_output={"b": 2}, metadata={"k": 3})
    assert dataset.add_step("s1").step_id == "s1"
    dataset.add_generation("g1", {"k": 1})
    assert [item.id for item in dataset.items] == ["i1", "new", "new", "new"]
    dataset.delete_item("new")
    assert [item.id for item in dataset.items] == ["i1"]
    dataset.update(name="y", metadata={"m": 1})
    assert (dataset.name, dataset.metadata, dataset.description, len(dataset.items)) == ("y", {"m": 1}, None, 1)
    experiment = dataset.create_experiment("e", params=[1])
    assert (experiment.dataset_id, experiment.params) == ("d1", [1])
    dataset.delete()
    assert b"deleteDataset(" in caller.requests[-1].content


@pytest.mark.feature("L-DS-12")
async def test_a_dataset_of_generations_takes_no_step(caller: Caller) -> None:
    api = caller.open(handler=dataset_handler)
    dataset = await caller.settle(api.get_dataset(id="generation"))
    with pytest.raises(ValueError, match="add_generation"):
        dataset.add_step("s1")
    assert len(caller.requests) == 1


async def test_a_refused_item_leaves_the_list_alone(caller: Caller) -> None:
    api = caller.open(handler=answering({"errors": [{"message": "no"}]}))
    dataset = Dataset(api=api.to_sync(), id="d", items=[DatasetItem(id="i")])
    for change in (lambda: dataset.create_item({}), lambda: dataset.delete_item("i"), lambda: dataset.update("n")):
        with pytest.raises(GraphQLError, match="no"):
            change()
    assert (dataset.name, [item.id for item in dataset.items]) == (None, ["i"])
