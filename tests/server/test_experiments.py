"""Experiments and what they measured, over GraphQL (`spec/literal-wire.md` §2.9)."""

import uuid
from typing import Any

import pytest

EXPERIMENT = "id name datasetId promptId promptExperimentId params"
CREATE = f"""mutation CreateDatasetExperiment(
  $name: String!, $datasetId: String, $promptId: String, $promptExperimentId: String, $params: Json) {{
  createDatasetExperiment(name: $name, datasetId: $datasetId, promptId: $promptId,
    promptExperimentId: $promptExperimentId, params: $params) {{ {EXPERIMENT} }} }}"""
# As 0.0.502 sent it: nothing may be null, and there are no variants.
CREATE_502 = """mutation CreateDatasetExperiment(
  $name: String!, $datasetId: String!, $promptId: String, $params: Json!) {
  createDatasetExperiment(name: $name, datasetId: $datasetId, promptId: $promptId, params: $params) {
    id name datasetId params } }"""
ITEM = "id input output datasetExperimentId experimentRunId datasetItemId"
CREATE_ITEM = f"""mutation CreateDatasetExperimentItem($datasetExperimentId: String!, $experimentRunId: String,
  $datasetItemId: String, $input: Json, $output: Json) {{
  createDatasetExperimentItem(datasetExperimentId: $datasetExperimentId, experimentRunId: $experimentRunId,
    datasetItemId: $datasetItemId, input: $input, output: $output) {{ {ITEM} }} }}"""
SCORE = """mutation CreateScore($name: String!, $type: ScoreType!, $value: Float!, $datasetExperimentItemId: String) {
  createScore(name: $name, type: $type, value: $value, datasetExperimentItemId: $datasetExperimentItemId) { id } }"""
READ = f"""query($id: String!) {{ datasetExperiment(id: $id) {{ {EXPERIMENT}
  dataset {{ id items {{ id }} }} promptVariant {{ id fromVersion fromLineage {{ name }} }}
  items {{ {ITEM} scores {{ name value }} }} }} }}"""


def dataset(server: Any, *inputs: Any) -> tuple[str, list[str]]:
    made = server.data("mutation($n: String!) { createDataset(name: $n) { id } }", {"n": f"data {uuid.uuid4()}"})
    dataset_id = made["createDataset"]["id"]
    document = "mutation($d: String!, $i: Json!) { createDatasetItem(datasetId: $d, input: $i) { id } }"
    items = [server.data(document, {"d": dataset_id, "i": one})["createDatasetItem"]["id"] for one in inputs]
    return dataset_id, items


def experiment(server: Any, **fields: Any) -> dict[str, Any]:
    return server.data(CREATE, {"name": f"experiment {uuid.uuid4()}", **fields})["createDatasetExperiment"]


