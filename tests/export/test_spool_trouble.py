"""A spool that cannot be used: delivery goes on without it, says so once, and uses it again when it can."""

import os
import sqlite3
import time
from pathlib import Path

import pytest

from literalai_otel.export import FlushResult
from literalai_otel.export.spool import file, spool, survey, writable
from literalai_otel.export.spool.file import VERSION

NOBODY = 65534


@pytest.fixture(autouse=True)
def loaded(sink, delivery_to, a_step):
    """Nothing is left to import when a test takes rights away."""
    delivery = delivery_to(sink.url)
    delivery.submit_step(a_step("first"))
    assert delivery.flush(10)
    sink.arrivals.clear()


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "spool"


def send(delivery, a_step, *ids: str) -> FlushResult:
    for step_id in ids:
        delivery.submit_step(a_step(step_id))
    return delivery.flush(10)


def is_said_once(lines: list[str], *words: str) -> bool:
    [line] = [line for line in lines if "spool is not used" in line]
    return all(word in line for word in words)


def made_spool(folder: Path, *statements: str) -> Path:
    """A spool's file with something else in it."""
    folder.mkdir(mode=0o700)
    path = folder / file.FILE_NAME
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


def test_a_folder_that_cannot_be_made(sink, spooled_to, a_step, folder, warnings_of):
    folder.write_text("a file")
    assert writable(folder) != ""
    delivery = spooled_to(sink.url)
    assert send(delivery, a_step, "a", "b") == FlushResult(sent=2)
    assert send(delivery, a_step, "c") == FlushResult(sent=1)
    assert is_said_once(warnings_of(), "LITERAL_SPOOL_DIR")
    assert folder.read_text() == "a file"


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_permission(sink, spooled_to, a_step, folder, warnings_of, made: bool):
    if made:
        delivery = spooled_to(sink.url)
        assert send(delivery, a_step, "before")
        delivery.shutdown()
    folder.mkdir(exist_ok=True)
    for path in (*folder.iterdir(), folder):
        path.chmod(0o500 if path.is_dir() else 0o400)
    user = os.geteuid()
    if user == 0:  # who may do everything
        os.seteuid(NOBODY)
    try:
        delivery = spooled_to(sink.url)
        assert send(delivery, a_step, "a", "b") == FlushResult(sent=2)
        assert is_said_once(warnings_of(), "LITERAL_SPOOL_DIR")
    finally:
        os.seteuid(user)


def test_a_full_disk(sink, spooled_to, a_step, folder, answer, warnings_of, monkeypatch):
    """SQLite's own bound stands in for the disk's; the error is the same."""
    prepare = file._prepare

    def prepare_small(connection: sqlite3.Connection) -> None:
        prepare(connection)
        connection.execute("PRAGMA max_page_count=24")

    monkeypatch.setattr(file, "_prepare", prepare_small)
    monkeypatch.setattr(spool, "TRY_AGAIN_AFTER_S", 0.1)
    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url)
    for number in range(30):
        delivery.submit_step(a_step(f"s{number}", output={"content": "x" * 10_000}))
        assert not delivery.flush(0.05)
    result = delivery.flush(0.1)
    assert result.spooled > 0, "what came while there was room"
    assert result.pending > 0, "what is in memory alone"
    assert result.spooled + result.pending == 30
    assert is_said_once(warnings_of(), "full")
    sink.always = None
    assert delivery.flush(10).sent == 30
    time.sleep(0.15)
    assert send(delivery, a_step, "later") == FlushResult(sent=1)
    delivery.shutdown()
    assert survey(folder).targets == []


def test_a_file_of_a_newer_version_is_left_alone(sink, spooled_to, a_step, folder, warnings_of):
    path = made_spool(folder, "CREATE TABLE future (x)", f"PRAGMA user_version={VERSION + 1}")
    before = path.read_bytes()
    delivery = spooled_to(sink.url)
    assert send(delivery, a_step, "a") == FlushResult(sent=1)
    delivery.shutdown()
    assert is_said_once(warnings_of(), "newer literalai-otel")
    assert path.read_bytes() == before
    assert "newer" in survey(folder).problem


