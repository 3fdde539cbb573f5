"""Parents, root runs and threads of the steps of a batch, before and after they are written.

A step of our SDK names its parent. A step whose parent is in another service, or was skipped because it is no
step, names a *span* instead, which is looked up among the spans of steps and among the bridges; where it has not
arrived yet the step waits and is joined later, in either order of arrival (`DESIGN.md` §3, Identity). Joining puts
the whole tree below under the root run of the tree above, and into its thread where it had none.

Cycles cannot be stored: an edge that would close one is refused. Every walk is a loop over a set of seen ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from literalai_otel.server.store.driver import Driver, Rows
from literalai_otel.server.store.journal import Notes
from literalai_otel.server.store.rows import Link, SpanKey, StepRow
from literalai_otel.server.store.stored import COLUMNS, Stored
from literalai_otel.server.store.totals import Ledger, facts_of

LONGEST_CHAIN: Final = 1_000
"""Bridges that one look-up follows."""


class Place(NamedTuple):
    """Where a step stands."""

    thread_id: str | None
    root_run_id: str | None
    type: str | None

    def root_below(self, step_id: str) -> str | None:
        """The root run of a step's children."""
        return self.root_run_id or (step_id if self.type == "run" else None)


class Lineage:
    """Works for one project and one transaction: `refusal` per step, `resolve`, then `finish` after the write.

    Steps outside the batch that it moves to another place are booked in `ledger` and noted in `notes`.
    """

    def __init__(self, db: Driver, project_id: int, rows: Sequence[StepRow], ledger: Ledger, notes: Notes) -> None:
        self._db = db
        self._ledger = ledger
        self._notes = notes
        self._project_id = project_id
        self._stored: dict[str, Stored | None] = {}
        self._rows: Mapping[str, StepRow] = {}
        self._parents: dict[str, str] = {}
        self._joined: dict[str, str] = {}
        """Child -> parent, for the parents that were found by span in this batch."""
        self._late: set[str] = set()
        """Those of the joined that are stored already and not in the batch."""
        self._moved: list[tuple[bytes, int]] = []
        self._places: dict[str, Place] = {}
        named = self._named_by_stored(rows)
        self._load({row.id for row in rows})
        self._above_stored = {step_id for answer in named for (step_id,) in answer}
        """Those of the batch that stored steps name as parent or root run."""
        self._with_children = self._above_stored.copy()

    def stored(self, step_id: str) -> Stored | None:
        """The step as it was before this batch."""
        if step_id not in self._stored:
            self._load((step_id,))
        return self._stored[step_id]

    # --- cycles --------------------------------------------------------------------------------

    def refusal(self, row: StepRow) -> str | None:
        """Why the parent that `row` names is refused, None if it is accepted."""
        parent = row.values.get("parent_id")
        if parent is None:
            return None
        if parent == row.id:
            return "a step cannot be its own parent"
        # Only a step that has children already can close a cycle.
        if row.id in self._with_children and self._is_above(row.id, parent):
            return f"parentId {parent!r} would close a cycle: that step is below this one"
        self._parents[row.id] = parent
        self._with_children.add(parent)
        return None

    def _is_above(self, step_id: str, below: str) -> bool:
        seen: set[str] = set()
        current: str | None = below
        while current is not None and current not in seen:
            if current == step_id:
                return True
            seen.add(current)
            current = self._parent(current)
        return False

    def _parent(self, step_id: str) -> str | None:
        parent = self._parents.get(step_id)
        if parent is not None:
            return parent
        stored = self.stored(step_id)
        return stored.parent_id if stored else None

    # --- parents by span -----------------------------------------------------------------------

    def resolve(self, rows: Mapping[str, StepRow], links: Iterable[Link]) -> None:
        """Completes the values of `rows`: parent, waiting span, root run, thread."""
        self._rows = rows
        spans = _Spans(self._db, self._project_id, rows.values(), links)
        spans.prefetch(
            (row.values["trace_id"], row.values["parent_span_id"])
            for row in rows.values()
            if "parent_span_id" in row.values and "parent_id" not in row.values
        )
        for row in rows.values():
            self._join(row, spans)
        if spans.traces:
            self._join_waiting(spans)
        self._prefetch()
        for row in rows.values():
            place, values = self._place(row.id), row.values
            if place.thread_id is not None:
                values["thread_id"] = place.thread_id
            if place.root_run_id is not None:
                values["root_run_id"] = place.root_run_id

    def _join(self, row: StepRow, spans: "_Spans") -> None:
        values = row.values
        parent_span = values.get("parent_span_id")
        if parent_span is None or "parent_id" in values:
            return
        stored = self._stored[row.id]
        if stored is not None and stored.parent_id is not None:
            return
        parent, frontier = spans.find(values["trace_id"], parent_span)
        if parent is None:
            values["waiting_span_id"] = frontier
        elif not self._is_above(row.id, parent):
            values["parent_id"] = self._parents[row.id] = self._joined[row.id] = parent

    def _join_waiting(self, spans: "_Spans") -> None:
        waiting = self._db.execute(
            f"SELECT {COLUMNS} FROM steps "
            f"WHERE project_id=? AND trace_id {self._db.among_bytes} AND waiting_span_id IS NOT NULL",
            (self._project_id, self._db.byte_values(spans.traces)),
        ).fetchall()
        for stored in map(Stored._make, waiting):
            trace_id, span_id = stored.trace_id, stored.waiting_span_id
            if trace_id is None or span_id is None or stored.id in self._rows or not spans.is_new(trace_id, span_id):
                continue
            self._stored[stored.id] = stored
            parent, frontier = spans.find(trace_id, span_id)
            if parent is None:
                self._moved.append((frontier, stored.row_id))
            elif not self._is_above(stored.id, parent):
                self._parents[stored.id] = self._joined[stored.id] = parent
                self._late.add(stored.id)

    # --- root runs and threads -----------------------------------------------------------------

    def _prefetch(self) -> None:
        """The root runs that rows name and the parents of rows without one, in one query."""
        wanted: set[str] = set(self._joined.values())
        for row in self._rows.values():
            root = row.values.get("root_run_id")
            wanted.add(root or self._parents.get(row.id, row.id))
        self._load(wanted - self._stored.keys())

    def _place(self, step_id: str) -> Place:
        """Where the step stands after this batch; walks up to what is settled, then back down."""
        path: list[tuple[str, str | None]] = []
        open_ids: set[str] = set()
        current: str | None = step_id
        while current is not None and current not in self._places and current not in open_ids:
            above = self._settled_by(current)
            path.append((current, above))
            open_ids.add(current)
            current = above
        for identity, above in reversed(path):
            self._places[identity] = self._under(identity, above)
        return self._places[step_id]

    def _settled_by(self, step_id: str) -> str | None:
        """The step whose place decides the place of this one."""
        if step_id in self._joined:
            return self._joined[step_id]
        row = self._rows.get(step_id)
        if row is None:
            return None  # stored earlier, and settled then
        own = self._own(step_id)
        if own.root_run_id is not None and own.root_run_id != step_id:
            return own.root_run_id
        # Clients without spans say what they mean; a span knows its parent and must not fall out of its tree.
        return self._parent(step_id) if "trace_id" in row.values else None

    def _under(self, step_id: str, above: str | None) -> Place:
        own = self._own(step_id)
        if above is None or above not in self._places:
            return own
        upper = self._places[above]
        thread_id = own.thread_id or upper.thread_id
        if step_id in self._joined:
            root_run_id = upper.root_below(above) or own.root_run_id
        elif above == own.root_run_id:
            root_run_id = upper.root_run_id or above  # that run was joined to another tree meanwhile
        else:
            root_run_id = upper.root_below(above)
        return Place(thread_id, None if root_run_id == step_id else root_run_id, own.type)

    def _own(self, step_id: str) -> Place:
        """What the step says of itself: this batch over what is stored."""
        stored, row = self.stored(step_id), self._rows.get(step_id)
        place = Place(stored.thread_id, stored.root_run_id, stored.type) if stored else Place(None, None, None)
        if row is None:
            return place
        get = row.values.get
        return Place(
            get("thread_id") or place.thread_id, get("root_run_id") or place.root_run_id, get("type") or place.type
        )

    # --- after the write -----------------------------------------------------------------------

    def finish(self) -> None:
        """Joins the waiting steps that were found, and moves what is below them."""
        self._db.executemany("UPDATE steps SET waiting_span_id=? WHERE row_id=?", self._moved)
        for step_id in self._late:
            self._load((step_id,))  # once more: the join of another may have moved it meanwhile
            stored = self._stored[step_id]
            assert stored is not None
            place = self._place(step_id)
            moved = stored._replace(
                parent_id=self._joined[step_id], root_run_id=place.root_run_id, thread_id=place.thread_id
            )
            self._db.execute(
                "UPDATE steps SET parent_id=?, root_run_id=?, thread_id=?, waiting_span_id=NULL WHERE row_id=?",
                (moved.parent_id, moved.root_run_id, moved.thread_id, moved.row_id),
            )
            self._ledger.change(facts_of(stored), facts_of(moved))
            self._notes.step(moved)
            self._spread(step_id, stored.root_run_id, place)
        for row in self._rows.values():
            stored = self._stored[row.id]
            if stored is not None and stored.waiting_span_id is not None and "parent_id" in row.values:
                self._db.execute("UPDATE steps SET waiting_span_id=NULL WHERE row_id=?", (stored.row_id,))
            if row.id in self._above_stored and ("trace_id" in row.values or (stored and stored.trace_id)):
                self._spread(row.id, stored.root_run_id if stored else None, self._places[row.id])

    def _spread(self, top: str, former_root: str | None, place: Place) -> None:
        """Gives the stored steps below `top` its root run and its thread, as far as they have none of their own.

        What already stands right was settled together with what is below it, so the walk ends there.
        """
        root_run_id = place.root_below(top)
        replaced = {None, top, former_root}
        seen = {top}
        level = [top]
        while level and (root_run_id is not None or place.thread_id is not None):
            among, ids = self._db.among, self._db.values(level)
            below = self._db.execute(
                f"SELECT {COLUMNS} FROM steps WHERE project_id=? AND parent_id {among} UNION "
                f"SELECT {COLUMNS} FROM steps WHERE project_id=? AND root_run_id {among}",
                (self._project_id, ids, self._project_id, ids),
            ).fetchall()
            changes: list[tuple[Any, ...]] = []
            level = list[str]()
            for stored in map(Stored._make, below):
                if stored.id in seen:
                    continue
                seen.add(stored.id)
                wanted = root_run_id if root_run_id and stored.root_run_id in replaced else stored.root_run_id
                wanted = None if wanted == stored.id else wanted
                moved = stored._replace(root_run_id=wanted, thread_id=stored.thread_id or place.thread_id)
                if moved != stored:
                    level.append(stored.id)
                    changes.append((moved.root_run_id, moved.thread_id, moved.row_id))
                    self._ledger.change(facts_of(stored), facts_of(moved))
                    self._notes.step(moved)
            self._db.executemany("UPDATE steps SET root_run_id=?, thread_id=? WHERE row_id=?", changes)

    # --- look-ups ------------------------------------------------------------------------------

    def _load(self, ids: Iterable[str]) -> None:
        wanted = list(ids)
        if not wanted:
            return
        self._stored.update(dict.fromkeys(wanted))
        found = self._db.execute(
            f"SELECT {COLUMNS} FROM steps WHERE project_id=? AND id {self._db.among}",
            (self._project_id, self._db.values(wanted)),
        )
        for values in found:
            self._stored[values[0]] = Stored._make(values)

    def _named_by_stored(self, rows: Sequence[StepRow]) -> list[Rows]:
        """Asks which of the rows stored steps name; the answers are left to be read later."""
        columns = {
            "parent_id": [row.id for row in rows],
            "root_run_id": [row.id for row in rows if row.values.get("type") == "run"],
        }
        return [
            self._db.execute(
                f"SELECT DISTINCT {column} FROM steps WHERE project_id=? AND {column} {self._db.among}",
                (self._project_id, self._db.values(ids)),
            )
            for column, ids in columns.items()
            if ids
        ]


