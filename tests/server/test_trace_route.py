"""`GET /api/trace`: a thread, a run or the tree around a step, in one answer and without payloads."""

import itertools
from typing import Any

import httpx
import pytest
from dirty_equals import IsPartialDict
from sqlalchemy import insert, update

from literalai_otel.server.access.first_start import owner_link
from literalai_otel.server.access.keys import make_key
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store import accounts, memberships, trace
from literalai_otel.server.store.tables import steps

WAIT = 20.0
MOMENT = 1_767_261_600_000_000
"""2026-01-01T10:00:00Z in microseconds."""


@pytest.fixture
def project(server):
    """A project of the test's own, with a key."""
    made = server.store.create_project("trace").result(WAIT)
    server.http.headers["x-api-key"] = make_key(server.store, made, "trace")
    yield made
    server.http.headers["x-api-key"] = server.key


@pytest.fixture
def put(server, project):
    ingest = Ingest(server.store)

    def send(*given: dict[str, Any]) -> None:
        outcomes = ingest.steps(project.id, list(given)).result(WAIT)
        assert [outcome.message for outcome in outcomes if not outcome.ok] == []

    return send


def get(server, **parameters):
    answer = server.http.get("/api/trace", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(answer):
    return [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]


def ids(answer):
    return {row["id"] for row in rows(answer)}


def run_with_a_call(prefix, **more):
    return (
        {
            "id": f"{prefix}-run",
            "type": "run",
            "name": "plan",
            "startTime": "2026-01-01T10:00:00Z",
            "endTime": "2026-01-01T10:00:04Z",
            "input": {"content": "where to?"},
            "environment": "prod",
            **more,
        },
        {
            "id": f"{prefix}-call",
            "type": "llm",
            "name": "",
            "parentId": f"{prefix}-run",
            "rootRunId": f"{prefix}-run",
            "startTime": "2026-01-01T10:00:01Z",
            "endTime": "2026-01-01T10:00:02.500Z",
            "error": "x" * 300,
            "tags": ["slow"],
            "scores": [{"name": "helpful", "type": "HUMAN", "value": 1}],
            "generation": {
                "type": "CHAT",
                "model": "gpt-4o",
                "provider": "openai",
                "inputTokenCount": 10,
                "outputTokenCount": 4,
                "tokenCount": 14,
                "ttFirstToken": 210.5,
            },
            **more,
        },
    )


@pytest.mark.feature("P-LOG-03")
def test_a_thread_answers_all_of_its_rows_and_no_payload(server, put):
    put(*run_with_a_call("t", threadId="thread"))
    put(*({"id": f"s{n}", "type": "tool", "parentId": "t-run", "threadId": "thread"} for n in range(150)))
    answer = get(server, thread="thread")
    assert answer == IsPartialDict(root=None, missing=[], cut=False)
    assert answer["thread"] == IsPartialDict(id="thread", name=None, participant=None)
    assert len(answer["rows"]) == 152
    run, call = rows(answer)[:2]
    assert run == IsPartialDict(id="t-run", parent=None, input="where to?", start=MOMENT, end=MOMENT + 4_000_000)
    assert call.pop("cost") > 0
    assert call == {
        "id": "t-call",
        "parent": "t-run",
        "rootRun": "t-run",
        "type": "llm",
        "name": "",
        "start": MOMENT + 1_000_000,
        "end": MOMENT + 2_500_000,
        "time": MOMENT + 1_000_000,
        "generation": "CHAT",
        "model": "gpt-4o",
        "inputTokens": 10,
        "outputTokens": 4,
        "tokens": 14,
        "estimated": 0,
        "firstToken": 210.5,
        "error": "x" * 200,
        "environment": None,
        "input": None,
        "output": None,
        "waitsFor": None,
        "tags": ["slow"],
        "scores": [["helpful", 1.0, None]],
    }


@pytest.mark.parametrize("way", ["run", "step"])
@pytest.mark.parametrize("wanted", ["r-run", "r-call"])
def test_a_run_without_thread_is_found_by_itself_and_by_a_step_in_it(server, put, way, wanted):
    run, call = run_with_a_call("r")
    put(run | {"rootRunId": "r-run"}, call, {"id": "below", "parentId": "r-call"}, {"id": "stranger"})
    answer = get(server, **{way: wanted})
    assert answer == IsPartialDict(root="r-run", thread=None, missing=[])
    assert ids(answer) == {"r-run", "r-call", "below"}


def test_the_thread_of_a_run_comes_with_it(server, put):
    put(*run_with_a_call("t", threadId="thread"))
    assert get(server, run="t-run")["thread"] == IsPartialDict(id="thread")


def test_a_parent_that_has_not_arrived_is_named_and_opens_all_the_same(server, put):
    put(run_with_a_call("m")[1])
    answer = get(server, step="m-call")
    assert answer == IsPartialDict(root="m-run", missing=["m-run"])
    assert ids(answer) == {"m-call"}
    assert ids(get(server, run="m-run")) == {"m-call"}
    put(run_with_a_call("m")[0])
    assert get(server, run="m-run") == IsPartialDict(root="m-run", missing=[])


def test_a_parent_in_another_thread_is_not_missing(server, put):
    put({"id": "here", "threadId": "one"}, {"id": "there", "parentId": "here", "threadId": "two"})
    answer = get(server, thread="two")
    assert answer["missing"] == []
    assert ids(answer) == {"there"}


def test_the_span_that_a_step_waits_for_is_named(server, put):
    otel = {"trace_id": "a" * 32, "span_id": "b" * 16, "parent_span_id": "c" * 16}
    put({"id": "waiting", "metadata": {"otel": otel}})
    assert rows(get(server, step="waiting"))[0] == IsPartialDict(waitsFor="c" * 16, parent=None)


@pytest.mark.feature("P-LOG-07")
def test_a_cycle_of_parents_is_answered_from_each_of_its_steps(server, put, project):
    # Ingestion refuses such an edge; what older data and other hands wrote must open all the same.
    names = ("a", "b", "c")
    put(*({"id": name, "threadId": "round"} for name in names))

    def close(connection: Any) -> None:
        for name, parent in itertools.pairwise(("a", *reversed(names))):
            own = (steps.c.project_id == project.id, steps.c.id == name)
            connection.execute(update(steps).where(*own).values(parent_id=parent))

    server.store.write(close).result(WAIT)
    for name in names:
        assert ids(get(server, step=name)) == set(names)
    assert ids(get(server, thread="round")) == set(names)


def test_rows_are_asked_for_again_by_id(server, put):
    put(*run_with_a_call("t", threadId="thread"))
    answer = server.http.get("/api/trace", params=[("thread", "thread"), ("id", "t-call"), ("id", "unknown")]).json()
    assert answer == IsPartialDict(thread=IsPartialDict(id="thread"), root=None, missing=[])
    assert ids(answer) == {"t-call"}


def test_what_did_not_change_is_not_sent_again(server, put):
    put(*run_with_a_call("t", threadId="thread"))
    first = server.http.get("/api/trace", params={"thread": "thread"})
    assert first.headers["content-encoding"] == "gzip"
    again = server.http.get("/api/trace", params={"thread": "thread"}, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    put({"id": "more", "threadId": "thread"})
    changed = server.http.get(
        "/api/trace", params={"thread": "thread"}, headers={"if-none-match": first.headers["etag"]}
    )
    assert changed.status_code == 200


def test_plain_for_who_does_not_ask_for_compression(server, put):
    put(*run_with_a_call("t", threadId="thread"))
    answer = server.http.get("/api/trace", params={"thread": "thread"}, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert len(answer.json()["rows"]) == 2


def test_more_rows_than_the_page_takes_are_cut_and_said_to_be(server, put, project, monkeypatch):
    monkeypatch.setattr(trace, "MAX_ROWS", 20)

    def fill(connection: Any) -> None:
        common = {"project_id": project.id, "created_at": MOMENT, "thread_id": "long", "root_run_id": "long-run"}
        made = [{**common, "id": f"long-{n}", "sort_time": MOMENT + n, "parent_id": "long-run"} for n in range(30)]
        connection.execute(insert(steps), made)

    server.store.write(fill).result(WAIT)
    for way in ({"thread": "long"}, {"run": "long-run"}):
        answer = get(server, **way)
        assert answer["cut"] is True
        assert [row["id"] for row in rows(answer)] == [f"long-{n}" for n in range(20)]


@pytest.mark.parametrize("parameters", [{}, {"thread": ""}, {"thread": "a", "run": "b"}])
def test_a_question_without_one_name_is_refused(server, parameters):
    answer = server.http.get("/api/trace", params=parameters)
    assert answer.status_code == 400
    assert "Name one of thread, run and step" in answer.json()["errors"][0]["message"]


def test_another_projects_trace_is_unknown(server, put):
    put(*run_with_a_call("t", threadId="thread"))
    for way in ({"thread": "thread"}, {"run": "t-run"}, {"step": "t-call"}):
        answer = server.http.get("/api/trace", params=way, headers={"x-api-key": server.key})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
    answer = server.http.get(
        "/api/trace", params={"thread": "thread", "id": "t-run"}, headers={"x-api-key": server.key}
    )
    assert answer.json()["rows"] == []


# --- addresses without a project ------------------------------------------------------------------


@pytest.fixture
def owner(server):
    """Somebody who is signed in, a member of what projects there are."""
    with httpx.Client(base_url=server.url, timeout=20) as client:
        token = owner_link(server.store, server.url).partition("#")[2]
        assert client.post("/api/session/link", json={"token": token}).status_code == 200
        yield client


def test_a_member_finds_the_project_of_a_thread_or_a_step(server, put, project, owner):
    put(
        *run_with_a_call("f", threadId="slash//and space"), {"id": "early", "parentId": "f-late", "rootRunId": "f-late"}
    )
    account = server.store.read(accounts.first)
    server.store.write(memberships.add, project.id, account.id, "DOMAIN_EXPERT").result(WAIT)
    for path in ("threads/slash%2F%2Fand%20space", "runs/f-run", "generations/f-call", "steps/f-call", "runs/f-late"):
        assert owner.get(f"/api/find/{path}").json() == {"project": project.public_id}, path


@pytest.mark.parametrize("path", ["threads/f-run", "steps/nowhere", "songs/f-run"])
def test_what_no_project_of_ones_own_has_is_not_found(server, owner, path):
    answer = owner.get(f"/api/find/{path}")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


def test_a_project_that_one_is_no_member_of_is_not_found(server, owner, put):
    put({"id": "secret-step"})
    assert owner.get("/api/find/steps/secret-step").status_code == 404
    with httpx.Client(base_url=server.url) as nobody:
        assert nobody.get("/api/find/steps/secret-step").status_code == 401
