"""What can be done to the rows that are selected in a list: tags, a score, into a dataset (P-LOG-13, -20).

Each answers for every id, in the order of the request: `{results: [{id, ok, message?, …}]}`. One that is refused
leaves the others done.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.logs import kind_of
from literalai_otel.server.routes.parameters import object_of
from literalai_otel.server.store import dataset_items, datasets, row_tags, scores, steps
from literalai_otel.server.store.scores import ScoreFields
from literalai_otel.server.store.store import Store
from literalai_otel.server.values import InvalidValueError, clean_id, clean_tags

MOST_IDS: Final = 500
"""Rows of one request."""
MOST_TAGS: Final = 500
"""Tags that one request gives or takes."""
_WRITE_SECONDS: Final = 30.0

T = TypeVar("T")
Result = dict[str, Any]


class LogChangesRoute:
    """Changes to selected rows."""

    def __init__(self, intake: Intake, store: Store) -> None:
        self._intake = intake
        self._store = store

    async def tags(self, request: Request, caller: Caller) -> Response:
        """`{ids, add?, remove?}` -> each with its `tags` after the change. For all lists of threads and steps."""
        kind = kind_of(request)
        if kind in ("scores", "users"):
            raise Problem("BAD_USER_INPUT", f"{kind} have no tags that can be changed.")
        given = await self._given(request)
        ids = _ids(given, "ids")
        add, remove = (_tags(given.get(name, []), name) for name in ("add", "remove"))
        if not add and not remove:
            raise Problem("BAD_USER_INPUT", "add or remove must name a tag.")
        carrier: row_tags.Carrier = "threads" if kind == "threads" else "steps"
        changed = await self._write(row_tags.retag, caller.project.id, carrier, ids, add, remove)
        return _answer([_known(one, changed.get(one), lambda tags: {"tags": tags}) for one in ids])

    async def scores(self, request: Request, caller: Caller) -> Response:
        """`{stepIds, name, type?, value?, label?, comment?}` -> each with its new `score`."""
        given = await self._given(request)
        ids = _ids(given, "stepIds")
        known = await self._read(steps.known_ids, caller.project.id, ids)
        wanted = [scores.checked(_score(given, step_id)) for step_id in ids if step_id in known]
        created = await self._write(scores.create_all, caller.project.id, wanted, caller.name)
        made = {score["stepId"]: score for score in created}
        return _answer([_known(one, made.get(one), lambda score: {"score": score}) for one in ids])

    async def items(self, request: Request, caller: Caller) -> Response:
        """`{stepIds}` -> each with the `itemId` that it became in the dataset of the path."""
        given = await self._given(request)
        ids = _ids(given, "stepIds")
        dataset = await self._read(datasets.get, caller.project.id, dataset_id=request.path_params["dataset"])
        if dataset is None:
            raise Problem("NOT_FOUND", "The dataset is not there any more.")
        return _answer([await self._add_item(caller, dataset, step_id) for step_id in ids])

    async def _add_item(self, caller: Caller, dataset: dict[str, Any], step_id: str) -> Result:
        project_id = caller.project.id
        read = dataset_items.content_of_step
        if dataset["type"] == datasets.GENERATION:
            read = dataset_items.content_of_generation
        try:
            content = await self._read(read, project_id, step_id, None)
            item_id = await self._write(dataset_items.create, project_id, dataset["id"], content)
        except InvalidValueError as refusal:
            return {"id": step_id, "ok": False, "message": str(refusal)}
        return {"id": step_id, "ok": True, "itemId": item_id}

    async def _given(self, request: Request) -> dict[str, Any]:
        async with self._intake.body(request) as body:
            return object_of(body)

    async def _read(self, query: Callable[..., T], *arguments: Any, **named: Any) -> T:
        return await to_thread.run_sync(lambda: self._store.read(query, *arguments, **named))

    async def _write(self, change: Callable[..., T], *arguments: Any) -> T:
        future = self._store.write(change, *arguments)
        try:
            return await to_thread.run_sync(future.result, _WRITE_SECONDS)
        except TimeoutError:
            raise Problem("OVERLOADED", "The write is still queued: try again.") from None


def _ids(given: dict[str, Any], name: str) -> list[str]:
    ids = given.get(name)
    if not isinstance(ids, list) or not 0 < len(cast(list[Any], ids)) <= MOST_IDS:
        raise Problem("BAD_USER_INPUT", f"{name} must be a list of 1 to {MOST_IDS} ids.")
    return list(dict.fromkeys(clean_id(one, name) for one in cast(list[Any], ids)))


def _tags(value: Any, name: str) -> list[str]:
    found = clean_tags(value, name)
    if len(found) > MOST_TAGS:
        raise Problem("BAD_USER_INPUT", f"{name} holds at most {MOST_TAGS} tags.")
    return found


def _score(given: dict[str, Any], step_id: str) -> ScoreFields:
    for name, kinds in _SCORE_TYPES.items():
        value = given.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise Problem("BAD_USER_INPUT", f"{name} of a score must be a {'number' if name == 'value' else 'text'}.")
    return ScoreFields(
        name=given.get("name") or "",
        type=given.get("type") or "HUMAN",
        value=given.get("value"),
        label=given.get("label"),
        comment=given.get("comment"),
        step_id=step_id,
    )


def _known(row_id: str, found: T | None, shown: Callable[[T], dict[str, Any]]) -> Result:
    if found is None:
        return {"id": row_id, "ok": False, "message": "It is not there any more."}
    return {"id": row_id, "ok": True, **shown(found)}


def _answer(results: list[Result]) -> Response:
    return json_answer({"results": results})


_SCORE_TYPES: Final = {"name": str, "type": str, "value": int | float, "label": str, "comment": str}
