"""Uploads as the published clients make them: ask with the key, send without it."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from literalai_otel.server import signing


@dataclass(frozen=True)
class Upload:
    """What a client holds after it uploaded."""

    object_key: str
    signed_url: str
    url: str
    sent: httpx.Response


def ask(server: Any, *, name: str = "f", mime: str | None = "text/plain", thread_id: str | None = None) -> Any:
    """The first leg."""
    body = {"fileName": name, "contentType": mime, "threadId": thread_id}
    answer = server.http.post("/api/upload/file", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(asked: dict[str, Any], content: bytes) -> httpx.Response:
    """The second leg, in the form that was asked for."""
    method = "put" if "put" in asked else "post"
    leg = asked[method]
    if leg["uploadType"] == "raw":
        return httpx.request(method, leg["url"], content=content, headers=leg["headers"])
    return httpx.request(
        method, leg["url"], data=leg["fields"], files={"file": ("f", content, "text/html")}, headers=leg["headers"]
    )


def upload(server: Any, content: bytes = b"hello", **asked: Any) -> Upload:
    """Both legs."""
    answer = ask(server, **asked)
    leg = answer.get("post") or answer["put"]
    sent = send(answer, content)
    assert sent.is_success, sent.text
    return Upload(leg["fields"]["key"], answer["signedUrl"], leg["url"], sent)


def blobs(data_dir: Path) -> dict[str, Path]:
    """The blobs on disk by name."""
    folder = data_dir / "files"
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for what is done in the background."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


class Clock:
    """The clock of signatures, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def time(self) -> float:
        return time.time() + self.ahead


def clock(monkeypatch: Any) -> Clock:
    made = Clock()
    monkeypatch.setattr(signing, "time", made)
    return made
