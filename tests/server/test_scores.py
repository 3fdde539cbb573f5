"""Scores over GraphQL, as the published clients ask for them (`spec/literal-wire.md` §2.6, §2.7)."""

import json
import math
import uuid
from typing import Any

import pytest
from dirty_equals import IsPartialDict, IsStr

CREATE = (
    "mutation CreateScore($name: String!, $type: ScoreType!, $value: Float!, $label: String, $stepId: String, "
    "$generationId: String, $datasetExperimentItemId: String, $scorer: String, $comment: String, $tags: [String!]) { "
    "createScore(name: $name, type: $type, value: $value, label: $label, stepId: $stepId, "
    "generationId: $generationId, datasetExperimentItemId: $datasetExperimentItemId, scorer: $scorer, "
    "comment: $comment, tags: $tags) { id name type value label stepId generationId datasetExperimentItemId scorer "
    "comment tags } }"
)
LIST = (
    "query GetScores($after: ID, $before: ID, $filters: [scoresInputType!], $orderBy: ScoresOrderByInput, "
    "$first: Int) { scores(after: $after, before: $before, filters: $filters, orderBy: $orderBy, first: $first) { "
    "pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount edges { cursor node { comment createdAt "
    "id projectId stepId generationId datasetExperimentItemId type updatedAt name value tags step { thread { id "
    "participant { identifier } } } } } } }"
)
BATCH_TYPES = {
    "name": "String!",
    "type": "ScoreType!",
    "value": "Float!",
    "label": "String",
    "stepId": "String",
    "datasetExperimentItemId": "String",
    "scorer": "String",
    "comment": "String",
    "tags": "[String!]",
}
INGEST = (
    "mutation($id: String!, $threadId: String, $type: StepType, $scores: [ScorePayloadInput!], "
    "$generation: GenerationPayloadInput) { ingestStep(id: $id, threadId: $threadId, type: $type, scores: $scores, "
    "generation: $generation) { ok message } }"
)


def new_id() -> str:
    return str(uuid.uuid4())


def put_step(server: Any, step_id: str, **step: Any) -> None:
    assert server.data(INGEST, {"id": step_id, "type": "run", **step})["ingestStep"]["ok"] is True


def create(server: Any, **score: Any) -> dict[str, Any]:
    return server.data(CREATE, {"name": "quality", "type": "HUMAN", "value": 1, **score})["createScore"]


def listed(server: Any, *filters: dict[str, Any], **arguments: Any) -> list[dict[str, Any]]:
    data = server.data(LIST, {"filters": list(filters), **arguments})["scores"]
    return [edge["node"] for edge in data["edges"]]


