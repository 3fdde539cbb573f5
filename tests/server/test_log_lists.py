"""The log lists of the pages: rows, search, choices, and what is done to selected rows."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from literalai_otel.server.access.keys import hash_key
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store.threads import ThreadFields

CALL = {"type": "function", "id": "c1", "function": {"name": "get_weather", "arguments": '{"city": "Lisbon"}'}}


def steps() -> list[dict[str, Any]]:
    """Two threads: one of Ada's with a run, a nested run, a generation that calls a tool; one from an experiment."""
    return [
        {
            "id": "run-1",
            "type": "run",
            "name": "agent",
            "threadId": "thread-1",
            "startTime": "2026-11-21T08:00:00Z",
            "endTime": "2026-11-21T08:00:03Z",
            "input": {"content": "What is the weather in Lisbon?"},
            "output": {"content": "Sunny"},
            "scores": [
                {"name": "helpful", "type": "HUMAN", "value": 1},
                {"name": "helpful", "type": "AI", "value": 0.5},
            ],
            "metadata": {"otel": {"user_id": "ada"}},
        },
        {
            "id": "run-2",
            "type": "run",
            "name": "nested",
            "threadId": "thread-1",
            "parentId": "run-1",
            "rootRunId": "run-1",
            "startTime": "2026-11-21T08:00:01Z",
            "error": "E" * 500,
        },
        {
            "id": "generation-1",
            "type": "llm",
            "name": "chat",
            "threadId": "thread-1",
            "parentId": "run-2",
            "rootRunId": "run-1",
            "startTime": "2026-11-21T08:00:02Z",
            "tags": ["reviewed"],
            "input": {"content": "everything that went in"},
            "generation": {
                "type": "CHAT",
                "provider": "openai",
                "model": "gpt-4o",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": [{"type": "text", "text": "Wetter in Zürich, 100 % sicher?"}]},
                ],
                "messageCompletion": {"role": "assistant", "content": "Looking.", "tool_calls": [CALL]},
                "inputTokenCount": 11,
                "outputTokenCount": 5,
            },
        },
        {
            "id": "run-3",
            "type": "run",
            "name": "experiment",
            "threadId": "thread-2",
            "startTime": "2026-11-21T09:00:00Z",
        },
    ]


@pytest.fixture(scope="module")
def site(start: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with start(tmp_path_factory.mktemp("lists")) as server:
        owner = server.store.find_api_key(hash_key(server.key))
        assert owner is not None
        project = owner.project.id
        *logged, tried = steps()
        for batch, environment in ((logged, "prod"), ([tried], "experiment")):
            waiting = Ingest(server.store).steps(project, batch, environment=environment)
            assert all(outcome.ok for outcome in waiting.result(20))
        server.store.upsert_thread(project, "thread-1", ThreadFields(participant_id="ada", name="Weather")).result(20)
        yield server


def rows(site: Any, kind: str, **asked: Any) -> dict[str, Any]:
    if "filters" in asked:
        asked["filters"] = json.dumps(asked["filters"])
    answer = site.http.get(f"/api/logs/{kind}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(site: Any, kind: str, **asked: Any) -> list[str]:
    return [row["id"] for row in rows(site, kind, **asked)["rows"]]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["message"]


@pytest.mark.feature("P-LOG-01", "P-ENV-01")
@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("threads", ["thread-1"]),
        ("runs", ["run-1"]),
        ("generations", ["generation-1"]),
        ("steps", ["generation-1", "run-2", "run-1"]),
    ],
)
def test_each_list_has_its_rows_and_none_of_experiments(site: Any, kind: str, found: list[str]):
    assert ids(site, kind) == found


