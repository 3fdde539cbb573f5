"""Trees that arrive in pieces: whatever the order, the stored tree is the same."""

import itertools
import random

import pytest
from dirty_equals import IsPartialDict

from literalai_otel.server.store import Link, PageQuery, StepBatch, StepRow
from literalai_otel.translate import SpanRecord

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
WAIT = 20.0


def place(step):
    return step["parentId"], step["rootRunId"], step["threadId"]


def two_services(spans):
    """Service A: run > tool, whose HTTP client span 90 is a bridge. Service B: a run under that span, with a child
    that names its parent and another step that hangs on the tool's own span."""
    return [
        {"id": "a-run", "type": "run", "threadId": "t", "metadata": spans(1)},
        {
            "id": "a-tool",
            "type": "tool",
            "threadId": "t",
            "parentId": "a-run",
            "rootRunId": "a-run",
            "metadata": spans(2, 1, bridges=[90]),
        },
        {"id": "b-run", "type": "run", "metadata": spans(3, 90)},
        {"id": "b-llm", "type": "llm", "parentId": "b-run", "rootRunId": "b-run", "metadata": spans(4, 3)},
        {"id": "c-llm", "type": "llm", "metadata": spans(5, 2)},
    ]


EXPECTED = {
    "a-run": (None, None, "t"),
    "a-tool": ("a-run", "a-run", "t"),
    "b-run": ("a-tool", "a-run", "t"),
    "b-llm": ("b-run", "a-run", "t"),
    "c-llm": ("a-tool", "a-run", "t"),
}


def stored_places(world, project, names):
    return {name: place(world.store.get_step(project.id, name)) for name in names}


def check_every_order(world, steps, expected):
    """Each order in a project of its own, one request a step."""
    for order in itertools.permutations(steps):
        project = world.new_project()
        for step in order:
            world.put(step, project=project)
        names = [step["id"] for step in order]
        assert stored_places(world, project, expected) == expected, f"order of arrival: {names}"


@pytest.mark.feature("L-LOG-12", "P-ING-05")
def test_two_services_are_one_tree_in_every_order_of_arrival(world, spans):
    check_every_order(world, two_services(spans), EXPECTED)


def test_cutting_the_arrival_into_requests_makes_no_difference(world, spans):
    chance = random.Random(7)
    for _ in range(60):
        project = world.new_project()
        steps = two_services(spans) * 2  # every step is sent twice
        chance.shuffle(steps)
        names = [step["id"] for step in steps]
        while steps:
            size = chance.randint(1, 4)
            world.put(*steps[:size], project=project)
            del steps[:size]
        assert stored_places(world, project, EXPECTED) == EXPECTED, f"order of arrival: {names}"


def test_four_services_in_a_row_share_the_outermost_run_and_its_thread(world, spans):
    steps = [
        {"id": f"run-{number}", "type": "run", "metadata": spans(number, number + 100, bridges=[number + 101])}
        for number in range(2, 5)
    ]
    steps.append({"id": "run-1", "type": "run", "threadId": "t", "metadata": spans(1, bridges=[102])})
    expected = {
        "run-1": (None, None, "t"),
        "run-2": ("run-1", "run-1", "t"),
        "run-3": ("run-2", "run-1", "t"),
        "run-4": ("run-3", "run-1", "t"),
    }
    check_every_order(world, steps, expected)


def test_a_thread_of_its_own_is_kept_when_trees_are_joined(world, spans):
    steps = [
        {"id": "top", "type": "run", "threadId": "t", "metadata": spans(1)},
        {"id": "own", "type": "run", "threadId": "mine", "metadata": spans(2, 1)},
        {"id": "leaf", "type": "tool", "parentId": "own", "rootRunId": "own", "metadata": spans(3, 2)},
    ]
    expected = {"top": (None, None, "t"), "own": ("top", "top", "mine"), "leaf": ("own", "top", "mine")}
    check_every_order(world, steps, expected)


def test_without_a_run_above_the_root_run_below_stays(world, spans):
    world.put({"id": "b", "type": "run", "metadata": spans(2, 1)})
    world.put({"id": "c", "type": "tool", "parentId": "b", "rootRunId": "b", "metadata": spans(3, 2)})
    world.put({"id": "a", "type": "tool", "threadId": "t", "metadata": spans(1)})
    assert place(world.step("b")) == ("a", None, "t")
    assert place(world.step("c")) == ("b", "b", "t")


def test_a_parent_that_gets_its_thread_later_hands_it_down(world, spans):
    world.put({"id": "a", "type": "run", "metadata": spans(1)}, {"id": "b", "metadata": spans(2, 1)})
    world.put({"id": "a", "threadId": "late"})
    assert place(world.step("b")) == ("a", "a", "late")


def test_equal_span_ids_in_other_traces_and_projects_are_other_spans(world, spans):
    other = world.new_project()
    world.put({"id": "a", "metadata": spans(1, trace="ab" * 16)}, {"id": "b", "metadata": spans(2, 1)})
    world.put({"id": "a", "metadata": spans(1)}, project=other)
    assert world.step("b")["parentId"] is None


