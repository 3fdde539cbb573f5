"""A delivery with a spool: what the server does not take stays on the disk, and arrives later, in order, once."""

import os
import signal
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from literalai_otel.export import Counters, FlushResult, backlog
from literalai_otel.export.retry import RetryPolicy
from literalai_otel.export.spool import TargetRow, survey, target_of
from literalai_otel.model import Thread

from .waiting import wait_until

IDS = [f"s{number}" for number in range(30)]


def fill(delivery, a_step, ids=IDS, **fields) -> None:
    for step_id in ids:
        delivery.submit_step(a_step(step_id, **fields))


def only_target(tmp_path) -> TargetRow:
    found = survey(tmp_path / "spool")
    assert found.problem == ""
    [row] = found.targets
    return row


def test_what_is_delivered_leaves_nothing_behind(sink, spooled_to, a_step, tmp_path, warnings_of):
    delivery = spooled_to(sink.url)
    fill(delivery, a_step)
    assert delivery.flush() == FlushResult(sent=30)
    assert delivery.shutdown() == FlushResult()
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == ["folder.lock", "spool.db"]
    assert survey(tmp_path / "spool").targets == []
    assert warnings_of() == []


def test_a_step_is_on_the_disk_before_it_is_sent(sink, spooled_to, a_step, tmp_path):
    seen: list[int] = []
    work = sink.work

    def look(*request):
        seen.append(only_target(tmp_path).held)
        return work(*request)

    sink.work = look
    delivery = spooled_to(sink.url)
    fill(delivery, a_step, IDS[:3])
    assert delivery.flush()
    assert seen == [3]


def test_a_step_is_on_the_disk_long_before_its_batch_is_due(sink, spooled_to, a_step, tmp_path):
    delivery = spooled_to(sink.url, linger=60)
    fill(delivery, a_step, IDS[:3])
    wait_until(lambda: survey(tmp_path / "spool").targets)
    assert only_target(tmp_path).held == 3
    assert sink.requests == []


def test_an_outage_ends_on_the_disk_and_says_so(sink, spooled_to, a_step, answer, tmp_path, warnings_of, rest_on_disk):
    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url)
    delivery.submit_thread(Thread(id="t", name="a thread"))
    fill(delivery, a_step, thread_id="t")
    rest_on_disk(delivery, 31)
    assert delivery.counters().queued == 31
    result = delivery.shutdown(10)
    assert not result
    assert (result.sent, result.spooled, result.pending, result.dropped) == (0, 31, 0, {})
    counters = delivery.counters()
    assert (counters.accepted, counters.queued, counters.spooled, counters.dropped) == (31, 0, 31, {})
    row = only_target(tmp_path)
    assert (row.url, row.waiting, row.held, row.dead) == (sink.url, 31, 0, {})
    [line] = warnings_of()
    assert "31 steps stay in the spool, not lost" in line
    assert "literalai-otel replay" in line


def test_the_next_delivery_sends_what_was_left_in_order(sink, spooled_to, a_step, answer, tmp_path):
    sink.always = answer(cut=True)
    first = spooled_to(sink.url)
    first.submit_thread(Thread(id="t", name="a thread", tags=["x"]))
    fill(first, a_step, thread_id="t")
    first.shutdown(5)
    sink.always = None
    second = spooled_to(sink.url, linger=0.01)
    second.submit_step(a_step("own"))
    assert second.flush()
    wait_until(lambda: second.counters().sent == 32)
    assert second.counters() == Counters(accepted=32, sent=32, taken_over=31)
    assert [step_id for step_id in sink.arrivals if step_id != "own"] == ["t", *IDS]
    assert (sink.threads["t"]["name"], sink.threads["t"]["tags"]) == ("a thread", ["x"])
    second.shutdown()
    assert survey(tmp_path / "spool").targets == []


def test_the_environment_of_a_step_survives(sink, spooled_to, a_step, answer):
    sink.always = answer(cut=True)
    first = spooled_to(sink.url)
    first.submit_step(a_step("s"), environment="staging")
    first.shutdown(5)
    sink.always = None
    second = spooled_to(sink.url, linger=0.01)
    second.submit_step(a_step("own"))
    wait_until(lambda: second.counters().sent == 2)
    assert {request.environment for request in sink.requests if request.ids == ["s"]} == {"staging"}


