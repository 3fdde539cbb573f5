"""Real programs: a server of ours, a user's script under `opentelemetry-instrument`, a provider on loopback."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from literalai_otel.testing import FakeProvider
from programs import BIN, Server, clean_environment, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`literalai-otel serve` with an empty data folder."""
    with serving(tmp_path / "data") as running:
        yield running


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
