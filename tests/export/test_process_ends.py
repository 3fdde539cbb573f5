"""Exit and fork, in processes of their own."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).with_name("programs.py")


@dataclass
class Ended:
    code: int
    seconds: float
    lines: list[str]


Run = Callable[..., Ended]


@pytest.fixture
def run(sink) -> Run:
    """Runs a program; `seconds` is the time from its last line to the end of the process."""

    def run_program(name: str, url: str = sink.url, **environment: str) -> Ended:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("LITERAL_", "OTEL_"))}
        ended = subprocess.run(
            # Python's own remark on any fork beside a thread.
            [sys.executable, "-W", "ignore:This process:DeprecationWarning", str(PROGRAMS), name],
            env={**kept, "LITERAL_API_URL": url, "LITERAL_API_KEY": "key", **environment},
            capture_output=True,
            text=True,
            timeout=40,
        )
        gone = time.time()
        said = [line for line in ended.stdout.splitlines() if line.startswith("end ")]
        seconds = gone - float(said[0].split()[1]) if said else 0.0
        return Ended(ended.returncode, seconds, ended.stderr.splitlines())

    return run_program


@pytest.mark.feature("O-07")
@pytest.mark.parametrize(("program", "stored"), [("spans", 20), ("one_step", 1), ("two_projects", 3)])
def test_leaving_delivers_and_says_nothing(sink, run, program: str, stored: int):
    ended = run(program)
    assert (ended.code, ended.lines) == (0, [])
    assert len(sink.steps) == stored


def test_an_exit_status_is_kept(sink, run):
    ended = run("raises")
    assert (ended.code, ended.lines) == (3, [])
    assert list(sink.steps) == ["before"]


@pytest.mark.parametrize("program", ["spans", "two_projects"])
def test_leaving_past_a_black_hole_keeps_its_time(sink, run, answer, program: str):
    sink.always = answer(hang=True)
    ended = run(program)
    assert ended.code == 0
    assert ended.seconds < 5
    assert len(ended.lines) == (1 if program == "spans" else 3), "one line for each delivery"
    assert all("lost" in line and "flush" in line for line in ended.lines)
    assert "20 steps" in ended.lines[0] or program != "spans"


def test_leaving_a_server_that_is_gone_is_quick(run, unused_port):
    ended = run("spans", f"http://127.0.0.1:{unused_port}")
    assert ended.code == 0
    assert ended.seconds < 4
    [line] = ended.lines
    assert "20 steps lost" in line
    assert "literalai-otel serve" in line


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, '{"errors": [{"message": "Invalid API key"}]}', "LITERAL_API_KEY"),
        (200, "<html>shop</html>", "LITERAL_API_URL"),
        (404, "", "refuses"),
        (413, "", "too large"),
        (429, "", "steps lost"),
        (500, "", "steps lost"),
        (503, "", "steps lost"),
    ],
)
def test_leaving_a_server_that_fails_costs_one_line(sink, run, answer, status: int, body: str, said: str):
    sink.always = answer(status=status, body=body, headers={"retry-after": "60"} if status == 429 else {})
    ended = run("spans", LITERAL_FLUSH_TIMEOUT="3")
    assert ended.code == 0
    assert ended.seconds < 3.5
    # One line for each kind: what is still being retried when the time is over is another kind of loss.
    counts_and_kinds = [re.fullmatch(r"Literal AI: (\d+) steps? lost: (.{30}).*", line) for line in ended.lines]
    assert all(counts_and_kinds), ended.lines
    assert sum(int(found[1]) for found in counts_and_kinds if found) == 20
    assert len({found[2] for found in counts_and_kinds if found}) == len(ended.lines)
    assert any(said in line for line in ended.lines)


def test_the_time_for_leaving_is_a_setting(sink, run, answer):
    sink.always = answer(hang=True)
    ended = run("spans", LITERAL_FLUSH_TIMEOUT="1")
    assert ended.seconds < 1.5


def test_a_hook_of_the_application_may_still_record(sink, run):
    ended = run("hooks")
    assert list(sink.steps) == ["in a hook"]
    [line] = ended.lines
    assert "1 step lost" in line


@pytest.mark.feature("L-CLI-13")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
class TestFork:
    def test_nothing_is_sent_twice_and_nothing_is_lost(self, sink, run):
        ended = run("forks")
        assert (ended.code, ended.lines) == (0, [])
        expected = {f"{name}{number}" for name in ("parent", "child") for number in range(3)}
        assert Counter(sink.arrivals) == Counter(expected)

    def test_a_busy_parent_does_not_lock_its_children(self, sink, run):
        ended = run("forks_while_busy")
        assert (ended.code, ended.lines) == (0, [])
        assert {name for name in sink.arrivals if name.startswith("child")} == {f"child{n}" for n in range(15)}
        assert max(Counter(sink.arrivals).values()) == 1

    def test_children_of_multiprocessing_deliver_when_they_end(self, sink, run):
        ended = run("multiprocesses")
        assert (ended.code, ended.lines) == (0, [])
        assert Counter(sink.arrivals) == Counter(["parent", "child0", "child1", "child2"])
