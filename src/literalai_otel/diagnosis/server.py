"""The server: its address and key, whether it answers, its clock and version."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from literalai_otel import __version__
from literalai_otel.diagnosis.contact import Contact, is_dead
from literalai_otel.diagnosis.finding import Finding, doubtful, fine, wrong
from literalai_otel.diagnosis.scene import Scene

MUCH_SKEW_S: Final = 5.0


def settings(scene: Scene) -> Iterator[Finding]:
    """Our settings can be read, and name a server and a key."""
    about = "settings"
    if scene.problem is not None:
        yield wrong(about, f"nothing is sent: {scene.problem}", "correct it; docs/settings.md lists what it may be")
        return
    url, key = scene.config.api_url, scene.config.api_key
    missing = [name for name, value in (("LITERAL_API_URL", url), ("LITERAL_API_KEY", key)) if value is None]
    if missing:
        fix = f"`literalai-otel serve` starts a server and shows both; then set {' and '.join(missing)}"
        yield wrong(about, f"nothing is sent, for want of {' and '.join(missing)}", fix)
    if url is None:
        return
    host = urlsplit(url).hostname or ""
    if is_dead(url):
        says = f"{url} is the address of the cloud that is gone; what is sent there may reach anyone"
        yield wrong(about, says, "start a server with `literalai-otel serve` and set LITERAL_API_URL to its address")
    elif url.startswith("http://") and not _near(host):
        says = f"prompts and the API key go to {host} unencrypted"
        yield doubtful(about, says, "put TLS before the server and use https:// in LITERAL_API_URL")
    elif not missing:
        yield fine(about, f"address {url}, a key, environment {scene.config.environment or 'not set'}")


def connection(scene: Scene) -> Iterator[Finding]:
    """The server answers, is a Literal server, and accepts the key."""
    contact = scene.contact
    if contact is None:
        return
    about = "server"
    if contact.problem is not None:
        fix = "start it with `literalai-otel serve`, or correct LITERAL_API_URL"
        yield wrong(about, f"it cannot be reached: {contact.problem}", fix)
    elif contact.status in (401, 403):
        fix = "set LITERAL_API_KEY to a key of that server; `literalai-otel keys create` makes one"
        yield wrong(about, f"{contact.url} does not accept the API key ({contact.status})", fix)
    elif contact.status >= 500 or contact.status == 429:
        yield wrong(about, f"{contact.url} answers {contact.status}", "see the server's log; steps wait meanwhile")
    elif not contact.usable:
        says = f"{contact.url} answers {contact.status}, but not as a Literal server does"
        yield wrong(about, says, "correct LITERAL_API_URL: a path behind a proxy belongs to it")
    else:
        yield fine(about, f"{contact.url} answers in {contact.seconds * 1000:.0f} ms and accepts the key")


def version(scene: Scene) -> Iterator[Finding]:
    """Server and client are of one version."""
    contact = _usable(scene)
    if contact is None:
        return
    if contact.version is None:
        yield fine("versions", f"client {__version__}; the server does not tell its own")
    elif contact.version.split(".")[:2] == __version__.split(".")[:2]:
        yield fine("versions", f"client {__version__}, server {contact.version}")
    else:
        older = "the server" if _parts(contact.version) < _parts(__version__) else "the client"
        says = f"client {__version__}, server {contact.version}: what is new in one the other may not know"
        yield doubtful("versions", says, f"upgrade {older}")


def clock(scene: Scene) -> Iterator[Finding]:
    """The clocks of both machines agree, so that times of steps from several machines can be compared."""
    contact = _usable(scene)
    if contact is None or contact.skew is None:
        return
    if abs(contact.skew) > MUCH_SKEW_S:
        ahead = "ahead of" if contact.skew > 0 else "behind"
        says = f"the server's clock is {abs(contact.skew):.0f} s {ahead} this machine's: steps will seem out of order"
        yield doubtful("clock", says, "synchronise both clocks (NTP)")
    else:
        yield fine("clock", "this machine and the server agree")


def _usable(scene: Scene) -> Contact | None:
    return scene.contact if scene.contact is not None and scene.contact.usable else None


def _near(host: str) -> bool:
    """Whether `host` is this machine, or one of a private network."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def _parts(version_: str) -> list[int]:
    return [int(part) for part in version_.split(".")[:2] if part.isdigit()]
