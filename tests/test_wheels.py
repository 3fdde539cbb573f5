"""The wheels, built and installed in an environment of their own, away from the sources."""

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PROJECTS = (ROOT, *sorted(path.parent for path in (ROOT / "instrumentors").glob("*/pyproject.toml")))
LOOK = """
import importlib.metadata, importlib.util, json, pathlib, sys
import literalai_otel
home = pathlib.Path(literalai_otel.__file__).parent
found = importlib.metadata.entry_points()
print(json.dumps({
    "away": "site-packages" in str(home),
    "version": literalai_otel.__version__,
    "init": callable(literalai_otel.init),
    "files": [
        name for name in ("py.typed", "server/schema.graphql", "server/static/index.html") if (home / name).exists()
    ],
    "scripts": len(list((home / "server" / "static" / "assets").glob("*.js"))) > 3,
    "instrumentors": sorted(
        one.name for one in found.select(group="opentelemetry_instrumentor") if one.name.startswith("literalai")
    ),
    "distro": [one.name for one in found.select(group="opentelemetry_distro")],
}))
"""


@pytest.mark.feature("O-10")
@pytest.mark.timeout(300)
def test_the_wheels_install_and_import(tmp_path: Path):
    for project in PROJECTS:
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "wheels"]
        subprocess.run(build, cwd=project, check=True, capture_output=True)
    wheels = sorted((tmp_path / "wheels").glob("*.whl"))
    assert len(wheels) == len(PROJECTS)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([BIN / "uv", "venv", "-q", "--python", sys.executable, tmp_path / "venv"], check=True)
    subprocess.run([BIN / "uv", "pip", "install", "-q", "--python", python, *wheels], check=True)
    looked = subprocess.run([python, "-c", LOOK], cwd=tmp_path, capture_output=True, text=True, check=True)
    version = wheels[0].name.split("-")[1]
    assert json.loads(looked.stdout) == {
        "away": True,
        "version": version,
        "init": True,
        "files": ["py.typed", "server/schema.graphql", "server/static/index.html"],
        "scripts": True,
        "instrumentors": ["literalai_langchain", "literalai_llama_index", "literalai_mistralai", "literalai_openai"],
        "distro": ["literalai"],
    }
    told = subprocess.run([python.with_name("literalai-otel"), "--help"], capture_output=True, text=True, check=True)
    assert "serve" in told.stdout


@pytest.mark.feature("O-10")
def test_the_source_distribution_has_the_built_pages(tmp_path: Path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    static = "src/literalai_otel/server/static"
    assert f"{static}/index.html" in names
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / static / "assets").iterdir()} <= names
    assert not [name for name in names if name.startswith(("ui/", "tests/"))]
