"""Where spans come from: noted while steps are written, read with them, forgotten after them."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from literalai_otel.jsonable import loads
from literalai_otel.server.store.driver import Driver
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.rows import SpanOrigin
from literalai_otel.server.store.span_tables import span_origins
from literalai_otel.server.store.tables import steps
from literalai_otel.server.times import now

_STEADY: Final = 3_600_000_000
"""Microseconds for which a known origin is not written again."""
_NOTE: Final = (
    "INSERT INTO span_origins (project_id, digest, content, seen_at) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (project_id, digest) DO UPDATE SET seen_at=excluded.seen_at "
    f"WHERE span_origins.seen_at < excluded.seen_at - {_STEADY}"
)


def note(db: Driver, project_id: int, origins: Iterable[SpanOrigin | None], moment: int) -> None:
    """Keeps the origins of steps that are written at `moment`, each once."""
    distinct = {origin.digest: origin.content for origin in origins if origin is not None}
    if distinct:
        db.executemany(_NOTE, [(project_id, digest, content, moment) for digest, content in distinct.items()])


def of(connection: Connection, project_id: int, digests: Collection[str]) -> dict[str, dict[str, Any]]:
    """The content by digest: `{"scope": {…}, "resource": {…}}`."""
    found: dict[str, dict[str, Any]] = {}
    for chunk in portions(list(set(digests))):
        own = (span_origins.c.project_id == project_id, span_origins.c.digest.in_(chunk))
        statement = select(span_origins.c.digest, span_origins.c.content).where(*own)
        found.update((digest, loads(content)) for digest, content in connection.execute(statement))
    return found


def complete(connection: Connection, project_id: int, found: Iterable[dict[str, Any]]) -> None:
    """Puts scope and resource into the member `span` of whole steps, in the place of the digest."""
    spans = [step["span"] for step in found if step.get("span")]
    known = of(connection, project_id, {span["origin"] for span in spans if "origin" in span}) if spans else {}
    for span in spans:
        span |= known.get(span.pop("origin", None), {})


def forget(connection: Connection, project_id: int) -> None:
    """Deletes what only steps named that are gone: none of those that are left was stored so early."""
    oldest = select(func.min(steps.c.created_at)).where(steps.c.project_id == project_id).scalar_subquery()
    unseen = span_origins.c.seen_at < func.coalesce(oldest, now()) - _STEADY
    connection.execute(delete(span_origins).where(span_origins.c.project_id == project_id, unseen))
