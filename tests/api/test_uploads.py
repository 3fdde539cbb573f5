"""Both legs of an upload, over handlers and over a loopback socket (`spec/literal-wire.md` §3)."""

import json
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from literalai_otel.api import Current
from literalai_otel.errors import APIStatusError, GraphQLError, TransportError

from .conftest import Caller, answering

FORM = {"key": "threads/t1/file", "policy": "x", "Content-Type": "text/plain"}
NOTHING = {"object_key": None, "url": None}
READ_URL = "http://files.test/read?signature=s"


class Storage(BaseHTTPRequestHandler):
    """A Literal server and its storage on one port; keeps what came to the storage."""

    mode: ClassVar[str] = "multipart"
    status: ClassVar[int] = 204
    asked: ClassVar[list[dict[str, Any]]] = []
    stored: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/api/upload/file":
            self.asked.append(json.loads(body))
            self.send(200, json.dumps(self.signed()).encode())
        elif self.path == "/api/graphql":
            variables = json.loads(body)["variables"]
            self.send(200, json.dumps({"data": {"createAttachment": {"id": "a1"} | variables}}).encode())
        else:
            self.stored.append((self.command, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send(self.status, b"<Error>EntityTooLarge</Error>" if self.status >= 400 else b"")

    do_PUT = do_POST  # noqa: N815 - the library asks for this name

    def signed(self) -> dict[str, Any]:
        address = f"http://127.0.0.1:{self.server.server_address[1]}/storage?signature=secret"
        if self.mode == "raw":
            headers = {"Content-Type": "text/plain", "x-goog-meta": "1"}
            put = {"url": address, "headers": headers, "fields": {"key": "k"}, "uploadType": "raw"}
            return {"put": put, "signedUrl": READ_URL}
        if self.mode != "multipart":
            return {"post": {"url": self.mode, "fields": {"key": "k"}}, "signedUrl": READ_URL}
        return {"post": {"url": address, "fields": FORM, "uploadType": "multipart"}, "signedUrl": READ_URL}

    def send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def storage() -> Iterator[str]:
    Storage.mode, Storage.status = "multipart", 204
    Storage.asked.clear()
    Storage.stored.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Storage)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def parts(headers: dict[str, str], body: bytes) -> list[tuple[str, str, bytes]]:
    """Name, type and content of each part of a form."""
    head = f"content-type: {headers['content-type']}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            str(part.get("content-type", "")),
            part.get_payload(decode=True),  # type: ignore[misc]
        )
        for part in form.iter_parts()  # type: ignore[attr-defined]
    ]


