"""Which instrumentors are installed, and which of them should be switched on.

Ours are named `literalai_<framework>`; other families register plain `<framework>`, all of them the same names
(`spec/genai-semconv.md` §0.9), `-` or `_` in them. One call must be one generation, so of several instrumentors for
one framework one stands: ours by default, the official one with `prefer=official`; all of them with `keep_foreign`.
"""

import logging
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from opentelemetry.instrumentation.dependencies import DependencyConflict, get_dist_dependency_conflicts

from literalai_otel.config import Config

logger = logging.getLogger(__name__)

GROUP: Final = "opentelemetry_instrumentor"
OUR_PREFIX: Final = "literalai_"
_OFFICIAL: Final = ("opentelemetry-instrumentation-genai-", "opentelemetry-instrumentation-openai-v2")
"""How the distributions of OpenTelemetry itself are named; other families took names that look much like them."""


def our_instrumentors() -> Iterator[EntryPoint]:
    """Every installed instrumentor of ours, by name."""
    found = (entry_point for entry_point in entry_points(group=GROUP) if entry_point.name.startswith(OUR_PREFIX))
    return iter(sorted(found, key=lambda entry_point: entry_point.name))


def reason_to_skip(entry_point: EntryPoint, config: Config) -> str | None:
    """Why `entry_point`, ours or another package's, should not be loaded; None when it should."""
    if {entry_point.name, "*"} & set(config.disabled_instrumentations):
        return "it is in OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
    if config.disabled and _family(entry_point) == "literalai":
        return "LITERAL_DISABLED is set"
    if config.keep_foreign:
        return None
    framework = _framework(entry_point)
    standing = _standing(framework, config)
    if standing is None or _family(entry_point) == standing:
        return None
    return f"the {standing} instrumentor of {framework} stands for it (LITERAL_PREFER, LITERAL_KEEP_FOREIGN)"


def _standing(framework: str, config: Config) -> str | None:
    """The family whose instrumentor records `framework`; None when ours has nothing to do with it."""
    if config.disabled:
        return None
    able = {
        _family(one)
        for one in entry_points(group=GROUP)
        if _framework(one) == framework
        and one.name not in config.disabled_instrumentations
        and conflict_of(one) is None
    }
    if "literalai" not in able:
        return None
    return "official" if "official" in able and config.prefer == "official" else "literalai"


def _framework(entry_point: EntryPoint) -> str:
    return entry_point.name.removeprefix(OUR_PREFIX).replace("-", "_")


def _family(entry_point: EntryPoint) -> str:
    if entry_point.name.startswith(OUR_PREFIX):
        return "literalai"
    distribution = entry_point.dist.name.lower() if entry_point.dist is not None else ""
    return "official" if distribution.startswith(_OFFICIAL) else "foreign"


def conflict_of(entry_point: EntryPoint) -> DependencyConflict | None:
    """What is missing or of the wrong version for `entry_point`."""
    return get_dist_dependency_conflicts(entry_point.dist) if entry_point.dist is not None else None


def instrument_installed(config: Config, **options: Any) -> list[str]:
    """Switch on every instrumentor of ours whose framework is installed; the names of those that are on then.

    `options` go to `instrument()`. Never raises: one that cannot be switched on costs a log line, at debug when
    its framework is just not there.
    """
    switched_on: list[str] = []
    for entry_point in our_instrumentors():
        name = entry_point.name
        try:
            reason = reason_to_skip(entry_point, config)
            if reason is not None:
                logger.debug("%s is off: %s", name, reason)
                continue
            conflict = conflict_of(entry_point)
            if conflict is not None:
                found = conflict.found or conflict.found_any
                logger.log(logging.WARNING if found else logging.DEBUG, "Literal AI: %s is off: %s", name, conflict)
                continue
            instrumentor = entry_point.load()()
            if not instrumentor.is_instrumented_by_opentelemetry:
                instrumentor.instrument(skip_dep_check=True, **options)
            switched_on.append(name)
        except Exception as problem:
            logger.warning(
                "Literal AI: %s is off: it could not be loaded (%s: %s)", name, type(problem).__name__, problem
            )
            logger.debug("loading %s failed", name, exc_info=True)
    return switched_on
