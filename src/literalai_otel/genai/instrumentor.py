"""The OpenTelemetry instrumentor that every instrumentor of this project is: a patch table around a recorder."""

import logging
import os
import threading
from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from opentelemetry.instrumentation.instrumentor import (  # pyright: ignore[reportMissingTypeStubs] - untyped package
    BaseInstrumentor,
)

from literalai_otel import __version__
from literalai_otel.attributes import INSTRUMENTOR_SCOPE_PREFIX
from literalai_otel.genai.call_options import NO_OPTIONS, PREFIX, CallOptions, read_options
from literalai_otel.genai.recorder import Recorder
from literalai_otel.genai.switched_on import SWITCHED_ON
from literalai_otel.genai.wrapper import Patch, PatchSet

logger = logging.getLogger(__name__)


class Instrumentor(BaseInstrumentor):
    """Base of the instrumentors.

    A subclass names its `framework` (last part of the scope name), the `dependencies` with the versions that its
    lanes run, and its `patches`. `instrument(tracer_provider=None, meter_provider=None)` applies them, once
    however often it is called; `uninstrument()` restores what was there. `instrument(tags=, metadata=)` marks every
    call of a model with them, beside what the call itself says.
    """

    framework: ClassVar[str]
    dependencies: ClassVar[tuple[str, ...]]

    _lock: ClassVar[threading.RLock] = threading.RLock()
    _patches: PatchSet | None = None

    @abstractmethod
    def patches(self, recorder: Recorder) -> Sequence[Patch]:
        """The patch table; its wrappers record with `recorder`."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """The packages that this instrumentor is made for."""
        return self.dependencies

    def instrument(self, **kwargs: Any) -> None:
        """Apply the patches. A second call changes nothing."""
        with self._lock:
            if self.is_instrumented_by_opentelemetry:
                logger.debug("%s is instrumented already", self.framework)
                return
            if self._is_absent(kwargs):
                logger.debug("%s is not installed", self.framework)
                return
            super().instrument(**kwargs)

    def uninstrument(self, **kwargs: Any) -> None:
        """Undo the patches. Without a preceding `instrument` nothing happens."""
        with self._lock:
            if self.is_instrumented_by_opentelemetry:
                super().uninstrument(**kwargs)

    def _is_absent(self, options: dict[str, Any]) -> bool:
        """Whether the framework is not there and nobody is told by other means: the base class logs it as an error."""
        if options.get("skip_dep_check") or options.get("raise_exception_on_conflict"):
            return False
        conflict: Any = self._check_dependency_conflicts()
        return conflict is not None and not (conflict.found or getattr(conflict, "found_any", None))

    def _instrument(self, **kwargs: Any) -> None:
        recorder = Recorder(
            f"{INSTRUMENTOR_SCOPE_PREFIX}{self.framework}",
            __version__,
            kwargs.get("tracer_provider"),
            kwargs.get("meter_provider"),
            _marks(kwargs.get("tags"), kwargs.get("metadata")),
        )
        self._patches = PatchSet(self.patches(recorder))
        self._patches.apply()
        SWITCHED_ON.add(self.framework)

    def _uninstrument(self, **kwargs: Any) -> None:
        SWITCHED_ON.discard(self.framework)
        if self._patches is not None:
            self._patches.remove()
            self._patches = None

    @staticmethod
    def _renew_lock() -> None:
        """In a forked child, where the thread that held it is not."""
        Instrumentor._lock = threading.RLock()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_renew_lock)


def _marks(tags: Any, metadata: Any) -> CallOptions:
    given = {PREFIX + "tags": tags, PREFIX + "metadata": metadata}
    return NO_OPTIONS if tags is None and metadata is None else read_options(given, None)
