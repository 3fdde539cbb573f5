"""Score schemas: what may be said in scores of their name, who says it, and what becomes of both."""

import json
from typing import Any

import pytest
from dirty_equals import IsPartialDict, IsStr

from literalai_otel.server.access.keys import make_key

from .test_isolation import sound
from .test_scores import CREATE, INGEST, batch, create, listed, new_id, spread, where

FIELDS = "id name description type categories { label value description } min max createdBy createdAt updatedAt"
CREATE_SCHEMA = (
    "mutation($name: String!, $type: ScoreSchemaType!, $description: String, $categories: [ScoreCategoryInput!], "
    "$min: Float, $max: Float) { createScoreSchema(name: $name, type: $type, description: $description, "
    f"categories: $categories, min: $min, max: $max) {{ {FIELDS} }} }}"
)
UPDATE_SCHEMA = (
    "mutation($id: String!, $name: String, $description: String, $categories: [ScoreCategoryInput!], $min: Float, "
    "$max: Float) { updateScoreSchema(id: $id, name: $name, description: $description, categories: $categories, "
    f"min: $min, max: $max) {{ {FIELDS} }} }}"
)
CREATE_UNDER = (
    "mutation($name: String!, $value: Float, $label: String, $schema: String, $type: ScoreType!) { "
    'createScore(name: $name, type: $type, value: $value, label: $label, stepId: "s", scoreSchemaId: $schema) { '
    "id name value label scoreSchemaId createdBy schema { id name } } }"
)
UPDATE_SCORE = (
    "mutation($id: String!, $value: Float, $label: String, $comment: String) { "
    "updateScore(id: $id, value: $value, label: $label, comment: $comment) { value label comment } }"
)
MOODS = [
    {"label": "Positive", "value": 1, "description": "thanks, or tips"},
    {"label": "Neutral", "value": 0, "description": None},
    {"label": "Negative", "value": -1, "description": None},
]


def schema(server: Any, **given: Any) -> dict[str, Any]:
    """A schema with a name of its own: categorical with `categories`, else from 0 to 5."""
    kind = "CATEGORICAL" if "categories" in given else "CONTINUOUS"
    limits = {} if "categories" in given else {"min": 0, "max": 5}
    return server.data(CREATE_SCHEMA, {"name": new_id(), "type": kind, **limits, **given})["createScoreSchema"]


def under(server: Any, name: str, **score: Any) -> dict[str, Any]:
    return server.data(CREATE_UNDER, {"name": name, "type": "HUMAN", **score})["createScore"]


def refused(server: Any, document: str, variables: dict[str, Any]) -> str:
    (error,) = sound(server.graphql(document, variables))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    return error["message"]


@pytest.mark.feature("P-SCR-06")
def test_a_schema_is_read_back_changed_and_deleted(server: Any) -> None:
    made = schema(server, name="Mood", description="of the user", categories=MOODS)
    assert made == {
        "id": IsStr,
        "name": "Mood",
        "description": "of the user",
        "type": "CATEGORICAL",
        "categories": MOODS,
        "min": None,
        "max": None,
        "createdBy": "LITERAL_API_KEY",
        "createdAt": made["updatedAt"],
        "updatedAt": IsStr,
    }
    by_name = server.data(f"query($name: String) {{ scoreSchema(name: $name) {{ {FIELDS} }} }}", {"name": "Mood"})
    assert by_name["scoreSchema"] == made
    changed = server.data(UPDATE_SCHEMA, {"id": made["id"], "name": "Feeling", "categories": MOODS[:2]})
    assert changed["updateScoreSchema"] == {
        **made, "name": "Feeling", "categories": MOODS[:2], "updatedAt": IsStr,
    }  # fmt: skip
    deleted = server.data("mutation($id: String!) { deleteScoreSchema(id: $id) { name } }", {"id": made["id"]})
    assert deleted["deleteScoreSchema"] == {"name": "Feeling"}
    for _ in range(2):
        asked = "query($id: String) { scoreSchema(id: $id) { id } }"
        assert server.data(asked, {"id": made["id"]})["scoreSchema"] is None
    assert server.data(UPDATE_SCHEMA, {"id": made["id"], "name": "x"})["updateScoreSchema"] is None


