"""Passwords: argon2id, the same work for accounts that do not exist."""

from functools import cache
from typing import Any, Final

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from literalai_otel.server.problems import Problem

SHORTEST: Final = 10
LONGEST: Final = 1_000
_AT_A_TIME: Final = 2
"""Passwords that are looked at at one time: each takes 19 MiB."""
# OWASP's parameters: about 20 ms on one core, so that a flood of wrong passwords leaves the server its breath.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Passwords:
    """Hashes and checks on worker threads, a few at a time."""

    def __init__(self) -> None:
        self._limit = CapacityLimiter(_AT_A_TIME)

    async def hash(self, password: Any) -> str:
        """The form in which a password is stored. Raises `Problem` 400 when it is no usable password."""
        if not isinstance(password, str) or not SHORTEST <= len(password) <= LONGEST:
            raise Problem("BAD_USER_INPUT", f"A password must have {SHORTEST} to {LONGEST} characters.")
        return await to_thread.run_sync(_hash, password, limiter=self._limit)

    async def is_right(self, password_hash: str | None, password: Any) -> bool:
        """Whether the password is the one of the hash. Without a hash it takes as long, and the answer is no."""
        if not isinstance(password, str) or len(password) > LONGEST:
            return False
        right = await to_thread.run_sync(_verify, password_hash or _nobodys(), password, limiter=self._limit)
        return right and password_hash is not None


@cache
def _nobodys() -> str:
    """A hash like those of real passwords, for accounts that do not exist or have none."""
    return _hash("a password that nobody has")


def _hash(password: str) -> str:
    return _HASHER.hash(password.encode("utf-8", "surrogatepass"))


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
