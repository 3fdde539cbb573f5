"""Signing in and staying so: passwords and links in, tokens for a cookie out.

A token is random and stored as its hash. The token against request forgery is made from it, so that it needs no place
of its own: pages read it from an answer that other origins cannot read.
"""

import asyncio
import hashlib
import hmac
import math
import secrets
from dataclasses import dataclass
from typing import Any, Final

from anyio import to_thread

from literalai_otel.server.access.keys import hash_key, note_failure
from literalai_otel.server.access.passwords import Passwords
from literalai_otel.server.problems import Problem
from literalai_otel.server.store import accounts, sessions
from literalai_otel.server.store.accounts import Account
from literalai_otel.server.store.memberships import Membership
from literalai_otel.server.store.sessions import Session
from literalai_otel.server.store.store import Store
from literalai_otel.server.throttle import Throttle
from literalai_otel.server.times import now
from literalai_otel.server.values import LONGEST_ID, clean_text

TOUCH_SECONDS: Final = 60
"""How often the use of a session is noted at most."""
ACCOUNT_TRIES: Final = 10
ACCOUNT_WINDOW: Final = 300.0
"""So many wrong passwords for one account, from wherever they come, are forgotten after so many seconds."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in: the session, its token, and what they are in the project that was named."""

    session: Session
    token: str
    membership: Membership | None = None

    @property
    def account(self) -> Account:
        """The person."""
        return self.session.account


class Sessions:
    """All sign-ins of one server process; the failed ones are counted in it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.passwords = Passwords()
        self._by_address = Throttle()
        self._by_account = Throttle(ACCOUNT_TRIES, ACCOUNT_WINDOW)

    async def visitor(self, token: str, project: str | None = None) -> Visitor | None:
        """Whom a cookie stands for; None when the session is over. `project`: the public id of the one asked for."""
        found = await to_thread.run_sync(lambda: self._store.read(sessions.visit, hash_key(token), project))
        if found is None:
            return None
        session, membership = found
        if now() - session.last_seen_at > TOUCH_SECONDS * 1_000_000:
            project_id = membership.project.id if membership else None
            noted = self._store.write(sessions.touch, session.id, session.account.id, project_id)
            asyncio.wrap_future(noted).add_done_callback(note_failure)
        return Visitor(session, token, membership)

    async def with_password(self, email: Any, password: Any, address: str) -> str:
        """The token of a new session.

        Raises:
            Problem: 401 for a wrong address or password, 429 after many.
        """
        # What is no address is counted as one that is unknown.
        known_as = clean_text(email, "email").strip().lower() if isinstance(email, str) else ""
        known_as = known_as if len(known_as) <= LONGEST_ID else ""
        account = await to_thread.run_sync(self._account, known_as)
        if not await self._try(account, known_as, password, address):
            raise Problem("UNAUTHENTICATED", "The e-mail address or the password is wrong.")
        assert account is not None
        return await self.start(account)

    async def confirm(self, account: Account, password: Any, address: str) -> bool:
        """Whether the password is that of the account. Counts as a try to sign in; raises `Problem` 429."""
        return await self._try(account, account.email or account.public_id, password, address)

    async def _try(self, account: Account | None, known_as: str, password: Any, address: str) -> bool:
        _hold_up(max(self._by_address.wait(address), self._by_account.wait(known_as)))
        # Counted before it is known, so that many at the same moment are many.
        self._by_address.failed(address)
        self._by_account.failed(known_as)
        right = await self.passwords.is_right(account.password_hash if account else None, password)
        if right:
            self._by_address.forgive(address)
            self._by_account.forgive(known_as)
        return right

    async def with_link(self, token: Any, address: str) -> str:
        """The token of a new session, which may set a password.

        Raises:
            Problem: 401 for a link that is no good, 429 after many.
        """
        _hold_up(self._by_address.wait(address))
        used = self._store.write(accounts.use_link, hash_key(token if isinstance(token, str) else ""))
        account = await asyncio.wrap_future(used)
        if account is None:
            self._by_address.failed(address)
            raise Problem(
                "UNAUTHENTICATED",
                "This sign-in link was used already or is too old: `literalai-otel sign-in-link` makes another.",
            )
        return await self.start(account, by_link=True)

    async def start(self, account: Account, *, by_link: bool = False) -> str:
        """The token of a new session of an account."""
        token = secrets.token_urlsafe(32)
        await asyncio.wrap_future(self._store.write(sessions.start, account.id, hash_key(token), by_link=by_link))
        return token

    async def end(self, token: str) -> None:
        """The session of this token is over."""
        await asyncio.wrap_future(self._store.write(sessions.end, hash_key(token)))

    def _account(self, email: str) -> Account | None:
        return self._store.read(accounts.with_email, email)


def forgery_token(token: str) -> str:
    """What requests that change something must bring besides the cookie of this token."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"literal-csrf", hashlib.sha256).hexdigest()


def _hold_up(wait: float) -> None:
    """Raises `Problem` 429 when there are seconds to wait."""
    if wait:
        raise Problem(
            "TOO_MANY_REQUESTS",
            "Too many tries to sign in that failed: wait, or ask for a link with `literalai-otel sign-in-link`.",
            retry_after=math.ceil(wait),
        )
