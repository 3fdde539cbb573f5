"""Keys, members, invitations and projects, as their admins see them, on both databases."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.config import ServerConfig
from literalai_otel.server import administration
from literalai_otel.server.access import keys as key_cache
from literalai_otel.server.access.first_start import account_link, owner_link
from literalai_otel.server.app import create_app
from literalai_otel.server.store import accounts, memberships, sessions

PASSWORD = "correct horse battery"
USAGE = "/api/usage"


@dataclass
class House:
    """One server with people: each test makes a project of its own."""

    server: Any
    client: Callable[..., httpx.Client]
    emails: list[str] = field(default_factory=list[str])

    def person(self, name: str) -> httpx.Client:
        """Somebody with an account, signed in."""
        email = f"{name}-{len(self.emails)}@example.com"
        self.emails.append(email)
        account = self.server.store.write(accounts.create, name=name, email=email).result()
        client = self.client()
        client.headers["x-email"] = email
        token = account_link(self.server.store, account, self.server.url).partition("#")[2]
        client.headers["x-csrf-token"] = client.post("/api/session/link", json={"token": token}).json()["csrfToken"]
        return client

    def project(self, name: str = "own") -> httpx.Client:
        """The admin of a new project."""
        admin = self.person("admin")
        made = admin.post("/api/projects", json={"name": name})
        assert made.status_code == 201, made.text
        admin.headers["x-project-id"] = made.json()["id"]
        return admin

    def member(self, admin: httpx.Client, role: str) -> httpx.Client:
        """Somebody who accepted an invitation to the admin's project."""
        person = self.person(role.lower())
        token = self.invitation(admin, person.headers["x-email"], role)
        assert person.post("/api/invitations/accept", json={"token": token}).status_code == 200
        person.headers["x-csrf-token"] = person.get("/api/session").json()["csrfToken"]
        person.headers["x-project-id"] = admin.headers["x-project-id"]
        return person

    def invitation(self, admin: httpx.Client, email: str, role: str) -> str:
        made = admin.post("/api/invitations", json={"email": email, "role": role})
        assert made.status_code == 201, made.text
        address, _, token = made.json()["link"].partition("#")
        assert address == f"{self.server.url}/invitation"
        return token


@pytest.fixture(scope="module")
def house(server: Any) -> Iterator[House]:
    with ExitStack() as opened:
        yield House(
            server,
            lambda **headers: opened.enter_context(httpx.Client(base_url=server.url, headers=headers, timeout=30)),
        )


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


def id_of(client: httpx.Client) -> str:
    return client.get("/api/session").json()["user"]["id"]


def project_of(client: httpx.Client) -> str:
    return f"/api/projects/{client.headers['x-project-id']}"


# --- keys --------------------------------------------------------------------------------------