@pytest.mark.feature("P-LOG-11")
def test_a_generation_shows_the_last_message_the_answer_and_what_it_called(site: Any):
    row = rows(site, "generations")["rows"][0]
    assert row["inputPreview"] == "Wetter in Zürich, 100 % sicher?"
    assert row["outputPreview"] == 'Looking. → get_weather({"city": "Lisbon"})'
    assert row["user"] == "ada"
    assert row["generation"]["tokenCount"] == 16
    assert not {"input", "output", "metadata", "attachments"} & row.keys()
    assert "messages" not in row["generation"]


def test_a_run_shows_its_totals_and_the_mean_of_each_score(site: Any):
    row = rows(site, "runs")["rows"][0]
    assert (row["totals"]["stepCount"], row["totals"]["tokenCount"], row["totals"]["errorCount"]) == (3, 16, 1)
    assert row["scores"] == [{"name": "helpful", "value": 0.75, "count": 2}]


def test_a_thread_shows_its_user_the_first_question_and_the_last_answer(site: Any):
    row = rows(site, "threads")["rows"][0]
    assert row["name"] == "Weather"
    assert row["user"] == "ada"
    assert (row["inputPreview"], row["outputPreview"]) == ("What is the weather in Lisbon?", "Sunny")
    assert row["scores"] == [{"name": "helpful", "value": 0.75, "count": 2}]
    assert "metadata" not in row


def test_a_long_error_is_cut_in_a_row(site: Any):
    found = {row["id"]: row for row in rows(site, "steps")["rows"]}
    assert found["run-2"]["error"] == "E" * 200


@pytest.mark.feature("P-USR-01", "P-USR-02")
def test_users_with_when_they_were_last_seen(site: Any):
    row = rows(site, "users")["rows"][0]
    assert (row["identifier"], row["threadCount"], row["tokenCount"]) == ("ada", 1, 16)
    assert row["lastEngaged"] == "2026-11-21T08:00:02.000Z"
    engaged = {"field": "lastEngaged", "operator": "gte", "value": "2026-11-22T00:00:00Z"}
    assert ids(site, "users", filters=[engaged]) == []


def test_scores_name_their_step(site: Any):
    found = rows(site, "scores", orderBy="value:ASC")["rows"]
    assert [(row["value"], row["step"]["name"], row["threadId"], row["user"]) for row in found] == [
        (0.5, "agent", "thread-1", "ada"),
        (1.0, "agent", "thread-1", "ada"),
    ]


def test_pages_follow_each_other(site: Any):
    first = rows(site, "steps", first=2)
    assert first["pageInfo"]["hasNextPage"]
    after = rows(site, "steps", first=2, after=first["pageInfo"]["endCursor"])
    assert [row["id"] for row in after["rows"]] == ["run-1"]
    assert after["pageInfo"] | {"endCursor": ""} == {
        "endCursor": "",
        "hasNextPage": False,
        "cut": False,
        "scannedUntil": None,
    }


@pytest.mark.feature("P-LOG-23")
@pytest.mark.parametrize(
    ("kind", "search", "found"),
    [
        ("threads", "weather", ["thread-1"]),
        ("threads", "ZÜRICH", ["thread-1"]),
        ("threads", "thread-2", ["thread-2"]),
        ("steps", "zürich, 100 % sicher", ["generation-1"]),
        ("steps", '"city": "lisbon"', ["generation-1"]),
        ("generations", "get_weather", ["generation-1"]),
        ("runs", "sunny", ["run-1"]),
        ("runs", "everything that", []),
        ("users", "AD", ["ada"]),
        ("steps", "10_", []),
        ("steps", "generati", ["generation-1"]),
    ],
)
def test_search_looks_into_everything_that_a_row_says(site: Any, kind: str, search: str, found: list[str]):
    key = "identifier" if kind == "users" else "id"
    assert [row[key] for row in rows(site, kind, search=search)["rows"]] == found


