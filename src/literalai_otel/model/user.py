"""The person behind a thread; the wire says participant (`spec/literal-wire.md` §4, User)."""

from dataclasses import dataclass
from typing import Any, TypedDict

from literalai_otel.model.wire import Entity


class UserDict(TypedDict, total=False):
    """A user by its names on the wire."""

    id: str | None
    identifier: str | None
    metadata: dict[str, Any] | None
    createdAt: str | None


@dataclass(slots=True, kw_only=True, repr=False)
class User(Entity):
    """`identifier` is the application's own name for the person, unique in a project."""

    id: str | None = None
    identifier: str | None = None
    metadata: dict[str, Any] | None = None
    created_at: str | None = None
    last_engaged: str | None = None
    thread_count: int | None = None
    token_count: int | None = None
