"""Who sets OpenTelemetry up, and what it does to spans on their way."""

from collections.abc import Iterator
from typing import Any, Final

from opentelemetry import trace

from literalai_otel.diagnosis.finding import Finding, doubtful, fine, wrong
from literalai_otel.diagnosis.scene import Scene, registered
from literalai_otel.distro import EXPORTER
from literalai_otel.export import LiteralSpanProcessor

OURS: Final = "literalai"
"""Our distro's and our configurator's name."""
FEW_ATTRIBUTES: Final = 64
"""A span of others with fewer loses some: 60 are what ours have at most (`DESIGN.md` §3)."""
_OTLP: Final = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}
_PLAIN_RATIO: Final = "traceidratio"


def switches(scene: Scene) -> Iterator[Finding]:
    """Nothing is switched off."""
    off = [
        name
        for name, set_ in (
            ("LITERAL_DISABLED", scene.config.disabled),
            ("OTEL_SDK_DISABLED", scene.config.sdk_disabled),
        )
        if set_
    ]
    if off:
        says = f"{' and '.join(off)}: nothing is recorded and nothing is sent"
        yield doubtful("switches", says, f"unset {' and '.join(off)}, unless that is on purpose")


def zero_code(scene: Scene) -> Iterator[Finding]:
    """`opentelemetry-instrument` sets Literal up."""
    about = "zero-code"
    chosen = {
        "OTEL_PYTHON_DISTRO": (scene.neighbours.distro, registered("opentelemetry_distro")),
        "OTEL_PYTHON_CONFIGURATOR": (scene.neighbours.configurator, registered("opentelemetry_configurator")),
    }
    for variable, (name, there) in chosen.items():
        if name is not None and name not in there:
            says = f"{variable} is {name}, which is not installed: opentelemetry-instrument starts nothing"
            yield wrong(about, says, f"set {variable}={OURS}; installed: {', '.join(sorted(there))}")
            return
    if scene.config.traces_exporters == ("none",):
        says = "OTEL_TRACES_EXPORTER=none means nobody: opentelemetry-instrument sends nothing to Literal"
        yield doubtful(about, says, "unset OTEL_TRACES_EXPORTER")
        return
    if OURS in (scene.neighbours.configurator, scene.neighbours.distro) or EXPORTER in scene.config.traces_exporters:
        yield fine(about, "opentelemetry-instrument sends to Literal")
        return
    unchosen = [f"{variable}={OURS}" for variable, (name, there) in chosen.items() if name is None and len(there) > 1]
    if unchosen:
        says = "several packages offer to set OpenTelemetry up, and which one opentelemetry-instrument takes is chance"
        yield doubtful(about, says, f"set {' '.join(unchosen)}")
    elif scene.distro != OURS:
        says = f"opentelemetry-instrument uses {scene.distro} and sends nothing to Literal"
        fix = f"set OTEL_PYTHON_CONFIGURATOR={OURS}, or add {EXPORTER} to OTEL_TRACES_EXPORTER; init() needs neither"
        yield doubtful(about, says, fix)
    else:
        yield fine(about, "opentelemetry-instrument sends to Literal: no other package offers to set it up")


def exporters(scene: Scene) -> Iterator[Finding]:
    """Each exporter that is asked for can be made: one that cannot ends the set-up of the others."""
    there = registered("opentelemetry_traces_exporter")
    for name in scene.config.traces_exporters:
        if name == "none":
            continue
        known, hint = name, f"take {name} out of OTEL_TRACES_EXPORTER; known: {', '.join(sorted(there))}"
        if name == "otlp":
            protocol = scene.neighbours.otlp_protocol or ("http/protobuf" if scene.distro == OURS else "grpc")
            known = _OTLP.get(protocol, protocol)
            hint = (
                "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or pip install opentelemetry-exporter-otlp-proto-grpc"
            )
        if known not in there:
            says = (
                f"OTEL_TRACES_EXPORTER names {name}, and {known} is not installed: spans reach no exporter but Literal"
            )
            yield wrong("exporters", says, hint)
            return
    others = [name for name in scene.config.traces_exporters if name not in (EXPORTER, "none")]
    if others:
        yield fine("exporters", f"the same spans go to {', '.join(others)}")


def provider(scene: Scene) -> Iterator[Finding]:
    """Whose tracer provider stands in this process: told under `opentelemetry-instrument literalai-otel doctor`."""
    standing: Any = trace.get_tracer_provider()
    if isinstance(standing, trace.ProxyTracerProvider):
        return
    processors = getattr(getattr(standing, "_active_span_processor", None), "_span_processors", ())
    ours = sum(isinstance(one, LiteralSpanProcessor) for one in processors)
    kind = f"{type(standing).__module__}.{type(standing).__qualname__}"
    if ours:
        yield fine("tracer provider", f"{kind}; span processors: {len(processors)}, one of them Literal's")
    else:
        says = f"{kind} stands in this process without Literal's span processor"
        yield doubtful("tracer provider", says, "call literalai_otel.init() after it is set")


def sampler(scene: Scene) -> Iterator[Finding]:
    """Every call is recorded."""
    name, ratio = (scene.neighbours.sampler or "").strip().lower(), scene.neighbours.sampler_argument
    if name.endswith("always_off"):
        says = f"OTEL_TRACES_SAMPLER={name} records nothing"
        yield wrong("sampler", says, "unset OTEL_TRACES_SAMPLER")
    elif _PLAIN_RATIO in name and ratio not in (None, "1", "1.0"):
        says = f"{ratio} of the traces are recorded; calls in the others are counted as sampled out, not stored"
        yield doubtful("sampler", says, "unset OTEL_TRACES_SAMPLER, unless that is on purpose")


def limits(scene: Scene) -> Iterator[Finding]:
    """The limits of spans leave what other instrumentors write whole; steps of ours do not depend on them."""
    count, length = scene.config.span_attribute_limit, scene.neighbours.value_length_limit
    if count is not None and count.strip().isdigit() and int(count) < FEW_ATTRIBUTES:
        says = f"spans keep {count} attributes: those of other instrumentors lose some, ours are sent whole"
        yield doubtful("span limits", says, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=1024")
    if length is not None:
        says = f"attributes end after {length} characters: messages of other instrumentors are cut, ours are sent whole"
        yield doubtful("span limits", says, "unset OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")
