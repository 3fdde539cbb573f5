"""Projects, keys, users and threads."""

import pytest
from dirty_equals import IsPartialDict, IsStr

from literalai_otel.server.store import PageQuery, ThreadFields, projects
from literalai_otel.server.values import InvalidValueError

WAIT = 20.0


def test_a_key_is_found_by_its_hash_with_its_project(world):
    other = world.new_project()
    assert world.store.read(projects.first) == world.project
    added = world.store.add_api_key(other.id, key_hash="h" * 64, prefix="lai_ab", name="first").result(WAIT)
    assert added.project == other
    assert added.last_used_at is None
    again = world.store.add_api_key(world.project.id, key_hash="h" * 64, prefix="x", name="again").result(WAIT)
    assert again == added
    world.store.touch_api_key("h" * 64).result(WAIT)
    found = world.store.find_api_key("h" * 64)
    assert found.last_used_at >= added.created_at
    assert world.store.find_api_key("g" * 64) is None


@pytest.mark.feature("L-THR-04")
def test_a_thread_keeps_what_a_later_upsert_leaves_out(world):
    store, project = world.store, world.project.id
    full = ThreadFields(name="n", metadata={"a": 1}, tags=["x", "x", "y"], participant_id="ann", environment="dev")
    made = store.upsert_thread(project, "my_thread", full).result(WAIT)
    assert made == IsPartialDict(
        id="my_thread", name="n", metadata={"a": 1}, tags=["x", "y"], participant=IsPartialDict(identifier="ann")
    )
    assert store.upsert_thread(project, "my_thread", ThreadFields()).result(WAIT) == made
    tagged = store.update_thread(project, "my_thread", ThreadFields(tags=[])).result(WAIT)
    assert tagged == made | {"tags": []}
    assert store.list_threads(project, PageQuery()).total_count == 1


def test_update_and_delete_of_an_unknown_thread_answer_none(world):
    assert world.store.update_thread(world.project.id, "t", ThreadFields(name="n")).result(WAIT) is None
    assert world.store.delete_thread(world.project.id, "t").result(WAIT) is None
    assert world.store.list_threads(world.project.id, PageQuery()).nodes == []


def test_deleting_a_thread_deletes_its_steps_and_only_them(world):
    world.put({"id": "in", "threadId": "t", "tags": ["x"]}, {"id": "out", "threadId": "other", "tags": ["x"]})
    deleted = world.store.delete_thread(world.project.id, "t").result(WAIT)
    assert deleted["id"] == "t"
    assert world.ids() == ["out"]
    assert world.ids("threads") == ["other"]


@pytest.mark.feature("L-THR-05")
def test_a_participant_is_named_by_id_or_identifier_and_made_when_unknown(world):
    store, project = world.store, world.project.id
    by_identifier = store.create_thread(project, ThreadFields(participant_id="ann@example.com")).result(WAIT)
    user = store.get_participant(project, identifier="ann@example.com")
    assert by_identifier["participant"] == IsPartialDict(id=user["id"], identifier="ann@example.com", metadata={})
    by_id = store.create_thread(project, ThreadFields(participant_id=user["id"])).result(WAIT)
    assert by_id["participant"]["id"] == user["id"]
    assert store.list_participants(project, PageQuery()).total_count == 1
    assert store.get_participant(project, participant_id=user["id"]) == IsPartialDict(threadCount=2, tokenCount=0)


def test_users_are_created_merged_changed_and_deleted(world):
    store, project = world.store, world.project.id
    made = store.create_participant(project, "ann", {"a": 1}).result(WAIT)
    assert made == IsPartialDict(id=IsStr(), identifier="ann", metadata={"a": 1}, threadCount=0, lastEngaged=None)
    assert store.create_participant(project, "ann").result(WAIT) == made
    changed = store.update_participant(project, made["id"], identifier="anna").result(WAIT)
    assert changed == made | {"identifier": "anna"}
    assert store.update_participant(project, "nobody", identifier="x").result(WAIT) is None
    thread = store.create_thread(project, ThreadFields(participant_id="anna")).result(WAIT)
    deleted = store.delete_participant(project, made["id"]).result(WAIT)
    assert deleted["identifier"] == "anna"
    assert store.delete_participant(project, made["id"]).result(WAIT) is None
    assert store.thread_detail(project, thread["id"])["participant"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"name": 1},
        {"metadata": [1]},
        {"metadata": {"x": "y" * 1_000_001}},
        {"tags": "x"},
        {"tags": [1]},
        {"participant_id": ""},
        {"participant_id": "x" * 256},
        {"environment": ""},
    ],
)
def test_a_thread_with_a_bad_field_is_refused_whole(world, fields):
    with pytest.raises(InvalidValueError):
        world.store.upsert_thread(world.project.id, "t", ThreadFields(**fields)).result(WAIT)
    assert world.ids("threads") == []
    assert world.store.list_participants(world.project.id, PageQuery()).nodes == []


def test_nul_characters_and_lone_surrogates_are_cleaned_in_threads_and_users(world):
    store, project = world.store, world.project.id
    fields = ThreadFields(name="a\0b\ud800", metadata={"k\0": "v\0"}, tags=["t\0"], participant_id="u\0")
    thread = store.upsert_thread(project, "i\0d", fields).result(WAIT)
    assert thread == IsPartialDict(
        id="id", name="ab�", metadata={"k": "v"}, tags=["t"], participant=IsPartialDict(identifier="u")
    )