def test_it_goes_on_by_itself_when_the_server_is_back(sink, spooled_to, a_step, answer, rest_on_disk):
    """Past every bound of the retries without a spool."""
    sink.always = answer(body="<html>We are deploying</html>", headers={"content-type": "text/html"})
    policy = RetryPolicy(first_wait=0.001, longest_wait=0.005, give_up_after=0.05, attempts_when_answered=2)
    delivery = spooled_to(sink.url, policy=policy)
    fill(delivery, a_step)
    rest_on_disk(delivery, 30)
    sink.always = answer(status=401)
    rest_on_disk(delivery, 30)
    sink.always = None
    result = delivery.flush(10)
    assert (result.sent, result.dropped, result.spooled) == (30, {}, 0)
    assert Counter(sink.arrivals) == Counter(IDS)


def test_memory_overflows_to_the_disk_and_back_in_order(sink, spooled_to, a_step, answer, rest_on_disk):
    ids = [f"s{number}" for number in range(600)]
    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url, batch_size=20, max_units=200)
    for step_id in ids:
        delivery.submit_step(a_step(step_id, thread_id="t"))
        wait_until(lambda: delivery.counters().queued < 150)
    counters = delivery.counters()
    assert counters.queued + counters.spooled == 600
    assert counters.spooled >= 450
    rest_on_disk(delivery, 600)
    sink.always = None
    assert delivery.flush(20).sent == 600
    assert sink.arrivals == ids
    assert delivery.counters().spooled == 0


def test_a_full_memory_alone_still_says_so(sink, spooled_to, a_step, answer):
    """More comes at once than memory holds before anything is on the disk."""
    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url, max_units=100)
    with delivery._changed:  # the worker cannot look at it meanwhile
        fill(delivery, a_step, [f"s{number}" for number in range(150)])
    assert delivery.flush(0.5).dropped == {"queue_full": 50}


def test_a_full_spool_drops_the_oldest_counts_and_says_it(sink, spooled_to, a_step, answer, tmp_path, warnings_of):
    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url, batch_size=20, max_units=100, max_spool=1_000_000)
    for number in range(400):
        delivery.submit_step(a_step(f"s{number}", thread_id="t", output={"content": "x" * 8000}))
        wait_until(lambda: delivery.counters().queued < 70)
    result = delivery.flush(0.2)
    lost = result.dropped["spool_full"]
    assert 200 < lost < 400
    counters = delivery.counters()
    assert counters.accepted == 400 == counters.queued + counters.spooled + lost
    assert survey(tmp_path / "spool").targets[0].held < 200
    assert (tmp_path / "spool" / "spool.db").stat().st_size < 1_100_000
    sink.always = None
    wait_until(lambda: not delivery.flush(1).spooled)
    sent = len(sink.arrivals)
    assert sent + delivery.counters().dropped["spool_full"] == 400
    assert sink.arrivals[-1] == "s399", "the newest stay"
    lines = [line for line in warnings_of() if "LITERAL_SPOOL_MAX_BYTES" in line]
    assert len(lines) == 1


def test_what_the_server_refuses_for_good_is_kept_apart_with_the_reason(
    sink, spooled_to, a_step, tmp_path, warnings_of
):
    sink.refused, sink.poison = {"s2"}, {"s7"}
    delivery = spooled_to(sink.url, batch_size=10)
    fill(delivery, a_step, IDS[:10])
    assert delivery.flush(10) == FlushResult(sent=8, dropped={"rejected": 2})
    delivery.shutdown()
    row = only_target(tmp_path)
    assert (row.waiting, row.held, row.dead) == (0, 0, {"rejected": 2})
    [line] = warnings_of()
    assert "2 steps lost" in line


def test_units_of_another_key_or_server_are_left_alone(sink, second_sink, spooled_to, a_step, answer, tmp_path):
    sink.always = answer(cut=True)
    first = spooled_to(sink.url, key="one")
    fill(first, a_step, IDS[:3])
    first.shutdown(5)
    sink.always = None
    for url, key in ((sink.url, "two"), (second_sink.url, "one")):
        other = spooled_to(url, key=key, linger=0.01)
        other.submit_step(a_step("own"))
        assert other.flush()
        assert other.counters().taken_over == 0
        other.shutdown()
    row = only_target(tmp_path)
    assert (row.url, row.key, row.waiting) == (sink.url, target_of(sink.url, "one").key, 3)
    assert b"one" not in (tmp_path / "spool" / "spool.db").read_bytes(), "the key itself is nowhere"


def test_two_deliveries_at_once_share_a_spool(sink, spooled_to, a_step, answer):
    sink.always = answer(cut=True)
    left = spooled_to(sink.url)
    fill(left, a_step, thread_id="t")
    left.shutdown(5)
    sink.always = None
    both = [spooled_to(sink.url, linger=0.01) for _ in range(2)]
    for number, delivery in enumerate(both):
        fill(delivery, a_step, [f"d{number}-{n}" for n in range(50)])
    for delivery in both:
        assert delivery.flush(10)
    wait_until(lambda: sum(delivery.counters().sent for delivery in both) == 130)
    assert sorted(delivery.counters().taken_over for delivery in both) == [0, 30]
    assert max(Counter(sink.arrivals).values()) == 1


