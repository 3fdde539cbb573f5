"""The feed of changes: what each transaction says, its numbers, what of it stays."""

import random
import threading

import pytest

from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store import ThreadFields, attachments, changes, journal, participants, scores
from literalai_otel.server.store.attachments import AttachmentFields
from literalai_otel.server.store.journal import SCORE, STEP, THREAD, Change
from literalai_otel.server.store.scores import ScoreFields

WAIT = 20.0


def feed(world, after=0, limit=10_000):
    return world.store.read(changes.since, world.project.id, after, limit)


def told(world, after=0):
    """What the entries after a number say, each as a set: within one transaction there is no order."""
    return [None if entry.changes is None else set(entry.changes) for entry in feed(world, after)]


def test_each_transaction_names_what_it_changed(world):
    world.put(
        {"id": "run", "type": "run", "threadId": "t"},
        {
            "id": "call",
            "type": "llm",
            "parentId": "run",
            "rootRunId": "run",
            "threadId": "t",
            "generation": {"type": "CHAT"},
            "scores": [{"id": "s", "name": "good", "type": "HUMAN", "value": 1}],
        },
    )
    world.put({"id": "call", "output": {"content": "later"}})
    world.store.upsert_thread(world.project.id, "t", ThreadFields(name="Named")).result(WAIT)
    columns = [scores.checked(ScoreFields(name="fine", type="HUMAN", value=0.5, step_id="call"))]
    (score,) = world.store.write(scores.create_all, world.project.id, columns).result(WAIT)
    world.store.write(scores.update, world.project.id, score["id"], comment="said").result(WAIT)
    world.store.write(scores.delete, world.project.id, score["id"]).result(WAIT)
    fields = AttachmentFields(name="order.txt", url="https://example.com/order.txt")
    attached = world.store.write(attachments.create, world.project.id, "call", fields).result(WAIT)
    world.store.write(attachments.delete, world.project.id, attached["id"]).result(WAIT)
    world.store.delete_step(world.project.id, "call").result(WAIT)
    world.store.delete_thread(world.project.id, "t").result(WAIT)
    run = Change(STEP, "run", 0, "t", None, None, "run")
    call = Change(STEP, "call", 0, "t", "run", "run", "llm", 1)
    of_score = Change(SCORE, score["id"], 0, parent_id="call")
    assert told(world) == [
        {
            Change(STEP, "run", 0, "t", None, None, "run"),
            call,
            Change(SCORE, "s", parent_id="call"),
            Change(THREAD, "t"),
        },
        {call, Change(THREAD, "t")},
        {Change(THREAD, "t")},
        {of_score},
        {of_score},
        {of_score._replace(deleted=1)},
        {Change(STEP, "call")},
        {Change(STEP, "call")},
        {call._replace(deleted=1), Change(THREAD, "t")},
        {run._replace(deleted=1), Change(THREAD, "t", 1)},
    ]
    assert [entry.sequence for entry in feed(world)] == list(range(1, 11))


def test_both_threads_of_a_step_that_goes_from_one_to_the_other_are_named(world):
    world.put({"id": "s", "type": "llm", "threadId": "t"})
    world.put({"id": "s", "threadId": "u"})
    step = Change(STEP, "s", 0, "u", None, None, "llm")
    assert told(world, after=1) == [{step, Change(THREAD, "t"), Change(THREAD, "u")}]


def test_what_changes_nothing_that_pages_follow_has_no_number(world):
    world.store.write(participants.create, world.project.id, identifier="ada", metadata=None).result(WAIT)
    assert [outcome.ok for outcome in world.send({"id": "own", "type": "llm", "parentId": "own"})] == [False]
    assert (feed(world), world.store.read(changes.newest, world.project.id)) == ([], 0)


def test_steps_that_find_their_parent_later_are_named_too(world, spans):
    """The upper half of a tree arrives last: what hangs below it has another run and thread since."""
    world.put(
        {"id": "middle", "type": "tool", "metadata": spans(2, 1)},
        {"id": "leaf", "type": "llm", "parentId": "middle", "metadata": spans(3, 2)},
    )
    world.put({"id": "top", "type": "run", "threadId": "t", "metadata": spans(1)})
    assert told(world, after=1) == [
        {
            Change(STEP, "top", 0, "t", None, None, "run"),
            Change(STEP, "middle", 0, "t", "top", "top", "tool"),
            Change(STEP, "leaf", 0, "t", "top", "middle", "llm"),
            Change(THREAD, "t"),
        }
    ]


