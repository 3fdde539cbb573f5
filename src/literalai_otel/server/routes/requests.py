"""Every request has an id: it is in the answer's `x-request-id` and in every log line that the request causes.

An id that comes with the request (from a proxy) is kept when it is harmless. What failed is logged always, what
went well only on request (`LITERAL_ACCESS_LOG`): at thousands of requests a second it says nothing new. Paths are
logged without their query, which may hold a signature.
"""

import logging
import re
import time
import uuid
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from literalai_otel.server.logs import REQUEST_ID

HEADER: Final = b"x-request-id"
_HARMLESS: Final = re.compile(rb"[A-Za-z0-9._:\-]{1,128}")
_TOO_MANY: Final = 429

_log = logging.getLogger(__name__)


class RequestLog:
    """ASGI middleware: names the request, and logs how it ended."""

    def __init__(self, app: ASGIApp, *, everything: bool = False) -> None:
        self._app = app
        self._everything = everything

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the id around it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _id_of(scope)
        status = 0

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, request_id)]}
            await send(message)

        started = time.perf_counter()
        token = REQUEST_ID.set(request_id.decode("ascii"))
        try:
            await self._app(scope, receive, named)
        finally:
            self._log(scope, status, time.perf_counter() - started)
            REQUEST_ID.reset(token)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        failed = status >= 400 or status == 0
        # Refusals of a throttled address would only repeat those before them.
        if not (self._everything or (failed and status != _TOO_MANY)):
            return
        client: Any = scope.get("client")
        facts = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status or None,
            "milliseconds": round(seconds * 1_000, 1),
            "client": client[0] if client else None,
        }
        _log.log(logging.WARNING if status >= 500 or status == 0 else logging.INFO, "request", extra=facts)


def _id_of(scope: Scope) -> bytes:
    given = next((value for name, value in scope["headers"] if name == HEADER), b"")
    return given if _HARMLESS.fullmatch(given) else uuid.uuid4().hex.encode("ascii")
