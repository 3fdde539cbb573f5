"""Totals of threads, root runs and users as they stand in the database (`spec/features.md` P-ING-07).

`write` books a `Ledger` in the transaction that changed the steps, `forget` deletions, `move_thread` a change of
user; `recount` counts anew, for whoever changed rows by other ways. All end in the same numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy import delete as delete_from
from sqlalchemy import update as change

from literalai_otel.server.store import dashboard_marks, totals
from literalai_otel.server.store.driver import Driver
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.stored import Stored
from literalai_otel.server.store.tables import participants, run_totals, steps, threads
from literalai_otel.server.store.totals import Ledger, Numbers, added, facts_of

_COLUMNS: Final = ", ".join(totals.COLUMNS)
_PUT_RUN: Final = (
    f"INSERT INTO run_totals (project_id, run_id, {_COLUMNS}) VALUES (?, ?, {', '.join('?' * len(totals.COLUMNS))}) "
    f"ON CONFLICT (project_id, run_id) DO UPDATE SET "
    f"{', '.join(f'{column}=excluded.{column}' for column in totals.COLUMNS)}"
)
_TOKENS: Final = totals.COLUMNS.index("token_count")
_STEPS: Final = totals.COLUMNS.index("step_count")


# --- in the transaction of a batch ----------------------------------------------------------------


def write(db: Driver, project_id: int, ledger: Ledger) -> None:
    """Books the changes, all but those of threads (`batch_threads`)."""
    if ledger.runs:
        _write_runs(db, project_id, ledger)
    if ledger.quarters:
        dashboard_marks.write(db, project_id, ledger.quarters)


def _write_runs(db: Driver, project_id: int, ledger: Ledger) -> None:
    found = db.execute(
        f"SELECT run_id, {_COLUMNS} FROM run_totals WHERE project_id=? AND run_id {db.among}",
        (project_id, db.values(sorted(ledger.runs))),
    )
    stored = {run_id: numbers for run_id, *numbers in found}
    empty = [None] * len(totals.COLUMNS)
    after = {run_id: added(stored.get(run_id, empty), ledger.runs[run_id]) for run_id in sorted(ledger.runs)}
    gone = [run_id for run_id, numbers in after.items() if not numbers[_STEPS]]
    db.executemany(_PUT_RUN, [(project_id, run_id, *numbers) for run_id, numbers in after.items() if numbers[_STEPS]])
    if gone:
        db.execute(f"DELETE FROM run_totals WHERE project_id=? AND run_id {db.among}", (project_id, db.values(gone)))


# --- read -----------------------------------------------------------------------------------------


def of_runs(connection: Connection, project_id: int, run_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """The totals of those of the steps that are root runs."""
    found: dict[str, Row[Any]] = {}
    for part in _in_portions(run_ids):
        own = and_(run_totals.c.project_id == project_id, run_totals.c.run_id.in_(part))
        found.update((row.run_id, row) for row in connection.execute(select(run_totals).where(own)))
    return found


# --- deletions ------------------------------------------------------------------------------------

_NEWEST_STEP: Final = (
    select(func.max(steps.c.sort_time))
    .where(steps.c.project_id == threads.c.project_id, steps.c.thread_id == threads.c.id)
    .correlate(threads)
    .scalar_subquery()
)
_NEWEST_THREAD: Final = (
    select(func.max(threads.c.engaged_at))
    .where(threads.c.project_id == participants.c.project_id, threads.c.participant_id == participants.c.id)
    .correlate(participants)
    .scalar_subquery()
)


def forget(connection: Connection, project_id: int, deleted: Iterable[Stored]) -> None:
    """Takes steps that were deleted out of the totals; what else belongs to them is not looked at."""
    ledger = Ledger()
    for step in deleted:
        ledger.change(facts_of(step), None)
    dashboard_marks.mark(connection, project_id, ledger.quarters)
    for part in _in_portions(ledger.threads):
        _forget_in_threads(connection, project_id, {thread_id: ledger.threads[thread_id] for thread_id in part})
    for part in _in_portions(ledger.runs):
        _forget_in_runs(connection, project_id, {run_id: ledger.runs[run_id] for run_id in part})


def _forget_in_threads(connection: Connection, project_id: int, changes: Mapping[str, Numbers]) -> None:
    sums = [threads.c[column] for column in totals.COLUMNS]
    own = and_(threads.c.project_id == project_id, threads.c.id.in_(changes))
    rows: list[dict[str, Any]] = []
    users: dict[str, float] = {}
    for thread_id, row_id, user_id, *stored in _rows(
        connection, select(threads.c.id, threads.c.row_id, threads.c.participant_id, *sums).where(own)
    ):
        change_of = changes[thread_id]
        rows.append({"of_row": row_id, **dict(zip(totals.COLUMNS, added(stored, change_of), strict=True))})
        if user_id is not None:
            users[user_id] = users.get(user_id, 0) + change_of[_TOKENS]
    if rows:
        taken: dict[str, Any] = {column: bindparam(column) for column in totals.COLUMNS}
        engaged = func.coalesce(_NEWEST_STEP, threads.c.created_at)
        statement = change(threads).where(threads.c.row_id == bindparam("of_row"))
        connection.execute(statement.values(**taken, engaged_at=engaged), rows)
    if users:
        named = and_(participants.c.project_id == project_id, participants.c.id == bindparam("of_user"))
        tokens = participants.c.token_count + bindparam("tokens")
        statement = change(participants).where(named).values(token_count=tokens, last_engaged=_NEWEST_THREAD)
        connection.execute(statement, [{"of_user": name, "tokens": int(users[name])} for name in sorted(users)])


def _forget_in_runs(connection: Connection, project_id: int, changes: Mapping[str, Numbers]) -> None:
    for run_id, row in of_runs(connection, project_id, list(changes)).items():
        after = added([getattr(row, column) for column in totals.COLUMNS], changes[run_id])
        own = and_(run_totals.c.project_id == project_id, run_totals.c.run_id == run_id)
        if after[_STEPS]:
            connection.execute(change(run_totals).where(own).values(dict(zip(totals.COLUMNS, after, strict=True))))
        else:
            connection.execute(delete_from(run_totals).where(own))


# --- counted anew ---------------------------------------------------------------------------------

_DURATION: Final = cast(
    case((steps.c.end_time > steps.c.start_time, steps.c.end_time - steps.c.start_time), else_=0), Float
)
_TIMED: Final = and_(steps.c.start_time.is_not(None), steps.c.end_time.is_not(None))
_FAILED: Final = or_(func.coalesce(steps.c.error, "") != "", func.coalesce(steps.c.generation_error, "") != "")
RUN_KEY: Final = case(
    (func.coalesce(steps.c.root_run_id, "") != "", steps.c.root_run_id), (steps.c.type == "run", steps.c.id)
)
"""The root run that a step counts for; see `totals.facts`."""


def recount(connection: Connection, project_id: int | None = None, *, thread_ids: Iterable[str] | None = None) -> None:
    """Counts everything anew, in one project or in all; with `thread_ids` only those threads and their users."""
    if thread_ids is None:
        _recount_threads(connection, project_id, None)
        _recount_runs(connection, project_id)
        recount_users(connection, project_id)
        return
    for part in _in_portions(thread_ids):
        _recount_threads(connection, project_id, part)
        holders = select(threads.c.participant_id).where(threads.c.id.in_(part), *_within(threads, project_id))
        recount_users(connection, project_id, connection.execute(holders).scalars())


def recount_users(connection: Connection, project_id: int | None, user_ids: Iterable[str | None] | None = None) -> None:
    """Counts users anew from the totals of their threads."""
    own = and_(threads.c.project_id == participants.c.project_id, threads.c.participant_id == participants.c.id)
    counted = {
        column: select(expression).where(own).correlate(participants).scalar_subquery()
        for column, expression in (
            ("thread_count", func.count()),
            ("token_count", func.coalesce(func.sum(threads.c.token_count), 0)),
            ("last_engaged", func.max(threads.c.engaged_at)),
        )
    }
    statement = change(participants).values(counted)
    if project_id is not None:
        statement = statement.where(participants.c.project_id == project_id)
    for part in [None] if user_ids is None else _in_portions(user_ids):
        connection.execute(statement if part is None else statement.where(participants.c.id.in_(part)))


def move_thread(
    connection: Connection, project_id: int, thread_id: str, from_user: str | None, to_user: str | None
) -> None:
    """Books a thread, as it is, with another user. The thread names that user already, or is about to go."""
    own = and_(threads.c.project_id == project_id, threads.c.id == thread_id)
    tokens = select(func.coalesce(threads.c.token_count, 0)).where(own).scalar_subquery()
    for user_id, sign in ((from_user, -1), (to_user, 1)):
        newest = select(func.max(threads.c.engaged_at)).where(
            threads.c.project_id == project_id, threads.c.participant_id == user_id
        )
        if sign < 0:
            newest = newest.where(threads.c.id != thread_id)
        connection.execute(
            change(participants)
            .where(participants.c.project_id == project_id, participants.c.id == user_id)
            .values(
                thread_count=participants.c.thread_count + sign,
                token_count=participants.c.token_count + sign * tokens,
                last_engaged=newest.scalar_subquery(),
            )
        )


def _sums(timed: ColumnElement[bool]) -> list[ColumnElement[Any]]:
    """`totals.COLUMNS` over a group of steps."""
    return [
        func.count(),
        func.count(steps.c.generation_type),
        func.count(case((_FAILED, 1))),
        func.count(steps.c.token_count),
        func.count(steps.c.cost),
        func.count(case((timed, 1))),
        *(
            func.sum(case((steps.c.token_count.is_not(None), func.coalesce(column, 0))))
            for column in (steps.c.input_token_count, steps.c.output_token_count, steps.c.token_count)
        ),
        func.sum(steps.c.cost),
        func.sum(case((timed, _DURATION))),
    ]


def _recount_threads(connection: Connection, project_id: int | None, ids: Sequence[str] | None) -> None:
    named = [steps.c.thread_id.is_not(None), *_within(steps, project_id)]
    own = _within(threads, project_id)
    if ids is not None:
        named.append(steps.c.thread_id.in_(ids))
        own.append(threads.c.id.in_(ids))
    blank = dict.fromkeys(totals.COUNTERS, 0) | dict.fromkeys(totals.SUMS)
    connection.execute(change(threads).where(*own).values(**blank, engaged_at=threads.c.created_at))
    key = (steps.c.project_id, steps.c.thread_id)
    sums = _sums(and_(_TIMED, steps.c.parent_id.is_(None)))
    grouped = select(*key, *sums, func.max(steps.c.sort_time)).where(*named).group_by(*key)
    changes = [
        {"of_project": project, "of_thread": thread_id, "engaged_at": engaged, **_named(numbers)}
        for project, thread_id, *numbers, engaged in _rows(connection, grouped)
    ]
    if changes:
        same = (threads.c.project_id == bindparam("of_project"), threads.c.id == bindparam("of_thread"))
        taken: dict[str, Any] = {column: bindparam(column) for column in (*totals.COLUMNS, "engaged_at")}
        connection.execute(change(threads).where(*same).values(taken), changes)


def _recount_runs(connection: Connection, project_id: int | None) -> None:
    connection.execute(delete_from(run_totals).where(*_within(run_totals, project_id)))
    named = [RUN_KEY.is_not(None), *_within(steps, project_id)]
    key = (steps.c.project_id, RUN_KEY.label("run_id"))
    sums = _sums(and_(_TIMED, steps.c.id == RUN_KEY))
    grouped = select(*key, *sums).where(*named).group_by(steps.c.project_id, RUN_KEY)
    rows = [
        {"project_id": project, "run_id": run_id, **_named(numbers)}
        for project, run_id, *numbers in _rows(connection, grouped)
    ]
    if rows:
        connection.execute(insert(run_totals), rows)


def _rows(connection: Connection, statement: Select[Any]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(statement)]


def _named(numbers: Sequence[Any]) -> dict[str, Any]:
    # PostgreSQL sums whole numbers to decimals.
    whole = len(totals.COLUMNS) - 2
    values = [None if number is None else int(number) for number in numbers[:whole]]
    return dict(zip(totals.COLUMNS, [*values, *numbers[whole:]], strict=True))


def _within(table: Any, project_id: int | None) -> list[ColumnElement[bool]]:
    return [] if project_id is None else [table.c.project_id == project_id]


def _in_portions(ids: Iterable[str | None] | None) -> Iterable[Sequence[str]]:
    """Those that are ids, each once, in portions."""
    return portions(sorted({named for named in ids or () if named is not None}))
