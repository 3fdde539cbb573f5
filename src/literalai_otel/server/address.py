"""Where clients find this server: behind a proxy, under a base path, over TLS that somebody else ends.

`PublicAddress` rewrites each request's scope once: scheme, host, client and root path are then those that the client
used, so that routes match and `request.base_url` is right. `base_url()` says the same where there is no request at
hand. Forwarded headers count only when the peer is a trusted proxy, since anybody can send them.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

_HOST: Final = re.compile(r"[A-Za-z0-9._\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~\-]+)+")
_NOBODY: Final = "http://127.0.0.1"

_current: Final[ContextVar[str]] = ContextVar("literalai_otel_base_url", default=_NOBODY)


def base_url() -> str:
    """The address of the server as the client of the current request sees it, without a trailing slash."""
    return _current.get()


class PublicAddress:
    """ASGI middleware.

    Args:
        app: What answers.
        base_path: Path under which the server is published, such as `/literal`; requests may have it or not, since
            some proxies strip it. Empty: what a trusted proxy names in `X-Forwarded-Prefix`, else none.
        public_url: The whole public address. It wins over every header.
        trusted: Addresses or networks of proxies; `*` trusts everybody.
    """

    def __init__(
        self, app: ASGIApp, *, base_path: str = "", public_url: str | None = None, trusted: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._public = urlsplit(public_url) if public_url else None
        self._base_path = base_path or (self._public.path.rstrip("/") if self._public else "")
        self._everybody = "*" in trusted
        self._trusted = [ipaddress.ip_network(item, strict=False) for item in trusted if item != "*"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with the scope as the client sees it."""
        if scope["type"] == "http":
            scope = self._seen_by_the_client(scope)
            _current.set(_address(scope))
        await self._app(scope, receive, send)

    def _seen_by_the_client(self, scope: Scope) -> Scope:
        seen: dict[str, Any] = dict(scope)
        prefix = ""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if self._trusts(scope["client"]):
            prefix = self._believe(seen, headers)
        if self._public is not None:
            seen["scheme"] = self._public.scheme
            _set_host(seen, self._public.netloc)
        root = self._base_path or prefix
        if root:
            path: str = scope["path"]
            inner = path.removeprefix(root) if path == root or path.startswith(f"{root}/") else path
            seen["root_path"] = root
            seen["path"] = root + (inner or "/")
        return seen

    def _believe(self, seen: dict[str, Any], headers: Mapping[str, str]) -> str:
        """Takes over what a trusted proxy says; returns the prefix that it names."""
        scheme = _first(headers.get("x-forwarded-proto"))
        if scheme in ("http", "https"):
            seen["scheme"] = scheme
        host = _first(headers.get("x-forwarded-host"))
        if _HOST.fullmatch(host):
            _set_host(seen, host)
        client = self._client(headers.get("x-forwarded-for", ""))
        if client is not None:
            seen["client"] = (client, 0)
        prefix = _first(headers.get("x-forwarded-prefix")).rstrip("/")
        return prefix if _PREFIX.fullmatch(prefix) else ""

    def _client(self, forwarded: str) -> str | None:
        """The last address of the chain that no trusted proxy has: those before it may be made up."""
        chain = [item.strip() for item in forwarded.split(",") if item.strip()]
        known = [address for address in reversed(chain) if _parsed(address) is not None]
        return next((address for address in known if not self._trusts((address, 0))), known[-1] if known else None)

    def _trusts(self, client: Any) -> bool:
        if self._everybody:
            return True
        address = _parsed(client[0]) if client else None
        return address is not None and any(address in network for network in self._trusted)


@lru_cache(maxsize=1_024)
def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _first(value: str | None) -> str:
    """The first item of a list header: the proxy nearest to the client wrote it."""
    return (value or "").split(",", 1)[0].strip()


def _set_host(seen: dict[str, Any], host: str) -> None:
    others = [(name, value) for name, value in seen["headers"] if name != b"host"]
    seen["headers"] = [(b"host", host.encode("latin-1")), *others]


def _address(scope: Scope) -> str:
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    if not _HOST.fullmatch(host):
        name, port = scope.get("server") or ("127.0.0.1", None)
        name = f"[{name}]" if ":" in name else name
        host = name if port is None else f"{name}:{port}"
    return f"{scope['scheme']}://{host}{scope.get('root_path', '')}"
