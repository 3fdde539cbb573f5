"""The types that the published package, and 0.0.502 before it, keeps here."""

from literalai_otel.config import Environment
from literalai_otel.model import (
    Attachment,
    AttachmentDict,
    BaseGeneration,
    ChatGeneration,
    CompletionGeneration,
    GenerationMessage,
    GenerationMessageRole,
    GenerationType,
    ImageUrlContent,
    PageInfo,
    PaginatedResponse,
    Score,
    ScoreDict,
    ScoreType,
    TextContent,
    User,
    UserDict,
)
from literalai_otel.model import Entity as Utils

__all__ = [
    "Attachment",
    "AttachmentDict",
    "BaseGeneration",
    "ChatGeneration",
    "CompletionGeneration",
    "Environment",
    "GenerationMessage",
    "GenerationMessageRole",
    "GenerationType",
    "ImageUrlContent",
    "PageInfo",
    "PaginatedResponse",
    "Score",
    "ScoreDict",
    "ScoreType",
    "TextContent",
    "User",
    "UserDict",
    "Utils",
]
