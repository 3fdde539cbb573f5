"""States of the page as a whole: the server goes and comes back, the build is old, data comes in."""

import json
import os
import re
import shutil
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from literalai_otel.server.routes.pages import BUILT
from programs import BIN, KEY, clean_environment, free_port, wait_for
from served import Site

PageAs = Callable[..., Page]
GONE = "The server does not answer."
RUN = {"type": "run", "startTime": "2026-11-21T08:00:00Z", "endTime": "2026-11-21T08:00:01Z"}
SOON = 20_000
"""Milliseconds: the page asks a server that is gone after 1, 2, 4 and 8 s."""


class Server:
    """A server that is stopped and started again on the same address, with a build that a test may exchange."""

    def __init__(self, folder: Path) -> None:
        self.build = folder / "static"
        shutil.copytree(os.environ.get("LITERAL_STATIC_DIR") or BUILT, self.build)
        self._port = free_port()
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        with Site(self.url, KEY, "", self._data).api() as api:
            project = api.get_my_project_id()
        self.site = Site(self.url, KEY, project, self._data)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [BIN / "literalai-otel", "serve", "--port", str(self._port), "--data-dir", self._data],
            env=clean_environment(LITERAL_API_KEY=KEY, LITERAL_STATIC_DIR=str(self.build)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(f"{self.url}/healthz")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(20) == 0
            self._process = None

    def send_run(self, name: str) -> None:
        with self.site.api() as api:
            api.send_steps([{**RUN, "id": str(uuid.uuid4()), "name": name}])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("states"))
    server.send_run("the first run")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def site(server: Server) -> Site:
    return server.site


@pytest.fixture
def opened(site: Site, page_as: PageAs) -> Page:
    """A page of the owner that shows the runs."""
    page = page_as("ADMIN")
    page.goto(site.address("runs"))
    expect(page.get_by_text("the first run")).to_be_visible()
    return page


def test_new_data_comes_by_itself_unless_the_switch_is_off(server: Server, opened: Page):
    live = opened.get_by_role("button", name="Live")
    server.send_run("came live")
    expect(opened.get_by_text("came live")).to_be_visible()
    live.click()
    expect(live).to_have_attribute("aria-pressed", "false")
    server.send_run("waits for the switch")
    opened.wait_for_timeout(1_000)
    expect(opened.get_by_text("waits for the switch")).not_to_be_visible()
    live.click()
    expect(opened.get_by_text("waits for the switch")).to_be_visible()


def test_a_server_that_is_gone_is_said_and_the_page_goes_on_when_it_is_back(
    server: Server, opened: Page, watch: Any, shot: Any
):
    watch(opened).expect("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET")
    server.stop()
    banner = opened.get_by_role("alert").filter(has_text=GONE)
    expect(banner).to_be_visible()
    expect(banner).to_contain_text(re.compile(r"Trying again"))
    expect(opened.get_by_text("the first run")).to_be_visible()
    shot(opened, "server-gone")
    opened.emulate_media(color_scheme="dark")
    shot(opened, "server-gone-dark")
    server.start()
    server.send_run("while nobody listened")
    expect(banner).not_to_be_visible(timeout=SOON)
    expect(opened.get_by_text("while nobody listened")).to_be_visible()
    server.send_run("after the restart")
    expect(opened.get_by_text("after the restart")).to_be_visible()


def test_who_is_no_member_any_more_is_told_so(site: Site, page_as: PageAs, watch: Any, shot: Any):
    site.person("DOMAIN_EXPERT")
    page = page_as("DOMAIN_EXPERT")
    watch(page).expect("status of 40[34]")
    page.goto(site.address("runs"))
    expect(page.get_by_text("the first run")).to_be_visible()
    with site.signed_in("ADMIN") as http:
        members = http.get("/api/members").json()["members"]
        (expert,) = [member["userId"] for member in members if member["role"] == "DOMAIN_EXPERT"]
        assert http.delete(f"/api/members/{expert}").status_code < 300
    page.get_by_role("button", name="Live").click()
    page.get_by_role("button", name="Live").click()  # else the stream would ask within 15 seconds
    expect(page.get_by_role("heading", name="There is no such project here")).to_be_visible()
    shot(page, "no-member")


