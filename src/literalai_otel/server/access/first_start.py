"""What a first start makes: a project, its key, and the link that signs its owner in."""

import ipaddress
import secrets
from dataclasses import dataclass
from typing import Final

from literalai_otel.errors import ConfigError
from literalai_otel.server.access.keys import MIN_KEY_LENGTH, add_key, hash_key, make_key
from literalai_otel.server.store import accounts, memberships, projects
from literalai_otel.server.store.accounts import Account
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store
from literalai_otel.server.times import now

FIRST_PROJECT: Final = "Default"
LINK_SECONDS: Final = 24 * 3_600
"""How long a sign-in link works."""
SIGN_IN_PATH: Final = "/sign-in"


@dataclass(frozen=True, slots=True)
class FirstKey:
    """What `serve` shows: `key` only when this start made it."""

    project: Project
    key: str | None
    adopted: bool


def ensure_first_key(store: Store, *, given: str | None, host: str) -> FirstKey:
    """The project of a first start, and its key: `given` if there is one, else a random one.

    A `given` key that a later start brings is adopted as well.

    Raises:
        ConfigError: `host` is reachable from elsewhere and `given` is shorter than 16 characters.
    """
    if given is not None and not is_loopback(host) and len(given) < MIN_KEY_LENGTH:
        raise ConfigError(
            f"LITERAL_API_KEY has {len(given)} characters, and {host} can be reached from other machines. "
            f"Use a key of at least {MIN_KEY_LENGTH} characters, or listen on 127.0.0.1."
        )
    project, first_start = store.write(projects.ensure_first, FIRST_PROJECT).result()
    if given is not None:
        add_key(store, project, given, "LITERAL_API_KEY")
        return FirstKey(project=project, key=None, adopted=True)
    if not first_start:
        return FirstKey(project=project, key=None, adopted=False)
    return FirstKey(project=project, key=make_key(store, project, "first start"), adopted=False)


def owner_link(store: Store, url: str) -> str:
    """An address below `url` that signs the server's owner in, once, within a day. Blocks.

    The owner is the oldest account, which is made here when there is none, and becomes the admin of every project
    that has no member.
    """
    owner = store.write(accounts.ensure_first).result()
    store.write(memberships.adopt, owner.id).result()
    return account_link(store, owner, url)


def account_link(store: Store, account: Account, url: str) -> str:
    """As `owner_link`, for anybody: also the way back in after a password is forgotten."""
    token = secrets.token_urlsafe(32)
    expires_at = now() + LINK_SECONDS * 1_000_000
    store.write(accounts.add_link, account.id, hash_key(token), expires_at).result()
    # Behind the #, which browsers send to nobody: no log of a server or proxy has it.
    return f"{url.rstrip('/')}{SIGN_IN_PATH}#{token}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
