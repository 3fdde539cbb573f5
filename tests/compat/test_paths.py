"""The import paths that programs for the published package use (`spec/literal-wire.md` §5, `features.md` L-CLI-28)."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import literalai_otel

COMPAT = Path(__file__).resolve().parents[2] / "compat" / "literalai" / "src"

EXPORTS = (
    "LiteralClient AsyncLiteralClient BaseGeneration CompletionGeneration ChatGeneration GenerationMessage Message "
    "Step Score Thread Dataset Attachment DatasetItem DatasetExperiment DatasetExperimentItem Prompt __version__ "
    "Environment User UserDict PageInfo PaginatedResponse TextContent ImageUrlContent Utils"
)
BOTH = {
    "client": "LiteralClient AsyncLiteralClient",
    "observability.generation": "BaseGeneration ChatGeneration CompletionGeneration GenerationMessage GenerationType",
    "observability.step": "Attachment AttachmentDict Score Step StepDict StepType TrueStepType MessageStepType",
    "observability.thread": "Thread ThreadDict",
    "observability.message": "Message",
    "observability.filter": "threads_filters steps_filters users_filters scores_filters scores_order_by",
    "evaluation.dataset": "Dataset DatasetDict DatasetType",
    "evaluation.dataset_item": "DatasetItem DatasetItemDict",
    "evaluation.dataset_experiment": "DatasetExperiment DatasetExperimentItem",
    "prompt_engineering.prompt": "Prompt",
    "instrumentation.openai": "instrument_openai",
    "instrumentation.mistralai": "instrument_mistralai",
    "instrumentation.llamaindex": "instrument_llamaindex",
    "my_types": "ChatGeneration PaginatedResponse PageInfo Score ScoreType User Environment",
    "dataset": "Dataset DatasetType",
    "dataset_item": "DatasetItem DatasetItemDict",
    "dataset_experiment": "DatasetExperiment DatasetExperimentItem",
    "filter": "scores_filters scores_order_by users_filters",
}
COMPAT_ALONE = {
    "": EXPORTS,
    "api": "LiteralAPI AsyncLiteralAPI",
    "step": "Step StepDict StepType",
    "thread": "Thread",
    "message": "Message",
    "prompt": "Prompt",
    "helper": "utc_now",
    "version": "__version__",
    "context": "get_current_step",
    "event_processor": "EventProcessor",
}
CASES = [
    *(("literalai_otel", path, names) for path, names in BOTH.items()),
    *(("literalai", path, names) for path, names in (BOTH | COMPAT_ALONE).items()),
]


@pytest.fixture(autouse=True)
def compat(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package as if it were installed."""
    monkeypatch.syspath_prepend(str(COMPAT))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "literalai"]:
        del sys.modules[name]


@pytest.mark.feature("L-CLI-01", "L-CLI-28")
@pytest.mark.parametrize(
    ("package", "path", "names"), CASES, ids=lambda value: value.split(" ")[0] if value else "root"
)
def test_a_published_path_resolves(package: str, path: str, names: str) -> None:
    module = importlib.import_module(f"{package}.{path}" if path else package)
    for name in names.split():
        assert hasattr(module, name), name
    if package == "literalai" and path in BOTH:
        ours = importlib.import_module(f"literalai_otel.{path}")
        assert all(getattr(module, name) is getattr(ours, name) for name in names.split())


def test_every_module_of_the_package_is_in_the_table() -> None:
    paths = (path.relative_to(COMPAT / "literalai").with_suffix("") for path in COMPAT.rglob("*.py"))
    modules = {".".join(path.parts).removesuffix("__init__").rstrip(".") for path in paths}
    packages = {path.split(".")[0] for path in BOTH if "." in path}
    assert modules - packages == set(BOTH) | set(COMPAT_ALONE)


def test_the_decorators_keep_their_names() -> None:
    """`literalai_otel.step` is a decorator: the module of 0.0.502 with that name exists under `literalai` alone."""
    for path in BOTH:
        importlib.import_module(f"literalai_otel.{path}")
    for name in ("step", "thread", "message", "environment"):
        assert callable(getattr(literalai_otel, name))


def test_the_time_of_the_helper_is_utc() -> None:
    now = importlib.import_module("literalai.helper").utc_now()
    assert now.endswith("Z") and "+" not in now
