"""Set-ups to be looked at: variables, packages that exist for one test, servers that answer what they are told."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from literalai_otel.diagnosis import Finding, Scene
from programs import Server, serving


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`packages(name, version, entry_points, *metadata)`: a distribution that shadows an installed one."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def add(name: str, version: str = "1.0", entry_points: str = "", *metadata: str) -> None:
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *metadata)
        (info / "METADATA").write_text("\n".join(head) + "\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")

    return add


Look = Callable[..., list[Finding]]


@pytest.fixture
def look() -> Look:
    """What a check finds under these variables alone."""
    return lambda check, **environ: list(check(Scene(environ)))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@dataclass
class Stranger:
    """A server on loopback that says what it is told."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"projectId": "p"})
    ahead: float = 0.0
    """Seconds that its clock is ahead."""
    url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {"LITERAL_API_URL": self.url, "LITERAL_API_KEY": "key"}


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    told = Stranger()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = (told.body if isinstance(told.body, str) else json.dumps(told.body)).encode()
            self.send_response_only(told.status)
            self.send_header("Date", formatdate(time.time() + told.ahead, usegmt=True))
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()
