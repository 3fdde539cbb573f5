"""OpenTelemetry-native distribution for Literal AI.

    import literalai_otel

    literalai_otel.init()              # joins your tracer provider or makes one

    @literalai_otel.run                # a run, a step and a thread are decorators and context managers
    def answer(question): ...

    with literalai_otel.thread(name="Trip to Lisbon"):
        answer("…")

Names load when they are first used: importing the package imports no framework, no HTTP client and no patching
library.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

__version__ = "0.1.0"

_HOMES: Final = {
    "literalai_otel.api": ("Prompt",),
    "literalai_otel.client": ("AsyncLiteralClient", "LiteralClient"),
    "literalai_otel.content_rules": ("Rule",),
    "literalai_otel.context": (
        "environment",
        "experiment_item_run",
        "get_current_root_run",
        "get_current_step",
        "get_current_thread",
        "message",
        "propagate",
        "reset_context",
        "run",
        "set_properties",
        "start_step",
        "step",
        "thread",
    ),
    "literalai_otel.errors": (
        "APIStatusError",
        "ConfigError",
        "GraphQLError",
        "LiteralError",
        "NotFoundError",
        "TemplateError",
        "TransportError",
    ),
    "literalai_otel.export": ("FlushResult", "LiteralSpanExporter"),
    "literalai_otel.initialize": ("flush", "init", "shutdown"),
    "literalai_otel.model": (
        "Attachment",
        "BaseGeneration",
        "ChatGeneration",
        "CompletionGeneration",
        "Dataset",
        "DatasetExperiment",
        "DatasetExperimentItem",
        "DatasetItem",
        "Generation",
        "GenerationMessage",
        "Message",
        "Page",
        "PageInfo",
        "PaginatedResponse",
        "Score",
        "Step",
        "Thread",
        "User",
        "UserDict",
    ),
}
_HOME_OF: Final = {name: module for module, names in _HOMES.items() for name in names}

if TYPE_CHECKING:
    from literalai_otel.api import Prompt
    from literalai_otel.client import AsyncLiteralClient, LiteralClient
    from literalai_otel.content_rules import Rule
    from literalai_otel.context import (
        environment,
        experiment_item_run,
        get_current_root_run,
        get_current_step,
        get_current_thread,
        message,
        propagate,
        reset_context,
        run,
        set_properties,
        start_step,
        step,
        thread,
    )
    from literalai_otel.errors import (
        APIStatusError,
        ConfigError,
        GraphQLError,
        LiteralError,
        NotFoundError,
        TemplateError,
        TransportError,
    )
    from literalai_otel.export import FlushResult, LiteralSpanExporter
    from literalai_otel.initialize import flush, init, shutdown
    from literalai_otel.model import (
        Attachment,
        BaseGeneration,
        ChatGeneration,
        CompletionGeneration,
        Dataset,
        DatasetExperiment,
        DatasetExperimentItem,
        DatasetItem,
        Generation,
        GenerationMessage,
        Message,
        Page,
        PageInfo,
        PaginatedResponse,
        Score,
        Step,
        Thread,
        User,
        UserDict,
    )

__all__ = [
    "APIStatusError",
    "AsyncLiteralClient",
    "Attachment",
    "BaseGeneration",
    "ChatGeneration",
    "CompletionGeneration",
    "ConfigError",
    "Dataset",
    "DatasetExperiment",
    "DatasetExperimentItem",
    "DatasetItem",
    "FlushResult",
    "Generation",
    "GenerationMessage",
    "GraphQLError",
    "LiteralClient",
    "LiteralError",
    "LiteralSpanExporter",
    "Message",
    "NotFoundError",
    "Page",
    "PageInfo",
    "PaginatedResponse",
    "Prompt",
    "Rule",
    "Score",
    "Step",
    "TemplateError",
    "Thread",
    "TransportError",
    "User",
    "UserDict",
    "__version__",
    "environment",
    "experiment_item_run",
    "flush",
    "get_current_root_run",
    "get_current_step",
    "get_current_thread",
    "init",
    "message",
    "propagate",
    "reset_context",
    "run",
    "set_properties",
    "shutdown",
    "start_step",
    "step",
    "thread",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use (PEP 562)."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