def where(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def batch(count: int, alias: str = "score_{}") -> str:
    """The clients' `CreateScores` document; the alias is that of P300, TS has none of the underscores."""
    declared = ", ".join(f"${name}_{place}: {kind}" for place in range(count) for name, kind in BATCH_TYPES.items())
    fields = " ".join(
        f"{alias.format(place)}: createScore({', '.join(f'{name}: ${name}_{place}' for name in BATCH_TYPES)}) "
        "{ id name type value label comment scorer }"
        for place in range(count)
    )
    return f"mutation CreateScores({declared}) {{ {fields} }}"


def spread(scores: list[dict[str, Any]]) -> dict[str, Any]:
    return {f"{name}_{place}": value for place, score in enumerate(scores) for name, value in score.items()}


@pytest.fixture
def experiment_item(server: Any) -> str:
    experiment = server.data('mutation { createDatasetExperiment(name: "e") { id } }')["createDatasetExperiment"]
    item = server.data(
        "mutation($e: String!) { createDatasetExperimentItem(datasetExperimentId: $e) { id } }", {"e": experiment["id"]}
    )
    return item["createDatasetExperimentItem"]["id"]


@pytest.mark.feature("L-SCO-01", "L-SCO-07", "L-SCO-08", "L-SCO-11", "L-FLT-07")
def test_a_score_is_read_back_with_its_step_thread_and_user(server: Any) -> None:
    step_id, thread_id, user = new_id(), new_id(), new_id()
    put_step(server, step_id, threadId=thread_id)
    server.data(
        "mutation($id: String!, $user: String) { upsertThread(id: $id, participantId: $user) { id } }",
        {"id": thread_id, "user": user},
    )
    given = {"value": 0.5, "type": "AI", "label": "good", "comment": "c\0é", "tags": ["x", "y", "x"], "scorer": "judge"}
    made = create(server, stepId=step_id, **given)
    assert made == {
        "id": IsStr,
        "name": "quality",
        **given,
        "comment": "cé",
        "tags": ["x", "y"],
        "stepId": step_id,
        "generationId": None,
        "datasetExperimentItemId": None,
    }
    (node,) = listed(server, where("stepId", "eq", step_id))
    project = server.http.post("/api/my-project", json={}).json()["projectId"]
    assert node == IsPartialDict(
        id=made["id"],
        projectId=project,
        value=0.5,
        step={"thread": {"id": thread_id, "participant": {"identifier": user}}},
    )
    assert node["createdAt"] == node["updatedAt"]
    step = server.data(
        "query($id: String!) { step(id: $id) { scores { id type name value comment label step { name type } } } }",
        {"id": step_id},
    )["step"]
    assert step["scores"] == [IsPartialDict(id=made["id"], value=0.5, label="good", step={"name": None, "type": "run"})]


@pytest.mark.feature("L-SCO-02")
@pytest.mark.parametrize("kind", ["HUMAN", "AI", "CODE"])
def test_every_type_of_score(server: Any, kind: str) -> None:
    assert create(server, stepId=new_id(), type=kind)["type"] == kind


@pytest.mark.feature("L-SCO-02", "L-SCO-03", "L-SCO-06")
@pytest.mark.parametrize(
    ("score", "message"),
    [
        ({}, "stepId or datasetExperimentItemId"),
        ({"stepId": "s", "type": "X"}, "ScoreType"),
        ({"stepId": "s", "value": "1"}, "Float"),
        ({"stepId": "s", "value": True}, "Float"),
        ({"stepId": "s", "value": None}, "Float"),
        ({"stepId": "s", "name": ""}, "name"),
        ({"stepId": "s", "name": None}, "String"),
        ({"stepId": ""}, "stepId"),
        ({"stepId": "s" * 256}, "stepId"),
        ({"stepId": "s", "tags": [""]}, "tags"),
        ({"stepId": "s", "tags": "x" * 300}, "tags"),
        ({"stepId": "a", "generationId": "b"}, "stepId alone"),
        ({"datasetExperimentItemId": "unheard of"}, "unheard of"),
    ],
)
def test_a_bad_score_is_refused_and_nothing_is_stored(server: Any, score: dict[str, Any], message: str) -> None:
    name = new_id()
    answer = server.graphql(CREATE, {"name": name, "type": "AI", "value": 1, **score})
    assert answer.status_code < 500
    assert message in answer.json()["errors"][0]["message"]
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert listed(server, where("name", "eq", name)) == []


@pytest.mark.feature("L-SCO-06")
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_value_that_is_no_finite_number_is_refused(server: Any, value: str) -> None:
    name = new_id()
    document = f'mutation($v: Float!) {{ createScore(name: "{name}", type: AI, value: $v, stepId: "s") {{ id }} }}'
    body = f'{{"query": {json.dumps(document)}, "variables": {{"v": {value}}}}}'
    answer = server.http.post("/api/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code < 500
    assert "errors" in answer.json()
    assert listed(server, where("name", "eq", name)) == []


@pytest.mark.feature("L-SCO-13")
def test_a_score_may_come_before_its_step(server: Any) -> None:
    step_id = new_id()
    made = create(server, stepId=step_id)
    (node,) = listed(server, where("stepId", "eq", step_id))
    assert node["step"] is None
    put_step(server, step_id, threadId=new_id())
    (node,) = listed(server, where("stepId", "eq", step_id))
    assert node["id"] == made["id"]
    assert node["step"]["thread"] == IsPartialDict(participant=None)
    step = server.data("query($id: String!) { step(id: $id) { scores { id } } }", {"id": step_id})["step"]
    assert step["scores"] == [{"id": made["id"]}]


@pytest.mark.feature("L-SCO-04")
def test_a_generation_is_a_step(server: Any) -> None:
    step_id = new_id()
    made = create(server, generationId=step_id)
    assert (made["stepId"], made["generationId"]) == (step_id, step_id)
    put_step(server, step_id, type="llm", generation={"type": "CHAT"})
    (node,) = listed(server, where("stepId", "eq", step_id))
    assert (node["stepId"], node["generationId"]) == (step_id, step_id)
    assert create(server, stepId=step_id, generationId=step_id)["generationId"] == step_id


@pytest.mark.feature("L-SCO-05")
@pytest.mark.parametrize("alias", ["score_{}", "score{}"])
def test_a_batch_is_answered_by_alias(server: Any, alias: str) -> None:
    step_id = new_id()
    scores = [
        {"name": f"n{place}", "type": "AI", "value": place / 2, "stepId": step_id, "comment": f"c{place}"}
        for place in range(30)
    ]
    data = server.data(batch(30, alias), spread(scores))
    assert list(data) == [alias.format(place) for place in range(30)]
    assert [(score["name"], score["value"], score["comment"]) for score in data.values()] == [
        (score["name"], score["value"], score["comment"]) for score in scores
    ]
    ascending = listed(
        server, where("stepId", "eq", step_id), orderBy={"column": "createdAt", "direction": "ASC"}, first=100
    )
    assert [node["name"] for node in ascending] == [score["name"] for score in scores]


@pytest.mark.feature("L-SCO-05")
def test_a_batch_is_stored_whole_or_not_at_all(server: Any) -> None:
    step_id = new_id()
    scores = [{"name": f"n{place}", "type": "AI", "value": 1, "stepId": step_id} for place in range(3)]
    scores[1]["name"] = "x" * 256
    answer = server.graphql(batch(3), spread(scores)).json()
    assert answer["data"] == {"score_0": None, "score_1": None, "score_2": None}
    assert len(answer["errors"]) == 3
    assert all(error["message"].startswith("score_1: name") for error in answer["errors"])
    assert listed(server, where("stepId", "eq", step_id)) == []


@pytest.mark.parametrize("count", [1, 2])
def test_skipped_scores_of_a_document_are_not_stored(server: Any, count: int) -> None:
    step_id = new_id()
    fields = " ".join(
        f's{place}: createScore(name: "n", type: AI, value: 1, stepId: $id) @skip(if: $skip) {{ id }}'
        for place in range(count)
    )
    document = f"mutation($id: String, $skip: Boolean!) {{ {fields} }}"
    assert server.data(document, {"id": step_id, "skip": True}) == {}
    assert listed(server, where("stepId", "eq", step_id)) == []
    server.data(document, {"id": step_id, "skip": False})
    assert len(listed(server, where("stepId", "eq", step_id))) == count


def test_two_fields_of_one_name_are_one_score(server: Any) -> None:
    step_id = new_id()
    field = 'createScore(name: "n", type: AI, value: 1, stepId: $id)'
    server.data(f"mutation($id: String) {{ {field} {{ id }} {field} {{ name }} }}", {"id": step_id})
    assert len(listed(server, where("stepId", "eq", step_id))) == 1


@pytest.mark.parametrize("text", ["mutation CreateScores() { }", "\n mutation CreateScores(){\n}\n"])
def test_the_empty_batch_of_the_clients_is_answered(server: Any, text: str) -> None:
    assert server.graphql(text).json() == {"data": {}}


@pytest.mark.feature("L-SCO-09")
def test_an_update_keeps_what_it_leaves_out(server: Any) -> None:
    made = create(server, stepId=new_id(), comment="first", value=0.25)
    document = (
        "mutation($id: String!, $comment: String, $value: Float) { updateScore(id: $id, comment: $comment, "
        "value: $value) { id name type value stepId comment updatedAt createdAt } }"
    )
    changed = server.data(document, {"id": made["id"], "value": 0.75})["updateScore"]
    assert changed == IsPartialDict(name="quality", value=0.75, comment="first", stepId=made["stepId"])
    assert changed["updatedAt"] > changed["createdAt"]
    changed = server.data(document, {"id": made["id"], "comment": "second", "value": None})["updateScore"]
    assert changed == IsPartialDict(value=0.75, comment="second")
    assert server.data(document, {"id": "unheard of", "value": 1})["updateScore"] is None


@pytest.mark.feature("L-SCO-10")
def test_a_deleted_score_is_answered_and_gone(server: Any) -> None:
    made = create(server, stepId=new_id())
    document = "mutation($id: String!) { deleteScore(id: $id) { id name } }"
    assert server.data(document, {"id": made["id"]})["deleteScore"] == {"id": made["id"], "name": "quality"}
    assert server.data(document, {"id": made["id"]})["deleteScore"] is None
    assert listed(server, where("stepId", "eq", made["stepId"])) == []


@pytest.mark.feature("L-SCO-10")
def test_an_ai_score_of_an_experiment_stays(server: Any, experiment_item: str) -> None:
    document = "mutation($id: String!) { deleteScore(id: $id) { id } }"
    by_ai = create(server, datasetExperimentItemId=experiment_item, type="AI")
    by_human = create(server, datasetExperimentItemId=experiment_item, type="HUMAN")
    (error,) = server.graphql(document, {"id": by_ai["id"]}).json()["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN"}
    assert server.data(document, {"id": by_human["id"]})["deleteScore"] == {"id": by_human["id"]}
    left = listed(server, where("datasetExperimentItemId", "eq", experiment_item))
    assert [node["id"] for node in left] == [by_ai["id"]]


def test_scores_go_with_their_step_but_not_those_of_an_experiment(server: Any, experiment_item: str) -> None:
    step_id = new_id()
    put_step(server, step_id)
    create(server, stepId=step_id)
    kept = create(server, stepId=step_id, datasetExperimentItemId=experiment_item, type="AI")
    server.data("mutation($id: String!) { deleteStep(id: $id) { id } }", {"id": step_id})
    assert listed(server, where("stepId", "eq", step_id)) == []
    (left,) = listed(server, where("datasetExperimentItemId", "eq", experiment_item))
    assert (left["id"], left["stepId"], left["step"]) == (kept["id"], None, None)


@pytest.mark.feature("L-FLT-07")
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], "abcd"),
        ([where("tags", "in", ["red"])], "ab"),
        ([where("tags", "in", ["red", "blue"])], "abc"),
        ([where("tags", "nin", ["red"])], "cd"),
        ([where("tags", "in", ["re"])], ""),
        ([where("tags", "in", ["RED"])], ""),
        ([where("tags", "is", None)], "d"),
        ([where("value", "gte", 0.5)], "bcd"),
        ([where("value", "gte", 0.5), where("value", "lt", 1)], "b"),
        ([where("type", "eq", "AI")], "ac"),
        ([where("comment", "ilike", "%ÄRGER%")], "b"),
        ([where("comment", "is", None)], "acd"),
        ([where("participant", "in", ["ann"])], "ab"),
        ([where("participant", "nin", ["ann"])], "cd"),
        ([where("label", "eq", "bad")], "c"),
    ],
)
def test_scores_are_filtered(filtered: tuple[Any, str], filters: list[dict[str, Any]], expected: str) -> None:
    server, name = filtered
    found = listed(server, where("name", "eq", name), *filters, orderBy={"column": "createdAt", "direction": "ASC"})
    assert "".join(node["stepId"][-1] for node in found) == expected