@pytest.fixture(params=["bytes", "path"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, bytes]:
    """Content larger than any buffer on the way, as bytes and as a file."""
    content = bytes(range(256)) * 4_000
    if request.param == "bytes":
        return content, content
    path = tmp_path / "notes.bin"
    path.write_bytes(content)
    return path, content


@pytest.mark.feature("L-ATT-01", "L-ATT-02")
async def test_a_form_holds_the_servers_fields_and_then_the_file(
    caller: Caller, storage: str, large: tuple[Any, bytes]
) -> None:
    given, content = large
    api = caller.open(storage)
    found = await caller.settle(api.upload_file(given, "t1", "text/plain"))
    assert found == {"object_key": "threads/t1/file", "url": READ_URL}
    [asked], [(method, headers, body)] = Storage.asked, Storage.stored
    assert (asked["contentType"], asked["threadId"], method) == ("text/plain", "t1", "POST")
    assert "x-api-key" not in headers and "x-client-name" not in headers
    assert parts(headers, body) == [
        ("key", "", b"threads/t1/file"),
        ("policy", "", b"x"),
        ("Content-Type", "", b"text/plain"),
        ("file", "text/plain", content),
    ]
    assert f'filename="{asked["fileName"]}"'.encode() in body


@pytest.mark.feature("L-ATT-02")
async def test_a_raw_upload_is_the_file_with_the_servers_headers(
    caller: Caller, storage: str, large: tuple[Any, bytes]
) -> None:
    Storage.mode = "raw"
    given, content = large
    found = await caller.settle(caller.open(storage).upload_file(given))
    assert found == {"object_key": "k", "url": READ_URL}
    [(method, headers, body)] = Storage.stored
    assert (method, body, headers["content-type"], headers["x-goog-meta"]) == ("PUT", content, "text/plain", "1")
    assert headers["content-length"] == str(len(content))
    assert "x-api-key" not in headers
    assert Storage.asked[0] == {"fileName": Storage.asked[0]["fileName"], "contentType": "application/octet-stream"}


async def test_a_text_is_utf8_and_an_address_may_be_relative(caller: Caller, storage: str) -> None:
    Storage.mode = "/storage?signature=secret"
    found = await caller.settle(caller.open(storage).upload_file("é", mime=None))
    assert found["object_key"] == "k"
    [(_, headers, body)] = Storage.stored
    assert parts(headers, body)[-1] == ("file", "application/octet-stream", "é".encode())


FAILURES: dict[str, dict[str, Any]] = {
    "no": {"errors": [{"message": "no storage"}]},
    "names no address": {"post": {"fields": {"key": "k"}}, "signedUrl": "u"},
    "names no address to": {"post": {"url": "http://x.test", "fields": {}}, "signedUrl": "u"},
    "names no address to upload": {"post": {"url": "http://x.test", "fields": {"key": "k"}}},
}


@pytest.mark.parametrize("message", FAILURES)
@pytest.mark.feature("L-ATT-01")
async def test_a_failed_upload_gives_none_and_says_why(
    caller: Caller, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = FAILURES[message]
    api = caller.open(handler=answering(body, 500 if "errors" in body else 200))
    assert await caller.settle(api.upload_file(b"x")) == NOTHING
    assert message in caplog.text


@pytest.mark.parametrize("address", ["ftp://x.test/a", "http://x.test:port/", "nowhere://"])
async def test_an_address_that_cannot_be_used(
    caller: Caller, storage: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    Storage.mode = address
    assert await caller.settle(caller.open(storage).upload_file(b"x")) == NOTHING
    assert "cannot send to" in caplog.text


@pytest.mark.parametrize("status", [302, 403, 500])
async def test_a_storage_that_refuses_is_an_error_for_create_attachment(
    caller: Caller, storage: str, status: int
) -> None:
    Storage.status = status
    api = caller.open(storage)
    assert await caller.settle(api.upload_file(b"x")) == NOTHING
    with pytest.raises(APIStatusError, match=f"the storage refused the file: HTTP {status}") as caught:
        await caller.settle(api.create_attachment(step_id="s", content=b"x"))
    assert "secret" not in str(caught.value)


async def test_a_storage_that_is_gone_is_named_without_the_signature(caller: Caller) -> None:
    api = caller.open()
    signed = {"post": {"url": "http://127.0.0.1:9/x?signature=secret", "fields": {"key": "k"}}, "signedUrl": "u"}

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/upload/file":
            return httpx.Response(200, json=signed)
        raise httpx.ConnectError("refused")

    api = caller.open(handler=handler)
    with pytest.raises(TransportError, match=r"cannot connect to http://127\.0\.0\.1:9: refused"):
        await caller.settle(api.create_attachment(step_id="s", content=b"x"))


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        pytest.param(
            {"content": "hi", "name": "notes.txt", "metadata": {"k": 1}},
            {
                "name": "notes.txt",
                "mime": "text/plain",
                "metadata": {"k": 1},
                "objectKey": FORM["key"],
                "url": READ_URL,
            },
            id="content",
        ),
        pytest.param(
            {"content": b"\x00"},
            {"name": "attachment", "mime": "application/octet-stream", "objectKey": FORM["key"], "url": READ_URL},
            id="content without a name",
        ),
        pytest.param(
            {"path": "report.pdf"},
            {"name": "report.pdf", "mime": "application/pdf", "objectKey": FORM["key"], "url": READ_URL},
            id="path",
        ),
        pytest.param(
            {"path": "report.pdf", "name": "pdf_document", "mime": "a/b"},
            {"name": "pdf_document", "mime": "a/b", "objectKey": FORM["key"], "url": READ_URL},
            id="path with a name",
        ),
        pytest.param(
            {"path": "report.pdf", "name": "pdf_document"},
            {"name": "pdf_document", "mime": "application/pdf", "objectKey": FORM["key"], "url": READ_URL},
            id="path with a name alone",
        ),
        pytest.param(
            {"url": "https://x.test/a%20b.png?size=1"},
            {"name": "a b.png", "mime": "image/png", "url": "https://x.test/a%20b.png?size=1"},
            id="url",
        ),
        pytest.param(
            {"url": "https://x.test"}, {"name": "attachment", "url": "https://x.test"}, id="url without a path"
        ),
        pytest.param(
            {"object_key": "threads/t/x.mp3", "url": READ_URL},
            {"name": "read", "objectKey": "threads/t/x.mp3", "url": READ_URL},
            id="object key and url",
        ),
        pytest.param(
            {"object_key": "threads/t/x.mp3"},
            {"name": "x.mp3", "mime": "audio/mpeg", "objectKey": "threads/t/x.mp3"},
            id="object key",
        ),
    ],
)
@pytest.mark.feature("L-ATT-03", "L-ATT-04")
async def test_an_attachment_goes_to_the_step_around_the_caller(
    caller: Caller, storage: str, tmp_path: Path, arguments: dict[str, Any], sent: dict[str, Any]
) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    if "path" in arguments:
        arguments = arguments | {"path": str(tmp_path / arguments["path"])}
    api = caller.open(storage, current=lambda: Current(thread_id="t1", step_id="s1"))
    made = await caller.settle(api.create_attachment(**arguments))
    expected = {"stepId": "s1"} | sent
    assert {name: value for name, value in made.to_dict().items() if value is not None and name != "id"} == expected
    assert [asked.get("threadId") for asked in Storage.asked] == (["t1"] if "path" in sent or Storage.asked else [])


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"content": b"x", "url": "u"},
        {"content": b"x", "path": "p"},
        {"path": "p", "object_key": "k"},
        {"name": "n", "mime": "m"},
    ],
)
@pytest.mark.feature("L-ATT-03")
async def test_exactly_one_source_is_wanted(caller: Caller, arguments: dict[str, Any]) -> None:
    api = caller.open(handler=answering({}))
    with pytest.raises(ValueError, match="one of content, path, url or object_key"):
        await caller.settle(api.create_attachment(step_id="s", **arguments))
    assert caller.requests == []


