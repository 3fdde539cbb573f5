"""Forks, in processes of their own (`programs.py`): a child that waits for a lock of its parent is killed there."""

import os
from collections import Counter

import pytest

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system"),
    pytest.mark.feature("L-CLI-13"),
]


@pytest.mark.parametrize("spool", [False, True])
def test_nothing_is_sent_twice_and_nothing_is_lost(sink, run, tmp_path, spool: bool):
    ended = run("forks", **({"LITERAL_SPOOL_DIR": str(tmp_path)} if spool else {}))
    assert (ended.code, ended.lines) == (0, [])
    expected = {f"{name}{number}" for name in ("parent", "child") for number in range(3)}
    assert Counter(sink.arrivals) == Counter(expected)


def test_a_child_ends_no_span_of_its_parents(sink, run):
    ended = run("calls_and_forks")
    assert (ended.code, ended.lines) == (0, [])
    assert len(sink.arrivals) == len(sink.steps) == 4


def test_children_of_multiprocessing_deliver_when_they_end(sink, run):
    ended = run("multiprocesses")
    assert (ended.code, ended.lines) == (0, [])
    assert Counter(sink.arrivals) == Counter(["parent", "child0", "child1", "child2"])


@pytest.mark.parametrize("spool", [False, True])
def test_a_busy_parent_does_not_lock_its_children(sink, run, tmp_path, spool: bool):
    ended = run("forks_under_traffic", **({"LITERAL_SPOOL_DIR": str(tmp_path)} if spool else {}))
    assert (ended.code, ended.lines) == (0, [])
    names = [step["name"] for step in sink.steps.values() if "name" in step]
    children = [name for name in names if name != "busy"]
    assert sorted(children) == sorted(f"child{number}" for number in range(len(children)))
    assert len(children) >= 4


@pytest.mark.parametrize(
    "held",
    ["delivery", "warnings", "connections", "side_table", "set_up", "instrumentors", "surroundings", "import"],
)
def test_what_a_thread_holds_at_the_fork_holds_up_no_child(sink, run, held: str):
    ended = run("forks_while_held", HELD=held)
    assert (ended.code, ended.lines) == (0, [])
    assert [step["name"] for step in sink.steps.values()] == ["child"]


def test_a_child_leaves_abandoned_streams_to_its_parent(run):
    ended = run("forks_while_streams_end")
    assert (ended.code, ended.lines) == (0, [])
