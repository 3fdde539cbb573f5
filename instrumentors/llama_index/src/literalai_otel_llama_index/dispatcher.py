"""How the instrumentor gets to LlamaIndex: the root dispatcher of its light package, whenever that is imported.

Every module of LlamaIndex imports that package first, so what it defines later is met on its way.
"""

import logging
import sys
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from types import ModuleType
from typing import Any, Final, cast

from opentelemetry.context import Context, attach, detach, get_current

from literalai_otel.genai import Patch, PatchSet, Recorder, when_imported
from literalai_otel_llama_index.handler import Handler
from literalai_otel_llama_index.streams import wrap_known_llms, wrap_llm
from literalai_otel_llama_index.turns import follow_run

logger = logging.getLogger(__name__)

_LIGHT_PACKAGE: Final = "llama_index_instrumentation"
_LLM_MODULE: Final = "llama_index.core.base.llms.base"


class Attachment:
    """One instrumentation of LlamaIndex: its handler, and the wraps of its classes."""

    def __init__(self, recorder: Recorder) -> None:
        self.handler = Handler(recorder)
        self._joined = False

    def patches(self) -> tuple[Patch, ...]:
        """The hook by which LlamaIndex itself completes new classes, and what takes functions to other threads."""
        return (
            Patch(_LIGHT_PACKAGE, "DispatcherSpanMixin.__init_subclass__", _watch_subclasses, _warn),
            Patch("llama_index.core.tools.function_tool", "sync_to_async", _keep_context),
            Patch("workflows.workflow", "Workflow.run", follow_run),
        )

    def begin(self, patches: PatchSet) -> None:
        """Join the dispatcher, now or when it is imported, and wrap the LLMs that are defined."""
        when_imported(_LIGHT_PACKAGE, self._join)
        base = getattr(sys.modules.get(_LLM_MODULE), "BaseLLM", None)
        if base is not None:
            wrap_known_llms(base, patches)

    def end(self) -> None:
        """Leave the dispatcher."""
        self.handler.retire()

    def _join(self, module: ModuleType) -> None:
        # Called from import hooks, where an exception would reach the importer.
        root = getattr(module, "root_dispatcher", None)
        if root is None:
            logger.warning("this release of LlamaIndex has no root dispatcher: nothing of it is recorded")
        elif self.handler.enabled and not self._joined:
            self._joined = True
            self.handler.join(root)


def _warn(patch: Patch) -> None:
    logger.warning(
        "%s is not in this release of LlamaIndex: streams of LLMs defined later are not followed", patch.target
    )


def _watch_subclasses(original: Any, patches: PatchSet) -> Any:
    def complete(cls: type[Any], **kwargs: Any) -> None:
        original.__get__(None, cls)(**kwargs)
        try:
            if patches.enabled:
                wrap_llm(cls, patches)
        except Exception:
            logger.debug("streams of %s are not followed", cls, exc_info=True)

    return cast(Any, classmethod)(complete)


def _keep_context(original: Any, patches: PatchSet) -> Any:
    """Wrap what makes sync functions of tools async: up to 0.12 they run in a thread that knows no context."""

    @wraps(original)
    def sync_to_async(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            carried = partial(_run_in, get_current(), function) if patches.enabled else function
            return await original(carried)(*args, **kwargs)

        return call

    return sync_to_async


def _run_in(context: Context, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if get_current() is context:
        return function(*args, **kwargs)
    token = attach(context)
    try:
        return function(*args, **kwargs)
    finally:
        detach(token)
