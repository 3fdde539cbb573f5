"""The settings: one table, read once.

Each field of `Config` is a row: its type, its default, the environment variables that feed it and its
documentation. `Config.load(**arguments)` resolves argument > environment > default. Nothing else in the
project reads `os.environ`. `OTEL_LITERALAI_<NAME>` is accepted for every client setting, which makes each a
flag of `opentelemetry-instrument` (this module is its `opentelemetry_environment_variables` entry point).

Rule: `DESIGN.md` §3, Settings.
"""

import dataclasses
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from literalai_otel.errors import ConfigError

CaptureContent = Literal["true", "false", "literal_only"]

ENVIRONMENTS: Final = ("dev", "staging", "prod", "experiment")
_ENVIRONMENT_SYNONYMS: Final = {"production": "prod", "development": "dev"}
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


def _text(value: str) -> str:
    return value.strip()


def _url(value: str) -> str:
    """An http(s) base address without trailing slashes."""
    stripped = value.strip().rstrip("/")
    if not stripped.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return stripped


def _boolean(value: str) -> bool:
    lowered = value.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("must be true or false")


def _at_least_one(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError("must be at least 1")
    return number


def _port(value: str) -> int:
    number = int(value)
    if not 0 <= number <= 65_535:
        raise ValueError("must be a port, 0 to 65535")
    return number


def _seconds(value: str) -> float:
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError("must be a number of seconds, 0 or more")
    return number


def environment_name(value: str) -> str:
    """One of `ENVIRONMENTS`, also from a common synonym (`production`). Raises ValueError for any other name."""
    name = _ENVIRONMENT_SYNONYMS.get(value.strip().lower(), value.strip().lower())
    if name not in ENVIRONMENTS:
        raise ValueError(f"must be one of {', '.join(ENVIRONMENTS)}")
    return name


def _capture(value: str) -> CaptureContent:
    lowered = value.strip().lower()
    if lowered == "literal_only":
        return "literal_only"
    return "true" if _boolean(lowered) else "false"


def _prefer(value: str) -> str:
    lowered = value.strip().lower()
    if lowered not in ("ours", "official"):
        raise ValueError("must be ours or official")
    return lowered


def _export_filter(value: str) -> str:
    lowered = value.strip().lower()
    if lowered not in ("llm", "all"):
        raise ValueError("must be llm or all")
    return lowered


def _capture_on_spans(value: str) -> bool:
    """The standard switch has modes (`SPAN_ONLY`, …); older packages take `true`. Unknown means off, as there."""
    return value.strip().lower() in ("true", "span_only", "span_and_event")


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _exactly_true(value: str) -> bool:
    """OpenTelemetry's own rule for a switch: anything but `true` is false."""
    return value.strip().lower() == "true"


def setting(default: Any, doc: str, *env: str, parse: Callable[[str], Any] = _text, flag: bool = True) -> Any:
    """One row of the table. `flag` adds `OTEL_LITERALAI_<NAME>` to the variables that feed it."""
    return field(default=default, metadata={"doc": doc, "env": env, "parse": parse, "flag": flag})


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """A row of the table as documentation and tests read it."""

    name: str
    variables: tuple[str, ...]
    default: Any
    doc: str
    parse: Callable[[str], Any]


class _Table:
    """What a settings dataclass can do: list its rows and load itself."""

    __slots__ = ()

    @classmethod
    def rows(cls) -> tuple[SettingRow, ...]:
        """Every setting in declaration order."""
        found: list[SettingRow] = []
        for item in dataclasses.fields(cls):  # pyright: ignore[reportArgumentType] - subclasses are dataclasses
            flagged = (f"OTEL_LITERALAI_{item.name.upper()}",) if item.metadata["flag"] else ()
            found.append(
                SettingRow(
                    name=item.name,
                    variables=(*item.metadata["env"], *flagged),
                    default=item.default,
                    doc=item.metadata["doc"],
                    parse=item.metadata["parse"],
                )
            )
        return tuple(found)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, /, **arguments: Any) -> Self:
        """Resolve every setting: an argument that is not None wins, then the first variable that is set.

        An empty variable counts as unset. Raises `ConfigError` naming the setting, its source and the rule.
        """
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for row in cls.rows():
            given = arguments.pop(row.name, None)
            if given is not None:
                values[row.name] = _checked(row, given, f"argument {row.name}")
                continue
            for variable in row.variables:
                raw = source.get(variable)
                if raw:
                    values[row.name] = _checked(row, raw, f"environment variable {variable}")
                    break
        if arguments:
            raise ConfigError(f"unknown setting: {', '.join(sorted(arguments))}")
        return cls(**values)


