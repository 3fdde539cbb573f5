"""The import name of the published Python client of Literal AI, served by `literalai_otel`.

`from literalai import LiteralClient` runs unchanged. Where the published client is installed too, that one is
imported: the README of this distribution says why.
"""

from literalai_otel import AsyncLiteralClient, LiteralClient, __version__
from literalai_otel.api import Prompt
from literalai_otel.model import (
    Attachment,
    BaseGeneration,
    ChatGeneration,
    CompletionGeneration,
    Dataset,
    DatasetExperiment,
    DatasetExperimentItem,
    DatasetItem,
    GenerationMessage,
    Message,
    Score,
    Step,
    Thread,
)
from literalai_otel.my_types import (
    Environment,
    ImageUrlContent,
    PageInfo,
    PaginatedResponse,
    TextContent,
    User,
    UserDict,
    Utils,
)

__all__ = [
    "AsyncLiteralClient",
    "Attachment",
    "BaseGeneration",
    "ChatGeneration",
    "CompletionGeneration",
    "Dataset",
    "DatasetExperiment",
    "DatasetExperimentItem",
    "DatasetItem",
    "Environment",
    "GenerationMessage",
    "ImageUrlContent",
    "LiteralClient",
    "Message",
    "PageInfo",
    "PaginatedResponse",
    "Prompt",
    "Score",
    "Step",
    "TextContent",
    "Thread",
    "User",
    "UserDict",
    "Utils",
    "__version__",
]
