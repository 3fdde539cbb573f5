"""The list of checks, and how they are run."""

from collections.abc import Callable, Iterator
from typing import Final

from literalai_otel.diagnosis import doubles, pipeline, server, versions
from literalai_otel.diagnosis.content import content
from literalai_otel.diagnosis.finding import Finding, wrong
from literalai_otel.diagnosis.round_trip import round_trip
from literalai_otel.diagnosis.scene import Scene
from literalai_otel.diagnosis.spooled import spool

Check = Callable[[Scene], Iterator[Finding]]

CHECKS: Final[tuple[Check, ...]] = (
    versions.python,
    versions.opentelemetry,
    versions.frameworks,
    versions.stream_usage,
    pipeline.switches,
    pipeline.zero_code,
    pipeline.exporters,
    pipeline.provider,
    pipeline.sampler,
    pipeline.limits,
    doubles.instrumentors,
    doubles.packages,
    doubles.mistral,
    doubles.litellm,
    content,
    server.settings,
    spool,
    server.connection,
    server.version,
    server.clock,
    round_trip,
)
"""What is installed, how it is set up, where content goes, the server; what takes longest comes last."""


def diagnose(scene: Scene) -> Iterator[Finding]:
    """Every finding, as it is made. A check that fails itself is a finding too."""
    for check in CHECKS:
        try:
            yield from check(scene)
        except Exception as problem:
            says = f"this check failed: {type(problem).__name__}: {problem}"
            yield wrong(check.__name__.replace("_", " "), says, "this is a bug of literalai-otel; please report it")
