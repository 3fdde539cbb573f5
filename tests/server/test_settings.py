"""What settings show: tags made, coloured, renamed and deleted everywhere; what a project holds; what models cost."""

from typing import Any

import pytest
from dirty_equals import IsInt, IsPartialDict

from literalai_otel.server.access.keys import make_key
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store import tags
from literalai_otel.server.tagging import Portion, Tagging

from .test_isolation import sound
from .test_scores import new_id

UPSERT_THREAD = "mutation($id: String!, $tags: [String!]) { upsertThread(id: $id, tags: $tags) { id } }"
STEP_TAGS = "query($id: String!) { step(id: $id) { tags } }"
THREAD_TAGS = "query($id: String!) { threadDetail(id: $id) { tags } }"


@pytest.fixture
def project(server: Any) -> Any:
    """Headers of a project of the test's own, so that counts are its own too."""
    made = server.store.create_project(new_id()).result(20)
    return {"x-api-key": make_key(server.store, made, "test"), "id": made.id}


class Site:
    """The routes as one project sees them."""

    def __init__(self, server: Any, project: dict[str, Any]) -> None:
        self.server = server
        self.project_id: int = project["id"]
        self.headers = {"x-api-key": project["x-api-key"]}

    def put(self, *steps: dict[str, Any]) -> None:
        outcomes = Ingest(self.server.store).steps(self.project_id, list(steps)).result(20)
        assert [outcome.message for outcome in outcomes if not outcome.ok] == []

    def call(self, method: str, path: str, content: Any = None, status: int = 200) -> Any:
        answer = self.server.http.request(method, path, json=content, headers=self.headers)
        assert answer.status_code == status, answer.text
        return sound(answer)

    def tags(self) -> dict[str, Any]:
        return {tag["name"]: tag for tag in self.call("GET", "/api/tags")["tags"]}

    def of_step(self, step_id: str) -> list[str]:
        return self.server.data(STEP_TAGS, {"id": step_id}, **self.headers)["step"]["tags"]


@pytest.fixture
def site(server: Any, project: dict[str, Any]) -> Site:
    site = Site(server, project)
    site.put(
        {"id": "a", "type": "run", "threadId": "t", "tags": ["good", "seen"]},
        {"id": "b", "type": "llm", "threadId": "t", "tags": ["good"]},
        {"id": "c", "type": "tool", "threadId": "t", "tags": ["nice", "good"]},
    )
    server.data(UPSERT_THREAD, {"id": "t", "tags": ["good"]}, **site.headers)
    return site


@pytest.mark.feature("P-SET-03")
def test_tags_are_listed_with_what_carries_them(site: Site) -> None:
    site.call("POST", "/api/tags", {"name": "unused", "color": "teal"}, status=201)
    assert site.call("GET", "/api/tags") == {
        "tags": [
            {"id": IsInt, "name": "good", "color": None, "stepCount": 3, "threadCount": 1},
            {"id": IsInt, "name": "nice", "color": None, "stepCount": 1, "threadCount": 0},
            {"id": IsInt, "name": "seen", "color": None, "stepCount": 1, "threadCount": 0},
            {"id": IsInt, "name": "unused", "color": "teal", "stepCount": 0, "threadCount": 0},
        ],
        "countLimit": 10_000,
    }
    (first, *_) = site.call("GET", "/api/tags?counts=false")["tags"]
    assert first == {"id": IsInt, "name": "good", "color": None}


@pytest.mark.feature("P-SET-03")
def test_a_deleted_tag_is_gone_from_logs_and_filters(site: Site) -> None:
    good = site.tags()["good"]["id"]
    assert site.call("DELETE", f"/api/tags/{good}") == {"changed": 4, "left": 0, "done": True}
    assert [site.of_step(step_id) for step_id in "abc"] == [["seen"], [], ["nice"]]
    assert site.server.data(THREAD_TAGS, {"id": "t"}, **site.headers)["threadDetail"]["tags"] == []
    filtered = "query($f: [stepsInputType!]) { steps(filters: $f) { totalCount } }"
    wanted = [{"field": "tags", "operator": "in", "value": ["good"]}]
    assert site.server.data(filtered, {"f": wanted}, **site.headers)["steps"]["totalCount"] == 0
    assert site.tags().keys() == {"nice", "seen"}
    site.call("DELETE", f"/api/tags/{good}", status=404)
    site.put({"id": "b", "tags": ["good"]})
    assert site.tags()["good"] == IsPartialDict(stepCount=1, threadCount=0)


@pytest.mark.feature("P-SET-03")
def test_a_tag_is_renamed_everywhere_and_merged_with_one_of_that_name(site: Site) -> None:
    good, nice = (site.tags()[name]["id"] for name in ("good", "nice"))
    site.call("PATCH", f"/api/tags/{good}", {"color": "red"})
    first = site.call("PATCH", f"/api/tags/{good}", {"name": "fine"})
    assert first == {
        "tag": {"id": IsInt, "name": "fine", "color": "red", "stepCount": 3, "threadCount": 1},
        "changed": 4,
        "left": 0,
        "done": True,
    }
    merged = site.call("PATCH", f"/api/tags/{first['tag']['id']}", {"name": "nice"})
    assert merged["tag"] == {"id": nice, "name": "nice", "color": None, "stepCount": 3, "threadCount": 1}
    assert [site.of_step(step_id) for step_id in "abc"] == [["nice", "seen"], ["nice"], ["nice"]]
    assert site.tags().keys() == {"nice", "seen"}
    assert site.call("PATCH", f"/api/tags/{nice}", {"name": "nice"})["tag"]["stepCount"] == 3