def test_it_looks_again_for_what_others_left(sink, spooled_to, a_step, answer, monkeypatch):
    monkeypatch.setattr(backlog, "LOOK_EVERY_S", 0.05)
    living = spooled_to(sink.url, linger=0.01)
    living.submit_step(a_step("living"))
    assert living.flush()
    sink.always = answer(cut=True)
    dying = spooled_to(sink.url)
    monkeypatch.setattr(dying._workers.backlog, "_look_at", float("inf"))
    fill(dying, a_step, IDS[:3])
    dying.shutdown(5)
    sink.always = None
    wait_until(lambda: set(sink.arrivals) == {"living", *IDS[:3]})


def test_the_hook_is_asked_before_anything_is_written(sink, spooled_to, a_step, answer, tmp_path, rest_on_disk):
    """Secrets never reach the disk."""

    def mask(steps):
        for step in steps:
            step["output"] = {"content": "***"}
        return [step for step in steps if step["id"] != "s1"]

    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url)
    delivery.set_preprocess(mask)
    fill(delivery, a_step, IDS[:3], output={"content": "a secret"})
    rest_on_disk(delivery, 2)
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"***" in written
    assert b"a secret" not in written
    sink.always = None
    assert delivery.flush(10).sent == 2
    assert {step["output"]["content"] for step in sink.steps.values()} == {"***"}


def test_only_the_user_can_read_it(sink, spooled_to, a_step, tmp_path):
    old = os.umask(0)
    try:
        delivery = spooled_to(sink.url, linger=60)
        fill(delivery, a_step, IDS[:3])
        wait_until(lambda: survey(tmp_path / "spool").targets)
    finally:
        os.umask(old)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "spool").iterdir()}
    assert {"spool.db", "spool.db-wal", "spool.db-shm"} < set(modes)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700


def test_clock_steps_change_nothing(sink, spooled_to, a_step, answer, monkeypatch, rest_on_disk):
    sink.always = answer(cut=True)
    clock = iter([2e9, 1.0, 5e8])
    monkeypatch.setattr("literalai_otel.export.spool.rows.time.time", lambda: next(clock, 3.0))
    first = spooled_to(sink.url)
    for count, chunk in ((10, IDS[:10]), (20, IDS[10:20]), (30, IDS[20:])):
        fill(first, a_step, chunk, thread_id="t")
        rest_on_disk(first, count)
    first.shutdown(5)
    sink.always = None
    second = spooled_to(sink.url, linger=0.01)
    second.submit_step(a_step("own"))
    wait_until(lambda: second.counters().sent == 31)
    assert [step_id for step_id in sink.arrivals if step_id != "own"] == IDS


@pytest.mark.parametrize("script", ["cut", "twice", "rubbish", "slow"])
def test_a_server_that_answers_badly_costs_nothing(sink, spooled_to, a_step, answer, script: str):
    """It stores them, and then cuts the line, gives its answer twice, answers rubbish, or takes its time."""
    work = sink.work

    def store(*request):
        good = work(*request)
        sink.work = work
        return {"cut": answer(cut=True), "twice": answer(body=good.body * 2), "rubbish": answer(body="[[")}[script]

    if script == "slow":
        sink.delay = 0.3
    else:
        sink.work = store
    delivery = spooled_to(sink.url)
    fill(delivery, a_step, IDS[:5])
    assert delivery.flush(10) == FlushResult(sent=5, retried=int(script != "slow"))
    assert set(sink.steps) == set(IDS[:5])


def test_what_a_killed_process_left_is_taken_over_though_its_child_lives(sink, spooled_to, a_step, answer, tmp_path):
    sink.always = answer(cut=True)
    settings = {"LITERAL_API_URL": sink.url, "LITERAL_API_KEY": "key", "LITERAL_SPOOL_DIR": str(tmp_path / "spool")}
    parent = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("programs.py"), "dies_before_its_child"],
        env={**os.environ, **settings}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with parent:
        assert parent.stdout.readline() == "child\n"
        assert parent.wait(10) == -signal.SIGKILL
        assert only_target(tmp_path).waiting == 5
        sink.always = None
        delivery = spooled_to(sink.url, linger=0.01)
        delivery.submit_step(a_step("own"))
        wait_until(lambda: delivery.counters().sent == 6)
        parent.stdin.write("\n")
    # A last request of the killed one may still have been on its way.
    assert set(sink.arrivals) == {"own", *(f"s{number}" for number in range(5))}
