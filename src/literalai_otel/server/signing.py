"""Signatures of addresses that work without an API key: an upload's second leg, and reading a file.

The published clients send no key to either (`spec/literal-wire.md` §3), so the address itself is the permission, for a
while. An address to read is spelled as the dead service's storage did: the TypeScript client's tests compare such
addresses up to `X-Amz-Date` (§2.8).
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from literalai_otel.errors import LiteralError
from literalai_otel.jsonable import dumps, loads

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_EXPIRES, _DATE, _SIGNATURE = "X-Amz-Expires", "X-Amz-Date", "X-Amz-Signature"


class SignatureError(LiteralError):
    """An address that was altered, or whose time is over. The message is for its user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Permission to upload one file: `object_key` names it, `expires` is in seconds since 1970."""

    project_id: int
    object_key: str
    mime: str
    thread_id: str | None
    expires: int


class Signer:
    """Signs with one secret; every process of a server has the same. `seconds`: how long an address works."""

    def __init__(self, secret: str, seconds: int) -> None:
        self._secret = secret.encode()
        self._seconds = seconds

    def expiry(self) -> int:
        """When what is signed now expires, in seconds since 1970."""
        return int(time.time()) + self._seconds

    def token(self, grant: Grant) -> str:
        """`grant` as a text for an address."""
        content = base64.urlsafe_b64encode(dumps(asdict(grant))).rstrip(b"=").decode()
        return f"{content}.{self._sign('upload', content)}"

    def grant(self, token: str) -> Grant:
        """The grant of a token.

        Raises:
            SignatureError: not one of ours, or its time is over.
        """
        content, _, signature = token.partition(".")
        self._check(signature, "upload", content)
        grant = Grant(**loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))))
        if grant.expires < time.time():
            raise SignatureError("This upload address has expired: ask for another one.")
        return grant

    def read_query(self, path: str) -> str:
        """The query of an address that reads what is at `path`, from now on."""
        seconds, stamp = str(self._seconds), datetime.fromtimestamp(time.time(), UTC).strftime(_STAMP)
        signature = self._sign("read", path, seconds, stamp)
        return urlencode({_EXPIRES: seconds, _DATE: stamp, _SIGNATURE: signature})

    def check_read(self, path: str, query: Mapping[str, str]) -> None:
        """Whether the query of an address lets its bearer read what is at `path`.

        Raises:
            SignatureError: altered, or its time is over.
        """
        seconds, stamp = query.get(_EXPIRES, ""), query.get(_DATE, "")
        self._check(query.get(_SIGNATURE, ""), "read", path, seconds, stamp)
        signed_at = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
        if signed_at + int(seconds) < time.time():
            raise SignatureError("This address has expired: read the attachment again for a fresh one.")

    def _check(self, signature: str, *parts: str) -> None:
        if not hmac.compare_digest(signature.encode(), self._sign(*parts).encode()):
            raise SignatureError("The signature of this address is not valid.")

    def _sign(self, *parts: str) -> str:
        # As JSON, in which no part can pass for two.
        return hmac.new(self._secret, dumps(parts), hashlib.sha256).hexdigest()
