"""Running it: request ids and logs, health and readiness, base path and proxies, wrong keys, retention."""

import json
import logging
import random
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.errors import ConfigError
from literalai_otel.server.jobs.periodic import Periodic
from literalai_otel.server.jobs.retention import Retention
from literalai_otel.server.jobs.upkeep import Upkeep
from literalai_otel.server.logs import REQUEST_ID, JsonLines
from literalai_otel.server.readiness import database, schema
from literalai_otel.server.store import space, state
from literalai_otel.server.throttle import Throttle
from literalai_otel.server_config import ServerConfig

DAY = 86_400_000_000


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Any:
    """The log lines as the server writes them, at the end of the request that wrote them."""
    caplog.set_level(logging.INFO, "literalai_otel")
    return lambda: [json.loads(JsonLines().format(record)) for record in caplog.records]


# --- requests ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-123", True), ("a" * 128, True), ("a" * 129, False), ("a b", False), ('"', False), ("", False)],
)
def test_every_answer_names_its_request(server: Any, given: str, kept: bool):
    answer = server.http.get("/healthz", headers={"x-request-id": given})
    named = answer.headers["x-request-id"]
    assert (named == given) is kept
    assert named
    assert server.http.get("/healthz").headers["x-request-id"] != named


def test_what_failed_is_logged_with_its_request_and_without_secrets(server: Any, logged: Any):
    server.http.get("/healthz")
    server.http.post("/nowhere?secret=1", headers={"x-request-id": "asked-1", "x-api-key": "secret"})
    (line,) = [line for line in logged() if line["event"] == "request"]
    assert line["path"] == "/nowhere"
    assert (line["method"], line["status"], line["client"]) == ("POST", 404, "127.0.0.1")
    assert "secret" not in json.dumps(line)


def test_log_lines_of_a_request_have_its_id():
    record = logging.LogRecord("literalai_otel.x", logging.INFO, "", 0, "event", None, None)
    token = REQUEST_ID.set("asked-2")
    try:
        assert json.loads(JsonLines().format(record))["request_id"] == "asked-2"
    finally:
        REQUEST_ID.reset(token)
    assert "request_id" not in json.loads(JsonLines().format(record))


def test_an_access_log_has_every_request(start: Any, tmp_path: Path, logged: Any):
    with start(tmp_path / "data", access_log=True) as server:
        server.http.get("/healthz")
    assert [line["path"] for line in logged() if line["event"] == "request"] == ["/healthz"]


# --- health ------------------------------------------------------------------------------------


@pytest.mark.feature("P-UI-05")
@pytest.mark.parametrize("path", ["/healthz", "/health"])
def test_live(server: Any, path: str):
    assert server.http.get(path).json() == {"status": "ok"}


def test_ready(server: Any):
    answer = server.http.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "checks": {"database": "ok", "schema": "ok", "files": "ok"}},
    )


@pytest.mark.feature("P-ING-08")
def test_a_database_that_takes_no_writes_takes_the_process_out_of_service(start: Any, tmp_path: Path):
    with start(tmp_path / "data") as server:
        server.store._writer.close(10)
        answer = server.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["status"] == "not ready"
        assert "takes no writes" in answer.json()["checks"]["database"]
        assert server.http.get("/healthz").status_code == 200
        assert database(server.store) is not None


def test_a_schema_that_another_program_made_is_said(store: Any):
    assert schema(store) is None
    store.write(lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num='9999'")).result()
    assert "9999" in schema(store)


def test_files_that_cannot_be_kept_are_said_and_nothing_else_stops(start: Any, tmp_path: Path):
    with start(tmp_path / "data") as server:
        folder = next(path for path in (tmp_path / "data").iterdir() if path.is_dir())
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir()
        folder.rmdir()
        folder.write_text("no folder")
        answer = server.http.get("/readyz")
        assert answer.status_code == 200
        assert "uploads are refused" in answer.json()["checks"]["files"]
        folder.unlink()


# --- base path and proxies ---------------------------------------------------------------------

FORWARDED = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "literal.example.com",
    "x-forwarded-for": "203.0.113.7, 10.0.0.1",
    "x-forwarded-prefix": "/llm",
}


