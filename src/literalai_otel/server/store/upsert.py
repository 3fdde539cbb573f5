"""The ingest path: step batches to rows, set by set, by the driver itself.

Known steps are looked up in one query; new ones are inserted, known ones merged column by column, where a value
that is absent leaves the stored one (`spec/literal-wire.md` §2.4). Nothing here decides about validity.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import count
from typing import Any, Final

from sqlalchemy import Table

from literalai_otel.server.store import derived, prices, rollups, span_origins, tables
from literalai_otel.server.store.batch_tags import BatchTags
from literalai_otel.server.store.batch_threads import BatchThreads
from literalai_otel.server.store.driver import Driver
from literalai_otel.server.store.duplicates import set_aside
from literalai_otel.server.store.journal import Journal, Notes
from literalai_otel.server.store.lineage import Lineage
from literalai_otel.server.store.payload import merge, pack
from literalai_otel.server.store.rows import Link, StepBatch, StepRow
from literalai_otel.server.store.stored import Stored
from literalai_otel.server.store.totals import Ledger, facts, facts_of
from literalai_otel.server.times import now

_KEYS: Final = ("row_id", "project_id", "id", "created_at", "sort_time")
_COLUMNS: Final = tuple(column.name for column in tables.steps.columns if column.name not in (*_KEYS, *derived.COLUMNS))
_ALL: Final = (*_KEYS, *_COLUMNS, *derived.COLUMNS)
_UPDATE: Final = (
    "UPDATE steps SET sort_time=coalesce(?, sort_time), "
    f"{', '.join(f'{name}=coalesce(?, {name})' for name in _COLUMNS)}, "
    f"{', '.join(f'{name}=?' for name in derived.COLUMNS)} WHERE row_id=?"
)
_PAYLOADS: Final = 100
"""Stored payloads that are read at once; each may have megabytes."""
_PUT_PAYLOAD: Final = (
    "INSERT INTO step_payloads (step_row, content) VALUES (?, ?) "
    "ON CONFLICT (step_row) DO UPDATE SET content=excluded.content"
)


def _merging(table: Table) -> tuple[tuple[str, ...], str]:
    """Columns and statement that insert a row or merge it into the one of the same project and id."""
    columns = tuple(column.name for column in table.columns if column.name != "row_id")
    merged = (name for name in columns if name not in ("project_id", "id", "created_at"))
    statement = (
        f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        f"ON CONFLICT (project_id, id) DO UPDATE SET "
        f"{', '.join(f'{name}=coalesce(excluded.{name}, {table.name}.{name})' for name in merged)}"
    )
    return columns, statement


_SCORES: Final = _merging(tables.scores)
_ATTACHMENTS: Final = _merging(tables.attachments)


def upsert_batches(db: Driver, batches: Sequence[StepBatch], journal: Journal) -> list[list[str | None]]:
    """Writes the batches inside the caller's transaction, and notes in `journal` what changed.

    Returns, for each batch, one entry per row: None, or why the row was refused.
    """
    answers: list[list[str | None]] = [[] for _ in batches]
    projects: dict[int, list[int]] = {}
    for index, batch in enumerate(batches):
        projects.setdefault(batch.project_id, []).append(index)
    for project_id, indexes in projects.items():
        own = [batches[index] for index in indexes]
        rows = [row for batch in own for row in batch.rows]
        ledger, notes = Ledger(), journal.of(project_id)
        # They ask before the first answer is read, which is one way to the database and back for all of it.
        fresh = _Fresh(db, len(rows))
        tags = BatchTags(db, project_id, rows)
        threads = BatchThreads(db, project_id, rows)
        lineage = Lineage(db, project_id, rows, ledger, notes)
        merged: dict[str, StepRow] = {}
        for index in indexes:
            for row in batches[index].rows:
                refusal = lineage.refusal(row)
                answers[index].append(refusal)
                if refusal is None:
                    _gather(merged, row)
        links = [link for batch in own for link in batch.links]
        links += set_aside(db, project_id, merged, links, lineage.stored)
        lineage.resolve(merged, links)
        moment = _write(db, project_id, merged, fresh, tags, lineage, ledger, notes)
        _write_bridges(db, project_id, links, merged.values())
        lineage.finish()
        threads.write(merged.values(), ledger.threads, moment)
        rollups.write(db, project_id, ledger)
    return answers


def _gather(merged: dict[str, StepRow], row: StepRow) -> None:
    earlier = merged.get(row.id)
    if earlier is None:
        merged[row.id] = row.copy()
    else:
        earlier.absorb(row)


class _Fresh:
    """What up to `count` new steps are given: row numbers and times of creation."""

    def __init__(self, db: Driver, count: int) -> None:
        self._last = db.execute("SELECT created_at FROM steps ORDER BY row_id DESC LIMIT 1")
        self.row_ids = db.new_row_ids("steps", count)

    def moments(self) -> Iterator[int]:
        """One microsecond apart, and never backwards: the order of arrival stays visible in createdAt."""
        newest = self._last.fetchone() or (0,)
        return count(max(now(), newest[0] + 1))


def _write(
    db: Driver,
    project_id: int,
    rows: dict[str, StepRow],
    fresh: _Fresh,
    tags: BatchTags,
    lineage: Lineage,
    ledger: Ledger,
    notes: Notes,
) -> int:
    """Writes steps and what hangs on them; the moment at which that was."""
    moments = fresh.moments()
    inserts: list[tuple[Any, ...]] = []
    updates: list[tuple[Any, ...]] = []
    new: list[tuple[int, StepRow]] = []
    merging: list[tuple[int, StepRow]] = []
    tagged: list[tuple[int, bool, list[str]]] = []
    scores: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []
    rules = cache(partial(prices.load, db, project_id))
    for row in rows.values():
        get = row.values.get
        stored = lineage.stored(row.id)
        if stored is None:
            row_id, created_at = next(fresh.row_ids), next(moments)
            start = get("start_time")
            row.values |= derived.derived(row.values, None, created_at, rules)
            inserts.append(
                (
                    *(row_id, project_id, row.id, created_at, created_at if start is None else start),
                    *map(get, _COLUMNS),
                    *map(get, derived.COLUMNS),
                )
            )
            ledger.change(None, facts(row.id, created_at, get))
            if row.payload:
                new.append((row_id, row))
        else:
            row_id = stored.row_id
            row.values |= derived.derived(row.values, stored, stored.created_at, rules)
            updates.append((get("start_time"), *map(get, _COLUMNS), *map(get, derived.COLUMNS), row_id))
            ledger.change(facts_of(stored), facts(row.id, stored.created_at, partial(_merged, row.values, stored)))
            if row.payload:
                merging.append((row_id, row))
        notes.written(row.id, row.values, stored)
        if row.tags is not None:
            tagged.append((row_id, stored is not None, row.tags))
        if row.scores:
            scores += ({"step_id": row.id, **score} for score in row.scores)
            notes.scores((score["id"], row.id) for score in row.scores)
        if row.attachments:
            attachments += ({"step_id": row.id, "thread_id": get("thread_id"), **item} for item in row.attachments)
    if inserts:
        db.insert("steps", _ALL, inserts)
    if updates:
        db.executemany(_UPDATE, updates)
    if new:
        payloads = [(row_id, db.payload(pack(row.payload))) for row_id, row in new]
        db.insert("step_payloads", ("step_row", "content"), payloads)
    if merging:
        db.executemany(_PUT_PAYLOAD, list(_merged_payloads(db, merging)))
    moment = next(moments)
    span_origins.note(db, project_id, (row.origin for row in rows.values()), moment)
    if tagged:
        tags.write(tagged)
    for (columns, statement), entities in ((_SCORES, scores), (_ATTACHMENTS, attachments)):
        if entities:
            fixed = {"project_id": project_id, "created_at": moment, "updated_at": moment}
            db.executemany(statement, [tuple(map({**fixed, **entity}.get, columns)) for entity in entities])
    return moment


def _merged(values: dict[str, Any], stored: Stored, column: str) -> Any:
    """A column after the update."""
    value = values.get(column)
    return getattr(stored, column) if value is None and column not in derived.COLUMNS else value


def _merged_payloads(db: Driver, rows: Sequence[tuple[int, StepRow]]) -> Iterator[tuple[int, bytes | str]]:
    """The payloads of known steps with what is new over what is stored; a portion of the stored ones at a time."""
    for start in range(0, len(rows), _PAYLOADS):
        portion = rows[start : start + _PAYLOADS]
        found = db.execute(
            f"SELECT step_row, content FROM step_payloads WHERE step_row {db.among}",
            (db.values(row_id for row_id, _ in portion),),
        )
        stored = dict(map(tuple[int, Any], found))
        for row_id, row in portion:
            yield row_id, db.payload(merge(stored[row_id], row.payload) if row_id in stored else pack(row.payload))


def _write_bridges(db: Driver, project_id: int, links: Iterable[Link], rows: Iterable[StepRow]) -> None:
    bridges = [(project_id, *span, row.id, None) for row in rows for span in row.bridges]
    bridges += [(project_id, *link.span, None, link.parent_span_id) for link in links]
    if bridges:
        db.executemany(
            "INSERT INTO span_bridges (project_id, trace_id, span_id, step_id, parent_span_id) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (project_id, trace_id, span_id) DO UPDATE SET "
            "step_id=coalesce(excluded.step_id, span_bridges.step_id), "
            "parent_span_id=coalesce(excluded.parent_span_id, span_bridges.parent_span_id)",
            bridges,
        )
