"""A conversation (`spec/literal-wire.md` §4, Thread)."""

from dataclasses import dataclass, field
from typing import Any, Self, TypedDict

from literalai_otel.model.step import Step, StepDict
from literalai_otel.model.user import User, UserDict
from literalai_otel.model.wire import Entity, each, from_wire, one


class ThreadDict(TypedDict, total=False):
    """A thread by its names on the wire."""

    id: str
    name: str | None
    metadata: dict[str, Any] | None
    tags: list[str] | None
    createdAt: str | None
    participant: UserDict | None
    steps: list[StepDict] | None


@dataclass(slots=True, kw_only=True, repr=False)
class Thread(Entity):
    """`participant_id` is what `upsertThread` takes (an id or an identifier); `participant` is what reads give."""

    id: str
    name: str | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None
    created_at: str | None = None
    participant_id: str | None = None
    participant: User | None = field(default=None, metadata=one(User.from_dict))
    token_count: int | None = None
    duration: float | None = None
    steps: list[Step] | None = field(default=None, metadata=each(Step.from_dict))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """A thread with its participant and steps as objects."""
        thread = from_wire(cls, data)
        if thread.participant is not None:
            thread.participant_id = thread.participant.id
        return thread

    @property
    def participant_identifier(self) -> str | None:
        """The application's own name for the user."""
        return self.participant.identifier if self.participant is not None else None