def item(server: Any, made: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return server.data(CREATE_ITEM, {"datasetExperimentId": made["id"], **fields})["createDatasetExperimentItem"]


def score(server: Any, one: dict[str, Any], name: str, value: float) -> None:
    server.data(SCORE, {"name": name, "type": "AI", "value": value, "datasetExperimentItemId": one["id"]})


def read(server: Any, made: dict[str, Any]) -> dict[str, Any]:
    return server.data(READ, {"id": made["id"]})["datasetExperiment"]


def prompt_version(server: Any) -> tuple[str, str]:
    name = f"prompt {uuid.uuid4()}"
    made = server.data("mutation($n: String!) { createPromptLineage(name: $n) { id } }", {"n": name})
    version = server.data(
        "mutation($l: String!, $m: Json) { createPromptVersion(lineageId: $l, templateMessages: $m) { id } }",
        {"l": made["createPromptLineage"]["id"], "m": [{"role": "user", "content": "{{question}}"}]},
    )
    return name, version["createPromptVersion"]["id"]


def message_of(answer: Any) -> str:
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT", error
    return error["message"]


@pytest.mark.feature("L-EXP-01", "L-EXP-10", "L-EXP-11")
def test_an_experiment_needs_a_name_alone(server: Any):
    made = experiment(server)
    assert made == {
        "id": made["id"],
        "name": made["name"],
        "datasetId": None,
        "promptId": None,
        "promptExperimentId": None,
        "params": None,
    }
    one = item(server, made, input={"question": "?"}, output={"content": "!"})
    score(server, one, "context_relevancy", 0.6)
    assert read(server, made)["items"] == [{**one, "scores": [{"name": "context_relevancy", "value": 0.6}]}]
    assert one["datasetItemId"] is None


@pytest.mark.feature("L-EXP-01", "L-EXP-08", "L-EXP-11")
def test_an_experiment_on_a_dataset(server: Any):
    dataset_id, items = dataset(server, {"n": 0}, {"n": 1})
    made = experiment(server, datasetId=dataset_id)
    logged = [item(server, made, datasetItemId=one, input={"n": n}, output={}) for n, one in enumerate(items)]
    found = read(server, made)
    assert found["dataset"] == {"id": dataset_id, "items": [{"id": one} for one in items]}
    assert [one["datasetItemId"] for one in found["items"]] == items
    assert found["items"] == [{**one, "scores": []} for one in logged]
    old = server.data(CREATE_502, {"name": "old", "datasetId": dataset_id, "params": {}})["createDatasetExperiment"]
    assert (old["datasetId"], old["params"]) == (dataset_id, {})


@pytest.mark.feature("L-EXP-04", "L-EXP-11")
@pytest.mark.parametrize("params", [{"model": "m"}, [{"a": 1}, {"a": 2}], [], {}, "text", 0.5, [[{"deep": [True]}]]])
def test_params_of_any_shape_come_back_as_sent(server: Any, params: Any):
    made = experiment(server, params=params)
    assert made["params"] == params
    assert read(server, made)["params"] == params


@pytest.mark.feature("L-EXP-02", "L-EXP-09")
def test_an_experiment_tries_a_variant_or_a_version(server: Any):
    variant = server.data(
        'mutation { createPromptExperiment(templateMessages: [{role: "user", content: "x"}]) { id } }'
    )["createPromptExperiment"]["id"]
    by_variant = experiment(server, promptExperimentId=variant)
    assert (by_variant["promptId"], by_variant["promptExperimentId"]) == (None, variant)
    assert read(server, by_variant)["promptVariant"] == {"id": variant, "fromVersion": None, "fromLineage": None}
    name, version = prompt_version(server)
    first, second = (experiment(server, promptId=version) for _ in range(2))
    assert first["promptId"] == version
    # One variant says what one version says, however often it is tried.
    assert first["promptExperimentId"] == second["promptExperimentId"] is not None
    assert read(server, first)["promptVariant"] == {
        "id": first["promptExperimentId"],
        "fromVersion": 0,
        "fromLineage": {"name": name},
    }


@pytest.mark.feature("L-EXP-07")
def test_the_run_of_an_item_may_come_later_or_never(server: Any):
    made = experiment(server)
    run = str(uuid.uuid4())
    one = item(server, made, experimentRunId=run)
    assert one["experimentRunId"] == run
    assert read(server, made)["items"][0]["experimentRunId"] == run
    document = """mutation AddStep($id_0: String!, $type_0: StepType) {
      step0: ingestStep(id: $id_0, type: $type_0) { ok } }"""
    server.data(document, {"id_0": run, "type_0": "run"}, **{"x-env": "experiment"})
    step = server.data("query($id: String!) { step(id: $id) { environment } }", {"id": run})
    assert step == {"step": {"environment": "experiment"}}


def test_what_is_not_there_or_not_of_the_dataset_is_named(server: Any):
    dataset_id, _ = dataset(server)
    _, others = dataset(server, {"n": 0})
    made = experiment(server, datasetId=dataset_id)
    _, version = prompt_version(server)
    for document, variables, named in (
        (CREATE, {"name": "x", "datasetId": "no such"}, "datasetId"),
        (CREATE, {"name": "x", "promptId": "no such"}, "promptId"),
        (CREATE, {"name": "x", "promptExperimentId": version}, "promptId"),
        (CREATE, {"name": ""}, "name"),
        (CREATE, {"name": "x", "params": {"x": "y" * 1_000_001}}, "params"),
        (CREATE_ITEM, {"datasetExperimentId": "no such"}, "datasetExperimentId"),
        (CREATE_ITEM, {"datasetExperimentId": made["id"], "datasetItemId": "no such"}, "datasetItemId"),
        (CREATE_ITEM, {"datasetExperimentId": made["id"], "datasetItemId": others[0]}, "another dataset"),
        (CREATE_ITEM, {"datasetExperimentId": made["id"], "output": "x" * 3_000_001}, "output"),
        (CREATE_ITEM, {"datasetExperimentId": made["id"], "experimentRunId": ""}, "experimentRunId"),
    ):
        assert named in message_of(server.graphql(document, variables))
    assert read(server, made)["items"] == []
    assert server.data(READ, {"id": "no such"}) == {"datasetExperiment": None}


@pytest.mark.feature("L-EXP-08")
def test_results_outlive_their_dataset(server: Any):
    dataset_id, (kept, dropped) = dataset(server, {"n": 0}, {"n": 1})
    made = experiment(server, datasetId=dataset_id)
    for one in (kept, dropped):
        score(server, item(server, made, datasetItemId=one, output={"of": one}), "s", 1)
    server.data("mutation($id: String!) { deleteDatasetItem(id: $id) { id } }", {"id": dropped})
    assert [one["datasetItemId"] for one in read(server, made)["items"]] == [kept, None]
    server.data("mutation($id: String!) { deleteDataset(id: $id) { id } }", {"id": dataset_id})
    found = read(server, made)
    assert (found["datasetId"], found["dataset"]) == (None, None)
    assert [(one["datasetItemId"], one["output"], one["scores"]) for one in found["items"]] == [
        (None, {"of": kept}, [{"name": "s", "value": 1.0}]),
        (None, {"of": dropped}, [{"name": "s", "value": 1.0}]),
    ]


def test_a_deleted_experiment_is_gone_with_its_scores(server: Any):
    made = experiment(server, params={"model": "m"})
    one = item(server, made)
    score(server, one, "gone", 1)
    scored = {"filters": [{"field": "datasetExperimentItemId", "operator": "eq", "value": one["id"]}]}
    scores = "query($filters: [scoresInputType!]) { scores(filters: $filters) { totalCount } }"
    assert server.data(scores, scored)["scores"]["totalCount"] == 1
    delete = f"mutation($id: String!) {{ deleteDatasetExperiment(id: $id) {{ {EXPERIMENT} }} }}"
    assert server.data(delete, {"id": made["id"]}) == {"deleteDatasetExperiment": made}
    assert server.data(delete, {"id": made["id"]}) == {"deleteDatasetExperiment": None}
    assert server.data(scores, scored)["scores"]["totalCount"] == 0
    answer = server.graphql(SCORE, {"name": "n", "type": "AI", "value": 1, "datasetExperimentItemId": one["id"]})
    assert one["id"] in message_of(answer)


@pytest.mark.feature("P-EXP-06")
def test_items_are_ordered_by_a_score_with_the_unscored_last(server: Any):
    made = experiment(server)
    for n, values in enumerate([(0.2,), (), (0.9,), (0.4, 0.6), ()]):
        one = item(server, made, input={"n": n})
        for value in values:
            score(server, one, "accuracy", value)
        score(server, one, "other", 1 - n)
    document = """query($id: String!, $after: ID, $order: DatasetExperimentItemsOrderByInput) {
      datasetExperimentItems(datasetExperimentId: $id, first: 2, after: $after, orderBy: $order) {
        totalCount pageInfo { endCursor } edges { node { input scores { name } } } } }"""

    def ordered(order: dict[str, Any] | None) -> list[int]:
        found: list[int] = []
        after = None
        for _ in range(3):
            page = server.data(document, {"id": made["id"], "after": after, "order": order})["datasetExperimentItems"]
            assert page["totalCount"] == 5
            found += (edge["node"]["input"]["n"] for edge in page["edges"])
            after = page["pageInfo"]["endCursor"]
        return found

    best = {"column": "score", "path": "accuracy", "direction": "DESC"}
    assert ordered(best)[:3] == [2, 3, 0]
    assert set(ordered(best)[3:]) == {1, 4}
    assert ordered({**best, "direction": "ASC"})[2:] == [0, 3, 2]
    assert ordered({**best, "path": "other"}) == [0, 1, 2, 3, 4]
    assert ordered(None) == [0, 1, 2, 3, 4]
    assert ordered({"column": "createdAt", "direction": "DESC"}) == [4, 3, 2, 1, 0]
    order = {"column": "bogus", "direction": "ASC"}
    assert "bogus" in message_of(server.graphql(document, {"id": made["id"], "order": order}))


@pytest.mark.feature("L-EXP-04", "P-EXP-06")
def test_experiments_are_found_by_their_params(server: Any):
    mark = uuid.uuid4().hex
    made = {
        name: experiment(server, name=f"{mark} {name}", params=params)["id"]
        for name, params in {
            "dict": {"model": "gpt-4o", "temperature": 0, "nested": {"k": 3}, "on": True},
            "list": [{"model": "gpt-4o"}, {"model": "Mistral-Large"}, {"k": [1, 2]}],
            "none": None,
        }.items()
    }
    document = """query($filters: [datasetExperimentsInputType!]) {
      datasetExperiments(filters: $filters) { totalCount edges { node { id } } } }"""

    def found(operator: str, value: Any, path: str | None = None) -> set[str]:
        filters = [
            {"field": "name", "operator": "ilike", "value": mark},
            {"field": "params", "operator": operator, "value": value, "path": path},
        ]
        ids = {
            edge["node"]["id"] for edge in server.data(document, {"filters": filters})["datasetExperiments"]["edges"]
        }
        return {name for name, made_id in made.items() if made_id in ids}

    assert found("eq", "gpt-4o", "model") == {"dict", "list"}
    assert found("ilike", "mistral", "model") == {"list"}
    assert found("eq", 0, "temperature") == {"dict"}
    assert found("eq", 3, "nested.k") == {"dict"}
    assert found("eq", 2, "k") == {"list"}
    assert found("eq", True, "on") == {"dict"}
    assert found("neq", "gpt-4o", "model") == {"none"}
    assert found("is", None, "model") == {"none"}
    assert found("nis", None, "temperature") == {"dict"}
    assert found("ilike", "LARGE") == {"list"}
    assert found("eq", "gpt-4o", "temperature") == set()


@pytest.mark.feature("P-EXP-05")
def test_only_experiments_on_one_dataset_are_compared(server: Any):
    dataset_id, items = dataset(server, {"n": 0}, {"n": 1})
    first, second = (experiment(server, datasetId=dataset_id) for _ in range(2))
    for made, name in ((first, "first"), (second, "second")):
        one = item(server, made, datasetItemId=items[0], output={"by": name})
        score(server, one, "accuracy", 0.5)
    document = """query($ids: [String!]!) { compareDatasetExperiments(ids: $ids) { dataset { id } experiments { id }
      rows { datasetItem { id input } items { datasetExperimentId output scores { name value } } } } }"""
    compared = server.data(document, {"ids": [second["id"], first["id"]]})["compareDatasetExperiments"]
    assert compared["dataset"] == {"id": dataset_id}
    assert compared["experiments"] == [{"id": second["id"]}, {"id": first["id"]}]
    scores = [{"name": "accuracy", "value": 0.5}]
    assert compared["rows"] == [
        {
            "datasetItem": {"id": items[0], "input": {"n": 0}},
            "items": [
                {"datasetExperimentId": second["id"], "output": {"by": "second"}, "scores": scores},
                {"datasetExperimentId": first["id"], "output": {"by": "first"}, "scores": scores},
            ],
        },
        {"datasetItem": {"id": items[1], "input": {"n": 1}}, "items": []},
    ]
    elsewhere = experiment(server, datasetId=dataset(server)[0])
    nowhere = experiment(server)
    for ids, told in (
        ([first["id"], elsewhere["id"]], "same dataset"),
        ([first["id"], nowhere["id"]], "same dataset"),
        ([nowhere["id"]], "same dataset"),
        ([first["id"], "no such"], "no experiment"),
        ([], "1 to 20"),
        ([first["id"]] * 21, "1 to 20"),
    ):
        assert told in message_of(server.graphql(document, {"ids": ids}))
