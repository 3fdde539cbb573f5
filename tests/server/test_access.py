"""Signing in: links, passwords, cookies, forged requests; what is stored and what is logged of secrets."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from engines import Engines
from literalai_otel.server.access import sessions as signed_in
from literalai_otel.server.access.first_start import account_link, owner_link
from literalai_otel.server.store import accounts, sessions
from literalai_otel.server.throttle import LIMIT

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def engine(engines: Engines) -> Any:
    """One engine; what is kept of people is tested on both in `test_access_people.py`."""
    return engines.get("sqlite")


@pytest.fixture
def server(start: Any, tmp_path: Path) -> Iterator[Any]:
    with start(tmp_path / "data") as server:
        yield server


@pytest.fixture
def browser() -> Iterator[Any]:
    """`browser(server, **headers)`: a client without a key that keeps cookies."""
    with ExitStack() as opened:
        yield lambda server, **headers: opened.enter_context(
            httpx.Client(base_url=server.url, headers=headers, timeout=20)
        )


def token_of(link: str) -> str:
    return link.partition("#")[2]


def sign_in(client: httpx.Client, link: str) -> dict[str, Any]:
    answer = client.post("/api/session/link", json={"token": token_of(link)})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    client.headers["x-csrf-token"] = body["csrfToken"]
    client.headers["x-project-id"] = body["projects"][0]["id"]
    return body


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


@pytest.fixture
def ada(server: Any, browser: Any) -> httpx.Client:
    """The owner after the first run."""
    client = browser(server)
    sign_in(client, owner_link(server.store, server.url))
    answer = client.patch("/api/account", json={"name": "Ada", "email": "ada@example.com", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["x-csrf-token"] = answer.json()["csrfToken"]
    return client


@pytest.mark.feature("P-SET-01")
def test_the_first_link_makes_the_owner_who_sets_a_password(server: Any, browser: Any):
    client = browser(server)
    nobody = client.get("/api/session").json()
    assert nobody["firstRun"] is True
    assert (nobody["user"], nobody["csrfToken"], nobody["projects"]) == (None, None, [])
    first = sign_in(client, owner_link(server.store, server.url))
    assert first["user"] == {"id": first["user"]["id"], "name": "Owner", "email": None, "hasPassword": False}
    assert [(one["name"], one["role"]) for one in first["projects"]] == [("Default", "ADMIN")]
    assert set(first["projects"][0]["rights"].values()) == {"rw"}
    changed = client.patch("/api/account", json={"name": "Ada", "email": "Ada@Example.com ", "password": PASSWORD})
    assert changed.status_code == 200, changed.text
    assert changed.json()["firstRun"] is False
    assert changed.json()["user"] | {"id": ""} == {
        "id": "",
        "name": "Ada",
        "email": "ada@example.com",
        "hasPassword": True,
    }
    again = browser(server)
    answer = again.post("/api/session", json={"email": "ADA@example.com", "password": PASSWORD})
    assert answer.json()["user"]["name"] == "Ada"
    assert again.get("/api/session").json()["projects"] == first["projects"]


def test_a_session_reads_and_writes_its_project_as_a_key_does(server: Any, ada: httpx.Client):
    client = ada
    query = {"query": 'mutation { createScore(name: "n", type: HUMAN, value: 1, stepId: "s") { id createdBy } }'}
    server.data('mutation { ingestStep(id: "s", type: run) { ok } }')
    made = client.post("/api/graphql", json=query).json()
    assert made["data"]["createScore"]["createdBy"] == "ada@example.com"
    assert client.post("/api/my-project").json()["projectId"] == client.headers["x-project-id"]
    assert client.get("/api/usage").headers["cache-control"] == "no-store"


def test_links_work_once_and_not_for_ever(server: Any, monkeypatch: pytest.MonkeyPatch, browser: Any):
    link = owner_link(server.store, server.url)
    sign_in(browser(server), link)
    used = browser(server).post("/api/session/link", json={"token": token_of(link)})
    assert code(used) == (401, "UNAUTHENTICATED")
    late = owner_link(server.store, server.url)
    day = 24 * 3_600 * 1_000_000
    monkeypatch.setattr(accounts, "now", lambda: accounts_now() + day)
    assert code(browser(server).post("/api/session/link", json={"token": token_of(late)}))[0] == 401
    for token in ("", None, 5, "x" * 5_000):
        assert browser(server).post("/api/session/link", json={"token": token}).status_code == 401


def accounts_now() -> int:
    from literalai_otel.server.times import now

    return now()


def test_cookies_are_out_of_reach_of_scripts_and_renewed_at_each_sign_in(server: Any, browser: Any):
    client = browser(server)
    answer = client.post("/api/session/link", json={"token": token_of(owner_link(server.store, server.url))})
    (cookie,) = answer.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=1209600"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert answer.headers["cache-control"] == "no-store"
    before = client.cookies["literal_session"]
    sign_in(client, owner_link(server.store, server.url))
    assert client.cookies["literal_session"] != before
    old = browser(server)
    old.cookies.set("literal_session", before)
    assert old.get("/api/session").json()["user"] is None
    public = {"x-forwarded-proto": "https", "x-forwarded-prefix": "/literal", "x-forwarded-host": "ai.example.com"}
    link = {"token": token_of(owner_link(server.store, server.url))}
    (cookie,) = browser(server, **public).post("/api/session/link", json=link).headers.get_list("set-cookie")
    assert {"Secure", "Path=/literal/"} <= set(cookie.split("; "))


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(server: Any, browser: Any, ada: httpx.Client):
    client = ada
    copy = browser(server, **dict(client.headers))
    copy.cookies = httpx.Cookies(client.cookies)
    assert copy.get("/api/usage").status_code == 200
    assert client.delete("/api/session").status_code == 204
    assert "literal_session" not in client.cookies
    assert code(copy.get("/api/usage")) == (401, "UNAUTHENTICATED")


def test_a_session_that_is_not_used_for_two_weeks_is_over(
    server: Any, monkeypatch: pytest.MonkeyPatch, ada: httpx.Client
):
    client = ada
    ahead = sessions.IDLE_SECONDS * 1_000_000
    monkeypatch.setattr(sessions, "now", lambda: accounts_now() + ahead - 60_000_000)
    assert client.get("/api/usage").status_code == 200
    monkeypatch.setattr(sessions, "now", lambda: accounts_now() + ahead + 60_000_000)
    assert client.get("/api/usage").status_code == 401


@pytest.mark.parametrize(
    "forged",
    [
        {"x-csrf-token": ""},
        {"x-csrf-token": "0" * 64},
        {"origin": "https://evil.example.com"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_requests_of_other_origins_are_refused(server: Any, forged: dict[str, str], browser: Any, ada: httpx.Client):
    client = ada
    body = {"query": "{ threads { totalCount } }"}
    assert client.post("/api/graphql", json=body).status_code == 200
    assert code(client.post("/api/graphql", json=body, headers=forged)) == (403, "FORBIDDEN")
    assert client.patch("/api/account", json={"name": "Eve"}, headers=forged).status_code == 403
    assert client.get("/api/session").json()["user"]["name"] == "Ada"
    if "x-csrf-token" not in forged:
        stolen = {"email": "ada@example.com", "password": PASSWORD}
        assert client.post("/api/session", json=stolen, headers=forged).status_code == 403
        # A key is no cookie: programs in other pages may use it.
        keyed = browser(server, **{"x-api-key": server.key}).post("/api/graphql", json=body, headers=forged)
        assert keyed.status_code == 200
    own = {"origin": server.url, "sec-fetch-site": "same-origin"}
    assert client.post("/api/graphql", json=body, headers=own).status_code == 200


def test_the_key_wins_over_the_session(server: Any, ada: httpx.Client):
    client = ada
    answer = client.post("/api/graphql", json={"query": "{ threads { totalCount } }"}, headers={"x-api-key": "wrong"})
    assert code(answer) == (401, "UNAUTHENTICATED")


def test_wrong_passwords_are_refused_alike_counted_and_held_up(
    server: Any, monkeypatch: pytest.MonkeyPatch, browser: Any, ada: httpx.Client
):
    looked_at: list[str] = []
    verify = signed_in.Passwords.is_right

    async def counted(self: Any, password_hash: str | None, password: Any) -> bool:
        looked_at.append(str(password_hash))
        return await verify(self, password_hash, password)

    monkeypatch.setattr(signed_in.Passwords, "is_right", counted)
    client = browser(server)
    said = set()
    for email in ("ada@example.com", "nobody@example.com", "", None, 5, "x" * 300, "\0"):
        answer = client.post("/api/session", json={"email": email, "password": "wrong password"})
        assert code(answer) == (401, "UNAUTHENTICATED")
        said.add(answer.json()["errors"][0]["message"])
    assert len(said) == 1
    assert len(looked_at) == 7  # unknown ones too: they take as long
    for _ in range(signed_in.ACCOUNT_TRIES - 1):
        client.post("/api/session", json={"email": "ada@example.com", "password": "wrong password"})
    held = client.post("/api/session", json={"email": "ada@example.com", "password": PASSWORD})
    assert code(held) == (429, "TOO_MANY_REQUESTS")
    assert int(held.headers["retry-after"]) > 0
    tried = len(looked_at)
    client.post("/api/session", json={"email": "ada@example.com", "password": PASSWORD})
    assert len(looked_at) == tried
    assert sign_in(client, owner_link(server.store, server.url))["user"]["name"] == "Ada"


def test_right_passwords_are_never_held_up(server: Any, browser: Any, ada: httpx.Client):
    for _ in range(signed_in.ACCOUNT_TRIES + 2):
        answer = browser(server).post("/api/session", json={"email": "ada@example.com", "password": PASSWORD})
        assert answer.status_code == 200


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(server: Any, browser: Any, ada: httpx.Client):
    client = ada
    other = browser(server)
    other.post("/api/session", json={"email": "ada@example.com", "password": PASSWORD})
    for current in ({}, {"currentPassword": "wrong password"}):
        for change in ({"password": "another password"}, {"email": "eve@example.com"}):
            assert code(client.patch("/api/account", json={**change, **current})) == (403, "FORBIDDEN")
    changed = client.patch("/api/account", json={"password": "another password", "currentPassword": PASSWORD})
    assert changed.status_code == 200, changed.text
    assert client.get("/api/session").json()["user"]["name"] == "Ada"
    assert other.get("/api/session").json()["user"] is None
    signs_in = {"email": "ada@example.com", "password": "another password"}
    assert browser(server).post("/api/session", json=signs_in).status_code == 200


def test_a_forgotten_password_is_replaced_after_a_link_for_an_hour(
    server: Any, monkeypatch: pytest.MonkeyPatch, browser: Any, ada: httpx.Client
):
    client = browser(server)
    account = server.store.read(accounts.with_email, "ada@example.com")
    sign_in(client, account_link(server.store, account, server.url))
    with monkeypatch.context() as later:
        later.setattr(sessions, "now", lambda: accounts_now() + sessions.RENEWAL_SECONDS * 1_000_000)
        assert client.patch("/api/account", json={"password": "another password"}).status_code == 403
    assert client.patch("/api/account", json={"password": "another password"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"password": "short"}, "10 to 1000"),
        ({"password": "x" * 1_001}, "10 to 1000"),
        ({"password": 5}, "10 to 1000"),
        ({"email": "no address"}, "address"),
        ({"email": ["a@b"]}, "text"),
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_bad_changes_of_an_account_are_refused(server: Any, change: dict[str, Any], named: str, browser: Any):
    client = browser(server)
    sign_in(client, owner_link(server.store, server.url))
    client.patch("/api/account", json={"email": "a@b.example"})
    answer = client.patch("/api/account", json=change)
    assert answer.status_code == 400
    assert named in answer.json()["errors"][0]["message"]


def test_an_address_belongs_to_one_account(server: Any, browser: Any, ada: httpx.Client):
    server.store.write(accounts.create, name="Bob", email="bob@example.com").result()
    bob = server.store.read(accounts.with_email, "bob@example.com")
    client = browser(server)
    answer = client.post("/api/session/link", json={"token": token_of(account_link(server.store, bob, server.url))})
    client.headers["x-csrf-token"] = answer.json()["csrfToken"]
    assert code(client.patch("/api/account", json={"email": "ada@example.com"})) == (409, "CONFLICT")


def test_no_secret_is_stored_or_logged(
    server: Any, engine: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, ada: httpx.Client
):
    caplog.set_level(logging.DEBUG)
    link = owner_link(server.store, server.url)
    client = ada
    client.post("/api/session", json={"email": "ada@example.com", "password": PASSWORD + "!"})
    signed = client.post("/api/session", json={"email": "ada@example.com", "password": PASSWORD})
    client.patch("/api/account", json={"password": PASSWORD}, headers={"x-csrf-token": ""})
    secrets = [PASSWORD, token_of(link), client.cookies["literal_session"], signed.json()["csrfToken"]]
    said = "\n".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if not record.name.startswith("http")
    )
    kept = "".join(
        str(engine.run(tmp_path / "data", f"SELECT * FROM {table}"))
        for table in ("accounts", "sessions", "sign_in_links", "api_keys")
    )
    assert "ada@example.com" in kept
    for secret in secrets:
        assert secret not in said
        assert secret not in kept


def test_tries_to_sign_in_and_wrong_keys_are_counted_apart(server: Any, browser: Any, ada: httpx.Client):
    client = browser(server)
    for _ in range(LIMIT + 1):
        wrong = client.post("/api/my-project", headers={"x-api-key": "wrong"})
    assert code(wrong) == (429, "TOO_MANY_REQUESTS")
    assert code(client.post("/api/session", json={"email": "a@b", "password": "wrong password"}))[0] == 401
    for _ in range(LIMIT):
        wrong = client.post("/api/session/link", json={"token": "wrong"})
    assert code(wrong) == (429, "TOO_MANY_REQUESTS")
    assert "sign in" in wrong.json()["errors"][0]["message"]
    assert code(client.patch("/api/account", json={}))[0] == 401
    assert server.http.post("/api/my-project").status_code == 200
    # A page that was left open hears that its session is over, however often it asks.
    client.cookies.set("literal_session", "over")
    assert {client.get("/api/usage").status_code for _ in range(LIMIT + 2)} == {401}
