"""The threads of a batch: made on sight, given what they lack, and counted, each in one write.

Users are made on sight too. A name and a user only fill what is empty (`spec/literal-wire.md` §2.4).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any, Final, NamedTuple
from uuid import uuid4

from literalai_otel.server.store import totals
from literalai_otel.server.store.driver import Driver
from literalai_otel.server.store.rows import StepRow
from literalai_otel.server.store.totals import Numbers, added

_COLUMNS: Final = ", ".join(totals.COLUMNS)
_NEWEST_STEP: Final = "SELECT max(sort_time) FROM steps WHERE steps.project_id={} AND steps.thread_id={}"
_INSERT: Final = (
    f"INSERT INTO threads (project_id, id, name, participant_id, environment, created_at, {_COLUMNS}, engaged_at) "
    f"VALUES (?, ?, ?, ?, ?, ?, {', '.join('?' * len(totals.COLUMNS))}, "
    f"coalesce(({_NEWEST_STEP.format('?', '?')}), ?))"
)
_UPDATE: Final = (
    f"UPDATE threads SET name=?, participant_id=?, {', '.join(f'{column}=?' for column in totals.COLUMNS)}, "
    f"engaged_at=coalesce(({_NEWEST_STEP.format('threads.project_id', 'threads.id')}), created_at) WHERE row_id=?"
)
_UPDATE_USER: Final = (
    "UPDATE participants SET thread_count=thread_count+?, token_count=token_count+?, "
    "last_engaged=(SELECT max(engaged_at) FROM threads WHERE threads.project_id=participants.project_id "
    "AND threads.participant_id=participants.id) WHERE project_id=? AND id=?"
)
_TOKENS: Final = totals.COLUMNS.index("token_count")
_UNCHANGED: Final[Numbers] = [0] * len(totals.COLUMNS)


class _Thread(NamedTuple):
    """What the database holds of a thread; `row_id` is None where it is not there yet."""

    row_id: int | None
    name: str | None
    user_id: str | None
    numbers: Sequence[float | None]

    @property
    def tokens(self) -> float:
        return self.numbers[_TOKENS] or 0


_NEW: Final = _Thread(None, None, None, [None] * len(totals.COLUMNS))


class BatchThreads:
    """Works for one project and one transaction: asks for the threads that `rows` name, and writes them later."""

    def __init__(self, db: Driver, project_id: int, rows: Iterable[StepRow]) -> None:
        self._db = db
        self._project_id = project_id
        self._asked = {thread_id for row in rows if (thread_id := row.values.get("thread_id")) is not None}
        self._answer = self._find(self._asked)

    def write(self, rows: Iterable[StepRow], changes: Mapping[str, Numbers], moment: int) -> None:
        """Makes the threads of `rows` that are not there yet, and books `changes` in all that are."""
        named = _named(rows)
        wanted = dict.fromkeys((*named, *sorted(changes)))
        answers = chain(self._answer, self._find(wanted.keys() - self._asked))
        stored = {
            thread_id: _Thread(row_id, name, user_id, numbers) for thread_id, row_id, name, user_id, *numbers in answers
        }
        user_of = cache(partial(_user_id, self._db, self._project_id, moment))
        inserts: list[tuple[Any, ...]] = []
        updates: list[tuple[Any, ...]] = []
        users: dict[str, list[float]] = {}
        for thread_id in wanted:
            before, row = stored.get(thread_id, _NEW), named.get(thread_id)
            if before.row_id is None and row is None:
                continue
            given = row.user if row is not None and before.user_id is None else None
            after = _Thread(
                before.row_id,
                row.thread_name if row is not None and before.name is None else before.name,
                before.user_id if given is None else user_of(given),
                added(before.numbers, changes.get(thread_id, _UNCHANGED)),
            )
            if after.user_id is not None:
                of_user = users.setdefault(after.user_id, [0, 0])
                of_user[0] += given is not None
                of_user[1] += after.tokens - (0 if given is not None else before.tokens)
            if row is not None and after.row_id is None:
                own = (self._project_id, thread_id)
                environment = row.values.get("environment")
                inserts.append((*own, after.name, after.user_id, environment, moment, *after.numbers, *own, moment))
            elif thread_id in changes or after != before:
                updates.append((after.name, after.user_id, *after.numbers, after.row_id))
        self._db.executemany(_INSERT, inserts)
        self._db.executemany(_UPDATE, updates)
        of_users = [(*map(int, users[user_id]), self._project_id, user_id) for user_id in sorted(users)]
        self._db.executemany(_UPDATE_USER, of_users)

    def _find(self, ids: Collection[str]) -> Iterable[Any]:
        if not ids:
            return ()
        return self._db.execute(
            f"SELECT id, row_id, name, participant_id, {_COLUMNS} FROM threads "
            f"WHERE project_id=? AND id {self._db.among}",
            (self._project_id, self._db.values(sorted(ids))),
        )


def _named(rows: Iterable[StepRow]) -> dict[str, StepRow]:
    """By thread its first step, with the first name and the first user that any of its steps gives it."""
    named: dict[str, StepRow] = {}
    for row in rows:
        thread_id = row.values.get("thread_id")
        if thread_id is not None:
            known = named.setdefault(thread_id, row)
            if known is not row and (row.thread_name or row.user):
                known.thread_name = known.thread_name or row.thread_name
                known.user = known.user or row.user
    return named


def _user_id(db: Driver, project_id: int, moment: int, name: str) -> str:
    found = db.execute(
        "SELECT id FROM participants WHERE project_id=? AND (id=? OR identifier=?) ORDER BY id=? DESC",
        (project_id, name, name, name),
    ).fetchone()
    if found is not None:
        return found[0]
    user_id = str(uuid4())
    db.execute(
        "INSERT INTO participants (project_id, id, identifier, created_at) VALUES (?, ?, ?, ?)",
        (project_id, user_id, name, moment),
    )
    return user_id
