"""OpenTelemetry instrumentor for LangChain and LangGraph.

    from literalai_otel_langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument()

Under `opentelemetry-instrument` and `literalai_otel.init()` this happens by itself. Runs of chains, graphs, nodes,
models, tools and retrievers become spans with the official GenAI attributes, each below the one that called it, and
what your own code does inside stands below them.
"""

from collections.abc import Sequence
from typing import Any

from literalai_otel.genai import Instrumentor, Patch, Recorder
from literalai_otel_langchain.hook import ConfigureHook
from literalai_otel_langchain.seeding import SEEDING

__all__ = ["LangChainInstrumentor"]


class LangChainInstrumentor(Instrumentor):
    """Records the runs of LangChain and LangGraph. `instrument(tracer_provider=None, meter_provider=None)`."""

    framework = "langchain"
    dependencies = ("langchain-core >= 0.3.86, < 2",)

    _hook: ConfigureHook | None = None

    def patches(self, recorder: Recorder) -> Sequence[Patch]:
        """What registers the configure hook."""
        self._hook = ConfigureHook(recorder)
        return (self._hook.patch(),)

    def _instrument(self, **kwargs: Any) -> None:
        super()._instrument(**kwargs)
        SEEDING.hold(self)

    def _uninstrument(self, **kwargs: Any) -> None:
        SEEDING.release(self)
        super()._uninstrument(**kwargs)
        if self._hook is not None:
            self._hook.remove()
            self._hook = None
