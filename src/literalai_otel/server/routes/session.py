"""`/api/session` and `/api/account`: signing in and out, and what a page must know at its start."""

from collections.abc import Callable
from typing import Any, Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel import __version__
from literalai_otel.server.access.permissions import MATRIX, Resource, Right, Role
from literalai_otel.server.access.sessions import Sessions, Visitor, forgery_token
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.gate import COOKIE, check_origin
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.parameters import object_of
from literalai_otel.server.store import accounts, memberships
from literalai_otel.server.store.memberships import Membership
from literalai_otel.server.store.sessions import IDLE_SECONDS
from literalai_otel.server.store.store import Store

UNKEPT: Final = {"cache-control": "no-store"}
"""Headers of answers about people: no cache keeps them."""
_SHOWN_RIGHTS: Final = {Right.NONE: "none", Right.READ: "r", Right.ADD: "ra", Right.WRITE: "rw"}


class SessionRoute:
    """The session of a browser. `build` says which build of the page is served."""

    def __init__(self, intake: Intake, store: Store, sessions: Sessions, build: Callable[[], str | None]) -> None:
        self._intake = intake
        self._store = store
        self._sessions = sessions
        self._build = build

    async def get(self, request: Request) -> Response:
        """`{serverVersion, build, firstRun, user, csrfToken, projects}`; `user` is null when nobody is signed in."""
        check_origin(request)
        token = request.cookies.get(COOKIE, "")
        return await self.answer(await self._sessions.visitor(token) if token else None)

    async def sign_in(self, request: Request) -> Response:
        """`{email, password}` -> as `get`, with a cookie."""
        given = await self._given(request)
        token = await self._sessions.with_password(given.get("email"), given.get("password"), address_of(request))
        return await self.signed_in(request, token)

    async def use_link(self, request: Request) -> Response:
        """`{token}` of a sign-in link -> as `get`, with a cookie."""
        given = await self._given(request)
        token = await self._sessions.with_link(given.get("token"), address_of(request))
        return await self.signed_in(request, token)

    async def sign_out(self, request: Request, visitor: Visitor) -> Response:
        """204, and the cookie is gone."""
        await self._sessions.end(visitor.token)
        answer = Response(status_code=204, headers=UNKEPT)
        answer.delete_cookie(COOKIE, **_cookie_scope(request))
        return answer

    async def signed_in(self, request: Request, token: str) -> Response:
        """What answers a sign-in: the session, and a cookie with its token. The browser's session of before ends."""
        before = request.cookies.get(COOKIE)
        if before:
            await self._sessions.end(before)
        answer = await self.answer(await self._sessions.visitor(token))
        answer.set_cookie(COOKIE, token, max_age=IDLE_SECONDS, **_cookie_scope(request))
        return answer

    async def answer(self, visitor: Visitor | None) -> Response:
        """See `get`."""
        facts = await to_thread.run_sync(self._facts, visitor)
        return json_answer({"serverVersion": __version__, "build": self._build(), **facts}, headers=UNKEPT)

    def _facts(self, visitor: Visitor | None) -> dict[str, Any]:
        first_run = self._store.read(accounts.is_first_run)
        if visitor is None:
            return {"firstRun": first_run, "user": None, "csrfToken": None, "projects": []}
        # Read again: what was asked for may have changed it.
        account = self._store.read(accounts.get, visitor.account.id) or visitor.account
        return {
            "firstRun": first_run,
            "user": {
                "id": account.public_id,
                "name": account.name,
                "email": account.email,
                "hasPassword": account.password_hash is not None,
            },
            "csrfToken": forgery_token(visitor.token),
            "projects": [shown(one) for one in self._store.read(memberships.of_account, account.id)],
        }

    async def _given(self, request: Request) -> dict[str, Any]:
        check_origin(request)
        async with self._intake.body(request) as body:
            return object_of(body)


def shown(membership: Membership) -> dict[str, Any]:
    """A project as one of its members sees it; `rights` is the row of the matrix: none, r, ra (add items) or rw."""
    rights = MATRIX[Role(membership.role)]
    return {
        "id": membership.project.public_id,
        "name": membership.project.name,
        "role": membership.role,
        "rights": {resource.name.lower(): _SHOWN_RIGHTS[rights[resource]] for resource in Resource},
    }


def address_of(request: Request) -> str:
    """Where a request comes from, for counting failures."""
    return request.client.host if request.client else ""


def _cookie_scope(request: Request) -> dict[str, Any]:
    return {
        "path": f"{request.scope.get('root_path', '')}/",
        "httponly": True,
        "samesite": "lax",
        "secure": request.url.scheme == "https",
    }
