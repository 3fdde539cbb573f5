"""Recording a piece of a test: real instrumentors, context, translator and delivery, with memory in place of a server.

    with recorded() as steps:
        answer("Where is Lisbon?")
    assert steps.one(type="llm").generation.model == "gpt-4o-mini"

While the block lasts, `init()` and every new client record into `steps`, whatever project they name. Afterwards
everything is as it was.
"""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, cast

from opentelemetry import trace
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

from literalai_otel import initialize
from literalai_otel.client import LiteralClient
from literalai_otel.client.own_provider import own_provider
from literalai_otel.client.project import with_settings
from literalai_otel.config import Config
from literalai_otel.content_rules import Rule, as_text
from literalai_otel.context import default_client, set_default_client
from literalai_otel.discovery import instrument_installed, our_instrumentors
from literalai_otel.export import Counters, Delivery
from literalai_otel.genai.content import Mask, configured
from literalai_otel.testing.memory import ADDRESS, MemoryApi
from literalai_otel.testing.steps import Steps

KEY: Final = "test-key"
_PATIENCE_S: Final = 10.0


@dataclass
class _Room:
    """What one recording has set up."""

    memory: MemoryApi = field(default_factory=MemoryApi)
    deliveries: list[Delivery] = field(default_factory=list[Delivery])

    def deliver(self) -> None:
        for delivery in self.deliveries:
            delivery.flush(_PATIENCE_S)

    def counters(self) -> Counters:
        """Of the first delivery, which is that of `init()` and of the module-level names."""
        return self.deliveries[0].counters()

    def connect_to_memory(self, config: Config, *, batch_size: int) -> Delivery:
        """Takes the place of `Delivery.from_config`: every setting counts but address, key and spool."""
        if config.disabled:
            return Delivery(None)
        made = Delivery(
            lambda timeout: cast(Any, self.memory.of(config.environment)),
            url=ADDRESS,
            batch_size=config.batch_size or batch_size,
            linger=0.01,
            flush_timeout=config.flush_timeout,
        )
        self.deliveries.append(made)
        return made


@contextmanager
def recorded(
    *, mask: Mask | None = None, content_policy: str | Sequence[Rule] | None = None, **settings: Any
) -> Generator[Steps]:
    """Record what the block does.

    Args:
        mask: As for `init()`.
        content_policy: As for `init()`.
        settings: Of `config.Config`; what is not given comes from the environment, but for address and key.

    Raises:
        ConfigError: A setting is malformed.
    """
    config = Config.load(
        **{"api_key": KEY, "api_url": ADDRESS, "disabled": False, "content_policy": as_text(content_policy), **settings}
    )
    room = _Room()
    with ExitStack() as stack:
        stack.enter_context(configured(config, mask=mask))
        stack.enter_context(_deliveries_of(room))
        provider = stack.enter_context(_provider())
        client = with_settings(
            LiteralClient, replace(config, batch_size=config.batch_size or initialize.BATCH_SIZE), provider
        )
        stack.enter_context(initialize.standing_in(config, client))
        stack.enter_context(_default(client))
        stack.enter_context(_instrumented(config, provider))
        yield Steps(room.memory, room.deliver, room.counters, provider)


@contextmanager
def _deliveries_of(room: _Room) -> Generator[None]:
    before = Delivery.__dict__["from_config"]
    Delivery.from_config = room.connect_to_memory  # pyright: ignore[reportAttributeAccessIssue] - a bound method in its place
    try:
        yield
    finally:
        Delivery.from_config = before
        for delivery in room.deliveries:
            delivery.shutdown(_PATIENCE_S)
            delivery.disabled = True


@cache
def _kit_provider() -> TracerProvider:
    """Where the application has none. One for the process: what patches leave behind when they are undone, keeps it."""
    return own_provider({})


@contextmanager
def _provider() -> Generator[TracerProvider]:
    """The application's provider or ours, less the processors that come while it lasts."""
    current: Any = trace.get_tracer_provider()
    provider: Any = current if hasattr(current, "add_span_processor") else _kit_provider()
    active: Any = getattr(provider, "_active_span_processor", None)  # private to the SDK; without it they stay, unused
    before: tuple[SpanProcessor, ...] = getattr(active, "_span_processors", ())
    try:
        yield cast(TracerProvider, provider)
    finally:
        if hasattr(active, "_span_processors"):
            came = [each for each in active._span_processors if each not in before]
            active._span_processors = tuple(each for each in active._span_processors if each in before)
            for processor in came:
                processor.shutdown()


@contextmanager
def _default(client: LiteralClient) -> Generator[None]:
    before = default_client()
    set_default_client(client)
    try:
        yield
    finally:
        set_default_client(before)


@contextmanager
def _instrumented(config: Config, provider: TracerProvider) -> Generator[None]:
    """Our instrumentors on `provider`; those that were on before are on again afterwards."""
    were_on = [each for each in _instrumentors() if each.is_instrumented_by_opentelemetry]
    for each in were_on:
        each.uninstrument()
    instrument_installed(config, tracer_provider=provider)
    try:
        yield
    finally:
        for each in _instrumentors():
            if each.is_instrumented_by_opentelemetry:
                each.uninstrument()
        for each in were_on:
            each.instrument(skip_dep_check=True)


def _instrumentors() -> list[BaseInstrumentor]:
    """Those of ours that can be loaded here."""
    found: list[BaseInstrumentor] = []
    for entry_point in our_instrumentors():
        try:
            found.append(entry_point.load()())
        except ImportError:
            continue  # its framework is not installed
    return found
