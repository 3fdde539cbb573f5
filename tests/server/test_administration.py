"""`literalai-otel projects` and `keys` on the database of a server that runs."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from literalai_otel import __version__
from literalai_otel.cli import app
from literalai_otel.config import ServerConfig
from literalai_otel.server.files import Files
from literalai_otel.server.store.project_deletion import HANGING, NOT_OF_A_PROJECT, PIECE, owned
from literalai_otel.server.store.tables import metadata

KEY = re.compile(r"API key, shown this once: ([A-Za-z0-9_-]{32,})$", re.MULTILINE)
PROJECT_ID = re.compile(r"id ([0-9a-f-]{36})")


@dataclass
class House:
    """A running server and the commands on its database."""

    server: Any
    data_dir: Path
    run: Callable[..., Result]

    def good(self, *words: str) -> str:
        done = self.run(*words)
        assert done.exit_code == 0, done.output
        return done.stdout

    def ask(self, key: str, query: str) -> Any:
        return self.server.http.post("/api/graphql", json={"query": query}, headers={"x-api-key": key})


@pytest.fixture(scope="module")
def house(engine: Any, start: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data_dir = tmp_path_factory.mktemp("house") / "data"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LITERAL_", "DATABASE_"))}
    environment = kept | {"LITERAL_DATA_DIR": str(data_dir)} | engine.environment(data_dir) | {"COLUMNS": "200"}

    def run(*words: str) -> Result:
        # A variable that is None is unset for the command.
        absent = dict.fromkeys(os.environ.keys() - environment.keys())
        return CliRunner().invoke(app, list(words), env={**absent, **environment})

    with start(data_dir) as server:
        yield House(server, data_dir, run)


@pytest.mark.feature("P-SET-01", "P-SET-02")
def test_a_project_of_its_own_with_its_key(house: House):
    made = house.good("projects", "create", "Second")
    key = KEY.search(made)[1]
    project_id = PROJECT_ID.search(made)[1]
    listed = house.good("projects", "list")
    assert [line.split()[1:3] for line in listed.splitlines()[1:]] == [["Default", "1"], ["Second", "1"]]
    for owner in (key, house.server.key):
        house.ask(owner, f'mutation {{ ingestStep(id: "same", type: run, name: "{owner[:3]}") {{ ok }} }}')
    for owner in (key, house.server.key):
        assert house.ask(owner, '{ step(id: "same") { name } }').json()["data"] == {"step": {"name": owner[:3]}}
    own = house.server.http.post("/api/my-project", headers={"x-api-key": key}).json()
    assert own == {"projectId": project_id, "version": __version__}


@pytest.mark.feature("P-SET-02")
def test_keys_are_shown_once_say_when_they_were_used_and_can_be_revoked(house: House):
    house.good("projects", "create", "Keys")
    key = KEY.search(house.good("keys", "create", "for the demo", "--project", "Keys"))[1]
    listed = house.good("keys", "list", "--project", "Keys")
    (row,) = [line for line in listed.splitlines() if "for the demo" in line]
    assert row.rstrip().endswith("never")
    assert key[:6] in row
    assert key[:8] not in listed
    assert house.ask(key, "{ threads { totalCount } }").status_code == 200
    for _ in range(100):
        (row,) = [line for line in house.good("keys", "list").splitlines() if "for the demo" in line]
        if not row.rstrip().endswith("never"):
            break
    assert re.search(r"\d\d:\d\d\s*$", row)
    number = row.split()[0]
    assert "is revoked" in house.good("keys", "revoke", number)
    assert "for the demo" not in house.good("keys", "list")
    again = house.run("keys", "revoke", number)
    assert again.exit_code == 1
    assert f"there is no key {number}" in again.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["projects", "create", "  "], "a project needs a name"),
        (["projects", "delete", "nowhere", "--yes"], "there is no project nowhere"),
        (["keys", "create", "--project", "nowhere"], "there is no project nowhere"),
        (["keys", "create"], "several projects exist"),
    ],
)
def test_what_cannot_be_done_says_why(house: House, words: list[str], problem: str):
    house.run("projects", "create", "Another")
    done = house.run(*words)
    assert done.exit_code == 1
    assert problem in done.stderr
    assert "fix: " in done.stderr


def test_every_table_with_rows_of_a_project_is_emptied():
    tables = {table.name for table in owned()} | {table.name for table in HANGING} | NOT_OF_A_PROJECT
    assert tables | {"blobs", "server_secrets"} == set(metadata.tables)


@pytest.mark.feature("P-ING-10")
def test_a_project_goes_with_all_that_it_has_and_no_other_loses_anything(house: House, monkeypatch: pytest.MonkeyPatch):
    from literalai_otel.server import administration

    from .test_transfer import RECORDS, dump, refusals

    made = house.good("projects", "create", "Doomed")
    key, project_id = KEY.search(made)[1], PROJECT_ID.search(made)[1]
    many = [{"kind": "step", "id": f"many-{n}", "type": "run", "tags": ["t"]} for n in range(PIECE + 20)]
    http = house.server.http
    before = dump(house.server)
    for records in (RECORDS, many):
        answer = http.post("/api/import", json={"records": records}, headers={"x-api-key": key})
        assert all(result["ok"] for result in answer.json()["results"])
    facts = {"x-api-key": key, "x-literal-file": '{"objectKey": "files/doomed.txt"}'}
    assert http.post("/api/import/file", content=b"doomed", headers=facts).json()["stored"]
    sweeper = Files(house.server.store, ServerConfig.load({}, data_dir=str(house.data_dir)))
    blob = hashlib.sha256(b"doomed").hexdigest()
    assert list((house.data_dir / "files").rglob(blob))
    refused = house.run("projects", "delete", project_id)
    assert refused.exit_code == 1
    waited: list[float] = []

    def meanwhile(seconds: float) -> None:
        """A server that remembers the key still takes a step."""
        waited.append(seconds)
        late = {"records": [{"kind": "step", "id": "late", "threadId": "late", "type": "run"}]}
        assert http.post("/api/import", json=late, headers={"x-api-key": key}).json()["results"][0]["ok"]

    monkeypatch.setattr(administration.time, "sleep", meanwhile)
    assert "is deleted" in house.good("projects", "delete", project_id, "--yes")
    monkeypatch.undo()
    assert waited == [administration.FORGOTTEN]
    assert project_id not in house.good("projects", "list")
    assert dump(house.server) == before
    assert sweeper.sweep() == 1
    assert not list((house.data_dir / "files").rglob(blob))
    with house.server.store._database.read() as connection:
        for table in (*owned(), *HANGING):
            rows = connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar_one()
            if "project_id" in table.c:
                ids = connection.exec_driver_sql("SELECT id FROM projects").scalars().all()
                kept = connection.execute(table.select().where(table.c.project_id.in_(ids))).all()
                assert len(kept) == rows, table.name
    assert refusals(house.server, []) == []


def test_without_a_database_the_fix_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in os.environ if name.startswith(("LITERAL_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    done = CliRunner().invoke(app, ["projects", "list", "--data-dir", str(tmp_path / "none")])
    assert done.exit_code == 2
    assert "start a server on it first" in done.stderr
    assert not (tmp_path / "none").exists()


LINK = re.compile(r"^(http\S+)/sign-in#([A-Za-z0-9_-]{40,})$", re.MULTILINE)


def signed_in(house: House, link: str) -> dict[str, Any]:
    answer = httpx.post(f"{house.server.url}/api/session/link", json={"token": LINK.search(link)[2]})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.feature("P-TEAM-01", "P-TEAM-04")
def test_people_are_let_in_changed_and_taken_out(house: House):
    made = house.good("projects", "create", "Team")
    project_id = PROJECT_ID.search(made)[1]
    words = ("--project", "Team")
    house.good("members", "add", "Ada@Example.com", "--role", "domain expert", *words)
    found = signed_in(house, house.good("sign-in-link", "ada@example.com", "--url", "https://ai.example.com/literal/"))
    assert found["user"]["email"] == "ada@example.com"
    assert [(one["id"], one["role"]) for one in found["projects"]] == [(project_id, "DOMAIN_EXPERT")]
    house.good("members", "add", "ada@example.com", "--role", "ADMIN", *words)
    (row,) = [line for line in house.good("members", "list", *words).splitlines() if "ada@example.com" in line]
    assert row.split() == ["Team", "ada", "ada@example.com", "ADMIN", "never"]
    house.good("members", "add", "bob@example.com", "--role", "ADMIN", *words)
    assert "no longer" in house.good("members", "remove", "ada@example.com", *words)
    assert "ada@example.com" not in house.good("members", "list")
    for refused, problem in (
        (("members", "remove", "bob@example.com", *words), "last admin"),
        (("members", "remove", "ada@example.com", *words), "no member"),
        (("members", "remove", "eve@example.com", *words), "nobody has the address"),
        (("members", "add", "eve", *words), "such as ada@example.com"),
        (("members", "add", "eve@example.com", "--role", "KING", *words), "there is no role KING"),
        (("sign-in-link", "eve@example.com"), "nobody has the address"),
    ):
        done = house.run(*refused)
        assert done.exit_code in (1, 2), refused
        assert problem in done.stderr, refused
        assert "None" not in done.stderr


def test_the_owner_is_let_in_again_and_gets_projects_that_are_made_later(house: House):
    link = house.good("sign-in-link", "--url", house.server.url)
    assert LINK.search(link)[1] == house.server.url
    owned = {one["name"] for one in signed_in(house, link)["projects"]}
    assert "Default" in owned
    house.good("projects", "create", "Later")
    again = house.good("sign-in-link")
    assert LINK.search(again)[1] == "http://127.0.0.1:3000"
    assert {one["name"] for one in signed_in(house, again)["projects"]} == owned | {"Later"}


@pytest.mark.feature("P-SET-02")
def test_a_key_has_the_role_that_it_was_made_with(house: House):
    house.good("projects", "create", "Roles")
    key = KEY.search(house.good("keys", "create", "reader", "--role", "domain-expert", "--project", "Roles"))[1]
    (row,) = [line for line in house.good("keys", "list", "--project", "Roles").splitlines() if "reader" in line]
    assert "DOMAIN_EXPERT" in row
    assert house.ask(key, "{ threads { totalCount } }").json()["data"] == {"threads": {"totalCount": 0}}
    refused = house.ask(key, "{ promptLineages { totalCount } }").json()["errors"][0]
    assert refused["extensions"]["code"] == "FORBIDDEN"
