"""Leaving, in processes of their own (`programs.py`)."""

import re

import pytest

SLACK_S = 4.0
"""What a busy machine may add."""


@pytest.mark.feature("O-07")
@pytest.mark.parametrize(("program", "stored"), [("spans", 20), ("calls", 20), ("one_step", 1), ("two_projects", 3)])
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
    assert ended.seconds < 5 + SLACK_S
    assert len(ended.lines) == (1 if program == "spans" else 3), "one line for each delivery"
    assert all("lost" in line and "flush" in line for line in ended.lines)
    assert "20 steps" in ended.lines[0] or program != "spans"


def test_leaving_a_server_that_is_gone_does_not_take_all_of_its_time(run, unused_port):
    ended = run("spans", f"http://127.0.0.1:{unused_port}", LITERAL_FLUSH_TIMEOUT="20")
    assert ended.code == 0
    [line] = ended.lines
    assert "20 steps lost" in line
    assert "literalai-otel serve" in line, "had its time been over, the line would say so"


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
    assert ended.seconds < 3 + SLACK_S
    # One line for each kind: what is still being retried when the time is over is another kind of loss.
    counts_and_kinds = [re.fullmatch(r"Literal AI: (\d+) steps? lost: (.{30}).*", line) for line in ended.lines]
    assert all(counts_and_kinds), ended.lines
    assert sum(int(found[1]) for found in counts_and_kinds if found) == 20
    assert len({found[2] for found in counts_and_kinds if found}) == len(ended.lines)
    assert any(said in line for line in ended.lines)


def test_the_time_for_leaving_is_a_setting(sink, run, answer):
    sink.always = answer(hang=True)
    ended = run("spans", LITERAL_FLUSH_TIMEOUT="0.2")
    assert ended.seconds < 4, "by default it is more"


def test_a_hook_of_the_application_may_still_record(sink, run):
    ended = run("hooks")
    assert list(sink.steps) == ["in a hook"]
    [line] = ended.lines
    assert "1 step lost" in line


def test_threads_may_outlive_the_main_one(sink, run):
    """Nothing is about to end then: each flush has all of its time, however long the threads run."""
    sink.delay = 1
    ended = run("threads_outlive_main", LITERAL_FLUSH_TIMEOUT="4")
    assert (ended.code, ended.lines) == (0, [])
    assert set(sink.steps) == {"s0", "s1", "s2", "s3", "s4", "last"}
