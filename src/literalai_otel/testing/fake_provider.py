"""A model provider on loopback, for tests that need real HTTP and no network.

    with FakeProvider() as provider:
        client = openai.OpenAI(base_url=provider.base_url, api_key="test")
        provider.script(Failure(429), Chat("Hello"))
        ...
        assert provider.requests[-1].json()["model"] == "gpt-4o"

It is a real server, so it serves every HTTP library and both kinds of client. Which answer a request gets:
what was scripted for its model, else what was scripted for all, else the endpoint's answer for the model name
(`error-429`, `tools`, `cut` …), else the endpoint's default.
"""

import re
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from literalai_otel.testing.anthropic_messages import MESSAGE_ENDPOINTS
from literalai_otel.testing.openai_chat import CHAT_ENDPOINTS
from literalai_otel.testing.openai_media import MEDIA_ENDPOINTS
from literalai_otel.testing.openai_responses import RESPONSES_ENDPOINTS
from literalai_otel.testing.openai_text import TEXT_ENDPOINTS
from literalai_otel.testing.replies import Answer, Cut, Endpoint, Failure, Frame, Gate, RecordedRequest, Reply

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *CHAT_ENDPOINTS,
    *RESPONSES_ENDPOINTS,
    *TEXT_ENDPOINTS,
    *MEDIA_ENDPOINTS,
    *MESSAGE_ENDPOINTS,
)


class FakeProvider:
    """An in-process HTTP server on 127.0.0.1 and a free port; use it as a context manager.

    Args:
        endpoints: The paths that it serves; anything else gets 404.

    It keeps connections alive, sends streams chunk by chunk without delay, and records each request before it
    answers. All methods are thread-safe.
    """

    def __init__(self, endpoints: Sequence[Endpoint] = ENDPOINTS) -> None:
        self._endpoints = tuple(endpoints)
        self._lock = threading.Lock()
        self._requests: list[RecordedRequest] = []
        self._scripts: dict[str | None, list[Answer]] = {}
        self._gates: set[Gate] = set()
        self._sockets: set[socket.socket] = set()
        self._closing = False
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen. Raises `RuntimeError` when it listens already."""
        if self._server is not None:
            raise RuntimeError("this provider has been started")
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="fake-provider", daemon=True
        )
        self._thread.start()
        return self

    def close(self) -> None:
        """Open all gates, drop all connections and stop listening. A second call does nothing."""
        with self._lock:
            self._closing = True
            gates, sockets = list(self._gates), list(self._sockets)
        for gate in gates:
            gate.open()
        if self._server is None:
            return
        self._server.shutdown()
        for connection in sockets:
            _hang_up(connection)
        self._server.server_close()
        if self._thread is not None:
            self._thread.join(5)
        self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port that it listens on. Raises `RuntimeError` when it does not listen."""
        if self._server is None:
            raise RuntimeError("this provider is not running")
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:<port>`: the endpoint of an Azure client."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """The base address for an OpenAI client, with `/v1`."""
        return f"{self.origin}/v1"

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request so far, in order of arrival (a copy)."""
        with self._lock:
            return list(self._requests)

    def script(self, *answers: Answer, model: str | None = None) -> None:
        """Answer the next requests (those that name `model`, if given) so, in order; the last answer repeats.

        A later script for the same model replaces the earlier one. Without answers the script is removed.
        """
        with self._lock:
            if answers:
                self._scripts[model] = list(answers)
            else:
                self._scripts.pop(model, None)

    def clear(self) -> None:
        """Forget the recorded requests and all scripts."""
        with self._lock:
            self._requests.clear()
            self._scripts.clear()

    def reply_to(self, request: RecordedRequest) -> Reply:
        """Record `request` and render the answer to it."""
        with self._lock:
            self._requests.append(request)
        return self._answer(request).render(request)

    def pass_gate(self, gate: Gate) -> bool:
        """Wait at `gate`; false when the provider was closed meanwhile."""
        with self._lock:
            if self._closing:
                return False
            self._gates.add(gate)
        gate.pass_through()
        with self._lock:
            self._gates.discard(gate)
            return not self._closing

    def connected(self, connection: socket.socket) -> None:
        """A connection was accepted."""
        with self._lock:
            self._sockets.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        """A connection has ended."""
        with self._lock:
            self._sockets.discard(connection)

    def _answer(self, request: RecordedRequest) -> Answer:
        path = urlsplit(request.path).path
        for endpoint in self._endpoints:
            if endpoint.method == request.method and re.fullmatch(endpoint.pattern, path):
                break
        else:
            return Failure(404, message=f"unknown path {request.method} {path}", code="unknown_url")
        model = request.model
        with self._lock:
            script = self._scripts.get(model) or self._scripts.get(None)
            if script:
                return script.pop(0) if len(script) > 1 else script[0]
        return endpoint.models.get(model or "", endpoint.default)


def _hang_up(connection: socket.socket, *, reset: bool = False) -> None:
    try:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        else:
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the peer was faster


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in mid-answer is nothing to report; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - always made by _Server

    def setup(self) -> None:
        super().setup()
        self.server.provider.connected(self.connection)

    def finish(self) -> None:
        self.server.provider.disconnected(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the recorded requests are the log."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self._read_chunked() if "transfer-encoding" in self.headers else self.rfile.read(length)
        if body is None or len(body) < length:
            self.close_connection = True  # the client broke off: that is no request
            return
        request = RecordedRequest(self.command, self.path, tuple(self.headers.items()), body)
        reply = self.server.provider.reply_to(request)
        if reply.before is not None and not self._pass(reply.before):
            return
        frames = reply.frames
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for frame in frames:
                if isinstance(frame, bytes):
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(frame), frame))
                elif not self._pass(frame):
                    return
            self.wfile.write(b"0\r\n\r\n")
            return
        content = b"".join(frame for frame in frames if isinstance(frame, bytes))
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _pass(self, frame: Frame) -> bool:
        """Act on a frame that is no bytes; false when the connection is over."""
        if isinstance(frame, Gate):
            if self.server.provider.pass_gate(frame):
                return True
            self.close_connection = True
            return False
        self.close_connection = True
        _hang_up(self.connection, reset=isinstance(frame, Cut) and frame.reset)
        return False

    def _read_chunked(self) -> bytes | None:
        """The body; None when the connection ended before it."""
        parts: list[bytes] = []
        while line := self.rfile.readline():
            size = int(line.split(b";")[0], 16)
            if not size:
                while self.rfile.readline().strip():
                    pass  # trailers
                return b"".join(parts)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        return None