def test_pages_of_schemas_follow_one_another(server: Any) -> None:
    made = [schema(server, name=f"page {place} {new_id()}")["name"] for place in range(3)]
    document = (
        "query($after: ID, $order: ScoreSchemasOrderByInput) { scoreSchemas(first: 1, after: $after, orderBy: $order) "
        "{ totalCount pageInfo { hasNextPage endCursor } edges { node { name } } } }"
    )
    for direction, expected in (("ASC", made), ("DESC", made[::-1])):
        found: list[str] = []
        after = None
        while True:
            order = {"column": "createdAt", "direction": direction}
            page = server.data(document, {"after": after, "order": order})["scoreSchemas"]
            found += [edge["node"]["name"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert [name for name in found if name in made] == expected
        assert len(found) == page["totalCount"]


@pytest.mark.feature("P-SCR-06")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"type": "CATEGORICAL"}, "needs categories"),
        ({"type": "CATEGORICAL", "categories": []}, "needs categories"),
        ({"type": "CATEGORICAL", "categories": MOODS, "min": 0}, "are for CONTINUOUS"),
        ({"type": "CATEGORICAL", "categories": [*MOODS, MOODS[0]]}, "two categories have the label 'Positive'"),
        ({"type": "CATEGORICAL", "categories": [{"label": "", "value": 1}]}, "categories[0].label"),
        ({"type": "CATEGORICAL", "categories": [{"label": "x", "value": 1e999}]}, "Float"),
        ({"type": "CATEGORICAL", "categories": [{"label": str(n), "value": n} for n in range(101)]}, "at most 100"),
        ({"type": "CONTINUOUS"}, "needs min and max"),
        ({"type": "CONTINUOUS", "min": 0}, "needs min and max"),
        ({"type": "CONTINUOUS", "min": 1, "max": 1}, "min must be less than max, not 1 and 1"),
        ({"type": "CONTINUOUS", "min": 0, "max": 1, "categories": MOODS}, "are for CATEGORICAL"),
        ({"type": "BOOLEAN"}, "ScoreSchemaType"),
        ({"type": "CONTINUOUS", "min": 0, "max": 1, "name": ""}, "name must have"),
    ],
)
def test_what_is_no_rule_is_refused(server: Any, given: dict[str, Any], message: str) -> None:
    variables = {"name": "bad", **given}
    body = {"query": CREATE_SCHEMA, "variables": variables}
    answer = server.http.post("/api/graphql", content=json.dumps(body).replace("Infinity", "1e999"))
    assert message in answer.json()["errors"][0]["message"]
    assert server.data('{ scoreSchema(name: "bad") { id } }')["scoreSchema"] is None


def test_a_name_is_taken_once(server: Any) -> None:
    first, second = schema(server), schema(server)
    assert f"{first['id']}): update it instead" in refused(
        server, CREATE_SCHEMA, {"name": first["name"], "type": "CONTINUOUS", "min": 0, "max": 1}
    )
    assert "already" in refused(server, UPDATE_SCHEMA, {"id": second["id"], "name": first["name"]})
    assert server.data(UPDATE_SCHEMA, {"id": second["id"], "name": second["name"]})["updateScoreSchema"] is not None
    assert "Give an id or a name" in refused(server, "{ scoreSchema { id } }", {})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"categories": MOODS}, "are for CATEGORICAL"),
        ({"min": 9}, "min must be less than max, not 9 and 5"),
        ({"name": "x" * 256}, "name must have"),
    ],
)
def test_a_change_that_is_no_rule_is_refused_and_changes_nothing(
    server: Any, given: dict[str, Any], message: str
) -> None:
    made = schema(server)
    assert message in refused(server, UPDATE_SCHEMA, {"id": made["id"], "description": "new", **given})
    asked = f"query($id: String) {{ scoreSchema(id: $id) {{ {FIELDS} }} }}"
    assert server.data(asked, {"id": made["id"]})["scoreSchema"] == made


