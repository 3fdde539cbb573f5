"""`init()`: the composition root of the SDK side.

It joins the tracer provider that the application has, or makes one, adds Literal's own span processor to it and
switches on every instrumentor whose framework is installed. Processors, exporters and samplers that are there
stay. It imports no framework and opens no connection.
"""

import logging
import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from opentelemetry import trace
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider

from literalai_otel import __version__
from literalai_otel.attributes import (
    DEPLOYMENT_ENVIRONMENT,
    DISTRO_NAME,
    DISTRO_VERSION,
    SERVICE_VERSION,
)
from literalai_otel.client import LiteralClient
from literalai_otel.config import Config
from literalai_otel.content_rules import Rule, as_text
from literalai_otel.context import default_client, set_default_client
from literalai_otel.discovery import instrument_installed
from literalai_otel.errors import ConfigError
from literalai_otel.export import FlushResult
from literalai_otel.export.lifecycle import PROCESS_ENDS
from literalai_otel.export.losses import say_unconfigured
from literalai_otel.genai.content import Mask, adopt

logger = logging.getLogger(__name__)

BATCH_SIZE: Final = 100
"""Steps per request at most, unless the setting says otherwise; `LiteralClient` alone has 5."""
SPAN_ATTRIBUTES: Final = 1024
"""Attributes of a span on a provider of ours: OpenTelemetry's 128 evict the oldest, which are the telling ones."""
_DISTRO: Final = "literalai-otel"


@dataclass(frozen=True, slots=True)
class _Standing:
    """What `init()` set up: `records` is false when everything is switched off, `sends` also without a key.

    `for_all` stands whatever project a later call names: that of a test.
    """

    config: Config
    client: LiteralClient
    records: bool
    sends: bool
    for_all: bool = False


