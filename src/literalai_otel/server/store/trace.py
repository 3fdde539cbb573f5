"""A trace as the page draws it: the hot rows of a thread, of a root run or of a step's tree, and no payload.

Rows are lists in the order of `COLUMNS` and not objects: ten thousand of them go from the database to JSON with nothing
made in between (`spec/platform-peers.md` §4, rules for the trace screen). `ui/src/trace/rows.ts` reads the same order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from literalai_otel.jsonable import loads
from literalai_otel.server.store import tables, threads
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.tables import scores, steps

MAX_ROWS: Final = 50_000
LONGEST_WAY_UP: Final = 1_000
"""Parents that are followed from a step to its root."""
ERROR_LENGTH: Final = 200
"""Characters of an error; the whole of it comes with the step."""
KINDS: Final = {"threads": tables.threads, "runs": steps, "generations": steps, "steps": steps}
"""What has a page of its own, by the word in its address."""
_CHUNK: Final = 5_000
"""Ids in one IN: SQLite takes 32 766 parameters, PostgreSQL 65 535."""

_PLAIN: Final[tuple[tuple[str, ColumnElement[Any]], ...]] = (
    ("id", steps.c.id),
    ("parent", steps.c.parent_id),
    ("rootRun", steps.c.root_run_id),
    ("type", steps.c.type),
    ("name", steps.c.name),
    ("start", steps.c.start_time),
    ("end", steps.c.end_time),
    ("time", steps.c.sort_time),
    ("generation", steps.c.generation_type),
    ("model", steps.c.model),
    ("inputTokens", steps.c.input_token_count),
    ("outputTokens", steps.c.output_token_count),
    ("tokens", steps.c.token_count),
    ("estimated", steps.c.tokens_estimated),
    ("cost", steps.c.cost),
    ("firstToken", steps.c.tt_first_token),
    ("error", func.substr(func.coalesce(steps.c.error, steps.c.generation_error), 1, ERROR_LENGTH)),
    ("environment", steps.c.environment),
    ("input", steps.c.input_preview),
    ("output", steps.c.output_preview),
    ("waitsFor", steps.c.waiting_span_id),
    ("tags", steps.c.tags),
)
COLUMNS: Final = (*(name for name, _ in _PLAIN), "scores")
"""`start`, `end` and `time` (start, or first insert where there is none) are microseconds since 1970, `firstToken`
milliseconds, `cost` USD; `waitsFor` is the span, in hex, that stands above the step and has not arrived; `tags` is a
list, `scores` a list of `[name, value, label]`, both null where there are none."""

_ID, _PARENT, _ROOT_RUN, _WAITS, _TAGS = (
    COLUMNS.index(name) for name in ("id", "parent", "rootRun", "waitsFor", "tags")
)
_SELECTED: Final = tuple(column for _, column in _PLAIN)

TraceRow = list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What `GET /api/trace` answers.

    `thread`: in wire form without its steps, None where there is none. `root`: the id of the topmost step, None for a
    thread. `missing`: ids that rows name as parent or root run and that no step of the project has. `cut`: there are
    more than `MAX_ROWS` rows.
    """

    thread: dict[str, Any] | None
    root: str | None
    rows: list[TraceRow] = field(default_factory=list[TraceRow])
    missing: list[str] = field(default_factory=list[str])
    cut: bool = False


def of_thread(connection: Connection, project_id: int, thread_id: str) -> Trace | None:
    """The thread with its steps in order of start, None when neither it nor a step of it is known."""
    thread = threads.get(connection, project_id, thread_id)
    within = steps.c.thread_id == thread_id
    found, cut = _select(connection, project_id, within, MAX_ROWS)
    if thread is None and not found:
        return None
    return _trace(connection, project_id, found, within, thread=thread, cut=cut)


def of_step(connection: Connection, project_id: int, step_id: str) -> Trace | None:
    """The whole tree that the step is in, None when neither it nor a step below it is known."""
    root_id = _root_of(connection, project_id, step_id)
    found, cut = _tree(connection, project_id, root_id)
    if not found:
        return None
    thread_id = connection.execute(
        select(steps.c.thread_id).where(steps.c.project_id == project_id, steps.c.id == found[0][_ID])
    ).scalar_one()
    thread = threads.get(connection, project_id, thread_id) if thread_id is not None else None
    return _trace(connection, project_id, found, steps.c.root_run_id == root_id, thread=thread, root=root_id, cut=cut)


def exists(connection: Connection, project_id: int, kind: str, identity: str) -> bool:
    """Whether the project has a thread or a step of this id, or a step that names it as its root run or parent."""
    table = KINDS[kind]
    known = select(table.c.id).where(table.c.project_id == project_id, table.c.id == identity)
    if connection.execute(known).first() is not None:
        return True
    if table is not steps:
        return False
    own = steps.c.project_id == project_id
    above = [
        select(steps.c.id).where(own, name == identity).limit(1) for name in (steps.c.root_run_id, steps.c.parent_id)
    ]
    return any(connection.execute(one).first() is not None for one in above)