# --- scores under a schema ---------------------------------------------------------------------


@pytest.mark.feature("L-SCO-14", "P-SCR-06")
@pytest.mark.parametrize("by", ["id", "name"])
@pytest.mark.parametrize("given", [{"value": 1}, {"label": "Positive"}, {"value": 1, "label": "Positive"}])
def test_a_score_of_a_category_has_its_number_its_label_and_its_schema(
    server: Any, by: str, given: dict[str, Any]
) -> None:
    made = schema(server, categories=MOODS)
    score = under(server, made["name"], **given, **({"schema": made["id"]} if by == "id" else {}))
    assert score == {
        "id": IsStr,
        "name": made["name"],
        "value": 1,
        "label": "Positive",
        "scoreSchemaId": made["id"],
        "createdBy": "LITERAL_API_KEY",
        "schema": {"id": made["id"], "name": made["name"]},
    }


@pytest.mark.feature("L-SCO-14")
def test_the_author_of_a_score_is_whose_key_made_it(server: Any) -> None:
    key = make_key(server.store, server.store.read(_first_project), "Ann's key")
    step_id = new_id()
    server.data(CREATE, {"name": "n", "type": "HUMAN", "value": 1, "stepId": step_id}, **{"x-api-key": key})
    server.data(batch(1), spread([{"name": "n", "type": "AI", "value": 2, "stepId": step_id}]))
    document = "query($id: String!) { step(id: $id) { scores { value createdBy } } }"
    server.data(INGEST, {"id": step_id, "scores": [{"name": "n", "type": "AI", "value": 3}]})
    scores = server.data(document, {"id": step_id})["step"]["scores"]
    assert {score["value"]: score["createdBy"] for score in scores} == {1: "Ann's key", 2: "LITERAL_API_KEY", 3: None}


def _first_project(connection: Any) -> Any:
    from literalai_otel.server.store import projects

    return projects.first(connection)


@pytest.mark.feature("P-SCR-06")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"label": "Angry"}, "must be one of Positive (1), Neutral (0), Negative (-1), not 'Angry'"),
        ({"label": "positive", "value": 1}, "not 'positive' (1)"),
        ({"value": 0.5}, "Positive (1), Neutral (0), Negative (-1), not 0.5"),
        ({"label": "Positive", "value": 0}, "not 'Positive' (0)"),
        ({}, "needs a value, or the label of a category"),
    ],
)
def test_what_is_no_category_is_refused(server: Any, given: dict[str, Any], message: str) -> None:
    made = schema(server, categories=MOODS)
    assert message in refused(server, CREATE_UNDER, {"name": made["name"], "type": "AI", **given})
    assert listed(server, where("name", "eq", made["name"])) == []


@pytest.mark.feature("P-SCR-06")
@pytest.mark.parametrize("value", [-0.01, 5.5, 1e300])
def test_what_is_out_of_range_is_refused(server: Any, value: float) -> None:
    made = schema(server)
    message = refused(server, CREATE_UNDER, {"name": made["name"], "type": "AI", "value": value})
    assert f"must have a value of 0 to 5, not {value:g}" in message
    assert [under(server, made["name"], value=end, label="free")["value"] for end in (0, 5)] == [0, 5]


def test_categories_of_one_number_need_the_label(server: Any) -> None:
    made = schema(server, categories=[{"label": "spam", "value": 0}, {"label": "abuse", "value": 0}])
    assert "needs a label, one of spam (0), abuse (0)" in refused(
        server, CREATE_UNDER, {"name": made["name"], "type": "AI", "value": 0}
    )
    assert under(server, made["name"], label="abuse") == IsPartialDict(value=0, label="abuse")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"schema": "unheard of", "value": 1}, "no score schema has the id 'unheard of'"),
        ({"schema": "", "value": 1}, "scoreSchemaId must have 1 to 255"),
        ({"label": "Positive"}, "has no schema that gives its label a number: give a value"),
    ],
)
def test_a_score_of_a_schema_that_is_not_there_is_refused(server: Any, given: dict[str, Any], message: str) -> None:
    assert message in refused(server, CREATE_UNDER, {"name": new_id(), "type": "AI", **given})


