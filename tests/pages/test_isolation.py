"""No page shows another project's data: not by its lists, not by an id, not from what the browser still has."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Error, Page, Response, expect

import made
import served
from made import Record, stamp
from served import Site
from watching import Watch

SECRET = "Zanzibar"
OURS = "Amsterdam"
PAGES = ("dashboard", "threads", "runs", "generations", "steps", "scores", "users", "settings/tags", "settings/general")
BY_ID = ("threads/there", "runs/there", "steps/there-llm", "generations/there-llm", "steps/there?step=there-llm")


def records(word: str, own: str) -> Iterator[Record]:
    """A small project that says one word wherever something can be said."""
    began = datetime.now(UTC) - timedelta(minutes=30)
    times = {"startTime": stamp(began), "endTime": stamp(began + timedelta(seconds=2)), "createdAt": stamp(began)}
    said = {"name": f"{word} step", "tags": [f"{word} tag"], "metadata": {"place": word}, "environment": f"{word}-env"}
    within = {"kind": "step", "threadId": own, "rootRunId": own, **times, **said}
    yield {"kind": "user", "id": f"{own}-user", "identifier": f"{word}@example.com", "createdAt": stamp(began)}
    yield {"kind": "thread", "id": own, "participantId": f"{own}-user", "createdAt": stamp(began)} | {
        **said,
        "name": f"{word} thread",
    }
    yield within | {"id": own, "type": "run", "input": {"content": word}, "output": {"content": word}}
    generation = {"type": "CHAT", "provider": f"{word} provider", "model": f"{word}-model", "tokenCount": 7}
    yield within | {"id": f"{own}-llm", "parentId": own, "type": "llm", "generation": generation}
    score = {"name": f"{word} score", "type": "HUMAN", "value": 1, "comment": word, "createdAt": stamp(began)}
    yield {"kind": "score", "id": f"{own}-score", "stepId": own, **score}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """A site with a project of ours, and the id of another project on it, which has the same names of everything."""
    with served.site(tmp_path_factory.mktemp("two") / "data") as site:
        with site.api() as api:
            made.store(api, records(OURS, "here"))
        with site.signed_in("ADMIN") as http:
            other = http.post("/api/projects", json={"name": f"{SECRET} project"}).raise_for_status().json()["id"]
            http.headers["x-project-id"] = other
            key = http.post("/api/keys", json={"name": "app", "role": "ADMIN"}).raise_for_status().json()["key"]
        with site.api(key) as api:
            made.store(api, records(SECRET, "there"))
        yield site, other


def heard(page: Page) -> list[str]:
    """The addresses of answers, from now on, that say the word."""
    found: list[str] = []

    def listen(response: Response) -> None:
        if "/api/live" in response.url:
            return  # never ends
        try:
            if SECRET in response.text():
                found.append(response.url)
        except Error:  # the page has gone on before it came
            pass

    page.on("response", listen)
    return found


@pytest.mark.feature("P-TEAM-02", "P-SET-01")
def test_a_member_of_one_project_sees_nothing_of_the_other(
    two: tuple[Site, str], page_as: Callable[..., Page], watch: Callable[[Page], Watch]
):
    site, other = two
    page = page_as("AI_ENGINEER", site=site)
    watch(page).expect("status of 40[34]|ApiError: There is no")
    told = heard(page)
    for path in (*PAGES, *BY_ID):
        page.goto(site.address(path))
        expect(page.get_by_role("main")).to_be_visible()
        page.wait_for_timeout(200)
        assert SECRET not in page.content(), path
    for address in (*(f"p/{other}/{path}" for path in (*PAGES[:2], *BY_ID)), "threads/there", "steps/there-llm"):
        page.goto(f"{site.url}/{address}")
        page.wait_for_timeout(300)
        assert SECRET not in page.content(), address
    assert told == []


@pytest.mark.feature("P-SET-01")
def test_going_from_one_project_to_the_other_leaves_nothing_behind(two: tuple[Site, str], page_as: Callable[..., Page]):
    site, other = two
    page = page_as("ADMIN", site=site)
    for kind in ("threads", "steps", "users"):
        page.goto(f"{site.url}/p/{other}/{kind}")
        expect(page.get_by_role("grid")).to_contain_text(SECRET)
        # Within the page, as a click does it: what it has read of the other project is still in its memory.
        page.evaluate("path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')) }",
                      f"/p/{site.project}/{kind}")  # fmt: skip
        expect(page.get_by_role("grid")).to_contain_text(OURS)
        assert SECRET not in page.get_by_role("main").inner_text()
