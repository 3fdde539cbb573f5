"""Switching instrumentors on for one client (`spec/features.md` X-35: one by one, or all at once)."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.trace import TracerProvider

from literalai_otel import __version__
from literalai_otel.attributes import INSTRUMENTOR_SCOPE_PREFIX
from literalai_otel.config import Config
from literalai_otel.context import Surface
from literalai_otel.context.opening import context_for
from literalai_otel.context.state import literal_context

_INSTRUMENTORS: Final = {
    "openai": ("literalai_otel_openai", "OpenAIInstrumentor"),
    "mistralai": ("literalai_otel_mistralai", "MistralAIInstrumentor"),
    "llama-index": ("literalai_otel_llama_index", "LlamaIndexInstrumentor"),
}
"""Framework -> module and class of its instrumentor; the distribution is `literalai-otel-<framework>`."""


class Frameworks(Surface):
    """The part of a client that records LLM frameworks.

    Frameworks are instrumented once in a process. Calls in a thread or step of a client go to that client; others
    go to the client that switched the instrumentor on, the first one to ask.
    """

    tracer_provider: TracerProvider
    disabled: bool
    _config: Config

    def initialize(self) -> None:
        """Switch on every installed instrumentor: providers, frameworks and RAG parts, in one call.

        A second call changes nothing. An instrumentor that cannot be switched on costs a log line.
        """
        from literalai_otel.discovery import instrument_installed  # costs more to import than the client itself

        if not self.disabled:
            instrument_installed(self._config, tracer_provider=self.tracer_provider)

    def instrument_openai(self, *, tags: list[str] | None = None, metadata: dict[str, Any] | None = None) -> None:
        """Record what the OpenAI SDK does from now on. A second call changes nothing.

        Args:
            tags: Of every generation, beside those of the call itself.
            metadata: Likewise.

        Raises:
            ImportError: `literalai-otel-openai` is not installed.
        """
        self._instrument("openai", tags=tags, metadata=metadata)

    def instrument_mistralai(self, *, tags: list[str] | None = None, metadata: dict[str, Any] | None = None) -> None:
        """Record what the Mistral SDK does from now on. A second call changes nothing.

        Args:
            tags: Of every generation, beside those of the call itself.
            metadata: Likewise.

        Raises:
            ImportError: `literalai-otel-mistralai` is not installed.
        """
        self._instrument("mistralai", tags=tags, metadata=metadata)

    def instrument_llamaindex(self) -> None:
        """Record what LlamaIndex does from now on. A second call changes nothing.

        A run of LlamaIndex outside of a thread gets one of its own, inside it belongs to that.

        Raises:
            ImportError: `literalai-otel-llama-index` is not installed.
        """
        self._instrument("llama-index", make_threads=True, around=self._around)

    def langchain_callback(
        self, to_ignore: Sequence[str] | None = None, to_keep: Sequence[str] | None = None, **kwargs: Any
    ) -> Any:
        """A callback handler that records runs of LangChain and LangGraph for this client.

        Give it in `config={"callbacks": [handler]}`. Beside `init()` or zero-code a run is still one step.

        Args:
            to_ignore: Runs whose names contain one of these are left out; by default sequences, lambdas and the
                like without a name.
            to_keep: Types of runs that are kept inside of those: `llm`, `tool`, `retriever`, `agent` and `chain` by
                default, also `prompt` and `parser`.
            **kwargs: Taken and not used: options of the tracer class of the published client.

        Returns:
            A `BaseCallbackHandler`; it may be used for any number of calls.

        Raises:
            ImportError: `literalai-otel-langchain` or langchain-core is not installed.
        """
        try:
            handlers = import_module("literalai_otel_langchain.callbacks")
        except ImportError as problem:
            raise ImportError(
                "langchain_callback needs LangChain and its instrumentor: pip install literalai-otel-langchain "
                f"langchain-core ({problem})"
            ) from problem
        from literalai_otel.genai import Recorder

        recorder = Recorder(f"{INSTRUMENTOR_SCOPE_PREFIX}langchain", __version__, self.tracer_provider)
        handler = handlers.client_handler(recorder, self._around, to_ignore, to_keep)
        handler.enabled = not self.disabled
        return handler

    def _instrument(self, framework: str, **options: Any) -> None:
        module, name = _INSTRUMENTORS[framework]
        try:
            instrumentor = getattr(import_module(module), name)()
        except ImportError as problem:
            raise ImportError(
                f"instrument_{framework.replace('-', '')} needs the instrumentor: "
                f"pip install literalai-otel-{framework} ({problem})"
            ) from problem
        if not self.disabled:
            instrumentor.instrument(tracer_provider=self.tracer_provider, **options)

    def _around(self, context: Context) -> Context:
        """`context` as one where this client's steps belong."""
        client = self._client_now()
        return context_for(client, literal_context(context).settled().for_client(client), context)