def of_ids(connection: Connection, project_id: int, ids: Sequence[str], thread_id: str | None = None) -> Trace:
    """The rows of some steps alone, for a page that has the others and heard that these changed; and the thread."""
    thread = threads.get(connection, project_id, thread_id) if thread_id is not None else None
    found, _ = _select(connection, project_id, steps.c.id.in_(ids), len(ids))
    return _trace(connection, project_id, found, None, thread=thread)


def _root_of(connection: Connection, project_id: int, step_id: str) -> str:
    """The topmost step above; ids that are named and not there count, and a cycle ends where it closes."""
    seen: set[str] = set()
    current = step_id
    while current not in seen and len(seen) < LONGEST_WAY_UP:
        seen.add(current)
        row = connection.execute(
            select(steps.c.parent_id, steps.c.root_run_id).where(
                steps.c.project_id == project_id, steps.c.id == current
            )
        ).one_or_none()
        above = None if row is None else row.root_run_id or row.parent_id
        if above is None or above == current:  # some clients name a root run as its own
            return current
        current = above
    return step_id if current in seen else current


def _tree(connection: Connection, project_id: int, root_id: str) -> tuple[list[Row[Any]], bool]:
    """The root, whoever names it as root run, and all below these by parent."""
    top, _ = _select(connection, project_id, steps.c.id == root_id, 1)
    named, cut = _select(connection, project_id, steps.c.root_run_id == root_id, MAX_ROWS)
    found = {row[_ID]: row for row in (*top, *named)}
    # Most are found by their root run: below these only the others are looked for, by what the database has itself.
    below = [steps.c.parent_id == root_id, steps.c.parent_id.in_(_ids(project_id, steps.c.root_run_id == root_id))]
    while below and not cut:
        condition = and_(below.pop(), steps.c.root_run_id.is_distinct_from(root_id))
        rows, cut = _select(connection, project_id, condition, MAX_ROWS - len(found))
        fresh = [row[_ID] for row in rows if row[_ID] not in found]
        found.update((row[_ID], row) for row in rows)
        below += (steps.c.parent_id.in_(chunk) for chunk in portions(fresh, _CHUNK))
    return sorted(found.values(), key=lambda row: row.sort_time), cut


def _ids(project_id: int, within: ColumnElement[bool]) -> Select[Any]:
    return select(steps.c.id).where(steps.c.project_id == project_id, within)


def _select(
    connection: Connection, project_id: int, condition: ColumnElement[bool], most: int
) -> tuple[list[Row[Any]], bool]:
    statement = select(*_SELECTED).where(steps.c.project_id == project_id, condition)
    rows = connection.execute(statement.order_by(steps.c.sort_time, steps.c.row_id).limit(most + 1)).all()
    return list(rows[:most]), len(rows) > most


def _trace(
    connection: Connection,
    project_id: int,
    found: Iterable[Row[Any]],
    within: ColumnElement[bool] | None,
    *,
    thread: dict[str, Any] | None,
    root: str | None = None,
    cut: bool = False,
) -> Trace:
    """The trace of the rows; `within` is a condition that most of them were found by."""
    rows: list[TraceRow] = [[*row, None] for row in found]
    others = [row[_ID] for row in rows if within is None or (root is not None and row[_ROOT_RUN] != root)]
    of_step = _scores(connection, project_id, within, others)
    for row in rows:
        if row[_WAITS] is not None:
            row[_WAITS] = bytes(row[_WAITS]).hex()
        if row[_TAGS] is not None:
            row[_TAGS] = loads(row[_TAGS]) or None
        if row[_ID] in of_step:
            row[-1] = of_step[row[_ID]]
    missing = [] if cut else _missing(connection, project_id, rows)
    return Trace(thread=thread, root=root, rows=rows, missing=missing, cut=cut)


def _scores(
    connection: Connection, project_id: int, within: ColumnElement[bool] | None, others: Sequence[str]
) -> dict[str, list[list[Any]]]:
    """The scores of the steps that `within` finds, and of `others`, by step."""
    found: dict[str, list[list[Any]]] = {}
    conditions = [] if within is None else [scores.c.step_id.in_(_ids(project_id, within))]
    conditions += (scores.c.step_id.in_(chunk) for chunk in portions(others, _CHUNK))
    for condition in conditions:
        statement = select(scores.c.step_id, scores.c.name, scores.c.value, scores.c.label)
        own = statement.where(scores.c.project_id == project_id, condition)
        for step_id, *score in connection.execute(own.order_by(scores.c.row_id)):
            found.setdefault(step_id, []).append(score)
    return found


def _missing(connection: Connection, project_id: int, rows: Sequence[TraceRow]) -> list[str]:
    named = dict.fromkeys(chain.from_iterable((row[_PARENT], row[_ROOT_RUN]) for row in rows))
    known = {row[_ID] for row in rows}
    wanted = [name for name in named if name is not None and name not in known]
    for chunk in portions(wanted, _CHUNK):
        own = (steps.c.project_id == project_id, steps.c.id.in_(chunk))
        known.update(connection.execute(select(steps.c.id).where(*own)).scalars())
    return [name for name in wanted if name not in known]
