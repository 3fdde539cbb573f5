"""A conversation (`spec/literal-wire.md` §4, Thread)."""

from dataclasses import dataclass
from typing import Any

from literalai_otel.model.step import Step, step_from_wire
from literalai_otel.model.user import User
from literalai_otel.model.wire import from_wire


@dataclass(slots=True, kw_only=True)
class Thread:
    """`participant_id` is what `upsertThread` takes (an id or an identifier); `participant` is what reads give."""

    id: str
    name: str | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None
    created_at: str | None = None
    participant_id: str | None = None
    participant: User | None = None
    token_count: int | None = None
    duration: float | None = None
    steps: list[Step] | None = None


def thread_from_wire(data: dict[str, Any]) -> Thread:
    """A thread with its participant and steps as objects."""
    thread = from_wire(Thread, data)
    if data.get("participant"):
        thread.participant = from_wire(User, data["participant"])
        thread.participant_id = thread.participant.id
    if data.get("steps") is not None:
        thread.steps = [step_from_wire(item) for item in data["steps"]]
    return thread
