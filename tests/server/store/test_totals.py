"""Totals of threads, runs and users: whatever happens to the steps, they are what counting anew gives."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from dirty_equals import IsApprox, IsPartialDict
from sqlalchemy import delete, func, select, update

from literalai_otel.server.store import PageQuery, ThreadFields, rollups
from literalai_otel.server.store.migrations.versions import v0004_aggregates
from literalai_otel.server.store.tables import participants, run_totals, steps, tags, threads

WAIT = 20.0
DAY = "2026-01-01T10:00:"
PRICED = {"provider": "openai", "model": "gpt-4o"}  # 2.5 and 10 USD per million tokens


def llm(step_id: str, asked: int, answered: int, **more: Any) -> dict[str, Any]:
    counts = {"inputTokenCount": asked, "outputTokenCount": answered}
    return {"id": step_id, "type": "llm", "generation": {**PRICED, **counts}, **more}


def totals(world: Any, thread_id: str) -> dict[str, Any]:
    return world.store.thread_detail(world.project.id, thread_id)["totals"]


@pytest.mark.feature("P-ING-07")
def test_a_thread_and_a_run_sum_their_steps(world):
    world.put(
        {"id": "run", "type": "run", "threadId": "t", "startTime": f"{DAY}00Z", "endTime": f"{DAY}04Z"},
        llm("a", 1000, 100, threadId="t", parentId="run", rootRunId="run", startTime=f"{DAY}01Z", endTime=f"{DAY}02Z"),
        llm("b", 10, 5, threadId="t", parentId="run", rootRunId="run", error="broken"),
        {"id": "say", "type": "user_message", "threadId": "t", "startTime": f"{DAY}00Z", "endTime": f"{DAY}00Z"},
    )
    shared = {
        "generationCount": 2,
        "errorCount": 1,
        "inputTokenCount": 1010,
        "outputTokenCount": 105,
        "tokenCount": 1115,
        "cost": IsApprox(0.003575),
        "duration": 4.0,
    }
    assert totals(world, "t") == {"stepCount": 4, **shared}
    assert world.step("run")["totals"] == {"stepCount": 3, **shared}
    assert world.step("a")["totals"] is None


@pytest.mark.feature("P-ING-07")
def test_a_late_upsert_corrects_the_sums(world):
    world.put({"id": "run", "type": "run", "threadId": "t"}, llm("a", 10, 5, threadId="t", rootRunId="run"))
    world.put(llm("a", 20, 6))
    world.put({"id": "a", "error": "late"}, {"id": "run", "startTime": f"{DAY}00Z"})
    world.put({"id": "run", "endTime": f"{DAY}02Z"})
    assert totals(world, "t") == IsPartialDict(stepCount=2, tokenCount=26, errorCount=1, duration=2.0)
    assert world.step("run")["totals"] == IsPartialDict(stepCount=2, tokenCount=26, errorCount=1, duration=2.0)


@pytest.mark.feature("P-ING-07", "P-ING-05")
def test_a_parent_that_comes_late_brings_its_run_the_sums_of_the_tree_below(world, spans):
    world.put(llm("leaf", 3, 1, metadata=spans(3, parent=2)), {"id": "mid", "type": "run", "metadata": spans(2, 1)})
    assert world.step("mid")["totals"] == IsPartialDict(stepCount=2, tokenCount=4)
    world.put({"id": "root", "type": "run", "threadId": "t", "metadata": spans(1)})
    assert world.step("root")["totals"] == IsPartialDict(stepCount=3, tokenCount=4)
    assert world.step("mid")["totals"] is None
    assert totals(world, "t") == IsPartialDict(stepCount=3, tokenCount=4)


def test_a_deleted_step_is_taken_out_again(world):
    world.put({"id": "run", "type": "run", "threadId": "t"}, llm("a", 10, 5, threadId="t", rootRunId="run"))
    world.store.delete_step(world.project.id, "a").result(WAIT)
    assert totals(world, "t") == IsPartialDict(stepCount=1, tokenCount=None, cost=None)
    assert world.step("run")["totals"] == IsPartialDict(stepCount=1, tokenCount=None)


@pytest.mark.feature("L-USR-08", "P-USR-02")
def test_users_are_engaged_when_their_newest_step_starts(world):
    def user() -> dict[str, Any]:
        found = world.store.get_participant(world.project.id, identifier="ann")
        return {name: found[name] for name in ("threadCount", "tokenCount", "lastEngaged")}

    world.store.upsert_thread(world.project.id, "t", ThreadFields(participant_id="ann")).result(WAIT)
    born = user()
    assert born == {"threadCount": 1, "tokenCount": 0, "lastEngaged": born["lastEngaged"]} and born["lastEngaged"]
    world.put(llm("a", 1, 1, threadId="t", startTime=f"{DAY}01Z"))
    assert user() == {"threadCount": 1, "tokenCount": 2, "lastEngaged": "2026-01-01T10:00:01.000Z"}
    world.put(llm("b", 2, 1, threadId="t", startTime=f"{DAY}09Z"))
    assert user() == {"threadCount": 1, "tokenCount": 5, "lastEngaged": "2026-01-01T10:00:09.000Z"}
    world.store.upsert_thread(world.project.id, "t", ThreadFields(participant_id="bob")).result(WAIT)
    assert user() == {"threadCount": 0, "tokenCount": 0, "lastEngaged": None}


def random_step(chance: Random) -> dict[str, Any]:
    """A step of few ids, most of whose fields are there: shrinking matters less here than dense collisions."""
    second = chance.randrange(50)
    span_id = chance.randrange(1, 5)
    otel = {
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": f"{span_id:016x}",
        "user_id": f"user{span_id % 2}",
    }
    if chance.random() < 0.6:
        otel["parent_span_id"] = f"{chance.randrange(1, 5):016x}"
    generation = {"provider": "openai", "model": chance.choice(["gpt-4o", "gpt-4o", "unknown"])} | {
        name: chance.randrange(9)
        for name in ("inputTokenCount", "outputTokenCount", "tokenCount")
        if chance.random() < 0.6
    }
    if chance.random() < 0.3:
        generation["messages"] = [{"role": "user", "content": "one two"}]
    fields = {
        "type": (chance.choice(["run", "run", "llm", "tool"]), 0.7),
        "threadId": (chance.choice("tu"), 0.6),
        "parentId": (chance.choice("abcde"), 0.3),
        "rootRunId": (chance.choice("abcde"), 0.3),
        "startTime": (f"2026-01-01T10:00:{second:02}Z", 0.7),
        "endTime": (f"2026-01-01T10:00:{second + chance.randrange(-2, 9):02}Z", 0.7) if second > 2 else (None, 1),
        "error": (chance.choice(["", "e"]), 0.2),
        "generation": (generation, 0.6),
        "metadata": ({"otel": otel}, 0.4),
    }
    return {"id": chance.choice("abcde")} | {
        name: value for name, (value, likely) in fields.items() if chance.random() < likely
    }


def random_action(chance: Random) -> tuple[str, Any]:
    kind = chance.choices(["send", "delete_step", "delete_thread", "give", "delete_user"], [12, 2, 1, 2, 1])[0]
    match kind:
        case "send":
            return kind, [random_step(chance) for _ in range(chance.randrange(1, 5))]
        case "delete_step":
            return kind, chance.choice("abcde")
        case "delete_thread":
            return kind, chance.choice("tu")
        case "give":
            return kind, (chance.choice("tu"), chance.choice(["ann", "bob"]))
        case _:
            return kind, chance.choice(["ann", "bob", "user1"])


def stored_totals(world: Any) -> dict[str, list[dict[str, Any]]]:
    """Everything that is counted."""
    wanted = {
        "threads": (threads, (*rollups.totals.COLUMNS, "engaged_at", "id")),
        "runs": (run_totals, (*rollups.totals.COLUMNS, "run_id")),
        "users": (participants, ("thread_count", "token_count", "last_engaged", "id")),
    }

    def read(connection: Any) -> dict[str, list[dict[str, Any]]]:
        found = {}
        for name, (table, columns) in wanted.items():
            own = select(*(table.c[column] for column in columns)).where(table.c.project_id == world.project.id)
            rows = connection.execute(own.order_by(table.c[columns[-1]])).mappings().all()
            found[name] = [
                {key: round(value, 9) if isinstance(value, float) else value for key, value in row.items()}
                for row in rows
            ]
        return found

    return world.store.read(read)


def act(world: Any, kind: str, argument: Any) -> None:
    store, project = world.store, world.project.id
    if kind == "send":
        world.send(*argument)
    elif kind == "delete_step":
        store.delete_step(project, argument).result(WAIT)
    elif kind == "delete_thread":
        store.delete_thread(project, argument).result(WAIT)
    elif kind == "give":
        store.upsert_thread(project, argument[0], ThreadFields(participant_id=argument[1])).result(WAIT)
    else:
        user = store.get_participant(project, identifier=argument)
        if user is not None:
            store.delete_participant(project, user["id"]).result(WAIT)


@pytest.mark.feature("P-ING-07")
@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_the_totals_are_what_counting_anew_gives(world, seed):
    chance = Random(seed)
    done = []
    for _ in range(40):
        done.append(random_action(chance))
        act(world, *done[-1])
        booked = stored_totals(world)
        world.store.write(rollups.recount, world.project.id).result(WAIT)
        assert booked == stored_totals(world), done


def test_threads_are_listed_by_their_totals(world):
    for name, tokens, seconds in (("t", 5, 1), ("u", 9, 3), ("v", 1, 2)):
        world.put(llm(name, tokens, 0, threadId=name, startTime=f"{DAY}00Z", endTime=f"{DAY}0{seconds}Z"))
    world.put({"id": "w", "threadId": "w"})
    assert world.ids("threads", order={"column": "tokenCount", "direction": "DESC"}) == ["u", "t", "v", "w"]
    assert world.ids("threads", order={"column": "duration", "direction": "ASC"}) == ["w", "t", "v", "u"]
    filters = [{"field": "duration", "operator": "gt", "value": 1}]
    assert world.ids("threads", filters=filters, order={"column": "duration", "direction": "DESC"}) == ["u", "v"]
    assert world.store.list_threads(world.project.id, PageQuery(filters=())).total_count == 4


def test_a_database_of_before_gets_its_totals_by_migration(world, spans):
    world.put(
        {"id": "run", "type": "run", "threadId": "t", "metadata": {"otel": spans(1)["otel"] | {"user_id": "ann"}}},
        llm("a", 10, 5, threadId="t", rootRunId="run", startTime=f"{DAY}00Z", endTime=f"{DAY}02Z"),
        {"id": "b", "threadId": "t", "error": "e", "startTime": f"{DAY}05Z", "endTime": f"{DAY}04Z"},
        {"id": "c", "type": "run", "startTime": f"{DAY}05Z", "endTime": f"{DAY}08Z"},
    )
    world.store.upsert_thread(world.project.id, "empty", ThreadFields(participant_id="bob")).result(WAIT)

    def forget_and_migrate(connection: Any) -> None:
        connection.execute(update(steps).values(cost=None))  # the version before knew no costs
        connection.execute(delete(run_totals))
        nothing = dict.fromkeys(rollups.totals.COUNTERS, 0) | dict.fromkeys(rollups.totals.SUMS)
        connection.execute(update(threads).values(**nothing, engaged_at=0))
        connection.execute(update(participants).values(thread_count=0, token_count=0, last_engaged=None))
        with Operations.context(MigrationContext.configure(connection)):
            v0004_aggregates.count()

    world.store.write(forget_and_migrate).result(WAIT)
    migrated = stored_totals(world)
    world.store.write(rollups.recount).result(WAIT)
    assert migrated == stored_totals(world)
    assert [row["run_id"] for row in migrated["runs"]] == ["c", "run"]


@pytest.mark.feature("P-ING-04")
def test_a_tag_that_many_requests_bring_at_once_is_made_once(world):
    with ThreadPoolExecutor(20) as pool:
        sent = [pool.submit(world.put, {"id": f"s{number}", "threadId": "t", "tags": ["z"]}) for number in range(20)]
        fields = ThreadFields(tags=["z"])
        tagged = [
            pool.submit(world.store.upsert_thread(world.project.id, f"t{number}", fields).result, WAIT)
            for number in range(5)
        ]
        for future in [*sent, *tagged]:
            future.result(WAIT)
    named = select(func.count()).select_from(tags).where(tags.c.project_id == world.project.id, tags.c.name == "z")
    assert world.store.read(lambda connection: connection.execute(named).scalar_one()) == 1
    every = [{"field": "tags", "operator": "in", "value": ["z"]}]
    assert (len(world.ids(filters=every)), len(world.ids("threads", filters=every))) == (20, 5)
