"""The PostgreSQL of the tests goes with whoever started it, however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from postgres_server import installations

PROGRAM = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from postgres_server import PostgresServer, installations
server = PostgresServer(installations()[int(sys.argv[2])])
print(server.folder, (server.folder / "data" / "postmaster.pid").read_text().split()[0], flush=True)
threading.Event().wait()
"""


def gone(pid: int, folder: Path) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return not folder.exists()
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("version", installations())
def test_nothing_is_left_behind(version, number):
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), str(version)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    folder, pid = process.stdout.readline().split()
    process.send_signal(number)
    process.wait(20)
    for _ in range(400):
        if gone(int(pid), Path(folder)):
            break
        time.sleep(0.05)
    assert gone(int(pid), Path(folder))
