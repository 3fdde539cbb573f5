"""Several servers on one PostgreSQL: what they write at once is what one would have written."""

import os
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines import POSTGRES, only
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store import PageQuery, StepBatch, StepRow, ThreadFields

pytestmark = [only(*POSTGRES), pytest.mark.feature("S-HST-02")]

WAIT = 40.0
TREES = 25
PLACES = {
    "a-run": (None, None, "t"),
    "a-tool": ("a-run", "a-run", "t"),
    "b-run": ("a-tool", "a-run", "t"),
    "b-llm": ("b-run", "a-run", "t"),
    "c-llm": ("a-tool", "a-run", "t"),
}


@pytest.fixture
def other(engine, store, tmp_path):
    """A second server's store on the database of `store`."""
    opened = engine.open(tmp_path / "data")
    yield opened
    opened.close()


def tree(spans, number):
    """Two services: A has a run and a tool, whose HTTP span 90 is a bridge; B a run under that span."""
    trace = f"{number + 1:032x}"

    def step(name, kind, span_id, parent=None, bridges=(), **fields):
        metadata = spans(span_id, parent, trace=trace, bridges=bridges)
        return {"id": f"{number}-{name}", "type": kind, "metadata": metadata, **fields}

    def under(name):
        return {"parentId": f"{number}-{name}", "rootRunId": f"{number}-{name}"}

    return [
        step("a-run", "run", 1, threadId=f"{number}-t"),
        step("a-tool", "tool", 2, 1, [90], threadId=f"{number}-t", **under("a-run")),
        step("b-run", "run", 3, 90),
        step("b-llm", "llm", 4, 3, **under("b-run")),
        step("c-llm", "llm", 5, 2),
    ]


def places(store, project, number):
    found = {}
    for name in PLACES:
        step = store.get_step(project.id, f"{number}-{name}")
        whole = (step["parentId"], step["rootRunId"], step["threadId"])
        found[name] = tuple(value and value.removeprefix(f"{number}-") for value in whole)
    return found


def test_trees_that_arrive_through_two_servers_at_once_are_whole(world, other, spans):
    """Every step is a request of its own, sent to either server by one of eight threads."""
    chance = random.Random(11)
    ways_in = [world.ingest, Ingest(other)]
    sent = [(chance.choice(ways_in), step) for number in range(TREES) for step in tree(spans, number)]
    chance.shuffle(sent)
    with ThreadPoolExecutor(8) as senders:
        outcomes = senders.map(lambda one: one[0].steps(world.project.id, [one[1]]).result(WAIT), sent)
    assert all(outcome.ok for answer in outcomes for outcome in answer)
    assert {number: places(other, world.project, number) for number in range(TREES)} == dict.fromkeys(
        range(TREES), PLACES
    )


def test_what_many_senders_of_two_servers_share_is_made_once(engine, world, other, tmp_path):
    def send(sender):
        ingest = (world.ingest, Ingest(other))[sender % 2]
        for number in range(10):
            steps = [
                {"id": f"{sender}-{number}", "threadId": f"t{number}", "tags": ["x", "y", f"{sender}"], "type": "run"},
                {"id": f"shared-{number}", "name": f"{sender}", "input": {"content": "x"}, "tags": [f"{sender}"]},
                {"id": f"child-{sender}-{number}", "parentId": f"shared-{number}", "threadId": f"t{9 - number}"},
            ]
            assert all(outcome.ok for outcome in ingest.steps(world.project.id, steps).result(WAIT))
            fields = ThreadFields(participant_id="ann", tags=["x"])
            (world.store, other)[sender % 2].upsert_thread(world.project.id, f"t{number}", fields).result(WAIT)

    with ThreadPoolExecutor(8) as senders:
        list(senders.map(send, range(8)))
    counted = "SELECT (SELECT count(*) FROM steps), (SELECT count(*) FROM threads), (SELECT count(*) FROM participants)"
    assert engine.run(tmp_path / "data", counted) == [(8 * 20 + 10, 10, 1)]
    assert sorted(engine.run(tmp_path / "data", "SELECT name FROM tags")) == sorted(
        [("x",), ("y",), *((str(sender),) for sender in range(8))]
    )
    for number in range(10):
        step = world.step(f"shared-{number}")
        assert step["tags"] == [step["name"]], "the tags of whoever wrote last"
        linked = (
            "SELECT tags.name FROM step_tags JOIN tags ON tags.id = tag_id JOIN steps ON steps.row_id = step_row "
            f"WHERE steps.id = 'shared-{number}'"
        )
        assert engine.run(tmp_path / "data", linked) == [(step["name"],)]


