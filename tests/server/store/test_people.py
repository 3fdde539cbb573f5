"""People in the database: what two servers do to them at the same moment is done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from literalai_otel.server.store import accounts, memberships
from literalai_otel.server.store.accounts import EmailTakenError
from literalai_otel.server.store.memberships import LastAdminError
from literalai_otel.server.store.store import Store

ROUNDS = 10
LATER = 2**62


@pytest.fixture
def stores(engine: Any, store: Store, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """Two servers on one database; an embedded one has one server, which is asked twice."""
    other = store if store.dialect == "sqlite" else engine.open(tmp_path / "data")
    yield store, other
    if other is not store:
        other.close()


def at_once(stores: tuple[Store, Store], change: Any, *arguments: tuple[Any, ...]) -> list[Any]:
    """What `change` answered or raised, asked of both servers at the same moment."""

    def ask(store: Store, given: tuple[Any, ...]) -> Any:
        try:
            return store.write(change, *given).result(20)
        except (LastAdminError, EmailTakenError) as refused:
            return refused

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ask, stores, arguments))


def test_of_two_last_admins_that_leave_one_stays(stores: tuple[Store, Store]):
    store = stores[0]
    for number in range(ROUNDS):
        project = store.create_project(f"p{number}").result()
        people = [store.write(accounts.create, name=name).result() for name in ("ada", "bob")]
        for person in people:
            store.write(memberships.add, project.id, person.id, "ADMIN").result()
        left = at_once(stores, memberships.remove, *((project.id, person.id) for person in people))
        assert sorted(str(type(answer).__name__) for answer in left) == ["LastAdminError", "bool"]
        (stayed,) = store.read(memberships.of_project, project.id)
        assert stayed.role == "ADMIN"


def test_a_link_and_an_invitation_are_used_once(stores: tuple[Store, Store]):
    store = stores[0]
    project = store.create_project("p").result()
    person = store.write(accounts.create, name="ada").result()
    for number in range(ROUNDS):
        store.write(accounts.add_link, person.id, f"link-{number}", LATER).result()
        used = at_once(stores, accounts.use_link, *[(f"link-{number}",)] * 2)
        assert sorted(answer is None for answer in used) == [False, True]
        given = {"email": f"{number}@example.com", "role": "ADMIN", "invited_by": "ada", "expires_at": LATER}
        store.write(memberships.invite, project.id, token_hash=f"invitation-{number}", **given).result()
        used = at_once(stores, memberships.use_invitation, *[(f"invitation-{number}",)] * 2)
        assert sorted(answer is None for answer in used) == [False, True]


def test_an_address_is_taken_once_and_a_refused_invitation_is_not_used(stores: tuple[Store, Store]):
    store = stores[0]
    project = store.create_project("p").result()
    for number in range(ROUNDS):
        email = f"{number}@example.com"
        for way in ("a", "b"):
            given = {"email": email, "role": "ADMIN", "invited_by": "ada", "expires_at": LATER}
            other = store.create_project(way).result()
            store.write(memberships.invite, other.id, token_hash=f"{way}{number}", **given).result()

        def accept(connection: Any, token_hash: str) -> Any:
            return memberships.accept_as_new(connection, token_hash, name="n", password_hash="h")

        answers = at_once(stores, accept, (f"a{number}",), (f"b{number}",))
        assert sorted(str(type(answer).__name__) for answer in answers) == ["Account", "EmailTakenError"]
        waiting = [store.read(memberships.find_invitation, f"{way}{number}") for way in ("a", "b")]
        assert sorted(one is None for one in waiting) == [False, True]
    assert store.read(memberships.of_project, project.id) == []
