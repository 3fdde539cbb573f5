"""How often losses are said, by a clock of its own."""

import logging
import re
from pathlib import Path
from typing import get_args

import pytest

from literalai_otel.export.counters import DropReason
from literalai_otel.export.losses import ADVICE, GATHER_S, REPEAT_AFTER_S, Losses


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def losses(clock: Clock) -> Losses:
    return Losses("http://server", clock)


def test_a_burst_is_one_line(losses: Losses, clock: Clock, warnings_of):
    for _ in range(10):
        losses.note("rejected", 3, "no")
        losses.say()
    assert warnings_of() == []
    assert losses.due_at() == clock.now + GATHER_S
    clock.now += GATHER_S
    losses.say()
    assert warnings_of() == ["Literal AI: 30 steps lost: http://server refuses them (no)"]
    assert losses.due_at() is None


def test_a_kind_is_repeated_seldom_and_completely(losses: Losses, clock: Clock, warnings_of):
    losses.note("queue_full", 1)
    losses.say(gathering=True)
    for _ in range(30):
        clock.now += 1
        losses.note("queue_full", 2)
        losses.say(gathering=True)
    assert len(warnings_of()) == 1
    clock.now = 100.0 + REPEAT_AFTER_S
    assert losses.due_at() == clock.now
    losses.say()
    assert len(warnings_of()) == 2
    assert "60 steps lost" in warnings_of()[1]


def test_kinds_are_said_apart(losses: Losses, warnings_of):
    losses.note("rejected", 1)
    losses.note("too_large", 1)
    losses.say(gathering=True)
    assert len(warnings_of()) == 2


def test_at_the_end_nothing_stays_unsaid(losses: Losses, warnings_of):
    losses.note("rejected", 1)
    losses.say(gathering=True)
    losses.note("rejected", 5)
    losses.say(silent=True)
    assert "5 steps lost" in warnings_of()[1]
    losses.say(silent=True)
    assert len(warnings_of()) == 2


def test_what_the_server_said_stays_on_one_short_line(losses: Losses, warnings_of):
    losses.note("bad_answer", 1, "<html>\n  <body>" + "x" * 10_000)
    losses.say(gathering=True)
    [line] = warnings_of()
    assert "\n" not in line
    assert "<html> <body>xxx" in line
    assert len(line) < 500


def test_a_handler_may_do_anything(losses: Losses):
    """It may lose a step itself, while the line about the one before is being written."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            losses.note("after_exit", 1)
            losses.say()

    logger, handler = logging.getLogger("literalai_otel"), Handler()
    logger.addHandler(handler)
    try:
        losses.note("rejected", 1)
        losses.say(gathering=True)
    finally:
        logger.removeHandler(handler)
    assert losses.due_at() is not None


def test_a_handler_that_fails_costs_nothing(losses: Losses):
    """Neither the flush that speaks, nor the request that is late, nor the lines about other losses."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("disk full")

    logger, handler = logging.getLogger("literalai_otel"), Handler()
    logger.addHandler(handler)
    logger.propagate = False
    try:
        losses.note("rejected", 1)
        losses.note("too_large", 1)
        losses.say(gathering=True)
        losses.say_delay(1, "no")
    finally:
        logger.propagate = True
        logger.removeHandler(handler)
    assert losses.due_at() is None


def test_every_reason_has_its_advice():
    assert set(ADVICE) == set(DropReason.__args__)


def test_every_loss_is_in_the_documentation():
    page = Path(__file__).parents[2].joinpath("docs", "delivery.md").read_text(encoding="utf-8")
    table = page.partition("## Every loss")[2].partition("## The spool")[0]
    reasons = {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.partition(" | ")[0])}
    assert reasons == set(get_args(DropReason)) == set(ADVICE)
