"""What both clients share: the settings of one project, where its spans are made, and their delivery."""

import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from opentelemetry.trace import NoOpTracerProvider, SpanContext, Tracer, TracerProvider

from literalai_otel.attributes import DEPLOYMENT_ENVIRONMENT, SERVICE_VERSION, STEP_SCOPE
from literalai_otel.client.event_processor import EventProcessor
from literalai_otel.client.frameworks import Frameworks
from literalai_otel.client.own_provider import own_provider
from literalai_otel.config import Config
from literalai_otel.content_rules import Rule, as_text
from literalai_otel.context import Client, Sink, default_client
from literalai_otel.context.flushing import flush_aside
from literalai_otel.context.private import PrivateTracerProvider
from literalai_otel.errors import ConfigError
from literalai_otel.export import Counters, Delivery, FlushResult, LiteralSpanProcessor, Preprocess
from literalai_otel.genai.content import Mask, adopt

package_logger = logging.getLogger("literalai_otel")

BATCH_SIZE: Final = 5
"""Steps per request, as documented for the client (`spec/literal-wire.md` §5.1)."""

_OF_CONTENT: Final = frozenset({"capture_content", "capture_on_spans", "max_content_bytes", "offload_media"})
"""Settings of the content policy."""
C = TypeVar("C", bound="ProjectClient")

_numbers: Final = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way from spans to the server, which several clients of one project may share.

    Attributes:
        name: Unique in the process; spans are told it.
        private: The provider is the line's own, apart from the application's.
        processor: Takes the spans of the provider; None when nothing is recorded.
    """

    name: str
    delivery: Delivery
    tracer_provider: TracerProvider
    tracer: Tracer
    private: bool = False
    processor: LiteralSpanProcessor | None = None


class ProjectClient(Frameworks):
    """What `LiteralClient` and `AsyncLiteralClient` have in common.

    Its steps are OpenTelemetry spans. After `init()` for the same project they are spans of the application's
    provider and share the delivery of `init()`. Otherwise the client has a provider of its own, without sampling
    and limits, and beside the application's: neither sees the other's spans, and model calls inside the client's
    threads and steps go to the client.

    Args:
        batch_size: Steps per request at most, 5 by default. `LITERAL_BATCH_SIZE` otherwise.
        api_key: Key of the project. `LITERAL_API_KEY` otherwise.
        url: Base address of the server. `LITERAL_API_URL` otherwise; without it nothing is sent, and one warning
            line says so.
        environment: `dev`, `staging`, `prod` or `experiment`, of this client alone. `LITERAL_ENV` otherwise.
        disabled: Decorated code runs, nothing is recorded or sent.
        release: Version of the application; becomes `metadata.release`. `LITERAL_RELEASE` otherwise.
        tracer_provider: A provider of the OpenTelemetry SDK to join, in place of one of its own.
        mask: As for `init()`: what is sent in the place of content. There is one content policy for the process, so it
            holds for all clients, as the settings of content do.
        content_policy: Rules for content, as for `init()`.
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
        mask: Mask | None = None,
        content_policy: str | Sequence[Rule] | None = None,
        **settings: Any,
    ) -> None:
        config = Config.load(
            batch_size=batch_size,
            api_key=api_key,
            api_url=url,
            environment=environment,
            disabled=disabled or None,
            release=release,
            content_policy=as_text(content_policy),
            **settings,
        )
        off = config.disabled or config.sdk_disabled
        if config.api_key is None and not off:
            raise ConfigError(
                f"{type(self).__name__} needs an API key: pass api_key or set LITERAL_API_KEY. "
                "`literalai-otel serve` starts a server and shows a key."
            )
        if config.api_url is None and not off:
            package_logger.warning(
                "Literal AI: nothing is sent: set LITERAL_API_URL; `literalai-otel serve` starts a server"
            )
            off = True
        if mask is not None or content_policy is not None or not _OF_CONTENT.isdisjoint(settings):
            adopt(config, mask=mask)
        line = self._standing_line(config, off, tracer_provider) or _line(config, off, tracer_provider)
        self._stand(config, off, line)

    def _stand(self, config: Config, disabled: bool, line: Line) -> None:
        self._config = config
        self._line = line
        self.default_environment = config.environment
        self.release = config.release
        self.disabled = disabled
        self.name = line.name
        self.private = line.private
        self.tracer_provider = line.tracer_provider
        self.tracer = line.tracer

    @classmethod
    def _beside(cls, other: "ProjectClient") -> Self:
        """Another client with the settings of `other`, on the same line."""
        client = cls.__new__(cls)
        client._stand(other._config, other.disabled, other._line)
        return client

    @property
    def delivery(self) -> Delivery:
        """What brings steps and threads to the server."""
        return self._line.delivery

    @property
    def sink(self) -> Sink:
        """Where threads and messages go."""
        return self._line.delivery

    @property
    def event_processor(self) -> EventProcessor:
        """The delivery, as the published client showed it."""
        return EventProcessor(self.delivery, self.disabled)

    async def aflush(self, timeout: float | None = None) -> FlushResult:
        """Send what was recorded so far and wait for it, without holding up the event loop; as `flush` otherwise."""
        return await flush_aside(self.delivery.flush, timeout)

    def flush_and_stop(self, timeout: float | None = None) -> FlushResult:
        """Send what was recorded so far, wait, and end the delivery's threads and connections; also when async.

        Later steps start them again.
        """
        return self.delivery.shutdown(timeout)

    def set_preprocess_steps_function(self, function: Preprocess | None) -> None:
        """Have `function` change steps before they are sent, batch by batch, on the delivery thread; None ends it.

        It gets the batch as a list of dicts in wire form (`spec/literal-wire.md` §4, Step) and gives such a list.
        A step that is not in the list is not sent; what has no counterpart in the batch is not sent either. It
        holds for all clients that share the delivery, and not for threads.

        When it raises, or gives anything but a list of dicts, the batch goes without its content: input, output,
        messages, metadata, tags, error texts and files. That is counted (`counters().content_dropped`) and said.
        The published client sent the batch as it was; a hook that hides what must not leave cannot fail open.
        """
        self.delivery.set_preprocess(function)

    def counters(self) -> Counters:
        """What happened to everything that was recorded so far."""
        processor = self._line.processor
        return processor.counters() if processor is not None else self.delivery.counters()

    def step_around(self, span: SpanContext) -> str | None:
        """Id of the nearest step at or above `span`; None when this process knows of none."""
        processor = self._line.processor
        return processor.lineage.step_around(span) if processor is not None else None

    def covers(self, span: SpanContext) -> bool:
        """Whether a step of this client, or another service, is known to stand above or at `span`."""
        processor = self._line.processor
        known = processor.lineage.covers(span) if processor is not None else None
        # A span that a joined provider did not show us was sampled out; one beside a private provider is the host's.
        return not self.private if known is None else known

    def _address(self) -> tuple[str, str]:
        """Address and key of the API. Raises ConfigError without one of them."""
        url, key = self._config.api_url, self._config.api_key
        if url is None or key is None:
            raise ConfigError("client.api needs LITERAL_API_URL and LITERAL_API_KEY, or url and api_key")
        return url, key

    def _client_now(self) -> Client:
        return self

    @staticmethod
    def _standing_line(config: Config, off: bool, tracer_provider: TracerProvider | None) -> Line | None:
        """The line of the default client, when that is of the same project and nothing speaks against it."""
        standing = default_client()
        if tracer_provider is not None or off or not isinstance(standing, ProjectClient) or standing.disabled:
            return None
        theirs = standing._config
        return standing._line if (config.api_key, config.api_url) == (theirs.api_key, theirs.api_url) else None


