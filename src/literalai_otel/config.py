"""The settings: one table, read once.

Each field of `Config` is a row: its type, its default, the environment variables that feed it and its
documentation. `Config.load(**arguments)` resolves argument > environment > default (`setting_table`).
`OTEL_LITERALAI_<NAME>` is accepted for every client setting, which makes each a flag of
`opentelemetry-instrument` (this module is its `opentelemetry_environment_variables` entry point). The server's
table is `server_config`.

Rule: `DESIGN.md` §3, Settings.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

from literalai_otel.content_rules import ContentRules, content_rules
from literalai_otel.server_config import ServerConfig as ServerConfig
from literalai_otel.setting_table import SettingRow as SettingRow
from literalai_otel.setting_table import SettingTable, at_least_one, boolean, names, setting, url

CaptureContent = Literal["true", "false", "literal_only"]

Environment = Literal["dev", "staging", "prod", "experiment"]
ENVIRONMENTS: Final[tuple[Environment, ...]] = get_args(Environment)
INLINE_MEDIA_BYTES: Final = 24 * 1024
"""Media of up to so many bytes stays in its message, unless the setting says otherwise."""
_ENVIRONMENT_SYNONYMS: Final = {"production": "prod", "development": "dev"}


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
    return "true" if boolean(lowered) else "false"


def _bytes_or_off(value: str) -> int | None:
    lowered = value.strip().lower()
    if lowered in ("off", "false"):
        return None
    number = int(lowered)
    if number < 0:
        raise ValueError("must be a number of bytes, or off")
    return number


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


def _exactly_true(value: str) -> bool:
    """OpenTelemetry's own rule for a switch: anything but `true` is false."""
    return value.strip().lower() == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(SettingTable):
    """Settings of the distribution: instrumentors, exporter, `init()` and the clients."""

    api_key: str | None = setting(None, "API key of a project, sent as `x-api-key`.", "LITERAL_API_KEY")
    api_url: str | None = setting(
        None,
        "Base address of the server. No default: without it nothing is sent.",
        "LITERAL_API_URL",
        parse=url,
    )
    environment: str | None = setting(
        None, "`dev`, `staging`, `prod` or `experiment`; sent as `x-env`.", "LITERAL_ENV", parse=environment_name
    )
    release: str | None = setting(None, "Version of your application; becomes `metadata.release`.", "LITERAL_RELEASE")
    disabled: bool = setting(
        False, "Send nothing and record nothing; decorated code still runs.", "LITERAL_DISABLED", parse=boolean
    )
    batch_size: int | None = setting(
        None,
        "Steps per request at most. Unset: 5 for `LiteralClient`, 100 for `init()` and zero-code.",
        "LITERAL_BATCH_SIZE",
        parse=at_least_one,
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
        262_144, "Cap of one text in captured content, in UTF-8 bytes.", parse=at_least_one
    )
    content_policy: ContentRules = setting(
        (),
        "Rules for content, by role, kind and size, such as `role:system=hash; image>64KiB=offload; tool_result=drop`: "
        "[content.md](content.md).",
        "LITERAL_CONTENT_POLICY",
        parse=content_rules,
    )
    offload_media: int | None = setting(
        INLINE_MEDIA_BYTES,
        "Media of more bytes leaves its message and becomes an attachment of the step; `off`: it is not uploaded, "
        "its hash and size stay.",
        "LITERAL_OFFLOAD_MEDIA",
        parse=_bytes_or_off,
    )
    metrics: bool = setting(
        False,
        "Emit the OTel GenAI client metrics, and what becomes of steps on their way.",
        "LITERAL_METRICS",
        parse=boolean,
    )
    stream_usage: bool = setting(
        False,
        "Ask for token counts in streams (`stream_options.include_usage`) where the host is known to give them and "
        "the program does not ask itself. The chunk that carries them is kept from the program.",
        "LITERAL_STREAM_USAGE",
        parse=boolean,
    )
    component_steps: bool = setting(
        True,
        "Prompts, parsers and other components of LangChain and LlamaIndex are steps of their own; false hides them.",
        "LITERAL_COMPONENT_STEPS",
        parse=boolean,
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
        parse=boolean,
    )
    prefer: str = setting(
        "ours",
        "Which instrumentor stands when ours and an official one are installed: `ours` or `official`.",
        "LITERAL_PREFER",
        parse=_prefer,
    )
    baggage: bool = setting(
        False,
        "Name the thread, the root run and the step around a request to the service that gets it, and take them from "
        "the service that sends it: ids alone, in W3C baggage. For services that trust each other.",
        "LITERAL_BAGGAGE",
        parse=boolean,
    )
    flush_timeout: float = setting(
        5.0, "Seconds that leaving the process may wait for delivery.", "LITERAL_FLUSH_TIMEOUT", parse=_seconds
    )
    spool_dir: str | None = setting(
        None,
        "Folder of the spool: what cannot be delivered now is kept there, across processes and restarts. "
        "Unset: in memory alone.",
        "LITERAL_SPOOL_DIR",
    )
    spool_max_bytes: int = setting(
        512 * 1024 * 1024,
        "Bytes of the spool at most, for all processes together; when it is full, the oldest steps make room.",
        "LITERAL_SPOOL_MAX_BYTES",
        parse=at_least_one,
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
        parse=names,
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
        parse=names,
        flag=False,
    )
    span_attribute_limit: str | None = setting(
        None,
        "Attributes of a span at most. Unset: 1024 where Literal sets OpenTelemetry up, 128 elsewhere.",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_ATTRIBUTE_COUNT_LIMIT",
        flag=False,
    )


# `opentelemetry-instrument` makes a flag of every module attribute that starts with OTEL_.
globals().update({name: name for row in Config.rows() for name in row.variables if name.startswith("OTEL_LITERALAI_")})
