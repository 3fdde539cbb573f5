"""Nothing that comes from users runs, leaves the server or hides the page: it is text."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import hostile
import served
from served import Site
from watching import Watch

LISTS = ("threads", "runs", "generations", "steps", "scores", "users")
SECTIONS = ("general", "export", "prices", "scores", "tags", "members", "keys", "account")


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served.site(tmp_path_factory.mktemp("hostile") / "data") as site:
        hostile.fill(site)
        yield site


@pytest.fixture
def reader(hostile_site: Site, page_as: Callable[..., Page]) -> Page:
    return page_as("ADMIN", site=hostile_site)


def settled(page: Page) -> None:
    """Whatever the page loads for what it shows has been loaded, and broken images have said so."""
    expect(page.get_by_role("main")).to_be_visible()
    page.wait_for_timeout(300)


@pytest.mark.parametrize("path", [*LISTS, "dashboard", *(f"settings/{section}" for section in SECTIONS)])
def test_script_in_every_field_is_text(
    path: str, hostile_site: Site, reader: Page, watch: Callable[[Page], Watch], shot: Callable[..., Path]
):
    reader.goto(hostile_site.address(path))
    settled(reader)
    shot(reader, path.replace("/", "-"), accessible=False)
    assert watch(reader).ran == []
    assert reader.locator('main img[src="x"], main script, main iframe, main style').count() == 0


@pytest.mark.parametrize("path", ["threads", "runs", "generations", "steps", "users"])
def test_the_script_is_shown_in_the_list(path: str, hostile_site: Site, reader: Page):
    reader.goto(hostile_site.address(path))
    expect(reader.get_by_role("grid").get_by_text("onerror=").first).to_be_visible()


@pytest.mark.parametrize(
    "path", [f"threads/{hostile.THREAD}", f"runs/{hostile.RUN}", f"steps/{hostile.LLM}", "steps/hostile-tool"]
)
def test_script_in_a_trace_is_text(
    path: str, hostile_site: Site, reader: Page, watch: Callable[[Page], Watch], shot: Callable[..., Path]
):
    reader.goto(hostile_site.address(path))
    settled(reader)
    shot(reader, path.replace("/", "-"), accessible=False)
    if path != "steps/hostile-tool":  # which says nothing in markdown
        expect(reader.locator(".markdown").first).to_be_visible()
    for tab in reader.get_by_role("tab").all():
        tab.click()
        settled(reader)
    # Links of markdown: whatever is left of them must not run a script, nor open a document of their own making.
    for link in reader.locator("main a").all():
        address = (link.get_attribute("href") or "").strip().lower()
        assert not address.startswith(("javascript:", "data:", "vbscript:")), address
    assert reader.locator("main script, main iframe, main style, main form[action], main base").count() == 0
    assert watch(reader).ran == []


def test_files_are_downloads_and_never_documents_of_the_server(hostile_site: Site, reader: Page):
    with hostile_site.api() as api:
        step = api.get_step(hostile.RUN)
        assert step is not None and step.attachments
        assert len(step.attachments) == len(list(hostile.files()))
        urls = {attachment.name: attachment.url for attachment in step.attachments}
    with hostile_site.browser_like() as http:
        for name, url in urls.items():
            answer = http.get(str(url))
            headers = answer.headers
            assert headers["x-content-type-options"] == "nosniff", name
            assert "sandbox" in headers["content-security-policy"], name
            shown = headers.get("content-disposition", "").startswith("inline")
            assert not shown or headers["content-type"] in ("image/png",), name
