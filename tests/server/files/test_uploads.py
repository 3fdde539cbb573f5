"""The upload protocol of the published clients, and every way in which an upload can go wrong."""

import gzip
import json
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from literalai_otel.server.routes import uploads
from uploading import ask, blobs, clock, digest, eventually, send, upload

BIG = bytes(range(256)) * 12_000  # 3 MB, more than one piece
STEP = 'mutation { createStep(name: "s") { id } }'


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": code}
    return error["message"]


@pytest.fixture(params=["multipart", "raw"])
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.feature("L-ATT-01", "L-ATT-02")
@pytest.mark.parametrize("content", [b"", b"hello", BIG], ids=["empty", "short", "3 MB"])
def test_what_was_uploaded_is_read_back(start: Any, tmp_path: Path, form: str, content: bytes) -> None:
    with start(tmp_path, upload_form=form) as server:
        asked = ask(server, name="5e1c", mime="image/png", thread_id=None)
        (method,) = asked.keys() - {"signedUrl"}
        assert (method, asked[method]["uploadType"]) == {"multipart": ("post", "multipart"), "raw": ("put", "raw")}[
            form
        ]
        assert send(asked, content).status_code == 204
        read = httpx.get(asked["signedUrl"])
        assert (read.status_code, read.content, read.headers["content-type"]) == (200, content, "image/png")


def test_blobs_are_private_files_named_by_their_content(start: Any, tmp_path: Path) -> None:
    with start(tmp_path) as server:
        upload(server, b"one")
        upload(server, b"one")
        upload(server, b"two")
    found = blobs(tmp_path)
    assert found.keys() == {digest(b"one"), digest(b"two")}
    for name, path in found.items():
        assert path.parent.name == name[:2]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_addresses_outlive_the_process_that_made_them(start: Any, tmp_path: Path) -> None:
    with start(tmp_path) as server:
        first, asked, base = upload(server, b"kept"), ask(server), server.url
    with start(tmp_path) as server:
        assert httpx.get(first.signed_url.replace(base, server.url)).content == b"kept"
        asked["post"]["url"] = asked["post"]["url"].replace(base, server.url)
        assert send(asked, b"late").status_code == 204


def test_addresses_are_those_that_clients_use(start: Any, tmp_path: Path) -> None:
    with start(tmp_path, public_url="https://logs.example.com/literal") as server:
        asked = ask(server)
        for url in (asked["signedUrl"], asked["post"]["url"]):
            assert url.startswith("https://logs.example.com/literal/api/")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"fileName": null, "contentType": null, "threadId": null}'])
def test_everything_about_an_upload_is_optional(server: Any, body: bytes) -> None:
    answer = server.http.post("/api/upload/file", content=body)
    asked = answer.json()
    assert send(asked, b"x").status_code == 204
    assert httpx.get(asked["signedUrl"]).headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"fileName": 1}', b'{"contentType": {}}', b'{"threadId": ""}', b'{"threadId": 7}', b"\xff"]
)
def test_a_malformed_request_for_an_upload_is_refused(server: Any, body: bytes) -> None:
    answer = server.http.post("/api/upload/file", content=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


def test_the_first_leg_needs_a_key(server: Any) -> None:
    refused(httpx.post(f"{server.url}/api/upload/file", json={}), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "etc_passwd"),
        ("a b\r\nc.txt", "a_b_c.txt"),
        ("ünï.txt", "n_.txt"),
        ("...", "file"),
        ("x" * 300 + ".png", "x" * 96 + ".png"),
    ],
)
def test_file_names_become_harmless_object_keys(server: Any, name: str, kept: str) -> None:
    done = upload(server, b"x", name=name)
    assert done.object_key.rpartition("/")[2] == kept
    assert httpx.get(done.signed_url).content == b"x"


@pytest.mark.parametrize("mime", ["nonsense", "text/html\r\nset-cookie: a=b", "a/b; " + "c" * 200, "é/é", "/"])
def test_a_type_that_is_none_is_not_believed(server: Any, mime: str) -> None:
    assert httpx.get(upload(server, mime=mime).signed_url).headers["content-type"] == "application/octet-stream"


def test_an_address_works_once(server: Any) -> None:
    asked = ask(server)
    assert send(asked, b"first").status_code == 204
    refused(send(asked, b"second"), 409, "CONFLICT")
    assert httpx.get(asked["signedUrl"]).content == b"first"


def test_of_uploads_at_once_to_one_address_one_is_kept(server: Any) -> None:
    asked = ask(server)
    contents = [bytes([65 + place]) * 200_000 for place in range(6)]
    with ThreadPoolExecutor(len(contents)) as pool:
        answers = list(pool.map(lambda content: send(asked, content), contents))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [204, 409, 409, 409, 409, 409]
    assert httpx.get(asked["signedUrl"]).content == contents[statuses.index(204)]


def test_an_altered_address_is_refused(server: Any) -> None:
    asked = ask(server)
    url = asked["post"]["url"]
    base, _, token = url.partition("?grant=")
    content, _, signature = token.partition(".")
    altered = [content, f"{content}.", f".{signature}", f"{content[:-1]}.{signature}", f"{content}.{signature[::-1]}"]
    for query in ("", "?grant=", *(f"?grant={token}" for token in altered)):
        answer = httpx.post(base + query, content=b"x")
        assert "signature" in refused(answer, 403, "FORBIDDEN")
    assert httpx.get(asked["signedUrl"]).status_code == 404


