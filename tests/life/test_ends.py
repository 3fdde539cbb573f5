"""How a program of one process ends, and what is stored then: every call, whatever the end, without a line about it."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from .conftest import SLACK_S

pytestmark = pytest.mark.timeout(180)

ASK = """
import json, os, signal, sys, threading, time
import literalai_otel
literalai_otel.init()
from opentelemetry import trace

def ask(question):
    # What an instrumentor makes of a call; no SDK needs to be imported for it.
    messages = [{"role": "user", "parts": [{"type": "text", "content": f"{os.environ['PREFIX']} {question}"}]}]
    said = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.input.messages": json.dumps(messages)}
    trace.get_tracer("app").start_span("chat m", attributes=said).end()
"""


@dataclass(frozen=True)
class End:
    """A program, how many calls it makes, the status it ends with and the end of what it writes."""

    source: str
    calls: int
    status: int = 0
    says: str = ""


ENDS = {
    "sys.exit": End("ask(1); sys.exit(3)", 1, status=3),
    "an unhandled exception": End("ask(1); raise ValueError('ours')", 1, status=1, says="ValueError: ours\n"),
    "an interrupt": End(
        "ask(1); literalai_otel.flush(); ask(2); signal.raise_signal(signal.SIGINT)",
        2,
        -signal.SIGINT,
        says="KeyboardInterrupt\n",
    ),
    "SIGTERM": End("ask(1); os.kill(os.getpid(), signal.SIGTERM); time.sleep(30)", 1, -signal.SIGTERM),
    "SIGTERM inside of delivery": End(
        """
from literalai_otel.export.lifecycle import PROCESS_ENDS
(delivery,) = PROCESS_ENDS._deliveries
ask(1)
with delivery._changed:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.1)
time.sleep(30)
""",
        1,
        -signal.SIGTERM,
    ),
    "SIGTERM, handled": End(
        """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
ask(1)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(30)
""",
        1,
        status=7,
    ),
    "SIGTERM, ignored": End(
        """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGTERM)
ask(1)
""",
        1,
    ),
    "SIGTERM in a thread's time": End(
        """
def work():
    for number in range(3):
        ask(number)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=work, daemon=True).start()
while True:
    time.sleep(30)
""",
        3,
        -signal.SIGTERM,
    ),
    "threads": End(
        """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    list(pool.map(ask, range(8)))
threading.Thread(target=lambda: (threading.main_thread().join(), ask("late"))).start()
""",
        9,
    ),
    "asyncio": End(
        """
import asyncio
async def later(question):
    await asyncio.sleep(0.01)
    ask(question)
async def endless():
    try:
        await asyncio.sleep(1000)
    finally:
        ask("cancelled")
async def main():
    task = asyncio.create_task(endless())
    await asyncio.gather(*map(later, range(4)))
    signal.raise_signal(signal.SIGTERM)
    ask("not reached")
asyncio.run(main())
""",
        4,
        -signal.SIGTERM,
    ),
    "multiprocessing, forked": End(
        """
import multiprocessing
context = multiprocessing.get_context("fork")
ask("parent")
children = [context.Process(target=ask, args=(number,)) for number in range(2)]
for child in children: child.start()
for child in children: child.join()
sys.exit(max(child.exitcode for child in children))
""",
        3,
    ),
    "multiprocessing, spawned": End(
        """
import multiprocessing
if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=ask, args=("child",))
    child.start(); child.join()
    sys.exit(child.exitcode)
""",
        1,
    ),
    "a process of Celery's pool": End(
        """
from celery.signals import worker_process_shutdown
ask(1)
worker_process_shutdown.send(sender=None, pid=os.getpid(), exitcode=0)
os._exit(0)
""",
        1,
    ),
    "a pool that is terminated": End(
        """
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool:
    pool.map(ask, range(2))
""",
        2,
    ),
}


@pytest.mark.feature("O-07")
@pytest.mark.parametrize("name", ENDS)
def test_whatever_the_end_every_call_is_stored(start, asked, name: str):
    end = ENDS[name]
    program = start.python(ASK + end.source, PREFIX=name, LITERAL_FLUSH_TIMEOUT="20")
    status = program.ends()
    assert (status, len(asked(f"{name} ", end.calls, 1))) == (end.status, end.calls), program.said()
    said = program.said()
    assert said.endswith(end.says) and ("Literal" not in said), said
    assert said == "" or end.says


def test_the_signal_handler_is_there_only_where_nobody_has_a_say(start):
    program = start.python(
        """
        import signal, threading
        import literalai_otel
        thread = threading.Thread(target=literalai_otel.init)
        thread.start(); thread.join()
        print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
        literalai_otel.client.LiteralClient()
        print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
        """
    )
    assert (program.ends(), program.said()) == (0, "True\nTrue\n")


@contextmanager
def black_hole() -> Iterator[str]:
    """An address that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.serial
@pytest.mark.parametrize("name", ["SIGTERM", "sys.exit"])
def test_a_server_that_never_answers_costs_the_time_out_and_one_line(start, name: str):
    with black_hole() as url:
        source = ASK + f"ask(1); print(time.time(), flush=True); {ENDS[name].source.partition(';')[2]}"
        program = start.python(source, PREFIX=name, LITERAL_API_URL=url, LITERAL_FLUSH_TIMEOUT="2")
        status = program.ends()
        ended = time.time()
    first, *lines = program.said().splitlines()
    assert status == ENDS[name].status
    assert ended - float(first) < 2 + SLACK_S
    assert len(lines) == 1
    assert "1 step lost" in lines[0]
    assert "LITERAL_FLUSH_TIMEOUT" in lines[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="a process of its own pid namespace needs root")
def test_process_1_of_a_container_goes_on_after_a_signal_that_does_not_end_it(start, asked):
    source = ASK + "ask(1); os.kill(os.getpid(), signal.SIGTERM); ask(2); os.kill(os.getpid(), signal.SIGTERM); ask(3)"
    (start.folder / "first.py").write_text(source, encoding="utf-8")
    program = start("unshare", "--fork", "--pid", sys.executable, "first.py", PREFIX="first")
    if program.ends() and "unshare" in program.said():
        pytest.skip("no pid namespaces here")
    assert (program.ends(), program.said()) == (0, "")
    assert len(asked("first ", 3, 1)) == 3