@contextmanager
def another_build(server: Server) -> Iterator[None]:
    """The server says meanwhile that it serves another one."""
    named = server.build / "build.json"
    built = named.read_text()
    named.write_text(json.dumps({"build": "another"}))
    try:
        yield
    finally:
        named.write_text(built)


def test_a_page_that_is_older_than_its_server_says_so(server: Server, opened: Page, shot: Any):
    banner = opened.get_by_role("status").filter(has_text="newer than this page")
    with another_build(server):
        live = opened.get_by_role("button", name="Live")
        live.click()
        live.click()
        expect(banner).to_be_visible()
        shot(opened, "newer-server")
        opened.emulate_media(color_scheme="dark")
        shot(opened, "newer-server-dark")
    banner.get_by_role("button", name="Reload").click()
    expect(opened.get_by_text("the first run")).to_be_visible()
    expect(banner).not_to_be_visible()


def test_a_part_of_the_page_that_the_server_has_no_more(server: Server, opened: Page, watch: Any, shot: Any):
    """A new build has other parts: the page that is open cannot load the rest of itself."""
    watch(opened).expect("status of 404|dynamically imported module")
    with another_build(server):
        (part,) = (path for path in (server.build / "assets").glob("DashboardPage-*.js"))
        kept = [(path, path.read_bytes()) for path in (server.build / "assets").glob(f"{part.name}*")]
        for path, _ in kept:
            path.unlink()
        opened.get_by_role("link", name="Dashboard", exact=True).click()
        expect(opened.get_by_role("heading", name="The server is newer than this page")).to_be_visible()
        shot(opened, "part-is-gone")
        for path, content in kept:
            path.write_bytes(content)
    opened.get_by_role("button", name="Reload").last.click()
    expect(opened).to_have_url(re.compile("/dashboard"))
    expect(opened.get_by_role("heading", name="The server is newer than this page")).not_to_be_visible()


def test_a_style_sheet_that_did_not_come_is_asked_for_again(opened: Page, watch: Any):
    """The server may have died under that one request."""
    watch(opened).expect("net::ERR_FAILED")
    opened.route(re.compile(r"/assets/DashboardPage-.*\.css$"), lambda route: route.abort(), times=1)
    opened.get_by_role("link", name="Dashboard", exact=True).click()
    expect(opened.get_by_role("heading", name="Dashboard")).to_be_visible()
    opened.wait_for_function("[...document.styleSheets].some((sheet) => /DashboardPage-/.test(sheet.href ?? ''))")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_what_a_proxy_got_no_answer_to_is_asked_again(status: int, opened: Page, watch: Any):
    """Twice: whatever opens a page may ask once more without that."""
    watch(opened).expect(f"status of {status}")
    page = {"status": status, "content_type": "text/html", "body": "<h1>of the proxy</h1>"}
    opened.route(re.compile("/api/dashboard"), lambda route: route.fulfill(**page), times=2)
    with opened.expect_response(lambda response: "/api/dashboard" in response.url and response.ok, timeout=SOON):
        opened.get_by_role("link", name="Dashboard", exact=True).click()
    expect(opened.get_by_role("alert")).not_to_be_visible()


def test_one_stream_a_tab_whatever_is_opened(site: Site, page_as: PageAs):
    page = page_as("ADMIN")
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if "/api/live" in request.url else None)
    page.goto(site.address("runs"))
    for area in ("Threads", "Generations", "Settings", "Runs"):
        page.get_by_role("link", name=area, exact=True).click()
        expect(page).to_have_url(re.compile(f"/{area.lower()}"))
    expect(page.get_by_text("the first run")).to_be_visible()
    assert len(streams) == 1
