"""Every GraphQL document of every generation of the published client: valid, on the fast path, and answered."""

import json
import os
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
import pytest
from graphql import parse, validate

from literalai_otel.server.resolvers.documents import DocumentCache
from literalai_otel.server.resolvers.engine import bound_schema
from programs import Server

from .clients import ENGINES, Client
from .replay import Replay

OLD = ("0.0.509", "0.0.607", "0.0.610", "0.0.611", "0.0.627", "0.1.0")
CLIENTS = (
    Client("literalai 0.0.502", "published-oldest", "documents.py"),
    *(Client(f"literalai {each}", "published-generations", "documents.py", f"literalai=={each}") for each in OLD),
    Client("literalai 0.1.300", "published", "documents.py"),
)
pytestmark = pytest.mark.timeout(900)
each_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)


@pytest.fixture(scope="session")
def documents_of(built: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """The documents that a client's package holds, name to text."""

    @cache
    def read(client: Client) -> dict[str, str]:
        built(client.lane)
        folder = tmp_path_factory.mktemp("documents")
        environment = {**os.environ, **client.environment, "LITERAL_API_KEY": "unused"}
        command = client.command(folder)
        done = subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=folder, env=environment)
        return json.loads(done.stdout)

    return read


@pytest.mark.feature("L-CLI-29")
@each_client
def test_every_document_is_valid(documents_of: Callable[[Client], dict[str, str]], client: Client):
    schema = bound_schema()
    documents = documents_of(client)
    problems = {
        name: [error.message for error in errors]
        for name, text in documents.items()
        if (errors := validate(schema, parse(text)))
    }
    assert problems == {}
    assert len(documents) >= 40


@each_client
def test_the_clients_batches_take_the_fast_path(documents_of: Callable[[Client], dict[str, str]], client: Client):
    store = DocumentCache(bound_schema())
    planned = {name for name, text in documents_of(client).items() if store.load(text).plan is not None}
    assert planned == {"AddStep of 1", "AddStep of 2", "AddStep of 5"}


@pytest.mark.feature("L-CLI-29", "L-CLI-25")
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
@each_client
def test_every_document_is_answered(
    documents_of: Callable[[Client], dict[str, str]], engine: Any, server: Server, client: Client, record_property: Any
):
    headers = {"x-api-key": server.key, "x-client-name": "py-literal-client", "x-client-version": client.name[10:]}
    with httpx.Client(base_url=server.url, headers=headers, timeout=20) as http:
        replay = Replay(
            lambda text, variables: http.post("/api/graphql", json={"query": text, "variables": variables}).json()
        )
        replay.run(documents_of(client))
    counts = f"{len(replay.done)} documents replayed, {len(replay.problems)} failed"
    record_property("published", f"{client.name}, {engine.name}: {counts}")
    assert replay.problems == {}
    assert set(replay.done) == set(documents_of(client))