def test_more_than_can_be_named_is_said_to_be_many(world):
    most = [{"id": f"s{number}", "type": "llm"} for number in range(journal.MOST)]
    world.put(*most)
    world.put(*most, {"id": "one more", "type": "llm"})
    assert [len(found) if found is not None else None for found in told(world)] == [journal.MOST, None]


def test_projects_are_numbered_for_themselves(world):
    other = world.new_project()
    for project in (world.project, other, world.project):
        world.put({"id": "s", "type": "llm"}, project=project)
    assert world.store.read(changes.newest, world.project.id) == 2
    assert world.store.read(changes.newest, other.id) == 1


def test_the_newest_entries_stay_and_their_numbers_go_on(world, monkeypatch):
    monkeypatch.setattr(changes, "_PRUNED_EVERY", 1)
    monkeypatch.setattr(changes, "_PRUNE", changes._PRUNE.replace(str(changes.KEPT), "3"))
    for number in range(6):
        world.put({"id": f"s{number}", "type": "llm"})
    assert [entry.sequence for entry in feed(world)] == [4, 5, 6]


def test_numbers_have_no_gaps_however_many_write(world):
    """Batches, merges and calls by many threads: each change is in the feed, and no number is missing or twice."""
    ways_in = [Ingest(world.store) for _ in range(4)]

    def write(place):
        for number in range(25):
            ways_in[place].steps(world.project.id, [{"id": f"{place}-{number}", "type": "llm"}]).result(WAIT)
            world.store.upsert_thread(world.project.id, f"t{place}", ThreadFields(name=f"{number}")).result(WAIT)

    writers = [threading.Thread(target=write, args=(place,)) for place in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(WAIT)
    entries = feed(world)
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    named = {change.id for entry in entries for change in entry.changes if change.kind == STEP}
    assert named == {f"{place}-{number}" for place in range(4) for number in range(25)}


def test_a_transaction_that_fails_says_nothing(world):
    def fail(connection, project_id):
        journal.notes_of(connection, project_id).thread("t")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        world.store.write(fail, world.project.id).result(WAIT)
    world.put({"id": "after", "type": "llm"})
    assert told(world) == [{Change(STEP, "after", type="llm")}]


def test_watchers_hear_of_projects_after_the_commit(world):
    heard = []
    came = threading.Event()

    def hear(projects):
        if projects is not None:
            heard.append((set(projects), len(feed(world))))
            came.set()

    def broken(projects):
        raise RuntimeError("a watcher of the test")

    world.store.watch(broken)
    world.store.watch(hear)
    world.put({"id": "s", "type": "llm"})
    assert came.wait(WAIT)
    assert heard[0] == ({world.project.id}, 1)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_what_is_different_afterwards_is_named(world, spans, seed):
    """Trees arrive in pieces and in any order, are merged, joined and taken apart."""
    chance = random.Random(seed)
    ids = [f"s{number}" for number in range(12)]

    def picture():
        found = {}
        for step_id in ids:
            step = world.store.get_step(world.project.id, step_id)
            found[step_id] = step and {name: value for name, value in step.items() if name != "totals"}
        return found

    def step(number):
        kind = chance.choice(["run", "llm", "tool"])
        parent = chance.choice([None, *range(number)])
        fields = {"id": ids[number], "type": kind, "metadata": spans(number + 1, parent and parent + 1)}
        if chance.random() < 0.3:
            fields["threadId"] = chance.choice("tu")
        if chance.random() < 0.2 and parent is not None:
            fields |= {"parentId": ids[parent], "rootRunId": ids[chance.randrange(number)]}
        return fields

    for _ in range(25):
        before, reached = picture(), world.store.read(changes.newest, world.project.id)
        if chance.random() < 0.15:
            world.store.delete_step(world.project.id, chance.choice(ids)).result(WAIT)
        else:
            world.send(*(step(chance.randrange(len(ids))) for _ in range(chance.randrange(1, 4))))
        after = picture()
        different = {step_id for step_id in ids if before[step_id] != after[step_id]}
        named = {change.id for entry in feed(world, reached) for change in entry.changes if change.kind == STEP}
        places = {
            change.id: (change.thread_id, change.root_run_id, change.parent_id)
            for entry in feed(world, reached)
            for change in entry.changes
            if change.kind == STEP and not change.deleted
        }
        assert different <= named
        assert places == {
            step_id: tuple(after[step_id][name] for name in ("threadId", "rootRunId", "parentId")) for step_id in places
        }
