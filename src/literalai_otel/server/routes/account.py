"""`PATCH /api/account`: name, address and password of whoever is signed in."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.access.sessions import Sessions, Visitor
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.parameters import object_of
from literalai_otel.server.routes.session import SessionRoute, address_of
from literalai_otel.server.store import accounts, sessions
from literalai_otel.server.store.accounts import EmailTakenError
from literalai_otel.server.store.store import Store
from literalai_otel.server.values import clean_email, clean_name


class AccountRoute:
    """Changes to the own account; each answers as `GET /api/session`."""

    def __init__(self, intake: Intake, store: Store, sign_ins: Sessions, session: SessionRoute) -> None:
        self._intake = intake
        self._store = store
        self._sessions = sign_ins
        self._session = session

    async def change(self, request: Request, visitor: Visitor) -> Response:
        """`{name?, email?, password?, currentPassword?}`.

        A new password, and a new address of an account that has a password, need the current one, unless a link
        signed in. With a new password every other session of the account ends.
        """
        async with self._intake.body(request) as body:
            given = object_of(body)
        values: dict[str, Any] = {}
        if given.get("name") is not None:
            values["name"] = clean_name(given["name"], "name")
        if given.get("email") is not None:
            values["email"] = clean_email(given["email"])
        password = given.get("password")
        changes_email = values.get("email", visitor.account.email) != visitor.account.email
        if password is not None or changes_email:
            await self._check_current(request, visitor, given.get("currentPassword"))
        if password is not None:
            if visitor.account.email is None and "email" not in values:
                raise Problem("BAD_USER_INPUT", "Give an e-mail address too: one signs in with both.")
            values["password_hash"] = await self._sessions.passwords.hash(password)
        if values:
            try:
                await asyncio.wrap_future(self._store.write(accounts.change, visitor.account.id, **values))
            except EmailTakenError as taken:
                raise Problem("CONFLICT", str(taken)) from None
        if password is None:
            return await self._session.answer(visitor)
        await asyncio.wrap_future(self._store.write(sessions.end_all, visitor.account.id))
        return await self._session.signed_in(request, await self._sessions.start(visitor.account))

    async def _check_current(self, request: Request, visitor: Visitor, current: Any) -> None:
        account = visitor.account
        if account.password_hash is None or visitor.session.may_renew_password:
            return
        if not await self._sessions.confirm(account, current, address_of(request)):
            raise Problem("FORBIDDEN", "currentPassword is not the password of this account.")
