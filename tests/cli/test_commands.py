"""`show` and `tail` against a real server: what they print, for whom, and what they say when something is wrong."""

import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

from literalai_otel.cli.tail import Interruption, arrivals
from literalai_otel.model import ChatGeneration, Step

from .conftest import COMMAND, clean_environment


def closed_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_show_draws_the_thread_that_was_active_last(command, api, trip):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    api.send_steps([Step(id="trip-last", name="last", type="run", thread_id=trip, start_time=now, end_time=now)])
    shown = command("show")
    lines = shown.stdout.splitlines()
    assert shown.exit_code == 0
    assert lines[0].startswith("Thread  Trip to Lisbon · 3 runs · 1 generation · 508 tokens · 7.6 s")
    assert lines[0].endswith("user john.doe@example.com")
    assert [line.split("  ")[0] for line in lines[1:4]] == ["├─ run", "│", "│"]
    words = " ".join(shown.stdout.split())
    assert 'llm small · chat · stream 412 → 96 1.9 s first token 210 ms "Go to 東京"' in words
    assert 'tool get_weather(city="Lisbon") 4.3 s ✗ no sky' in words
    assert lines[-1] == "id trip tags demo"
    assert "\x1b" not in shown.stdout
    assert max(len(line) for line in lines) <= 120


@pytest.mark.parametrize("identity", ["trip-run", "trip-llm"])
def test_show_of_a_step_draws_it_and_what_is_below(command, trip, identity):
    shown = command("show", identity)
    assert shown.exit_code == 0
    assert shown.stdout.count("\n") == {"trip-run": 3, "trip-llm": 1}[identity]
    assert "other" not in shown.stdout


def test_show_of_a_run_without_a_thread(command, api):
    times = {"start_time": "2026-01-01T08:00:00Z", "end_time": "2026-01-01T08:00:01Z"}
    api.send_steps(
        [
            Step(id="leaf", name="leaf", type="tool", parent_id="middle", root_run_id="alone", **times),
            Step(id="middle", name="middle", type="undefined", parent_id="alone", root_run_id="alone", **times),
            Step(id="alone", name="alone", type="run", **times),
        ]
    )
    shown = command("show", "alone")
    assert [line.split()[-3] for line in shown.stdout.splitlines()] == ["alone", "middle", "leaf"]
    below = command("show", "middle")
    assert [line.split()[-3] for line in below.stdout.splitlines()] == ["middle", "leaf"]


def test_what_the_server_estimated_is_marked(command, api):
    times = {"start_time": "2026-01-01T08:00:00Z", "end_time": "2026-01-01T08:00:01Z"}
    said = {
        "messages": [{"role": "user", "content": "hi"}],
        "message_completion": {"role": "assistant", "content": "ho"},
    }
    call = Step(id="guessed", type="llm", thread_id="uncounted", generation=ChatGeneration(model="m", **said), **times)
    api.send_steps([call])
    for shown in (command("show", "uncounted"), command("tail", "--no-follow", "--thread", "uncounted")):
        assert "m · chat ~1 → ~1" in " ".join(shown.stdout.split())
    assert "1 generation · ~2 tokens" in command("show", "uncounted").stdout


def test_show_as_json_is_what_is_stored(command, trip):
    thread = json.loads(command("show", trip, "--json").stdout)
    assert (thread["name"], thread["participant"]["identifier"]) == ("Trip to Lisbon", "john.doe@example.com")
    (llm,) = [step for step in thread["steps"] if step["id"] == "trip-llm"]
    assert llm["generation"]["ttFirstToken"] == 210
    alone = json.loads(command("show", "trip-llm", "--json").stdout)
    assert alone["steps"][0]["generation"] == llm["generation"]


def test_show_of_nothing_names_what_to_do(command):
    missing = command("show", "no-such-id")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "no thread and no step has the id no-such-id" in missing.stderr
    assert "fix: " in missing.stderr


@pytest.mark.parametrize("words", [["show"], ["tail", "--no-follow"]], ids=" ".join)
@pytest.mark.parametrize(
    ("wrong", "status", "problem", "fix"),
    [
        ({"LITERAL_API_URL": ""}, 2, "no server address is set", "literalai-otel serve"),
        ({"LITERAL_API_KEY": ""}, 2, "no API key is set", "LITERAL_API_KEY"),
        ({"LITERAL_API_URL": "localhost"}, 2, "must start with http", "correct the setting"),
        ({"LITERAL_API_KEY": "another"}, 1, "refused the API key (401)", "--api-key"),
        ({"LITERAL_API_URL": "closed"}, 1, "cannot connect", "literalai-otel serve"),
    ],
    ids=["no address", "no key", "malformed address", "wrong key", "nobody there"],
)
def test_what_is_wrong_is_said_with_its_fix(command, monkeypatch, words, wrong, status, problem, fix):
    for name, value in wrong.items():
        monkeypatch.setenv(name, closed_address() if value == "closed" else value)
    done = command(*words)
    assert (done.exit_code, done.stdout) == (status, "")
    error, advice = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert problem in error
    assert advice.startswith("  fix: ")
    assert fix in advice


