"""What both databases have in common: the schema, and that it is there tomorrow."""

import re
from contextlib import suppress

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex

from literalai_otel.errors import ConfigError
from literalai_otel.server.store import projects
from literalai_otel.server.store.engines import open_database, pending_versions
from literalai_otel.server.store.tables import metadata
from literalai_otel.server.values import InvalidValueError


def test_the_migrations_make_exactly_the_tables_of_the_schema(engine, store, tmp_path):
    with store._database.writer.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    if store.dialect == "postgresql":
        # There, indexes that serve an order with empty values first say so; the comparison takes no notice of that.
        rows = engine.run(tmp_path / "data", "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%NULLS FIRST%'")
        ordered = {name for (name,) in rows}
        assert ordered
        found = [one for one in found if not (one[0].endswith("_index") and one[1].name in ordered)]
    assert found == []


def condition(sql):
    """The condition of a partial index, without what a database adds to it."""
    return re.sub(r"[()\"]|\bsteps\.|::text", "", sql.partition("WHERE ")[2]).lower()


def test_partial_indexes_of_the_migrations_have_their_conditions(engine, store, tmp_path):
    declared = {
        index.name: condition(str(CreateIndex(index).compile(store._database.writer)))
        for table in metadata.tables.values()
        for index in table.indexes
    }
    asked = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type='index' AND sql NOT NULL",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname='public' AND indexname LIKE 'ix%'",
    }
    made = {name: condition(sql) for name, sql in engine.run(tmp_path / "data", asked[store.dialect])}
    assert made == declared
    assert made["ix_steps_parent"]


def test_readers_cannot_write(store):
    with store._database.read() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
        connection.exec_driver_sql("DELETE FROM steps")


def test_what_was_stored_is_there_after_a_restart(engine, tmp_path):
    first = engine.open(tmp_path / "data")
    project = first.create_project("p").result(5)
    first.create_participant(project.id, "ann", {"plan": "free"}).result(5)
    first.close()
    second = engine.open(tmp_path / "data")
    assert second.read(projects.first) == project
    assert second.get_participant(project.id, identifier="ann")["metadata"] == {"plan": "free"}
    second.close()


def test_a_database_of_a_newer_program_is_refused_with_the_fix(engine, tmp_path):
    engine.open(tmp_path / "data").close()
    engine.run(tmp_path / "data", "UPDATE alembic_version SET version_num='9999'")
    for _ in range(2):
        with pytest.raises(ConfigError, match="upgrade literalai-otel"):
            engine.open(tmp_path / "data")
    with pytest.raises(ConfigError, match="upgrade literalai-otel"):
        pending_versions(tmp_path / "data", engine.address(tmp_path / "data"))


def test_each_version_is_reported_once_and_then_nothing_is_pending(engine, tmp_path):
    where = engine.new(tmp_path / "data")
    pending = pending_versions(*where)
    assert pending[0].startswith("0001 The first schema")
    applied = []
    open_database(*where, applied.append).close()
    assert applied == list(pending)
    assert pending_versions(*where) == []
    open_database(*where, applied.append).close()
    assert applied == list(pending)


def test_text_compares_by_code_point_whatever_the_language_of_the_database(world):
    names = ["a", "B", "_", "é", "z", "Z", "0", "ä", "\uff41"]
    world.put(*({"id": name, "name": name} for name in names))
    assert world.ids(order={"column": "name", "direction": "ASC"}) == sorted(names)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 100_000])
def test_no_text_that_is_asked_for_is_an_internal_error(world, text):
    world.put({"id": "s"})
    for ask in (
        lambda: world.store.get_step(world.project.id, text),
        lambda: world.store.delete_step(world.project.id, text).result(5),
        lambda: world.store.thread_detail(world.project.id, text),
        lambda: world.store.get_participant(world.project.id, identifier=text),
    ):
        with suppress(InvalidValueError):
            assert ask() is None
