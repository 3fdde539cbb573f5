"""What the benchmarks talk to: a provider and a server that accepts everything, each a process of its own."""

import contextlib
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHUNKS = 63
"""Chunks of a streamed answer."""


@dataclass(frozen=True)
class Address:
    """Where a provider listens."""

    origin: str

    @property
    def base_url(self) -> str:
        """The base address for an OpenAI client."""
        return f"{self.origin}/v1"


def provider(ready: Any, wire: str = "Chat") -> None:
    """The provider's process; `wire` names the class of its answers."""
    from literalai_otel.testing import Chat, FakeProvider
    from literalai_otel.testing.mistral_chat import MistralChat
    from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS

    words = "".join(f"word{number} " for number in range(CHUNKS))
    answer = {"Chat": Chat, "MistralChat": MistralChat}[wire](words)
    with FakeProvider(MISTRAL_ENDPOINTS) if wire == "MistralChat" else FakeProvider() as fake:
        fake.script(answer)
        ready.put(fake.origin)
        time.sleep(3600)


def sink(ready: Any) -> None:
    """A server that accepts every batch."""

    class Accept(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            count = sum(name.startswith("id_") for name in body["variables"])
            answer = json.dumps({"data": {f"step{index}": {"ok": True} for index in range(count)}}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Accept)
    ready.put(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


@contextlib.contextmanager
def process(target: Callable[[Any], None]) -> Iterator[str]:
    """Run `target` beside us; yields the address it reported."""
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    child = context.Process(target=target, args=(ready,), daemon=True)
    child.start()
    try:
        yield ready.get(timeout=30)
    finally:
        child.terminate()
        child.join()
