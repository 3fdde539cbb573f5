"""Prompts: lineages and their versions, both get-or-create (`spec/literal-wire.md` §2.10).

Nothing is cached: pulling a prompt is three reads by index, and what one process changed the others see at once.
Get-or-create needs no lock of its own, since nobody else writes to a project in the meantime (`driver.Driver.begin`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, func, insert, select
from sqlalchemy import update as change

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.store import prompt_rollouts
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.evaluation_tables import prompt_lineages, prompt_versions
from literalai_otel.server.store.json_columns import decode
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.store.prompt_content import PromptContent
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import InvalidValueError, clean_id, clean_tags, clean_text

_ORDERS: Final[Mapping[str, Column[Any]]] = {"createdAt": prompt_lineages.c.created_at, "name": prompt_lineages.c.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionNotes:
    """What can be changed of a version: what is said about it, never its content. None leaves the stored value."""

    description: str | None = None
    label: str | None = None
    status: str | None = None
    tags: list[str] | None = None

    def columns(self) -> dict[str, Any]:
        """The columns that are given.

        Raises:
            InvalidValueError: a value breaks a rule.
        """
        columns = {
            "description": None if self.description is None else clean_text(self.description, "versionDesc"),
            "label": None if self.label is None else clean_text(self.label, "label"),
            "status": None if self.status is None else clean_text(self.status, "status"),
            "tags": None if self.tags is None else dumps_text(clean_tags(self.tags, "tags")),
        }
        return {name: value for name, value in columns.items() if value is not None}


# --- lineages ----------------------------------------------------------------------------------


def page(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    """A page of the lineages that are not deleted, newest first unless the query orders."""
    conditions = [*where("prompts", project_id, query.filters), prompt_lineages.c.deleted_at.is_(None)]
    sorting = Sorting.of(query, _ORDERS, prompt_lineages.c.row_id)
    found = fetch(connection, list(prompt_lineages.c), conditions, query, sorting)
    return found.listing([_lineage(row) for row in found.rows])


def lineage(
    connection: Connection, project_id: int, *, lineage_id: str | None = None, name: str | None = None
) -> dict[str, Any] | None:
    """By id if one is given, else by name; a deleted one too, with `deletedAt`."""
    row = connection.execute(select(prompt_lineages).where(_named(project_id, lineage_id, name))).one_or_none()
    return _lineage(row) if row else None


def get_or_create_lineage(
    connection: Connection, project_id: int, name: str, description: str | None
) -> dict[str, Any]:
    """The lineage of this name as it is, or a new one without versions.

    Raises:
        InvalidValueError: a value breaks a rule.
    """
    name = clean_id(name, "name")
    values = {
        "project_id": project_id,
        "id": str(uuid4()),
        "name": name,
        "description": None if description is None else clean_text(description, "description"),
        "created_at": now(),
    }
    if lineage(connection, project_id, name=name) is None:
        connection.execute(insert(prompt_lineages).values(values))
    stored = lineage(connection, project_id, name=name)
    assert stored is not None
    return stored


def mark_deleted(connection: Connection, project_id: int, lineage_id: str, *, deleted: bool) -> dict[str, Any] | None:
    """The lineage, flagged as deleted or no more so; None when unknown.

    Its versions stay readable, so that programs that pull it go on and generations keep their prompt.
    """
    connection.execute(
        change(prompt_lineages)
        .where(_named(project_id, lineage_id, None))
        .values(deleted_at=now() if deleted else None)
    )
    return lineage(connection, project_id, lineage_id=lineage_id)


def set_rollouts(
    connection: Connection,
    project_id: int,
    rollouts: list[dict[str, Any]],
    *,
    lineage_id: str | None = None,
    name: str | None = None,
) -> dict[str, Any] | None:
    """The lineage after its split was replaced, None when it is unknown.

    Raises:
        InvalidValueError: see `prompt_rollouts.replace_all`.
    """
    found = lineage(connection, project_id, lineage_id=lineage_id, name=name)
    if found is not None:
        prompt_rollouts.replace_all(connection, project_id, found["id"], rollouts)
    return found


# --- versions ----------------------------------------------------------------------------------


def version(
    connection: Connection,
    project_id: int,
    *,
    version_id: str | None = None,
    name: str | None = None,
    number: int | None = None,
) -> dict[str, Any] | None:
    """A version by its id if one is given, else by the name of its lineage and its number.

    Without a number it is drawn by the split. None where there is no such version.
    """
    if version_id is not None:
        return _version(connection, project_id, prompt_versions.c.id == version_id)
    found = lineage(connection, project_id, name=name)
    if found is None:
        return None
    if number is None:
        number = prompt_rollouts.draw(prompt_rollouts.of_lineage(connection, project_id, found["id"]))
    return _version(
        connection,
        project_id,
        and_(prompt_versions.c.lineage_id == found["id"], prompt_versions.c.version == number),
    )


def versions(connection: Connection, project_id: int, lineage_id: str, query: PageQuery) -> Listing:
    """A page of the versions of a lineage, newest first."""
    sorting = Sorting(
        name="version",
        expression=prompt_versions.c.version,
        row_id=prompt_versions.c.row_id,
        descending=True,
        nullable=False,
    )
    own = (prompt_versions.c.project_id == project_id, prompt_versions.c.lineage_id == lineage_id)
    found = fetch(connection, _COLUMNS, own, query, sorting, source=_WITH_LINEAGE)
    return found.listing([_to_wire(row) for row in found.rows])


def get_or_create_version(
    connection: Connection, project_id: int, lineage_id: str, content: PromptContent, description: str | None
) -> dict[str, Any]:
    """The version of the lineage that agrees with `content`, the newest of several; else a new one.

    The first version of a lineage has the whole split, later ones have none.

    Raises:
        InvalidValueError: no such lineage, or a value breaks a rule.
    """
    notes = VersionNotes(description=description).columns()
    if lineage(connection, project_id, lineage_id=lineage_id) is None:
        raise InvalidValueError(f"lineageId {lineage_id!r} names no prompt of this project: create the lineage first")
    version_id = _agreeing(connection, project_id, lineage_id, content)
    if version_id is None:
        version_id = _insert(connection, project_id, lineage_id, content, notes)
    stored = version(connection, project_id, version_id=version_id)
    assert stored is not None
    return stored


def update_version(
    connection: Connection, project_id: int, version_id: str, notes: VersionNotes
) -> dict[str, Any] | None:
    """The version after the change, None when unknown.

    Raises:
        InvalidValueError: a value breaks a rule.
    """
    columns = notes.columns()
    if columns:
        own = and_(prompt_versions.c.project_id == project_id, prompt_versions.c.id == version_id)
        connection.execute(change(prompt_versions).where(own).values(**columns, updated_at=now()))
    return version(connection, project_id, version_id=version_id)


def content_of(row: Row[Any]) -> PromptContent:
    """What a row of `prompt_versions` says."""
    return PromptContent(
        messages=decode(row.template_messages),
        tools=decode(row.tools) or [],
        settings=decode(row.settings) or {},
        variables=decode(row.variables),
        defaults=decode(row.variables_default_values),
    )


def _agreeing(connection: Connection, project_id: int, lineage_id: str, content: PromptContent) -> str | None:
    rows = connection.execute(
        select(prompt_versions)
        .where(
            prompt_versions.c.project_id == project_id,
            prompt_versions.c.lineage_id == lineage_id,
            prompt_versions.c.core_hash == content.core_hash,
        )
        .order_by((prompt_versions.c.content_hash == content.content_hash).desc(), prompt_versions.c.version.desc())
    )
    return next((row.id for row in rows if content.agrees(content_of(row))), None)


def _insert(
    connection: Connection, project_id: int, lineage_id: str, content: PromptContent, notes: dict[str, Any]
) -> str:
    own = (prompt_versions.c.project_id == project_id, prompt_versions.c.lineage_id == lineage_id)
    newest = connection.execute(select(func.max(prompt_versions.c.version)).where(*own)).scalar_one()
    number = 0 if newest is None else newest + 1
    version_id, moment = str(uuid4()), now()
    values = {
        "project_id": project_id,
        "id": version_id,
        "lineage_id": lineage_id,
        "version": number,
        "template_messages": dumps_text(content.with_uuids()),
        "tools": dumps_text(content.tools),
        "settings": dumps_text(content.settings),
        "variables": None if content.variables is None else dumps_text(content.variables),
        "variables_default_values": None if content.defaults is None else dumps_text(content.defaults),
        "core_hash": content.core_hash,
        "content_hash": content.content_hash,
        "created_at": moment,
        "updated_at": moment,
        **notes,
    }
    connection.execute(insert(prompt_versions).values(values))
    if number == 0:
        whole = [{"version": 0, "rollout": prompt_rollouts.WHOLE}]
        prompt_rollouts.replace_all(connection, project_id, lineage_id, whole)
    return version_id


def _named(project_id: int, lineage_id: str | None, name: str | None) -> ColumnElement[bool]:
    named = prompt_lineages.c.id == lineage_id if lineage_id is not None else prompt_lineages.c.name == name
    return and_(prompt_lineages.c.project_id == project_id, named)


def _version(connection: Connection, project_id: int, own: ColumnElement[bool]) -> dict[str, Any] | None:
    row = connection.execute(_SELECT.where(prompt_versions.c.project_id == project_id, own)).one_or_none()
    return _to_wire(row) if row else None


_LINEAGE_PREFIX: Final = "lineage__"
_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    *prompt_versions.c,
    *(column.label(_LINEAGE_PREFIX + column.name) for column in prompt_lineages.c),
)
_WITH_LINEAGE: Final = prompt_versions.join(
    prompt_lineages,
    and_(
        prompt_lineages.c.project_id == prompt_versions.c.project_id,
        prompt_lineages.c.id == prompt_versions.c.lineage_id,
    ),
)
_SELECT: Final = select(*_COLUMNS).select_from(_WITH_LINEAGE)


def _lineage(row: Row[Any], prefix: str = "") -> dict[str, Any]:
    deleted = getattr(row, f"{prefix}deleted_at")
    return {
        "id": getattr(row, f"{prefix}id"),
        "name": getattr(row, f"{prefix}name"),
        "description": getattr(row, f"{prefix}description"),
        "createdAt": format_time(getattr(row, f"{prefix}created_at")),
        "deletedAt": None if deleted is None else format_time(deleted),
    }


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "lineage": _lineage(row, _LINEAGE_PREFIX),
        "version": row.version,
        "versionDesc": row.description,
        "label": row.label,
        "status": row.status,
        "tags": decode(row.tags) or [],
        "type": "CHAT",
        "createdAt": format_time(row.created_at),
        "updatedAt": format_time(row.updated_at),
        "templateMessages": decode(row.template_messages),
        "tools": decode(row.tools),
        "settings": decode(row.settings),
        "variables": decode(row.variables) or [],
        "variablesDefaultValues": decode(row.variables_default_values),
    }
