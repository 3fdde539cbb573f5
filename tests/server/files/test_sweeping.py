"""Blobs that nobody uses leave the storage, and no other ones do, whatever happens at the same time."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.config import ServerConfig
from literalai_otel.server.blobs.disk import DiskStorage
from literalai_otel.server.blobs.storage import StorageError
from literalai_otel.server.files import Files
from literalai_otel.server.store import files as rows
from literalai_otel.server.store.files import File
from literalai_otel.server.times import now
from uploading import ask, blobs, digest, eventually, send, upload

ATTACH = 'mutation($key: String!) { createAttachment(stepId: "s", name: "f", objectKey: $key) { id url } }'
DELETE = "mutation($id: String!) { deleteAttachment(id: $id) { id } }"
WAIT = 20.0


@pytest.fixture
def swept(store: Any, tmp_path: Path) -> Any:
    """The service, without a server around it."""
    files = Files(store, ServerConfig.load({}, data_dir=str(tmp_path / "data")))
    return files, store, tmp_path / "data"


def put_blob(folder: Path, name: str) -> Path:
    path = folder / "files" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def a_file(project_id: int, key: str, blob: str) -> File:
    return File(
        project_id=project_id, id=key, blob=blob, sha256=blob, size=1, mime="a/b", thread_id=None, created_at=now()
    )


def test_what_a_dead_server_left_behind_is_removed_when_its_time_is_over(swept: Any) -> None:
    files, store, folder = swept
    due, later = put_blob(folder, "a" * 64), put_blob(folder, "b" * 64)
    store.write(rows.reserve, due.name, now() - 1).result(WAIT)
    store.write(rows.reserve, later.name, now() + 10**9).result(WAIT)
    assert files.sweep() == 1
    assert (due.exists(), later.exists()) == (False, True)
    assert files.sweep() == 0


def test_a_reservation_that_is_renewed_is_kept(swept: Any) -> None:
    files, store, folder = swept
    blob = put_blob(folder, "c" * 64)
    for moment in (now() - 1, now() + 10**9):
        store.write(rows.reserve, blob.name, moment).result(WAIT)
    assert files.sweep() == 0
    assert blob.exists()


def test_a_blob_is_removed_with_its_last_file_in_any_project(swept: Any) -> None:
    files, store, folder = swept
    first, second = (store.create_project(name).result(WAIT).id for name in ("first", "second"))
    blob = put_blob(folder, "d" * 64)
    for project_id in (first, second):
        assert store.write(rows.add, a_file(project_id, "key", blob.name), None).result(WAIT) is True
        assert store.write(rows.add, a_file(project_id, "key", blob.name), None).result(WAIT) is False
    store.write(rows.delete_of_project, first).result(WAIT)
    assert (files.sweep(), blob.exists()) == (0, True)
    assert store.read(rows.get, first, "key") is None
    store.write(rows.delete_unattached, second, ["key", "unheard of"]).result(WAIT)
    assert (files.sweep(), blob.exists()) == (1, False)


def test_many_blobs_are_removed_in_one_sweep(swept: Any) -> None:
    files, store, folder = swept
    paths = [put_blob(folder, f"{place:064x}") for place in range(250)]
    for path in paths:
        store.write(rows.reserve, path.name, now() - 1)
    store.write(rows.unused).result(WAIT)
    assert files.sweep() == 250
    assert not any(path.exists() for path in paths)


def test_a_transaction_that_is_tried_again_finds_its_blob_in_place(tmp_path: Path) -> None:
    """The writer runs the jobs of a group one by one when one of them failed, so a blob may be kept twice."""
    storage, spooled = DiskStorage(tmp_path / "files"), tmp_path / "x.part"
    spooled.write_bytes(b"x")
    for _ in range(2):
        storage.keep("e" * 64, spooled)
    assert blobs(tmp_path).keys() == {"e" * 64}
    with pytest.raises(StorageError):
        storage.keep("f" * 64, spooled)


def test_leftovers_of_broken_uploads_are_cleared_at_the_start(store: Any, tmp_path: Path) -> None:
    incoming = tmp_path / "files" / "incoming"
    incoming.mkdir(parents=True)
    old, young = incoming / "old.part", incoming / "young.part"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 90_000,) * 2)
    Files(store, ServerConfig.load({}, data_dir=str(tmp_path)))
    assert (old.exists(), young.exists()) == (False, True)


def test_uploads_and_deletions_of_one_content_at_the_same_time(start: Any, tmp_path: Path) -> None:
    """Every round deletes what may be the blob's last file while others upload the same bytes."""
    with start(tmp_path) as server:

        def rounds(_: int) -> str:
            for _ in range(8):
                made = server.data(ATTACH, {"key": upload(server, b"contended").object_key})["createAttachment"]
                assert httpx.get(made["url"]).content == b"contended"
                server.data(DELETE, {"id": made["id"]})
            return server.data(ATTACH, {"key": upload(server, b"contended").object_key})["createAttachment"]["url"]

        with ThreadPoolExecutor(4) as pool:
            kept = list(pool.map(rounds, range(4)))
        for url in kept:
            assert httpx.get(url).content == b"contended"
        eventually(lambda: list(blobs(tmp_path)) == [digest(b"contended")])


def test_servers_on_one_database_share_addresses_and_files(engine: Any, start: Any, tmp_path: Path) -> None:
    """On SQLite one after the other, on PostgreSQL side by side."""
    with ExitStack() as first_one, ExitStack() as second_one:
        first = first_one.enter_context(start(tmp_path))
        asked, done = ask(first), upload(first, b"read")
        if engine.name == "sqlite":
            first_one.close()
        second = second_one.enter_context(start(tmp_path))
        asked["post"]["url"] = asked["post"]["url"].replace(first.url, second.url)
        assert send(asked, b"sent").status_code == 204
        for url, content in ((asked["signedUrl"], b"sent"), (done.signed_url, b"read")):
            assert httpx.get(url.replace(first.url, second.url)).content == content
