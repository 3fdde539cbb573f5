"""What else records the same calls. One call stays one generation; these say by whom, and what it costs."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any, Final

from literalai_otel.diagnosis.finding import Finding, doubtful, fine
from literalai_otel.diagnosis.pipeline import OURS
from literalai_otel.diagnosis.scene import Scene, installed
from literalai_otel.diagnosis.versions import FRAMEWORKS
from literalai_otel.discovery import GROUP, OUR_PREFIX, conflict_of

IN_CODE: Final = {
    "traceloop-sdk": "Traceloop.init()",
    "logfire": "logfire.instrument_openai() and its kin",
    "langfuse": "langfuse.openai",
    "openlit": "openlit.init()",
    "mlflow": "mlflow.openai.autolog() and its kin",
    "arize-phoenix-otel": "register(auto_instrument=True)",
    "langsmith": "wrap_openai(), LANGSMITH_TRACING",
}
"""Packages that record calls when the program asks them to -> how it asks."""


def instrumentors(scene: Scene) -> Iterator[Finding]:
    """Instrumentors of other packages for the frameworks that ours record."""
    about = "other instrumentors"
    disabled = set(scene.config.disabled_instrumentations)
    found: dict[str, list[str]] = defaultdict(list)
    names: set[str] = set()
    for one in entry_points(group=GROUP):
        framework = one.name.removeprefix(OUR_PREFIX).replace("-", "_")
        if framework not in FRAMEWORKS or one.name.startswith(OUR_PREFIX) or {one.name, "*"} & disabled:
            continue
        if one.dist is not None and conflict_of(one) is None:
            found[framework].append(one.dist.name)
            names.add(one.name)
    if not found:
        return
    said = "; ".join(f"{framework}: {', '.join(sorted(there))}" for framework, there in sorted(found.items()))
    if scene.config.keep_foreign:
        says = f"LITERAL_KEEP_FOREIGN loads them beside ours, and their spans are steps of their own: {said}"
        yield doubtful(about, says, "unset LITERAL_KEEP_FOREIGN, unless that is on purpose")
    elif scene.distro == OURS:
        kept = "official ones stand where there are any" if scene.config.prefer == "official" else "ours stand"
        yield fine(about, f"opentelemetry-instrument leaves out what would record a call twice, {kept}: {said}")
    else:
        says = f"opentelemetry-instrument loads them beside ours; one call is one generation all the same: {said}"
        fix = f"OTEL_PYTHON_DISTRO={OURS}, or OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={','.join(sorted(names))}"
        yield doubtful(about, says, fix)


def packages(scene: Scene) -> Iterator[Finding]:
    """Packages that record the same calls when the program switches them on."""
    there = [f"{name} ({how})" for name, how in IN_CODE.items() if installed(name) is not None]
    if there:
        says = f"may record the same calls; spans that reach our processor count once: {', '.join(there)}"
        yield fine("other packages", says)


def mistral(scene: Scene) -> Iterator[Finding]:
    """Mistral's SDK can make spans of its own."""
    setting = scene.neighbours.mistral_telemetry
    if setting is not None and installed("mistralai") is not None:
        says = f"MISTRAL_SDK_TELEMETRY={setting}: the SDK makes spans too; those of one call are one generation"
        yield fine("mistralai's own spans", says)


def litellm(scene: Scene) -> Iterator[Finding]:
    """LiteLLM's own Literal callback logs what our instrumentors record as well."""
    version = installed("litellm")
    if version is None:
        return
    module: Any = sys.modules.get("litellm")
    lists = ("callbacks", "success_callback", "failure_callback")
    if module is not None and any(OURS in (getattr(module, name, None) or ()) for name in lists):
        says = f"litellm {version} logs to Literal by its own callback, and ours record its calls over the OpenAI SDK"
        fix = 'take "literalai" out of litellm.callbacks and litellm.success_callback'
        yield doubtful("litellm", says, fix)
    else:
        says = f'litellm {version}: its own "literalai" callback must stay off where an instrumentor records its calls'
        yield fine("litellm", says)
