"""What the checks look at: our settings, those of OpenTelemetry and other packages, what is installed, the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Any

from literalai_otel.config import Config
from literalai_otel.diagnosis.contact import Contact, is_dead, reach
from literalai_otel.errors import ConfigError
from literalai_otel.setting_table import SettingTable, names, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours(SettingTable):
    """Settings of OpenTelemetry and of other packages, which decide what reaches Literal. Read, never set."""

    distro: str | None = setting(None, "Distro of zero-code.", "OTEL_PYTHON_DISTRO", flag=False)
    configurator: str | None = setting(None, "Configurator of zero-code.", "OTEL_PYTHON_CONFIGURATOR", flag=False)
    otlp_protocol: str | None = setting(
        None,
        "How `otlp` is sent.",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        flag=False,
    )
    metrics_exporters: tuple[str, ...] = setting(
        (), "Exporters of metrics.", "OTEL_METRICS_EXPORTER", parse=names, flag=False
    )
    logs_exporters: tuple[str, ...] = setting((), "Exporters of logs.", "OTEL_LOGS_EXPORTER", parse=names, flag=False)
    sampler: str | None = setting(None, "Which spans are recorded.", "OTEL_TRACES_SAMPLER", flag=False)
    sampler_argument: str | None = setting(None, "Its ratio.", "OTEL_TRACES_SAMPLER_ARG", flag=False)
    value_length_limit: str | None = setting(
        None,
        "Characters of an attribute at most.",
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        flag=False,
    )
    openai_address: str | None = setting(
        None, "Another host than OpenAI's.", "OPENAI_BASE_URL", "OPENAI_API_BASE", flag=False
    )
    mistral_telemetry: str | None = setting(
        None, "Mistral's SDK makes spans itself.", "MISTRAL_SDK_TELEMETRY", flag=False
    )


class Scene:
    """Everything that is read from outside, read at most once.

    Args:
        environ: Environment variables; those of this process when None.
        arguments: Settings of `Config` that the command line gives.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, /, **arguments: Any) -> None:
        self.problem: ConfigError | None = None
        """Why our settings cannot be used; `config` has the defaults then."""
        try:
            self.config = Config.load(environ, **arguments)
        except ConfigError as problem:
            self.problem, self.config = problem, Config()
        self.neighbours = Neighbours.load(environ)

    @cached_property
    def contact(self) -> Contact | None:
        """What the server answered; None without a key and an address that may have it."""
        url, key = self.config.api_url, self.config.api_key
        return None if url is None or key is None or is_dead(url) else reach(url, key)

    @property
    def distro(self) -> str | None:
        """Name of the distro that `opentelemetry-instrument` takes: the chosen one, else the first that is found."""
        return self.neighbours.distro or next((one.name for one in entry_points(group="opentelemetry_distro")), None)


def installed(distribution: str) -> str | None:
    """The version of a distribution, None when it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def registered(group: str) -> dict[str, EntryPoint]:
    """Entry points by name."""
    return {one.name: one for one in entry_points(group=group)}
