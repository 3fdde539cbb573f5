"""Uploaded files and the blobs that hold their bytes; see `file_tables` for the idea.

Nothing here touches the storage but `forget`, which is told how.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as change

from literalai_otel.server.store.file_tables import blobs, files, server_secrets
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.tables import attachments, projects
from literalai_otel.server.times import now

_COLUMNS: Final = tuple(column for column in files.c if column.name != "row_id")
_SWEEP: Final = 100
"""Blobs that one sweep transaction removes at most: the writer must not be held up by a folder of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An uploaded file: `id` is its object key, `blob` the name of its bytes in the storage, `size` in bytes."""

    project_id: int
    id: str
    blob: str
    sha256: str
    size: int
    mime: str
    thread_id: str | None
    created_at: int


def get(connection: Connection, project_id: int, object_key: str) -> File | None:
    """The file of an object key."""
    own = (files.c.project_id == project_id, files.c.id == object_key)
    return _file(connection.execute(select(*_COLUMNS).where(*own)).one_or_none())


def find(connection: Connection, public_id: str, object_key: str) -> File | None:
    """The file of an object key in the project with this public id."""
    joined = select(*_COLUMNS).join(projects, projects.c.id == files.c.project_id)
    own = (projects.c.public_id == public_id, files.c.id == object_key)
    return _file(connection.execute(joined.where(*own)).one_or_none())


def title(connection: Connection, file: File) -> str | None:
    """What people call the file: the name of an attachment that holds it."""
    own = (attachments.c.project_id == file.project_id, attachments.c.object_key == file.id)
    named = select(attachments.c.name).where(*own, attachments.c.name.is_not(None))
    return connection.execute(named.order_by(attachments.c.row_id).limit(1)).scalar_one_or_none()


def reserve(connection: Connection, blob: str, unused_from: int) -> None:
    """Notes a blob before its bytes are stored, so that the sweep finds it should nobody `add` it by that time."""
    known = connection.execute(select(blobs.c.uses).where(blobs.c.name == blob)).scalar_one_or_none()
    if known is None:
        connection.execute(insert(blobs).values(name=blob, uses=0, unused_from=unused_from))
    elif known == 0:
        connection.execute(change(blobs).where(blobs.c.name == blob).values(unused_from=unused_from))


def add(connection: Connection, file: File, keep: Callable[[], None] | None) -> bool:
    """Stores a file; false when its object key is used already.

    `keep` puts the bytes of its blob where they belong, while no sweep can take them.
    """
    if get(connection, file.project_id, file.id) is not None:
        return False
    counted = change(blobs).where(blobs.c.name == file.blob).values(uses=blobs.c.uses + 1, unused_from=None)
    if not connection.execute(counted).rowcount:  # the sweep found it useless just before
        connection.execute(insert(blobs).values(name=file.blob, uses=1))
    connection.execute(insert(files).values(asdict(file)))
    if keep is not None:
        keep()
    return True


def delete_of_thread(connection: Connection, project_id: int, thread_id: str) -> None:
    """Deletes the files that were uploaded for a thread and that no attachment holds."""
    keys = connection.execute(
        select(files.c.id).where(files.c.project_id == project_id, files.c.thread_id == thread_id)
    ).scalars()
    delete_unattached(connection, project_id, keys.all())


def delete_unattached(connection: Connection, project_id: int, object_keys: Sequence[str]) -> None:
    """Deletes those of the files that no attachment of the project holds any more."""
    for some in portions(object_keys):
        attached = select(attachments.c.object_key).where(
            attachments.c.project_id == project_id, attachments.c.object_key == files.c.id
        )
        _delete(
            connection,
            and_(
                files.c.project_id == project_id,
                files.c.id.in_(some),
                ~attached.exists(),
            ),
        )


def delete_of_project(connection: Connection, project_id: int) -> None:
    """Deletes all files of a project."""
    _delete(connection, files.c.project_id == project_id)


def unused(connection: Connection) -> list[str]:
    """Some of the blobs that may be removed now, none when the sweep is done."""
    due = select(blobs.c.name).where(blobs.c.unused_from <= now()).order_by(blobs.c.unused_from)
    return list(connection.execute(due.limit(_SWEEP)).scalars())


def forget(connection: Connection, names: Sequence[str], remove: Callable[[str], None] | None) -> None:
    """Forgets those of the blobs that are still unused; `remove` takes each out of the storage meanwhile."""
    for name in names:
        own = (blobs.c.name == name, blobs.c.uses == 0, blobs.c.unused_from <= now())
        if connection.execute(delete_from(blobs).where(*own)).rowcount and remove is not None:
            remove(name)


def secret(connection: Connection, name: str) -> str | None:
    """A secret of the server."""
    return connection.execute(select(server_secrets.c.value).where(server_secrets.c.name == name)).scalar_one_or_none()


def ensure_secret(connection: Connection, name: str, value: str) -> str:
    """The secret of this name: the stored one, else `value`, which is stored then."""
    known = secret(connection, name)
    if known is not None:
        return known
    connection.execute(insert(server_secrets).values(name=name, value=value, created_at=now()))
    return value


def _file(row: Row[Any] | None) -> File | None:
    return None if row is None else File(**{column.name: getattr(row, column.name) for column in _COLUMNS})


def _delete(connection: Connection, condition: ColumnElement[bool]) -> None:
    used = connection.execute(select(files.c.row_id, files.c.blob).where(condition).order_by(files.c.blob)).all()
    for row_id, blob in used:
        connection.execute(delete_from(files).where(files.c.row_id == row_id))
        connection.execute(change(blobs).where(blobs.c.name == blob).values(uses=blobs.c.uses - 1))
        connection.execute(change(blobs).where(blobs.c.name == blob, blobs.c.uses == 0).values(unused_from=now()))
