"""What the settings pages need beside GraphQL: tags, how much the project holds, what its models cost."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.parameters import object_of
from literalai_otel.server.store import priced_models, tags, usage
from literalai_otel.server.store.store import Store
from literalai_otel.server.tagging import Tagging

T = TypeVar("T")


class SettingsRoute:
    """Tags (`spec/features.md` P-SET-03), counts (P-LOG-22) and prices (P-COST-01) of the caller's project."""

    def __init__(self, intake: Intake, store: Store) -> None:
        self._intake = intake
        self._store = store
        self._tagging = Tagging(store)

    async def tags(self, request: Request, caller: Caller) -> Response:
        """`{tags: [{id, name, color, stepCount, threadCount}], countLimit}`: counts end at the limit.

        With `?counts=false` without them: for whoever wants names and colours alone.
        """
        if request.query_params.get("counts") == "false":
            return json_answer({"tags": await self._read(partial(tags.listed, counted=False), caller.project.id)})
        found = await self._read(tags.listed, caller.project.id)
        return json_answer({"tags": found, "countLimit": tags.COUNTED})

    async def add_tag(self, request: Request, caller: Caller) -> Response:
        """`{name, color?}` -> `{tag}`; 409 when there is one of that name."""
        given = await self._given(request)
        made = self._store.write(tags.create, caller.project.id, given.get("name"), given.get("color"))
        tag = await asyncio.wrap_future(made)
        if tag is None:
            raise Problem("CONFLICT", f"There is a tag {given['name']!r} already.")
        return json_answer({"tag": tag}, 201)

    async def change_tag(self, request: Request, caller: Caller) -> Response:
        """`{name?, color?}` -> `{tag, changed, left, done}`. A name that another tag has makes the two one.

        Without `done` there is more to rename than one request may take: the same request goes on. `changed` says how
        many steps and threads this one renamed, `left` how many there are still, null for too many to count.
        """
        given = await self._given(request)
        changed = await to_thread.run_sync(self._tagging.change, caller.project.id, request.path_params["tag"], given)
        if changed is None:
            raise _unknown()
        tag_id, portion = changed
        tag = await self._read(tags.get, caller.project.id, tag_id)
        return json_answer({"tag": tag, **asdict(portion)})

    async def delete_tag(self, request: Request, caller: Caller) -> Response:
        """`{changed, left, done}`: as in `change_tag`."""
        tag_id: int = request.path_params["tag"]
        if await self._read(tags.get, caller.project.id, tag_id) is None:
            raise _unknown()
        return json_answer(asdict(await to_thread.run_sync(self._tagging.delete, caller.project.id, tag_id)))

    async def usage(self, request: Request, caller: Caller) -> Response:
        """See `store.usage.of_project`."""
        return json_answer(await self._read(usage.of_project, caller.project.id))

    async def models(self, request: Request, caller: Caller) -> Response:
        """`{models}`, see `store.priced_models.listed`; `?pattern=` says which ones a rule would be for."""
        pattern = request.query_params.get("pattern")
        found = await self._read(priced_models.listed, caller.project.id, pattern)
        return json_answer({"models": found})

    async def _read(self, query: Callable[..., T], *arguments: Any) -> T:
        return await to_thread.run_sync(lambda: self._store.read(query, *arguments))

    async def _given(self, request: Request) -> dict[str, Any]:
        async with self._intake.body(request) as body:
            return object_of(body)


def _unknown() -> Problem:
    return Problem("NOT_FOUND", "There is no such tag.")
