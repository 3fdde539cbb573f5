"""Generations, under their published path."""

from literalai_otel.model import (
    BaseGeneration,
    ChatGeneration,
    CompletionGeneration,
    GenerationMessage,
    GenerationMessageRole,
    GenerationType,
)

__all__ = [
    "BaseGeneration",
    "ChatGeneration",
    "CompletionGeneration",
    "GenerationMessage",
    "GenerationMessageRole",
    "GenerationType",
]