def read_url(server: Any, path: str = "/api/upload/file", **headers: str) -> str:
    """The address of a link that the server makes."""
    answer = server.http.post(path, json={"fileName": "a", "contentType": "text/plain"}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["signedUrl"]


@pytest.mark.parametrize(
    ("settings", "headers", "origin"),
    [
        ({}, {}, None),
        ({}, FORWARDED, "https://literal.example.com/llm/"),
        ({"trusted_proxies": "10.1.2.3"}, FORWARDED, None),
        ({"trusted_proxies": "127.0.0.0/8"}, {"x-forwarded-proto": "javascript", "x-forwarded-host": "a b"}, None),
        ({"base_path": "literal/"}, {}, "{own}/literal/"),
        ({"base_path": "/literal"}, FORWARDED, "https://literal.example.com/literal/"),
        ({"public_url": "https://own.example.com/x/"}, FORWARDED, "https://own.example.com/x/"),
    ],
)
def test_links_lead_where_clients_are(start: Any, tmp_path: Path, settings: Any, headers: Any, origin: str | None):
    with start(tmp_path / "data", **settings) as server:
        wanted = "{own}/" if origin is None else origin
        assert read_url(server, **headers).startswith(wanted.format(own=server.url) + "api/")


def test_under_a_base_path_requests_come_with_or_without_it(start: Any, tmp_path: Path):
    with start(tmp_path / "data", base_path="/literal") as server:
        for path in ("/literal/api/my-project", "/api/my-project", "//literal//api/my-project"):
            assert server.http.post(path).status_code == 200, path
        for path in ("/literal", "/literalx/api/my-project", "/literal/literal/api/my-project"):
            assert server.http.post(path).status_code == 404, path


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("base_path", "/a b", "must be a path"),
        ("trusted_proxies", "proxy", "'proxy'"),
        ("retention_bytes", "much", "2GB"),
        ("retention_bytes", "9MB", "at least 10MB"),
        ("retention_days", "0", "at least 1"),
        ("public_url", "literal.example.com", "http"),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, value: str, fix: str):
    with pytest.raises(ConfigError, match=fix):
        ServerConfig.load({}, **{name: value})


def test_secrets_are_not_in_the_settings_words():
    secrets = {"LITERAL_API_KEY": "s3cret", "DATABASE_URL": "postgresql://u:s3cret@h/d", "DATABASE_PASSWORD": "s3cret"}
    assert "s3cret" not in repr(ServerConfig.load(secrets))
    assert "port=3000" in repr(ServerConfig.load(secrets))


@pytest.mark.parametrize(
    ("text", "size"),
    [("10000000", 10_000_000), ("2GB", 2_000_000_000), ("15.5 MiB", 16_252_928), ("50000k", 50_000_000)],
)
def test_sizes(text: str, size: int):
    assert ServerConfig.load({"LITERAL_RETENTION_BYTES": text}).retention_bytes == size


# --- wrong keys --------------------------------------------------------------------------------


@pytest.mark.feature("P-SET-02")
def test_wrong_keys_are_throttled_and_the_right_one_never_is(start: Any, tmp_path: Path):
    with start(tmp_path / "data") as server:
        with httpx.Client(base_url=server.url) as stranger:
            answers = [stranger.post("/api/my-project", headers={"x-api-key": f"wrong-{n}"}) for n in range(25)]
            assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 5
            assert int(answers[-1].headers["retry-after"]) >= 1
            assert answers[-1].json()["errors"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
            span = stranger.post("/v1/traces", headers={"content-type": "application/json"}, content=b"{}")
            assert (span.status_code, span.json()["code"]) == (429, 8)
        for _ in range(30):
            assert server.http.post("/api/my-project").status_code == 200


def test_a_bucket_empties_with_time():
    moment = [0.0]
    throttle = Throttle(limit=3, window=30.0, clock=lambda: moment[0])
    for _ in range(3):
        assert throttle.wait("192.0.2.1") == 0
        throttle.failed("192.0.2.1")
    assert throttle.wait("192.0.2.1") == 10
    assert throttle.wait("192.0.2.2") == 0
    for _ in range(50):
        throttle.failed("192.0.2.1")
    assert throttle.wait("192.0.2.1") == 20
    moment[0] = 20.0
    assert throttle.wait("192.0.2.1") == 0


def test_a_subscriber_of_ipv6_is_one_address_and_memory_is_bounded():
    throttle = Throttle(limit=1)
    throttle.failed("2001:db8:0:1::1")
    assert throttle.wait("2001:db8:0:1::2") > 0
    assert throttle.wait("2001:db8:0:2::1") == 0
    for number in range(5_000):
        throttle.failed(f"10.0.{number // 250}.{number % 250}")
    assert throttle.wait("2001:db8:0:1::1") == 0
    throttle.failed("unix socket")
    assert throttle.wait("unix socket") > 0


# --- retention ---------------------------------------------------------------------------------


def put(server: Any, count: int, *, age: int, thread: str, size: int = 200) -> None:
    """Steps that started `age` days ago, with spans, tags, scores and attachments."""
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age * 86_400))
    for first in range(0, count, 50):
        records = [
            {
                "kind": "step", "id": f"{thread}-{n}", "type": "run", "threadId": thread, "startTime": start,
                "tags": [f"tag-{n % 3}"], "input": {"content": random.randbytes(size).hex()}, "createdAt": start,
                "metadata": {"otel": {"trace_id": f"{age:032x}", "span_id": f"{n + 1:016x}", "bridges": [f"{n:016x}"]}},
            }
            for n in range(first, min(first + 50, count))
        ]  # fmt: skip
        score = {"kind": "score", "stepId": f"{thread}-{first}", "name": "n", "type": "AI", "value": 1}
        thread_record = {"kind": "thread", "id": thread, "createdAt": start}
        body = {"records": [thread_record, *records, {**score, "id": f"{thread}-{first}"}]}
        answer = server.http.post("/api/import", json=body).json()
        assert all(result["ok"] for result in answer["results"]), answer


