"""A step: Literal's unit of work (`spec/literal-wire.md` §4, Step)."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypedDict, get_args

from literalai_otel.model.attachment import Attachment, AttachmentDict
from literalai_otel.model.generation import Generation, generation_from_wire
from literalai_otel.model.score import Score, ScoreDict
from literalai_otel.model.wire import Entity, each, one

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


class StepDict(TypedDict, total=False):
    """A step by its names on the wire."""

    id: str
    name: str | None
    type: StepType | None
    threadId: str | None
    parentId: str | None
    rootRunId: str | None
    startTime: str | None
    endTime: str | None
    createdAt: str | None
    error: str | None
    input: Any
    output: Any
    metadata: dict[str, Any] | None
    tags: list[str] | None
    generation: dict[str, Any] | None
    scores: list[ScoreDict] | None
    attachments: list[AttachmentDict] | None


@dataclass(slots=True, kw_only=True, repr=False)
class Step(Entity):
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
    generation: Generation | None = field(default=None, metadata=one(generation_from_wire))
    scores: list[Score] | None = field(default=None, metadata=each(Score.from_dict))
    attachments: list[Attachment] | None = field(default=None, metadata=each(Attachment.from_dict))


@dataclass(slots=True, kw_only=True, repr=False)
class Message(Step):
    """A step that somebody said; what it says is the `content` of its output."""

    type: StepType | None = "assistant_message"

    @property
    def content(self) -> Any:
        """What is said; None when the output has no content."""
        return self.output.get("content") if isinstance(self.output, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - of any JSON type

    @content.setter
    def content(self, value: Any) -> None:
        self.output = {"content": value}
