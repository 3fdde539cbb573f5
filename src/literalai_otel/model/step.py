"""A step: Literal's unit of work (`spec/literal-wire.md` §4, Step)."""

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from literalai_otel.model.attachment import Attachment
from literalai_otel.model.generation import Generation, generation_from_wire
from literalai_otel.model.score import Score
from literalai_otel.model.wire import from_wire

StepType = Literal[
    "run",
    "tool",
    "llm",
    "embedding",
    "retrieval",
    "rerank",
    "undefined",
    "user_message",
    "assistant_message",
    "system_message",
]
STEP_TYPES: Final[tuple[StepType, ...]] = get_args(StepType)
MESSAGE_STEP_TYPES: Final = ("user_message", "assistant_message", "system_message")


@dataclass(slots=True, kw_only=True)
class Step:
    """Times are ISO 8601 texts in UTC; `created_at` and `environment` are set by the server."""

    id: str
    name: str | None = None
    type: StepType | None = None
    thread_id: str | None = None
    parent_id: str | None = None
    root_run_id: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    created_at: str | None = None
    error: str | None = None
    input: Any = None
    output: Any = None
    metadata: dict[str, Any] | None = None
    environment: str | None = None
    tags: list[str] | None = None
    generation: Generation | None = None
    scores: list[Score] | None = None
    attachments: list[Attachment] | None = None


def step_from_wire(data: dict[str, Any]) -> Step:
    """A step with its generation, scores and attachments as objects."""
    step = from_wire(Step, data)
    if data.get("generation"):
        step.generation = generation_from_wire(data["generation"])
    if data.get("scores"):
        step.scores = [from_wire(Score, item) for item in data["scores"]]
    if data.get("attachments"):
        step.attachments = [from_wire(Attachment, item) for item in data["attachments"]]
    return step
