"""Projects and their API keys. A key is known by its hash alone."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, true, update

from literalai_otel.server.store.tables import api_keys, projects
from literalai_otel.server.times import now


@dataclass(frozen=True, slots=True)
class Project:
    """`id` scopes every row; `public_id` is what the wire calls `projectId`. `created_at`: microseconds."""

    id: int
    public_id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key: `prefix` is what may be shown of it, `id` names it to people. Times: microseconds.

    `role` is a name of `access.permissions.Role`, `created_by` who made it, None for keys of before.
    """

    id: int
    key_hash: str
    prefix: str
    name: str
    created_at: int
    last_used_at: int | None
    role: str
    created_by: str | None
    project: Project


def first(connection: Connection) -> Project | None:
    """The oldest project."""
    row = connection.execute(select(projects).order_by(projects.c.id).limit(1)).one_or_none()
    return Project(*row) if row else None


def every(connection: Connection) -> list[Project]:
    """All projects, oldest first."""
    return [Project(*row) for row in connection.execute(select(projects).order_by(projects.c.id))]


def find(connection: Connection, name: str) -> list[Project]:
    """The projects with this public id or this name: names need not be unique."""
    named = or_(projects.c.public_id == name, projects.c.name == name)
    return [Project(*row) for row in connection.execute(select(projects).where(named).order_by(projects.c.id))]


def create(connection: Connection, name: str) -> Project:
    """A new project."""
    public_id, created_at = str(uuid4()), now()
    connection.execute(insert(projects).values(public_id=public_id, name=name, created_at=created_at))
    row = connection.execute(select(projects).where(projects.c.public_id == public_id)).one()
    return Project(*row)


def with_public_id(connection: Connection, public_id: str) -> Project | None:
    """The project of this public id."""
    row = connection.execute(select(projects).where(projects.c.public_id == public_id)).one_or_none()
    return Project(*row) if row else None


def rename(connection: Connection, project_id: int, name: str) -> None:
    """Gives a project another name."""
    connection.execute(update(projects).where(projects.c.id == project_id).values(name=name))


def ensure_first(connection: Connection, name: str) -> tuple[Project, bool]:
    """The oldest project, and whether it was made here: of servers that start together one makes it."""
    found = first(connection)
    return (found, False) if found is not None else (create(connection, name), True)


def public_id(connection: Connection, project_id: int) -> str | None:
    """The public id of a project."""
    return connection.execute(select(projects.c.public_id).where(projects.c.id == project_id)).scalar_one_or_none()


def add_key(
    connection: Connection,
    project_id: int,
    key_hash: str,
    prefix: str,
    name: str,
    role: str = "ADMIN",
    created_by: str | None = None,
) -> ApiKey:
    """Stores a hash; one that is known stays with its project and role."""
    known = find_key(connection, key_hash)
    if known is not None:
        return known
    values = {"project_id": project_id, "key_hash": key_hash, "prefix": prefix, "name": name, "created_at": now()}
    connection.execute(insert(api_keys).values(values | {"role": role, "created_by": created_by}))
    added = find_key(connection, key_hash)
    assert added is not None
    return added


def find_key(connection: Connection, key_hash: str) -> ApiKey | None:
    """The key with this hash, with its project."""
    found = _keys(connection, api_keys.c.key_hash == key_hash)
    return found[0] if found else None


def keys(connection: Connection, project_id: int | None = None) -> list[ApiKey]:
    """The keys of one project or of all, oldest first."""
    return _keys(connection, true() if project_id is None else api_keys.c.project_id == project_id)


def revoke_key(connection: Connection, key_id: int, project_id: int | None = None) -> ApiKey | None:
    """The key that is no longer valid, None when there was none (of the project, if one is named).

    Servers that know it forget it within 10 seconds.
    """
    named = api_keys.c.id == key_id
    found = _keys(connection, named if project_id is None else and_(named, api_keys.c.project_id == project_id))
    if not found:
        return None
    connection.execute(delete(api_keys).where(api_keys.c.id == key_id))
    return found[0]


def _keys(connection: Connection, condition: ColumnElement[bool]) -> list[ApiKey]:
    rows = connection.execute(
        select(
            api_keys.c.id,
            api_keys.c.key_hash,
            api_keys.c.prefix,
            api_keys.c.name,
            api_keys.c.created_at,
            api_keys.c.last_used_at,
            api_keys.c.role,
            api_keys.c.created_by,
            *projects.c,
        )
        .join(projects, projects.c.id == api_keys.c.project_id)
        .where(condition)
        .order_by(api_keys.c.id)
    )
    found = (cast(tuple[Any, ...], row) for row in rows)
    return [ApiKey(*values[:8], project=Project(*values[8:])) for values in found]


def touch_key(connection: Connection, key_hash: str) -> None:
    """Notes the use of a key."""
    connection.execute(update(api_keys).where(api_keys.c.key_hash == key_hash).values(last_used_at=now()))