def test_what_one_server_acknowledged_the_other_one_reads(world, other):
    for number in range(20):
        world.put({"id": f"s{number}"})
        assert other.get_step(world.project.id, f"s{number}")


def test_projects_do_not_wait_for_each_other(world, other):
    """A batch of one project is written while a transaction on another one is open."""
    elsewhere = world.new_project()
    started, go_on = threading.Event(), threading.Event()
    original = world.store._writer._upsert

    def slow(*arguments):
        answer = original(*arguments)
        started.set()
        assert go_on.wait(WAIT)
        return answer

    world.store._writer._upsert = slow
    held = world.store.upsert_steps(StepBatch(world.project.id, [StepRow("held", {})]))
    assert started.wait(WAIT)
    assert other.upsert_steps(StepBatch(elsewhere.id, [StepRow("free", {})])).result(WAIT) == [None]
    waiting = other.upsert_steps(StepBatch(world.project.id, [StepRow("held", {"name": "later"})]))
    assert not waiting.done()
    go_on.set()
    assert held.result(WAIT) == waiting.result(WAIT) == [None]
    assert world.step("held")["name"] == "later"


SENDER = """
import sys
from pathlib import Path
from literalai_otel.config import ServerConfig
from literalai_otel.server.access.first_start import ensure_first_key
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store import Store
from literalai_otel.server.store.engines.postgres_address import PostgresAddress

config = ServerConfig.load()
store = Store.open(Path(config.data_dir), PostgresAddress.from_config(config))
first = ensure_first_key(store, given=None, host="127.0.0.1")
print(first.project.public_id, first.key, flush=True)
ingest = Ingest(store)
for number in range(int(sys.argv[1])):
    steps = [{"id": f"shared-{index}", "name": sys.argv[2]} for index in range(20)]
    steps.append({"id": f"{sys.argv[2]}-{number}", "parentId": f"shared-{number % 20}"})
    assert all(outcome.ok for outcome in ingest.steps(first.project.id, steps).result())
    print(f"{sys.argv[2]}-{number}", flush=True)
store.close()
"""


def sender(environment, requests, name):
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, str(requests), name],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_start_together_on_an_empty_database_make_one_schema_and_one_project(engine, tmp_path):
    name = engine.new_database(empty=True)
    environment = {"LITERAL_DATA_DIR": str(tmp_path), "DATABASE_URL": engine.server.url(name)}
    processes = [sender(environment, 10, str(number)) for number in range(3)]
    said = [process.communicate(timeout=WAIT)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    projects, keys = zip(*(lines[0].split() for lines in said), strict=True)
    assert len(set(projects)) == 1
    assert sum(key != "None" for key in keys) == 1, "one of them shows the first key"
    assert engine.run(Path(name), "SELECT count(*) FROM steps") == [(20 + 30,)]


def test_a_server_that_is_killed_leaves_nothing_locked_and_nothing_acknowledged_behind(engine, world, tmp_path):
    process = sender(engine.environment(tmp_path / "data"), 100_000, "killed")
    acknowledged = [process.stdout.readline().strip() for _ in range(20)][1:]
    process.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.wait(WAIT)
    world.put({"id": "shared-0", "name": "survivor"})
    assert world.step("shared-0")["name"] == "survivor"
    stored = {step_id for (step_id,) in engine.run(tmp_path / "data", "SELECT id FROM steps")}
    assert set(acknowledged) - stored == set()
    assert len(acknowledged) >= 19


def test_a_server_that_stands_still_does_not_stop_the_others(engine, world, tmp_path, monkeypatch):
    monkeypatch.setattr("literalai_otel.server.store.engines.postgres._STALLED_MILLISECONDS", 300)
    still = engine.open(tmp_path / "data")
    go_on = threading.Event()
    started = threading.Event()

    def stand_still(connection):
        started.set()
        assert go_on.wait(WAIT)
        return connection.exec_driver_sql("SELECT 1").scalar_one()

    stalled = still.write(stand_still)
    assert started.wait(WAIT)
    world.put({"id": "s"})
    go_on.set()
    assert stalled.result(WAIT) == 1, "it was run again, on a new connection"
    still.close()
    assert world.store.list_steps(world.project.id, PageQuery()).total_count == 1
