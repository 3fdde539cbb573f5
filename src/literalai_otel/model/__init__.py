"""Literal's entities as plain dataclasses, and the one camelCase codec. No I/O."""

from literalai_otel.model.attachment import Attachment, AttachmentDict, AttachmentUpload, UploadedFile
from literalai_otel.model.dataset import Dataset, DatasetDict, DatasetItem, DatasetItemDict, DatasetType
from literalai_otel.model.experiment import DatasetExperiment, DatasetExperimentItem, DatasetExperimentItemDict
from literalai_otel.model.filters import Filter, FilterOperator, Order
from literalai_otel.model.generation import (
    BaseGeneration,
    ChatGeneration,
    CompletionGeneration,
    Generation,
    GenerationMessage,
    GenerationMessageRole,
    GenerationType,
    ImageUrlContent,
    TextContent,
    generation_from_wire,
)
from literalai_otel.model.page import Page, PageInfo
from literalai_otel.model.score import Score, ScoreDict, ScoreType, ScoreUpdate
from literalai_otel.model.score_schema import ScoreCategory, ScoreSchema, ScoreSchemaType
from literalai_otel.model.step import MESSAGE_STEP_TYPES, STEP_TYPES, Message, Step, StepDict, StepType
from literalai_otel.model.thread import Thread, ThreadDict
from literalai_otel.model.user import User, UserDict
from literalai_otel.model.wire import LOCAL, Entity, from_wire, to_wire

PaginatedResponse = Page
"""The published name."""

__all__ = [
    "Attachment",
    "AttachmentDict",
    "AttachmentUpload",
    "BaseGeneration",
    "ChatGeneration",
    "CompletionGeneration",
    "Dataset",
    "DatasetDict",
    "DatasetExperiment",
    "DatasetExperimentItem",
    "DatasetExperimentItemDict",
    "DatasetItem",
    "DatasetItemDict",
    "DatasetType",
    "Entity",
    "Filter",
    "FilterOperator",
    "Generation",
    "GenerationMessage",
    "GenerationMessageRole",
    "GenerationType",
    "ImageUrlContent",
    "LOCAL",
    "MESSAGE_STEP_TYPES",
    "Message",
    "Order",
    "Page",
    "PageInfo",
    "PaginatedResponse",
    "STEP_TYPES",
    "Score",
    "ScoreCategory",
    "ScoreDict",
    "ScoreSchema",
    "ScoreSchemaType",
    "ScoreType",
    "ScoreUpdate",
    "Step",
    "StepDict",
    "StepType",
    "TextContent",
    "Thread",
    "ThreadDict",
    "UploadedFile",
    "User",
    "UserDict",
    "from_wire",
    "generation_from_wire",
    "to_wire",
]
