"""Clients against small Literal servers on loopback, one a project, and against the real one."""

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from literalai_otel import genai
from literalai_otel.client import LiteralClient
from literalai_otel.config import Config
from literalai_otel.context import set_default_client
from literalai_otel.discovery import our_instrumentors
from literalai_otel.testing import FakeProvider
from programs import Server, serving


class Project:
    """A server that stores steps and threads by id, in order of arrival, whatever the key."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, Any]] = {}
        self.threads: dict[str, dict[str, Any]] = {}
        self.arrivals: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.batches: list[int] = []
        self.redirects = 0
        """Requests that are sent elsewhere, to the same place, before one is taken."""
        self._lock = threading.Lock()
        project = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                document = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if project.redirects:
                    project.redirects -= 1
                    self.send_response(308)
                    self.send_header("location", self.path)
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                payload = json.dumps(project.store(document["variables"], dict(self.headers))).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def store(self, variables: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        with self._lock:
            self.headers.append(headers)
            if "id" in variables:
                self.arrivals.append(variables["id"])
                self.threads.setdefault(variables["id"], {}).update(variables)
                return {"data": {"upsertThread": {"id": variables["id"]}}}
            count = sum(key.startswith("id_") for key in variables)
            self.batches.append(count)
            for i in range(count):
                found = {key.rsplit("_", 1)[0]: value for key, value in variables.items() if key.endswith(f"_{i}")}
                self.arrivals.append(found["id"])
                self.steps.setdefault(found["id"], {}).update(found)
            return {"data": {f"step{i}": {"ok": True, "message": None} for i in range(count)}}

    def named(self, name: str) -> dict[str, Any]:
        (found,) = [found for found in self.steps.values() if found.get("name") == name]
        return found

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def project() -> Iterator[Project]:
    server = Project()
    yield server
    server.stop()


@pytest.fixture
def other_project() -> Iterator[Project]:
    server = Project()
    yield server
    server.stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., LiteralClient]]:
    """Makes clients and stops them after the test."""
    clients: list[LiteralClient] = []

    def make(project: Project | Server, kind: type[Any] = LiteralClient, **settings: Any) -> Any:
        client = kind(api_key=settings.pop("api_key", "key"), url=project.url, **settings)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.flush_and_stop(1)
    set_default_client(None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server, in a process of its own."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
async def on_server(server: Server, connect: Callable[..., Any]) -> AsyncIterator[Callable[..., Any]]:
    """Makes clients of the real server's project, and gives the connections of their APIs back."""
    clients: list[Any] = []

    def make(kind: type[Any] = LiteralClient, **settings: Any) -> Any:
        clients.append(connect(server, kind, api_key=server.key, **settings))
        return clients[-1]

    yield make
    for client in clients:
        closing = client.api.close()
        if closing is not None:
            await closing


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@pytest.fixture
def switch_off() -> Iterator[list[Any]]:
    """Instrumentors to be switched off after the test."""
    genai.configure(Config.load({}))
    instrumentors: list[Any] = []
    yield instrumentors
    # `initialize()` switches on whatever is installed.
    instrumentors += [entry_point.load()() for entry_point in our_instrumentors()]
    for instrumentor in instrumentors:
        if instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.uninstrument()