def test_an_explicit_parent_wins_over_the_span(world, spans):
    world.put({"id": "a", "metadata": spans(1)}, {"id": "b", "parentId": "chosen", "metadata": spans(2, 1)})
    world.put({"id": "c", "metadata": spans(3, 9)})
    world.put({"id": "c", "parentId": "chosen"})
    world.put({"id": "d", "metadata": spans(9)})
    assert world.step("b")["parentId"] == "chosen"
    assert world.step("c")["parentId"] == "chosen"


def test_spans_that_are_no_steps_are_skipped_in_every_order(world):
    """An OTLP pipeline of a foreign SDK: run > HTTP client > HTTP server > LLM call, all in requests of their own."""
    records = [
        record(1, None, name="run", scope="literalai_otel.context", **{"literalai.step.type": "run"}),
        record(2, 1, name="GET", kind="CLIENT"),
        record(3, 2, name="GET /", kind="SERVER"),
        record(4, 3, name="chat", **{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
    ]
    for order in itertools.permutations(records):
        project = world.new_project()
        for one in order:
            assert world.ingest.records(project.id, [one]).result(WAIT).rejected == 0
        steps = {node["name"]: node for node in world.store.list_steps(project.id, PageQuery()).nodes}
        assert steps.keys() == {"run", "chat"}
        expected = (steps["run"]["id"], steps["run"]["id"], None)
        assert place(steps["chat"]) == expected, f"order of arrival: {[one.name for one in order]}"


def record(span_id, parent, *, name, kind="INTERNAL", scope="somebody", **attributes):
    return SpanRecord(
        trace_id=TRACE,
        span_id=f"{span_id:016x}",
        parent_span_id=f"{parent:016x}" if parent else None,
        name=name,
        kind=kind,
        scope=scope,
        start_ns=span_id * 1_000_000,
        end_ns=span_id * 2_000_000,
        attributes=attributes,
    )


# --- cycles ------------------------------------------------------------------------------------


def outcomes_of(sent):
    return [(outcome.id, outcome.ok) for outcome in sent]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_the_edge_that_would_close_a_cycle_is_refused(world, length, together):
    ids = [f"s{number}" for number in range(length)]
    steps = [{"id": own, "parentId": parent} for own, parent in zip(ids, ids[1:] + ids[:1], strict=True)]
    steps.append({"id": "innocent", "parentId": ids[0]})
    sent = world.send(*steps) if together else [world.send(step)[0] for step in steps]
    refused = [outcome for outcome in sent if not outcome.ok]
    assert [outcome.id for outcome in refused] == [ids[-1]]
    assert "parent" in refused[0].message
    assert world.store.get_step(world.project.id, ids[-1]) is None, "nothing is half-stored"
    assert world.step("innocent")["parentId"] == ids[0]


def test_a_stored_step_cannot_be_moved_below_itself(world):
    world.put({"id": "a"}, {"id": "b", "parentId": "a"}, {"id": "c", "parentId": "b"})
    assert outcomes_of(world.send({"id": "a", "parentId": "c", "name": "moved"})) == [("a", False)]
    assert world.step("a") == IsPartialDict(parentId=None, name=None)
    world.put({"id": "c", "parentId": "a"}, {"id": "b", "parentId": "c"})
    assert world.step("b")["parentId"] == "c"


def test_spans_that_are_each_others_parents_stay_apart(world, spans):
    steps = [{"id": f"s{number}", "metadata": spans(number, (number + 1) % 3)} for number in range(3)]
    for order in itertools.permutations(steps):
        project = world.new_project()
        for step in order:
            world.put(step, project=project)
        parents = [parent for parent, *_ in stored_places(world, project, ("s0", "s1", "s2")).values()]
        assert parents.count(None) == 1


def test_bridges_that_lead_in_a_circle_end_the_search(world):
    trace = bytes.fromhex(TRACE)
    links = [Link((trace, bytes([0] * 7 + [own])), bytes([0] * 7 + [above])) for own, above in ((1, 2), (2, 3), (3, 1))]
    world.store.upsert_steps(StepBatch(world.project.id, [], links)).result(WAIT)
    world.put(
        {"id": "s", "metadata": {"otel": {"trace_id": TRACE, "span_id": f"{9:016x}", "parent_span_id": f"{1:016x}"}}}
    )
    assert world.step("s")["parentId"] is None


def test_a_tree_as_wide_as_no_statement_can_name_is_read(world):
    ids = [f"s{number}" for number in range(17_000)]
    rows = [StepRow(step_id, {"parent_id": "top"}) for step_id in ids] + [StepRow("top", {})]
    world.store.upsert_steps(StepBatch(world.project.id, rows)).result(WAIT)
    assert len(world.store.tree_steps(world.project.id, "top", payload=False)) == 17_001
    assert world.store.delete_step(world.project.id, "top").result(WAIT)


def test_a_chain_of_two_thousand_steps_is_joined_without_recursion(world, spans):
    chain = [{"id": f"s{number}", "type": "tool", "metadata": spans(number, number - 1)} for number in range(2, 2_002)]
    world.put(*reversed(chain))
    world.put({"id": "top", "type": "run", "threadId": "t", "metadata": spans(1)})
    assert place(world.step("s2001")) == ("s2000", "top", "t")
    assert len(world.store.tree_steps(world.project.id, "top", payload=False)) == 2_001