def with_settings(client_type: type[C], config: Config, tracer_provider: TracerProvider | None = None) -> C:
    """A client with settings that are resolved already, on a line of its own."""
    client = client_type.__new__(client_type)
    off = config.disabled or config.sdk_disabled
    client._stand(config, off, _line(config, off, tracer_provider))  # pyright: ignore[reportPrivateUsage] - in place of `__init__`
    return client


def _line(config: Config, off: bool, provider: TracerProvider | None) -> Line:
    """A new line, on `provider` or one of its own."""
    name = f"client-{next(_numbers)}"
    if off:
        provider = provider or NoOpTracerProvider()
        tracer = provider.get_tracer(STEP_SCOPE)
        return Line(name=name, delivery=Delivery(None), tracer_provider=provider, tracer=tracer)
    delivery = Delivery.from_config(config, batch_size=BATCH_SIZE)
    processor = LiteralSpanProcessor(
        delivery, client_name=name, export_filter=config.export_filter, keep_foreign=config.keep_foreign
    )
    private = provider is None
    joined: Any = provider or own_provider(
        {DEPLOYMENT_ENVIRONMENT: config.environment, SERVICE_VERSION: config.release}
    )
    joined.add_span_processor(processor)  # of the SDK, or what a package wrapped around one
    seen: TracerProvider = PrivateTracerProvider(joined, name) if private else joined
    return Line(
        name=name,
        delivery=delivery,
        tracer_provider=seen,
        tracer=seen.get_tracer(STEP_SCOPE),
        private=private,
        processor=processor,
    )
