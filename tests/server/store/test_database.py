import sqlite3
import stat
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from literalai_otel.errors import ConfigError
from literalai_otel.server.store import Store
from literalai_otel.server.store.tables import metadata


def test_the_folder_and_its_files_are_the_owners_alone(tmp_path):
    store = Store.open(tmp_path / "deep" / "data")
    folder = tmp_path / "deep" / "data"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    store.close()
    assert modes["data"] == 0o700
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


def test_a_second_store_on_the_folder_is_refused_with_the_fix(tmp_path, store):
    with pytest.raises(ConfigError, match="--data-dir"):
        Store.open(tmp_path / "data")
    store.close()
    Store.open(tmp_path / "data").close()


def test_a_second_process_on_the_folder_is_refused(tmp_path, store):
    code = (
        "import sys; from pathlib import Path; from literalai_otel.server.store import Store\n"
        "from literalai_otel.errors import ConfigError\n"
        "try: Store.open(Path(sys.argv[1]))\n"
        "except ConfigError as problem: print(problem)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "data")], capture_output=True, text=True, timeout=30, check=True
    )
    assert "another literalai-otel server uses" in run.stdout


def test_commits_are_on_the_disk_and_readers_cannot_write(store):
    writer = store._database.writer
    with writer.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "page_size", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "page_size": 8192, "busy_timeout": 10_000}
    with store._database.read() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM steps")


def test_the_migrations_make_exactly_the_tables_of_the_schema(store):
    with store._database.writer.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_partial_indexes_of_the_migrations_have_their_conditions(store):
    declared = {
        index.name: str(CreateIndex(index).compile(store._database.writer)).partition("WHERE ")[2]
        for table in metadata.tables.values()
        for index in table.indexes
    }
    with store._database.read() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type='index' AND sql NOT NULL")
        made = {name: sql.partition("WHERE ")[2] for name, sql in rows}
    assert made == declared
    assert made["ix_steps_parent"]


def test_the_schema_fits_postgresql():
    """Nothing in the logical schema is a type of one database only."""
    for table in metadata.sorted_tables:
        ddl = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert "BLOB" not in ddl
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=postgresql.dialect()))


def test_a_database_of_a_newer_program_is_refused_with_the_fix(tmp_path):
    Store.open(tmp_path / "data").close()
    with sqlite3.connect(tmp_path / "data" / "literal.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num='9999'")
    connection.close()
    for _ in range(2):
        with pytest.raises(ConfigError, match="upgrade literalai-otel"):
            Store.open(tmp_path / "data")


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_file_is_refused_with_the_fix(tmp_path, content):
    (tmp_path / "literal.db").write_bytes(content)
    with pytest.raises(ConfigError, match="--data-dir"):
        Store.open(tmp_path)
    (tmp_path / "literal.db").unlink()
    Store.open(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_refused_with_the_fix(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="--data-dir"):
        Store.open(tmp_path / "file" / "data")


def test_what_was_stored_is_there_after_a_restart(tmp_path):
    first = Store.open(tmp_path / "data")
    project = first.create_project("p").result(5)
    first.create_participant(project.id, "ann", {"plan": "free"}).result(5)
    first.close()
    second = Store.open(tmp_path / "data")
    assert second.first_project() == project
    assert second.get_participant(project.id, identifier="ann")["metadata"] == {"plan": "free"}
    second.close()


def test_the_write_ahead_log_is_cut_when_the_server_is_idle(tmp_path, monkeypatch, world):
    monkeypatch.setattr("literalai_otel.server.store.writer._IDLE_SECONDS", 0.05)
    world.put({"id": "s", "input": {"content": "x" * 100_000}})
    log = tmp_path / "data" / "literal.db-wal"
    for _ in range(200):
        if log.stat().st_size == 0:
            break
        world.store._writer._thread.join(0.05)
    assert log.stat().st_size == 0
    assert world.step("s")["input"] == {"content": "x" * 100_000}
