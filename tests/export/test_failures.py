"""Servers that fail: what is retried, what is taken apart, what is lost, and what is said about it."""

import time

import pytest

from literalai_otel.export import Counters, FlushResult
from literalai_otel.export.retry import RetryPolicy


def fill(delivery, a_step, count: int) -> None:
    for number in range(count):
        delivery.submit_step(a_step(f"s{number}"))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_retried(sink, delivery_to, a_step, answer, warnings_of, status: int):
    sink.script.extend([answer(status=status), answer(status=status)])
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 3)
    assert delivery.flush() == FlushResult(sent=3, retried=2)
    assert warnings_of() == []


def test_a_cut_connection_is_retried(sink, delivery_to, a_step, answer):
    sink.script.append(answer(cut=True))
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 3)
    assert delivery.flush() == FlushResult(sent=3, retried=1)


def test_a_page_instead_of_json_is_retried(sink, delivery_to, a_step, answer):
    sink.script.append(answer(body="<html>starting</html>", headers={"content-type": "text/html"}))
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 3)
    assert delivery.flush() == FlushResult(sent=3, retried=1)


def test_retry_after_is_obeyed(sink, delivery_to, a_step, answer):
    sink.script.append(answer(status=429, headers={"retry-after": "1"}))
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 1)
    assert delivery.flush(10) == FlushResult(sent=1, retried=1)
    assert sink.requests[1].started - sink.requests[0].ended >= 0.95


@pytest.mark.parametrize("status", [404, 405, 409, 501])
def test_a_status_that_will_not_pass_is_not_retried(sink, delivery_to, a_step, answer, warnings_of, status: int):
    sink.always = answer(status=status, body='{"errors": [{"message": "no such thing"}]}')
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 5)
    assert delivery.flush() == FlushResult(dropped={"rejected": 5})
    assert len(sink.requests) == 1
    [line] = warnings_of()
    assert "5 steps lost" in line
    assert sink.url in line
    assert "no such thing" in line


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_said_once_and_not_tried_again(sink, delivery_to, a_step, answer, warnings_of, status: int):
    sink.always = answer(status=status, body='{"errors": [{"message": "Invalid API key"}]}')
    delivery = delivery_to(sink.url, batch_size=5)
    for _ in range(5):
        fill(delivery, a_step, 20)
        assert not delivery.flush()
    assert delivery.counters() == Counters(accepted=100, dropped={"unauthorized": 100})
    assert len(sink.requests) <= 4, "what was in flight together; later batches are dropped without asking"
    [line] = warnings_of()
    assert "LITERAL_API_KEY" in line
    assert "Invalid API key" in line


def test_a_key_that_becomes_good_is_found_by_a_probe(sink, delivery_to, a_step, answer, monkeypatch):
    monkeypatch.setattr("literalai_otel.export.sender.PROBE_AFTER_S", 0.05)
    sink.script.append(answer(status=401))
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 1)
    assert delivery.flush().dropped == {"unauthorized": 1}
    time.sleep(0.06)
    fill(delivery, a_step, 1)
    assert delivery.flush() == FlushResult(sent=1)


def test_a_step_that_the_server_refuses_is_counted_alone(sink, delivery_to, a_step, warnings_of):
    sink.refused = {"s2"}
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 5)
    assert delivery.flush() == FlushResult(sent=4, dropped={"rejected": 1})
    assert len(sink.requests) == 1
    [line] = warnings_of()
    assert "1 step lost" in line
    assert "refused by a rule" in line


def test_a_poisoned_step_is_isolated(sink, delivery_to, a_step, warnings_of):
    sink.poison = {"s13"}
    delivery = delivery_to(sink.url, batch_size=32)
    fill(delivery, a_step, 32)
    assert delivery.flush(10) == FlushResult(sent=31, dropped={"rejected": 1})
    assert set(sink.steps) == {f"s{number}" for number in range(32)} - {"s13"}
    assert len(sink.requests) == 11, "halving: 1 + 2 for each of 5 levels"
    [line] = warnings_of()
    assert "cannot read this" in line


