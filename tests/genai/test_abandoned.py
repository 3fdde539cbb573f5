"""Endings that wait for nobody, and hold no lock."""

import gc
import os
import subprocess
import sys
import threading

import pytest

from literalai_otel.genai import finish_abandoned
from literalai_otel.genai.abandoned import end_later


def test_an_ending_runs_on_another_thread() -> None:
    ran = threading.Event()
    where: list[int] = []

    def ending() -> None:
        where.append(threading.get_ident())
        ran.set()

    end_later(ending)
    assert ran.wait(5)
    assert where != [threading.get_ident()]


def test_a_failing_ending_does_not_stop_the_others() -> None:
    ran: list[int] = []
    for number in range(5):
        end_later(lambda number=number: ran.append(number) if number != 2 else 1 / 0)
    finish_abandoned()
    settled = threading.Event()
    end_later(settled.set)
    assert settled.wait(5)
    assert sorted(ran) == [0, 1, 3, 4]


def test_finishing_waits_for_what_another_thread_has_begun() -> None:
    begun, released = threading.Event(), threading.Event()
    ended: list[int] = []

    def ending() -> None:
        begun.set()
        released.wait(5)
        ended.append(1)

    end_later(ending)
    assert begun.wait(5)
    timer = threading.Timer(0.05, released.set)
    timer.start()
    finish_abandoned()
    assert ended == [1]
    timer.join()


def test_an_ending_may_finish_the_others() -> None:
    ended: list[str] = []

    def ending() -> None:
        finish_abandoned()
        ended.append("outer")

    end_later(ending)
    end_later(lambda: ended.append("inner"))
    finish_abandoned()
    assert sorted(ended) == ["inner", "outer"]


def test_a_stream_collected_while_the_side_table_is_locked_blocks_nobody() -> None:
    from literalai_otel.genai import SIDE_TABLE

    class Stream:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            end_later(lambda: SIDE_TABLE.take((1, 1)))

    Stream()
    with SIDE_TABLE._lock:
        gc.collect()
    finish_abandoned()


SCRIPT = """
import openai, sys
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from literalai_otel.testing import FakeProvider
from literalai_otel_openai import OpenAIInstrumentor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=lambda span: "ended " + str(
    span.attributes.get("literalai.stream.outcome")) + "\\n")))
OpenAIInstrumentor().instrument(tracer_provider=provider)
server = FakeProvider().start()
client = openai.OpenAI(base_url=server.base_url, api_key="k")
stream = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
next(stream)
"""
FORK = """
import gc, os
pid = os.fork()
if pid == 0:
    {leave}
    sys.exit(0)
os.waitpid(pid, 0)
print("parent", flush=True)
"""


def forked(leave: str) -> object:
    mark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    return pytest.param(SCRIPT + FORK.format(leave=leave), marks=mark, id=f"forked child: {leave}")


@pytest.mark.parametrize(
    "script",
    [pytest.param(SCRIPT, id="exit"), forked("pass"), forked("stream.close()"), forked("del stream; gc.collect()")],
)
def test_a_stream_that_is_open_at_exit_ends_once(script: str) -> None:
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("ended") == 1
    assert "ended abandoned" in ran.stdout
    if "parent" in ran.stdout:
        assert ran.stdout.index("parent") < ran.stdout.index("ended")
