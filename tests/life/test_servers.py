"""The programs of docs/production.md under real application servers: restarted, recycled, killed, frozen."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from programs import BIN, free_port, wait_until_listening

from .conftest import Program, get

pytestmark = pytest.mark.timeout(240)


def children_of(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


def answer_of(url: str, seconds: float = 60) -> str:
    """What a server says that may be restarting."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return get(url)
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.1)


def nothing_said(program: Program) -> bool:
    return "Literal AI" not in program.said() and "Traceback" not in program.said()


@pytest.mark.feature("L-CLI-13")
@pytest.mark.parametrize(
    ("name", "options"),
    [("preloaded", ["--preload"]), ("greenlets", ["--worker-class", "gevent"])],
)
def test_gunicorn_workers_that_are_killed_restarted_and_stopped_lose_no_call(start, page, asked, name, options):
    page("wsgi.py")
    port = free_port()
    url = f"http://127.0.0.1:{port}/{name}"
    listen = ("--bind", f"127.0.0.1:{port}", "--log-level", "warning")
    program = start(BIN / "gunicorn", *listen, "--workers", 1, *options, "wsgi:app", zero_code=True)
    master = program.process.pid
    wait_until_listening(port, 60)

    answer_of(f"{url}-1")
    assert asked(name, 1) == [f"{name}-1"], "a worker delivers while it runs"
    (worker,) = children_of(master)
    os.kill(worker, signal.SIGKILL)
    answer_of(f"{url}-2")
    (worker,) = children_of(master)
    os.kill(master, signal.SIGHUP)
    wait_until(lambda: worker not in children_of(master), "the old worker has left")
    answer_of(f"{url}-3")
    assert program.signalled(signal.SIGTERM) == 0
    assert asked(name, 3, 1) == [f"{name}-{number}" for number in (1, 2, 3)]
    assert nothing_said(program), program.said()


@pytest.mark.parametrize("zero_code", [True, False], ids=["zero code, reloading", "init() in the application"])
def test_uvicorn_processes_that_are_reloaded_and_stopped_lose_no_call(start, page, asked, zero_code: bool):
    app = page("asgi.py")
    name = "reloaded" if zero_code else "lifespan"
    if zero_code:  # the page's lifespan is for those who call init() themselves
        source = app.read_text(encoding="utf-8").replace("literalai_otel.init()\n", "")
        app.write_text(source.replace("await asyncio.to_thread(literalai_otel.flush)", "pass"), encoding="utf-8")
    port = free_port()
    if zero_code:
        words = (BIN / "uvicorn", "asgi:app", "--port", port, "--log-level", "warning", "--reload")
    else:  # this way uvicorn takes SIGTERM before it imports the application
        words = (sys.executable, "-c", f"from uvicorn import *; Server(Config('asgi:app', port={port})).run()")
    program = start(*words, zero_code=zero_code)
    wait_until_listening(port, 60)

    answer_of(f"http://127.0.0.1:{port}/{name}-1")
    if zero_code:
        before = children_of(program.process.pid)
        source = app.read_text(encoding="utf-8")
        app.write_text(source.replace('"content": question', '"content": question + "-anew"'), encoding="utf-8")
        wait_until(lambda: not before <= children_of(program.process.pid), "the old process has left")
    answer_of(f"http://127.0.0.1:{port}/{name}-2" + ("" if zero_code else "-anew"))
    assert program.signalled(signal.SIGTERM) in (0, -signal.SIGTERM)
    assert asked(name, 2, 1) == [f"{name}-1", f"{name}-2-anew"]
    assert nothing_said(program), program.said()


def test_celery_recycles_its_processes_and_loses_no_call(start, page, asked, tmp_path: Path):
    page("tasks.py")
    (tmp_path / "queue").mkdir()
    settings = f"""
broker_url = "filesystem://"
broker_transport_options = dict(data_folder_in={str(tmp_path / "queue")!r}, data_folder_out={str(tmp_path / "queue")!r},
    control_folder={str(tmp_path / "control")!r})
worker_enable_remote_control = False
worker_send_task_events = False
worker_hijack_root_logger = False
"""
    (tmp_path / "celeryconfig.py").write_text(settings, encoding="utf-8")
    questions = [f"task-{number}" for number in range(5)]
    sender = f"import tasks\nfor question in {questions}: tasks.ask.delay(question)"
    assert start(sys.executable, "-c", sender).ends() == 0
    worker = start(
        *(BIN / "celery", "--app", "tasks", "worker", "--concurrency", 1, "--max-tasks-per-child", 2),
        *("--without-mingle", "--without-gossip", "--loglevel", "info"),
        zero_code=True,
    )
    worker.wait_until_it_says("succeeded in", times=5, seconds=90)
    assert worker.signalled(signal.SIGTERM) == 0
    assert asked("task-", 5, 1) == questions
    assert nothing_said(worker), worker.said()


PLATFORM = """
import json, sys, handler
for line in sys.stdin:
    print(json.dumps(handler.handler(json.loads(line), None)), flush=True)
"""


def test_a_process_that_is_frozen_between_invocations_has_delivered_each(start, page, asked):
    page("handler.py")
    function = start(sys.executable, "-c", PLATFORM, stdin=True)
    pipe = function.process.stdin
    for number in range(3):
        with suppress(ProcessLookupError):
            os.kill(function.process.pid, signal.SIGCONT)
        pipe.write(f'{{"question": "frozen-{number}"}}\n')
        pipe.flush()
        function.wait_until_it_says("answer", times=number + 1, seconds=60)
        os.kill(function.process.pid, signal.SIGSTOP)
        assert asked("frozen-", number + 1, 1) == [f"frozen-{done}" for done in range(number + 1)]
    function.process.kill()
    function.ends()
    assert nothing_said(function), function.said()
