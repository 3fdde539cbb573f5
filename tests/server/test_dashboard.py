"""`GET /api/dashboard` over HTTP: what it takes, refuses and keeps apart. What it counts: `store/test_dashboard.py`."""

import json
from typing import Any

import httpx
import pytest

from literalai_otel.server.access.keys import make_key
from literalai_otel.server.ingest import Ingest

WAIT = 20.0
DAY = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}


@pytest.fixture(scope="module")
def project(server: Any) -> Any:
    """A project of the module's own with a run and a tool call, and its key in the client."""
    made = server.store.create_project("dashboard").result(WAIT)
    steps = [
        {"id": "d-run", "type": "run", "name": "agent", "startTime": "2026-03-01T10:00:00Z"},
        {"id": "d-tool", "type": "tool", "name": "search", "parentId": "d-run", "startTime": "2026-03-01T10:00:01Z"},
    ]
    assert all(outcome.ok for outcome in Ingest(server.store).steps(made.id, steps).result(WAIT))
    return made


def ask(server: Any, key: str | None = None, **parameters: str) -> httpx.Response:
    headers = {} if key is None else {"x-api-key": key}
    return server.http.get("/api/dashboard", params=parameters, headers=headers)


@pytest.fixture(scope="module")
def key(server: Any, project: Any) -> str:
    return make_key(server.store, project, "dashboard")


def test_a_day_in_quarters_of_an_hour(server: Any, key: str) -> None:
    answer = ask(server, key, **DAY, compare="1").json()

    assert (answer["from"], answer["to"]) == ("2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z")
    assert (answer["bucketSeconds"], len(answer["times"]), answer["cut"]) == (900, 96, False)
    assert answer["cards"]["runs"].index(1) == 40
    assert (answer["totals"]["runs"], answer["totals"]["toolCalls"]) == (1, {"search": 1})
    assert answer["before"]["to"] == answer["from"]
    assert answer["before"]["totals"]["runs"] == 0


def test_filters_are_those_of_steps(server: Any, key: str) -> None:
    tools = json.dumps([{"field": "type", "operator": "eq", "value": "tool"}])
    totals = ask(server, key, **DAY, filters=tools).json()["totals"]
    assert (totals["steps"], totals["runs"]) == (1, 0)


def test_without_a_range_it_is_all_that_there_is(server: Any, key: str) -> None:
    answer = ask(server, key).json()
    assert answer["from"] <= "2026-03-01T10:00:00.000Z"
    assert answer["totals"]["steps"] == 2


def test_another_project_sees_none_of_it(server: Any, key: str) -> None:
    assert ask(server, key, **DAY).json()["totals"]["steps"] == 2
    assert ask(server, **DAY).json()["totals"]["steps"] == 0


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"from": "yesterday"}, "from must be an ISO 8601 time"),
        ({"from": DAY["to"], "to": DAY["from"]}, "from must be before to"),
        ({"from": "1900-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "longer than 20 years"),
        ({"from": "0001-01-01T00:00:00Z", "to": "0002-01-01T00:00:00Z"}, "must lie between"),
        ({"to": "9999-12-31T00:00:00Z"}, "must lie between"),
        ({"timezone": "../../etc/passwd"}, "timezone must be a name"),
        ({"timezone": "Europe"}, "timezone must be a name"),
        ({"timezone": "Mars/Olympus"}, "timezone must be a name"),
        ({"filters": "[{"}, "must be JSON"),
        ({"filters": '{"field": "name"}'}, "must be a list"),
        ({"filters": '[{"field": "colour", "operator": "eq", "value": "red"}]'}, "cannot be filtered by 'colour'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    server: Any, key: str, parameters: dict[str, str], said: str
) -> None:
    answer = ask(server, key, **parameters)
    assert answer.status_code == 400
    assert said in answer.json()["errors"][0]["message"]


def test_a_wrong_key_is_refused(server: Any) -> None:
    assert ask(server, "not-a-key-of-anybody").status_code in (401, 429)
