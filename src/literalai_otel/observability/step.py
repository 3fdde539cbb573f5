"""Steps, scores and attachments, under their published path."""

from typing import Literal

from literalai_otel.model import Attachment, AttachmentDict, Score, ScoreDict, ScoreType, Step, StepDict, StepType

TrueStepType = Literal["run", "tool", "llm", "embedding", "retrieval", "rerank", "undefined"]
MessageStepType = Literal["user_message", "assistant_message", "system_message"]

__all__ = [
    "Attachment",
    "AttachmentDict",
    "MessageStepType",
    "Score",
    "ScoreDict",
    "ScoreType",
    "Step",
    "StepDict",
    "StepType",
    "TrueStepType",
]
