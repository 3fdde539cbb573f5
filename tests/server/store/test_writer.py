import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from literalai_otel.server.store import ConflictError, StepBatch, StepRow
from literalai_otel.server.values import InvalidValueError

WAIT = 20.0


def batch(project, *ids, **values):
    return StepBatch(project.id, [StepRow(step_id, dict(values)) for step_id in ids])


def held(store):
    """Keeps the writer busy until the returned event is set."""
    started, go_on = threading.Event(), threading.Event()

    def work(_connection):
        started.set()
        assert go_on.wait(WAIT)

    store._writer.call(work)
    assert started.wait(WAIT)
    return go_on


def test_what_waits_during_a_commit_goes_into_one_transaction(world):
    writer = world.store._writer
    go_on = held(world.store)
    commits = writer.commits
    futures = [world.store.upsert_steps(batch(world.project, f"s{number}")) for number in range(200)]
    go_on.set()
    assert [future.result(WAIT) for future in futures] == [[None]] * 200
    assert writer.commits - commits == 2, "the held one, then all of the others"
    assert len(world.ids(first=1000)) == 200


def test_an_idle_writer_commits_at_once(world):
    before = world.store._writer.commits
    for number in range(5):
        world.put({"id": f"s{number}"})
    assert world.store._writer.commits - before == 5


def test_a_group_is_bounded(world, monkeypatch):
    monkeypatch.setattr("literalai_otel.server.store.writer.GROUP_ROWS", 50)
    go_on = held(world.store)
    before = world.store._writer.commits
    futures = [world.store.upsert_steps(batch(world.project, f"a{number}", f"b{number}")) for number in range(100)]
    go_on.set()
    wait(futures, WAIT)
    assert world.store._writer.commits - before == 1 + 200 // 50


def test_a_future_resolves_after_its_commit(world, engine, tmp_path):
    """A connection of its own, as another process would have, sees the row at the moment of the answer."""
    seen = []

    def look(_future):
        seen.append(engine.run(tmp_path / "data", "SELECT count(*) FROM steps")[0][0])

    for number in range(1, 6):
        future = world.store.upsert_steps(batch(world.project, f"s{number}"))
        future.add_done_callback(look)
        future.result(WAIT)
    # The callback runs on the writer thread, so the next job waits for it.
    world.store.touch_api_key("none").result(WAIT)
    assert seen == [1, 2, 3, 4, 5]


def test_the_order_of_writes_is_the_order_of_calls(world):
    go_on = held(world.store)
    futures = []
    for number in range(50):
        futures.append(world.store.upsert_steps(batch(world.project, "s", name=f"v{number}")))
        futures.append(world.store.delete_step(world.project.id, "s"))
    futures.append(world.store.upsert_steps(batch(world.project, "s", type="run")))
    go_on.set()
    assert [future.result(WAIT)["name"] for future in futures[1:-1:2]] == [f"v{number}" for number in range(50)]
    assert (world.step("s")["name"], world.step("s")["type"]) == (None, "run")


@pytest.mark.parametrize("poison", [{"name": "\ud800"}, {"end_time": 2**70}, {"name": object()}])
def test_a_step_that_the_database_refuses_takes_nobody_with_it(world, caplog, poison):
    go_on = held(world.store)
    good = world.store.upsert_steps(batch(world.project, "before"))
    mixed = world.store.upsert_steps(
        StepBatch(
            world.project.id,
            [StepRow("a", {}), StepRow("bad", dict(poison), {"input": b"{}"}), StepRow("b", {"parent_id": "a"})],
        )
    )
    later = world.store.upsert_steps(batch(world.project, "after"))
    go_on.set()
    assert good.result(WAIT) == later.result(WAIT) == [None]
    first, refused, last = mixed.result(WAIT)
    assert (first, last) == (None, None)
    assert refused.startswith("the step could not be stored")
    assert sorted(world.ids()) == ["a", "after", "b", "before"]
    with world.store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM step_payloads").scalar_one() == 0
    assert [entry.levelname for entry in caplog.records] == ["ERROR"]


def test_a_call_that_raises_changes_nothing_and_answers_its_caller_alone(world):
    world.store.create_participant(world.project.id, "ann").result(WAIT)
    bob = world.store.create_participant(world.project.id, "bob").result(WAIT)
    go_on = held(world.store)
    fine = world.store.upsert_steps(batch(world.project, "s"))
    conflict = world.store.update_participant(world.project.id, bob["id"], identifier="ann", metadata={"x": 1})
    invalid = world.store.create_participant(world.project.id, "")
    go_on.set()
    with pytest.raises(ConflictError, match="ann"):
        conflict.result(WAIT)
    with pytest.raises(InvalidValueError, match="identifier"):
        invalid.result(WAIT)
    assert fine.result(WAIT) == [None]
    assert world.store.get_participant(world.project.id, identifier="bob") == bob


def test_a_caller_that_went_away_does_not_stop_the_writer(world):
    go_on = held(world.store)
    gone = world.store.upsert_steps(batch(world.project, "gone"))
    assert gone.cancel()
    go_on.set()
    world.put({"id": "next"})
    assert "next" in world.ids()


def test_nobody_waits_for_a_writer_that_cannot_even_roll_back(world, monkeypatch, caplog):
    class Broken:
        def begin(self, _):
            raise LookupError("gone")

        def rollback(self):
            raise LookupError("gone as well")

    monkeypatch.setattr(world.store._database, "driver", lambda _: Broken())
    with pytest.raises(LookupError, match="as well"):
        world.store.upsert_steps(batch(world.project, "s")).result(WAIT)
    assert "the writer of the store failed" in caplog.text
    monkeypatch.undo()
    world.put({"id": "s"})


def test_twenty_concurrent_senders_lose_and_double_nothing(world):
    def send(sender):
        for number in range(25):
            world.put({"id": f"{sender}-{number}", "threadId": f"t{number}"}, {"id": "shared", "name": str(sender)})

    with ThreadPoolExecutor(20) as senders:
        list(senders.map(send, range(20)))
    assert len(world.ids(first=1000)) == 20 * 25 + 1
    assert len(world.ids("threads", first=1000)) == 25


def test_closing_commits_what_is_queued_and_refuses_what_comes_later(engine, tmp_path):
    store = engine.open(tmp_path / "data")
    project = store.create_project("p").result(WAIT)
    go_on = held(store)
    futures = [store.upsert_steps(batch(project, f"s{number}")) for number in range(20)]
    closing = threading.Thread(target=store.close)
    closing.start()
    go_on.set()
    closing.join(WAIT)
    assert [future.result(0) for future in futures] == [[None]] * 20
    with pytest.raises(RuntimeError, match="closed"):
        store.upsert_steps(batch(project, "late")).result(0)
    reopened = engine.open(tmp_path / "data")
    assert all(reopened.get_step(project.id, f"s{number}") for number in range(20))
    reopened.close()


def test_readers_go_on_while_the_writer_is_busy(world):
    world.put({"id": "s"})
    go_on = held(world.store)
    assert world.ids() == ["s"]
    go_on.set()


def test_a_reader_sees_one_state_to_the_end_of_its_read(world):
    world.put({"id": "a"})
    with world.store._database.read() as connection:
        count = "SELECT count(*) FROM steps"
        before = connection.exec_driver_sql(count).scalar_one()
        world.put({"id": "b"})
        assert connection.exec_driver_sql(count).scalar_one() == before == 1
    assert len(world.ids()) == 2
