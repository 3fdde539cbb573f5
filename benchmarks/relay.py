"""A relay before a server, in a process of its own: it can be down, and it remembers which steps passed, in order."""

import contextlib
import json
import multiprocessing
import re
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

_STEP_ID = re.compile(r"id_\d+")


@dataclass(frozen=True)
class Relay:
    """Where it listens. It is down at first."""

    url: str

    def down(self) -> None:
        """Cut every connection from now on."""
        self._control("down")

    def up(self, server: str) -> None:
        """Pass requests on to `server`."""
        self._control("up", server)

    def arrivals(self) -> list[str]:
        """Ids of the steps that the server has acknowledged, in the order of their requests."""
        return json.loads(self._control("arrivals"))

    def _control(self, what: str, body: str = "") -> bytes:
        request = urllib.request.Request(f"{self.url}/control/{what}", data=body.encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()


@contextlib.contextmanager
def relay() -> Iterator[Relay]:
    """A relay beside us."""
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    child = context.Process(target=_serve, args=(ready,), daemon=True)
    child.start()
    try:
        yield Relay(ready.get(timeout=30))
    finally:
        child.terminate()
        child.join()


def _serve(ready: Any) -> None:
    state: dict[str, Any] = {"server": None, "arrivals": []}
    lock = threading.Lock()
    forward = httpx.Client(timeout=30)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.startswith("/control/"):
                self.answer(200, control(self.path.rpartition("/")[2], body.decode()))
                return
            server = state["server"]
            if server is None:
                self.close_connection = True
                return
            kept = {name: value for name, value in self.headers.items() if name.lower().startswith(("x-", "content-t"))}
            answer = forward.post(server + self.path, content=body, headers=kept)
            if answer.status_code == 200:
                ids = [value for name, value in json.loads(body)["variables"].items() if _STEP_ID.fullmatch(name)]
                with lock:
                    state["arrivals"] += ids
            self.answer(answer.status_code, answer.content)

        def answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A client that was killed is no error."""

    def control(what: str, body: str) -> bytes:
        if what == "arrivals":
            with lock:
                return json.dumps(state["arrivals"]).encode()
        state["server"] = body if what == "up" else None
        return b"{}"

    server = Server(("127.0.0.1", 0), Handler)
    ready.put(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()
