"""What the journeys' programs need: ports, a clean environment, the address of a running server."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from literalai_otel.api import SyncApi

BIN = Path(sys.executable).parent
KEY = "journey-key-0123456789"
Run = Callable[..., "subprocess.CompletedProcess[str]"]
"""The `run_program` fixture: source, then settings as environment variables."""
ZERO_CODE = {"OTEL_PYTHON_DISTRO": "literalai", "OTEL_PYTHON_CONFIGURATOR": "literalai"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, seconds: float = 50) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def wait_until_listening(port: int, seconds: float = 50) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment of this process without any tracing set-up, plus `settings`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "LITERAL_", "OPENAI_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **settings}


@dataclass(frozen=True)
class Server:
    url: str
    key: str

    @property
    def environment(self) -> dict[str, str]:
        return {"LITERAL_API_URL": self.url, "LITERAL_API_KEY": self.key}

    def api(self) -> SyncApi:
        return SyncApi(self.url, self.key)


@contextmanager
def serving(data_dir: Path, **settings: str) -> Iterator[Server]:
    """`literalai-otel serve` on a data folder, with further variables; it must end well."""
    port = free_port()
    log = data_dir.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BIN / "literalai-otel", "serve", "--port", str(port), "--data-dir", data_dir],
            env=clean_environment(LITERAL_API_KEY=KEY, **settings), stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz")
            yield Server(f"http://127.0.0.1:{port}", KEY)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    assert process.returncode == 0, log.read_text(encoding="utf-8")
