"""The rows of the log lists: what a page of threads, runs, generations, steps, scores or users shows (P-LOG-01, -11).

Hot rows only: no payload is read, long texts are their first 200 characters. What a row shows of other tables (its
user, its prompt, its scores) is read once for the page, not once a row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, select

from literalai_otel.jsonable import loads
from literalai_otel.server.filters import Order
from literalai_otel.server.store import generations, participants, prompt_links, scores, steps, threads, totals
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.paging import Listing, PageQuery, fetch
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.searching import ids_like, search_for
from literalai_otel.server.store.tables import participants as user_table
from literalai_otel.server.store.tables import scores as score_table
from literalai_otel.server.store.tables import steps as step_table
from literalai_otel.server.store.tables import threads as thread_table
from literalai_otel.server.store.threads import WITH_USER
from literalai_otel.server.times import format_time

PREVIEW: Final = 200
"""Characters of a long text in a row, as many as the hot row of a step holds of its input."""
MOST_STEPS: Final = 2_000
"""Steps of the threads of a page whose scores are looked up; the scores of larger ones are seen in the thread."""

Kind = Literal["threads", "runs", "generations", "steps", "scores", "users"]
Row = dict[str, Any]

_THREAD_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    *(column for column in thread_table.c if column.key != "metadata"),
    user_table.c.identifier,
)


def page(connection: Connection, project_id: int, kind: Kind, query: PageQuery, search: str | None = None) -> Listing:
    """A page of a log list, of the rows alone that say `search` if that is given; `query` is of its entity.

    A search for the start of an id finds the rows of such ids and no others, in whatever environment they are.

    Raises:
        FilterError: a cursor that does not belong to this list, or a search that is too long.
    """
    query = replace(query, count=False)
    if not search:
        return _LISTS[kind](connection, project_id, query)
    start = ids_like(search)
    if start is not None:
        found = _LISTS[kind](connection, project_id, replace(query, filters=(*query.filters, start), hidden=None))
        if found.nodes:
            return found
    searched = (*query.filters, search_for(search))
    return _LISTS[kind](connection, project_id, replace(query, filters=searched))


def _steps(
    connection: Connection, project_id: int, query: PageQuery, entity: Literal["steps", "runs"] = "steps"
) -> Listing:
    listing = steps.page(connection, project_id, _by_time(query), payload=False, entity=entity)
    return replace(listing, nodes=_step_rows(connection, project_id, listing.nodes))


def _generations(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    listing = generations.page(connection, project_id, _by_time(query), payload=False)
    return replace(listing, nodes=_step_rows(connection, project_id, [node["step"] for node in listing.nodes]))


def _by_time(query: PageQuery) -> PageQuery:
    """By the time that has an index where the start is meant: who has no start stands where it came in."""
    order = query.order
    if order is not None and order.column != "startTime":
        return query
    return replace(query, order=Order(steps.TIME, descending=order is None or order.descending))


def _step_rows(connection: Connection, project_id: int, nodes: Sequence[Row]) -> list[Row]:
    users = _users(connection, project_id, {node["threadId"] for node in nodes})
    used = {node["generation"]["promptId"] for node in nodes if node["generation"] is not None}
    prompts = prompt_links.named(connection, project_id, [prompt_id for prompt_id in used if prompt_id is not None])
    return [_step_row(node, users, prompts) for node in nodes]


def _step_row(node: Row, users: Mapping[str, str], prompts: Mapping[str, prompt_links.PromptLink]) -> Row:
    generation = node["generation"]
    prompt = None if generation is None else prompts.get(generation["promptId"])
    error = node["error"] or (generation and generation["error"])
    return {
        **{name: value for name, value in node.items() if name not in ("attachments", "thread", "scores")},
        "error": _start(error),
        "generation": None if generation is None else {**generation, "error": _start(generation["error"])},
        "user": users.get(node["threadId"]),
        "prompt": None if prompt is None else {"name": prompt.lineage, "version": prompt.version},
        "scores": _means((score["name"], score["value"]) for score in node["scores"]),
        "attachmentCount": len(node["attachments"]),
    }


def _users(connection: Connection, project_id: int, thread_ids: Iterable[str | None]) -> dict[str, str]:
    """The identifiers of the users of threads."""
    own = [thread_id for thread_id in thread_ids if thread_id is not None]
    statement = select(thread_table.c.id, user_table.c.identifier).select_from(WITH_USER)
    statement = statement.where(thread_table.c.project_id == project_id, thread_table.c.id.in_(own))
    return dict(map(tuple[str, str], connection.execute(statement.where(user_table.c.identifier.is_not(None)))))


def _threads(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    conditions = where("threads", project_id, query.filters, connection)
    found = fetch(connection, _THREAD_COLUMNS, conditions, query, threads.sorting_of(query), source=WITH_USER)
    ids = [row.id for row in found.rows]
    asked = _previews(connection, project_id, ids, step_table.c.input_preview, newest=False)
    answered = _previews(connection, project_id, ids, step_table.c.output_preview, newest=True)
    small: list[str] = []
    left = MOST_STEPS
    for row in found.rows:
        if row.step_count <= left:
            small.append(row.id)
            left -= row.step_count
    scored = _scores_of_threads(connection, project_id, small)
    rows: list[Row] = [
        {
            "id": row.id,
            "name": row.name,
            "environment": row.environment,
            "createdAt": format_time(row.created_at),
            "lastEngaged": format_time(row.engaged_at or row.created_at),
            "user": row.identifier,
            "tags": loads(row.tags) if row.tags else [],
            "totals": totals.to_wire(row),
            "inputPreview": asked.get(row.id),
            "outputPreview": answered.get(row.id),
            "scores": scored.get(row.id, []) if row.id in small else None,
        }
        for row in found.rows
    ]
    return found.listing(rows)


def _previews(
    connection: Connection, project_id: int, thread_ids: Sequence[str], column: ColumnElement[Any], *, newest: bool
) -> dict[str, str]:
    """The first thing that was asked in each thread, or the newest answer: of its steps without a parent."""
    order = step_table.c.sort_time.desc() if newest else step_table.c.sort_time.asc()
    outer = thread_table.alias("listed")
    preview = (
        select(column)
        .where(
            step_table.c.project_id == project_id,
            step_table.c.thread_id == outer.c.id,
            step_table.c.parent_id.is_(None),
            column.is_not(None),
        )
        .order_by(order)
        .limit(1)
        .correlate(outer)
        .scalar_subquery()
    )
    statement = select(outer.c.id, preview).where(outer.c.project_id == project_id, outer.c.id.in_(thread_ids))
    return {thread_id: text for thread_id, text in connection.execute(statement) if text is not None}


def _scores_of_threads(
    connection: Connection, project_id: int, thread_ids: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    # Two questions, not a join: SQLite would begin it at the scores, all of the project's.
    own = (step_table.c.project_id == project_id, step_table.c.thread_id.in_(thread_ids))
    thread_of = dict(
        map(tuple[str, str], connection.execute(select(step_table.c.id, step_table.c.thread_id).where(*own)))
    )
    columns = (score_table.c.step_id, score_table.c.name, score_table.c.value)
    grouped: dict[str, list[tuple[str, float | None]]] = {}
    for ids in portions(list(thread_of)):
        of_steps = (score_table.c.project_id == project_id, score_table.c.step_id.in_(ids))
        for step_id, name, value in connection.execute(select(*columns).where(*of_steps)):
            grouped.setdefault(thread_of[step_id], []).append((name, value))
    return {thread_id: _means(values) for thread_id, values in grouped.items()}


def _scores(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    listing = scores.page(connection, project_id, query)
    rows: list[Row] = []
    for node in listing.nodes:
        step: Row | None = node["step"]
        thread: Row | None = None if step is None else step["thread"]
        user: Row | None = None if thread is None else thread["participant"]
        rows.append(
            {
                **{name: value for name, value in node.items() if name != "step"},
                "comment": _start(node["comment"]),
                "threadId": None if step is None else step["threadId"],
                "user": None if user is None else user["identifier"],
                "step": None if step is None else {name: step[name] for name in ("id", "name", "type")},
            }
        )
    return replace(listing, nodes=rows)


def _user_rows(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    listing = participants.page(connection, project_id, query)
    rows = [{name: value for name, value in node.items() if name != "metadata"} for node in listing.nodes]
    return replace(listing, nodes=rows)


def _means(values: Iterable[tuple[str, float | None]]) -> list[dict[str, Any]]:
    """Each name with the mean of its values and their number."""
    grouped: dict[str, list[float]] = {}
    for name, value in values:
        grouped.setdefault(name, []).extend(() if value is None else (value,))
    return [
        {"name": name, "value": sum(found) / len(found) if found else None, "count": len(found)}
        for name, found in sorted(grouped.items())
    ]


def _start(text: str | None) -> str | None:
    return None if text is None else text[:PREVIEW]


_LISTS: Final[Mapping[Kind, Callable[[Connection, int, PageQuery], Listing]]] = {
    "threads": _threads,
    "runs": partial(_steps, entity="runs"),
    "generations": _generations,
    "steps": _steps,
    "scores": _scores,
    "users": _user_rows,
}
