"""Order and batches, without threads."""

from typing import Any

import pytest

from literalai_otel.export.lanes import Batch, Lanes, Unit
from literalai_otel.model import Thread


def step(step_id: str, lane: str, *, environment: str | None = None, size: int = 10, at: float = 0.0) -> Unit:
    return Unit({"id": step_id}, (environment, lane), size, at, 0)


def thread(thread_id: str, *, at: float = 0.0) -> Unit:
    return Unit(Thread(id=thread_id), (None, thread_id), 10, at, 0)


def names(batch: Batch | None) -> list[str] | None:
    def name(payload: Any) -> str:
        return f"thread {payload.id}" if isinstance(payload, Thread) else payload["id"]

    return None if batch is None else [name(unit.payload) for unit in batch.units]


@pytest.fixture
def lanes() -> Lanes:
    return Lanes(batch_size=3, batch_bytes=100, linger=1.0)


def add(lanes: Lanes, *units: Unit) -> None:
    for unit in units:
        lanes.add(unit)


def test_a_batch_leaves_when_it_is_full(lanes: Lanes):
    add(lanes, step("a", "1"), step("b", "2"))
    assert lanes.take(0.5) is None
    add(lanes, step("c", "3"), step("d", "4"))
    assert names(lanes.take(0.5)) == ["a", "b", "c"]
    assert lanes.take(0.5) is None


def test_a_part_filled_batch_leaves_after_the_linger(lanes: Lanes):
    add(lanes, step("a", "1", at=5.0))
    assert lanes.due_at() == 6.0
    assert lanes.take(5.9) is None
    assert names(lanes.take(6.0)) == ["a"]
    assert lanes.due_at() is None


def test_a_part_filled_batch_leaves_at_once_when_urgent(lanes: Lanes):
    add(lanes, step("a", "1"))
    assert names(lanes.take(0.0, urgent=True)) == ["a"]


def test_the_rest_of_a_lane_waits_for_the_batch_before_it(lanes: Lanes):
    add(lanes, *(step(name, "t") for name in "abcde"))
    first = lanes.take(0.0)
    assert names(first) == ["a", "b", "c"]
    assert lanes.take(9.0, urgent=True) is None
    assert first is not None
    lanes.release(first)
    assert names(lanes.take(9.0)) == ["d", "e"]


def test_other_lanes_pass_a_busy_one(lanes: Lanes):
    add(lanes, *(step(name, "t") for name in "abcd"))
    lanes.take(0.0)
    add(lanes, step("x", "u"))
    assert names(lanes.take(0.0, urgent=True)) == ["x"]


def test_a_thread_travels_alone_and_in_order(lanes: Lanes):
    add(lanes, thread("t"), step("a", "t"), thread("t"), step("b", "t"))
    seen: list[Any] = []
    while (batch := lanes.take(9.0)) is not None:
        seen.append(names(batch))
        lanes.release(batch)
    assert seen == [["thread t"], ["a"], ["thread t"], ["b"]]


def test_a_batch_has_one_environment(lanes: Lanes):
    add(lanes, step("a", "1", environment="dev"), step("b", "2"), step("c", "3", environment="dev"))
    batches = [lanes.take(9.0), lanes.take(9.0), lanes.take(9.0)]
    assert [(batch.environment, names(batch)) for batch in batches if batch] == [("dev", ["a", "c"]), (None, ["b"])]


def test_no_environment_starves_another():
    lanes = Lanes(batch_size=1, batch_bytes=100, linger=0.0)
    for number in range(3):
        add(lanes, step(f"a{number}", f"a{number}", environment="dev"), step(f"b{number}", f"b{number}"))
    assert [names(lanes.take(0.0)) for _ in range(6)] == [["a0"], ["b0"], ["a1"], ["b1"], ["a2"], ["b2"]]


def test_bytes_bound_a_batch(lanes: Lanes):
    add(lanes, step("a", "1", size=60), step("b", "2", size=60))
    assert names(lanes.take(0.0)) == ["a"]
    assert names(lanes.take(9.0)) == ["b"]


def test_a_step_larger_than_a_batch_travels_alone(lanes: Lanes):
    add(lanes, step("small", "1"), step("big", "2", size=500), step("after", "3"))
    assert [names(lanes.take(9.0)) for _ in range(3)] == [["small"], ["big"], ["after"]]


def test_a_long_lane_costs_no_more_per_batch_than_a_short_one():
    lanes = Lanes(batch_size=5, batch_bytes=10**9, linger=0.0)
    add(lanes, *(step(str(number), "t") for number in range(50_000)))
    moved = 0
    while (batch := lanes.take(1.0)) is not None:  # quadratic work would run into the time limit of the test
        moved += len(batch.units)
        lanes.release(batch)
    assert moved == 50_000