@pytest.mark.feature("P-SET-03")
def test_long_work_is_cut_and_goes_on_where_it_stopped(site: Site) -> None:
    site.put(*({"id": f"many{number}", "type": "tool", "tags": ["many", "kept"]} for number in range(120)))
    many = site.tags()["many"]["id"]
    hurried = Tagging(site.server.store, seconds=0)
    to, portion = hurried.change(site.project_id, many, {"name": "more"})
    assert portion == Portion(changed=0, left=120, done=False)
    assert site.server.store.write(tags.move, site.project_id, many, to, 50).result(20).rows == 50
    halves = [site.tags()[name]["stepCount"] for name in ("many", "more")]
    assert halves == [70, 50]
    rest = site.call("PATCH", f"/api/tags/{many}", {"name": "more"})
    assert rest == IsPartialDict(changed=70, left=0, done=True)
    assert site.tags()["more"] == IsPartialDict(id=to, stepCount=120)
    assert "many" not in site.tags()
    assert site.of_step("many7") == ["more", "kept"]


@pytest.mark.feature("P-SET-03")
def test_what_is_too_much_to_count_is_not_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "COUNTED", 3)
    good = site.tags()["good"]["id"]
    hurried = Tagging(site.server.store, seconds=0)
    assert hurried.delete(site.project_id, good) == Portion(changed=0, left=None, done=False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"name": ""}, "1 to 255"),
        ({"name": 5}, "must be a text"),
        ({"color": "chartreuse"}, "color must be one of"),
        ({"color": "red", "name": "x" * 300}, "1 to 255"),
    ],
)
def test_wrong_names_and_colours_are_refused_and_nothing_changes(site: Site, content: Any, says: str) -> None:
    before = site.tags()
    for method, path in (("POST", "/api/tags"), ("PATCH", f"/api/tags/{before['good']['id']}")):
        named = {"name": "fresh", **content} if method == "POST" else content
        (error,) = site.call(method, path, named, status=400)["errors"]
        assert says in error["message"]
    assert site.tags() == before


def test_a_name_that_is_taken_and_a_tag_of_another_project_are_refused(site: Site) -> None:
    site.call("POST", "/api/tags", {"name": "good"}, status=409)
    stranger = {"x-api-key": site.server.key}
    good = site.tags()["good"]["id"]
    for method in ("PATCH", "DELETE"):
        answer = site.server.http.request(method, f"/api/tags/{good}", json={"name": "mine"}, headers=stranger)
        assert answer.status_code == 404
    assert site.tags()["good"]["stepCount"] == 3


@pytest.mark.feature("P-LOG-22")
def test_usage_counts_what_the_project_holds(site: Site) -> None:
    site.put(
        {
            "id": "d",
            "type": "llm",
            "startTime": "2026-01-02T03:04:05Z",
            "parentId": "a",
            "rootRunId": "a",
            "generation": {"model": "m", "input": "hi"},
            "scores": [{"name": "n", "type": "HUMAN", "value": 1}],
            "attachments": [{"name": "f.txt", "url": "https://example.org/f.txt", "mime": "text/plain"}],
        }
    )
    assert site.call("GET", "/api/usage") == IsPartialDict(
        threads=1,
        runs=1,
        steps=4,
        generations=1,
        scores=1,
        attachments=1,
        users=0,
        atLeast=[],
        fileBytes=0,
        firstAt="2026-01-02T03:04:05.000Z",
    )


RULE = "mutation($pattern: String!) { createModelPrice(pattern: $pattern, inputPrice: 5, outputPrice: 15) { id } }"


@pytest.mark.feature("P-COST-01")
@pytest.mark.feature("P-COST-03")
def test_used_models_are_listed_with_the_price_that_counts_now(site: Site) -> None:
    site.put(
        *(
            {"id": f"{provider}-{model}", "type": "llm", "generation": {"model": model, "provider": provider}}
            for provider, model in (("openai", "gpt-4o"), ("openai", "gpt-4o-mini"), ("house", "own-1"))
        )
    )
    listed = {model["model"]: model for model in site.call("GET", "/api/prices/models")["models"]}
    assert listed["own-1"] == {
        "model": "own-1", "provider": "house", "inputPrice": None, "outputPrice": None, "source": None, "matched": None,
    }  # fmt: skip
    assert listed["gpt-4o"] == IsPartialDict(inputPrice=2.5, outputPrice=10.0, source="default:openai/gpt-4o")
    rule = site.server.data(RULE, {"pattern": "gpt-4o"}, **site.headers)["createModelPrice"]["id"]
    priced = {model["model"]: model for model in site.call("GET", "/api/prices/models?pattern=gpt.*")["models"]}
    assert priced["gpt-4o"] == IsPartialDict(inputPrice=5.0, outputPrice=15.0, source=f"rule:{rule}", matched=True)
    assert priced["gpt-4o-mini"] == IsPartialDict(source="default:openai/gpt-4o-mini", matched=True)
    assert priced["own-1"] == IsPartialDict(source=None, matched=False)
    (error,) = site.call("GET", "/api/prices/models?pattern=(", status=400)["errors"]
    assert "regular expression" in error["message"]
