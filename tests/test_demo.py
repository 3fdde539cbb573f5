"""The demo leaves nothing running, however it ends, and says what to do when a part fails. (The journey runs it.)"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[1] / "examples" / "demo"
PARENT = """
import sys, time
sys.path.insert(0, sys.argv[1])
import processes
from processes import Interrupted, Processes
processes.TERMINATE_WITHIN = 1.0
try:
    with Processes() as started_here:
        # One that does not end when asked, one with a child of its own, one like any other.
        deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
        deaf += "; time.sleep(60)"
        family = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
        started = [started_here.start([sys.executable, "-c", code], capture=True) for code in (deaf, family)]
        started.append(started_here.start(["sleep", "60"]))
        grandchild = [int(process.stdout.readline()) for process in started[:2]][1]
        print(*(process.pid for process in started), grandchild, flush=True)
        time.sleep(60)
except Interrupted as interrupted:
    sys.exit(128 + interrupted.number)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone_within(pids: list[int], seconds: float) -> list[int]:
    """The processes that are still there after `seconds`."""
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [pid for pid in pids if alive(pid)]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_every_process_even_a_deaf_one(number: signal.Signals):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(DEMO)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 4
    assert all(map(alive, pids))
    parent.send_signal(number)
    time.sleep(0.2)
    parent.send_signal(number)  # impatience changes nothing
    assert parent.wait(30) == 128 + number
    assert gone_within(pids, 0) == []
    parent.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and uses what Linux alone offers")
def test_a_kill_of_the_demo_ends_what_it_started():
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(DEMO)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    deaf, family, sleeper, grandchild = (int(pid) for pid in parent.stdout.readline().split())
    parent.kill()
    parent.wait()
    assert gone_within([family, sleeper], 10) == []
    # Nobody is left to end these: one refuses, the other was not started by us.
    for pid in (deaf, grandchild):
        os.kill(pid, signal.SIGKILL)
    parent.stdout.close()


def test_a_part_that_fails_says_what_and_how_to_fix_it(tmp_path: Path):
    environment = os.environ | {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_FIND_LINKS": ""}
    environment |= {"PIP_EXTRA_INDEX_URL": "", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, str(DEMO), "--folder", str(tmp_path / "demo")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "✗ installing the model failed: " in done.stdout
    assert "fix: is the package index reachable?" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
