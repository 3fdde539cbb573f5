"""The test bed itself: a page that does what it must not is noticed."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from accessibility import findings
from made import THREADS
from served import Site
from watching import CANARY, Watch

POLICY = "default-src 'none'; script-src 'self'"
DOCUMENT = b"""<!doctype html><html lang="en"><title>x</title><img alt="" src="/picture.png"><img alt="" src="http://127.0.0.1:9/elsewhere.png"><button></button></html>"""


class Document(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(DOCUMENT)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def bad_page() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Document)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_a_page_does_wrong_is_noticed(browser: Browser, bad_page: str):
    page = browser.new_page()
    watch = Watch(page, bad_page)
    watch.begin()
    page.goto(bad_page)
    page.evaluate("() => { setTimeout(() => { throw new Error('thrown') }); Promise.reject(new Error('rejected')) }")
    page.evaluate(f"() => {{ {CANARY}('markdown'); setTimeout(() => alert('hi')) }}")
    page.wait_for_timeout(100)
    said = "\n".join(watch.unexpected())
    wanted = ("policy violated: img-src", "uncaught: thrown", "uncaught: rejected", "a dialog opened: alert hi")
    assert [one for one in wanted if one not in said] == []
    assert "a request to another host: GET http://127.0.0.1:9/elsewhere.png" in said
    assert "a script ran: markdown" in said
    (found,) = findings(page)
    assert found.startswith("critical button-name")
    watch.expect("policy|thrown|rejected|dialog|console|another host")
    assert watch.unexpected() == ["a script ran: markdown"]
    page.close()


def test_the_site_has_what_real_programs_recorded_and_a_month(site: Site):
    with site.api() as api:
        names = {thread.name for thread in api.list_threads(first=300).data}
        assert {"Where is my refund", "A picture of a parcel"} <= names
        assert len([name for name in names if name and name.startswith("About the ")]) == THREADS
        kinds = {step.name for step in api.get_steps(first=300).data}
        assert {
            "booking agent",
            "trip planner",
            "answer question",
            "get_weather",
            "give up",
            "search handbook",
        } <= kinds


@pytest.mark.parametrize("role", ["ADMIN", "AI_ENGINEER", "DOMAIN_EXPERT"])
def test_everybody_can_be_signed_in(site: Site, role: str):
    with site.signed_in(role) as http:
        session = http.get("/api/session").json()
    assert session["user"]["email"] == site.person(role)["email"]
    assert [(project["id"], project["role"]) for project in session["projects"]] == [(site.project, role)]
