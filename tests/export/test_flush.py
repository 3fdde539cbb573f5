"""A flush and a stop keep their time and tell the truth."""

import threading
import time

import pytest

from literalai_otel.export import FlushResult

SLACK_S = 4.0
"""What a busy machine may add. Whoever waits for the server in place of the clock waits for 10 s."""


@pytest.fixture
def black_hole(sink, answer):
    sink.always = answer(hang=True)
    return sink


def test_a_flush_into_a_black_hole_keeps_its_time(black_hole, delivery_to, a_step):
    delivery = delivery_to(black_hole.url)
    for number in range(20):
        delivery.submit_step(a_step(f"s{number}"))
    for _ in range(2):  # the first one starts the workers and loads the HTTP library, the second does not
        started = time.monotonic()
        result = delivery.flush(0.2)
        took = time.monotonic() - started
        assert not result
        assert result.pending == 20
        assert took < 0.2 + SLACK_S


def test_a_stop_into_a_black_hole_keeps_its_time_and_counts(black_hole, delivery_to, a_step, warnings_of):
    delivery = delivery_to(black_hole.url)
    for number in range(30):
        delivery.submit_step(a_step(f"s{number}"))
    started = time.monotonic()
    result = delivery.shutdown(0.3)
    assert time.monotonic() - started < 0.3 + SLACK_S
    assert not result
    assert result == FlushResult(dropped={"timeout_at_exit": 30})
    assert delivery.counters().queued == 0
    [line] = warnings_of()
    assert "30 steps lost" in line


def test_what_comes_back_after_a_stop_is_not_counted_twice(black_hole, delivery_to, a_step):
    delivery = delivery_to(black_hole.url)
    delivery.submit_step(a_step("s"))
    time.sleep(0.3)
    delivery.shutdown(0.1)
    black_hole.released.set()
    time.sleep(0.2)
    counters = delivery.counters()
    assert (counters.accepted, counters.sent, counters.dropped) == (1, 0, {"timeout_at_exit": 1})


def test_a_flush_without_time_says_what_is_pending(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url, linger=60)
    delivery.submit_step(a_step("s"))
    assert delivery.flush(0).pending == 1
    assert delivery.flush(5)


@pytest.mark.feature("L-CLI-06")
def test_a_flush_waits_for_what_is_in_flight(sink, delivery_to, a_step):
    sink.delay = 0.3
    delivery = delivery_to(sink.url, batch_size=1)
    delivery.submit_step(a_step("s"))
    while not sink.requests:
        time.sleep(0.005)
    assert delivery.flush(5) == FlushResult(sent=1)


@pytest.mark.feature("L-CLI-07")
def test_a_stop_sends_everything(sink, delivery_to, a_step):
    sink.delay = 0.05
    delivery = delivery_to(sink.url, batch_size=5, linger=60)
    for number in range(42):
        delivery.submit_step(a_step(f"s{number}"))
    assert delivery.shutdown() == FlushResult(sent=42)
    assert len(sink.steps) == 42


def test_a_flush_does_not_wait_for_the_linger(sink, delivery_to, a_step):
    delivery = delivery_to(sink.url, linger=60)
    delivery.submit_step(a_step("s"))
    assert delivery.flush(5)


def test_a_stop_ends_a_long_wait_for_a_retry(sink, delivery_to, a_step, answer):
    sink.script.append(answer(status=503, headers={"retry-after": "60"}))
    delivery = delivery_to(sink.url, batch_size=1)
    delivery.submit_step(a_step("s"))
    while not delivery.counters().retried:
        time.sleep(0.005)
    assert delivery.shutdown(10) == FlushResult(sent=1, retried=1)


def test_a_stop_does_not_outwait_a_server_that_is_gone(delivery_to, a_step, unused_port, warnings_of):
    """It tries a few times, and then does not hold up the process for the whole of its time."""
    delivery = delivery_to(f"http://127.0.0.1:{unused_port}", batch_size=1)
    for number in range(500):
        delivery.submit_step(a_step(f"s{number}"))
    assert delivery.shutdown(30).dropped == {"unreachable": 500}, "had its time been over, it would say so"
    assert len(warnings_of()) <= 2


def test_a_drop_before_a_flush_makes_it_untrue_once(sink, delivery_to, a_step):
    sink.refused = {"bad"}
    delivery = delivery_to(sink.url, batch_size=1, linger=0)
    delivery.submit_step(a_step("bad"))
    while delivery.counters().queued:
        time.sleep(0.005)
    delivery.submit_step(a_step("good"))
    assert delivery.flush() == FlushResult(sent=1, dropped={"rejected": 1})
    assert delivery.flush()


@pytest.fixture
def no_threads(monkeypatch):
    """As from Python 3.12 on while the interpreter goes down."""
    real = threading.Thread

    def make(*args, **options):
        thread = real(*args, **options)
        if options.get("name") == "literalai-delivery":
            thread.start = refuse
        return thread

    def refuse() -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading, "Thread", make)


def test_a_flush_drains_by_itself_when_no_thread_can_be_started(sink, delivery_to, a_step, no_threads):
    delivery = delivery_to(sink.url)
    for number in range(12):
        delivery.submit_step(a_step(f"s{number}"))
    assert delivery.flush(5) == FlushResult(sent=12)


def test_draining_without_threads_keeps_its_time(black_hole, delivery_to, a_step, no_threads):
    delivery = delivery_to(black_hole.url)
    delivery.submit_step(a_step("s"))
    started = time.monotonic()
    result = delivery.shutdown(1.0)
    assert time.monotonic() - started < 1.0 + SLACK_S
    assert not result
    assert delivery.counters().queued == 0
