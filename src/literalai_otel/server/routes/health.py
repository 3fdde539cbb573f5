"""`GET /healthz` and `GET /readyz`: for load balancers, orchestrators and start scripts."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.routes.answers import json_answer

CHECK_SECONDS: Final = 5.0
"""How long one check may take, and how long its result counts: many may ask."""

Check = Callable[[], str | None]
"""Blocks; None when all is well, else what is wrong, in words that anybody may read."""


class HealthRoute:
    """Live: the process answers. Ready: what it needs answers too.

    Args:
        vital: Name to check; one that fails takes this process out of service (503).
        beside: Name to check; one that fails is said, but everything else goes on.
    """

    def __init__(self, vital: Mapping[str, Check], beside: Mapping[str, Check] | None = None) -> None:
        self._vital = vital
        self._beside = beside or {}
        self._found: dict[str, str | None] = {}
        self._at = float("-inf")
        self._lock = asyncio.Lock()

    async def healthz(self, request: Request) -> Response:
        """200 `{"status": "ok"}`: it asks nobody else, so that a slow database restarts no process."""
        return json_answer({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        """`{"status", "checks": {name: "ok" or what is wrong}}`, 200 when ready, 503 otherwise."""
        async with self._lock:
            if time.monotonic() - self._at > CHECK_SECONDS:
                checks = {**self._vital, **self._beside}
                found = await asyncio.gather(*(_asked(check) for check in checks.values()))
                self._found = dict(zip(checks, found, strict=True))
                self._at = time.monotonic()
        ready = all(self._found[name] is None for name in self._vital)
        checks = {name: problem or "ok" for name, problem in self._found.items()}
        return json_answer({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


async def _asked(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(to_thread.run_sync(check, abandon_on_cancel=True), CHECK_SECONDS)
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:.0f} seconds"
