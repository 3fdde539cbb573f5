"""A small Literal server on loopback that can be told to misbehave, and deliveries to it."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from literalai_otel.api import SyncApi
from literalai_otel.export import Delivery, LiteralSpanProcessor
from literalai_otel.export.retry import RetryPolicy
from literalai_otel.export.spool import Spool, target_of
from literalai_otel.model import Step

QUICK = RetryPolicy(first_wait=0.01, longest_wait=0.05, longest_closing_wait=0.05)
"""The real policy with short waits."""


@dataclass
class Answer:
    """What the sink says instead of doing its work."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False


@dataclass
class Request:
    """One request as the sink saw it."""

    operation: str
    ids: list[str]
    environment: str | None
    size: int
    started: float
    ended: float = 0.0
    connection: Any = None


class Sink:
    """The server: what it received, what it stored, and how it shall misbehave."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.steps: dict[str, dict[str, Any]] = {}
        self.arrivals: list[str] = []
        self.threads: dict[str, dict[str, Any]] = {}
        self.script: deque[Answer] = deque()
        self.always: Answer | None = None
        self.delay = 0.0
        self.max_body: int | None = None
        self.poison: set[str] = set()
        self.refused: set[str] = set()
        self.released = threading.Event()
        self.lock = threading.Lock()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                sink.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                pass  # a client that leaves early is what some tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def stop(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def batches(self) -> list[list[str]]:
        return [request.ids for request in self.requests if request.operation == "steps"]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        document = json.loads(body)
        variables = document["variables"]
        is_thread = "upsertThread" in document["query"]
        ids = [variables["id"]] if is_thread else [variables[f"id_{i}"] for i in range(_count(variables))]
        request = Request(
            operation="thread" if is_thread else "steps",
            ids=ids,
            environment=handler.headers.get("x-env"),
            size=len(body),
            started=time.monotonic(),
            connection=handler.client_address,
        )
        with self.lock:
            self.requests.append(request)
            answer = self.script.popleft() if self.script else self.always
        if answer is None:
            answer = self.work(is_thread, ids, variables, len(body))
        if self.delay:
            self.released.wait(self.delay)
        if answer.hang:
            self.released.wait(60)
        request.ended = time.monotonic()
        if answer.cut or answer.hang:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        payload = answer.body.encode()
        handler.send_response(answer.status)
        for name, value in {"content-type": "application/json", **answer.headers}.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    def work(self, is_thread: bool, ids: list[str], variables: dict[str, Any], size: int) -> Answer:
        if self.max_body is not None and size > self.max_body:
            return Answer(413, '{"errors": [{"message": "too large"}]}')
        if self.poison & set(ids):
            return Answer(400, '{"errors": [{"message": "cannot read this"}]}')
        with self.lock:
            self.arrivals += ids
            if is_thread:
                self.threads.setdefault(ids[0], {}).update(variables)
                return Answer(body=json.dumps({"data": {"upsertThread": {"id": ids[0]}}}))
            data = {}
            for i, step_id in enumerate(ids):
                if step_id in self.refused:
                    data[f"step{i}"] = {"ok": False, "message": "refused by a rule"}
                    continue
                data[f"step{i}"] = {"ok": True, "message": ""}
                suffix = f"_{i}"
                self.steps[step_id] = {
                    name.removesuffix(suffix): value for name, value in variables.items() if name.endswith(suffix)
                }
        return Answer(body=json.dumps({"data": data}))


def _count(variables: dict[str, Any]) -> int:
    return sum(1 for name in variables if re.fullmatch(r"id_\d+", name))


def _running_sink() -> Iterator[Sink]:
    server = Sink()
    yield server
    server.stop()


sink = pytest.fixture(_running_sink, name="sink")
second_sink = pytest.fixture(_running_sink, name="second_sink")


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def a_step() -> Callable[..., Step]:
    def make(step_id: str, **fields: Any) -> Step:
        return Step(**{"id": step_id, "type": "tool", "name": "look up", **fields})

    return make


DeliveryTo = Callable[..., Delivery]


@pytest.fixture
def delivery_to() -> Iterator[DeliveryTo]:
    """Makes deliveries over the real API, and stops them after the test."""
    made: list[Delivery] = []

    def make(url: str, *, key: str = "key", request_timeout: float = 10.0, **options: Any) -> Delivery:
        def connect(timeout: float | None) -> SyncApi:
            return SyncApi(url, key, timeout=request_timeout if timeout is None else timeout)

        delivery = Delivery(connect, url=url, **{"policy": QUICK, "linger": 60.0, **options})
        made.append(delivery)
        return delivery

    yield make
    for delivery in made:
        delivery.shutdown(0)


@pytest.fixture
def spooled_to(delivery_to: DeliveryTo, tmp_path: Path) -> DeliveryTo:
    """Makes deliveries with a spool in the folder of the test."""

    def make(
        url: str, *, key: str = "key", folder: Path = tmp_path / "spool", max_spool: int = 1 << 29, **options: Any
    ):
        def make_spool(trouble: Callable[[str], None]) -> Spool:
            return Spool(folder, max_spool, target_of(url, key), trouble)

        return delivery_to(url, key=key, make_spool=make_spool, **options)

    return make


@pytest.fixture
def rest_on_disk() -> Callable[[Delivery, int], None]:
    """Waits until so many steps that the server does not take are written."""

    def wait(delivery: Delivery, count: int) -> None:
        deadline = time.monotonic() + 20
        while delivery.flush(0.1).spooled != count:
            assert time.monotonic() < deadline, delivery.counters()

    return wait


ProviderFor = Callable[..., TracerProvider]


@pytest.fixture
def provider_for() -> Iterator[ProviderFor]:
    """Makes tracer providers whose spans go to a delivery."""
    made: list[TracerProvider] = []

    def make(*deliveries: Delivery, sampler: Sampler = ALWAYS_ON, export_filter: str = "llm") -> TracerProvider:
        provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        for number, delivery in enumerate(deliveries):
            provider.add_span_processor(
                LiteralSpanProcessor(delivery, client_name=f"client-{number}", export_filter=export_filter)
            )
        made.append(provider)
        return provider

    yield make
    for provider in made:
        provider.shutdown()


@pytest.fixture
def warnings_of(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The lines that users see."""
    return lambda: [
        record.getMessage()
        for record in caplog.records
        if record.name == "literalai_otel" and record.levelname == "WARNING"
    ]


@dataclass
class Ended:
    """A program that has ended: `seconds` from its last line to the end of the process, `lines` on stderr."""

    code: int
    seconds: float
    lines: list[str]


@pytest.fixture
def run(sink: Sink) -> Callable[..., Ended]:
    """Runs one of `programs.py` against the sink."""
    programs = Path(__file__).with_name("programs.py")

    def run_program(name: str, url: str = sink.url, **environment: str) -> Ended:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("LITERAL_", "OTEL_"))}
        ended = subprocess.run(
            # Python's own remark on any fork beside a thread.
            [sys.executable, "-W", "ignore:This process:DeprecationWarning", str(programs), name],
            env={**kept, "LITERAL_API_URL": url, "LITERAL_API_KEY": "key", **environment},
            capture_output=True,
            text=True,
            timeout=50,
        )
        gone = time.time()
        said = [line for line in ended.stdout.splitlines() if line.startswith("end ")]
        seconds = gone - float(said[0].split()[1]) if said else 0.0
        return Ended(ended.returncode, seconds, ended.stderr.splitlines())

    return run_program