@pytest.fixture(scope="module")
def filtered(server: Any) -> tuple[Any, str]:
    name = new_id()
    threads = {"ann": new_id(), "bob": new_id()}
    for user, thread_id in threads.items():
        server.data(
            "mutation($id: String!, $user: String) { upsertThread(id: $id, participantId: $user) { id } }",
            {"id": thread_id, "user": user},
        )
    for letter, user, score in (
        ("a", "ann", {"type": "AI", "value": 0, "tags": ["red", "big"]}),
        ("b", "ann", {"type": "HUMAN", "value": 0.5, "tags": ["red"], "comment": "viel Ärger"}),
        ("c", "bob", {"type": "AI", "value": 1, "tags": ["blue"], "label": "bad"}),
        ("d", "bob", {"type": "CODE", "value": math.pi}),
    ):
        step_id = f"{name}-{letter}"
        put_step(server, step_id, threadId=threads[user])
        create(server, name=name, stepId=step_id, **score)
    return server, name


@pytest.mark.feature("L-FLT-06")
def test_logs_are_filtered_by_their_scores(filtered: tuple[Any, str]) -> None:
    server, name = filtered
    document = "query($filters: [stepsInputType!]) { steps(filters: $filters, first: 100) { edges { node { id } } } }"
    for operator, value, expected in (("gte", 0.5, "bcd"), ("eq", 0, "a"), ("gt", 4, "")):
        scored = {"field": "scoreValue", "operator": operator, "value": value, "path": name}
        edges = server.data(document, {"filters": [scored]})["steps"]["edges"]
        assert sorted(edge["node"]["id"][-1] for edge in edges) == list(expected)


