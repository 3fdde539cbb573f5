"""Real programs under `opentelemetry-instrument`, a fake model provider and a sink for what they send."""

import json
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from literalai_otel.testing import FakeProvider

KEY = "key-of-the-test-project"
LONGEST_RUN_S = 80.0
"""For a program that takes 2 s on an idle machine. One that hangs must be ended, a slow one must not."""
OF_NO_INTEREST = "fastapi,google-genai"
"""Instrumentors of this environment that import their framework at once: two seconds for each program."""
SCRIPTS = Path(sys.executable).parent


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        sink = self.server.sink
        with sink.lock:
            sink.requests += 1
        if sink.hang.is_set():
            sink.released.wait(30)
            return
        if self.headers.get("x-api-key") != sink.key:
            self._answer(401, {"errors": [{"message": "unknown key"}]})
            return
        self._answer(200, {"data": sink.take(json.loads(body), dict(self.headers))})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, sink: "Sink") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sink = sink

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is nothing to report."""


@dataclass
class Sink:
    """A server that accepts steps: each with the headers it came with, in order of arrival."""

    key: str = KEY
    requests: int = 0
    largest_request: int = 0
    """Steps in it."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    threads: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    hang: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def generations(self) -> list[dict[str, Any]]:
        return [step for step in self.steps if step.get("generation")]

    def take(self, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        variables: dict[str, Any] = body.get("variables") or {}
        with self.lock:
            if "upsertThread" in body["query"]:
                self.threads.append(variables)
                return {"upsertThread": {"id": variables.get("id")}}
            found: dict[int, dict[str, Any]] = {}
            for name, value in variables.items():
                if match := re.fullmatch(r"(\w+)_(\d+)", name):
                    found.setdefault(int(match[2]), {"x-env": headers.get("x-env")})[match[1]] = value
            self.largest_request = max(self.largest_request, len(found))
            self.steps.extend(found[index] for index in sorted(found))
            return {f"step{index}": {"ok": True, "message": None} for index in sorted(found)}

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Run:
    """What a program left behind."""

    status: int
    out: str
    err: str
    ended: float
    """When its process was gone, in seconds since 1970."""


Zero = Callable[..., Run]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(3 * LONGEST_RUN_S))


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.close()


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as fake:
        yield fake


@pytest.fixture
def ours(sink: Sink, provider: FakeProvider) -> dict[str, str]:
    """The environment of the README: our distro, our configurator, a server and a key."""
    return {
        "OTEL_PYTHON_DISTRO": "literalai",
        "OTEL_PYTHON_CONFIGURATOR": "literalai",
        "LITERAL_API_URL": sink.url,
        "LITERAL_API_KEY": KEY,
        "OPENAI_BASE_URL": provider.base_url,
        "OPENAI_API_KEY": "test",
    }


@pytest.fixture
def bare_environment() -> dict[str, str]:
    """The environment of the tests without settings of a tracer but what keeps programs quick and their texts whole."""
    settings = ("OTEL_", "LITERAL_", "OPENAI_")
    others = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    # Another exporter's thread would write when it is its time, between a text and its end of line too.
    console = {"OTEL_BSP_SCHEDULE_DELAY": "600000"}
    return others | console | {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": OF_NO_INTEREST}


@pytest.fixture
def run(tmp_path: Path, bare_environment: dict[str, str]) -> Zero:
    """Run a program, by default under `opentelemetry-instrument`, to its end."""

    def start(
        code: str, env: Mapping[str, str], *flags: str, instrument: bool = True, timeout: float = LONGEST_RUN_S
    ) -> Run:
        program = tmp_path / "app.py"
        program.write_text(textwrap.dedent(code), encoding="utf-8")
        tool = [str(SCRIPTS / "opentelemetry-instrument"), *flags] if instrument else []
        done = subprocess.run(
            [*tool, sys.executable, str(program)],
            env=bare_environment | dict(env),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr, time.time())

    return start


@dataclass(frozen=True)
class Plugins:
    """Distributions that exist for one test: a folder for `PYTHONPATH`."""

    folder: Path

    def add(self, distribution: str, entry_points: str = "", module: str = "", *metadata: str, version="1.0") -> None:
        """A distribution with `entry_points` (the file's text), and a module `plugin_<distribution>`."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        head = ("Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}", *metadata)
        (info / "METADATA").write_text("\n".join(head) + "\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(textwrap.dedent(entry_points), encoding="utf-8")
        if module:
            name = f"plugin_{distribution.replace('-', '_')}.py"
            (self.folder / name).write_text(textwrap.dedent(module), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.folder)}


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    folder = tmp_path / "plugins"
    folder.mkdir()
    return Plugins(folder)


@pytest.fixture
def stock(plugins: Plugins, ours: dict[str, str]) -> dict[str, str]:
    """Another distro and the stock configurator, as opentelemetry-distro registers them."""
    plugins.add(
        "stock",
        """
        [opentelemetry_distro]
        stock = opentelemetry.instrumentation.distro:DefaultDistro
        [opentelemetry_configurator]
        stock = opentelemetry.sdk._configuration:_OTelSDKConfigurator
        """,
    )
    chosen = {"OTEL_PYTHON_DISTRO": "stock", "OTEL_PYTHON_CONFIGURATOR": "stock"}
    # Another distro loads every instrumentor that is installed; ours keeps the other packages' ones out by itself.
    chosen["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"] = f"openai,{OF_NO_INTEREST}"
    return ours | plugins.environment | chosen