def _checked(row: SettingRow, value: Any, source: str) -> Any:
    """`value` in the setting's own type; an argument may be given as that type or as text."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return row.parse(text)
    except ValueError as problem:
        raise ConfigError(f"{source}: {value!r} {problem}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(_Table):
    """Settings of the distribution: instrumentors, exporter, `init()` and the clients."""

    api_key: str | None = setting(None, "API key of a project, sent as `x-api-key`.", "LITERAL_API_KEY")
    api_url: str | None = setting(
        None,
        "Base address of the server. No default: without it nothing is sent.",
        "LITERAL_API_URL",
        parse=_url,
    )
    environment: str | None = setting(
        None, "`dev`, `staging`, `prod` or `experiment`; sent as `x-env`.", "LITERAL_ENV", parse=environment_name
    )
    release: str | None = setting(None, "Version of your application; becomes `metadata.release`.", "LITERAL_RELEASE")
    disabled: bool = setting(
        False, "Send nothing and record nothing; decorated code still runs.", "LITERAL_DISABLED", parse=_boolean
    )
    batch_size: int | None = setting(
        None,
        "Steps per request at most. Unset: 5 for `LiteralClient`, 100 for `init()` and zero-code.",
        "LITERAL_BATCH_SIZE",
        parse=_at_least_one,
    )
    capture_content: CaptureContent = setting(
        "literal_only",
        "Where prompts and completions go: `literal_only`, `true` (on the spans too, for every exporter), "
        "`false` (nowhere).",
        "LITERAL_CAPTURE_CONTENT",
        parse=_capture,
    )
    capture_on_spans: bool = setting(
        False,
        "The standard switch: content on the spans, for the exporters beside ours.",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
        parse=_capture_on_spans,
        flag=False,
    )
    max_content_bytes: int = setting(
        262_144, "Cap of one text in captured content, in UTF-8 bytes.", parse=_at_least_one
    )
    metrics: bool = setting(False, "Emit the OTel GenAI client metrics.", "LITERAL_METRICS", parse=_boolean)
    stream_usage: bool = setting(
        False,
        "Ask for token counts in streams (`stream_options.include_usage`) where the host is known to give them and "
        "the program does not ask itself. The chunk that carries them is kept from the program.",
        "LITERAL_STREAM_USAGE",
        parse=_boolean,
    )
    component_steps: bool = setting(
        True,
        "Prompts, parsers and other components of LangChain and LlamaIndex are steps of their own; false hides them.",
        "LITERAL_COMPONENT_STEPS",
        parse=_boolean,
    )
    export_filter: str = setting(
        "llm",
        "`llm`: steps and LLM spans only; `all`: every span becomes a step.",
        "LITERAL_EXPORT_FILTER",
        parse=_export_filter,
    )
    keep_foreign: bool = setting(
        False,
        "Load other packages' instrumentors of the same framework beside ours.",
        "LITERAL_KEEP_FOREIGN",
        parse=_boolean,
    )
    prefer: str = setting(
        "ours",
        "Which instrumentor stands when ours and an official one are installed: `ours` or `official`.",
        "LITERAL_PREFER",
        parse=_prefer,
    )
    flush_timeout: float = setting(
        5.0, "Seconds that leaving the process may wait for delivery.", "LITERAL_FLUSH_TIMEOUT", parse=_seconds
    )
    sdk_disabled: bool = setting(
        False,
        "OpenTelemetry's switch: `true` makes no spans at all, so nothing is sent either.",
        "OTEL_SDK_DISABLED",
        parse=_exactly_true,
        flag=False,
    )
    traces_exporters: tuple[str, ...] = setting(
        (),
        "OpenTelemetry's list of exporters. `none` alone turns the zero-code set-up of Literal off as well; "
        "`literalai` in it turns Literal on under another distro's configurator.",
        "OTEL_TRACES_EXPORTER",
        parse=_names,
        flag=False,
    )
    config_file: str | None = setting(
        None,
        "OpenTelemetry's declarative configuration; Literal is added to the provider that it describes.",
        "OTEL_CONFIG_FILE",
        flag=False,
    )
    disabled_instrumentations: tuple[str, ...] = setting(
        (),
        "OpenTelemetry's list of instrumentors to leave out, obeyed by `init()` too; `*` leaves out all.",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
        parse=_names,
        flag=False,
    )
    span_attribute_limit: str | None = setting(
        None,
        "Attributes of a span at most. Unset: 1024 where Literal sets OpenTelemetry up, 128 elsewhere.",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_ATTRIBUTE_COUNT_LIMIT",
        flag=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig(_Table):
    """Settings of `literalai-otel serve`."""

    host: str = setting("127.0.0.1", "Address to listen on.", "LITERAL_HOST", flag=False)
    port: int = setting(3000, "Port to listen on; 0 takes any free one.", "LITERAL_PORT", parse=_port, flag=False)
    data_dir: str | None = setting(
        None, "Folder of the embedded database. Unset: the user data folder.", "LITERAL_DATA_DIR", flag=False
    )
    api_key: str | None = setting(
        None, "Key that the first start adopts instead of making one.", "LITERAL_API_KEY", flag=False
    )
    max_body_bytes: int = setting(
        33_554_432,
        "Cap of a request body, after decompression; above it the answer is 413.",
        "LITERAL_MAX_BODY_BYTES",
        parse=_at_least_one,
        flag=False,
    )


# `opentelemetry-instrument` makes a flag of every module attribute that starts with OTEL_.
globals().update({name: name for row in Config.rows() for name in row.variables if name.startswith("OTEL_LITERALAI_")})
