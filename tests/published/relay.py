"""A relay on loopback between a published client and the server: it passes everything on and keeps what it saw.

The client runs unmodified in a process of its own, so what it asked and what went wrong is counted here.
"""

import json
import re
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

OF_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding", "content-encoding"}
OPERATION = re.compile(r"(query|mutation)\s+(\w+)")
SIGNED = re.compile(r"^/+api/(files/|upload/content).*")


@dataclass(frozen=True)
class Call:
    """One request of the client and what came back."""

    operation: str
    """Name of the GraphQL operation, else method and path without what differs from call to call."""
    status: int
    problem: str | None
    """Why it failed: the body of an HTTP error, GraphQL errors, a root field that is not ok."""
    request: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    answer: bytes = field(repr=False)


@dataclass
class Relay:
    """An HTTP server on a free port of 127.0.0.1; use it as a context manager.

    What a check itself reads passes through uncounted, by its `x-client-name: check`.
    """

    target: str
    calls: list[Call] = field(default_factory=list[Call])

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._http: httpx.AsyncClient | None = None
        config = uvicorn.Config(self, log_config=None, access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True)

    @property
    def url(self) -> str:
        """The address for the client, without a trailing slash."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def failed(self) -> list[Call]:
        """The calls that the server refused or could not do."""
        return [call for call in self.calls if call.problem is not None]

    def count(self) -> str:
        """`143 calls of 38 operations`."""
        return f"{len(self.calls)} calls of {len(Counter(call.operation for call in self.calls))} operations"

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._listener.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; everything is handed over as it came, but for what belongs to one hop."""
        request = Request(scope, receive)
        body = await request.body()
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=60)
        query = scope["query_string"].decode()
        answer = await self._http.request(
            request.method,
            self.target + scope["raw_path"].decode() + (f"?{query}" if query else ""),
            headers=[(name, value) for name, value in request.headers.items() if name not in OF_ONE_HOP],
            content=body,
        )
        if request.headers.get("x-client-name") != "check":
            self.calls.append(_seen(request, body, answer))
        headers = {name: value for name, value in answer.headers.items() if name not in OF_ONE_HOP}
        await Response(answer.content, answer.status_code, headers)(scope, receive, send)


def _seen(request: Request, body: bytes, answer: httpx.Response) -> Call:
    problem = answer.text if answer.status_code >= 400 else None
    asked = _json(body)
    operation = f"{request.method} {SIGNED.sub('a signed address', request.url.path)}"
    if isinstance(asked, dict) and isinstance(asked.get("query"), str):
        named = OPERATION.search(asked["query"])
        operation = named[2] if named else "an operation without a name"
        problem = problem or _graphql_problem(_json(answer.content))
    return Call(operation, answer.status_code, problem, body, dict(request.headers), answer.content)


def _graphql_problem(answer: Any) -> str | None:
    if not isinstance(answer, dict):
        return f"no object: {answer!r}"
    fields: Any = answer.get("data") or {}
    refused = [value for value in fields.values() if isinstance(value, dict) and value.get("ok") is False]
    return json.dumps(answer.get("errors") or refused) if answer.get("errors") or refused else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