def test_an_expired_address_is_refused(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ask(server)
    clock(monkeypatch).ahead = 3_601
    assert "expired" in refused(send(asked, b"x"), 403, "FORBIDDEN")


@pytest.fixture(scope="module")
def capped(start: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("capped")
    with start(folder, max_file_bytes="300KB") as server:
        yield server, folder


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("multipart", [True, False])
def test_a_file_over_the_cap_is_refused_and_leaves_nothing(capped: Any, announced: bool, multipart: bool) -> None:
    server, folder = capped
    asked = ask(server)
    url = asked["post"]["url"]
    request = httpx.Request("POST", url, content=b"x" * 600_000)
    if multipart:
        request = httpx.Request("POST", url, files={"file": ("f", b"x" * 600_000)})
    content = request.read()
    if announced:
        answer = httpx.post(url, content=content, headers=request.headers)
    else:
        kind = {"content-type": request.headers["content-type"]} if multipart else {}
        answer = httpx.post(url, content=iter([content[:200_000], content[200_000:]]), headers=kind)
    assert "300000" in refused(answer, 413, "BODY_TOO_LARGE")
    assert blobs(folder) == {}
    assert httpx.get(asked["signedUrl"]).status_code == 404


def test_a_file_of_exactly_the_cap_fits(start: Any, tmp_path: Path, form: str) -> None:
    with start(tmp_path, max_file_bytes="300KB", upload_form=form) as server:
        assert send(ask(server), b"x" * 300_000).status_code == 204
        refused(send(ask(server), b"x" * 300_001), 413, "BODY_TOO_LARGE")


def part(name: str, content: bytes = b"x", more: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        b"no form at all",
        part("key"),
        part("key") + b"--b--\r\n",
        part("file"),
        part("file", b"half"),
        part("file") + part("file") + b"--b--\r\n",
        part("key", b"another key") + part("file") + b"--b--\r\n",
        part("key", b"k" * 70_000) + part("file") + b"--b--\r\n",
        b"--b\r\n" + b"x" * 50_000,
    ],
)
def test_a_malformed_form_is_refused(capped: Any, body: bytes) -> None:
    server, folder = capped
    url = ask(server)["post"]["url"]
    answer = httpx.post(url, content=body, headers={"content-type": "multipart/form-data; boundary=b"})
    refused(answer, 400, "BAD_REQUEST")
    assert blobs(folder) == {}


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; b=c"])
def test_a_form_without_a_boundary_is_refused(server: Any, kind: str) -> None:
    answer = httpx.post(ask(server)["post"]["url"], content=b"x", headers={"content-type": kind})
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_overlong_boundary_is_refused(server: Any) -> None:
    kind = f"multipart/form-data; boundary={'b' * 5_000}"
    answer = httpx.post(ask(server)["post"]["url"], content=b"x", headers={"content-type": kind})
    refused(answer, 400, "BAD_REQUEST")


def half_sent(url: str, sent: int, announced: int) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port))
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {announced}\r\n\r\n"
    connection.sendall(head.encode() + b"x" * sent)
    return connection


def test_an_upload_goes_to_disk_as_it_arrives_and_away_when_it_breaks_off(start: Any, tmp_path: Path) -> None:
    with start(tmp_path) as server:
        asked = ask(server)
        connection = half_sent(asked["post"]["url"], 5_000_000, 9_000_000)
        eventually(lambda: sum(path.stat().st_size for path in blobs(tmp_path).values()) >= 4_000_000)
        ((name, path),) = blobs(tmp_path).items()
        assert name.endswith(".part")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        connection.close()
        eventually(lambda: blobs(tmp_path) == {})
        assert send(asked, b"again").status_code == 204


def test_an_upload_that_stands_still_is_ended(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "IDLE_SECONDS", 0.2)
    with start(tmp_path) as server:
        with half_sent(ask(server)["post"]["url"], 10, 1_000) as connection:
            connection.settimeout(10)
            assert connection.recv(100).startswith(b"HTTP/1.1 408")
        eventually(lambda: blobs(tmp_path) == {})


def test_too_many_uploads_at_once_are_put_off(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 1)
    with start(tmp_path) as server, half_sent(ask(server)["post"]["url"], 10, 1_000):
        eventually(lambda: len(blobs(tmp_path)) == 1)
        answer = send(ask(server), b"x")
        refused(answer, 503, "OVERLOADED")
        assert answer.headers["retry-after"] == "1"


@pytest.mark.feature("P-ING-09")
def test_without_a_usable_folder_uploads_say_so_and_all_else_goes_on(
    start: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "files").write_text("in the way")
    with start(tmp_path) as server:
        answer = server.http.post("/api/upload/file", json={})
        assert "files" in refused(answer, 503, "STORAGE_UNAVAILABLE")
        assert server.data(STEP)["createStep"]["id"]
    assert "uploads are refused" in caplog.text


@pytest.mark.feature("P-ING-09")
def test_a_folder_that_goes_away_fails_the_upload_alone(start: Any, tmp_path: Path) -> None:
    with start(tmp_path) as server:
        asked = ask(server)
        (tmp_path / "files" / "incoming").rmdir()
        refused(send(asked, b"x"), 503, "STORAGE_UNAVAILABLE")
        assert server.data(STEP)["createStep"]["id"]
        (tmp_path / "files" / "incoming").mkdir()
        assert send(asked, b"x").status_code == 204


def test_a_compressed_request_for_an_upload_is_read_like_any_other(server: Any) -> None:
    body = gzip.compress(json.dumps({"fileName": "a.txt"}).encode())
    answer = server.http.post("/api/upload/file", content=body, headers={"content-encoding": "gzip"})
    assert answer.json()["post"]["fields"]["key"].endswith("/a.txt")
