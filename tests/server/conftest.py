import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from literalai_otel.config import ServerConfig
from literalai_otel.server.app import create_app
from literalai_otel.server.auth import ensure_first_key
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


@contextmanager
def running(data_dir: Path, **settings: Any) -> Iterator[RunningServer]:
    config = ServerConfig.load({}, host="127.0.0.1", api_key=KEY, **settings)
    store = Store.open(data_dir)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(create_app(config, store), log_config=None, access_log=False, lifespan="off", ws="none")
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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(scope="session")
def start() -> Any:
    """`with start(data_dir, **settings) as server`: a server of the test's own."""
    return running
