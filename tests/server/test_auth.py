"""Keys: stored hashed, adopted, refused when they are too short to be seen from elsewhere."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.config import ServerConfig
from literalai_otel.errors import ConfigError
from literalai_otel.server.access.first_start import ensure_first_key, is_loopback
from literalai_otel.server.access.keys import hash_key
from literalai_otel.server.app import create_app
from literalai_otel.server.store import projects
from literalai_otel.server.store.store import Store

LONG = "long-enough-to-be-seen"


def test_a_first_start_makes_a_project_and_a_random_key(store: Store):
    first = ensure_first_key(store, given=None, host="0.0.0.0")
    assert first.key is not None
    assert len(first.key) >= 32
    found = store.find_api_key(hash_key(first.key))
    assert found is not None
    assert found.project == first.project


def test_a_later_start_shows_no_key(store: Store):
    first = ensure_first_key(store, given=None, host="127.0.0.1")
    again = ensure_first_key(store, given=None, host="127.0.0.1")
    assert (again.project, again.key, again.adopted) == (first.project, None, False)


def test_given_keys_are_adopted_at_every_start(store: Store):
    for key in ("k", LONG, LONG):
        first = ensure_first_key(store, given=key, host="127.0.0.1")
        assert (first.key, first.adopted) == (None, True)
    owners = {store.find_api_key(hash_key(key)).project for key in ("k", LONG)}
    assert owners == {store.read(projects.first)}


def test_a_key_is_nowhere_in_the_database(engine: Any, tmp_path: Path, store: Store):
    ensure_first_key(store, given=LONG, host="127.0.0.1")
    rows = engine.run(tmp_path / "data", "SELECT * FROM api_keys")
    assert len(rows) == 1
    assert LONG not in str(rows)
    files = [path for path in (tmp_path / "data").iterdir() if path.is_file()]
    assert bool(files) == (store.dialect == "sqlite")
    assert all(LONG.encode() not in path.read_bytes() for path in files)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_a_short_key_beyond_loopback_is_refused_with_the_fix(store: Store, host: str):
    with pytest.raises(ConfigError, match="at least 16 characters"):
        ensure_first_key(store, given="k" * 15, host=host)
    assert store.read(projects.first) is None
    assert ensure_first_key(store, given="k" * 16, host=host).adopted


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.0.1", "[::1]"])
def test_loopback(host: str):
    assert is_loopback(host)


async def test_a_short_key_of_earlier_is_refused_once_the_server_is_exposed(store: Store):
    ensure_first_key(store, given="k", host="127.0.0.1")
    answers = {}
    for host in ("127.0.0.1", "0.0.0.0"):
        transport = httpx.ASGITransport(create_app(ServerConfig.load({}, host=host), store))
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as http:
            answers[host] = await http.post("/api/my-project", headers={"x-api-key": "k"})
    assert answers["127.0.0.1"].status_code == 200
    assert answers["0.0.0.0"].status_code == 401
    assert "16 characters" in answers["0.0.0.0"].json()["errors"][0]["message"]


@pytest.mark.feature("P-ING-06")
async def test_projects_do_not_see_each_other(store: Store):
    ensure_first_key(store, given="one", host="127.0.0.1")
    other = store.create_project("other").result()
    store.add_api_key(other.id, key_hash=hash_key("two"), prefix="", name="test").result()
    transport = httpx.ASGITransport(create_app(ServerConfig.load({}), store))

    async def ask(key: str, query: str) -> Any:
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as http:
            answer = await http.post("/api/graphql", headers={"x-api-key": key}, json={"query": query})
        return answer.json()["data"]

    for key in ("one", "two"):
        await ask(key, f'mutation {{ ingestStep(id: "same", type: run, name: "{key}") {{ ok }} }}')
    for key in ("one", "two"):
        assert await ask(key, '{ step(id: "same") { name } }') == {"step": {"name": key}}
    await ask("two", 'mutation { deleteStep(id: "same") { id } }')
    assert await ask("one", '{ step(id: "same") { name } }') == {"step": {"name": "one"}}
