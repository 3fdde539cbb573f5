import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
from dirty_equals import IsApprox, IsPartialDict, IsStr

from literalai_otel.jsonable import dumps
from literalai_otel.server.store import PageQuery, ThreadFields
from literalai_otel.server.store.rows import StepRow

FULL = {
    "id": "step_1",
    "name": "answer",
    "type": "llm",
    "threadId": "my_thread_1",
    "parentId": "parent",
    "rootRunId": "root",
    "startTime": "2026-11-21T08:00:00.123456Z",
    "endTime": "2026-11-21T08:00:01Z",
    "error": "boom",
    "input": {"content": "question"},
    "output": {"role": "assistant", "content": "answer"},
    "metadata": {"region": "eu"},
    "tags": ["a", "b"],
    "generation": {
        "type": "CHAT",
        "provider": "openai",
        "model": "gpt-4o",
        "promptId": "p1",
        "settings": {"temperature": 0},
        "tools": [],
        "messages": [{"role": "user", "content": "question"}],
        "messageCompletion": {"role": "assistant", "content": "answer"},
        "inputTokenCount": 3,
        "outputTokenCount": 0,
        "tokenCount": 3,
        "ttFirstToken": 12.5,
        "duration": 0.5,
        "tokenThroughputInSeconds": 6,
    },
    "scores": [{"id": "s1", "name": "helpful", "type": "HUMAN", "value": 1, "comment": "yes", "tags": ["x"]}],
    "attachments": [{"id": "a1", "name": "f.pdf", "mime": "application/pdf", "url": "u", "metadata": {"size": 1}}],
}


@pytest.mark.feature("L-STEP-09", "L-LOG-02")
def test_a_whole_step_comes_back_as_it_was_sent(world):
    world.put(FULL, environment="staging")
    generation = FULL["generation"] | {
        "id": "step_1",
        "stepId": "step_1",
        "error": None,
        "tags": ["a", "b"],
        "metadata": {"region": "eu"},
        "createdAt": IsStr(),
        "tokenCountEstimated": False,
        "inputCost": IsApprox(7.5e-06),
        "outputCost": 0,
        "cost": IsApprox(7.5e-06),
        "priceRule": "default:openai/gpt-4o",
    }
    assert world.step("step_1") == FULL | {
        "totals": None,
        "span": None,
        "environment": "staging",
        "createdAt": IsStr(regex=r"\d{4}-\d\d-\d\dT.*Z"),
        "endTime": "2026-11-21T08:00:01.000Z",
        "generation": generation,
        "scores": [IsPartialDict(**{**FULL["scores"][0], "stepId": "step_1"})],
        "attachments": [FULL["attachments"][0] | {"stepId": "step_1", "threadId": "my_thread_1", "objectKey": None}],
    }


def without(step, *names):
    return {key: value for key, value in step.items() if key not in names}


@pytest.mark.feature("L-STEP-09", "L-STEP-11")
def test_a_resend_changes_nothing(world):
    world.put(FULL)
    before = world.step("step_1")
    for _ in range(3):
        world.put(FULL | {"createdAt": "1999-01-01T00:00:00Z"})
    after = world.step("step_1")
    updated = [score.pop("updatedAt") for step in (before, after) for score in step["scores"]]
    assert len(updated) == 2
    assert after == before
    assert world.ids() == ["step_1"]


@pytest.mark.parametrize("missing", [{}, dict.fromkeys(FULL.keys() - {"id"})])
def test_absent_and_null_leave_what_is_stored(world, missing):
    world.put(FULL)
    before = world.step("step_1")
    world.put({"id": "step_1", **missing})
    assert world.step("step_1") == before


def test_empty_lists_delete_no_scores_and_no_attachments(world):
    world.put(FULL)
    world.put({"id": "step_1", "scores": [], "attachments": []})
    stored = world.step("step_1")
    assert len(stored["scores"]) == len(stored["attachments"]) == 1