@pytest.mark.feature("L-FLT-01")
def test_filters_are_those_of_the_published_clients(site: Any):
    model = {"field": "model", "operator": "ilike", "value": "GPT"}
    assert ids(site, "generations", filters=[model]) == ["generation-1"]
    assert ids(site, "runs", filters=[{"field": "scoreValue", "operator": "gt", "value": 0.7, "path": "helpful"}]) == [
        "run-1"
    ]
    assert ids(site, "runs", filters=[{"field": "environment", "operator": "eq", "value": "experiment"}]) == ["run-3"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/logs/cats", 404, "There is no list of cats"),
        ("/api/logs/steps?filters={", 400, "filters must be JSON"),
        ("/api/logs/steps?filters=[1]", 400, "filters must be a list"),
        ("/api/logs/runs?filters=[{}]", 400, "runs cannot be filtered by None"),
        ("/api/logs/steps?orderBy=size:ASC", 400, "steps cannot be ordered by 'size'"),
        ("/api/logs/steps?first=1000", 400, "first must be a whole number from 0 to 200"),
        ("/api/logs/steps?after=x", 400, "a cursor must be one"),
        ("/api/logs/steps/facets?field=output", 400, "steps have no values of 'output'"),
    ],
)
def test_a_bad_question_is_told_what_is_allowed(site: Any, path: str, status: int, message: str):
    code, said = refusal(site.http.get(path))
    assert code == status
    assert message in said


def test_a_list_needs_a_key(site: Any):
    for path in ("/api/logs/steps", "/api/logs/steps/fields", "/api/logs/steps/facets?field=name"):
        assert httpx.get(f"{site.url}{path}").status_code == 401


