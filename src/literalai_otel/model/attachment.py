"""A file that belongs to a step (`spec/literal-wire.md` §2.8)."""

from dataclasses import dataclass
from typing import Any, TypedDict

from literalai_otel.model.wire import Entity


class AttachmentDict(TypedDict, total=False):
    """An attachment by its names on the wire."""

    id: str | None
    stepId: str | None
    threadId: str | None
    metadata: dict[str, Any] | None
    mime: str | None
    name: str | None
    objectKey: str | None
    url: str | None


class AttachmentUpload(TypedDict, total=False):
    """What can be changed of an attachment, by its names on the wire."""

    metadata: dict[str, Any] | None
    mime: str | None
    name: str | None
    objectKey: str | None
    url: str | None


class UploadedFile(TypedDict):
    """Where an uploaded file is: `object_key` names the stored bytes, `url` reads them. Both None after a failure."""

    object_key: str | None
    url: str | None


@dataclass(slots=True, kw_only=True, repr=False)
class Attachment(Entity):
    """`url` is readable; `object_key` names the stored bytes."""

    id: str | None = None
    step_id: str | None = None
    thread_id: str | None = None
    metadata: dict[str, Any] | None = None
    mime: str | None = None
    name: str | None = None
    object_key: str | None = None
    url: str | None = None
