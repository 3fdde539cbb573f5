"""A user's program that makes model calls with a spool, and what tests of the spool ask a server for.

    python benchmarks/calls.py NAME --url SERVER --provider PROVIDER --folder SPOOL --calls 25 --processes 20

It forks into the processes before it sets Literal up in each. Each call says `NAME:NUMBER`, five are a thread.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import openai

import literalai_otel
from literalai_otel.api import SyncApi
from literalai_otel.model import ChatGeneration

KEY = "key-of-the-spool-test"
COMMAND = [sys.executable, "-c", "from literalai_otel.cli import main; main()"]
PER_THREAD = 5
ALIVE = "*"


def start(name: str, url: str, provider: str, folder: Path, **options: object) -> "subprocess.Popen[str]":
    """This program, in a process of its own."""
    given = {"url": url, "provider": provider, "folder": folder, **options}
    arguments = [text for option, value in given.items() for text in (f"--{option}", str(value))]
    return subprocess.Popen([sys.executable, __file__, name, *arguments], env=clean_environment(), text=True)


def main() -> None:
    """Make the calls."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--url", required=True)
    parser.add_argument("--provider", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--log", help="a file for the name of each call that has returned, and the time")
    options = parser.parse_args()
    if options.processes == 1:
        make_calls(options.name, options)
        return
    pids: list[int] = []
    for number in range(options.processes):
        pid = os.fork()
        if pid == 0:
            make_calls(f"{options.name}{number}", options)
            return
        pids.append(pid)
    sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0 for pid in pids))


def make_calls(name: str, options: argparse.Namespace) -> None:
    """The part of one process."""
    literalai_otel.init(api_key=KEY, api_url=options.url, spool_dir=options.folder, flush_timeout=60.0)
    client = openai.OpenAI(base_url=f"{options.provider}/v1", api_key="test")
    with open(options.log or os.devnull, "a", buffering=1, encoding="ascii") as log:
        if options.log:
            threading.Thread(target=show_life, args=(log,), daemon=True).start()
        for first in range(0, options.calls, PER_THREAD):
            with literalai_otel.thread(thread_id=f"{name}-{first}"):
                for number in range(first, min(first + PER_THREAD, options.calls)):
                    label = f"{name}:{number}"
                    client.chat.completions.create(model="m", messages=[{"role": "user", "content": label}])
                    log.write(f"{label} {time.monotonic()}\n")


def show_life(log: TextIO) -> None:
    """Log that the process runs, as long as the machine lets it."""
    while True:
        log.write(f"{ALIVE} {time.monotonic()}\n")
        time.sleep(0.005)


def clean_environment() -> dict[str, str]:
    """Without anything that steers us."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("LITERAL_", "OTEL_", "DATABASE_"))
    }


@contextlib.contextmanager
def server(data_dir: Path) -> Iterator[str]:
    """`literalai-otel serve`; yields its address."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--data-dir", str(data_dir)],
        env={**clean_environment(), "LITERAL_API_KEY": KEY, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found, "the server did not start"
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def replay(url: str, folder: Path) -> dict[str, object]:
    """What `literalai-otel replay` reports."""
    done = subprocess.run(
        [*COMMAND, "replay", "--json", "--dir", str(folder), "--url", url, "--api-key", KEY],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def stored(url: str) -> dict[str, tuple[str, str]]:
    """The generations that the server has: step id -> label of the call, thread."""
    found: dict[str, tuple[str, str]] = {}
    after = None
    with SyncApi(url, KEY, timeout=60) as api:
        while True:
            page = api.get_steps(first=500, after=after)
            for step in page.data:
                if isinstance(step.generation, ChatGeneration) and step.generation.messages:
                    found[step.id] = (str(step.generation.messages[0]["content"]), str(step.thread_id))
            if not page.page_info.has_next_page:
                return found
            after = page.page_info.end_cursor


if __name__ == "__main__":
    main()
