"""`LiteralClient`: threads, runs, steps and messages of one project, its API, and its delivery."""

import itertools
import logging
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracerProvider, SpanContext, Tracer, TracerProvider

from literalai_otel import __version__
from literalai_otel.attributes import DEPLOYMENT_ENVIRONMENT, INSTRUMENTOR_SCOPE_PREFIX, SERVICE_VERSION, STEP_SCOPE
from literalai_otel.config import Config
from literalai_otel.context import Client, Sink, Surface, default_client
from literalai_otel.context.opening import context_for
from literalai_otel.context.private import PrivateTracerProvider
from literalai_otel.context.state import literal_context
from literalai_otel.errors import ConfigError
from literalai_otel.export import Counters, Delivery, FlushResult, LiteralSpanProcessor
from literalai_otel.processor import LineageIndex

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi

package_logger = logging.getLogger("literalai_otel")

BATCH_SIZE: Final = 5
"""Steps per request, as documented for the client (`spec/literal-wire.md` §5.1)."""

_numbers: Final = itertools.count(1)


class LiteralClient(Surface):
    """One project's way in: `client.thread`, `client.run`, `client.step`, `client.message`, `client.api`.

    Its steps are OpenTelemetry spans. After `init()` for the same project they are spans of the application's
    provider and share the delivery of `init()`. Otherwise the client has a provider of its own, without sampling
    and limits, and beside the application's: neither sees the other's spans, and model calls inside the client's
    threads and steps go to the client.

    Args:
        batch_size: Steps per request at most, 5 by default.
        api_key: Key of the project. `LITERAL_API_KEY` otherwise.
        url: Base address of the server. `LITERAL_API_URL` otherwise; without it nothing is sent, and one warning
            line says so.
        environment: `dev`, `staging`, `prod` or `experiment`, of this client alone. `LITERAL_ENV` otherwise.
        disabled: Decorated code runs, nothing is recorded or sent.
        release: Version of the application; becomes `metadata.release`. `LITERAL_RELEASE` otherwise.
        tracer_provider: A provider of the OpenTelemetry SDK to join, in place of one of its own.
        settings: Any other setting of `config.Config`, by its name.

    Raises:
        ConfigError: There is no API key, or a setting is malformed.
    """

    def __init__(
        self,
        batch_size: int | None = None,
        api_key: str | None = None,
        url: str | None = None,
        environment: str | None = None,
        disabled: bool = False,
        release: str | None = None,
        *,
        tracer_provider: TracerProvider | None = None,
        **settings: Any,
    ) -> None:
        config = Config.load(
            batch_size=batch_size,
            api_key=api_key,
            api_url=url,
            environment=environment,
            disabled=disabled or None,
            release=release,
            **settings,
        )
        off = config.disabled or config.sdk_disabled
        if config.api_key is None and not off:
            raise ConfigError(
                "LiteralClient needs an API key: pass api_key or set LITERAL_API_KEY. "
                "`literalai-otel serve` starts a server and shows a key."
            )
        if config.api_url is None and not off:
            package_logger.warning(
                "Literal AI: nothing is sent: set LITERAL_API_URL; `literalai-otel serve` starts a server"
            )
            off = True
        self._config = config
        self._api: SyncApi | None = None
        self.environment = config.environment
        self.release = config.release
        self.disabled = off
        self.private = False
        """The provider is this client's own, apart from the application's."""
        standing = default_client()
        if tracer_provider is None and isinstance(standing, LiteralClient) and self._same_project(standing):
            self._share(standing)
            return
        self.name = f"client-{next(_numbers)}"
        self.delivery = Delivery(None) if off else Delivery.from_config(config, batch_size=BATCH_SIZE)
        self._lineage: LineageIndex | None = None
        self._processor: LiteralSpanProcessor | None = None
        if off:
            tracer_provider = tracer_provider or NoOpTracerProvider()
        elif tracer_provider is None:
            self.private = True
            tracer_provider = self._own_provider()
        else:
            self._add_processor(tracer_provider)
        self.tracer_provider: TracerProvider = tracer_provider
        self.tracer: Tracer = tracer_provider.get_tracer(STEP_SCOPE)

    @property
    def sink(self) -> Sink:
        """Where threads and messages go."""
        return self.delivery

    @property
    def api(self) -> "SyncApi":
        """The server's API with this client's key. Raises ConfigError without an address or a key."""
        if self._api is None:
            url, key = self._config.api_url, self._config.api_key
            if url is None or key is None:
                raise ConfigError("client.api needs LITERAL_API_URL and LITERAL_API_KEY, or url and api_key")
            from literalai_otel.api import SyncApi

            self._api = SyncApi(url, key, environment=self.environment)
        return self._api

    def flush(self, timeout: float | None = None) -> FlushResult:
        """Send what was recorded so far and wait for it, `timeout` seconds at most (`LITERAL_FLUSH_TIMEOUT`).

        Returns:
            What happened since the flush before; true only when nothing is pending and nothing was dropped.
        """
        return self.delivery.flush(timeout)

    def flush_and_stop(self, timeout: float | None = None) -> FlushResult:
        """`flush`, then end the threads and connections of the delivery. Later steps start them again."""
        return self.delivery.shutdown(timeout)

    def counters(self) -> Counters:
        """What happened to everything that was recorded so far."""
        return self._processor.counters() if self._processor is not None else self.delivery.counters()

    def covers(self, span: SpanContext) -> bool:
        """Whether a step of this client, or another service, is known to stand above or at `span`."""
        known = self._lineage.covers(span) if self._lineage is not None else None
        # A span that a joined provider did not show us was sampled out; one beside a private provider is the host's.
        return not self.private if known is None else known

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

    def instrument_llamaindex(self) -> None:
        """Record what LlamaIndex does from now on. A second call changes nothing.

        A run of LlamaIndex outside of a thread gets one of its own, inside it belongs to that. For this client, unless
        it happens in a thread or step of another one.

        Raises:
            ImportError: `literalai-otel-llama-index` is not installed.
        """
        try:
            instrumentor = import_module("literalai_otel_llama_index").LlamaIndexInstrumentor()
        except ImportError as problem:
            raise ImportError(
                "instrument_llamaindex needs the instrumentor of LlamaIndex: pip install literalai-otel-llama-index "
                f"({problem})"
            ) from problem
        if not self.disabled:
            instrumentor.instrument(tracer_provider=self.tracer_provider, make_threads=True, around=self._around)

    def _around(self, context: Context) -> Context:
        """`context` as one where this client's steps belong."""
        return context_for(self, literal_context(context).settled().for_client(self), context)

    def _client_now(self) -> Client:
        return self

    def _same_project(self, standing: "LiteralClient") -> bool:
        mine, theirs = self._config, standing._config
        return not (self.disabled or standing.disabled) and (mine.api_key, mine.api_url) == (
            theirs.api_key,
            theirs.api_url,
        )

    def _share(self, standing: "LiteralClient") -> None:
        """Be another face of `standing`: its own environment and release, the same spans and delivery."""
        self.name = standing.name
        self.delivery = standing.delivery
        self._lineage = standing._lineage
        self._processor = standing._processor
        self.private = standing.private
        self.tracer_provider = standing.tracer_provider
        self.tracer = standing.tracer

    def _own_provider(self) -> TracerProvider:
        """A provider of the SDK that keeps everything, whatever the environment says about sampling and limits."""
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import SpanLimits
        from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        unlimited = SpanLimits.UNSET
        told = {DEPLOYMENT_ENVIRONMENT: self.environment, SERVICE_VERSION: self.release}
        provider = SdkTracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource.create({key: value for key, value in told.items() if value is not None}),
            shutdown_on_exit=False,  # the delivery has its own end, and one for all clients
            span_limits=SpanLimits(
                max_attributes=unlimited,
                max_events=unlimited,
                max_links=unlimited,
                max_span_attributes=unlimited,
                max_event_attributes=unlimited,
                max_link_attributes=unlimited,
                max_attribute_length=unlimited,
                max_span_attribute_length=unlimited,
            ),
        )
        self._add_processor(provider)
        return PrivateTracerProvider(provider, self.name)

    def _add_processor(self, provider: Any) -> None:
        """`provider`: of the SDK, or what a package wrapped around one."""
        self._processor = LiteralSpanProcessor(
            self.delivery,
            client_name=self.name,
            export_filter=self._config.export_filter,
            keep_foreign=self._config.keep_foreign,
        )
        self._lineage = self._processor.lineage
        provider.add_span_processor(self._processor)
