"""The wire itself: a loopback server that answers late, in drips, elsewhere, or not at all."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from literalai_otel.api import AsyncApi, SyncApi
from literalai_otel.errors import ConfigError, TransportError

from .conftest import Caller

GOOD = b'{"data": {"step": null}, "projectId": "p"}'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: ClassVar[set[Any]] = set()
    seen: ClassVar[list[tuple[str, str, str | None]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.connections.add(self.client_address)
        self.seen.append((self.command, self.path, self.headers.get("x-api-key")))
        prefix, _, rest = self.path.lstrip("/").partition("/")
        getattr(self, f"answer_{prefix}", self.answer_good)(rest)

    def answer_good(self, _: str) -> None:
        self.send(200, GOOD)

    def answer_moved(self, rest: str) -> None:
        status, _, rest = rest.partition("/")
        self.send(int(status), b"", location=f"/good/{rest}")

    def answer_away(self, rest: str) -> None:
        self.send(307, b"", location=f"http://localhost:{self.server.server_address[1]}/good/{rest}")

    def answer_loop(self, rest: str) -> None:
        self.send(308, b"", location=f"/loop/{rest}")

    def answer_silent(self, _: str) -> None:
        stop.wait(10)

    def answer_drip(self, _: str) -> None:
        self.send_response(200)
        self.send_header("content-length", str(10_000))
        self.end_headers()
        while not stop.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()

    def answer_cut(self, _: str) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(GOOD)
        self.close_connection = True

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


stop = threading.Event()


@pytest.fixture
def server() -> Iterator[str]:
    stop.clear()
    Handler.connections.clear()
    Handler.seen.clear()
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    found.handle_error = lambda request, client_address: None  # type: ignore[method-assign]  # clients hang up here
    thread = threading.Thread(target=found.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{found.server_address[1]}"
    finally:
        stop.set()
        found.shutdown()
        found.server_close()
        thread.join()


async def test_one_connection_serves_many_requests(caller: Caller, server: str) -> None:
    api = caller.open(server)
    for _ in range(5):
        assert await caller.settle(api.get_step("s")) is None
    assert len(Handler.connections) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_on_the_same_host_repeats_the_post(caller: Caller, server: str, status: int) -> None:
    api = caller.open(f"{server}/moved/{status}")
    assert await caller.settle(api.get_step("s")) is None
    assert Handler.seen == [
        ("POST", f"/moved/{status}/api/graphql", "key"),
        ("POST", "/good/api/graphql", "key"),
    ]


async def test_a_redirect_to_another_host_never_gets_the_key(caller: Caller, server: str) -> None:
    api = caller.open(f"{server}/away")
    with pytest.raises(TransportError, match="redirects to http://localhost") as caught:
        await caller.settle(api.get_step("s"))
    assert not caught.value.retryable
    assert len(Handler.seen) == 1


async def test_redirects_in_a_circle_end(caller: Caller, server: str) -> None:
    api = caller.open(f"{server}/loop")
    with pytest.raises(TransportError, match="redirects") as caught:
        await caller.settle(api.get_step("s"))
    assert not caught.value.retryable
    assert len(Handler.seen) == 6


@pytest.mark.parametrize("behaviour", ["silent", "drip"])
async def test_a_server_that_does_not_finish_is_left(caller: Caller, server: str, behaviour: str) -> None:
    api = caller.open(f"{server}/{behaviour}", timeout=0.3)
    started = time.monotonic()
    with pytest.raises(TransportError, match=r"within 0\.3 s") as caught:
        await caller.settle(api.get_step("s"))
    assert caught.value.retryable
    assert time.monotonic() - started < 5


async def test_an_answer_cut_short_is_a_transport_error(caller: Caller, server: str) -> None:
    api = caller.open(f"{server}/cut")
    with pytest.raises(TransportError, match="lost the connection") as caught:
        await caller.settle(api.get_step("s"))
    assert caught.value.retryable


async def test_nobody_listens(caller: Caller) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    api = caller.open(address)
    with pytest.raises(TransportError, match=f"cannot connect to {address}") as caught:
        await caller.settle(api.get_step("s"))
    assert caught.value.retryable


async def test_a_closed_client_sends_nothing(caller: Caller, server: str) -> None:
    api = caller.open(server)
    await caller.settle(api.get_step("s"))
    await caller.settle(api.close())
    await caller.settle(api.close())
    with pytest.raises(TransportError, match="closed") as caught:
        await caller.settle(api.get_step("s"))
    assert not caught.value.retryable
    assert len(Handler.seen) == 1


async def test_an_environment_that_no_header_can_hold_is_a_transport_error(caller: Caller, server: str) -> None:
    api = caller.open(server)
    for environment in ("prüf", "a\nb"):
        with pytest.raises(TransportError) as caught:
            await caller.settle(api.send_steps([{"id": "s"}], environment=environment))
        assert not caught.value.retryable


@pytest.mark.parametrize("kind", [SyncApi, AsyncApi])
@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("literal.test", "k"),
        ("ftp://literal.test", "k"),
        ("http://", "k"),
        ("http://literal.test:port", "k"),
        ("http://literal.test", ""),
        ("http://literal.test", "schlüssel"),
        ("http://literal.test", "k\n"),
    ],
)
def test_an_address_or_key_that_cannot_work_is_a_config_error(kind: Any, url: str, key: str) -> None:
    with pytest.raises(ConfigError):
        kind(url, key)


async def test_our_own_traffic_makes_no_spans(caller: Caller, server: str) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        await caller.settle(caller.open(server).get_step("s"))
    finally:
        instrumentor.uninstrument()
    assert exporter.get_finished_spans() == ()


def test_the_sync_client_is_usable_from_many_threads(server: str) -> None:
    results: list[str] = []
    with SyncApi(server, "key") as api:
        threads = [threading.Thread(target=lambda: results.append(api.get_my_project_id())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == ["p"] * 8


def test_the_async_client_is_usable_from_one_loop_after_another(server: str) -> None:
    api = AsyncApi(server, "key")

    async def ask() -> str:
        return await api.get_my_project_id()

    assert [asyncio.run(ask()), asyncio.run(ask())] == ["p", "p"]
    asyncio.run(api.close())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_opens_its_own_connection(server: str) -> None:
    with SyncApi(server, "key") as api:
        api.get_step("s")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                api.get_step("s")
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        api.get_step("s")
    assert len(Handler.connections) == 2
