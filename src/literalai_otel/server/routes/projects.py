"""`/api/projects`: the projects of whoever is signed in, and what may become of one."""

import asyncio
from collections import deque

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server import administration
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.access.keys import Keys
from literalai_otel.server.access.permissions import Role
from literalai_otel.server.access.sessions import Visitor
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.members import person
from literalai_otel.server.routes.parameters import object_of
from literalai_otel.server.routes.session import UNKEPT, shown
from literalai_otel.server.store import memberships, projects
from literalai_otel.server.store.memberships import LastAdminError, Membership
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store
from literalai_otel.server.values import clean_name


class ProjectsRoute:
    """Projects (`spec/features.md` P-SET-01, P-SET-04)."""

    def __init__(self, intake: Intake, store: Store, keys: Keys) -> None:
        self._intake = intake
        self._store = store
        self._keys = keys
        self._deletions = CapacityLimiter(1)

    async def listed(self, request: Request, visitor: Visitor) -> Response:
        """`{projects: [{id, name, role, rights}]}`, oldest first."""
        found = await to_thread.run_sync(self._of, visitor)
        return json_answer({"projects": [shown(one) for one in found]}, headers=UNKEPT)

    async def create(self, request: Request, visitor: Visitor) -> Response:
        """`{name}` -> the project, whose admin the asker is."""
        name = await self._name(request)
        made = await asyncio.wrap_future(self._store.write(memberships.create_project, name, visitor.account.id))
        return json_answer(shown(Membership(made, Role.ADMIN)), 201, headers=UNKEPT)

    async def rename(self, request: Request, caller: Caller) -> Response:
        """`{name}` -> `{id, name}`."""
        name = await self._name(request)
        await asyncio.wrap_future(self._store.write(projects.rename, caller.project.id, name))
        self._keys.forget_all()
        return json_answer({"id": caller.project.public_id, "name": name})

    async def delete(self, request: Request, caller: Caller) -> Response:
        """204 when it is gone with everything in it. It ends even if the asker leaves before."""
        await to_thread.run_sync(self._delete, caller.project, limiter=self._deletions)
        return Response(status_code=204)

    async def leave(self, request: Request, caller: Caller) -> Response:
        """204; 409 for the last admin."""
        account = await person(self._store, caller.user_id)
        if account is None:
            raise Problem("BAD_USER_INPUT", "A key is no member: revoke it instead.")
        try:
            await asyncio.wrap_future(self._store.write(memberships.remove, caller.project.id, account.id))
        except LastAdminError as refused:
            raise Problem("CONFLICT", str(refused)) from None
        return Response(status_code=204)

    async def transfer(self, request: Request, caller: Caller) -> Response:
        """`{userId}` -> 204: that member is an admin, the asker an AI Engineer."""
        async with self._intake.body(request) as body:
            taker = await person(self._store, object_of(body).get("userId"))
        giver = await person(self._store, caller.user_id)
        if giver is None:
            raise Problem("BAD_USER_INPUT", "A key has no project to give away: sign in.")
        if taker is not None and taker.id == giver.id:
            raise Problem("BAD_USER_INPUT", "userId must name another member.")
        given = self._store.write(
            memberships.transfer, caller.project.id, giver.id, taker.id if taker else 0, Role.AI_ENGINEER
        )
        if not await asyncio.wrap_future(given):
            raise Problem("NOT_FOUND", "The project has no such member.")
        return Response(status_code=204)

    async def _name(self, request: Request) -> str:
        async with self._intake.body(request) as body:
            return clean_name(object_of(body).get("name"), "name")

    def _of(self, visitor: Visitor) -> list[Membership]:
        return self._store.read(memberships.of_account, visitor.account.id)

    def _delete(self, project: Project) -> None:
        deque(administration.delete_project(self._store, project), maxlen=0)
        self._keys.forget_all()
