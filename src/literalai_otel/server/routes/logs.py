"""The log lists of the pages: threads, runs, generations, steps, scores, users (P-LOG-01, P-USR-01).

Rows have previews and never payloads. What a list was asked for stands in its address alone, so that a page can be
shared, and an answer that did not change is not sent twice (`ETag`).
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server import filters
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.filters import Entity, Field, parse_filters, parse_order
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer, known_tag
from literalai_otel.server.routes.parameters import filters_of, whole_of
from literalai_otel.server.store import facets, log_rows
from literalai_otel.server.store.log_rows import Kind
from literalai_otel.server.store.paging import DEFAULT_PAGE, Listing, PageQuery
from literalai_otel.server.store.scanning import ScanBound
from literalai_otel.server.store.store import Store

MAX_ROWS: Final = 200
MAX_VALUES: Final = 1_000
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_ENTITIES: Final[Mapping[Kind, Entity]] = {
    "threads": "threads",
    "runs": "runs",
    "generations": "generations",
    "steps": "steps",
    "scores": "scores",
    "users": "participants",
}
_SHOWN_KINDS: Final = {
    filters.Kind.TEXT: "text",
    filters.Kind.JSON: "json",
    filters.Kind.NUMBER: "number",
    filters.Kind.TIME: "time",
    filters.Kind.LIST: "tags",
}
_SCORES: Final = ("score", "scoreValue")


class LogsRoute:
    """Reading lists. A list that no index answers is looked through for as long as `bound` says."""

    def __init__(self, store: Store, bound: ScanBound) -> None:
        self._store = store
        self._bound = bound

    async def rows(self, request: Request, caller: Caller) -> Response:
        """`?first&after&orderBy&filters&search` -> `{rows, pageInfo: {endCursor, hasNextPage, cut, scannedUntil}}`.

        `orderBy` is `createdAt:DESC`, `filters` the JSON of the published clients' grammar. A page that was `cut` was
        looked through until `scannedUntil`; the next one goes on there.
        """
        kind = kind_of(request)
        query = self._query(kind, request.query_params)
        search = request.query_params.get("search", "").strip()
        listing = await to_thread.run_sync(
            lambda: self._store.read(log_rows.page, caller.project.id, kind, query, search or None)
        )
        return _unless_known(request, _shown(listing))

    async def fields(self, request: Request, caller: Caller) -> Response:
        """`{fields: [{field, kind, operators, nullable, path, facet}], orders: [column…]}`: the grammar of a list."""
        kind = kind_of(request)
        entity = _ENTITIES[kind]
        chosen = facets.chosen(kind)
        known = [_field(name, field, name in chosen) for name, field in filters.FIELDS[entity].items()]
        return json_answer({"fields": known, "orders": filters.ORDER_COLUMNS[entity]})

    async def facets(self, request: Request, caller: Caller) -> Response:
        """`?field&prefix&first` -> `{values: [{value}]}`: what to choose from. Of a score these are its names."""
        kind = kind_of(request)
        field, text = request.query_params.get("field", ""), request.query_params.get("prefix", "")
        first = whole_of(request.query_params, "first", DEFAULT_PAGE, MAX_VALUES)
        found = await to_thread.run_sync(
            lambda: self._store.read(facets.values, caller.project.id, kind, field, text.replace("\0", ""), first)
        )
        if found is None:
            choice = ", ".join(facets.chosen(kind))
            raise Problem("BAD_USER_INPUT", f"{kind} have no values of {field!r} to choose from; fields: {choice}")
        return _unless_known(request, {"values": [{"value": value} for value in found]})

    def _query(self, kind: Kind, given: Mapping[str, str]) -> PageQuery:
        entity = _ENTITIES[kind]
        conditions = parse_filters(entity, filters_of(given.get("filters")))
        return PageQuery(
            first=whole_of(given, "first", DEFAULT_PAGE, MAX_ROWS),
            after=given.get("after") or None,
            filters=conditions,
            order=parse_order(entity, _order(given.get("orderBy"))),
            count=False,
            hidden=filters.hidden_environment(entity, conditions),
            bound=self._bound,
        )


def kind_of(request: Request) -> Kind:
    """The list that the path names. Raises `Problem` 404."""
    kind = request.path_params["kind"]
    if kind not in KINDS:
        raise Problem("NOT_FOUND", f"There is no list of {kind}; lists: {', '.join(KINDS)}.")
    return kind


def _order(text: str | None) -> dict[str, str] | None:
    if not text:
        return None
    column, _, direction = text.partition(":")
    return {"column": column, "direction": direction or "ASC"}


def _field(name: str, field: Field, facet: bool) -> dict[str, Any]:
    kind = "score" if name in _SCORES else "choice" if facet and field.kind is filters.Kind.TEXT else None
    return {
        "field": name,
        "kind": kind or _SHOWN_KINDS[field.kind],
        "operators": [*filters.OPERATORS[field.kind], *(filters.NULL_OPERATORS if field.nullable else ())],
        "path": field.path,
        "facet": facet,
    }


def _shown(listing: Listing) -> dict[str, Any]:
    return {
        "rows": listing.nodes,
        "pageInfo": {
            "endCursor": listing.end_cursor,
            "hasNextPage": listing.has_next,
            "cut": listing.cut,
            "scannedUntil": listing.scanned_until,
        },
    }


def _unless_known(request: Request, content: dict[str, Any]) -> Response:
    """The answer, or 304 where the browser has the same one already."""
    answer = json_answer(content)
    tag, known = known_tag(request, bytes(answer.body))
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "x-api-key, x-project-id, cookie"}
    if known:
        return Response(status_code=304, headers=headers)
    answer.headers.update(headers)
    return answer
