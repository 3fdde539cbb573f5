"""The gate of every route: who asks, by key or by session, and whether their role may do it.

A route is made by one of three methods of `Gate`, so that none can be listed without saying what it needs:

- `route`: in a project. The handler gets the `Caller`; its role has had the `needs` by then.
- `account_route`: for somebody who is signed in, whatever the project. The handler gets the `Visitor`.
- `open_route`: for anybody; what protects it is in the address, or nothing needs to.

Requests by session (the cookie goes along with whatever a browser sends) must come from a page of this server: by
`Sec-Fetch-Site` and `Origin` where the browser says it, and by the token of `GET /api/session` when they change
something.
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NoReturn
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.access.keys import Keys
from literalai_otel.server.access.permissions import Need, Role
from literalai_otel.server.access.sessions import Sessions, Visitor, forgery_token
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import Renderer, guarded, literal_refusal

COOKIE: Final = "literal_session"
PROJECT: Final = "project_id"
"""Name of the path parameter of routes whose address names the project."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

ProjectHandler = Callable[[Request, Caller], Awaitable[Response]]
AccountHandler = Callable[[Request, Visitor], Awaitable[Response]]
OpenHandler = Callable[[Request], Awaitable[Response]]


class GatedRoute(Route):
    """A route that knows what it needs: `needs` of a project route (empty: any member), None for the others."""

    needs: tuple[Need, ...] | None = None
    open: bool = False


class Gate:
    """Makes routes. `keys` and `sessions` say who asks."""

    def __init__(self, keys: Keys, sessions: Sessions) -> None:
        self._keys = keys
        self._sessions = sessions

    def route(
        self,
        path: str,
        handler: ProjectHandler,
        *,
        needs: Need | Sequence[Need],
        methods: list[str],
        render: Renderer = literal_refusal,
    ) -> GatedRoute:
        """A route of a project, for callers whose role has all of `needs`; an empty list is for every member."""
        required = (needs,) if isinstance(needs, Need) else tuple(needs)

        async def answer(request: Request) -> Response:
            caller = await self.caller_of(request)
            caller.require(*required)
            response = await handler(request, caller)
            if request.method == "GET" or caller.user_id is not None:
                # It stays in no cache, unless the route says how it may.
                response.headers.setdefault("cache-control", "no-store")
            return response

        made = GatedRoute(path, guarded(answer, render), methods=methods)
        made.needs = required
        return made

    def account_route(self, path: str, handler: AccountHandler, *, methods: list[str]) -> GatedRoute:
        """A route for whoever is signed in; a key is no person."""

        async def answer(request: Request) -> Response:
            return await handler(request, await self.visitor_of(request))

        return GatedRoute(path, guarded(answer, literal_refusal, keyed=False), methods=methods)

    def open_route(self, path: str, handler: OpenHandler, *, methods: list[str]) -> GatedRoute:
        """A route for anybody."""
        made = GatedRoute(path, guarded(handler, literal_refusal, keyed=False), methods=methods)
        made.open = True
        return made

    async def caller_of(self, request: Request) -> Caller:
        """Who asks; long answers ask again from time to time, since keys are revoked and sessions end.

        Raises:
            Problem: 401 nobody that is known, 403 a request that another origin made, or without a project, 404 a
                project that is none of theirs.
        """
        named: str | None = request.path_params.get(PROJECT)
        key = request.headers.get("x-api-key")
        if key or COOKIE not in request.cookies:
            caller = await self._keys.caller_of(key)
            if named is not None and named != caller.project.public_id:
                _no_project()
            return caller
        return await self._member(request, named)

    async def visitor_of(self, request: Request, project: str | None = None) -> Visitor:
        """Who is signed in. Raises `Problem` 401 when nobody is, 403 for a request that another origin made."""
        check_origin(request)
        token = request.cookies.get(COOKIE, "")
        visitor = await self._sessions.visitor(token, project) if token else None
        if visitor is None:
            raise Problem("UNAUTHENTICATED", "Nobody is signed in, or the session is over: sign in.")
        if request.method not in _SAFE:
            given = request.headers.get("x-csrf-token", "")
            if not hmac.compare_digest(given.encode(), forgery_token(token).encode()):
                raise Problem("FORBIDDEN", "The header x-csrf-token must be the csrfToken of GET /api/session.")
        return visitor

    async def _member(self, request: Request, named: str | None) -> Caller:
        project = named or request.headers.get("x-project-id") or request.query_params.get("project")
        visitor = await self.visitor_of(request, project)
        if not project:
            raise Problem("FORBIDDEN", "Name the project in the header x-project-id.")
        member = visitor.membership
        if member is None:
            _no_project()
        account = visitor.account
        return Caller(member.project, account.shown_name, Role(member.role), user_id=account.public_id)


def check_origin(request: Request) -> None:
    """Raises `Problem` 403 when the browser says that a page of another origin sends the request."""
    site = request.headers.get("sec-fetch-site")
    allowed = ("same-origin", "none") if request.method in _SAFE else ("same-origin",)
    origin = request.headers.get("origin")
    # Hosts alone are compared: a proxy that ends TLS need not say that it does.
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or (site is not None and site not in allowed):
        raise Problem(
            "FORBIDDEN",
            "A session works from the pages of this server alone; programs use an API key. "
            "If this is one of its pages, behind a proxy: set LITERAL_PUBLIC_URL.",
        )


def _no_project() -> NoReturn:
    raise Problem("NOT_FOUND", "There is no such project among yours.")
