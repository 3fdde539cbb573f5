"""`literalai-otel serve` as a process: what it prints, what it refuses, how it ends."""

import itertools
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.server.run import GRACE_SECONDS

COMMAND = [sys.executable, "-c", "from literalai_otel.cli import main; main()", "serve"]


class Process:
    """A started server; `lines` are what it printed until it listened."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LITERAL_", "OTEL_"))}
        self.popen = subprocess.Popen(
            [*COMMAND, *arguments],
            env={**clean, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_it_answers(self) -> tuple[str, str]:
        """(what it printed, its address)."""
        assert self.popen.stdout is not None
        printed = ""
        for line in self.popen.stdout:
            printed += line
            if line.startswith("opentelemetry-instrument"):
                break
        found = re.search(r"http://\S+:\d+", printed)
        assert found, printed + (self.popen.stderr.read() if self.popen.stderr else "")
        url = found.group().rstrip(",")
        for _ in range(200):
            try:
                httpx.get(f"{url}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        return printed, url

    def end(self, number: int = signal.SIGTERM) -> tuple[int, list[dict[str, Any]]]:
        """(exit code, log lines)."""
        self.popen.send_signal(number)
        _, logged = self.popen.communicate(timeout=20)
        return self.popen.returncode, [json.loads(line) for line in logged.splitlines()]


@pytest.fixture
def serve() -> Iterator[Any]:
    started: list[Process] = []

    def start(*arguments: str, **environment: str) -> Process:
        started.append(Process(["--port", "0", *arguments], environment))
        return started[-1]

    yield start
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.communicate()


def refused(*arguments: str, **environment: str) -> tuple[int, str]:
    """(exit code, standard error) of a server that does not start."""
    process = Process(list(arguments), environment)
    try:
        printed, problem = process.popen.communicate(timeout=20)
    finally:
        process.popen.kill()
    assert printed == ""
    assert "Traceback" not in problem
    return process.popen.returncode, " ".join(problem.split())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_first_start_shows_a_key_that_works_and_ends_cleanly(serve: Any, tmp_path: Path, number: int):
    process = serve("--data-dir", str(tmp_path / "new" / "data"))
    printed, url = process.wait_until_it_answers()
    key = re.search(r"LITERAL_API_KEY=(\S+)", printed).group(1)
    assert printed.count(key) == 2
    assert f"export LITERAL_API_URL={url} LITERAL_API_KEY={key}" in printed
    assert "export OTEL_PYTHON_DISTRO=literalai OTEL_PYTHON_CONFIGURATOR=literalai" in printed
    assert str(tmp_path / "new" / "data") in printed
    assert httpx.post(f"{url}/api/my-project", headers={"x-api-key": key}).json()["projectId"]
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700
    code, logged = process.end(number)
    assert code == 0
    assert [line["event"] for line in logged] == ["listening", "stopped"]
    assert all({"time", "level", "event", "logger"} <= line.keys() for line in logged)


def test_a_key_is_adopted_and_shown_nowhere(serve: Any, tmp_path: Path):
    process = serve("--data-dir", str(tmp_path), LITERAL_API_KEY="my-initial-api-key")
    printed, url = process.wait_until_it_answers()
    assert "my-initial-api-key" not in printed
    answer = httpx.post(f"{url}/api/my-project", headers={"x-api-key": "my-initial-api-key"})
    assert answer.status_code == 200
    _, logged = process.end()
    assert "my-initial-api-key" not in json.dumps(logged)


def test_data_and_key_are_there_after_another_start(serve: Any, tmp_path: Path):
    first = serve("--data-dir", str(tmp_path))
    printed, url = first.wait_until_it_answers()
    headers = {"x-api-key": re.search(r"LITERAL_API_KEY=(\S+)", printed).group(1)}
    mutation = {"query": 'mutation { ingestStep(id: "kept", type: run) { ok } }'}
    assert httpx.post(f"{url}/api/graphql", headers=headers, json=mutation).json()["data"]["ingestStep"]["ok"]
    first.end()
    printed, url = serve("--data-dir", str(tmp_path)).wait_until_it_answers()
    assert headers["x-api-key"] not in printed
    query = {"query": '{ step(id: "kept") { id } }'}
    assert httpx.post(f"{url}/api/graphql", headers=headers, json=query).json() == {"data": {"step": {"id": "kept"}}}


def test_each_start_shows_a_link_to_sign_in_until_somebody_has_a_password(serve: Any, tmp_path: Path):
    link = re.compile(r"^Sign in, once, within a day: (\S+)/sign-in#(\S+)$", re.MULTILINE)
    first = serve("--data-dir", str(tmp_path), "--base-path", "/literal")
    printed, url = first.wait_until_it_answers()
    found = link.search(printed)
    assert found[1] == f"{url}/literal"
    with httpx.Client(base_url=f"{url}/literal") as browser:
        session = browser.post("/api/session/link", json={"token": found[2]}).json()
        assert session["firstRun"] is True
        account = {"email": "ada@example.com", "password": "correct horse battery"}
        changed = browser.patch("/api/account", json=account, headers={"x-csrf-token": session["csrfToken"]})
        assert changed.json()["firstRun"] is False
    _, logged = first.end()
    assert found[2] not in json.dumps(logged)
    printed, _ = serve("--data-dir", str(tmp_path)).wait_until_it_answers()
    assert "Sign in" not in printed


def test_sigterm_in_the_middle_of_sending_loses_nothing_that_was_acknowledged(serve: Any, tmp_path: Path):
    process = serve("--data-dir", str(tmp_path), LITERAL_API_KEY="k")
    _, url = process.wait_until_it_answers()
    acknowledged: list[str] = []

    def send(sender: int) -> None:
        with httpx.Client(base_url=url, headers={"x-api-key": "k"}) as http:
            for number in range(10_000):
                step_id = f"{sender}-{number}"
                mutation = {"query": "mutation($id: String!) { ingestStep(id: $id, type: run) { ok } }"}
                try:
                    answer = http.post("/api/graphql", json={**mutation, "variables": {"id": step_id}})
                except httpx.TransportError:
                    return
                if answer.status_code == 200 and answer.json()["data"]["ingestStep"]["ok"]:
                    acknowledged.append(step_id)

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
    for sender in senders:
        sender.start()
    while len(acknowledged) < 50:
        time.sleep(0.01)
    code, _ = process.end()
    for sender in senders:
        sender.join()
    assert code == 0
    _, url = serve("--data-dir", str(tmp_path)).wait_until_it_answers()
    with httpx.Client(base_url=url, headers={"x-api-key": "k"}) as http:
        stored = http.post("/api/graphql", json={"query": "{ steps(first: 1) { totalCount } }"}).json()
        missing = [
            step_id
            for step_id in acknowledged
            if http.post("/api/graphql", json={"query": f'{{ step(id: "{step_id}") {{ id }} }}'}).json()["data"]["step"]
            is None
        ]
    assert missing == []
    assert stored["data"]["steps"]["totalCount"] >= len(acknowledged)


def wait_until_refused(host: str, port: int) -> None:
    for _ in range(400):
        try:
            socket.create_connection((host, port)).close()
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError("it still takes connections")


def test_a_body_that_is_arriving_when_the_process_is_asked_to_end_is_stored(serve: Any, tmp_path: Path):
    process = serve("--data-dir", str(tmp_path), LITERAL_API_KEY="k")
    _, url = process.wait_until_it_answers()
    body = b'{"query": "mutation { ingestStep(id: \\"late\\", type: run) { ok } }"}'
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /api/graphql HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\ncontent-length: {len(body)}\r\n"
        connection.sendall(head.encode() + b"expect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100")  # it has begun to read the body
        connection.sendall(body[:10])
        process.popen.send_signal(signal.SIGTERM)
        wait_until_refused(host, int(port))
        connection.sendall(body[10:])
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    assert b'{"data":{"ingestStep":{"ok":true}}}' in answer
    assert process.popen.wait(20) == 0


def test_a_port_in_use(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, problem = refused("--port", str(port), "--data-dir", str(tmp_path))
    assert code != 0
    assert f"Port {port} on 127.0.0.1 is in use" in problem
    assert "--port" in problem


def test_a_data_folder_in_use(serve: Any, tmp_path: Path):
    serve("--data-dir", str(tmp_path)).wait_until_it_answers()
    code, problem = refused("--port", "0", "--data-dir", str(tmp_path))
    assert code != 0
    assert str(tmp_path) in problem


def test_a_short_key_on_a_public_host(tmp_path: Path):
    code, problem = refused("--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path), LITERAL_API_KEY="short")
    assert code != 0
    assert "at least 16 characters" in problem
    assert "127.0.0.1" in problem


@pytest.mark.parametrize("port", ["70000", "x"])
def test_a_port_that_is_none(tmp_path: Path, port: str):
    code, problem = refused("--data-dir", str(tmp_path), LITERAL_PORT=port)
    assert code != 0
    assert "port" in problem.lower()


def test_without_the_server_extra_the_fix_is_named(tmp_path: Path):
    program = "import sys; sys.modules['uvicorn'] = None\nfrom literalai_otel.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, "serve"], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert 'pip install "literalai-otel[server]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_help_teaches():
    done = subprocess.run(
        [*COMMAND, "--help"], capture_output=True, text=True, timeout=30, env={**os.environ, "COLUMNS": "100"}
    )
    assert done.returncode == 0
    for word in ("--host", "--port", "--data-dir", "LITERAL_API_KEY", "/v1/traces", "literalai-otel show"):
        assert word in done.stdout


def test_pages_that_follow_do_not_hold_up_the_end(serve: Any, tmp_path: Path):
    """A stream of `/api/live` never ends by itself; the grace of 10 seconds is for requests that do."""
    process = serve("--data-dir", str(tmp_path), LITERAL_API_KEY="k")
    _, url = process.wait_until_it_answers()
    with httpx.stream("GET", f"{url}/api/live", headers={"x-api-key": "k"}, timeout=20) as stream:
        lines = stream.iter_lines()
        assert "event: hello" in list(itertools.takewhile(bool, lines))
        asked = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)
        assert list(lines) == []  # it is ended, not cut
    code, logged = process.end()
    assert (code, [line["event"] for line in logged]) == (0, ["listening", "stopped"])
    assert time.monotonic() - asked < GRACE_SECONDS / 2
