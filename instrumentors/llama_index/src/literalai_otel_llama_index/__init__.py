"""OpenTelemetry instrumentor for LlamaIndex.

    from literalai_otel_llama_index import LlamaIndexInstrumentor

    LlamaIndexInstrumentor().instrument()

Under `opentelemetry-instrument` and `literalai_otel.init()` this happens by itself. Query engines, chat engines,
agents and workflows become runs, with their retrievals, embeddings, rerankers, tools and model calls as steps inside.
"""

from collections.abc import Sequence
from typing import Any

from literalai_otel.genai import Instrumentor, Patch, Recorder
from literalai_otel_llama_index.dispatcher import Attachment

__all__ = ["LlamaIndexInstrumentor"]


class LlamaIndexInstrumentor(Instrumentor):
    """Records what LlamaIndex does. `instrument(tracer_provider=None, meter_provider=None)`.

    Two more keywords are for clients: with `make_threads` a run outside of a thread gets one of its own, in Literal
    alone, and `around(context)` gives the context for runs that happen in no client's surroundings.
    """

    framework = "llama_index"
    dependencies = ("llama-index-core >= 0.12.52, < 0.15",)

    _attachment: Attachment | None = None

    def patches(self, recorder: Recorder) -> Sequence[Patch]:
        """What makes new classes of LLMs known."""
        self._attachment = Attachment(recorder)
        return self._attachment.patches()

    def instrument(self, **kwargs: Any) -> None:
        """Listen to LlamaIndex. A second call can only ask for what clients ask for."""
        with self._lock:
            make_threads, around = kwargs.pop("make_threads", False), kwargs.pop("around", None)
            super().instrument(**kwargs)
            if self._attachment is not None:
                handler = self._attachment.handler
                handler.makes_threads = handler.makes_threads or bool(make_threads)
                handler.around = handler.around or around

    def _instrument(self, **kwargs: Any) -> None:
        super()._instrument(**kwargs)
        if self._attachment is not None and self._patches is not None:
            self._attachment.begin(self._patches)

    def _uninstrument(self, **kwargs: Any) -> None:
        super()._uninstrument(**kwargs)
        if self._attachment is not None:
            self._attachment.end()
            self._attachment = None
