"""The file: whose it is, who may use it, what becomes of it."""

import stat
import subprocess
import sys

import pytest

from engines import only
from literalai_otel.errors import ConfigError
from literalai_otel.server.store import Store, projects

ON_SQLITE = only("sqlite")


def test_the_folder_and_its_files_are_the_owners_alone(tmp_path):
    store = Store.open(tmp_path / "deep" / "data")
    folder = tmp_path / "deep" / "data"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    store.close()
    assert modes["data"] == 0o700
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


@ON_SQLITE
def test_a_second_store_on_the_folder_is_refused_with_the_fix(tmp_path, store):
    with pytest.raises(ConfigError, match="--data-dir"):
        Store.open(tmp_path / "data")
    store.close()
    Store.open(tmp_path / "data").close()


@ON_SQLITE
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


@ON_SQLITE
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


@ON_SQLITE
def test_commits_are_on_the_disk(store):
    with store._database.writer.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "page_size", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "page_size": 8192, "busy_timeout": 10_000}


@ON_SQLITE
def test_an_administrator_s_change_is_seen_by_the_server_beside_it(tmp_path, store):
    beside = Store.open_beside(tmp_path / "data")
    project = beside.create_project("beside").result(5)
    beside.close()
    assert store.read(projects.first) == project


def test_beside_makes_no_database_and_migrates_none(tmp_path):
    with pytest.raises(ConfigError, match="start a server"):
        Store.open_beside(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "literal.db").touch()
    with pytest.raises(ConfigError, match="literalai-otel migrate"):
        Store.open_beside(tmp_path)
