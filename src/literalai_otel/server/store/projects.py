"""Projects and their API keys. A key is known by its hash alone."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

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
    """A stored key: `prefix` is what may be shown of it. Times: microseconds."""

    key_hash: str
    prefix: str
    name: str
    created_at: int
    last_used_at: int | None
    project: Project


def first(connection: Connection) -> Project | None:
    """The oldest project."""
    row = connection.execute(select(projects).order_by(projects.c.id).limit(1)).one_or_none()
    return Project(*row) if row else None


def create(connection: Connection, name: str) -> Project:
    """A new project."""
    public_id, created_at = str(uuid4()), now()
    connection.execute(insert(projects).values(public_id=public_id, name=name, created_at=created_at))
    row = connection.execute(select(projects).where(projects.c.public_id == public_id)).one()
    return Project(*row)


def public_id(connection: Connection, project_id: int) -> str | None:
    """The public id of a project."""
    return connection.execute(select(projects.c.public_id).where(projects.c.id == project_id)).scalar_one_or_none()


def add_key(connection: Connection, project_id: int, key_hash: str, prefix: str, name: str) -> ApiKey:
    """Stores a hash; one that is known stays with its project."""
    known = find_key(connection, key_hash)
    if known is not None:
        return known
    values = {"project_id": project_id, "key_hash": key_hash, "prefix": prefix, "name": name, "created_at": now()}
    connection.execute(insert(api_keys).values(values))
    added = find_key(connection, key_hash)
    assert added is not None
    return added


def find_key(connection: Connection, key_hash: str) -> ApiKey | None:
    """The key with this hash, with its project."""
    row = connection.execute(
        select(
            api_keys.c.key_hash,
            api_keys.c.prefix,
            api_keys.c.name,
            api_keys.c.created_at,
            api_keys.c.last_used_at,
            *projects.c,
        )
        .join(projects, projects.c.id == api_keys.c.project_id)
        .where(api_keys.c.key_hash == key_hash)
    ).one_or_none()
    if row is None:
        return None
    values = cast(tuple[Any, ...], row)
    return ApiKey(*values[:5], project=Project(*values[5:]))


def touch_key(connection: Connection, key_hash: str) -> None:
    """Notes the use of a key."""
    connection.execute(update(api_keys).where(api_keys.c.key_hash == key_hash).values(last_used_at=now()))
