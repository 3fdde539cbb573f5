"""SIGKILL under load from four clients: what was acknowledged is there, and the database is sound."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "kill.py"
ROUNDS = 3


@pytest.mark.serial
@pytest.mark.timeout(180)
def test_no_acknowledged_step_is_lost(engine: Any, tmp_path: Path):
    address = engine.environment(tmp_path / "data").get("DATABASE_URL")
    database = ["--database", address] if address else []
    done = subprocess.run(
        [sys.executable, PROGRAM, "--rounds", str(ROUNDS), *database], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *rounds, total = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["integrity"] for row in rounds] == ["ok"] * ROUNDS
    assert all(row["acknowledged"] >= 5 for row in rounds)
    assert (total["lost"], total["unsound"]) == (0, 0)
