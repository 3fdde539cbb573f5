"""Real processes as people run them in production, a server of ours, a model provider on loopback."""

import re
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from literalai_otel.testing import FakeProvider
from programs import BIN, ZERO_CODE, Server, clean_environment, serving

ROOT = Path(__file__).parents[2]
OF_NO_INTEREST = "fastapi,google-genai,httpx,requests,celery"
"""Instrumentors of this environment that import their framework at once, or are not what is looked at."""
SLACK_S = 6.0
"""What a busy machine may add to a deadline."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@pytest.fixture
def environment(server: Server, provider: FakeProvider) -> dict[str, str]:
    return clean_environment(
        OPENAI_API_KEY="sk-test",
        OPENAI_BASE_URL=provider.base_url,
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=OF_NO_INTEREST,
        **server.environment,
    )


@pytest.fixture
def page(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a program of docs/production.md, by its name, into the test's folder."""

    def write(name: str) -> Path:
        text = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
        blocks = re.findall(rf"```python\n# {re.escape(name)}\n(.*?)```", text, re.DOTALL)
        assert len(blocks) == 1, f"one program of the page is called {name}"
        path = tmp_path / name
        path.write_text(blocks[0], encoding="utf-8")
        return path

    return write


@dataclass
class Program:
    """A process that runs, and what it wrote once it has ended."""

    process: "subprocess.Popen[str]"
    output: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_until_it_says(self, text: str, seconds: float = 90, times: int = 1) -> None:
        deadline = time.monotonic() + seconds
        while self.said().count(text) < times:
            assert time.monotonic() < deadline and self.process.poll() is None, self.said()
            time.sleep(0.02)

    def ends(self, seconds: float = 90) -> int:
        """The exit status; negative for a signal."""
        return self.process.wait(seconds)

    def signalled(self, number: int, seconds: float = 90) -> int:
        self.process.send_signal(number)
        return self.ends(seconds)


@dataclass
class Starter:
    """Starts programs in a folder, and ends what a failed test left."""

    folder: Path
    environment: dict[str, str]
    programs: list[Program] = field(default_factory=list)

    def __call__(self, *words: object, zero_code: bool = False, stdin: bool = False, **settings: str) -> Program:
        tool: Sequence[object] = [BIN / "opentelemetry-instrument"] if zero_code else []
        output = self.folder / f"output-{len(self.programs)}"
        with output.open("w", encoding="utf-8") as written:
            process = subprocess.Popen(
                [str(word) for word in (*tool, *words)],
                cwd=self.folder,
                env={**self.environment, **(ZERO_CODE if zero_code else {}), **settings},
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.programs.append(Program(process, output))
        return self.programs[-1]

    def python(self, source: str, *, zero_code: bool = False, **settings: str) -> Program:
        path = self.folder / "app.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return self(sys.executable, "-W", "error::DeprecationWarning:__main__", path, zero_code=zero_code, **settings)


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Starter]:
    starter = Starter(tmp_path, environment)
    yield starter
    for program in starter.programs:
        if program.process.poll() is None:
            program.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                program.process.wait(20)
            program.process.kill()
        if program.process.stdin is not None:
            program.process.stdin.close()


@pytest.fixture
def asked(server: Server) -> Callable[..., list[str]]:
    """The questions of the stored generations that begin with a word: sorted, each as often as it is stored."""

    def read(prefix: str, expected: int, seconds: float = 10) -> list[str]:
        deadline = time.monotonic() + seconds
        while True:
            with server.api() as api:
                steps = api.get_steps(first=500).data
            found = [
                str((step.generation.messages or [{}])[-1].get("content"))  # pyright: ignore
                for step in steps
                if step.generation is not None
            ]
            found = sorted(text for text in found if text.startswith(prefix))
            if len(found) >= expected or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    return read


def get(url: str, seconds: float = 20) -> str:
    with urllib.request.urlopen(url, timeout=seconds) as answer:
        return answer.read().decode()
