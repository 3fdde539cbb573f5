"""Attachments: reads, writes, deletion (`spec/literal-wire.md` §2.8).

`object_key` names an uploaded file (`files`), `url` one that is somewhere else. The thread of an attachment is that
of its step, which may come later than the attachment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as change

from literalai_otel.jsonable import loads
from literalai_otel.server.store import files
from literalai_otel.server.store.journal import notes_of
from literalai_otel.server.store.tables import attachments, steps
from literalai_otel.server.times import now
from literalai_otel.server.values import InvalidValueError, clean_id, clean_object, clean_text
from literalai_otel.translate.limits import MAX_METADATA_BYTES

_WIRE: Final = {
    "id": "id",
    "step_id": "stepId",
    "thread_id": "threadId",
    "name": "name",
    "mime": "mime",
    "object_key": "objectKey",
    "url": "url",
}
_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    *(column for column in attachments.c if column.name != "thread_id"),
    func.coalesce(attachments.c.thread_id, steps.c.thread_id).label("thread_id"),
)
_WITH_STEP: Final = attachments.outerjoin(
    steps, and_(steps.c.project_id == attachments.c.project_id, steps.c.id == attachments.c.step_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentFields:
    """What a client says of an attachment; None leaves what is stored."""

    name: str | None = None
    mime: str | None = None
    object_key: str | None = None
    url: str | None = None
    metadata: dict[str, Any] | None = None


def get(connection: Connection, project_id: int, attachment_id: str) -> dict[str, Any] | None:
    """An attachment."""
    own = (attachments.c.project_id == project_id, attachments.c.id == attachment_id)
    row = connection.execute(select(*_COLUMNS).select_from(_WITH_STEP).where(*own)).one_or_none()
    return to_wire(row) if row else None


def create(connection: Connection, project_id: int, step_id: str, fields: AttachmentFields) -> dict[str, Any]:
    """A new attachment of a step, which may come later.

    Raises:
        InvalidValueError: a value breaks a rule, or there is neither `object_key` nor `url`.
    """
    if fields.object_key is None and fields.url is None:
        raise InvalidValueError("an attachment needs a file: give objectKey (of an upload) or url")
    attachment_id = str(uuid4())
    step_id = clean_id(step_id, "stepId")
    row = {"project_id": project_id, "id": attachment_id, "step_id": step_id, "created_at": now()}
    connection.execute(insert(attachments).values({**row, **_checked(fields)}))
    notes_of(connection, project_id).touched(step_id)
    return _stored(connection, project_id, attachment_id)


def update(
    connection: Connection, project_id: int, attachment_id: str, fields: AttachmentFields
) -> dict[str, Any] | None:
    """The attachment after the change, None when it is unknown. A file that it lets go of is deleted.

    Raises:
        InvalidValueError: a value breaks a rule.
    """
    known = get(connection, project_id, attachment_id)
    if known is None:
        return None
    values = _checked(fields)
    if values:
        own = (attachments.c.project_id == project_id, attachments.c.id == attachment_id)
        connection.execute(change(attachments).where(*own).values(values))
        notes_of(connection, project_id).touched(known["stepId"])
        _let_go(connection, project_id, [known["objectKey"]])
    return _stored(connection, project_id, attachment_id)


def delete(connection: Connection, project_id: int, attachment_id: str) -> dict[str, Any] | None:
    """The deleted attachment, None when it was unknown. Its file goes with it."""
    known = get(connection, project_id, attachment_id)
    if known is not None:
        own = (attachments.c.project_id == project_id, attachments.c.id == attachment_id)
        connection.execute(delete_from(attachments).where(*own))
        notes_of(connection, project_id).touched(known["stepId"])
        _let_go(connection, project_id, [known["objectKey"]])
    return known


def delete_of_steps(connection: Connection, project_id: int, step_ids: Sequence[str]) -> None:
    """Deletes the attachments of steps (as many as one statement takes) and the files that only they held."""
    own = (attachments.c.project_id == project_id, attachments.c.step_id.in_(step_ids))
    keys = connection.execute(select(attachments.c.object_key).where(*own)).scalars().all()
    if keys:
        connection.execute(delete_from(attachments).where(*own))
        _let_go(connection, project_id, keys)


def to_wire(row: Row[Any], thread_id: str | None = None) -> dict[str, Any]:
    """An attachment as clients read it; `thread_id` is the thread of its step where the row has none."""
    attachment = {name: getattr(row, column) for column, name in _WIRE.items()}
    attachment["threadId"] = attachment["threadId"] or thread_id
    return attachment | {"metadata": loads(row.metadata) if row.metadata else {}}


def _checked(fields: AttachmentFields) -> dict[str, Any]:
    texts = {"name": fields.name, "mime": fields.mime, "object_key": fields.object_key, "url": fields.url}
    values = {column: clean_text(text, _WIRE[column]) for column, text in texts.items() if text is not None}
    if fields.metadata is not None:
        values["metadata"] = clean_object(fields.metadata, "metadata", MAX_METADATA_BYTES).decode()
    return values


def _stored(connection: Connection, project_id: int, attachment_id: str) -> dict[str, Any]:
    attachment = get(connection, project_id, attachment_id)
    assert attachment is not None
    return attachment


def _let_go(connection: Connection, project_id: int, object_keys: Sequence[str | None]) -> None:
    files.delete_unattached(connection, project_id, [key for key in object_keys if key is not None])
