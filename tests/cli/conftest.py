"""A real server with a few steps in it."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import rotel
from typer.testing import CliRunner, Result

from literalai_otel.api import SyncApi
from literalai_otel.cli import app
from literalai_otel.model import ChatGeneration, Step

KEY = "key-of-the-test-project"
COMMAND = str(Path(sys.executable).with_name("literalai-otel"))


@dataclass(frozen=True)
class Server:
    """Where it is, and its process."""

    url: str
    process: "subprocess.Popen[str]"
    data_dir: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"LITERAL_API_URL": self.url, "LITERAL_API_KEY": KEY}


def clean_environment() -> dict[str, str]:
    """The environment of the tests without anything that steers us or the width of a terminal."""
    steering = ("OTEL_", "LITERAL_", "COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("data") / "literal"
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--data-dir", str(data_dir)],
        env=clean_environment() | {"LITERAL_API_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    address = re.search(r"http://[\d.]+:\d+", first)
    assert address, first
    yield Server(address[0], process, data_dir)
    process.terminate()
    process.wait(20)
    process.stdout.close()


@pytest.fixture
def api(server: Server) -> Iterator[SyncApi]:
    with SyncApi(server.url, KEY) as opened:
        yield opened


@pytest.fixture
def trip(api: SyncApi) -> str:
    """A thread with two runs; its id."""
    times = {"start_time": "2026-11-21T08:00:00Z", "end_time": "2026-11-21T08:00:04.300Z", "thread_id": "trip"}
    plan = ChatGeneration(
        model="small",
        input_token_count=412,
        output_token_count=96,
        token_count=508,
        tt_first_token=210.0,
        duration=1.9,
        settings={"stream": True},
        message_completion={"role": "assistant", "content": "Go to 東京"},
    )
    api.upsert_thread("trip", name="Trip to Lisbon", participant_id="john.doe@example.com", tags=["demo"])
    below = {**times, "parent_id": "trip-run", "root_run_id": "trip-run"}
    api.send_steps(
        [
            Step(id="trip-run", name="plan_trip", type="run", **times),
            Step(id="trip-llm", name="chat small", type="llm", generation=plan, **below),
            Step(id="trip-tool", name="get_weather", type="tool", input={"city": "Lisbon"}, error="no sky", **below),
            Step(id="trip-other", name="other", type="run", **times | {"start_time": "2026-11-21T08:00:01Z"}),
        ]
    )
    return "trip"


@pytest.fixture
def command(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in this process, 120 columns wide, with the server's address and key."""
    for name in {*os.environ} - {*clean_environment()}:
        monkeypatch.delenv(name)
    for name, value in (server.environment | {"COLUMNS": "120"}).items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(app, list(words))


@dataclass(frozen=True)
class Project:
    """A project of its own on the server; calling it runs a command with its key."""

    api: SyncApi
    environment: dict[str, str]

    def __call__(self, *words: str) -> Result:
        absent = dict.fromkeys(os.environ.keys() - clean_environment().keys())
        return CliRunner().invoke(app, list(words), env={**absent, **self.environment, "COLUMNS": "200"})


@pytest.fixture
def new_project(server: Server) -> Iterator[Callable[[], Project]]:
    opened: list[SyncApi] = []

    def make() -> Project:
        made = CliRunner().invoke(app, ["projects", "create", "p", "--data-dir", str(server.data_dir)])
        key = re.search(r"shown this once: (\S+)", made.stdout)
        assert key, made.output
        opened.append(SyncApi(server.url, key[1]))
        return Project(opened[-1], {"LITERAL_API_URL": server.url, "LITERAL_API_KEY": key[1]})

    yield make
    for api in opened:
        api.close()


@pytest.fixture
def collector() -> Callable[[Project], Any]:
    """`with collector(project) as address`: a real collector that forwards what it receives to a project."""

    @contextmanager
    def running(project: Project) -> Iterator[str]:
        port, other = free_port(), free_port()
        process = subprocess.Popen(
            [
                Path(rotel.__file__).parent / "rotel-agent",
                "start",
                *("--otlp-http-endpoint", f"127.0.0.1:{port}", "--otlp-grpc-endpoint", f"127.0.0.1:{other}"),
                *("--exporter", "otlp", "--otlp-exporter-protocol", "http"),
                *("--otlp-exporter-endpoint", project.environment["LITERAL_API_URL"]),
                *("--otlp-exporter-custom-headers", f"x-api-key={project.environment['LITERAL_API_KEY']}"),
                *("--traces-batch-timeout", "200ms"),
            ],
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(400):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)

    return running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
