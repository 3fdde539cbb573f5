"""Zero-code: what `opentelemetry-instrument` loads by name.

    OTEL_PYTHON_DISTRO=literalai OTEL_PYTHON_CONFIGURATOR=literalai opentelemetry-instrument python app.py

`LiteralDistro` sets defaults and keeps one instrumentor for each framework, `LiteralConfigurator` sets up the
OpenTelemetry SDK as asked and joins it, and `after_auto_instrumentation` does the joining where another package's
configurator ran and `OTEL_TRACES_EXPORTER` names `literalai`. Nothing here may keep the application from
starting, or other instrumentors from loading (`spec/genai-semconv.md` §4).
"""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from typing import Any, Final

from opentelemetry.instrumentation.dependencies import DependencyConflictError
from opentelemetry.instrumentation.distro import BaseDistro

# Private by name, and the documented way for a distro to extend the set-up.
from opentelemetry.sdk._configuration import (
    _OTelSDKConfigurator,  # pyright: ignore[reportPrivateUsage] - there is no public name
)

from literalai_otel.config import Config
from literalai_otel.discovery import reason_to_skip
from literalai_otel.errors import ConfigError

logger = logging.getLogger(__name__)

EXPORTER: Final = "literalai"
"""Name of our exporter in `OTEL_TRACES_EXPORTER`."""
DEFAULTS: Final = {
    # Plain `otlp` means grpc otherwise, and its absence would end the whole set-up.
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    # 128 evict the oldest attributes, which are the telling ones.
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1024",
}
_EXPORTERS: Final = "OTEL_TRACES_EXPORTER"
_LOADER: Final = logging.getLogger("opentelemetry.instrumentation.auto_instrumentation._load")


class _NoOtherConfigurator(logging.Filter):
    """Drops the line that says, of each other configurator that is installed, that it was not chosen."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Configuration of %s not loaded")


_NO_OTHER_CONFIGURATOR: Final = _NoOtherConfigurator()


class LiteralDistro(BaseDistro):
    """Defaults for the environment, and which instrumentors are loaded."""

    chosen = False
    """Whether auto-instrumentation runs under this distro."""

    def _configure(self, **kwargs: Any) -> None:
        LiteralDistro.chosen = True
        # The user chose; that opentelemetry-distro is installed as well is no news, and a line at each start is noise.
        _LOADER.addFilter(_NO_OTHER_CONFIGURATOR)
        for variable, value in DEFAULTS.items():
            os.environ.setdefault(variable, value)

    def load_instrumentor(self, entry_point: EntryPoint, **kwargs: Any) -> None:
        """Load `entry_point` unless another instrumentor stands for its framework.

        One that fails costs a log line; the stock distro would give up all that come after it.
        """
        try:
            reason = reason_to_skip(entry_point, Config.load())
        except ConfigError:
            # Said once already, by the configurator; one call must be one generation for others too.
            reason = reason_to_skip(entry_point, Config())
        if reason is not None:
            logger.debug("%s of %s is skipped: %s", entry_point.name, entry_point.value, reason)
            return
        try:
            super().load_instrumentor(entry_point, **kwargs)  # pyright: ignore[reportUnknownMemberType] - untyped there
        except (DependencyConflictError, ImportError):
            # The loader knows what to say about these and goes on.
            raise
        except Exception:
            logger.exception("Instrumenting of %s failed, skipping it", entry_point.name)


class LiteralConfigurator(_OTelSDKConfigurator):
    """The SDK as the environment asks for it, with Literal joined to it.

    `OTEL_TRACES_EXPORTER=none` means no traces for anybody, Literal included. When what is asked for cannot be set
    up, one error line says why, and Literal is set up alone.
    """

    chosen = False
    """Whether this configurator ran, to whatever end."""

    def _configure(self, **kwargs: Any) -> None:
        LiteralConfigurator.chosen = True
        try:
            config = Config.load()
        except ConfigError as problem:
            _give_up(problem)
            super()._configure(**kwargs)  # pyright: ignore[reportUnknownMemberType] - untyped there
            return
        if config.config_file is None:
            # The declarative configuration takes no arguments and has its own place for the resource.
            kwargs["resource_attributes"] = _resource(config) | dict(kwargs.get("resource_attributes") or {})
        else:
            kwargs = {}
        with _exporters_less_ours(config):
            try:
                super()._configure(**kwargs)  # pyright: ignore[reportUnknownMemberType] - untyped there
            except Exception as problem:
                logger.error(
                    "Literal AI: OpenTelemetry cannot be set up as asked, so Literal is set up alone: %s: %s",
                    type(problem).__name__,
                    problem,
                )
                logger.debug("OpenTelemetry's own configurator failed", exc_info=True)
        join(config)


def join(config: Config) -> None:
    """Run `init()` on what stands; the instrumentors are left to auto-instrumentation."""
    from literalai_otel.initialize import init

    try:
        init(instrument=False, disabled=True if config.traces_exporters == ("none",) else None)
    except Exception as problem:
        logger.warning("Literal AI: nothing is sent: %s", problem)
        logger.debug("joining failed", exc_info=True)


def after_auto_instrumentation() -> None:
    """Join after another package's configurator, when `OTEL_TRACES_EXPORTER` or the distro asks for Literal.

    Registered as `opentelemetry_post_instrument`, so it runs wherever this package is installed: unasked it does
    nothing.
    """
    _LOADER.removeFilter(_NO_OTHER_CONFIGURATOR)
    if LiteralConfigurator.chosen:
        return
    try:
        config = Config.load()
    except ConfigError as problem:
        if LiteralDistro.chosen:
            _give_up(problem)
        return
    if LiteralDistro.chosen or EXPORTER in config.traces_exporters:
        join(config)


def _give_up(problem: ConfigError) -> None:
    """Say what is wrong with the settings, once; what cannot be read must not let content out either."""
    from literalai_otel import genai

    logger.warning("Literal AI: nothing is sent: %s", problem)
    genai.configure(Config(capture_content="false"))


def _resource(config: Config) -> dict[str, Any]:
    from literalai_otel.initialize import distro_resource

    return dict(distro_resource(config))


@contextmanager
def _exporters_less_ours(config: Config) -> Generator[None]:
    """`OTEL_TRACES_EXPORTER` without `literalai` meanwhile: the processor that joins does the exporter's work."""
    if EXPORTER not in config.traces_exporters:
        yield
        return
    before = os.environ[_EXPORTERS]
    os.environ[_EXPORTERS] = ",".join(name for name in config.traces_exporters if name != EXPORTER) or "none"
    try:
        yield
    finally:
        os.environ[_EXPORTERS] = before