@pytest.mark.parametrize("content", [b"this is no database " * 500, b"SQLite format 3\0" + bytes(5000)])
def test_a_broken_file_is_put_aside_and_kept(sink, spooled_to, a_step, folder, warnings_of, content: bytes):
    folder.mkdir()
    (folder / file.FILE_NAME).write_bytes(content)
    delivery = spooled_to(sink.url)
    assert send(delivery, a_step, "a") == FlushResult(sent=1)
    delivery.shutdown()
    found = survey(folder)
    assert (found.problem, found.targets) == ("", [])
    [kept] = found.set_aside
    assert (folder / kept).read_bytes() == content
    assert is_said_once(warnings_of(), kept)


def test_a_file_that_breaks_while_it_is_used(sink, spooled_to, a_step, folder, answer, warnings_of, rest_on_disk):
    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url)
    for number in range(20):
        delivery.submit_step(a_step(f"s{number}", output={"content": "x" * 5000}))
    rest_on_disk(delivery, 20)
    for name in (file.FILE_NAME, file.FILE_NAME + "-wal"):
        path = folder / name
        with path.open("r+b") as opened:
            opened.write(b"rubbish " * (path.stat().st_size // 8))
    for number in range(20, 40):
        delivery.submit_step(a_step(f"s{number}"))
    delivery.flush(0.3)
    sink.always = None
    assert delivery.flush(10).sent == 40, "all of it was in memory"
    assert set(sink.arrivals) == {f"s{number}" for number in range(40)}
    delivery.shutdown()
    # At the latest the next one, which has nothing of it in memory, sees it.
    assert send(spooled_to(sink.url), a_step, "next") == FlushResult(sent=1)
    assert len(survey(folder).set_aside) == 1
    assert is_said_once(warnings_of(), "corrupt")


def test_what_rested_in_a_file_that_was_removed_is_counted(sink, spooled_to, a_step, folder, answer, warnings_of):
    sink.always = answer(cut=True)
    delivery = spooled_to(sink.url, batch_size=10, max_units=40)
    for number in range(100):
        delivery.submit_step(a_step(f"s{number}", thread_id="t"))
        while delivery.counters().queued > 30:
            time.sleep(0.01)
    resting = delivery.counters().spooled
    assert resting > 50
    for path in folder.glob("spool.db*"):
        path.unlink()
    delivery.submit_step(a_step("next", thread_id="t"))
    delivery.flush(0.3)
    sink.always = None
    result = delivery.flush(10)
    assert result.sent + delivery.counters().dropped["spool_lost"] == 101
    assert sink.arrivals[-1] == "next"
    assert any("broken or removed" in line for line in warnings_of())


def test_it_is_used_again_when_the_trouble_is_over(sink, spooled_to, a_step, folder, answer, monkeypatch, rest_on_disk):
    monkeypatch.setattr(spool, "TRY_AGAIN_AFTER_S", 0.05)
    folder.write_text("a file")
    delivery = spooled_to(sink.url)
    assert send(delivery, a_step, "a") == FlushResult(sent=1)
    folder.unlink()
    time.sleep(0.06)
    sink.always = answer(cut=True)
    delivery.submit_step(a_step("b"))
    rest_on_disk(delivery, 1)


def test_a_lock_that_another_process_holds_too_long(sink, spooled_to, a_step, folder, warnings_of, monkeypatch):
    monkeypatch.setattr(file, "BUSY_S", 0.05)
    delivery = spooled_to(sink.url)
    assert send(delivery, a_step, "a") == FlushResult(sent=1)
    delivery.shutdown()
    with sqlite3.connect(folder / file.FILE_NAME, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        delivery = spooled_to(sink.url)
        assert send(delivery, a_step, "b") == FlushResult(sent=1)
        other.execute("COMMIT")
    other.close()
    assert is_said_once(warnings_of(), "locked")