@pytest.mark.feature("P-OVR-02", "P-SCR-08")
def test_calls_runs_and_conversations_are_judged(server: Any) -> None:
    """A conversation by the scores of its runs, since a thread has none of its own (X-06)."""
    thread_id, run_id, call_id, faithful, completed = (new_id() for _ in range(5))
    put_step(server, run_id, threadId=thread_id)
    put_step(server, call_id, threadId=thread_id, type="llm", generation={"type": "CHAT"})
    create(server, name=faithful, type="AI", value=0.25, stepId=call_id)
    create(server, name=completed, type="CODE", value=1, stepId=run_id)
    found: dict[str, list[list[str]]] = {}
    for entity, kind in (("generations", "generations"), ("steps", "steps"), ("threads", "Threads")):
        document = f"query($f: [{kind}InputType!]) {{ {entity}(filters: $f) {{ edges {{ node {{ id }} }} }} }}"
        field = "score" if entity == "generations" else "scoreValue"
        wanted = ({**where(field, operator, 0.5), "path": name} for name, operator in
                  ((faithful, "lt"), (completed, "gt"), (completed, "lt")))  # fmt: skip
        answers = (server.data(document, {"f": [one]})[entity]["edges"] for one in wanted)
        found[entity] = [[edge["node"]["id"] for edge in edges] for edges in answers]
    assert found == {
        "generations": [[call_id], [], []],
        "steps": [[call_id], [run_id], []],
        "threads": [[thread_id], [thread_id], []],
    }


