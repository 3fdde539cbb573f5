"""`/api/members` and `/api/invitations`: the people of a project (`spec/features.md` P-TEAM-01, P-TEAM-04)."""

import asyncio
import secrets
from typing import Any, Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.access.keys import hash_key
from literalai_otel.server.access.sessions import Sessions
from literalai_otel.server.address import base_url
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.gate import COOKIE, check_origin
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.parameters import object_of, role_of
from literalai_otel.server.routes.session import UNKEPT, SessionRoute, address_of
from literalai_otel.server.store import accounts, memberships
from literalai_otel.server.store.accounts import Account, EmailTakenError
from literalai_otel.server.store.memberships import Invitation, LastAdminError
from literalai_otel.server.store.store import Store
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import clean_email, clean_name, clean_text

INVITATION_SECONDS: Final = 7 * 24 * 3_600
INVITATION_PATH: Final = "/invitation"


class MembersRoute:
    """Members of a project and their roles."""

    def __init__(self, intake: Intake, store: Store) -> None:
        self._intake = intake
        self._store = store

    async def listed(self, request: Request, caller: Caller) -> Response:
        """`{members: [{userId, name, email, role, joinedAt, lastSeenAt}], invitations: [{id, email, role, …}]}`."""
        return await to_thread.run_sync(self._listed, caller)

    async def change(self, request: Request, caller: Caller) -> Response:
        """`{role}` -> 204; 409 for the last admin."""
        async with self._intake.body(request) as body:
            role = role_of(object_of(body).get("role"))
        member = await person(self._store, request.path_params["user"])
        await self._changed(memberships.change_role, caller.project.id, member, role)
        return Response(status_code=204)

    async def remove(self, request: Request, caller: Caller) -> Response:
        """204: the person's next request to the project is refused; 409 for the last admin."""
        member = await person(self._store, request.path_params["user"])
        await self._changed(memberships.remove, caller.project.id, member)
        return Response(status_code=204)

    async def invite(self, request: Request, caller: Caller) -> Response:
        """`{email, role}` -> `{id, link}`. No mail is sent: the link is shown this once, to be passed on."""
        async with self._intake.body(request) as body:
            given = object_of(body)
        email, role = clean_email(given.get("email")), role_of(given.get("role"))
        members = await to_thread.run_sync(lambda: self._store.read(memberships.of_project, caller.project.id))
        if any(member.account.email == email for member in members):
            raise Problem("CONFLICT", f"{email} is a member already.")
        token = secrets.token_urlsafe(32)
        kept = self._store.write(
            memberships.invite,
            caller.project.id,
            email=email,
            role=role,
            invited_by=caller.name,
            token_hash=hash_key(token),
            expires_at=now() + INVITATION_SECONDS * 1_000_000,
        )
        public_id = await asyncio.wrap_future(kept)
        # Behind the #, which browsers send to nobody: no log of a server or proxy has it.
        return json_answer({"id": public_id, "link": f"{base_url()}{INVITATION_PATH}#{token}"}, 201)

    async def withdraw(self, request: Request, caller: Caller) -> Response:
        """204: the link of the invitation is no good any more."""
        gone = self._store.write(memberships.withdraw, caller.project.id, request.path_params["invitation"])
        if not await asyncio.wrap_future(gone):
            raise Problem("NOT_FOUND", "The project has no such invitation.")
        return Response(status_code=204)

    async def _changed(self, change: Any, project_id: int, member: Account | None, *arguments: Any) -> None:
        try:
            found = member and await asyncio.wrap_future(self._store.write(change, project_id, member.id, *arguments))
        except LastAdminError as refused:
            raise Problem("CONFLICT", str(refused)) from None
        if not found:
            raise Problem("NOT_FOUND", "The project has no such member.")

    def _listed(self, caller: Caller) -> Response:
        project_id = caller.project.id
        members = [
            {
                "userId": member.account.public_id,
                "name": member.account.name,
                "email": member.account.email,
                "role": member.role,
                "joinedAt": format_time(member.joined_at),
                "lastSeenAt": None if member.last_seen_at is None else format_time(member.last_seen_at),
            }
            for member in self._store.read(memberships.of_project, project_id)
        ]
        invitations = [_shown(one) for one in self._store.read(memberships.invited, project_id)]
        return json_answer({"members": members, "invitations": invitations})


class InvitationsRoute:
    """Invitations as those see them who have their link. The link is what proves it."""

    def __init__(self, intake: Intake, store: Store, signed_in: Sessions, session: SessionRoute) -> None:
        self._intake = intake
        self._store = store
        self._sessions = signed_in
        self._session = session

    async def look(self, request: Request) -> Response:
        """`{token}` -> `{email, project, role, hasAccount}`."""
        token_hash, _ = await self._given(request)
        invitation, account = await to_thread.run_sync(self._find, token_hash)
        facts = {"email": invitation.email, "project": invitation.project.name, "role": invitation.role}
        return json_answer({**facts, "hasAccount": account is not None}, headers=UNKEPT)

    async def accept(self, request: Request) -> Response:
        """`{token, name, password}` -> as `GET /api/session`, with a cookie.

        Who has an account of the invitation's address gives its password, or is signed in to it; no name is needed.
        """
        token_hash, given = await self._given(request)
        _, account = await to_thread.run_sync(self._find, token_hash)
        if account is None:
            member = await self._as_new(token_hash, given)
        elif await self._is(request, account, given.get("password")):
            member = await asyncio.wrap_future(self._store.write(memberships.accept, token_hash, account.id))
        else:
            raise Problem("UNAUTHENTICATED", "This address has an account: give its password.")
        if member is None:
            raise _unknown()
        return await self._session.signed_in(request, await self._sessions.start(member))

    async def _as_new(self, token_hash: str, given: dict[str, Any]) -> Account | None:
        name = clean_name(given.get("name"), "name")
        password_hash = await self._sessions.passwords.hash(given.get("password"))
        made = self._store.write(memberships.accept_as_new, token_hash, name=name, password_hash=password_hash)
        try:
            return await asyncio.wrap_future(made)
        except EmailTakenError as taken:
            raise Problem("CONFLICT", str(taken)) from None

    async def _is(self, request: Request, account: Account, password: Any) -> bool:
        """Whether the asker is the person of the account."""
        token = request.cookies.get(COOKIE)
        visitor = await self._sessions.visitor(token) if token else None
        if visitor is not None and visitor.account.id == account.id:
            return True
        return await self._sessions.confirm(account, password, address_of(request))

    async def _given(self, request: Request) -> tuple[str, dict[str, Any]]:
        check_origin(request)
        async with self._intake.body(request) as body:
            given = object_of(body)
        return hash_key(clean_text(given.get("token"), "token")), given

    def _find(self, token_hash: str) -> tuple[Invitation, Account | None]:
        invitation = self._store.read(memberships.find_invitation, token_hash)
        if invitation is None:
            raise _unknown()
        return invitation, self._store.read(accounts.with_email, invitation.email)


async def person(store: Store, public_id: Any) -> Account | None:
    """The account that answers name so, if there is one."""
    if not isinstance(public_id, str):
        return None
    return await to_thread.run_sync(lambda: store.read(accounts.with_public_id, clean_text(public_id, "userId")))


def _shown(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.public_id,
        "email": invitation.email,
        "role": invitation.role,
        "createdAt": format_time(invitation.created_at),
        "expiresAt": format_time(invitation.expires_at),
        "invitedBy": invitation.invited_by,
    }


def _unknown() -> Problem:
    return Problem("NOT_FOUND", "This invitation was accepted or withdrawn, or is too old: ask for another.")
