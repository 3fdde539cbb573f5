"""Programs with a spool, a server that is down, programs that are killed: scripts of the benchmarks, scaled down."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def rows_of(script: str, *arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.serial
@pytest.mark.timeout(180)
def test_an_outage_of_the_whole_run_and_one_replay():
    [row] = rows_of("outage.py", "--processes", "20", "--calls", "25")
    expected = {"calls": 500, "generations": 500, "lost": 0, "twice": 0, "threads": 100, "out_of_order": 0}
    assert {name: row[name] for name in expected} == expected
    assert row["failed_processes"] == 0


@pytest.mark.serial
@pytest.mark.timeout(180)
def test_what_had_ended_before_a_kill_is_delivered_later():
    *rounds, total = rows_of("client_kill.py", "--rounds", "5")
    assert len(rounds) == 5
    assert total["must"] > 0
    assert (total["lost"], total["twice"], total["broken"], total["left"]) == (0, 0, [], [])
