"""Programs that tests run in processes of their own. `python programs.py NAME`, settings from the environment."""

import atexit
import multiprocessing
import os
import sys
import threading
import time

from opentelemetry.sdk.trace import TracerProvider

from literalai_otel import attributes as names
from literalai_otel.config import Config
from literalai_otel.export import Delivery, LiteralSpanProcessor
from literalai_otel.model import Step

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


def one_step() -> None:
    """The shortest program: nothing of the HTTP library is loaded when it ends."""
    make_delivery().submit_step(step("only"))
    say_end()


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


def forks_while_busy() -> None:
    """The lock may be held by another thread at the moment of the fork."""
    delivery = make_delivery()
    stop = threading.Event()

    def produce(name: int) -> None:
        number = 0
        while not stop.is_set():
            delivery.submit_step(step(f"busy{name}-{number}"))
            number += 1
            time.sleep(0.0005)

    threads = [threading.Thread(target=produce, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for child in range(15):
        pid = os.fork()
        if pid == 0:
            delivery.submit_step(step(f"child{child}"))
            os._exit(0 if delivery.flush(10) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    stop.set()
    for thread in threads:
        thread.join()
    assert delivery.flush(20)
    say_end()


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