def test_a_score_has_the_name_of_its_schema(server: Any) -> None:
    made = schema(server)
    variables = {"name": "another", "type": "AI", "value": 1, "schema": made["id"]}
    assert "has its name, not 'another'" in refused(server, CREATE_UNDER, variables)


def test_a_batch_with_one_score_that_no_schema_allows_stores_nothing(server: Any) -> None:
    made, step_id = schema(server, categories=MOODS), new_id()
    scores = [
        {"name": "free", "type": "AI", "value": 7, "stepId": step_id},
        {"name": made["name"], "type": "AI", "value": 7, "stepId": step_id},
    ]
    answer = sound(server.graphql(batch(2), spread(scores)))
    assert answer["data"] == {"score_0": None, "score_1": None}
    assert all(made["name"] in error["message"] for error in answer["errors"])
    assert listed(server, where("stepId", "eq", step_id)) == []


def test_an_update_is_held_against_the_schema_too(server: Any) -> None:
    mood, stars = schema(server, categories=MOODS), schema(server)
    score = under(server, mood["name"], label="Positive")
    changed = server.data(UPDATE_SCORE, {"id": score["id"], "value": -1})["updateScore"]
    assert changed == {"value": -1, "label": "Negative", "comment": None}
    changed = server.data(UPDATE_SCORE, {"id": score["id"], "label": "Neutral", "comment": "c"})["updateScore"]
    assert changed == {"value": 0, "label": "Neutral", "comment": "c"}
    assert "must be one of" in refused(server, UPDATE_SCORE, {"id": score["id"], "value": 3})
    rated = under(server, stars["name"], value=4)
    assert "0 to 5, not 6" in refused(server, UPDATE_SCORE, {"id": rated["id"], "value": 6, "comment": "no"})
    changed = server.data(UPDATE_SCORE, {"id": rated["id"], "label": "good"})["updateScore"]
    assert changed == {"value": 4, "label": "good", "comment": None}


def test_scores_outlive_changes_of_their_schema(server: Any) -> None:
    made = schema(server)
    score = under(server, made["name"], value=4)
    server.data(UPDATE_SCHEMA, {"id": made["id"], "max": 3})
    assert "0 to 3, not 4" in refused(server, CREATE_UNDER, {"name": made["name"], "type": "AI", "value": 4})
    (kept,) = listed(server, where("name", "eq", made["name"]))
    assert (kept["id"], kept["value"]) == (score["id"], 4)
    server.data("mutation($id: String!) { deleteScoreSchema(id: $id) { id } }", {"id": made["id"]})
    document = "query($f: [scoresInputType!]) { scores(filters: $f) { edges { node { value scoreSchemaId } } } }"
    found = server.data(document, {"f": [where("name", "eq", made["name"])]})["scores"]["edges"]
    assert found == [{"node": {"value": 4, "scoreSchemaId": None}}]
    assert under(server, made["name"], value=99)["scoreSchemaId"] is None


def test_scores_that_come_with_steps_are_not_refused(server: Any) -> None:
    """Telemetry is kept as it is; `createScore` is where people and judges say something."""
    made, step_id = schema(server), new_id()
    sent = {"id": step_id, "scores": [{"name": made["name"], "type": "AI", "value": 99}]}
    assert server.data(INGEST, sent)["ingestStep"]["ok"] is True
    assert [score["value"] for score in listed(server, where("stepId", "eq", step_id))] == [99]


def test_the_older_score_documents_are_held_against_schemas_by_name(server: Any) -> None:
    made = schema(server, categories=MOODS)
    score = create(server, name=made["name"], value=0, stepId=new_id())
    assert score["label"] == "Neutral"
