"""Reading and writing records of `transfer_kinds`, row by row: ids and times are kept.

What is read comes in the order of storage, `row_id` after `row_id`, so that an export can go on where it stopped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from literalai_otel.jsonable import dumps, loads
from literalai_otel.server.store import (
    dashboard_marks,
    datasets,
    evaluation_tables,
    experiments,
    participants,
    prices,
    prompt_rollouts,
    prompts,
    rollups,
    span_origins,
    steps,
    threads,
)
from literalai_otel.server.store import tables as stored
from literalai_otel.server.store.figures import QUARTER
from literalai_otel.server.store.transfer_kinds import (
    EXPERIMENT,
    FILE,
    ITEM,
    PRICE,
    STEP,
    THREAD,
    USER,
    VERSION,
    Kind,
    Values,
)
from literalai_otel.server.times import format_time, now, parse_time
from literalai_otel.server.values import InvalidValueError

Record = Mapping[str, Any]

PAGE_BYTES: Final = 8_000_000
"""Of JSON in one page; a single record may be larger."""
_CHUNK: Final = 50
"""Rows that are read at a time: a step may have megabytes."""
_STEP: Final = (
    *("id", "name", "type", "threadId", "parentId", "rootRunId", "environment", "startTime", "endTime", "createdAt"),
    *("error", "tags", "input", "output", "metadata", "span"),
)
"""Members of a step besides its generation. Scores and attachments are records of their own."""
_DERIVED: Final = frozenset(
    {
        *("id", "stepId", "createdAt", "tags", "metadata", "scores", "input", "output", "toolCalls", "version"),
        *("inputCost", "outputCost", "cost", "priceRule", "tokenCountEstimated", "promptLineage", "promptVersion"),
    }
)
"""Members of a generation that the step says, or that follow from the rest."""
_ESTIMATED: Final = ("tokenCount", "inputTokenCount", "outputTokenCount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Records made from `since` on and before `until`, in microseconds since 1970; None is no bound."""

    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Records as JSON; `after` is where the next page begins, None at the end."""

    records: list[bytes]
    after: int | None


def page(connection: Connection, project_id: int, kind: Kind, *, after: int, first: int, made: Range) -> ExportPage:
    """Up to `first` records of `kind` behind the row `after`, fewer when they are large."""
    records: list[bytes] = []
    size = 0
    while len(records) < first and size < PAGE_BYTES:
        wanted = min(_CHUNK, first - len(records))
        found = _rows(connection, project_id, kind, after, wanted, made)
        for row_id, record in found:
            encoded = dumps(record)
            records.append(encoded)
            size += len(encoded)
            after = row_id
            if size >= PAGE_BYTES:
                break
        else:
            if len(found) < wanted:
                return ExportPage(records, None)
    return ExportPage(records, after)


def count(connection: Connection, project_id: int, kind: Kind, made: Range) -> int:
    """How many records of `kind` there are."""
    statement = select(func.count()).select_from(kind.table).where(*_conditions(project_id, kind, made))
    return connection.execute(statement).scalar_one()


def put(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    """Insert or merge one record that is no step, all of it or nothing.

    Raises:
        InvalidValueError: the message names what is wrong with it.
    """
    writer = _WRITERS.get(kind.name, _put_row)
    try:
        with connection.begin_nested():
            writer(connection, project_id, kind, record)
    except IntegrityError:
        raise InvalidValueError(
            f"another {kind.name} of the project has the same name or content: it was not imported"
        ) from None


def keep_times(connection: Connection, project_id: int, created: Sequence[tuple[str, int]]) -> None:
    """Give imported steps the time of their first insert, where they came from: (id, microseconds)."""
    if created:
        _mark_moved(connection, project_id, created)
        own = (stored.steps.c.project_id == project_id, stored.steps.c.id == bindparam("of_id"))
        moment: BindParameter[Any] = bindparam("moment")
        connection.execute(
            update(stored.steps)
            .where(*own)
            .values(created_at=moment, sort_time=func.coalesce(stored.steps.c.start_time, moment)),
            [{"of_id": step_id, "moment": at} for step_id, at in created],
        )
        # Such steps are in their threads at the time at which they were made.
        timeless = (stored.steps.c.id.in_([step_id for step_id, _ in created]), stored.steps.c.start_time.is_(None))
        moved = select(stored.steps.c.thread_id).where(stored.steps.c.project_id == project_id, *timeless).distinct()
        rollups.recount(connection, project_id, thread_ids=connection.execute(moved).scalars().all())


def _mark_moved(connection: Connection, project_id: int, created: Sequence[tuple[str, int]]) -> None:
    """Steps without a start count for the time of their first insert: for that of today until now."""
    moments = dict(created)
    timeless = (stored.steps.c.id.in_(moments), stored.steps.c.start_time.is_(None))
    found = select(stored.steps.c.id, stored.steps.c.sort_time).where(
        stored.steps.c.project_id == project_id, *timeless
    )
    moves = [(place, moments[step_id]) for step_id, place in connection.execute(found)]
    dashboard_marks.mark(connection, project_id, {moment // QUARTER for move in moves for moment in move})


def created_at(record: Record) -> int | None:
    """When a record says that it was made; None when it does not.

    Raises:
        InvalidValueError: that is no time.
    """
    value = record.get("createdAt")
    if value is None:
        return None
    try:
        return parse_time(value)
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise InvalidValueError("createdAt must be an ISO 8601 time") from None


# --- reading -----------------------------------------------------------------------------------


def _conditions(project_id: int, kind: Kind, made: Range) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [kind.table.c.project_id == project_id]
    if "created_at" in kind.table.c:
        if made.since is not None:
            found.append(kind.table.c.created_at >= made.since)
        if made.until is not None:
            found.append(kind.table.c.created_at < made.until)
    return found


def _rows(
    connection: Connection, project_id: int, kind: Kind, after: int, first: int, made: Range
) -> list[tuple[int, Values]]:
    row_id = kind.row
    conditions = [*_conditions(project_id, kind, made), row_id > after]
    found = connection.execute(select(*kind.table.c).where(*conditions).order_by(row_id).limit(first))
    if kind is STEP:
        rows = found.all()
        wire = steps.to_wire(connection, project_id, rows, payload=True)
        span_origins.complete(connection, project_id, wire)
        return [(row.row_id, _step_record(step)) for row, step in zip(rows, wire, strict=True)]
    if kind is THREAD:
        rows = found.all()
        users = _users(connection, project_id, {row.participant_id for row in rows if row.participant_id is not None})
        return [(row.row_id, _thread_record(row, users.get(row.participant_id))) for row in rows]
    return [(row[row_id.name], kind.record(cast(Mapping[str, Any], row))) for row in found.mappings()]


def _step_record(step: Values) -> Values:
    record: Values = {"kind": STEP.name, **_given(step, _STEP)}
    generation = step.get("generation")
    if generation is not None:
        unknown = _ESTIMATED if generation.get("tokenCountEstimated") else ()
        record["generation"] = _given(generation, [name for name in generation if name not in (*_DERIVED, *unknown)])
    return record


def _given(values: Values, wanted: Iterable[str]) -> Values:
    return {name: values[name] for name in wanted if values.get(name) is not None}


def _thread_record(row: Any, identifier: str | None) -> Values:
    participant = {"id": row.participant_id, "identifier": identifier} if row.participant_id is not None else None
    record = {
        "kind": THREAD.name,
        "id": row.id,
        "name": row.name,
        "metadata": loads(row.metadata) if row.metadata else None,
        "tags": loads(row.tags) if row.tags else None,
        "environment": row.environment,
        "participant": participant,
        "createdAt": format_time(row.created_at),
    }
    return {name: value for name, value in record.items() if value is not None}


def _users(connection: Connection, project_id: int, ids: Iterable[str]) -> dict[str, str]:
    users = stored.participants.c
    rows = connection.execute(
        select(users.id, users.identifier).where(users.project_id == project_id, users.id.in_(ids))
    )
    return {row.id: row.identifier for row in rows}


# --- writing -----------------------------------------------------------------------------------


def _put_row(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    values = kind.values(record)
    table = kind.table
    for column, referred in kind.refers.items():
        if column in values and not _exists(connection, project_id, referred, values[column]):
            raise InvalidValueError(
                f"{kind.wire_name(column)} {values[column]!r} names nothing in this project: import that first"
            )
    missing = next((name for name in kind.key if name not in values), None)
    if missing is not None:
        raise InvalidValueError(f"{kind.wire_name(missing)} is required in a {kind.name}")
    own = and_(table.c.project_id == project_id, *(table.c[name] == values[name] for name in kind.key))
    if connection.execute(select(kind.row).where(own)).one_or_none() is not None:
        changed = {name: value for name, value in values.items() if name not in kind.key}
        if changed:
            changed |= kind.derive(values) if kind.derive is not None else {}
            connection.execute(update(table).where(own).values(changed))
        return
    made = values.get("created_at", now())
    for name in ("created_at", "updated_at"):
        if name in table.c:
            values.setdefault(name, made)
    connection.execute(insert(table).values(project_id=project_id, **kind.complete(values)))


def _exists(connection: Connection, project_id: int, table: Any, row_id: str) -> bool:
    own = (table.c.project_id == project_id, table.c.id == row_id)
    return connection.execute(select(table.c.id).where(*own)).one_or_none() is not None


def _put_user(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    """A user who is known by the identifier stays the one that is there: the identifier is who it is."""
    identifier = record.get("identifier")
    known = participants.get(connection, project_id, identifier=identifier) if isinstance(identifier, str) else None
    if known is not None:
        record = {**record, "id": known["id"]}
    _put_row(connection, project_id, kind, record)


def _put_thread(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    fields = threads.ThreadFields(
        name=record.get("name"),
        metadata=record.get("metadata"),
        tags=record.get("tags"),
        environment=record.get("environment"),
        participant_id=_user_of(record),
    )
    moment = created_at(record)
    threads.upsert(connection, project_id, record.get("id"), fields)  # pyright: ignore[reportArgumentType] - checked there
    if moment is not None:
        own = (stored.threads.c.project_id == project_id, stored.threads.c.id == record["id"])
        other = stored.threads.c.created_at != moment
        if connection.execute(update(stored.threads).where(*own, other).values(created_at=moment)).rowcount:
            rollups.recount(connection, project_id, thread_ids=[record["id"]])


def _user_of(record: Record) -> str | None:
    """The identifier of a thread's user, which says more than the id: that one may be another here."""
    user = record.get("participant")
    if isinstance(user, dict):
        known = cast(dict[str, Any], user)
        return known.get("identifier") or known.get("id")
    return record.get("participantId")