@pytest.mark.feature("P-SET-02")
def test_a_key_is_shown_once_used_listed_and_refused_as_soon_as_it_is_revoked(house: House):
    admin = house.project()
    made = admin.post("/api/keys", json={"name": " CI ", "role": "AI_ENGINEER"})
    assert made.status_code == 201
    key = made.json()["key"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{32,}", key)
    listed = admin.get("/api/keys")
    (row,) = listed.json()["keys"]
    assert row | {"id": "", "createdAt": ""} == {
        "id": "",
        "name": "CI",
        "prefix": key[:6],
        "role": "AI_ENGINEER",
        "createdAt": "",
        "lastUsedAt": None,
        "createdBy": admin.headers["x-email"],
    }
    assert key[:8] not in listed.text
    program = house.client(**{"x-api-key": key})
    assert program.get(USAGE).status_code == 200
    for _ in range(100):
        if admin.get("/api/keys").json()["keys"][0]["lastUsedAt"]:
            break
        time.sleep(0.02)
    assert admin.get("/api/keys").json()["keys"][0]["lastUsedAt"]
    assert admin.delete(f"/api/keys/{row['id']}").status_code == 204
    assert code(program.get(USAGE)) == (401, "UNAUTHENTICATED")
    assert admin.get("/api/keys").json() == {"keys": []}
    assert code(admin.delete(f"/api/keys/{row['id']}")) == (404, "NOT_FOUND")


def test_another_process_forgets_a_revoked_key_within_ten_seconds(house: House, monkeypatch: pytest.MonkeyPatch):
    admin = house.project()
    made = admin.post("/api/keys", json={"name": "CI", "role": "ADMIN"}).json()
    other = key_cache.Keys(house.server.store)
    clock = [0.0]
    monkeypatch.setattr(key_cache.time, "monotonic", lambda: clock[0])

    async def asked() -> bool:
        try:
            await other.caller_of(made["key"])
        except key_cache.Problem:
            return False
        return True

    assert asyncio.run(asked())
    assert admin.delete(f"/api/keys/{made['id']}").status_code == 204
    clock[0] = 9.0
    assert asyncio.run(asked())
    clock[0] = 10.5
    assert not asyncio.run(asked())


def test_nobody_makes_or_revokes_a_key_above_their_own_role(house: House):
    admin = house.project()
    engineer = house.member(admin, "AI_ENGINEER")
    above = admin.post("/api/keys", json={"name": "all", "role": "ADMIN"}).json()["id"]
    assert code(engineer.post("/api/keys", json={"name": "mine", "role": "ADMIN"})) == (403, "FORBIDDEN")
    assert code(engineer.delete(f"/api/keys/{above}")) == (403, "FORBIDDEN")
    own = engineer.post("/api/keys", json={"name": "mine", "role": "DOMAIN_EXPERT"})
    assert own.status_code == 201
    assert engineer.delete(f"/api/keys/{own.json()['id']}").status_code == 204


@pytest.mark.parametrize(
    ("given", "named"),
    [({}, "name"), ({"name": ""}, "name"), ({"name": "n"}, "role"), ({"name": "n", "role": "OWNER"}, "DOMAIN_EXPERT")],
)
def test_a_key_without_name_or_role_is_refused(house: House, given: dict[str, Any], named: str):
    answer = house.project().post("/api/keys", json=given)
    assert code(answer)[0] == 400
    assert named in answer.text


def test_keys_of_other_projects_are_not_there(house: House):
    one, other = house.project(), house.project()
    key = one.post("/api/keys", json={"name": "n", "role": "ADMIN"}).json()
    assert code(other.delete(f"/api/keys/{key['id']}")) == (404, "NOT_FOUND")
    assert other.get("/api/keys").json() == {"keys": []}
    assert house.client(**{"x-api-key": key["key"]}).get(USAGE).status_code == 200


# --- invitations -------------------------------------------------------------------------------


@pytest.mark.feature("P-TEAM-01", "P-TEAM-04")
@pytest.mark.parametrize("role", ["ADMIN", "AI_ENGINEER", "DOMAIN_EXPERT"])
def test_an_invitation_makes_an_account_with_its_role_once(house: House, role: str):
    admin = house.project("Team")
    email = f"New-{role}@Example.com"
    token = house.invitation(admin, email, role)
    (waiting,) = admin.get("/api/members").json()["invitations"]
    assert (waiting["email"], waiting["role"], waiting["invitedBy"]) == (email.lower(), role, admin.headers["x-email"])
    guest = house.client()
    look = guest.post("/api/invitations/look", json={"token": token}).json()
    assert look == {"email": email.lower(), "project": "Team", "role": role, "hasAccount": False}
    accepted = guest.post("/api/invitations/accept", json={"token": token, "name": "New", "password": PASSWORD})
    assert accepted.json()["user"]["email"] == email.lower()
    assert [(one["name"], one["role"]) for one in accepted.json()["projects"]] == [("Team", role)]
    assert guest.get("/api/session").json()["user"]["name"] == "New"
    listed = admin.get("/api/members").json()
    assert listed["invitations"] == []
    assert [(one["name"], one["role"]) for one in listed["members"]][1:] == [("New", role)]
    for path in ("look", "accept"):
        again = house.client().post(
            f"/api/invitations/{path}", json={"token": token, "name": "x", "password": PASSWORD}
        )
        assert code(again) == (404, "NOT_FOUND")
    signs_in = house.client().post("/api/session", json={"email": email, "password": PASSWORD})
    assert signs_in.status_code == 200


def test_who_has_an_account_gives_its_password_or_is_signed_in(house: House):
    admin, person = house.project(), house.person("known")
    email = person.headers["x-email"]
    assert person.patch("/api/account", json={"password": PASSWORD}).status_code == 200
    token = house.invitation(admin, email, "DOMAIN_EXPERT")
    assert house.client().post("/api/invitations/look", json={"token": token}).json()["hasAccount"] is True
    for wrong in ({}, {"password": "wrong password", "name": "Eve"}):
        answer = house.client().post("/api/invitations/accept", json={"token": token, **wrong})
        assert code(answer) == (401, "UNAUTHENTICATED")
    stranger = house.person("stranger")
    assert code(stranger.post("/api/invitations/accept", json={"token": token}))[0] == 401
    joined = house.client().post("/api/invitations/accept", json={"token": token, "password": PASSWORD})
    assert joined.json()["user"]["name"] == "known"
    again = house.invitation(house.project(), email, "ADMIN")
    person.headers["x-csrf-token"] = ""
    person.post("/api/session", json={"email": email, "password": PASSWORD})
    assert len(person.post("/api/invitations/accept", json={"token": again}).json()["projects"]) == 2


def test_invitations_are_withdrawn_replaced_and_expire(house: House, monkeypatch: pytest.MonkeyPatch):
    admin = house.project()

    def works(token: str) -> bool:
        return house.client().post("/api/invitations/look", json={"token": token}).status_code == 200

    first = house.invitation(admin, "a@example.com", "ADMIN")
    second = house.invitation(admin, "A@example.com", "AI_ENGINEER")
    assert (works(first), works(second)) == (False, True)
    (waiting,) = admin.get("/api/members").json()["invitations"]
    assert house.project().delete(f"/api/invitations/{waiting['id']}").status_code == 404
    assert admin.delete(f"/api/invitations/{waiting['id']}").status_code == 204
    assert not works(second)
    assert admin.delete(f"/api/invitations/{waiting['id']}").status_code == 404
    third = house.invitation(admin, "a@example.com", "ADMIN")
    week, moment = 7 * 24 * 3_600 * 1_000_000, memberships.now()
    monkeypatch.setattr(memberships, "now", lambda: moment + week - 60_000_000)
    assert works(third)
    monkeypatch.setattr(memberships, "now", lambda: moment + week + 60_000_000)
    assert not works(third)
    assert admin.get("/api/members").json()["invitations"] == []


def test_of_two_who_accept_at_the_same_moment_one_does(house: House):
    token = house.invitation(house.project(), "twice@example.com", "ADMIN")
    given = {"token": token, "name": "n", "password": PASSWORD}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: house.client().post("/api/invitations/accept", json=given), range(4)))
    assert sorted(answer.status_code == 200 for answer in answers) == [False, False, False, True]
    assert {answer.status_code for answer in answers} <= {200, 401, 404}


