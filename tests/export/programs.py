"""Programs that tests run in processes of their own. `python programs.py NAME`, settings from the environment."""

import atexit
import faulthandler
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from opentelemetry.sdk.trace import TracerProvider

import literalai_otel
from literalai_otel import LiteralClient, initialize
from literalai_otel import attributes as names
from literalai_otel.config import Config
from literalai_otel.export import Delivery, LiteralSpanProcessor
from literalai_otel.genai import SIDE_TABLE, Inference, Instrumentor, Recorder, finish_abandoned
from literalai_otel.genai.abandoned import end_later
from literalai_otel.model import Step, Thread

CHAT = {names.OPERATION_NAME: "chat", names.REQUEST_MODEL: "m"}


def make_delivery() -> Delivery:
    return Delivery.from_config(Config.load(), batch_size=5)


def step(step_id: str) -> Step:
    return Step(id=step_id, type="tool", name="look up")


def say_end() -> None:
    sys.stdout.write(f"end {time.time()}\n")
    sys.stdout.flush()


def spans() -> None:
    """20 spans, and out."""
    provider = TracerProvider()
    provider.add_span_processor(LiteralSpanProcessor(make_delivery(), client_name="c"))
    for _ in range(20):
        provider.get_tracer("app").start_span("chat m", attributes=CHAT).end()
    say_end()


def calls_to(delivery: Delivery) -> Callable[[], None]:
    """Makes a call of a model that succeeds: its span ends on the delivery thread."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(LiteralSpanProcessor(delivery, client_name="c"))
    recorder = Recorder("literalai_otel.instrumentors.openai", "1", provider)

    def call() -> None:
        recording = recorder.open(Inference(dict(CHAT)))
        assert recording is not None
        recording.complete()

    return call


def calls() -> None:
    """20 calls that are over, and out."""
    call = calls_to(make_delivery())
    for _ in range(20):
        call()
    say_end()


def calls_and_forks() -> None:
    """A child ends no span of its parent's."""
    delivery = Delivery.from_config(Config.load(), batch_size=1000)
    call = calls_to(delivery)
    for _ in range(3):
        call()
    if os.fork() == 0:
        call()
        os._exit(0 if delivery.flush(10).sent == 1 else 1)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
    assert delivery.flush(10).sent == 3
    say_end()


def one_step() -> None:
    """The shortest program: nothing of the HTTP library is loaded when it ends."""
    make_delivery().submit_step(step("only"))
    say_end()


def dies_before_its_child() -> None:
    """Killed after it has forked; the child, which inherited all open files, lives until it reads a line."""
    delivery = make_delivery()
    for number in range(5):
        delivery.submit_step(step(f"s{number}"))
    while delivery.flush(0.2).spooled < 5:
        pass
    if os.fork() == 0:
        sys.stdout.write("child\n")
        sys.stdout.flush()
        sys.stdin.readline()
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)


def two_projects() -> None:
    deliveries = [make_delivery(), make_delivery(), make_delivery()]
    for number, delivery in enumerate(deliveries):
        delivery.submit_step(step(f"s{number}"))
    say_end()


def hooks() -> None:
    """Hooks of the application run after `main`, before and after ours."""
    atexit.register(lambda: delivery.submit_step(step("too late")))
    delivery = make_delivery()
    atexit.register(lambda: delivery.submit_step(step("in a hook")))
    say_end()


def raises() -> None:
    delivery = make_delivery()
    delivery.submit_step(step("before"))
    raise SystemExit(3)


def forks() -> None:
    """What the parent queued is the parent's; each child starts empty and delivers its own."""
    delivery = Delivery.from_config(Config.load(), batch_size=1000)
    for number in range(3):
        delivery.submit_step(step(f"parent{number}"))
    for child in range(3):
        if os.fork() == 0:
            assert delivery.counters().accepted == 0
            delivery.submit_step(step(f"child{child}"))
            result = delivery.flush(10)
            os._exit(0 if result and result.sent == 1 else 1)
    statuses = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(3)]
    assert statuses == [0, 0, 0], statuses
    assert delivery.flush(10).sent == 3
    say_end()


def forked(child: Callable[[], object]) -> int:
    """The id of a child that does `child` and exits with 0. One that hangs says where, and exits with 1."""
    pid = os.fork()
    if pid == 0:
        faulthandler.dump_traceback_later(25, exit=True)
        child()
        faulthandler.cancel_dump_traceback_later()
        sys.exit(0)
    return pid


