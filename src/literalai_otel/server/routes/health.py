"""`GET /healthz`: for load balancers and start scripts."""

from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.auth import Keys
from literalai_otel.server.routes.answers import json_answer


class HealthRoute:
    """Healthy means: the process answers and its database can be read."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def healthz(self, request: Request) -> Response:
        """200 `{"status": "ok"}`, else the refusal of the guard."""
        await self._keys.check()
        return json_answer({"status": "ok"})