def test_options_win_over_the_environment(command, server, monkeypatch):
    key = os.environ["LITERAL_API_KEY"]
    monkeypatch.setenv("LITERAL_API_URL", closed_address())
    monkeypatch.setenv("LITERAL_API_KEY", "another")
    assert command("tail", "--no-follow", "--url", server.url, "--api-key", key).exit_code == 0


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--type", "llm"], ["trip-llm"]),
        (["--errors"], ["trip-tool"]),
        ([], ["trip-run", "trip-llm", "trip-tool", "trip-other"]),
        (["-n", "1"], ["trip-other"]),
        (["-n", "0"], []),
    ],
)
def test_tail_filters_the_past(command, trip, api, options, names):
    if "trip-last" in {step.id for step in api.get_steps(filters=[]).data}:
        api.delete_step("trip-last")
    done = command("tail", "--no-follow", "--thread", trip, "--json", *options)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == names
    assert done.exit_code == 0


def test_tail_indents_steps_under_their_run(command, trip):
    lines = command("tail", "--no-follow", "--thread", trip, "--type", "tool").stdout.splitlines()
    assert lines[0].startswith('   tool     get_weather(city="Lisbon")')


def test_tail_refuses_an_unknown_type(command):
    done = command("tail", "--type", "llama")
    assert done.exit_code == 2
    assert "there is no step type llama" in done.stderr
    assert "user_message" in done.stderr


def test_tail_follows_each_step_once_until_ctrl_c(api, server):
    process = subprocess.Popen(
        [COMMAND, "tail", "--thread", "followed", "--json", "--every", "0.05"],
        env=clean_environment() | server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    api.send_steps([Step(id="followed-0", type="run", thread_id="followed")])
    seen = [json.loads(process.stdout.readline())["id"]]
    for number in range(1, 40, 3):
        api.send_steps([Step(id=f"followed-{n}", type="run", thread_id="followed") for n in range(number, number + 3)])
        seen += [json.loads(process.stdout.readline())["id"] for _ in range(3)]
    api.send_steps([Step(id="followed-0", name="again", type="run", thread_id="followed")])
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=20)
    assert seen == [f"followed-{number}" for number in range(40)]
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_that_is_lost_in_a_finalizer_ends_tail_all_the_same(api):
    class Finalized:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with Interruption() as stop:
        assert not stop.asked_for()
        Finalized()  # the interpreter ignores the exception
        assert list(arrivals(api, [], past=0, every=0.05, stopped=stop.asked_for)) == []
    assert signal.getsignal(signal.SIGINT) is before


def test_a_terminal_gets_colours_and_its_own_width(server, trip):
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 64, 0, 0))
    environment = clean_environment() | server.environment | {"TERM": "xterm-256color"}
    process = subprocess.Popen([COMMAND, "show", trip], env=environment, stdout=follower, stderr=follower)
    os.close(follower)
    shown = b""
    while True:
        try:
            shown += os.read(leader, 65536)
        except OSError:
            break
    os.close(leader)
    assert process.wait(20) == 0
    assert b"\x1b[" in shown
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown.decode())
    # Two characters of this tree are two cells wide.
    assert max(len(line) for line in plain.splitlines()) <= 64


def test_show_needs_nothing_of_the_server_extra(server, trip):
    program = (
        "import sys\n"
        "for name in ('starlette', 'uvicorn', 'graphql', 'sqlalchemy', 'alembic', 'platformdirs'):\n"
        "    sys.modules[name] = None\n"
        "from literalai_otel.cli import main\n"
        "sys.argv = ['literalai-otel', 'show', 'trip']\n"
        "main()\n"
    )
    done = subprocess.run(
        [os.path.join(os.path.dirname(COMMAND), "python"), "-c", program],
        env=clean_environment() | server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Thread  Trip to Lisbon")


@pytest.mark.parametrize("words", [[], ["show"], ["tail"], ["serve"]], ids=" ".join)
def test_help_teaches(command, words):
    done = command(*words, "--help")
    assert done.exit_code == 0
    assert "Usage: " in done.stdout
    assert len(done.stdout.splitlines()) > 12


def test_version(command):
    from literalai_otel import __version__

    assert command("--version").stdout == f"literalai-otel {__version__}\n"
