"""The ingest path: step batches to rows, set by set, by the driver itself.

Known steps are looked up in one query; new ones are inserted, known ones merged column by column, where a value
that is absent leaves the stored one (`spec/literal-wire.md` §2.4). Nothing here decides about validity.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import count
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Table

from literalai_otel.server.store import derived, prices, rollups, span_origins, tables
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
        ledger, notes = Ledger(), journal.of(project_id)
        lineage = Lineage(db, project_id, [row for batch in own for row in batch.rows], ledger, notes)
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
        _write(db, project_id, merged, lineage, ledger, notes)
        _write_bridges(db, project_id, links, merged.values())
        lineage.finish()
        rollups.write(db, project_id, ledger)
    return answers


def _gather(merged: dict[str, StepRow], row: StepRow) -> None:
    earlier = merged.get(row.id)
    if earlier is None:
        merged[row.id] = row.copy()
    else:
        earlier.absorb(row)


def _write(
    db: Driver, project_id: int, rows: dict[str, StepRow], lineage: Lineage, ledger: Ledger, notes: Notes
) -> None:
    last = db.execute("SELECT created_at FROM steps ORDER BY row_id DESC LIMIT 1")
    row_ids = db.new_row_ids("steps", sum(lineage.stored(step_id) is None for step_id in rows))
    newest = last.fetchone() or (0,)
    # One microsecond apart, and never backwards: the order of arrival stays visible in createdAt.
    moments = count(max(now(), newest[0] + 1))
    inserts: list[tuple[Any, ...]] = []
    updates: list[tuple[Any, ...]] = []
    payloads: list[tuple[int, bytes | str]] = []
    merging: list[tuple[int, StepRow]] = []
    tags: list[tuple[int, bool, list[str]]] = []
    scores: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []
    threads: dict[str, StepRow] = {}
    rules = cache(partial(prices.load, db, project_id))
    for row in rows.values():
        get = row.values.get
        stored = lineage.stored(row.id)
        if stored is None:
            row_id, created_at = next(row_ids), next(moments)
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
                payloads.append((row_id, db.payload(pack(row.payload))))
        else:
            row_id = stored.row_id
            row.values |= derived.derived(row.values, stored, stored.created_at, rules)
            updates.append((get("start_time"), *map(get, _COLUMNS), *map(get, derived.COLUMNS), row_id))
            ledger.change(facts_of(stored), facts(row.id, stored.created_at, partial(_merged, row.values, stored)))
            if row.payload:
                merging.append((row_id, row))
        notes.written(row.id, row.values, stored)
        thread_id = get("thread_id")
        if thread_id is not None:
            known = threads.setdefault(thread_id, row)
            if known is not row and (row.thread_name or row.user):
                known.thread_name = known.thread_name or row.thread_name
                known.user = known.user or row.user
        if row.tags is not None:
            tags.append((row_id, stored is not None, row.tags))
        if row.scores:
            scores += ({"step_id": row.id, **score} for score in row.scores)
            notes.scores((score["id"], row.id) for score in row.scores)
        if row.attachments:
            attachments += ({"step_id": row.id, "thread_id": thread_id, **item} for item in row.attachments)
    if inserts:
        db.insert("steps", _ALL, inserts)
    if updates:
        db.executemany(_UPDATE, updates)
    if payloads:
        db.insert("step_payloads", ("step_row", "content"), payloads)
    if merging:
        db.executemany(_PUT_PAYLOAD, list(_merged_payloads(db, merging)))
    moment = next(moments)
    span_origins.note(db, project_id, (row.origin for row in rows.values()), moment)
    if threads:
        _write_threads(db, project_id, threads, moment, ledger)
    if tags:
        _write_tags(db, project_id, tags)
    for (columns, statement), entities in ((_SCORES, scores), (_ATTACHMENTS, attachments)):
        if entities:
            fixed = {"project_id": project_id, "created_at": moment, "updated_at": moment}
            db.executemany(statement, [tuple(map({**fixed, **entity}.get, columns)) for entity in entities])


def _merged(values: dict[str, Any], stored: Stored, column: str) -> Any:
    """A column after the update."""
    value = values.get(column)
    return getattr(stored, column) if value is None and column not in derived.COLUMNS else value


def _write_threads(db: Driver, project_id: int, threads: dict[str, StepRow], moment: int, ledger: Ledger) -> None:
    """Makes the threads that are not there yet; a name and a user only fill what is empty."""
    db.executemany(
        "INSERT INTO threads (project_id, id, environment, created_at, engaged_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        [(project_id, thread_id, row.values.get("environment"), moment, moment) for thread_id, row in threads.items()],
    )
    for thread_id, row in threads.items():
        if row.thread_name is not None:
            db.execute(
                "UPDATE threads SET name=? WHERE project_id=? AND id=? AND name IS NULL",
                (row.thread_name, project_id, thread_id),
            )
        if row.user is None:
            continue
        own = (project_id, thread_id)
        lonely = "FROM threads WHERE project_id=? AND id=? AND participant_id IS NULL"
        if db.execute(f"SELECT 1 {lonely}", own).fetchone() is not None:
            user_id = _user_id(db, project_id, row.user, moment)
            db.execute("UPDATE threads SET participant_id=? WHERE project_id=? AND id=?", (user_id, *own))
            ledger.given_users.add(thread_id)


def _user_id(db: Driver, project_id: int, name: str, moment: int) -> str:
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


def _write_tags(db: Driver, project_id: int, tags: list[tuple[int, bool, list[str]]]) -> None:
    db.executemany("DELETE FROM step_tags WHERE step_row=?", [(row_id,) for row_id, known, _ in tags if known])
    db.executemany(
        "INSERT INTO tags (project_id, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(project_id, name) for name in sorted({name for *_, names in tags for name in names})],
    )
    db.executemany(
        "INSERT INTO step_tags (tag_id, step_row) SELECT id, ? FROM tags WHERE project_id=? AND name=? "
        "ON CONFLICT DO NOTHING",
        [(row_id, project_id, name) for row_id, _, names in tags for name in names],
    )


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
