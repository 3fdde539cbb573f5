"""Real programs: a server of ours, a user's script under `opentelemetry-instrument`, a provider on loopback."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from literalai_otel.testing import FakeProvider
from programs import BIN, KEY, Server, clean_environment, free_port, wait_for


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`literalai-otel serve` with an empty data folder."""
    port = free_port()
    process = subprocess.Popen(
        [BIN / "literalai-otel", "serve", "--port", str(port), "--data-dir", tmp_path / "data"],
        env=clean_environment(LITERAL_API_KEY=KEY),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield Server(f"http://127.0.0.1:{port}", KEY)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@pytest.fixture
def run_program(tmp_path: Path, provider: FakeProvider) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Write a user's program and run it; `instrumented` puts `opentelemetry-instrument` before it."""

    def run(source: str, *, instrumented: bool = True, timeout: float = 40, **settings: str):
        path = tmp_path / "app.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        command = [BIN / "opentelemetry-instrument"] if instrumented else []
        environment = clean_environment(OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=provider.base_url, **settings)
        return subprocess.run(
            [*command, sys.executable, path],
            env=environment, capture_output=True, text=True, timeout=timeout, cwd=tmp_path, check=False,
        )  # fmt: skip

    return run
