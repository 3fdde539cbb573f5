import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from engines import NEWEST, Engines, Postgres, Sqlite
from literalai_otel.config import ServerConfig
from literalai_otel.server.access.first_start import ensure_first_key
from literalai_otel.server.app import create_app
from literalai_otel.server.store.store import Store

KEY = "a-key-of-the-tests"


@dataclass(frozen=True)
class RunningServer:
    """The real application on a loopback port."""

    url: str
    key: str
    http: httpx.Client
    store: Store

    def graphql(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        return self.http.post("/api/graphql", json={"query": query, "variables": variables or {}}, headers=headers)

    def data(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """The data of an answer that must have no errors."""
        answer = self.graphql(query, variables, **headers).json()
        assert "errors" not in answer, answer
        return answer["data"]


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    engines = Engines()
    yield engines
    engines.close()


@pytest.fixture(scope="module", params=["sqlite", *NEWEST])
def engine(request: pytest.FixtureRequest, engines: Engines) -> Iterator[Sqlite | Postgres]:
    """The database that stores are opened on; whoever asks for it, however indirectly, runs once on each."""
    engine = engines.get(request.param)
    yield engine
    engine.forget()


@pytest.fixture
def store(engine: Sqlite | Postgres, tmp_path: Path) -> Iterator[Store]:
    opened = engine.open(tmp_path / "data")
    yield opened
    opened.close()
    engine.drop(tmp_path / "data")


@contextmanager
def running(engine: Sqlite | Postgres, data_dir: Path, **settings: Any) -> Iterator[RunningServer]:
    config = ServerConfig.load({}, host="127.0.0.1", api_key=KEY, data_dir=str(data_dir), **settings)
    store = engine.open(data_dir)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(config, store),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    try:
        ensure_first_key(store, given=KEY, host=config.host)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=url, headers={"x-api-key": KEY}, timeout=20) as http:
            yield RunningServer(url=url, key=KEY, http=http, store=store)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        store.close()


@pytest.fixture(scope="module")
def server(engine: Sqlite | Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(engine, tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(scope="module")
def start(engine: Sqlite | Postgres) -> Any:
    """`with start(data_dir, **settings) as server`: a server of the test's own."""
    return partial(running, engine)