@pytest.mark.parametrize("given", [{"email": "a@b"}, {"role": "ADMIN"}, {"email": "none", "role": "ADMIN"}])
def test_bad_invitations_are_refused(house: House, given: dict[str, Any]):
    assert code(house.project().post("/api/invitations", json=given))[0] == 400


def test_a_member_is_not_invited_again(house: House):
    admin = house.project()
    answer = admin.post("/api/invitations", json={"email": admin.headers["x-email"], "role": "ADMIN"})
    assert code(answer) == (409, "CONFLICT")


# --- members -----------------------------------------------------------------------------------


@pytest.mark.feature("P-TEAM-01")
def test_a_change_of_role_holds_from_the_next_request_on(house: House):
    admin = house.project()
    expert = house.member(admin, "DOMAIN_EXPERT")
    members = admin.get("/api/members").json()["members"]
    assert [set(one) for one in members] == [{"userId", "name", "email", "role", "joinedAt", "lastSeenAt"}] * 2
    assert code(expert.get("/api/keys")) == (403, "FORBIDDEN")
    path = f"/api/members/{id_of(expert)}"
    assert admin.patch(path, json={"role": "AI_ENGINEER"}).status_code == 204
    assert expert.get("/api/keys").status_code == 200
    assert admin.delete(path).status_code == 204
    assert code(expert.get(USAGE)) == (404, "NOT_FOUND")
    assert expert.get("/api/session").json()["projects"] == []
    assert code(admin.delete(path)) == (404, "NOT_FOUND")
    assert code(house.project().patch(f"/api/members/{id_of(admin)}", json={"role": "ADMIN"})) == (404, "NOT_FOUND")


@pytest.mark.feature("P-SET-04")
def test_the_last_admin_stays(house: House):
    admin = house.project()
    own = f"/api/members/{id_of(admin)}"
    tries = (
        lambda: admin.post(f"{project_of(admin)}/leave"),
        lambda: admin.delete(own),
        lambda: admin.patch(own, json={"role": "DOMAIN_EXPERT"}),
    )
    for refused in tries:
        assert code(refused()) == (409, "CONFLICT")
    other = house.member(admin, "ADMIN")
    assert admin.post(f"{project_of(admin)}/leave").status_code == 204
    assert code(admin.get(USAGE)) == (404, "NOT_FOUND")
    assert code(other.post(f"{project_of(other)}/leave")) == (409, "CONFLICT")


@pytest.mark.feature("P-SET-04")
def test_a_project_is_handed_over(house: House):
    admin = house.project()
    expert = house.member(admin, "DOMAIN_EXPERT")
    path = f"{project_of(admin)}/transfer"
    assert code(expert.post(path, json={"userId": id_of(expert)})) == (403, "FORBIDDEN")
    for nobody in (id_of(house.person("stranger")), "none", None):
        assert code(admin.post(path, json={"userId": nobody})) == (404, "NOT_FOUND")
    assert code(admin.post(path, json={"userId": id_of(admin)}))[0] == 400
    assert admin.post(path, json={"userId": id_of(expert)}).status_code == 204
    roles = {one["userId"]: one["role"] for one in expert.get("/api/members").json()["members"]}
    assert roles == {id_of(expert): "ADMIN", id_of(admin): "AI_ENGINEER"}


