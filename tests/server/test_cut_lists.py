"""A list that no index answers is looked through for a bounded time, and says where it stopped."""

from collections.abc import Iterator
from typing import Any

import pytest

from literalai_otel import LiteralClient
from literalai_otel.server.access.keys import hash_key
from literalai_otel.server.ingest import Ingest

STEPS = 1_200
WANTED = ("step-3", "step-611", "step-1190")
PAGE = "pageInfo { endCursor hasNextPage cut scannedUntil } totalCount edges { node { id } }"
LOOKED_FOR = [{"field": "metadata", "operator": "eq", "value": "yes", "path": "wanted"}]


@pytest.fixture(scope="module")
def impatient(start: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that looks at one window of each list, with 1 200 steps of which three are looked for."""
    with start(tmp_path_factory.mktemp("impatient"), scan_seconds=0) as server:
        steps = [
            {
                "id": f"step-{number}",
                "threadId": f"thread-{number // 600}",
                "startTime": f"2026-11-21T08:{number // 60:02}:{number % 60:02}Z",
                "metadata": {"wanted": "yes" if f"step-{number}" in WANTED else "no"},
                "output": {"content": f"Found {number}" if f"step-{number}" in WANTED else "nothing"},
            }
            for number in range(STEPS)
        ]
        owner = server.store.find_api_key(hash_key(server.key))
        assert owner is not None
        assert all(outcome.ok for outcome in Ingest(server.store).steps(owner.project.id, steps).result(20))
        yield server


def ask(server: Any, filters: list[dict[str, Any]], after: str | None = None) -> dict[str, Any]:
    query = f"query($after: ID, $filters: [stepsInputType!]) {{ steps(after: $after, filters: $filters) {{ {PAGE} }} }}"
    answer = server.graphql(query, {"after": after, "filters": filters})
    return {"header": answer.headers.get("literal-cut"), **answer.json()}


@pytest.mark.feature("L-FLT-08")
@pytest.mark.parametrize(
    "filters", [LOOKED_FOR, [{"field": "output", "operator": "ilike", "value": "found%", "path": "content"}]]
)
def test_whoever_follows_the_cursors_of_a_cut_list_misses_nothing(impatient: Any, filters: list[dict[str, Any]]):
    found: list[list[str]] = []
    after = None
    while True:
        answer = ask(impatient, filters, after)
        page = answer["data"]["steps"]
        found.append([edge["node"]["id"] for edge in page["edges"]])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == [["step-1190"], ["step-611"], ["step-3"]]


def test_a_cut_is_said_in_the_page_beside_the_data_and_in_a_header(impatient: Any):
    answer = ask(impatient, LOOKED_FOR)
    info = answer["data"]["steps"]["pageInfo"]
    assert (info["cut"], info["hasNextPage"], answer["data"]["steps"]["totalCount"]) == (True, True, None)
    assert info["scannedUntil"] == "2026-11-21T08:11:40.000Z"
    assert answer["extensions"] == {"cut": [{"path": ["steps"], "scannedUntil": info["scannedUntil"]}]}
    assert answer["header"] == "true"


def test_a_list_that_was_looked_through_says_nothing(impatient: Any):
    answer = ask(impatient, [{"field": "threadId", "operator": "eq", "value": "thread-1"}])
    assert answer["data"]["steps"]["pageInfo"]["cut"] is False
    assert answer["data"]["steps"]["totalCount"] == 600
    assert "extensions" not in answer
    assert answer["header"] is None


def test_a_filter_with_an_index_bounds_what_is_looked_at(impatient: Any):
    """600 steps of the thread are more than a window, 3 of a minute are not."""
    minute = [
        {"field": "startTime", "operator": "gte", "value": "2026-11-21T08:10:10Z"},
        {"field": "startTime", "operator": "lt", "value": "2026-11-21T08:10:13Z"},
    ]
    answer = ask(impatient, [*LOOKED_FOR, *minute])
    page = answer["data"]["steps"]
    assert [edge["node"]["id"] for edge in page["edges"]] == ["step-611"]
    assert (page["pageInfo"]["cut"], page["totalCount"]) == (False, 1)


def test_our_client_says_it_too(impatient: Any):
    client = LiteralClient(api_key=impatient.key, url=impatient.url)
    try:
        page = client.api.get_steps(filters=LOOKED_FOR)
        assert [step.id for step in page.data] == ["step-1190"]
        assert page.page_info.cut
        assert page.page_info.has_next_page
        assert page.total_count is None
        later = client.api.get_steps(filters=LOOKED_FOR, after=page.page_info.end_cursor)
        assert [step.id for step in later.data] == ["step-611"]
    finally:
        client.flush_and_stop()