async def test_an_attachment_needs_a_step_and_a_file_that_exists(caller: Caller, tmp_path: Path) -> None:
    api = caller.open(handler=answering({}))
    with pytest.raises(ValueError, match="give step_id"):
        await caller.settle(api.create_attachment(url="u"))
    with pytest.raises(FileNotFoundError):
        await caller.settle(api.create_attachment(step_id="s", path=tmp_path / "none.txt"))
    with pytest.raises(IsADirectoryError):
        await caller.settle(api.create_attachment(step_id="s", path=tmp_path))
    assert await caller.settle(api.upload_file(tmp_path / "none.txt")) == NOTHING
    assert caller.requests == []


async def test_a_step_of_another_thread_does_not_get_the_callers_thread(caller: Caller, storage: str) -> None:
    api = caller.open(storage, current=lambda: Current(thread_id="t1", step_id="s1"))
    await caller.settle(api.create_attachment(step_id="elsewhere", content=b"x"))
    assert "threadId" not in Storage.asked[0]


@pytest.mark.parametrize("ok", [True, False])
async def test_an_id_of_the_callers_travels_with_the_step(caller: Caller, ok: bool) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        adds = b"AddStep" in request.content
        data = {"step0": {"ok": ok, "message": "why"}} if adds else {"attachment": {"id": "mine", "name": "x"}}
        return httpx.Response(200, json={"data": data})

    api = caller.open(handler=handler, current=lambda: Current(thread_id="t1", step_id="s1"))
    call = api.create_attachment
    if ok:
        assert (await caller.settle(call(id="mine", url="http://x.test/x"))).id == "mine"
    else:
        with pytest.raises(GraphQLError, match="why"):
            await caller.settle(call(id="mine", url="http://x.test/x"))
    variables = json.loads(caller.requests[0].content)["variables"]
    assert variables == {
        "id_0": "s1",
        "threadId_0": "t1",
        "attachments_0": [{"id": "mine", "name": "x", "url": "http://x.test/x"}],
    }
