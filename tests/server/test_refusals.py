"""One error shape for GraphQL and REST, `google.rpc.Status` for OTLP; nothing bad ends the server."""

import gzip
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.rpc.status_pb2 import Status

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def assert_shape(answer: httpx.Response, status: int, code: str) -> str:
    """The stable shape; returns the message."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["errors"]
    (error,) = body["errors"]
    assert error == {"message": error["message"], "extensions": {"code": code}}
    assert error["message"]
    return error["message"]


@pytest.mark.parametrize("path", ["/api/graphql", "/api/my-project"])
@pytest.mark.parametrize("key", [None, "", "wrong", "k" * 10_000, "\udcff"])
def test_without_a_known_key_the_answer_is_401(server: Any, path: str, key: str | None):
    headers = {} if key is None else {"x-api-key": key.encode("utf-8", "surrogateescape")}
    answer = httpx.post(server.url + path, json={"query": "{ threads { totalCount } }"}, headers=headers)
    assert_shape(answer, 401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", JSON, 400, "BAD_REQUEST"),
        (b"{", JSON, 400, "BAD_REQUEST"),
        (b"[]", JSON, 400, "BAD_REQUEST"),
        (b'[{"query": "{ a }"}]', JSON, 400, "BAD_REQUEST"),
        (b"null", JSON, 400, "BAD_REQUEST"),
        (b"{}", JSON, 400, "BAD_REQUEST"),
        (b'{"query": 1}', JSON, 400, "BAD_REQUEST"),
        (b'{"query": "{ a }", "variables": []}', JSON, 400, "BAD_REQUEST"),
        (b'{"query": "{ a }", "operationName": 1}', JSON, 400, "BAD_REQUEST"),
        (b'{"query": "\xff"}', JSON, 400, "BAD_REQUEST"),
        (b"[" * 100_000, JSON, 400, "BAD_REQUEST"),
        (b'{"query": "{"}', JSON, 400, "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "{ nothing }"}', JSON, 400, "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "query A { step(id: 1) { id } }", "operationName": "B"}', JSON, 400, "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "query A { participant { id } }", "operationName": "B"}', JSON, 400, "BAD_USER_INPUT"),
        (b'{"query": "{ a }"}', {"content-type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"x", {**JSON, "content-encoding": "br"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"x", {**JSON, "content-encoding": "gzip"}, 400, "BAD_REQUEST"),
    ],
)
def test_malformed_requests(server: Any, body: bytes, headers: dict[str, str], status: int, code: str):
    assert_shape(server.http.post("/api/graphql", content=body, headers=headers), status, code)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/graphql", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/v1/traces", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/api/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/", 404, "NOT_FOUND"),
    ],
)
def test_what_is_not_served(server: Any, method: str, path: str, status: int, code: str):
    assert_shape(server.http.request(method, path), status, code)


@pytest.fixture(scope="module")
def small_server(start: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with start(tmp_path_factory.mktemp("small"), max_body_bytes=10_000) as server:
        yield server


def chunked(body: bytes) -> Any:
    """A body without Content-Length."""
    yield from (body[start : start + 1_000] for start in range(0, len(body), 1_000))


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (bytes(10_001), JSON),
        (chunked, JSON),
        (gzip.compress(bytes(1_000_000)), {**JSON, "content-encoding": "gzip"}),
    ],
    ids=["length", "chunked", "bomb"],
)
def test_a_body_above_the_cap_is_413(small_server: Any, content: Any, headers: dict[str, str]):
    body = chunked(bytes(20_000)) if content is chunked else content
    assert_shape(small_server.http.post("/api/graphql", content=body, headers=headers), 413, "BODY_TOO_LARGE")
    assert small_server.http.get("/healthz").json() == {"status": "ok"}


def test_a_body_at_the_cap_is_read(small_server: Any):
    query = b'{"query": "{ threads { totalCount } }"'
    body = query + b" " * (10_000 - len(query) - 1) + b"}"
    assert small_server.http.post("/api/graphql", content=body, headers=JSON).json()["data"]


@pytest.mark.parametrize(
    ("content", "headers", "status", "grpc_code"),
    [
        (b"\xff\xff", PROTOBUF, 400, 3),
        (b"x", {"content-type": "text/plain"}, 415, 3),
        (b"x", {**PROTOBUF, "content-encoding": "zstd"}, 415, 3),
        (gzip.compress(b"x")[:-3], {**PROTOBUF, "content-encoding": "gzip"}, 400, 3),
        (bytes(10_001), PROTOBUF, 413, 3),
        (b"", {**PROTOBUF, "x-api-key": "wrong"}, 401, 16),
    ],
    ids=["protobuf", "type", "encoding", "gzip", "size", "key"],
)
def test_otlp_refusals_are_a_status(
    small_server: Any, content: bytes, headers: dict[str, str], status: int, grpc_code: int
):
    answer = small_server.http.post("/v1/traces", content=content, headers=headers)
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == "application/x-protobuf"
    read = Status.FromString(answer.content)
    assert read.code == grpc_code
    assert read.message


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"[]",
        b'{"resourceSpans": 1}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": 1}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": "x"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"value": {"intValue": {}}}]}]}]}]}',
    ],
)
def test_otlp_json_refusals(server: Any, payload: bytes):
    answer = server.http.post("/v1/traces", content=payload, headers=JSON)
    assert answer.status_code == 400
    body = answer.json()
    assert body == {"code": 3, "message": body["message"]}
    assert body["message"]


def test_an_unexpected_error_is_masked_and_logged(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    with start(tmp_path / "data") as server:

        def broken(*arguments: Any, **named: Any) -> Any:
            raise RuntimeError("secret of the inside")

        monkeypatch.setattr(server.store, "get_step", broken)
        answer = server.graphql('{ step(id: "x") { id } }').json()
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "INTERNAL"}
        assert "secret" not in error["message"]
        error_id = error["message"].split()[2].rstrip(".")
        assert any(getattr(record, "error_id", None) == error_id for record in caplog.records)
        monkeypatch.setattr(server.store, "upsert_steps", broken)
        refused = server.graphql('mutation { ingestStep(id: "a", type: tool) { ok } }')
        assert_shape(refused, 500, "INTERNAL")
        assert server.http.get("/healthz").status_code == 200


def test_a_client_that_leaves_in_the_middle_does_no_harm(server: Any):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /api/graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"x-api-key: " + server.key.encode() + b"\r\ncontent-length: 1000\r\n\r\n{"
        )
    assert server.http.get("/healthz").json() == {"status": "ok"}


def test_a_lone_surrogate_is_stored_repaired(server: Any):
    body = (
        b'{"query": "mutation($i: Json) { ingestStep(id: \\"lone\\", type: tool, input: $i) { ok message } }",'
        b' "variables": {"i": {"text": "a\\ud800b", "not a number": NaN}}}'
    )
    answer = server.http.post("/api/graphql", content=body, headers=JSON).json()
    assert answer["data"]["ingestStep"]["ok"] is True, answer
    stored = server.data('{ step(id: "lone") { input } }')["step"]["input"]
    assert stored["text"] == "a\ufffdb"