def _put_experiment(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    _put_row(connection, project_id, kind, record)
    params = evaluation_tables.experiment_params.c
    connection.execute(
        delete(evaluation_tables.experiment_params).where(
            params.project_id == project_id, params.experiment_id == record["id"]
        )
    )
    own = (kind.table.c.project_id == project_id, kind.table.c.id == record["id"])
    stored_params = connection.execute(select(kind.table.c.params).where(*own)).scalar_one()
    experiments.index_params(connection, project_id, record["id"], stored_params)


def _put_item(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    _put_row(connection, project_id, kind, record)
    rows = evaluation_tables.datasets.c
    of = select(rows.type).where(rows.project_id == project_id, rows.id == record.get("datasetId"))
    content = record.get("input")
    messages = cast(dict[str, Any], content).get("messages") if isinstance(content, dict) else None
    if connection.execute(of).scalar_one_or_none() == datasets.GENERATION and not isinstance(messages, list):
        raise InvalidValueError("an item of a generation dataset needs the input {messages: [{role, content}, …]}")


def _put_version(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    """A version may name its prompt, as the published SDK saves it: then the prompt is found or made by its name.

    What was saved so says nothing of the split, so the first version of a prompt without one gets it all.
    """
    name = record.get("lineageName")
    if name is None or record.get("lineageId") is not None:
        _put_row(connection, project_id, kind, record)
        return
    lineage_id = prompts.get_or_create_lineage(connection, project_id, name, None)["id"]
    _put_row(connection, project_id, kind, {**record, "lineageId": lineage_id})
    if not prompt_rollouts.of_lineage(connection, project_id, lineage_id):
        whole = [{"version": record["version"], "rollout": prompt_rollouts.WHOLE}]
        prompt_rollouts.replace_all(connection, project_id, lineage_id, whole)


def _put_price(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    values, price = kind.values(record), dict(record)
    if "id" not in values:
        raise InvalidValueError("id is required in a model_price")
    if prices.change(connection, project_id, values["id"], price) is None:
        made = prices.create(connection, project_id, price)
        own = (kind.table.c.project_id == project_id, kind.table.c.id == made["id"])
        kept = {name: values[name] for name in ("id", "created_at") if name in values}
        connection.execute(update(kind.table).where(*own).values(kept))


def _put_file(connection: Connection, project_id: int, kind: Kind, record: Record) -> None:
    raise InvalidValueError("a file is more than its record: send its bytes to /api/import/file")


_WRITERS: Final = {
    FILE.name: _put_file,
    PRICE.name: _put_price,
    USER.name: _put_user,
    THREAD.name: _put_thread,
    ITEM.name: _put_item,
    EXPERIMENT.name: _put_experiment,
    VERSION.name: _put_version,
}
