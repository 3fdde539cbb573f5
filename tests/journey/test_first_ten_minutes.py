"""J1: first ten minutes, nothing installed but Python (spec/journeys.md)."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from programs import clean_environment

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, ROOT / "examples" / "demo"]

pytestmark = pytest.mark.serial


def processes_of(session: int) -> list[int]:
    """Processes of a session that are still there, zombies aside."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = entry.read_text(encoding="utf-8").rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_session) == session and state != "Z":
            found.append(int(entry.parent.name))
    return found


@pytest.mark.timeout(400)
@pytest.mark.feature("I-OAI-05", "L-LOG-01", "L-LOG-04", "L-LOG-05")
def test_the_demo_shows_a_real_model_s_trace_and_leaves_nothing_running():
    # The folder of `make demo`, so that the model is fetched once.
    demo = subprocess.Popen(
        COMMAND, env=clean_environment(COLUMNS="140"), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    output, _ = demo.communicate(timeout=390)
    assert demo.returncode == 0, output
    assert processes_of(demo.pid) == []
    tree = output[output.index("literalai-otel show") :]
    assert re.search(r"Thread  Trip to Lisbon · 2 runs · 3 generations · \d+ tokens", tree)
    streamed, failed, handled = (line for line in tree.splitlines() if " llm " in line)
    assert re.search(r"smollm2\S+ · chat · stream +\d+ → [1-9]\d* .* first token [\d.]+ m?s +\"\w+", streamed)
    assert "✗ BadRequestError" in failed
    assert re.search(r"chat +\d+ → [1-9]\d* ", handled)
    assert len([line for line in tree.splitlines() if " tool " in line]) == 2
    assert "opentelemetry-instrument" in output[output.index("To look further") :]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment", ["It will", "Literal server answers"])
def test_ctrl_c_at_any_point_ends_every_process(moment: str):
    demo = subprocess.Popen(
        COMMAND,
        env=clean_environment(COLUMNS="140"),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if moment in said:
            break
    os.kill(demo.pid, signal.SIGINT)
    demo.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while processes_of(demo.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(demo.pid) == []
    assert demo.returncode == 128 + signal.SIGINT
