"""One request to the server, which tells most of what there is to know about it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit

from literalai_otel.api import SyncApi
from literalai_otel.api.operation import Answer, Flow, Request
from literalai_otel.errors import ConfigError, TransportError
from literalai_otel.jsonable import loads

PATIENCE_S: Final = 5.0
DEAD: Final = "getliteral.ai"
"""Domain of the cloud that is gone. It may be anyone's: no key goes there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What a server answered, or why it did not.

    Attributes:
        url: Its address.
        problem: Why there is no answer at all; None when there is one.
        status: HTTP status, 0 without an answer.
        project: Id of the key's project; None when the answer is not a Literal server's.
        version: Of the server, when it says so.
        skew: Seconds that its clock is ahead of ours, to the second; None when it does not tell the time.
        seconds: How long it took to answer.
    """

    url: str
    problem: str | None = None
    status: int = 0
    project: str | None = None
    version: str | None = None
    skew: float | None = None
    seconds: float = 0.0

    @property
    def usable(self) -> bool:
        """A Literal server answered and accepts the key."""
        return self.project is not None


def is_dead(url: str) -> bool:
    """Whether the address is one of the cloud that is gone."""
    host = urlsplit(url).hostname or ""
    return f".{host}".endswith(f".{DEAD}")


def reach(url: str, key: str) -> Contact:
    """Ask the server which project `key` belongs to. Never raises."""
    try:
        api = SyncApi(url, key, timeout=PATIENCE_S)
    except ConfigError as problem:
        return Contact(url=url, problem=str(problem))
    with api:
        api.open()
        began = time.time()
        try:
            answer = api.run(_my_project())
        except TransportError as problem:
            return Contact(url=url, problem=str(problem))
        ended = time.time()
    said = _said(answer)
    project, version = said.get("projectId"), said.get("version")
    return Contact(
        url=url,
        status=answer.status,
        project=project if isinstance(project, str) and answer.status == 200 else None,
        version=version if isinstance(version, str) else None,
        skew=_skew(answer.headers, began, ended),
        seconds=ended - began,
    )


def _my_project() -> Flow[Answer]:
    return (yield Request("/api/my-project", b"{}"))


def _said(answer: Answer) -> dict[str, Any]:
    try:
        content = loads(answer.body)
    except ValueError:
        return {}
    return cast(dict[str, Any], content) if isinstance(content, dict) else {}


def _skew(headers: Mapping[str, str], began: float, ended: float) -> float | None:
    """From the Date header, which has whole seconds: 0 when it may be the moment of any part of the exchange."""
    try:
        told = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
    if told > ended:
        return told - ended
    return min(0.0, told + 1 - began)
