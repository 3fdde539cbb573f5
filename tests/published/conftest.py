"""Published clients in environments of their own, a relay that counts their calls, and the server as a process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines import Engines, Postgres, Sqlite
from literalai_otel.testing import FakeProvider
from literalai_otel.testing.fake_provider import ENDPOINTS
from programs import Server, serving

from .assistants import ASSISTANT_ENDPOINTS
from .clients import Client, Results, drive

ROOT = Path(__file__).resolve().parents[2]
SKIP = "LITERAL_SKIP_PUBLISHED"


@pytest.fixture(scope="session")
def built() -> Callable[[str], None]:
    """Makes a lane's environment if it is not there; the first time that takes a minute or so."""
    if os.environ.get(SKIP) == "1":
        pytest.skip(f"{SKIP}=1: the environments with the published clients are not to be built")

    def build(lane: str) -> None:
        subprocess.run([sys.executable, "tests/lanes.py", lane, "--build"], cwd=ROOT, check=True, timeout=800)

    return build


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    engines = Engines()
    yield engines
    engines.close()


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest, engines: Engines) -> Iterator[Sqlite | Postgres]:
    """The database of the server: SQLite for whoever names none."""
    engine = engines.get(getattr(request, "param", "sqlite"))
    yield engine
    engine.forget()


@pytest.fixture(scope="module")
def server(engine: Sqlite | Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`literalai-otel serve` with an empty data folder and database."""
    data_dir = tmp_path_factory.mktemp("server") / "data"
    with serving(data_dir, **engine.environment(data_dir)) as server:
        yield server


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    """OpenAI's wire on loopback, the part that threads of assistants are copied from included."""
    with FakeProvider([*ENDPOINTS, *ASSISTANT_ENDPOINTS]) as provider:
        yield provider


@pytest.fixture(scope="module")
def results_of(
    engine: Sqlite | Postgres,
    server: Server,
    provider: FakeProvider,
    built: Callable[[str], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Client], Results]:
    """Runs a client's program once a module; what it and the relay say."""
    done: dict[str, Results] = {}

    def run(client: Client) -> Results:
        if client.name not in done:
            built(client.lane)
            done[client.name] = drive(client, server, provider, tmp_path_factory.mktemp("client"), engine.name)
        return done[client.name]

    return run