class _Spans:
    """Which step stands behind a span: of this batch first, then of the database."""

    def __init__(self, db: Driver, project_id: int, rows: Iterable[StepRow], links: Iterable[Link]) -> None:
        self._db = db
        self._project_id = project_id
        self._found: dict[SpanKey, tuple[str | None, bytes | None]] = {}
        self._steps: dict[SpanKey, str] = {}
        self._hops: dict[SpanKey, bytes] = {
            link.span: link.parent_span_id for link in links if link.parent_span_id is not None
        }
        for row in rows:
            trace_id, span_id = row.values.get("trace_id"), row.values.get("span_id")
            if trace_id is not None and span_id is not None:
                self._steps[trace_id, span_id] = row.id
            for bridge in row.bridges:
                self._steps.setdefault(bridge, row.id)
        self.traces = {key[0] for key in (*self._steps, *self._hops)}

    def is_new(self, trace_id: bytes, span_id: bytes) -> bool:
        """Whether this batch says something about the span."""
        key = (trace_id, span_id)
        return key in self._steps or key in self._hops

    def find(self, trace_id: bytes, span_id: bytes) -> tuple[str | None, bytes]:
        """The step behind the span, or None and the span up to which the way is known."""
        seen: set[bytes] = set()
        while span_id not in seen and len(seen) < LONGEST_CHAIN:
            seen.add(span_id)
            key = (trace_id, span_id)
            step_id, hop = self._steps.get(key), self._hops.get(key)
            if step_id is None and hop is None:
                step_id, hop = self._find_stored(trace_id, span_id)
            if step_id is not None or hop is None:
                return step_id, span_id
            span_id = hop
        return None, span_id

    def prefetch(self, keys: Iterable[SpanKey]) -> None:
        """Looks up all that the batch does not know itself, before `find` asks for one after the other."""
        wanted = {key for key in keys if not self.is_new(*key)} - self._found.keys()
        if not wanted:
            return
        self._found.update(dict.fromkeys(wanted, (None, None)))
        for columns, table in (("step_id, parent_span_id", "span_bridges"), ("id, NULL", "steps")):
            found = self._db.execute(
                f"SELECT trace_id, span_id, {columns} FROM {self._db.wanted_spans} CROSS JOIN {table} "
                "WHERE project_id=? AND trace_id=wanted.trace AND span_id=wanted.span",
                (*self._db.spans(wanted), self._project_id),
            )
            self._found.update(((trace_id, span_id), (step_id, hop)) for trace_id, span_id, step_id, hop in found)

    def _find_stored(self, trace_id: bytes, span_id: bytes) -> tuple[str | None, bytes | None]:
        key = (trace_id, span_id)
        if key not in self._found:
            self.prefetch([key])
        return self._found[key]