class _Process:
    """One set-up for the process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.standing: _Standing | None = None

    def renew_lock(self) -> None:
        """In a forked child, where the thread that held it is not."""
        self.lock = threading.RLock()


_process: Final = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.renew_lock)


def init(
    *,
    api_key: str | None = None,
    url: str | None = None,
    environment: str | None = None,
    release: str | None = None,
    batch_size: int | None = None,
    disabled: bool | None = None,
    mask: Mask | None = None,
    content_policy: str | Sequence[Rule] | None = None,
    instrument: bool = True,
    **settings: Any,
) -> LiteralClient:
    """Record LLM calls and Literal steps of this process, and send them to Literal.

    Args:
        api_key: Key of the project. `LITERAL_API_KEY` otherwise.
        url: Base address of the server. `LITERAL_API_URL` otherwise.
        environment: `dev`, `staging`, `prod` or `experiment`. `LITERAL_ENV` otherwise.
        release: Version of your application. `LITERAL_RELEASE` otherwise.
        batch_size: Steps per request at most, 100 by default. `LITERAL_BATCH_SIZE` otherwise.
        disabled: Send and record nothing. `LITERAL_DISABLED` otherwise.
        mask: Gets each captured content value with its attribute name and facts of its span, on the delivery thread,
            and gives what is sent in its place. When it raises, the content is dropped and the step is kept. With a
            rule that says `mask` it gets the pieces alone that the rule is for.
        content_policy: Rules for content by role, kind and size, as `Rule`s or as a text (docs/content.md).
            `LITERAL_CONTENT_POLICY` otherwise.
        instrument: False leaves the instrumentors as they are.
        settings: Any other setting of `config.Config`, by its name.

    Returns:
        The client that the module-level `thread`, `run`, `step` and `message` use. Without an address or a key it
        sends nothing, and one warning line says so.

    Raises:
        ConfigError: A setting is malformed, or an earlier `init()` set up another project.
    """
    config = Config.load(
        api_key=api_key,
        api_url=settings.pop("api_url", None) or url,
        environment=environment,
        release=release,
        batch_size=batch_size,
        disabled=disabled,
        content_policy=as_text(content_policy),
        **settings,
    )
    with _process.lock:
        standing = _process.standing
        if standing is not None and not _changes(standing, config):
            adopt(replace(standing.config, content_policy=config.content_policy), mask=mask)
        else:
            adopt(config, mask=mask)  # refuses before anything is set up
            standing = _process.standing = _set_up(config)
        if instrument and standing.records:
            client = standing.client
            instrument_installed(config, **({"tracer_provider": client.tracer_provider} if client.private else {}))
        return standing.client


def flush(timeout: float | None = None) -> FlushResult:
    """Wait until everything recorded so far is delivered, `timeout` seconds at most; what was achieved."""
    client = default_client()
    return client.flush(timeout) if isinstance(client, LiteralClient) else FlushResult()


def shutdown(timeout: float | None = None) -> FlushResult:
    """Deliver what was recorded and stop delivering; at the end of the process this happens by itself."""
    client = default_client()
    return client.flush_and_stop(timeout) if isinstance(client, LiteralClient) else FlushResult()


@contextmanager
def standing_in(config: Config, client: LiteralClient) -> Generator[None]:
    """Have `init()` give `client`, whatever is asked, for a while: for tests (`literalai_otel.testing`)."""
    with _process.lock:
        before = _process.standing
        _process.standing = _Standing(config, client, records=True, sends=True, for_all=True)
    try:
        yield
    finally:
        _process.standing = before


def distro_resource(config: Config) -> dict[str, str]:
    """Resource attributes that tell where spans come from, less those which the environment sets already."""
    said = OTELResourceDetector().detect().attributes
    ours = {
        DISTRO_NAME: _DISTRO,
        DISTRO_VERSION: __version__,
        DEPLOYMENT_ENVIRONMENT: config.environment,
        SERVICE_VERSION: config.release,
    }
    return {name: value for name, value in ours.items() if value is not None and name not in said}


def _changes(standing: _Standing, config: Config) -> bool:
    """Whether `config` asks for more than what stands; ConfigError when it asks for another project."""
    if standing.for_all:
        return False
    if not standing.sends:
        return not config.disabled and config.api_key is not None and config.api_url is not None
    for name in ("api_key", "api_url"):
        asked, stands = getattr(config, name), getattr(standing.config, name)
        if asked is not None and asked != stands:
            raise ConfigError(
                f"literalai_otel.init() already set this process up with another {name}: use one project per process, "
                "or a LiteralClient for the second project"
            )
    return False


def _set_up(config: Config) -> _Standing:
    if config.disabled or config.sdk_disabled:
        client = LiteralClient(disabled=True)
        set_default_client(client)
        return _Standing(config, client, records=False, sends=False)
    if say_unconfigured(config):
        # The default stays unset: steps are spans for the exporters that the application has.
        return _Standing(config, LiteralClient(disabled=True), records=True, sends=False)
    client = LiteralClient(
        batch_size=BATCH_SIZE if config.batch_size is None else config.batch_size,
        api_key=config.api_key,
        url=config.api_url,
        environment=config.environment,
        release=config.release,
        tracer_provider=_provider(config),
        export_filter=config.export_filter,
        flush_timeout=config.flush_timeout,
        spool_dir=config.spool_dir,
        spool_max_bytes=config.spool_max_bytes,
        metrics=config.metrics,
    )
    set_default_client(client)
    PROCESS_ENDS.catch_termination()
    if config.baggage:
        # Looks for the propagators that are installed, as it is imported.
        from literalai_otel.context.baggage import use_baggage

        use_baggage(client.step_around)
    return _Standing(config, client, records=True, sends=True)


def _provider(config: Config) -> TracerProvider | None:
    """The application's provider, or one that is made and set; None when what stands takes no processors."""
    current = trace.get_tracer_provider()
    if isinstance(current, trace.ProxyTracerProvider):
        limit = None if config.span_attribute_limit is not None else SPAN_ATTRIBUTES
        trace.set_tracer_provider(
            TracerProvider(
                resource=Resource.create(dict(distro_resource(config))),
                span_limits=SpanLimits(max_span_attributes=limit),
            )
        )
        current = trace.get_tracer_provider()
    if hasattr(current, "add_span_processor"):
        # Duck-typed: packages wrap the SDK's provider in one of their own.
        return cast(TracerProvider, current)
    logger.warning(
        "Literal AI: the tracer provider of this process (%s) takes no span processors, so Literal uses one of its own",
        type(current).__qualname__,
    )
    return None