def status_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def forks_under_traffic() -> None:
    """Up to 60 forks while other threads are anywhere in the code that records and delivers."""
    client = LiteralClient()
    enough_at = time.monotonic() + 12
    stop = threading.Event()

    def record() -> None:
        while not stop.is_set():
            with client.thread(name="busy"), client.run(name="busy"), client.step(name="busy", type="tool"):
                client.message("hello")
            client.counters()
            time.sleep(0.005)

    def flush() -> None:
        while not stop.is_set():
            client.flush()
            time.sleep(0.002)

    def child(number: int) -> None:
        with client.thread(name="child"), client.run(name=f"child{number}"):
            pass
        if number % 3:  # the others leave it to the exit
            assert client.flush(20)

    threads = [threading.Thread(target=target, daemon=True) for target in (record, record, flush)]
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    for first in range(0, 60, 4):
        pids = [forked(partial(child, number)) for number in range(first, first + 4)]
        assert [status_of(pid) for pid in pids] == [0] * 4
        if time.monotonic() > enough_at:
            break
    stop.set()
    for thread in threads:
        thread.join()
    assert client.flush(20)


def forks_while_held() -> None:
    """At the fork, another thread is in the middle of what `HELD` names."""
    client = literalai_otel.init(instrument=False)
    held, released = threading.Event(), threading.Event()

    def hold(lock: Any) -> None:
        with lock:
            held.set()
            released.wait(30)

    class Prompt:
        @property
        def id(self) -> str:
            held.set()
            released.wait(30)
            return "prompt"

    def compute_surroundings() -> None:
        literalai_otel.set_properties(prompt=Prompt())
        literalai_otel.start_step(name="busy")

    class SlowImport:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "literalai_otel.export.retry":
                held.set()
                time.sleep(0.5)

    def begin_to_import() -> None:
        sys.meta_path.insert(0, SlowImport())
        Delivery.from_config(Config.load(), batch_size=5).submit_thread(Thread(id="busy"))

    delivery = client.delivery
    in_the_way: dict[str, Callable[[], object]] = {
        "delivery": partial(hold, delivery._changed),
        "warnings": partial(hold, delivery._losses._speaking),
        "connections": partial(hold, delivery._sender._lock),
        "side_table": partial(hold, SIDE_TABLE._lock),
        "set_up": partial(hold, initialize._process.lock),
        "instrumentors": partial(hold, Instrumentor._lock),
        "surroundings": compute_surroundings,
        "import": begin_to_import,
    }

    def child() -> None:
        assert literalai_otel.init() is client
        delivery._losses.note("rejected", 1)
        with literalai_otel.run(name="child"):
            pass
        assert client.flush(10).sent == 1

    thread = threading.Thread(target=in_the_way[os.environ["HELD"]], daemon=True)
    thread.start()
    assert held.wait(10)
    logging.getLogger("literalai_otel").disabled = True
    assert status_of(forked(child)) == 0
    released.set()
    thread.join()


def forks_while_streams_end() -> None:
    """One stream is being ended, another waits for its turn."""
    begun, released = threading.Event(), threading.Event()
    ended: list[int] = []

    def slowly() -> None:
        begun.set()
        released.wait(30)
        ended.append(os.getpid())

    def child() -> None:
        finish_abandoned()
        assert ended == []
        end_later(lambda: ended.append(os.getpid()))
        finish_abandoned()
        assert ended == [os.getpid()]

    end_later(slowly)
    assert begun.wait(10)
    end_later(lambda: ended.append(os.getpid()))
    assert status_of(forked(child)) == 0
    released.set()
    finish_abandoned()
    assert ended == [os.getpid()] * 2


def threads_outlive_main() -> None:
    """A service whose main thread only starts others."""

    def serve() -> None:
        threading.main_thread().join()
        delivery = make_delivery()
        for number in range(5):
            delivery.submit_step(step(f"s{number}"))
            assert delivery.flush(), number
        delivery.submit_step(step("last"))

    threading.Thread(target=serve).start()


def work(delivery: Delivery, name: str) -> None:
    delivery.submit_step(step(name))


def multiprocesses() -> None:
    """Such children leave without `atexit`."""
    delivery = make_delivery()
    delivery.submit_step(step("parent"))
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=work, args=(delivery, f"child{number}")) for number in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    say_end()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
