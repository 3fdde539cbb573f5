"""Sessions of people who signed in, by the hash of the token in their cookie."""

from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Connection, delete, insert, select, update

from literalai_otel.server.store import memberships as of_projects
from literalai_otel.server.store.account_tables import accounts, memberships, sessions
from literalai_otel.server.store.accounts import Account
from literalai_otel.server.store.memberships import Membership
from literalai_otel.server.times import now

IDLE_SECONDS: Final = 14 * 24 * 3_600
"""A session that was not used for so long is over."""
RENEWAL_SECONDS: Final = 3_600
"""How long after a sign-in by link a forgotten password may be replaced."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is still good. Times: microseconds."""

    id: int
    by_link: bool
    created_at: int
    last_seen_at: int
    account: Account

    @property
    def may_renew_password(self) -> bool:
        """Whether it may set a password without the old one: a link has just signed in."""
        return self.by_link and now() - self.created_at < RENEWAL_SECONDS * 1_000_000


def start(connection: Connection, account_id: int, token_hash: str, *, by_link: bool) -> None:
    """Keeps a new session; those of anybody that are over go."""
    connection.execute(delete(sessions).where(sessions.c.last_seen_at <= _over()))
    moment = now()
    connection.execute(
        insert(sessions).values(
            account_id=account_id,
            token_hash=token_hash,
            by_link=int(by_link),
            created_at=moment,
            last_seen_at=moment,
        )
    )


def find(connection: Connection, token_hash: str) -> Session | None:
    """The session with this token, unless it is over."""
    row = connection.execute(
        select(sessions.c.id, sessions.c.by_link, sessions.c.created_at, sessions.c.last_seen_at, *accounts.c)
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .where(sessions.c.token_hash == token_hash, sessions.c.last_seen_at > _over())
    ).one_or_none()
    if row is None:
        return None
    values = cast(tuple[Any, ...], row)
    return Session(values[0], bool(values[1]), values[2], values[3], Account(*values[4:]))


def visit(connection: Connection, token_hash: str, project: str | None) -> tuple[Session, Membership | None] | None:
    """As `find`, with what the person is in the project of this public id."""
    session = find(connection, token_hash)
    if session is None:
        return None
    return session, of_projects.find(connection, session.account.id, project) if project else None


def touch(connection: Connection, session_id: int, account_id: int, project_id: int | None) -> None:
    """Notes that a session is used, and in which project."""
    moment = now()
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(last_seen_at=moment))
    if project_id is not None:
        member = memberships.c.project_id == project_id, memberships.c.account_id == account_id
        connection.execute(update(memberships).where(*member).values(last_seen_at=moment))


def end(connection: Connection, token_hash: str) -> None:
    """Ends the session with this token."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def end_all(connection: Connection, account_id: int) -> None:
    """Ends every session of an account."""
    connection.execute(delete(sessions).where(sessions.c.account_id == account_id))


def _over() -> int:
    return now() - IDLE_SECONDS * 1_000_000
