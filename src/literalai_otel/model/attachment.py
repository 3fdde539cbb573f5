"""A file that belongs to a step (`spec/literal-wire.md` §2.8)."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Attachment:
    """`url` is readable; `object_key` names the stored bytes."""

    id: str | None = None
    step_id: str | None = None
    thread_id: str | None = None
    metadata: dict[str, Any] | None = None
    mime: str | None = None
    name: str | None = None
    object_key: str | None = None
    url: str | None = None
