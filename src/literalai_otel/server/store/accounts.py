"""Accounts of people, and the one-time links that sign them in. Tokens are known by their hash alone."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from literalai_otel.server.store.account_tables import accounts, sign_in_links
from literalai_otel.server.times import now
from literalai_otel.server.values import InvalidValueError

OWNER: Final = "Owner"
"""Name of the account of a first start, until its owner gives another."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `public_id` is what answers call the user's id; `email` is lower case. `created_at`: microseconds."""

    id: int
    public_id: str
    name: str
    email: str | None
    password_hash: str | None
    created_at: int

    @property
    def shown_name(self) -> str:
        """What is kept beside what the person makes."""
        return self.email or self.name


class EmailTakenError(InvalidValueError):
    """The address belongs to another account."""


def get(connection: Connection, account_id: int) -> Account | None:
    """The account with this key."""
    row = connection.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()
    return Account(*row) if row else None


def with_public_id(connection: Connection, public_id: str) -> Account | None:
    """The account that answers name so."""
    row = connection.execute(select(accounts).where(accounts.c.public_id == public_id)).one_or_none()
    return Account(*row) if row else None


def with_email(connection: Connection, email: str) -> Account | None:
    """The account of a (lower case) address."""
    row = connection.execute(select(accounts).where(accounts.c.email == email)).one_or_none()
    return Account(*row) if row else None


def first(connection: Connection) -> Account | None:
    """The oldest account: that of the server's owner."""
    row = connection.execute(select(accounts).order_by(accounts.c.id).limit(1)).one_or_none()
    return Account(*row) if row else None


def is_first_run(connection: Connection) -> bool:
    """Whether nobody has a password yet."""
    with_password = select(accounts.c.id).where(accounts.c.password_hash.is_not(None)).limit(1)
    return connection.execute(with_password).one_or_none() is None


def create(connection: Connection, *, name: str, email: str | None = None, password_hash: str | None = None) -> Account:
    """A new account.

    Raises:
        EmailTakenError: the address belongs to another account.
    """
    public_id = str(uuid4())
    values = {"public_id": public_id, "name": name, "email": email, "password_hash": password_hash}
    try:
        with connection.begin_nested():
            connection.execute(insert(accounts).values(created_at=now(), **values))
    except IntegrityError:
        raise EmailTakenError("This e-mail address belongs to another account.") from None
    made = with_public_id(connection, public_id)
    assert made is not None
    return made


def ensure_first(connection: Connection) -> Account:
    """The oldest account; made here, without a password, when there is none."""
    return first(connection) or create(connection, name=OWNER)


def change(connection: Connection, account_id: int, **values: Any) -> None:
    """Sets columns of an account.

    Raises:
        EmailTakenError: the address belongs to another account.
    """
    try:
        with connection.begin_nested():
            connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))
    except IntegrityError:
        raise EmailTakenError("This e-mail address belongs to another account.") from None


def add_link(connection: Connection, account_id: int, token_hash: str, expires_at: int) -> None:
    """Keeps a sign-in link; those whose time is over go."""
    connection.execute(delete(sign_in_links).where(sign_in_links.c.expires_at <= now()))
    connection.execute(
        insert(sign_in_links).values(token_hash=token_hash, account_id=account_id, expires_at=expires_at)
    )


def use_link(connection: Connection, token_hash: str) -> Account | None:
    """The account of a link that was not used before and is not expired; the link is used then."""
    valid = sign_in_links.c.token_hash == token_hash, sign_in_links.c.expires_at > now()
    account_id = connection.execute(select(sign_in_links.c.account_id).where(*valid)).scalar_one_or_none()
    # Of two that use it at the same moment, one deletes it.
    if account_id is None or not connection.execute(delete(sign_in_links).where(*valid)).rowcount:
        return None
    return get(connection, account_id)
