"""The page's own tests, types and lint, and what its build must be like."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from literalai_otel import server

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "ui"
STATIC = Path(server.__file__).parent / "static"
BIN = Path(sys.executable).parent
NODE_FIRST = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
FIRST_SCREEN = 150_000
"""Bytes, compressed (DESIGN §5)."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("script", ["test", "types", "lint"])
def test_the_page_s_own_checks_pass(script: str):
    if not (UI / "node_modules").is_dir():
        pytest.fail("what the page is built and tested with is not installed: run `make ui`")
    done = subprocess.run(
        [BIN / "npm", "run", "--silent", script], cwd=UI, env=NODE_FIRST, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"npm run {script}\n{done.stdout}\n{done.stderr}"


def test_the_first_document_asks_nobody_else_and_runs_nothing_inline():
    document = built("index.html").read_text(encoding="utf-8")
    # The base element is the server's: the path below which it is published.
    addresses = re.findall(r"""(?<!base )(?:src|href)=["']([^"']*)""", document)
    assert addresses
    assert [address for address in addresses if re.match(r"[a-z]+:|/", address)] == []
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son[a-z]+=|\sstyle=", document) == []


def test_what_the_first_document_names_is_small():
    document = built("index.html").read_text(encoding="utf-8")
    names = re.findall(r"""(?:src|href)=["']([^"']*assets/[^"']*)""", document)
    assert [name for name in names if name.endswith(".js")]
    assert sum(weight(STATIC / name) for name in names) <= FIRST_SCREEN


@pytest.mark.parametrize("lazy", ["uPlot", "codemirror", "DOMPurify", "marked"])
def test_what_few_pages_need_is_not_loaded_at_first(lazy: str):
    document = built("index.html").read_text(encoding="utf-8")
    scripts = [STATIC / name for name in re.findall(r"""(?:src|href)=["']([^"']*assets/[^"']*\.js)""", document)]
    assert not [script.name for script in scripts if lazy in script.read_text(encoding="utf-8")]


def built(name: str) -> Path:
    """A file of the build."""
    path = STATIC / name
    if not path.exists():
        pytest.fail("the page is not built: run `make ui`")
    return path


def weight(path: Path) -> int:
    """What a browser loads for the file."""
    packed = path.with_name(f"{path.name}.gz")
    return (packed if packed.exists() else path).stat().st_size