def test_a_body_that_is_too_large_is_split(sink, delivery_to, a_step, warnings_of):
    sink.max_body = 30_000
    delivery = delivery_to(sink.url, batch_size=16)
    for number in range(16):
        delivery.submit_step(a_step(f"s{number}", output={"content": "x" * (50_000 if number == 5 else 8_000)}))
    assert delivery.flush(10) == FlushResult(sent=15, dropped={"too_large": 1})
    assert len(sink.steps) == 15
    [line] = warnings_of()
    assert "LITERAL_MAX_BODY_BYTES" in line


def test_a_document_that_the_server_refuses_as_a_whole_is_taken_apart(sink, delivery_to, a_step, answer):
    sink.script.append(answer(body='{"errors": [{"message": "unknown type"}]}'))
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 4)
    assert delivery.flush() == FlushResult(sent=4)
    assert [len(batch) for batch in sink.batches] == [4, 2, 2]


def test_a_poisoned_500_does_not_hold_up_the_rest(sink, delivery_to, a_step, answer, warnings_of):
    sink.script.extend([answer(status=500)] * 6)
    delivery = delivery_to(sink.url, batch_size=2)
    for number in range(2):
        delivery.submit_step(a_step(f"bad{number}", thread_id="t"))
    assert delivery.flush(10) == FlushResult(retried=5, dropped={"server_error": 2})
    fill(delivery, a_step, 4)
    assert delivery.flush(10) == FlushResult(sent=4)
    assert len(warnings_of()) == 1


def test_a_wrong_address_is_given_up(sink, delivery_to, a_step, answer, warnings_of):
    sink.always = answer(body="<html>Welcome to the shop</html>", headers={"content-type": "text/html"})
    delivery = delivery_to(sink.url)
    fill(delivery, a_step, 3)
    assert delivery.flush(10) == FlushResult(retried=5, dropped={"bad_answer": 3})
    [line] = warnings_of()
    assert "LITERAL_API_URL" in line
    assert "Welcome to the shop" in line


def test_an_outage_is_outlived(sink, delivery_to, a_step, answer):
    sink.always = answer(cut=True)
    delivery = delivery_to(sink.url, batch_size=5)
    fill(delivery, a_step, 100)
    assert delivery.flush(0.3).pending == 100
    sink.always = None
    assert delivery.flush(10).sent == 100
    assert len(sink.steps) == 100


def test_an_outage_without_end_is_given_up(delivery_to, a_step, unused_port, warnings_of):
    policy = RetryPolicy(first_wait=0.01, longest_wait=0.02, give_up_after=0.5)
    delivery = delivery_to(f"http://127.0.0.1:{unused_port}", policy=policy)
    fill(delivery, a_step, 3)
    result = delivery.flush(10)
    assert result.dropped == {"unreachable": 3}
    assert result.retried > 1
    [line] = warnings_of()
    assert "literalai-otel serve" in line


def test_a_long_delay_is_said(delivery_to, a_step, unused_port, warnings_of, monkeypatch):
    monkeypatch.setattr("literalai_otel.export.sender.SAY_DELAY_AFTER_S", 0.05)
    delivery = delivery_to(f"http://127.0.0.1:{unused_port}")
    fill(delivery, a_step, 3)
    assert delivery.flush(0.5).pending == 3
    [line] = warnings_of()
    assert "trying on" in line


def test_a_key_that_no_header_may_hold_costs_the_steps_only(sink, delivery_to, a_step, warnings_of):
    delivery = delivery_to(sink.url, key="käse")
    fill(delivery, a_step, 2)
    assert delivery.flush() == FlushResult(dropped={"misconfigured": 2})
    [line] = warnings_of()
    assert "API key" in line
