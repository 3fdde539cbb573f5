"""What a transaction changed, as far as open pages want to know it.

The writer puts a journal beside each transaction; whoever changes steps, threads or scores notes it there, and
`changes.append` writes it down before the commit. A change is named, not described: pages read anew what they show.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Connection

from literalai_otel.server.store.stored import Stored

STEP: Final = "step"
THREAD: Final = "thread"
SCORE: Final = "score"

MOST: Final = 200
"""Changes of a project that one transaction names; of more it says only that they were many."""
_KEY: Final = "literalai_journal"


class Change(NamedTuple):
    """One thing that is different now. `parent_id` of a score is its step; `deleted` is 1 or 0."""

    kind: str
    id: str
    deleted: int = 0
    thread_id: str | None = None
    root_run_id: str | None = None
    parent_id: str | None = None
    type: str | None = None
    is_generation: int = 0


class Notes:
    """The changes in one project: the last word about each thing, or that they are too `many` to name."""

    __slots__ = ("changes", "many")

    def __init__(self) -> None:
        self.changes: dict[tuple[str, str], Change] = {}
        self.many = False

    def add(self, change: Change) -> None:
        """Takes a change down, as long as there is room."""
        if self.many:
            return
        self.changes[change.kind, change.id] = change
        if len(self.changes) > MOST:
            self.many = True
            self.changes.clear()

    def thread(self, thread_id: str, *, deleted: bool = False) -> None:
        """A thread is new, has other totals, or is gone."""
        self.add(Change(THREAD, thread_id, int(deleted)))

    def step(self, stored: Stored, *, deleted: bool = False) -> None:
        """A step that is stored was moved or deleted."""
        self.add(
            Change(
                STEP,
                stored.id,
                int(deleted),
                stored.thread_id,
                stored.root_run_id,
                stored.parent_id,
                stored.type,
                int(stored.generation_type is not None),
            )
        )
        if stored.thread_id is not None:
            self.thread(stored.thread_id)

    def touched(self, step_id: str) -> None:
        """Something that hangs on a step has changed."""
        if (STEP, step_id) not in self.changes:
            self.add(Change(STEP, step_id))

    def written(self, step_id: str, values: Mapping[str, Any], stored: Stored | None) -> None:
        """A step of a batch was inserted, or merged into the one that was `stored`."""
        if self.many:
            return
        place = [values.get(name) or (stored and getattr(stored, name)) for name in _PLACE]
        thread_id, root_run_id, parent_id, kind, generation = place
        self.add(Change(STEP, step_id, 0, thread_id, root_run_id, parent_id, kind, int(generation is not None)))
        for changed in {thread_id, stored and stored.thread_id}:
            if changed is not None:
                self.thread(changed)

    def scores(self, found: Iterable[tuple[str, str | None]], *, deleted: bool = False) -> None:
        """Scores, each by its id and that of its step, were given, changed or deleted."""
        for score_id, step_id in found:
            self.add(Change(SCORE, score_id, int(deleted), parent_id=step_id))


_PLACE: Final = ("thread_id", "root_run_id", "parent_id", "type", "generation_type")


class Journal:
    """The notes of one transaction, by project."""

    def __init__(self) -> None:
        self.notes: dict[int, Notes] = {}

    def of(self, project_id: int) -> Notes:
        """Where changes in a project are taken down."""
        return self.notes.setdefault(project_id, Notes())


def attach(connection: Connection, journal: Journal) -> None:
    """Makes `journal` the one of the transaction that `connection` is about to run."""
    connection.info[_KEY] = journal


def notes_of(connection: Connection, project_id: int) -> Notes:
    """Where a change that runs on `connection` is taken down; without a writer around it, nobody reads it."""
    journal = cast("Journal | None", connection.info.get(_KEY))
    return Notes() if journal is None else journal.of(project_id)
