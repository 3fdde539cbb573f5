"""The way in: LangChain asks each configure hook for a handler whenever it makes a callback manager.

`register_configure_hook` takes a context variable and calls nothing but its `get()` (`spec/frameworks.md` §4.1), so
an object with `get` switches recording on and off for everything at once, and nothing is patched.
"""

import logging
import sys
from typing import TYPE_CHECKING, Any, Final

from literalai_otel.genai import Patch, PatchSet, Recorder

if TYPE_CHECKING:
    from literalai_otel_langchain.callbacks import LiteralCallbackHandler

logger = logging.getLogger(__name__)

_MODULE: Final = "langchain_core.tracers.context"


class ConfigureHook:
    """What is registered in place of a context variable; `get()` gives the handler while recording is on."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._handler: LiteralCallbackHandler | None = None
        self._on = True

    def get(self, default: Any = None) -> Any:
        """The handler, always the same one: LangChain tells handlers apart by identity. Never raises."""
        if not self._on:
            return None
        if self._handler is None:
            try:
                self._handler = _handler(self._recorder)
            except Exception as problem:
                self._on = False
                logger.warning("this release of langchain-core is not recorded: %s", problem)
        return self._handler

    def patch(self) -> Patch:
        """Registers the hook as soon as LangChain is there: the patch table is how one hears of that."""
        return Patch(_MODULE, "register_configure_hook", self._register, _is_missing)

    def remove(self) -> None:
        """Take the hook away, and silence the handler that callback managers may still hold."""
        self._on = False
        if self._handler is not None:
            self._handler.enabled = False
        hooks: Any = getattr(sys.modules.get(_MODULE), "_configure_hooks", None)
        if isinstance(hooks, list):
            hooks[:] = [entry for entry in hooks if entry[0] is not self]  # pyright: ignore[reportUnknownVariableType] - tuples of LangChain's

    def _register(self, original: Any, patches: PatchSet) -> Any:
        original(self, True)
        return original


def _handler(recorder: Recorder) -> "LiteralCallbackHandler":
    from literalai_otel_langchain.callbacks import LiteralCallbackHandler
    from literalai_otel_langchain.recorder import RunRecorder

    return LiteralCallbackHandler(RunRecorder(recorder))


def _is_missing(patch: Patch) -> None:
    logger.warning("%s is not in this release of langchain-core: nothing is recorded", patch.target)