@pytest.mark.feature("P-TEAM-04")
def test_members_leave(house: House):
    admin = house.project()
    expert = house.member(admin, "DOMAIN_EXPERT")
    assert expert.post(f"{project_of(expert)}/leave").status_code == 204
    assert len(admin.get("/api/members").json()["members"]) == 1
    key = admin.post("/api/keys", json={"name": "n", "role": "ADMIN"}).json()["key"]
    program = house.client(**{"x-api-key": key})
    assert code(program.post(f"{project_of(admin)}/leave"))[0] == 400


def test_when_a_member_was_there_last_is_noted_for_that_project(house: House, monkeypatch: pytest.MonkeyPatch):
    admin = house.project()
    moment = sessions.now()
    later = moment + 120_000_000
    monkeypatch.setattr("literalai_otel.server.access.sessions.now", lambda: later)
    for _ in range(100):
        (member,) = admin.get("/api/members").json()["members"]
        if member["lastSeenAt"]:
            break
        time.sleep(0.02)
    assert member["lastSeenAt"]


async def test_sessions_hold_and_end_in_every_process_of_a_server(house: House, tmp_path: Path):
    """Another application over the same database, with caches of its own."""
    admin = house.project()
    expert = house.member(admin, "DOMAIN_EXPERT")
    app = create_app(ServerConfig.load({}, data_dir=str(tmp_path)), house.server.store)

    async def there(client: httpx.Client) -> int:
        transport = httpx.ASGITransport(app)
        headers = {"x-project-id": client.headers["x-project-id"]}
        async with httpx.AsyncClient(transport=transport, base_url="http://other", headers=headers) as other:
            other.cookies.set("literal_session", client.cookies["literal_session"])
            return (await other.get(USAGE)).status_code

    assert (await there(admin), await there(expert)) == (200, 200)
    assert admin.delete(f"/api/members/{id_of(expert)}").status_code == 204
    assert (await there(admin), await there(expert)) == (200, 404)
    cookie = admin.cookies["literal_session"]
    assert admin.delete("/api/session").status_code == 204
    admin.cookies.set("literal_session", cookie)
    assert await there(admin) == 401


# --- projects ----------------------------------------------------------------------------------


@pytest.mark.feature("P-SET-01")
def test_projects_are_made_named_and_listed_for_their_members(house: House):
    admin = house.project("One")
    assert code(admin.post("/api/projects", json={"name": " "}))[0] == 400
    two = admin.post("/api/projects", json={"name": "Two"}).json()
    renamed = admin.patch(project_of(admin), json={"name": "First"})
    assert renamed.json() == {"id": admin.headers["x-project-id"], "name": "First"}
    listed = admin.get("/api/projects").json()["projects"]
    assert [(one["name"], one["role"]) for one in listed] == [("First", "ADMIN"), ("Two", "ADMIN")]
    assert house.person("other").get("/api/projects").json() == {"projects": []}
    key = house.client(**{"x-api-key": house.server.key})
    assert code(key.post("/api/projects", json={"name": "n"})) == (401, "UNAUTHENTICATED")
    assert admin.get(USAGE, headers={"x-project-id": two["id"]}).status_code == 200


@pytest.mark.feature("P-SET-04")
def test_a_deleted_project_is_gone_for_its_members_and_keys(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(administration.time, "sleep", lambda _: None)
    admin = house.project()
    program = house.client(**{"x-api-key": admin.post("/api/keys", json={"name": "n", "role": "ADMIN"}).json()["key"]})
    step = {"query": 'mutation { ingestStep(id: "s", type: run) { ok } }'}
    assert program.post("/api/graphql", json=step).status_code == 200
    token = house.invitation(admin, "late@example.com", "ADMIN")
    assert admin.delete(project_of(admin)).status_code == 204
    assert admin.get("/api/projects").json() == {"projects": []}
    assert code(admin.get(USAGE)) == (404, "NOT_FOUND")
    assert code(program.get(USAGE)) == (401, "UNAUTHENTICATED")
    assert house.client().post("/api/invitations/look", json={"token": token}).status_code == 404


def test_the_owner_is_the_admin_of_projects_that_nobody_has(house: House):
    alone = house.server.store.create_project("alone").result()
    taken = house.project("taken").headers["x-project-id"]
    client = house.client()
    link = owner_link(house.server.store, house.server.url)
    found = client.post("/api/session/link", json={"token": link.partition("#")[2]}).json()["projects"]
    ids = [one["id"] for one in found]
    assert alone.public_id in ids
    assert taken not in ids
