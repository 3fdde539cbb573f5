"""`/api/keys`: the API keys of a project. A key is shown when it is made, and never again."""

import asyncio
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.access.keys import Keys, hash_key, make_key
from literalai_otel.server.access.permissions import Role, includes
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.parameters import object_of, role_of
from literalai_otel.server.store import projects
from literalai_otel.server.store.projects import ApiKey
from literalai_otel.server.store.store import Store
from literalai_otel.server.times import format_time
from literalai_otel.server.values import clean_name


class CredentialsRoute:
    """Nobody makes or revokes a key that may do more than they may."""

    def __init__(self, intake: Intake, store: Store, keys: Keys) -> None:
        self._intake = intake
        self._store = store
        self._keys = keys

    async def listed(self, request: Request, caller: Caller) -> Response:
        """`{keys: [{id, name, prefix, role, createdAt, lastUsedAt, createdBy}]}`, oldest first."""
        found = await to_thread.run_sync(self._listed, caller)
        return json_answer({"keys": [_shown(key) for key in found]})

    async def create(self, request: Request, caller: Caller) -> Response:
        """`{name, role}` -> the key as in the list, and `key`, shown this once."""
        async with self._intake.body(request) as body:
            given = object_of(body)
        name, role = clean_name(given.get("name"), "name"), role_of(given.get("role"))
        _check(caller, role)
        return await to_thread.run_sync(self._made, caller, name, role)

    async def revoke(self, request: Request, caller: Caller) -> Response:
        """204: this process refuses the key from now on, others within 10 seconds."""
        key_id: int = request.path_params["key"]
        found = await to_thread.run_sync(self._listed, caller)
        key = next((one for one in found if one.id == key_id), None)
        if key is None:
            raise Problem("NOT_FOUND", "The project has no such key.")
        _check(caller, Role(key.role))
        await asyncio.wrap_future(self._store.write(projects.revoke_key, key_id, caller.project.id))
        self._keys.forget(key.key_hash)
        return Response(status_code=204)

    def _made(self, caller: Caller, name: str, role: Role) -> Response:
        made = make_key(self._store, caller.project, name, role=role, created_by=caller.name)
        key = self._store.find_api_key(hash_key(made))
        assert key is not None
        return json_answer({**_shown(key), "key": made}, 201)

    def _listed(self, caller: Caller) -> list[ApiKey]:
        return self._store.read(projects.keys, caller.project.id)


def _check(caller: Caller, role: Role) -> None:
    if not includes(caller.role, role):
        raise Problem("FORBIDDEN", f"The role {caller.role.shown} may not give or take the role {role.shown}.")


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "name": key.name,
        "prefix": key.prefix,
        "role": key.role,
        "createdAt": format_time(key.created_at),
        "lastUsedAt": None if key.last_used_at is None else format_time(key.last_used_at),
        "createdBy": key.created_by,
    }
