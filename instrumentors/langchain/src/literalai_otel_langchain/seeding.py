"""The patches that have code run in the context of its run (`frames`), for as long as somebody records runs.

The configure hook needs them, and so does every handler of a client; they are the same patches.
"""

import logging
import threading
from typing import Final
from weakref import WeakSet

from literalai_otel.genai import Patch, PatchSet, record_calls
from literalai_otel_langchain.frames import (
    begin_model_call,
    frame_async_stream,
    frame_calls,
    frame_stream,
    seed,
    spare_chunks,
    spare_search,
)
from literalai_otel_langchain.prompts import keep_links

logger = logging.getLogger(__name__)


class _Warning:
    """Says once that a private name is gone. What is recorded stays; spans of the program may stand too high."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, patch: Patch) -> None:
        if not self._said:
            self._said = True
            logger.warning(
                "%s.%s is not in this release: steps are recorded by callbacks alone", patch.module, patch.target
            )


_missing: Final = _Warning()
_CHAT: Final = "langchain_core.language_models.chat_models"
_TEXT: Final = "langchain_core.language_models.llms"
_RETRIEVERS: Final = "langchain_core.retrievers"
_TOOLS: Final = "langchain_core.tools.base"
_MANAGERS: Final = "langchain_core.callbacks.manager"
_calls_model: Final = record_calls(begin_model_call)

PATCHES: Final = (
    # Chains, tools, nodes: their code runs in a copy of the context that these functions prepare.
    Patch("langchain_core.runnables.config", "_set_config_context", seed, _missing),
    Patch("langgraph._internal._runnable", "_set_config_context", seed, _missing),
    # Models: called in the context that is current.
    Patch(_CHAT, "BaseChatModel._generate_with_cache", _calls_model, _missing),
    Patch(_CHAT, "BaseChatModel._agenerate_with_cache", _calls_model, _missing),
    Patch(_CHAT, "BaseChatModel.stream", frame_stream, _missing),
    Patch(_CHAT, "BaseChatModel.astream", frame_async_stream, _missing),
    Patch(_TEXT, "BaseLLM._generate_helper", _calls_model, _missing),
    Patch(_TEXT, "BaseLLM._agenerate_helper", _calls_model, _missing),
    Patch(_TEXT, "BaseLLM.stream", frame_stream, _missing),
    Patch(_TEXT, "BaseLLM.astream", frame_async_stream, _missing),
    # Streams of events in version 3; releases before 1.3 have none.
    Patch(_CHAT, "BaseChatModel._iter_v2_events", frame_stream),
    Patch(_CHAT, "BaseChatModel._aiter_v2_events", frame_async_stream),
    # What these spare us is time: without them the same is recorded.
    Patch(_CHAT, "BaseChatModel._should_stream", spare_search),
    Patch(_MANAGERS, "CallbackManagerForLLMRun.on_llm_new_token", spare_chunks),
    Patch(_MANAGERS, "AsyncCallbackManagerForLLMRun.on_llm_new_token", spare_chunks),
    # Formatted prompts of Literal, given to a model as they are.
    Patch(_CHAT, "BaseChatModel._convert_input", keep_links, _missing),
    Patch(_RETRIEVERS, "BaseRetriever.invoke", frame_calls("retrieval"), _missing),
    Patch(_RETRIEVERS, "BaseRetriever.ainvoke", frame_calls("retrieval"), _missing),
    Patch(_TOOLS, "BaseTool.run", frame_calls("tool"), _missing),
    Patch(_TOOLS, "BaseTool.arun", frame_calls("tool"), _missing),
)


class Seeding:
    """Keeps the patches applied while anybody holds them.

    A handler that is gone holds nothing, but only the instrumentor's letting go undoes the patches: programs make a
    handler for each call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: WeakSet[object] = WeakSet()
        self._patches = PatchSet(PATCHES)

    def hold(self, holder: object) -> None:
        """Apply the patches, unless they are."""
        with self._lock:
            self._holders.add(holder)
            if not self._patches.enabled:
                self._patches.apply()

    def release(self, holder: object) -> None:
        """Undo a `hold`; when nobody is left the originals are back."""
        with self._lock:
            self._holders.discard(holder)
            if not self._holders:
                self._patches.remove()


SEEDING: Final = Seeding()
