"""A real server with a few steps in it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
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

    @property
    def environment(self) -> dict[str, str]:
        return {"LITERAL_API_URL": self.url, "LITERAL_API_KEY": KEY}


def clean_environment() -> dict[str, str]:
    """The environment of the tests without anything that steers us or the width of a terminal."""
    steering = ("OTEL_", "LITERAL_", "COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--data-dir", str(tmp_path_factory.mktemp("data") / "literal")],
        env=clean_environment() | {"LITERAL_API_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    address = re.search(r"http://[\d.]+:\d+", first)
    assert address, first
    yield Server(address[0], process)
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
