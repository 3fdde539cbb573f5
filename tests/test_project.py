"""The rules of the house that a machine can check (DESIGN §2, §6; spec/style.md §5)."""

import ast
import importlib
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import literalai_otel

ROOT = Path(__file__).resolve().parents[1]
LIMITS = tomllib.loads((ROOT / "tests" / "module_limits.toml").read_text(encoding="utf-8"))


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).exists()]


PYTHON_FILES = tracked("*.py")
PACKAGES = [path for path in tracked("*__init__.py") if "src" in path.parts]


def test_public_names_are_sorted_and_complete():
    assert literalai_otel.__all__ == sorted(literalai_otel.__all__)
    homes = {name for names in literalai_otel._HOMES.values() for name in names}
    assert homes | {"__version__"} == set(literalai_otel.__all__)
    for name in literalai_otel.__all__:
        assert getattr(literalai_otel, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = literalai_otel.nothing


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_all_is_sorted(path: Path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "__all__":
            names = ast.literal_eval(node.value)
            assert names == sorted(names)


def test_modules_stay_within_their_limit():
    too_long = {}
    for path in PYTHON_FILES:
        name = str(path.relative_to(ROOT))
        limit = LIMITS.get(name, 600 if "tests" in path.parts else 400)
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > limit:
            too_long[name] = lines
    assert too_long == {}
    assert {name for name in LIMITS if not (ROOT / name).exists()} == set()


def test_no_file_has_a_name_that_says_nothing():
    forbidden = re.compile(r"(^|/)(utils?|helpers?|common|misc|base)(\.py$|/)")
    # A path of the published package, which programs import.
    allowed = ROOT / "compat/literalai/src/literalai/helper.py"
    assert [path for path in PYTHON_FILES if forbidden.search(str(path.relative_to(ROOT))) and path != allowed] == []


def test_the_versions_of_all_distributions_agree():
    major_minor = ".".join(literalai_otel.__version__.split(".")[:2])
    root = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert root["tool"]["hatch"]["version"]["path"] == "src/literalai_otel/__init__.py"
    members = sorted((ROOT / "instrumentors").glob("*/pyproject.toml"))
    assert members
    for member in members:
        project = tomllib.loads(member.read_text(encoding="utf-8"))
        version_file = (member.parent / project["tool"]["hatch"]["version"]["path"]).resolve()
        assert version_file == ROOT / "src/literalai_otel/__init__.py"
        assert f"literalai-otel ~= {major_minor}.0" in project["project"]["dependencies"]
        extra = member.parent.name.replace("_", "-")
        wanted = [f"{project['project']['name']} ~= {major_minor}.0"]
        assert root["project"]["optional-dependencies"][extra] == wanted
        assert f"-e instrumentors/{member.parent.name}[instruments]" in (ROOT / "requirements-dev.txt").read_text()


MEMBERS = sorted((ROOT / "instrumentors").glob("*/pyproject.toml"))


@pytest.mark.parametrize("path", MEMBERS, ids=lambda path: path.parent.name)
def test_the_lanes_run_the_floor_and_the_ceiling_that_an_instrumentor_declares(path: Path):
    member = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    (declared,) = member["optional-dependencies"]["instruments"]
    (entry_point,) = member["entry-points"]["opentelemetry_instrumentor"].values()
    module, _, name = entry_point.partition(":")
    assert getattr(importlib.import_module(module), name).dependencies == (declared,), "one range, said twice"

    requirement = Requirement(declared)
    bounds = {each.operator: Version(each.version) for each in requirement.specifier}
    lanes = tomllib.loads((ROOT / "tests" / "lanes.toml").read_text(encoding="utf-8"))
    (floor,) = [
        Version(pin.removeprefix(f"{requirement.name}=="))
        for pin in lanes["old"]["requirements"]
        if pin.startswith(f"{requirement.name}==")
    ]
    assert floor.release[: len(bounds[">="].release)] == bounds[">="].release
    ceiling = bounds["<"].release
    newest = Version(importlib.metadata.version(requirement.name))
    assert newest.release[: len(ceiling)] == (*ceiling[:-1], ceiling[-1] - 1), "the new lane is below the ceiling"


@pytest.mark.parametrize("page", ["settings.md", "attributes.md"])
def test_reference_pages_say_what_the_code_says(page: str):
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec and spec.loader
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == reference.PAGES[page](), "run: python docs/reference.py"


def test_attribute_names_are_spelled_in_one_module_only():
    allowed = {"attributes.py"}
    found = []
    pattern = re.compile(r"""["'](gen_ai|literalai)\.[a-z_.]+["']""")
    for path in PYTHON_FILES:
        if "src" in path.parts and path.name not in allowed:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if pattern.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


def test_importing_the_package_loads_nothing_heavy():
    program = (
        "import sys, literalai_otel\n"
        "heavy = {'httpx', 'wrapt', 'openai', 'orjson', 'pystache', 'requests'}\n"
        "heavy |= {'starlette', 'sqlalchemy', 'rich', 'typer'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_environment_is_read_in_one_module_only():
    readers = [
        str(path.relative_to(ROOT))
        for path in PYTHON_FILES
        if "src" in path.parts and re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8"))
    ]
    assert [name for name in readers if not name.endswith(("config.py", "distro.py", "setting_table.py"))] == []