@pytest.mark.feature("P-OVR-07")
def test_a_metric_is_read_as_it_went(server: Any) -> None:
    name = new_id()
    days = [f"2026-01-{day:02}T12:00:00.000Z" for day in range(1, 6)]
    records = [
        {"kind": "score", "id": f"{name} {place}", "name": name, "type": "CODE", "value": place / 10, "stepId": "s",
         "createdAt": day, "updatedAt": day} for place, day in enumerate(days)
    ]  # fmt: skip
    results = server.http.post("/api/import", json={"records": records[::-1]}).json()["results"]
    assert all(result["ok"] for result in results)
    since, until = where("createdAt", "gte", days[1]), where("createdAt", "lt", days[4])
    by_time = {"column": "createdAt", "direction": "ASC"}
    found = listed(server, where("name", "eq", name), since, until, orderBy=by_time)
    assert [(node["createdAt"], node["value"]) for node in found] == [(days[1], 0.1), (days[2], 0.2), (days[3], 0.3)]


@pytest.mark.feature("L-SCO-11")
@pytest.mark.parametrize("column", ["createdAt", "value"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_pages_of_scores_follow_one_another(server: Any, column: str, direction: str) -> None:
    name = new_id()
    made = [create(server, name=name, stepId=new_id(), value=place // 2) for place in range(5)]
    wanted = made if direction == "ASC" else made[::-1]
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = server.data(
            LIST,
            {
                "first": 2,
                "after": after,
                "filters": [where("name", "eq", name)],
                "orderBy": {"column": column, "direction": direction},
            },
        )["scores"]
        assert page["totalCount"] == 5
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert page["pageInfo"]["hasNextPage"] is False
    assert seen == [score["id"] for score in wanted]


@pytest.mark.feature("L-FLT-07")
@pytest.mark.parametrize(
    "arguments",
    [
        {"filters": [where("nothing", "eq", 1)]},
        {"filters": [where("value", "ilike", "1")]},
        {"filters": [where("stepId", "eq", 1)]},
        {"orderBy": {"column": "comment", "direction": "ASC"}},
        {"first": -1},
        {"after": "not a cursor"},
    ],
)
def test_a_list_of_scores_says_what_is_wrong(server: Any, arguments: dict[str, Any]) -> None:
    (error,) = server.graphql(LIST, arguments).json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.feature("L-SCO-12")
def test_scores_of_ingested_steps_are_those_of_the_list(server: Any) -> None:
    step_id = new_id()
    feedback = {"name": "user-feedback", "type": "HUMAN", "value": 1, "comment": "thanks", "tags": ["ui"]}
    for value in (1, 0):  # a resend changes, and doubles nothing
        put_step(server, step_id, scores=[{**feedback, "value": value}])
    (node,) = listed(server, where("stepId", "eq", step_id))
    assert node == IsPartialDict(name="user-feedback", type="HUMAN", value=0, comment="thanks", tags=["ui"])