def test_only_given_fields_overwrite(world):
    world.put(FULL)
    world.put(
        {
            "id": "step_1",
            "output": {"content": "better"},
            "tags": [],
            "generation": {"type": "CHAT", "tokenCount": 0, "messageCompletion": {"role": "assistant"}},
            "scores": [{"id": "s1", "name": "helpful", "type": "HUMAN", "value": 0}],
            "attachments": [{"id": "a2", "name": "g"}],
        }
    )
    stored = world.step("step_1")
    assert stored["input"] == FULL["input"]
    assert stored["output"] == {"content": "better"}
    assert stored["tags"] == []
    assert stored["generation"]["tokenCount"] == 0
    assert stored["generation"]["model"] == "gpt-4o"
    assert stored["generation"]["messages"] == FULL["generation"]["messages"]
    assert stored["generation"]["messageCompletion"] == {"role": "assistant"}
    assert [(score["id"], score["value"], score["comment"]) for score in stored["scores"]] == [("s1", 0.0, "yes")]
    assert [item["id"] for item in stored["attachments"]] == ["a1", "a2"]


def test_two_events_of_a_step_in_one_request_are_one_step(world):
    world.put(
        {"id": "s", "type": "run", "input": {"content": "in"}, "generation": {"model": "m", "messages": []}},
        {"id": "s", "output": {"content": "out"}, "generation": {"type": "CHAT", "tokenCount": 3}},
    )
    stored = world.step("s")
    assert (stored["type"], stored["input"], stored["output"]) == ("run", {"content": "in"}, {"content": "out"})
    assert stored["generation"] == IsPartialDict(model="m", tokenCount=3, messages=[])


@pytest.mark.feature("P-ING-05")
def test_attachments_before_their_step_wait_for_it(world):
    world.put({"id": "s", "threadId": "t", "attachments": [{"name": "early.png", "url": "u"}]})
    world.put({"id": "s", "type": "tool", "name": "late"})
    stored = world.step("s")
    assert (stored["name"], [item["name"] for item in stored["attachments"]]) == ("late", ["early.png"])


def test_scores_and_attachments_without_an_id_are_not_doubled_by_a_resend(world):
    step = {
        "id": "s",
        "scores": [{"name": "n", "type": "CODE", "value": value} for value in (0.5, 0.25)],
        "attachments": [{"name": "f"}, {"name": "f"}],
    }
    world.put(step)
    world.put(step)
    stored = world.step("s")
    assert [score["value"] for score in stored["scores"]] == [0.5, 0.25]
    assert len(stored["attachments"]) == 2


@pytest.mark.feature("P-ING-06")
def test_the_same_ids_in_two_projects_are_two_rows(world):
    other = world.new_project()
    world.put({"id": "s", "name": "first", "threadId": "t", "tags": ["x"], "scores": [score("a")]})
    world.put({"id": "s", "name": "second", "threadId": "t", "tags": ["x"], "scores": [score("a")]}, project=other)
    assert world.step("s")["name"] == "first"
    assert world.store.get_step(other.id, "s")["name"] == "second"
    world.store.delete_thread(other.id, "t").result(5)
    assert world.store.get_step(other.id, "s") is None
    assert world.step("s") == IsPartialDict(name="first", scores=[IsPartialDict(id="a")])
    assert world.ids(filters=[{"field": "tags", "operator": "in", "value": ["x"]}]) == ["s"]


def score(score_id, **fields):
    return {"id": score_id, "name": "n", "type": "CODE", "value": 1, **fields}


@pytest.mark.feature("L-THR-06", "P-ING-05")
def test_threads_are_made_on_sight_and_keep_what_is_known_of_them(world):
    named = world.store.upsert_thread(world.project.id, "known", ThreadFields(name="mine", tags=["t"])).result(5)
    world.put({"id": "a", "threadId": "new_thread"}, {"id": "b", "threadId": "known"})
    assert world.store.thread_detail(world.project.id, "new_thread") == IsPartialDict(
        name=None, metadata={}, tags=[], participant=None, steps=[IsPartialDict(id="a")]
    )
    assert world.store.thread_detail(world.project.id, "known") == named | {
        "totals": IsPartialDict(stepCount=1),
        "tokenCount": None,
        "steps": [IsPartialDict(id="b")],
    }


def test_a_span_names_its_thread_and_its_user_where_there_is_none(world, spans):
    metadata = spans(1)
    metadata["otel"] |= {"thread_name": "from the span", "user_id": "ann@example.com"}
    world.store.upsert_thread(world.project.id, "named", ThreadFields(name="mine", participant_id="bob")).result(5)
    for thread_id in ("fresh", "named"):
        world.put({"id": thread_id, "threadId": thread_id, "metadata": metadata})
    threads = {node["id"]: node for node in world.store.list_threads(world.project.id, PageQuery()).nodes}
    assert threads["fresh"] == IsPartialDict(
        name="from the span", participant=IsPartialDict(identifier="ann@example.com")
    )
    assert threads["named"] == IsPartialDict(name="mine", participant=IsPartialDict(identifier="bob"))


