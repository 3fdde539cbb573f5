"""API keys: which project a request belongs to, in which role.

A key is stored as its sha256 alone. Keys are random or long, so a plain hash suffices: there is no dictionary to
try. The lookup is by hash, which leaks nothing about the key through timing.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from anyio import to_thread

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.access.permissions import Role
from literalai_otel.server.problems import Problem
from literalai_otel.server.store.projects import ApiKey, Project
from literalai_otel.server.store.store import Store

MIN_KEY_LENGTH: Final = 16
"""Shortest key that is taken from beyond this machine."""
_CACHE_SIZE: Final = 1_024
KEY_SECONDS: Final = 10.0
"""How long a key, and that there is no such key, is remembered."""
TOUCH_SECONDS: Final = 60.0
"""How often the use of a key is noted at most."""
_PREFIX_LENGTH: Final = 6

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
    caller: Caller | None
    at: float


class Keys:
    """Resolves `x-api-key` to a caller. Answers are kept for 10 seconds, misses too."""

    def __init__(self, store: Store, *, exposed: bool = False) -> None:
        self._store = store
        self._exposed = exposed
        self._cache: OrderedDict[str, _Found] = OrderedDict()
        self._touched: dict[str, float] = {}

    async def caller_of(self, key: str | None) -> Caller:
        """Who asks with `key`. Raises `Problem` 401 naming what is wrong with it."""
        if not key:
            raise Problem("UNAUTHENTICATED", "No API key: send it in the x-api-key header.")
        if self._exposed and len(key) < MIN_KEY_LENGTH:
            raise Problem(
                "UNAUTHENTICATED",
                f"API keys shorter than {MIN_KEY_LENGTH} characters work on this machine only. "
                "Start the server with a longer LITERAL_API_KEY.",
            )
        key_hash = hash_key(key)
        now = time.monotonic()
        found = self._cache.get(key_hash)
        if found is None or now - found.at > KEY_SECONDS:
            found = _Found(await to_thread.run_sync(self._look_up, key_hash), now)
            self._keep(key_hash, found)
        else:
            self._cache.move_to_end(key_hash)
        if found.caller is None:
            raise Problem("UNAUTHENTICATED", "Invalid API key")
        self._note_use(key_hash, now)
        return found.caller

    def _look_up(self, key_hash: str) -> Caller | None:
        key = self._store.find_api_key(key_hash)
        if key is None or not hmac.compare_digest(key.key_hash, key_hash):
            return None
        return Caller(key.project, key.name, Role(key.role), key_id=key.id)

    def forget(self, key_hash: str) -> None:
        """To be called when a key is revoked: it is refused at once. Other processes take it for 10 seconds more."""
        self._cache.pop(key_hash, None)

    def forget_all(self) -> None:
        """To be called when a project changes or goes."""
        self._cache.clear()

    def _keep(self, key_hash: str, found: _Found) -> None:
        self._cache[key_hash] = found
        self._cache.move_to_end(key_hash)
        if len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)

    def _note_use(self, key_hash: str, now: float) -> None:
        """At most once a minute for each key: `last_used` is for people."""
        last = self._touched.get(key_hash)
        if last is None or now - last > TOUCH_SECONDS:
            self._touched[key_hash] = now
            asyncio.wrap_future(self._store.touch_api_key(key_hash)).add_done_callback(note_failure)


def make_key(
    store: Store, project: Project, name: str, *, role: Role = Role.ADMIN, created_by: str | None = None
) -> str:
    """A new random key of `project`, stored as its hash: this is the only time that it can be shown. Blocks.

    It has letters, digits, `_` and `-` alone, so that it survives shells and address bars.
    """
    made = f"lit_{secrets.token_urlsafe(24)}"
    add_key(store, project, made, name, role=role, created_by=created_by)
    return made


def hash_key(key: str) -> str:
    """The form in which a key, or another random token, is stored: sha256 in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def add_key(
    store: Store,
    project: Project,
    key: str,
    name: str,
    *,
    role: Role = Role.ADMIN,
    created_by: str | None = None,
) -> ApiKey:
    """Stores a key by its hash; one that is known stays with its project and role. Blocks."""
    # A short key's beginning would give too much of it away.
    prefix = key[:_PREFIX_LENGTH] if len(key) >= MIN_KEY_LENGTH else ""
    return store.add_api_key(
        project.id, key_hash=hash_key(key), prefix=prefix, name=name, role=role, created_by=created_by
    ).result()


def note_failure(noted: "asyncio.Future[None]") -> None:
    """For writes that nobody waits for: that something was used is for people."""
    if not noted.cancelled() and (error := noted.exception()) is not None:
        _log.warning("could not note a use: %s", error)