def test_an_answer_that_did_not_change_is_not_sent_again(site: Any):
    first = site.http.get("/api/logs/threads")
    again = site.http.get("/api/logs/threads", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_fields_say_what_can_be_filtered_and_ordered(site: Any):
    found = site.http.get("/api/logs/generations/fields").json()
    known = {field["field"]: field for field in found["fields"]}
    assert found["orders"] == ["createdAt", "startTime", "tokenCount", "model", "provider", "duration", "participant"]
    assert known["model"] == {
        "field": "model",
        "kind": "choice",
        "operators": ["eq", "neq", "ilike", "nilike", "in", "nin", "is", "nis"],
        "path": "no",
        "facet": True,
    }
    assert (known["score"]["kind"], known["score"]["path"], known["score"]["facet"]) == ("score", "optional", True)


@pytest.mark.parametrize(
    ("kind", "field", "prefix", "found"),
    [
        ("generations", "model", "", ["gpt-4o"]),
        ("generations", "provider", "open", ["openai"]),
        ("steps", "name", "", ["agent", "chat", "experiment", "nested"]),
        ("steps", "name", "EST", ["nested"]),
        ("runs", "name", "a", ["agent"]),
        ("steps", "type", "", ["llm", "run"]),
        ("threads", "environment", "", ["experiment", "prod"]),
        ("runs", "scoreValue", "", ["helpful"]),
        ("threads", "participantIdentifiers", "ad", ["ada"]),
        ("scores", "type", "H", ["HUMAN"]),
        ("scores", "label", "", []),
    ],
)
def test_values_to_choose_from(site: Any, kind: str, field: str, prefix: str, found: list[str]):
    answer = site.http.get(f"/api/logs/{kind}/facets", params={"field": field, "prefix": prefix}).json()
    assert [one["value"] for one in answer["values"] if field != "name" or prefix or one["value"] in found] == found


# --- what is done to selected rows ---------------------------------------------------------------


@pytest.mark.feature("P-LOG-13", "P-LOG-24")
def test_any_number_of_tags_is_given_and_taken(site: Any):
    many = [f"tag-{number:03}" for number in range(150)]
    for start in (0, 75):
        asked = {"ids": ["run-1", "run-0"], "add": many[start : start + 75]}
        answer = site.http.post("/api/logs/runs/tags", json=asked).json()["results"]
    assert answer == [
        {"id": "run-1", "ok": True, "tags": many},
        {"id": "run-0", "ok": False, "message": "It is not there any more."},
    ]
    choices = site.http.get("/api/logs/steps/facets", params={"field": "tags", "first": 1000}).json()["values"]
    assert [one["value"] for one in choices] == ["reviewed", *many]
    assert ids(site, "runs", filters=[{"field": "tags", "operator": "in", "value": ["tag-149"]}]) == ["run-1"]
    taken = site.http.post("/api/logs/runs/tags", json={"ids": ["run-1"], "add": ["new"], "remove": [*many, "new"]})
    assert taken.json()["results"] == [{"id": "run-1", "ok": True, "tags": ["new"]}]
    assert ids(site, "runs", filters=[{"field": "tags", "operator": "in", "value": ["tag-149"]}]) == []
    assert ids(site, "runs", filters=[{"field": "tags", "operator": "in", "value": ["new"]}]) == ["run-1"]


def test_threads_are_tagged_too(site: Any):
    answer = site.http.post("/api/logs/threads/tags", json={"ids": ["thread-1"], "add": ["vip"]}).json()
    assert answer["results"] == [{"id": "thread-1", "ok": True, "tags": ["vip"]}]
    assert ids(site, "threads", filters=[{"field": "tags", "operator": "in", "value": ["vip"]}]) == ["thread-1"]


def test_a_score_for_all_that_are_there(site: Any):
    asked = {"stepIds": ["run-2", "gone"], "name": "fine", "value": 1, "comment": "ok"}
    found = site.http.post("/api/logs/scores", json=asked).json()["results"]
    assert [(one["id"], one["ok"]) for one in found] == [("run-2", True), ("gone", False)]
    assert (found[0]["score"]["name"], found[0]["score"]["type"], found[0]["score"]["value"]) == ("fine", "HUMAN", 1)
    shown = {row["id"]: row["scores"] for row in rows(site, "steps")["rows"]}
    assert shown["run-2"] == [{"name": "fine", "value": 1, "count": 1}]


@pytest.mark.feature("P-LOG-20")
@pytest.mark.parametrize(("kind", "refused"), [("key_value", None), ("generation", "names no generation")])
def test_steps_go_into_a_dataset_each_by_itself(site: Any, kind: str, refused: str | None):
    made = site.data(f'mutation {{ createDataset(name: "from-list-{kind}", type: {kind}) {{ id }} }}')
    path = f"/api/logs/datasets/{made['createDataset']['id']}/items"
    found = site.http.post(path, json={"stepIds": ["generation-1", "run-3", "gone"]}).json()["results"]
    assert [one["ok"] for one in found] == [True, refused is None, False]
    assert refused is None or refused in found[1]["message"]
    count = f'{{ dataset(id: "{made["createDataset"]["id"]}") {{ items {{ id }} }} }}'
    assert len(site.data(count)["dataset"]["items"]) == sum(one["ok"] for one in found)


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("runs/tags", {"ids": [], "add": ["a"]}, 400, "ids must be a list of 1 to 500 ids"),
        ("runs/tags", {"ids": ["run-1"]}, 400, "add or remove must name a tag"),
        ("users/tags", {"ids": ["x"], "add": ["a"]}, 400, "users have no tags"),
        ("runs/tags", {"ids": ["run-1"], "add": [""]}, 400, "add must have 1 to 255 characters"),
        ("scores", {"stepIds": ["run-1"], "name": "n"}, 400, "a score needs a value"),
        ("scores", {"stepIds": ["run-1"], "name": "n", "value": "1"}, 400, "value of a score must be a number"),
        ("datasets/none/items", {"stepIds": ["run-1"]}, 404, "The dataset is not there any more"),
    ],
)
def test_a_bad_change_changes_nothing(site: Any, path: str, body: Any, status: int, message: str):
    code, said = refusal(site.http.post(f"/api/logs/{path}", json=body))
    assert code == status
    assert message in said