@pytest.mark.feature("P-ING-04")
def test_twenty_parallel_senders_make_one_tag_and_one_thread(world):
    with ThreadPoolExecutor(20) as senders:
        list(
            senders.map(
                lambda number: world.put({"id": f"s{number}", "tags": ["z"], "threadId": "t"}),
                range(20),
            )
        )
    assert len(world.ids(filters=[{"field": "tags", "operator": "in", "value": ["z"]}])) == 20
    assert world.ids("threads") == ["t"]
    with world.store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM tags").scalar_one() == 1


def test_deleting_a_step_leaves_its_children_and_nothing_of_its_own(world, spans):
    world.put(FULL | {"metadata": spans(1, bridges=[9])}, {"id": "child", "parentId": "step_1"})
    deleted = world.store.delete_step(world.project.id, "step_1").result(5)
    assert deleted == IsPartialDict(id="step_1", input=FULL["input"])
    assert world.store.delete_step(world.project.id, "step_1").result(5) is None
    assert world.step("child")["parentId"] == "step_1"
    with world.store._database.read() as connection:
        for table in ("step_payloads", "step_tags", "scores", "attachments", "span_bridges"):
            rows = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            assert (table, rows) == (table, 0)


@pytest.mark.parametrize("size", [10, 511, 513, 5_000, 2_700_000])
def test_payloads_of_every_size_survive(world, size):
    text = ("0123456789é" * (size // 11 + 1))[:size]
    world.put({"id": "s", "input": {"content": text}})
    world.put({"id": "s", "output": {"content": "later"}})
    assert world.step("s") == IsPartialDict(input={"content": text}, output={"content": "later"})


def test_a_copy_of_a_row_has_all_that_the_row_has():
    row = StepRow(**{field.name: {field.name: 1} for field in dataclasses.fields(StepRow)})
    assert row.copy() == row
    assert row.copy().values is not row.values


ODD = 'a\\b "c"\td\ne \\x41 \\N é 😀 \u2028 {"json": null}'


@pytest.mark.parametrize("count", [2, 100, 300], ids=["few", "many", "most"])
def test_few_steps_and_many_are_stored_as_they_are(world, spans, count):
    """Each database takes them in two ways: PostgreSQL from 41 of a batch, SQLite from 100."""
    generation = {"type": "CHAT", "model": ODD, "tokenCount": 10**12, "ttFirstToken": 0.1 + 0.2, "duration": 1e-9}
    sent = [
        {"id": f"{ODD}-{n}", "name": ODD, "tags": [ODD, f"t{n}"], "threadId": ODD, "input": {ODD: [ODD, None]}}
        | {"type": "llm", "metadata": spans(n, max(n - 1, 0) or None), "generation": generation}
        for n in range(1, count + 1)
    ]
    world.put(*sent[: count // 2])
    world.put(*sent[count // 2 :])
    for above, step in zip([None, *sent], sent, strict=False):
        stored = world.step(step["id"])
        assert stored == IsPartialDict(without(step, "generation", "metadata"))
        assert stored["generation"] == IsPartialDict(generation)
        assert stored["parentId"] == (above and above["id"])


def test_deep_and_wide_values_survive_a_merge(world):
    deep: dict = {}
    for _ in range(990):
        deep = {"d": deep}
    world.put({"id": "s", "input": deep, "metadata": {"big": 2**63, "float": 1e300, "text": "\ud83d\ude00"}})
    world.put({"id": "s", "output": {"content": "later"}})
    stored = world.step("s")
    assert dumps(stored["input"]) == dumps(deep)
    assert stored["metadata"] == {"big": 2**63, "float": 1e300, "text": "😀"}


def test_a_long_error_is_whole_and_a_later_short_one_replaces_it(world):
    for text in ("x" * 5_000, "short", "y" * 1_000, "y" * 1_001):
        world.put({"id": "s", "error": text, "generation": {"error": text}})
        assert (world.step("s")["error"], world.step("s")["generation"]["error"]) == (text, text)
