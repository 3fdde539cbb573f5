"""The REST endpoints of the published clients (`spec/literal-wire.md` §3)."""

from typing import Any, Final, cast

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel import __version__, jsonable
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.store import dataset_items
from literalai_otel.server.store.store import Store
from literalai_otel.server.values import clean_text

MAX_EXPORTS: Final = 2
"""Datasets that are read at one time: each is held whole."""


class RestRoute:
    """Which project a key belongs to, and whole datasets."""

    def __init__(self, intake: Intake, store: Store) -> None:
        self._intake = intake
        self._store = store
        self._exports = CapacityLimiter(MAX_EXPORTS)

    async def my_project(self, request: Request, caller: Caller) -> Response:
        """`{"projectId": …, "version": …}`, the server's version, for `literalai-otel doctor`.

        The body is not looked at: clients send `{}` or nothing.
        """
        return json_answer({"projectId": caller.project.public_id, "version": __version__})

    async def export_dataset(self, request: Request, caller: Caller) -> Response:
        """`{"data": dataset with items}`, null when it is unknown, for `{"id"}`, `{"name"}` or the bare id."""
        async with self._intake.body(request) as body:
            wanted = _wanted(body)
        return await to_thread.run_sync(self._export, caller.project.id, wanted, limiter=self._exports)

    def _export(self, project_id: int, wanted: dict[str, str]) -> Response:
        return json_answer({"data": self._store.read(dataset_items.export, project_id, **wanted)})


def _wanted(body: bytes) -> dict[str, str]:
    """The arguments of `dataset_items.export`. Raises `Problem` 400 when the body names no dataset."""
    try:
        payload = jsonable.loads(body)
    except (ValueError, UnicodeDecodeError):
        raise Problem("BAD_REQUEST", "The body is not valid JSON.") from None
    named = cast(dict[str, Any], payload if isinstance(payload, dict) else {"id": payload})
    for member, argument in (("id", "dataset_id"), ("name", "name")):
        value = named.get(member)
        if isinstance(value, str):
            return {argument: clean_text(value, member)}  # as it is stored
        if value is not None:
            raise Problem("BAD_REQUEST", f"{member} must be a text.")
    raise Problem("BAD_REQUEST", "Name a dataset by id or name.")
