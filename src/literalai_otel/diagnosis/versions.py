"""Python, OpenTelemetry and the frameworks: is what is installed what this version is made and tested for?"""

from collections.abc import Iterator
from importlib.metadata import metadata, requires
from platform import python_version
from typing import Final

from opentelemetry.instrumentation.dependencies import get_dependency_conflicts

from literalai_otel.diagnosis.finding import Finding, doubtful, fine, wrong
from literalai_otel.diagnosis.scene import Scene, installed, registered
from literalai_otel.discovery import GROUP, OUR_PREFIX, conflict_of, reason_to_skip

OURS: Final = "literalai-otel"
FRAMEWORKS: Final = {
    "openai": "openai",
    "mistralai": "mistralai",
    "langchain": "langchain-core",
    "llama_index": "llama-index-core",
}
"""What an instrumentor of ours is called, without its prefix -> the distribution that it instruments."""
_TESTED_PYTHON: Final = "Programming Language :: Python :: 3."


def python(scene: Scene) -> Iterator[Finding]:
    """Python is one of those that the tests run on, which our own metadata lists."""
    tested = [
        name.removeprefix("Programming Language :: Python :: ")
        for name in metadata(OURS).get_all("Classifier", ())
        if name.startswith(_TESTED_PYTHON)
    ]
    running = python_version()
    if running.rpartition(".")[0] in tested:
        yield fine("Python", running)
    else:
        yield doubtful("Python", f"{running} is not tested with {OURS}", f"use one of {', '.join(tested)}")


def opentelemetry(scene: Scene) -> Iterator[Finding]:
    """OpenTelemetry's packages are within the ranges that our own metadata asks for."""
    wanted = [line for line in requires(OURS) or () if line.startswith("opentelemetry-") and "extra ==" not in line]
    about = "OpenTelemetry"
    for requirement in wanted:
        conflict = get_dependency_conflicts([requirement])
        if conflict is not None:
            found = conflict.found or "it is not installed"
            yield wrong(about, f"{found}, but {OURS} needs {requirement}", f'pip install "{requirement}"')
            return
    names = {"API": "opentelemetry-api", "SDK": "opentelemetry-sdk", "instrumentation": "opentelemetry-instrumentation"}
    yield fine(about, ", ".join(f"{word} {installed(name)}" for word, name in names.items()))


def frameworks(scene: Scene) -> Iterator[Finding]:
    """Each framework that is installed has an instrumentor that fits, loads and is switched on."""
    instrumentors = registered(GROUP)
    for name, distribution in FRAMEWORKS.items():
        version = installed(distribution)
        entry_point = instrumentors.get(f"{OUR_PREFIX}{name}")
        if entry_point is None:
            if version is not None:
                says = f"{distribution} {version} is installed and its instrumentor is not: its calls are not recorded"
                yield doubtful(name, says, f"pip install {OURS}-{name.replace('_', '-')}")
            continue
        if version is None:
            yield fine(name, f"{distribution} is not installed, so there is nothing to record")
            continue
        conflict = conflict_of(entry_point)
        if conflict is not None:
            says = f"{distribution} {version} does not fit: its calls are not recorded"
            yield wrong(name, says, f'pip install "{str(conflict.required).partition(";")[0].strip()}"')
            continue
        reason = reason_to_skip(entry_point, scene.config)
        if reason is not None:
            yield doubtful(name, f"{distribution} {version} is not recorded by ours: {reason}", _undo(reason))
            continue
        try:
            entry_point.load()
        except Exception as problem:
            says = f"its instrumentor cannot be loaded: {type(problem).__name__}: {problem}"
            yield wrong(name, says, f"pip install --force-reinstall {OURS}-{name.replace('_', '-')}")
            continue
        yield fine(name, f"{distribution} {version} is recorded")


def stream_usage(scene: Scene) -> Iterator[Finding]:
    """LangChain asks for token counts in streams on OpenAI's own host only."""
    version = installed("langchain-openai")
    if version is None:
        return
    address = scene.neighbours.openai_address
    if address is None or scene.config.stream_usage:
        yield fine("LangChain streams", "token counts are asked for where the host is known to give them")
        return
    yield doubtful(
        "LangChain streams",
        f"langchain-openai {version} asks other hosts than OpenAI's ({address}) for no token counts in streams",
        "ChatOpenAI(stream_usage=True), if the host gives them",
    )


def _undo(reason: str) -> str:
    """What to change when the reason is not wanted."""
    for variable in ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "LITERAL_DISABLED", "LITERAL_PREFER"):
        if variable in reason:
            return f"unset {variable}, unless that is on purpose"
    return "see docs/settings.md"
