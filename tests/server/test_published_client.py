"""The published client, unmodified, in an environment of its own, against the real server."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
JOURNEY = Path(__file__).with_name("published_journey.py")
CHECKS = [
    node.name
    for node in ast.parse(JOURNEY.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def results(server: Any) -> dict[str, str]:
    if os.environ.get("LITERAL_SKIP_PUBLISHED") == "1":
        pytest.skip("LITERAL_SKIP_PUBLISHED=1: the environment with the published client is not to be built")
    subprocess.run([sys.executable, "tests/lanes.py", "published", "--build"], cwd=ROOT, check=True, timeout=600)
    done = subprocess.run(
        [ROOT / ".lanes/published/bin/python", JOURNEY],
        env={**os.environ, "LITERAL_API_URL": server.url, "LITERAL_API_KEY": server.key},
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("check", CHECKS)
def test_the_published_client(results: dict[str, str], check: str):
    assert results[check] == "ok", results[check]
