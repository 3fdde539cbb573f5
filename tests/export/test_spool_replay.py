"""`Replay` over a spool: in order, one request after the other, and it stops where the server does."""

import threading

import pytest

from literalai_otel.export.losses import Losses
from literalai_otel.export.replay import Replay
from literalai_otel.export.retry import RetryPolicy
from literalai_otel.export.sender import Sender
from literalai_otel.export.spool import Spool, survey, target_of
from literalai_otel.model import Thread

from .waiting import wait_until

IDS = [f"s{number}" for number in range(250)]
POLICY = RetryPolicy(first_wait=0.01, longest_wait=0.02, give_up_after=0.1, patient=False)


@pytest.fixture
def left(sink, spooled_to, a_step, answer, tmp_path):
    """A spool with a thread and 250 steps of it; the server is back."""
    sink.always = answer(cut=True)
    before = set(threading.enumerate())
    delivery = spooled_to(sink.url)
    delivery.submit_thread(Thread(id="t", name="a thread"))
    for step_id in IDS:
        delivery.submit_step(a_step(step_id, thread_id="t"), environment="staging" if step_id == "s30" else None)
    delivery.shutdown(10)
    wait_until(lambda: set(threading.enumerate()) <= before)  # an attempt of its own may still be on the way
    sink.requests.clear()
    sink.always = None
    return tmp_path / "spool"


@pytest.fixture
def replayed(sink, delivery_to):
    """Runs a replay to its end; its result."""

    def run(folder, *, key: str = "key", dead: bool = False):
        spool = Spool(folder, 1 << 29, target_of(sink.url, key), pytest.fail)
        sender = Sender(delivery_to(sink.url, key=key)._sender._connect, Losses(sink.url), lambda: None, POLICY)
        work = Replay(spool, sender, dead=dead)
        for _ in work.steps():
            pass
        spool.release()
        sender.part()()
        return work.result

    return run


def test_everything_goes_in_order_in_few_requests(sink, left, replayed):
    result = replayed(left)
    assert (result.total, result.sent, result.left, result.problem) == (251, 251, 0, "")
    assert sink.arrivals == ["t", *IDS]
    assert [len(request.ids) for request in sink.requests] == [1, 30, 1, 100, 100, 19]
    assert [request.environment for request in sink.requests] == [None, None, "staging", None, None, None]
    assert survey(left).targets == []


def test_it_stops_where_the_server_does_and_goes_on_later(sink, left, replayed, answer):
    work = sink.work
    sink.work = lambda *request: answer(status=503) if len(sink.arrivals) > 100 else work(*request)
    result = replayed(left)
    assert (result.sent, result.left) == (132, 119)
    assert "503" in result.problem
    [row] = survey(left).targets
    assert (row.waiting, row.held, row.dead) == (119, 0, {})
    sink.work = work
    result = replayed(left)
    assert (result.sent, result.left) == (119, 0)
    assert sink.arrivals == ["t", *IDS]


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_costs_nothing(sink, left, replayed, answer, status: int):
    sink.always = answer(status=status)
    result = replayed(left)
    assert (result.sent, result.left) == (0, 251)
    assert len(sink.requests) == 1
    assert survey(left).targets[0].waiting == 251


def test_another_key_sends_nothing(sink, left, replayed):
    result = replayed(left, key="another")
    assert (result.total, result.sent) == (0, 0)
    assert sink.requests == []
    assert survey(left).targets[0].waiting == 251


def test_dead_letters_are_sent_again_when_asked(sink, left, replayed):
    sink.refused = {"s3", "s77"}
    result = replayed(left)
    assert (result.sent, result.refused, result.left) == (249, {"rejected": 2}, 0)
    [row] = survey(left).targets
    assert (row.waiting, row.dead) == (0, {"rejected": 2})
    sink.refused = {"s77"}
    result = replayed(left, dead=True)
    assert (result.sent, result.refused, result.left) == (1, {"rejected": 1}, 0)
    assert "s3" in sink.steps
    assert survey(left).targets[0].dead == {"rejected": 1}
    sink.refused = set()
    assert replayed(left, dead=True).sent == 1
    assert survey(left).targets == []


def test_what_a_running_process_has_is_left_to_it(sink, spooled_to, a_step, answer, replayed, tmp_path, rest_on_disk):
    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url)
    delivery.submit_step(a_step("s"))
    rest_on_disk(delivery, 1)
    sink.always = None
    assert replayed(tmp_path / "spool").total == 0
    assert delivery.flush(10).sent == 1
    assert sink.arrivals == ["s"]
