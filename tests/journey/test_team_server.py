"""J5: a server for a team. Two processes on one PostgreSQL, behind a proxy that publishes them under a path."""

import contextlib
import http.client
import http.server
import itertools
import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import launched
from engines import NEWEST, Engines
from literalai_otel.api import SyncApi
from literalai_otel.errors import APIStatusError
from literalai_otel.model import Step
from programs import BIN, KEY, clean_environment, free_port, wait_for
from watching import Watch

BASE = "/literal"


class Proxy(http.server.ThreadingHTTPServer):
    """Takes turns between the servers that answer, and says whom it asks for."""

    daemon_threads = True

    def __init__(self, ports: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), Forward)
        self.turns = itertools.cycle((ports, ports[::-1]))


class Forward(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self) -> None:
        assert isinstance(self.server, Proxy)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        headers |= {"X-Forwarded-Host": self.headers["host"], "X-Forwarded-Proto": "http", "Host": "inside"}
        for port in next(self.server.turns):
            inside = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            try:
                inside.request(self.command, self.path, body, headers)
                answer = inside.getresponse()
                stream = answer.headers.get_content_type() == "text/event-stream"
                content = None if stream else answer.read()
            except (OSError, http.client.HTTPException):
                continue
            self.answer(answer, content)
            return
        self.send_error(502)

    def answer(self, answer: http.client.HTTPResponse, content: bytes | None) -> None:
        """As it came; without `content`, one that never ends, piece by piece."""
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "date", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        if content is not None:
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # a browser that has gone on
                self.wfile.write(content)
            return
        self.send_header("connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError, http.client.HTTPException):
            while piece := answer.read1():
                self.wfile.write(piece)
                self.wfile.flush()

    do_GET = do_POST = do_PATCH = do_DELETE = forward  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@dataclass
class Team:
    url: str
    processes: list["subprocess.Popen[str]"]
    ports: list[int]
    environment: dict[str, str]

    def api(self, key: str = KEY) -> SyncApi:
        return SyncApi(self.url, key)

    def run(self, *words: str, **settings: str) -> str:
        environment = clean_environment(**self.environment, **settings)
        done = subprocess.run(
            [BIN / "literalai-otel", *words], env=environment, capture_output=True, text=True, timeout=40, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    engines = Engines()
    database = engines.get(NEWEST[0])
    environment = database.environment(tmp_path / "data") | {"LITERAL_API_KEY": KEY, "COLUMNS": "200"}
    ports = [free_port(), free_port()]
    processes: list[subprocess.Popen[str]] = []
    proxy = Proxy(ports)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        # At the same moment: both want to migrate and to make the first project.
        processes += [
            subprocess.Popen(
                [BIN / "literalai-otel", "serve", "--port", str(port), "--base-path", BASE],
                env=clean_environment(**environment),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for port in ports
        ]
        for port in ports:
            wait_for(f"http://127.0.0.1:{port}{BASE}/readyz")
        yield Team(f"http://127.0.0.1:{proxy.server_port}{BASE}", processes, ports, environment)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
        proxy.shutdown()
        proxy.server_close()
        engines.close()


@pytest.mark.feature("P-TEAM-01", "P-TEAM-02", "P-TEAM-04", "P-SET-02")
@pytest.mark.timeout(180)
def test_people_share_the_pages_below_the_path_of_the_proxy(team: Team):
    with launched(light=True) as browser:
        owner = visitor(browser, team)
        owner.goto(re.search(r"http\S+", team.run("sign-in-link", "--url", team.url))[0])
        owner.get_by_role("button", name="Later").click()
        owner.get_by_role("button", name="I have one").click()
        expect(owner).to_have_url(re.compile(rf"^{team.url}/p/[^/]+/dashboard"))
        project = owner.url.partition("/p/")[2].partition("/")[0]

        # A colleague, by a link with the address that people have.
        owner.goto(f"{team.url}/p/{project}/settings/members")
        owner.get_by_role("button", name="Invite …").click()
        owner.get_by_label("E-mail").fill("dora@example.com")
        owner.get_by_label("Role", exact=True).select_option("DOMAIN_EXPERT")
        owner.get_by_role("button", name="Make the link").click()
        link = owner.get_by_role("dialog").locator("code").inner_text()
        assert link.startswith(f"{team.url}/invitation#")
        dora = visitor(browser, team)
        dora.goto(link)
        dora.get_by_label("Your name").fill("Dora Expert")
        dora.get_by_label("Password").fill("a password of the journey")
        dora.get_by_role("button", name="Join").click()
        expect(dora).to_have_url(re.compile("/dashboard"))

        # What comes in through one process is seen by who looks through another, by itself.
        dora.get_by_role("navigation").get_by_role("link", name="Threads").click()
        expect(dora.get_by_role("heading", name="Threads")).to_be_visible()
        with team.api() as api:
            api.upsert_thread("talk", "Over the fence")
            api.send_steps([Step(id="said", type="run", thread_id="talk", name="talk")])
        expect(dora.get_by_role("grid")).to_contain_text("Over the fence")

        # Keys are not for her; who rules the project sees that one was just used.
        dora.goto(f"{team.url}/p/{project}/settings/keys")
        expect(dora.get_by_role("heading", name="Keys are not shown to you")).to_be_visible()
        owner.goto(f"{team.url}/p/{project}/settings/keys")
        used = owner.get_by_role("row").filter(has_text="LITERAL_API_KEY")
        expect(used).to_contain_text(re.compile("now|s ago|min ago"))

        # One process dies: whoever reads goes on, on the very same address.
        team.processes[0].send_signal(signal.SIGKILL)
        team.processes[0].wait(10)
        dora.goto(f"{team.url}/p/{project}/threads/talk")
        expect(dora.get_by_role("main")).to_contain_text("Over the fence")


def visitor(browser: Browser, team: Team) -> Page:
    """Somebody with a browser of their own."""
    page = browser.new_context(base_url=team.url).new_page()
    Watch(page, team.url.removesuffix(BASE)).begin()
    return page


def kept(api: SyncApi, ids: list[str]) -> list[str]:
    return [step_id for step_id in ids if api.get_step(step_id) is not None]


@pytest.mark.feature("P-SET-01", "P-SET-02", "S-HST-02")
@pytest.mark.timeout(180)
def test_a_team_works_on_two_servers_behind_a_proxy(team: Team, tmp_path: Path):
    # One project, though two processes started at once; the key works on both, through the proxy's path.
    assert team.run("projects", "list").count("Default") == 1
    with team.api() as api:
        sent = [f"s{number}" for number in range(40)]
        for step_id in sent:
            api.send_steps([Step(id=step_id, type="run", thread_id="talk", name=step_id)])
        assert len(api.get_thread("talk").steps) == 40

        # A file that one process takes is read from the address that clients have, through either.
        attachment = api.create_attachment(step_id="s0", name="a.txt", content=b"hello", mime="text/plain")
        for _ in range(2):
            url = api.get_attachment(attachment.id).url
            assert url.startswith(f"{team.url}/api/files/")
            assert httpx.get(url).content == b"hello"

        # kill -9 of one: what it acknowledged is there, and the other goes on.
        team.processes[0].send_signal(signal.SIGKILL)
        assert kept(api, sent) == sent
        api.send_steps([Step(id="afterwards", type="run")])

        # A key for a colleague: its own, seen in use, and then no longer valid.
        made = team.run("keys", "create", "colleague")
        key = re.search(r"shown this once: (\S+)", made)[1]
        with team.api(key) as colleague:
            assert colleague.get_step("afterwards") is not None
            (row,) = [line for line in team.run("keys", "list").splitlines() if "colleague" in line]
            team.run("keys", "revoke", row.split()[0])
            refused: Any = None
            for _ in range(150):
                try:
                    colleague.get_step("afterwards")
                except APIStatusError as problem:
                    refused = problem
                    break
                time.sleep(0.1)
            assert refused is not None and refused.status == 401

    # Everything moves to another project.
    export = tmp_path / "project.jsonl"
    client = {"LITERAL_API_URL": team.url}
    assert "41 step" in team.run("export", str(export), **client)
    other = re.search(r"shown this once: (\S+)", team.run("projects", "create", "Copy"))[1]
    assert "41 step" in team.run("import", str(export), "--api-key", other, **client)
    with team.api(other) as copy:
        assert len(copy.get_thread("talk").steps) == 40
        assert httpx.get(copy.get_attachment(attachment.id).url).content == b"hello"
    team.run("projects", "delete", "Copy", "--yes")

    # Logs are JSON, with the ids that the proxy gave.
    httpx.post(f"{team.url}/nowhere", headers={"x-request-id": "from-the-proxy"})
    survivor = team.processes[1]
    survivor.send_signal(signal.SIGTERM)
    _, logged = survivor.communicate(timeout=20)
    assert survivor.returncode == 0
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [line["path"] for line in lines if line.get("request_id") == "from-the-proxy"] == [f"{BASE}/nowhere"]
    assert KEY not in logged
    assert not [line for line in lines if line["level"] == "error"], lines
