"""The distribution that provides `literalai`, installed in environments of its own."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
WHICH = "import literalai, sys; sys.stdout.write(getattr(literalai, 'ORIGIN', literalai.__name__ + ' of ours'))"
ORIGINAL_METADATA = "Metadata-Version: 2.1\nName: literalai\nVersion: 0.1.300\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT / "compat" / "literalai",
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A distribution with the name and the top folder of the published client."""
    path = tmp_path_factory.mktemp("original") / "literalai-0.1.300-py3-none-any.whl"
    info = "literalai-0.1.300.dist-info"
    files = {
        "literalai/__init__.py": "ORIGIN = 'the published client'\n",
        f"{info}/METADATA": ORIGINAL_METADATA,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def venv(tmp_path: Path) -> Callable[..., str]:
    """`venv("install", wheel)`, `venv("uninstall", name)`, `venv("-c", program)` in one new environment."""
    home = tmp_path / "venv"
    subprocess.run([BIN / "uv", "venv", "-q", "--python", sys.executable, home], check=True, capture_output=True)
    python = home / "bin" / "python"

    def run(what: str, argument: str | Path) -> str:
        if what in ("install", "uninstall"):
            options = ["--no-deps", "--no-index"] if what == "install" else []
            command = [BIN / "uv", "pip", what, "-q", "--python", python, *options, argument]
        else:
            command = [python, what, argument]
        # Everything that our package needs comes from this environment; it has no `literalai`.
        needed = os.pathsep.join([str(ROOT / "src"), *(path for path in sys.path if path.endswith("site-packages"))])
        done = subprocess.run(command, env=os.environ | {"PYTHONPATH": needed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.feature("L-CLI-28")
def test_programs_run_where_the_published_client_is_not(venv: Callable[..., str], wheel: Path) -> None:
    venv("install", wheel)
    assert venv("-c", WHICH) == "literalai of ours"
    program = (
        "from literalai import LiteralClient, AsyncLiteralClient\n"
        "from literalai.observability.generation import ChatGeneration\n"
        "import literalai_otel\n"
        "assert LiteralClient is literalai_otel.LiteralClient\n"
        "client = LiteralClient(disabled=True)\n"
        "print(client.run(lambda: 'runs')())"
    )
    assert venv("-c", program) == "runs\n"
    assert venv("-m", "literalai.helper") == ""


@pytest.mark.parametrize("ours_first", [True, False], ids=["ours first", "original first"])
def test_an_installed_original_is_never_shadowed(
    venv: Callable[..., str], wheel: Path, original: Path, ours_first: bool
) -> None:
    for one in (wheel, original) if ours_first else (original, wheel):
        venv("install", one)
    assert venv("-c", WHICH) == "the published client"
    venv("uninstall", "literalai")
    assert venv("-c", WHICH) == "literalai of ours"
    venv("install", original)
    venv("uninstall", "literalai-otel-compat")
    assert venv("-c", WHICH) == "the published client", "nothing of it was overwritten or removed"


@pytest.mark.feature("L-CLI-27")
@pytest.mark.timeout(120)
def test_type_checkers_see_the_real_classes(venv: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    venv("install", wheel)
    (tmp_path / "case.py").write_text(
        "from literalai import LiteralClient\n"
        "from literalai.observability.generation import ChatGeneration\n"
        "reveal_type(LiteralClient)\n"
        "reveal_type(ChatGeneration().model)\n"
    )
    (site,) = (tmp_path / "venv" / "lib").glob("*/site-packages")
    (site / "ours.pth").write_text(f"{ROOT / 'src'}\n")
    python = tmp_path / "venv" / "bin" / "python"
    command = [sys.executable, "-m", "pyright", "--pythonpath", python, "case.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert 'is "type[LiteralClient]"' in done.stdout, done.stdout
    assert 'is "str | None"' in done.stdout, done.stdout
