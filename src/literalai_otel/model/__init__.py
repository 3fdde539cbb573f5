"""Literal's entities as plain dataclasses, and the one camelCase codec. No I/O."""

from literalai_otel.model.attachment import Attachment
from literalai_otel.model.generation import (
    ChatGeneration,
    CompletionGeneration,
    Generation,
    GenerationMessage,
    GenerationType,
    generation_from_wire,
)
from literalai_otel.model.page import Page, PageInfo
from literalai_otel.model.score import Score, ScoreType
from literalai_otel.model.step import MESSAGE_STEP_TYPES, STEP_TYPES, Step, StepType, step_from_wire
from literalai_otel.model.thread import Thread, thread_from_wire
from literalai_otel.model.user import User
from literalai_otel.model.wire import from_wire, to_wire

__all__ = [
    "Attachment",
    "ChatGeneration",
    "CompletionGeneration",
    "Generation",
    "GenerationMessage",
    "GenerationType",
    "MESSAGE_STEP_TYPES",
    "Page",
    "PageInfo",
    "STEP_TYPES",
    "Score",
    "ScoreType",
    "Step",
    "StepType",
    "Thread",
    "User",
    "from_wire",
    "generation_from_wire",
    "step_from_wire",
    "thread_from_wire",
    "to_wire",
]