def rows(server: Any, table: str) -> int:
    return server.store.read(
        lambda connection: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
    )


def test_what_is_too_old_goes_with_all_that_hangs_on_it(start: Any, tmp_path: Path):
    with start(tmp_path / "data") as server:
        put(server, 120, age=40, thread="old")
        put(server, 7, age=1, thread="new")
        server.data('mutation { upsertThread(id: "empty") { id } }')
        long_ago = "2020-01-01T00:00:00Z"
        records = [{"kind": "thread", "id": "empty and old", "createdAt": long_ago}]
        server.http.post("/api/import", json={"records": records})
        assert Retention(server.store, days=30).run() == 120
        assert Retention(server.store, days=30).run() == 0
        left = server.data("{ threads { edges { node { id steps { id } } } } }")["threads"]["edges"]
        assert sorted((edge["node"]["id"], len(edge["node"]["steps"])) for edge in left) == [("empty", 0), ("new", 7)]
        for table, count in (("step_payloads", 7), ("step_tags", 7), ("scores", 1), ("span_bridges", 7)):
            assert rows(server, table) == count, table


def test_what_is_too_much_goes_oldest_first_and_the_disk_is_free_again(engine: Any, start: Any, tmp_path: Path):
    with start(tmp_path / "data") as server:
        for age in (30, 20, 10):
            put(server, 200, age=age, thread=f"t{age}", size=4_000)
        before = server.store.read(space.used)
        limit = before // 2
        deleted = Retention(server.store, max_bytes=limit).run()
        assert 0 < deleted < 600
        assert server.store.read(space.used) <= limit
        kept = [edge["node"]["id"] for edge in server.data("{ threads { edges { node { id } } } }")["threads"]["edges"]]
        assert "t10" in kept
        assert "t30" not in kept
        if engine.name == "sqlite":
            free = "PRAGMA freelist_count"
            assert server.store.read(lambda connection: connection.exec_driver_sql(free).scalar_one()) == 0
            file = next((tmp_path / "data").glob("*.db"))
            for _ in range(100):
                if file.stat().st_size <= limit * 1.2:
                    break
                time.sleep(0.1)
            assert file.stat().st_size <= limit * 1.2


def test_retention_stops_when_the_server_does(store: Any):
    ending = threading.Event()
    ending.set()
    assert Retention(store, days=1, max_bytes=1, ending=ending).run() == 0


def test_one_of_several_processes_has_the_turn(store: Any):
    assert store.write(state.take_turn, "x", DAY).result()
    assert not store.write(state.take_turn, "x", DAY).result()
    assert store.write(state.take_turn, "y", DAY).result()
    assert store.write(state.take_turn, "x", 0).result()
    store.write(state.note, "z").result()
    assert not store.write(state.take_turn, "z", DAY).result()


def test_upkeep_runs_when_it_is_due(start: Any, tmp_path: Path):
    class Sweeper:
        sweeps = 0

        def sweep(self) -> int:
            self.sweeps += 1
            return 0

    with start(tmp_path / "data") as server:
        put(server, 3, age=9, thread="old")
        sweeper = Sweeper()
        upkeep = Upkeep(server.store, sweeper, days=5, max_bytes=None, every=0.05)  # pyright: ignore[reportArgumentType]
        with upkeep.periodic():
            for _ in range(200):
                if sweeper.sweeps > 1:
                    break
                time.sleep(0.05)
        assert sweeper.sweeps > 1
        assert rows(server, "steps") == 0


def test_work_that_fails_comes_back(caplog: pytest.LogCaptureFixture):
    done = threading.Event()
    calls: list[int] = []

    def work(ending: threading.Event) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the first time")
        done.set()

    with Periodic("test", 0.01, work):
        assert done.wait(10)
    assert "test failed" in caplog.text
