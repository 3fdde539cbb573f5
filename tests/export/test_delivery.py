"""Delivery over the real API to a loopback server: batches, order, environments, bounds, numbers that add up."""

import itertools
import subprocess
import sys
import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from opentelemetry.trace import SpanKind

from literalai_otel.api import SyncApi
from literalai_otel.attributes import OPERATION_NAME, REQUEST_MODEL
from literalai_otel.export import Counters, FlushResult, breath
from literalai_otel.model import Thread

from .waiting import wait_until

CHAT = {OPERATION_NAME: "chat", REQUEST_MODEL: "m", "gen_ai.usage.output_tokens": 7}


def balanced(counters: Counters) -> bool:
    return counters.accepted == counters.sent + sum(counters.dropped.values()) + counters.queued


def test_a_burst_from_four_threads_loses_nothing(sink, delivery_to, provider_for):
    delivery = delivery_to(sink.url, batch_size=100)
    tracer = provider_for(delivery).get_tracer("burst")

    def burst() -> None:
        for _ in range(1500):
            tracer.start_span("chat m", kind=SpanKind.CLIENT, attributes=CHAT).end()

    threads = [threading.Thread(target=burst) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = delivery.flush(30)
    assert result == FlushResult(sent=6000)
    assert result
    assert delivery.counters() == Counters(accepted=6000, sent=6000)
    assert len(sink.steps) == 6000
    assert max(len(batch) for batch in sink.batches) <= 100


def test_nothing_is_lost_between_the_caller_and_the_books(sink, delivery_to, provider_for):
    """What is left at the door without a lock is let in, whatever happens to the workers meanwhile."""
    delivery = delivery_to(sink.url, batch_size=20, linger=0.06)
    tracer = provider_for(delivery).get_tracer("four at a time")
    books: list[bool] = []
    over = threading.Event()

    def calls() -> None:
        for _ in range(1000):
            tracer.start_span("chat m", kind=SpanKind.CLIENT, attributes=CHAT).end()

    def disturbs() -> None:
        while not over.is_set():
            delivery.flush(0.01)
            books.append(balanced(delivery.counters()))
            delivery.shutdown(0.05)

    disturber = threading.Thread(target=disturbs)
    callers = [threading.Thread(target=calls) for _ in range(4)]
    for thread in (disturber, *callers):
        thread.start()
    for thread in callers:
        thread.join()
    over.set()
    disturber.join()
    assert delivery.flush(30).pending == 0
    counters = delivery.counters()
    assert all(books)
    assert counters.accepted == 4000
    assert counters.sent + sum(counters.dropped.values()) == 4000
    assert set(counters.dropped) <= {"timeout_at_exit"}
    assert counters.sent <= len(sink.steps) <= 4000, "what a stop gave up may have arrived"


@pytest.mark.feature("L-CLI-04")
@pytest.mark.parametrize("size", [1, 5, 100])
def test_batch_size_is_obeyed(sink, delivery_to, a_step, size: int):
    delivery = delivery_to(sink.url, batch_size=size)
    for number in range(2 * size + 2):
        delivery.submit_step(a_step(f"s{number}"))
    assert delivery.flush()
    assert max(len(batch) for batch in sink.batches) == size
    assert sum(len(batch) for batch in sink.batches) == 2 * size + 2


@pytest.mark.feature("O-07", "L-CLI-05")
def test_a_part_filled_batch_leaves_by_itself(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url, batch_size=5, linger=0.05)
    for name in ("first", "while workers idle", "again"):
        delivery.submit_step(a_step(name))
        wait_until(lambda name=name: name in sink.steps)
        wait_until(lambda: delivery.counters().queued == 0)


def test_a_part_filled_batch_leaves_while_a_request_hangs(sink, delivery_to, a_step, answer):
    sink.script.append(answer(hang=True))
    delivery = delivery_to(sink.url, batch_size=5, linger=0.05)
    delivery.submit_step(a_step("stuck"))
    wait_until(lambda: len(sink.requests) == 1)
    for name in ("meanwhile", "and again"):
        delivery.submit_step(a_step(name))
        wait_until(lambda name=name: name in sink.steps)
    sink.released.set()


@pytest.mark.feature("L-CLI-08")
def test_submitting_does_not_wait_for_the_server(sink, delivery_to, a_step, answer):
    sink.always = answer(hang=True)
    delivery = delivery_to(sink.url, batch_size=1)
    for number in range(50):
        delivery.submit_step(a_step(f"s{number}"))
    assert delivery.counters().queued == 50


def test_batches_are_bounded_by_bytes(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url, batch_size=100, batch_bytes=50_000)
    for number in range(20):
        delivery.submit_step(a_step(f"s{number}", output={"content": "x" * 20_000}))
    assert delivery.flush(10)
    assert max(request.size for request in sink.requests) < 60_000
    assert len(sink.steps) == 20


def test_requests_overlap_on_a_slow_link(sink, delivery_to, a_step):
    sink.delay = 0.05
    delivery = delivery_to(sink.url, batch_size=5)
    for number in range(200):
        delivery.submit_step(a_step(f"s{number}"))
    assert delivery.flush(10)
    moments = [(moment, change) for r in sink.requests for moment, change in ((r.started, 1), (r.ended, -1))]
    assert max(itertools.accumulate(change for _, change in sorted(moments))) == 4
    assert len({request.connection for request in sink.requests}) <= 4, "connections are kept alive"


def test_units_of_a_thread_never_overtake_one_another(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url, batch_size=3)
    for number in range(20):
        for name in ("t1", "t2", "t3", "t4", "t5"):
            if number % 7 == 0:
                delivery.submit_thread(Thread(id=name))
            delivery.submit_step(a_step(f"{name}/{number:02}", thread_id=name))
    assert delivery.flush(10)
    for name in ("t1", "t2", "t3", "t4", "t5"):
        mine = [arrival for arrival in sink.arrivals if arrival.startswith(name)]
        expected = []
        for number in range(20):
            expected += [name] * (number % 7 == 0) + [f"{name}/{number:02}"]
        assert mine == expected


def test_order_survives_retries(sink, delivery_to, a_step, answer):
    sink.script.extend([answer(status=503)] * 3)
    delivery = delivery_to(sink.url, batch_size=2)
    for number in range(6):
        delivery.submit_step(a_step(f"s{number}", thread_id="t"))
    result = delivery.flush(10)
    assert result
    assert result.retried == 3
    assert sink.arrivals == [f"s{number}" for number in range(6)]


def test_environments_travel_apart(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url, batch_size=10)
    for number in range(4):
        delivery.submit_step(a_step(f"d{number}"), environment="dev")
        delivery.submit_step(a_step(f"p{number}", environment="prod"), environment="dev")
        delivery.submit_step(a_step(f"n{number}"))
    delivery.submit_thread(Thread(id="t"), environment="staging")
    assert delivery.flush()
    seen = {request.environment: {step_id[0] for step_id in request.ids} for request in sink.requests}
    assert seen == {"dev": {"d"}, "prod": {"p"}, None: {"n"}, "staging": {"t"}}
    assert not any("environment" in step for step in sink.steps.values())


def test_a_thread_is_upserted_with_its_fields(sink, delivery_to):
    delivery = delivery_to(sink.url)
    delivery.submit_thread(Thread(id="t", name="talk", tags=["a"], metadata={"k": 1}, participant_id="ada"))
    assert delivery.flush()
    sent = sink.threads["t"]
    assert {key: sent.get(key) for key in ("name", "tags", "metadata", "participantId")} == {
        "name": "talk",
        "tags": ["a"],
        "metadata": {"k": 1},
        "participantId": "ada",
    }


def test_a_full_queue_drops_counts_and_says_so_once(sink, delivery_to, a_step, answer, warnings_of):
    sink.always = answer(hang=True)
    delivery = delivery_to(sink.url, batch_size=1, max_units=50)
    for number in range(200):
        delivery.submit_step(a_step(f"s{number}"))
    counters = delivery.counters()
    assert counters.accepted == 200
    assert counters.dropped == {"queue_full": 150}
    assert counters.queued == 50
    result = delivery.flush(0.05)
    assert not result
    assert result.pending == 50
    assert result.dropped == {"queue_full": 150}
    assert [line for line in warnings_of() if "queue is full" in line] == warnings_of()
    assert len(warnings_of()) == 1


def test_bytes_bound_the_queue(sink, delivery_to, a_step, answer):
    sink.always = answer(hang=True)
    delivery = delivery_to(sink.url, batch_size=1, max_bytes=1_000_000)
    for number in range(100):
        delivery.submit_step(a_step(f"s{number}", output={"content": "x" * 100_000}))
    wait_until(lambda: delivery.counters().dropped.get("queue_full", 0) >= 90)
    assert 5 <= delivery.counters().queued <= 10
    assert balanced(delivery.counters())


@pytest.mark.feature("O-07")
def test_a_unit_after_a_stop_starts_again(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url)
    delivery.submit_step(a_step("before"))
    assert delivery.shutdown()
    delivery.submit_step(a_step("after"))
    assert delivery.flush()
    assert set(sink.steps) == {"before", "after"}


def test_a_stop_ends_the_workers(sink, delivery_to, a_step):
    before = set(threading.enumerate())
    delivery = delivery_to(sink.url)
    assert set(threading.enumerate()) <= before, "nothing runs before the first unit"
    delivery.submit_step(a_step("s"))
    assert delivery.shutdown()
    # The server's threads serve connections, which the stop has closed.
    wait_until(lambda: set(threading.enumerate()) <= before)


def test_flushing_nothing_is_complete(sink, delivery_to):
    delivery = delivery_to(sink.url)
    assert delivery.flush() == FlushResult()
    assert delivery.shutdown() == FlushResult()
    assert not sink.requests


def test_a_flush_covers_what_was_accepted_before_it(sink, delivery_to, a_step):
    """Not what comes while it waits: a busy program could never flush."""
    sink.delay = 0.02
    delivery = delivery_to(sink.url, batch_size=1)
    stop = threading.Event()

    def produce() -> None:
        for number in itertools.count():
            delivery.submit_step(a_step(f"later{number}", thread_id="busy"))
            if stop.wait(0.001):
                return

    producer = threading.Thread(target=produce)
    delivery.submit_step(a_step("mine"))
    producer.start()
    try:
        assert delivery.flush(5)
    finally:
        stop.set()
        producer.join()
    assert "mine" in sink.steps


def test_stopping_a_busy_delivery_loses_nothing(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url, batch_size=3)

    def produce(name: str) -> None:
        for number in range(300):
            delivery.submit_step(a_step(f"{name}{number}"))
            time.sleep(0.0005)

    producers = [threading.Thread(target=produce, args=(name,)) for name in "ab"]
    for producer in producers:
        producer.start()
    while any(producer.is_alive() for producer in producers):
        delivery.shutdown(5)
        assert balanced(delivery.counters())
    delivery.shutdown(5)
    assert delivery.counters() == Counters(accepted=600, sent=600)
    assert len(sink.steps) == 600


def test_concurrent_flushes_all_return(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url)
    results: list[FlushResult] = []
    for number in range(40):
        delivery.submit_step(a_step(f"s{number}"))
    threads = [threading.Thread(target=lambda: results.append(delivery.flush(5))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(results)
    assert sum(result.sent for result in results) == 40


def test_the_numbers_add_up_while_everything_happens(sink, delivery_to, a_step, answer):
    sink.refused = {f"s{number}" for number in range(0, 300, 10)}
    sink.poison = {"s55"}
    sink.script.extend([answer(status=500), answer(cut=True), answer(status=429, headers={"retry-after": "0"})] * 3)
    delivery = delivery_to(sink.url, batch_size=7, max_units=250)
    for number in range(300):
        delivery.submit_step(a_step(f"s{number}"))
        assert balanced(delivery.counters())
    while delivery.flush(0.02).pending:
        assert balanced(delivery.counters())
    counters = delivery.counters()
    assert balanced(counters)
    assert counters.accepted == 300
    assert counters.queued == 0
    assert counters.sent == len(sink.steps)
    assert set(counters.dropped) <= {"queue_full", "rejected"}
    assert Counter(sink.arrivals).most_common(1)[0][1] <= 2, "a retry is an upsert, not a flood"


def test_sampled_out_steps_are_counted_and_not_accepted(sink, delivery_to):
    delivery = delivery_to(sink.url)
    delivery.count_sampled_out()
    delivery.count_sampled_out(3)
    assert delivery.counters() == Counters(sampled_out=4)
    assert delivery.flush()


def test_hostile_payloads_never_stop_the_worker(sink, delivery_to, a_step):
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    circular: dict = {}
    circular["self"] = circular
    delivery = delivery_to(sink.url)
    delivery.submit_step(a_step("hostile", output={"value": Hostile()}))
    delivery.submit_step(a_step("circular", output=circular))
    delivery.submit_step(a_step("surrogate", output={"text": "\ud800"}))
    delivery.submit_step(a_step("plain"))
    result = delivery.flush()
    assert result, result
    assert set(sink.steps) == {"hostile", "circular", "surrogate", "plain"}


def test_the_http_library_is_loaded_before_the_first_worker_runs():
    # A worker that imports it would show the user's threads a half-made module, and openai 3 reads
    # `sys.modules["httpx"]` in every request.
    program = (
        "import sys\n"
        "from literalai_otel.config import Config\n"
        "from literalai_otel.export.delivery import Delivery\n"
        "assert 'httpx' not in sys.modules\n"
        "Delivery.from_config(Config(api_key='k', api_url='http://127.0.0.1:9'), batch_size=5)\n"
        "print('Client' in dir(sys.modules['httpx']))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "True"


class Ended(BaseException):
    """As what ends a greenlet from outside."""


def test_when_a_worker_is_ended_another_one_takes_over(sink, delivery_to, a_step, monkeypatch):
    ends = iter([Ended(), Ended()])

    def sleep(seconds: float) -> None:
        error = next(ends, None)
        if error is not None:
            raise error

    delivery = delivery_to(sink.url)
    monkeypatch.setattr(breath, "STRETCH_S", 0.0)
    monkeypatch.setattr(breath, "time", SimpleNamespace(sleep=sleep, perf_counter=time.perf_counter))
    for number in range(10):
        delivery.submit_step(a_step(f"s{number}", thread_id="t"))
    assert delivery.flush(10) == FlushResult(sent=10)
    assert next(ends, None) is None
    assert sink.arrivals == [f"s{number}" for number in range(10)]


def test_a_request_that_is_interrupted_costs_its_own_steps(sink, delivery_to, a_step, monkeypatch, warnings_of):
    send, errors = SyncApi.send_steps, iter([Ended()])

    def interrupted(api: SyncApi, steps, **options):
        for error in errors:
            raise error
        return send.__get__(api, SyncApi)(steps, **options)

    monkeypatch.setattr(SyncApi, "send_steps", interrupted)
    delivery = delivery_to(sink.url, batch_size=2, linger=60)
    for number in range(6):
        delivery.submit_step(a_step(f"s{number}"))
    assert delivery.flush(10) == FlushResult(sent=4, dropped={"internal_error": 2})
    assert len(sink.steps) == 4
    [line] = warnings_of()
    assert "2 steps lost" in line


def test_a_flush_that_the_user_interrupts_leaves_nothing_behind(sink, delivery_to, a_step, monkeypatch):
    delivery = delivery_to(sink.url, linger=60, batch_size=100)
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_wait_for", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            delivery.flush()
    delivery.submit_step(a_step("lingers"))
    time.sleep(0.3)
    assert sink.requests == []
    assert delivery.flush() == FlushResult(sent=1)


def test_a_step_that_ends_while_losses_are_read_blocks_nobody(sink, delivery_to, a_step):
    """A garbage collection may end a step anywhere: here in one thread, while another one has just lost a step."""
    delivery = delivery_to(sink.url, max_units=0)
    delivery.submit_step(a_step("lost"))
    read_clock = delivery._losses._clock
    lost_too: list[threading.Thread] = []

    def clock() -> float:
        if not lost_too and threading.current_thread() is flusher:
            lost_too.append(threading.Thread(target=delivery.submit_step, args=(a_step("lost too"),), daemon=True))
            lost_too[0].start()
            lost_too[0].join(0.2)  # it waits for us now, or is done
            delivery.submit_step(a_step("collected"))
        return read_clock()

    delivery._losses._clock = clock
    flusher = threading.Thread(target=delivery.flush, daemon=True)
    flusher.start()
    flusher.join(10)
    assert not flusher.is_alive()
    lost_too[0].join(10)
    assert delivery.counters().dropped == {"queue_full": 3}
