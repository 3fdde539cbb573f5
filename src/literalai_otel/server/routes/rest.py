"""The REST endpoints of the published clients (`spec/literal-wire.md` §3)."""

from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.auth import Keys
from literalai_otel.server.routes.answers import json_answer


class RestRoute:
    """So far: which project a key belongs to."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def my_project(self, request: Request) -> Response:
        """`{"projectId": …}`. The body is not looked at: clients send `{}` or nothing."""
        project = await self._keys.project_of(request.headers.get("x-api-key"))
        return json_answer({"projectId": project.public_id})
