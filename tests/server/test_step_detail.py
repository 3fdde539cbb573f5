"""`GET /api/steps/{id}`: a step with its span, its files, its prompt and its thread."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from inline_snapshot import snapshot
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import func, select, update

from literalai_otel.jsonable import loads
from literalai_otel.server.access.keys import make_key
from literalai_otel.server.store import retention
from literalai_otel.server.store.span_tables import span_origins
from literalai_otel.translate import step_id_from_hex

PROTOBUF = {"content-type": "application/x-protobuf"}
START = 1_760_000_000_000_000_000


def put(target: Any, values: dict[str, Any]) -> None:
    for key, value in values.items():
        pair = target.add(key=key)
        if isinstance(value, str):
            pair.value.string_value = value
        else:
            pair.value.int_value = value


def spans(*traces: int, resource: dict[str, Any] | None = None) -> ExportTraceServiceRequest:
    """A failed call of a model with events, a link and attributes that nobody reads; one for each trace."""
    request = ExportTraceServiceRequest()
    for trace in traces:
        of_resource = request.resource_spans.add()
        put(of_resource.resource.attributes, resource or {"service.name": "shop", "host.name": "till-3"})
        of_scope = of_resource.scope_spans.add()
        of_scope.scope.name, of_scope.scope.version = "shop.llm", "1.2"
        put(of_scope.scope.attributes, {"scope.flavour": "vanilla"})
        span = of_scope.spans.add(
            trace_id=trace.to_bytes(16, "big"),
            span_id=(1).to_bytes(8, "big"),
            name="chat m",
            kind=3,
            trace_state="vendor=1",
            start_time_unix_nano=START,
            end_time_unix_nano=START + 1_000_000_000,
        )
        put(span.attributes, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "shop.queue": 7})
        put(span.attributes, {"gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]'})
        message = span.events.add(name="gen_ai.user.message", time_unix_nano=START)
        put(message.attributes, {"content": "hi", "gen_ai.system": "p"})
        put(span.events.add(name="retry", time_unix_nano=START + 1_000).attributes, {"attempt": 2})
        facts = {"exception.type": "Late", "exception.message": "too late", "exception.stacktrace": "line 1"}
        put(span.events.add(name="exception", time_unix_nano=START + 2_000).attributes, {**facts, "escaped": 1})
        put(span.links.add(trace_id=b"\1" * 16, span_id=b"\2" * 8).attributes, {"why": "resumed"})
        span.status.code, span.status.message = 2, "too late"
    return request


def send(client: httpx.Client, request: ExportTraceServiceRequest) -> None:
    answer = client.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF)
    assert (answer.status_code, answer.content) == (200, b"")


def step_id(trace: int) -> str:
    return step_id_from_hex(f"{trace:032x}", f"{1:016x}")


def detail(client: httpx.Client, identity: str) -> dict[str, Any]:
    answer = client.get(f"/api/steps/{identity}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def other(server: Any) -> Any:
    key = make_key(server.store, server.store.create_project("other").result(), "test")
    with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=20) as client:
        yield client


def test_a_span_is_whole(server: Any):
    send(server.http, spans(1))
    assert detail(server.http, step_id(1))["raw"] == snapshot(
        {
            "kind": "CLIENT",
            "status": "ERROR",
            "statusText": None,
            "traceState": "vendor=1",
            "scope": {"name": "shop.llm", "version": "1.2", "attributes": {"scope.flavour": "vanilla"}},
            "resource": {"attributes": {"service.name": "shop", "host.name": "till-3"}},
            "traceId": "00000000000000000000000000000001",
            "spanId": "0000000000000001",
            "parentSpanId": None,
            "attributes": {"shop.queue": 7},
            "events": [
                {
                    "name": "gen_ai.user.message",
                    "time": "2025-10-09T08:53:20.000000Z",
                    "attributes": {"gen_ai.system": "p"},
                },
                {"name": "retry", "time": "2025-10-09T08:53:20.000001Z", "attributes": {"attempt": 2}},
                {
                    "name": "exception",
                    "time": "2025-10-09T08:53:20.000002Z",
                    "attributes": {
                        "exception.type": "Late",
                        "exception.message": "too late",
                        "exception.stacktrace": "line 1",
                        "escaped": 1,
                    },
                },
            ],
            "links": [
                {
                    "traceId": "01010101010101010101010101010101",
                    "spanId": "0202020202020202",
                    "attributes": {"why": "resumed"},
                }
            ],
            "whole": True,
            "cut": False,
        }
    )


def test_scope_and_resource_are_kept_once(server: Any):
    send(server.http, spans(*range(100, 110), resource={"service.name": "kept-once"}))
    send(server.http, spans(*range(110, 115), resource={"service.name": "kept-once"}))

    def rows(connection: Any) -> int:
        named = span_origins.c.content.contains("kept-once")
        return connection.execute(select(func.count()).select_from(span_origins).where(named)).scalar_one()

    assert server.store.read(rows) == 1
    assert detail(server.http, step_id(114))["raw"]["resource"] == {"attributes": {"service.name": "kept-once"}}


@pytest.mark.feature("P-XPT-02")
def test_a_span_survives_export_and_import(server: Any, other: httpx.Client):
    """As records and as OTLP: the other project shows the same span, but for its scope's own attributes in OTLP."""
    send(server.http, spans(2))
    here = detail(server.http, step_id(2))["raw"]
    page = server.http.post("/api/export/records", json={"kind": "step", "first": 1_000}).json()
    (record,) = [record for record in page["records"] if record["id"] == step_id(2)]
    assert other.post("/api/import", json={"records": [record]}).json()["results"][0]["ok"]
    assert detail(other, step_id(2))["raw"] == here

    exported = server.http.get(
        "/api/export/otlp", params={"first": 1_000}, headers={"accept": PROTOBUF["content-type"]}
    )
    key = make_key(server.store, server.store.create_project("third").result(), "test")
    with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=20) as third:
        assert third.post("/v1/traces", content=exported.content, headers=PROTOBUF).status_code == 200
        there = detail(third, step_id(2))["raw"]
    here["scope"].pop("attributes")
    # What the export says in names of ours is read by the import, so only what nobody reads is left.
    assert there == here


def test_a_step_of_another_sender_has_what_its_metadata_say(server: Any):
    otel = {"trace_id": "a" * 32, "span_id": "b" * 16, "scope": "s", "attributes": {"k": 1},
            "exception": {"type": "E", "message": "m"}}  # fmt: skip
    record = {"kind": "step", "id": "sdk step", "type": "run", "metadata": {"otel": otel}}
    server.http.post("/api/import", json={"records": [record, {"kind": "step", "id": "no span"}]})
    assert detail(server.http, "sdk step")["raw"] == snapshot(
        {
            "kind": None,
            "status": None,
            "statusText": None,
            "traceState": None,
            "scope": {"name": "s"},
            "resource": None,
            "traceId": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "spanId": "bbbbbbbbbbbbbbbb",
            "parentSpanId": None,
            "attributes": {"k": 1},
            "events": [{"name": "exception", "attributes": {"exception.type": "E", "exception.message": "m"}}],
            "links": [],
            "whole": False,
            "cut": False,
        }
    )
    assert detail(server.http, "no span")["raw"] is None


def test_a_large_span_is_cut_and_says_so(server: Any):
    request = spans(3, resource={"service.name": "x" * 70_000, "host.name": "h"})
    span = request.resource_spans[0].scope_spans[0].spans[0]
    for index in range(300):
        put(span.events.add(name=f"event {index}", time_unix_nano=START).attributes, {"long": "y" * 1_000})
    send(server.http, request)
    raw = detail(server.http, step_id(3))["raw"]
    assert raw["cut"]
    assert len(raw["events"]) == 303
    assert "attributes" not in raw["events"][10]
    assert raw["resource"] == {"attributes": {"host.name": "h"}}


def test_origins_go_with_the_last_step_that_could_name_them(server: Any):
    project = server.store.create_project("retained").result()
    key = make_key(server.store, project, "test")

    own = span_origins.c.project_id == project.id

    def names(connection: Any) -> list[str]:
        found = connection.execute(select(span_origins.c.content).where(own)).scalars()
        return sorted(loads(content)["resource"]["attributes"]["service.name"] for content in found)

    def make_older(connection: Any) -> None:
        connection.execute(update(span_origins).where(own).values(seen_at=span_origins.c.seen_at - 7_200_000_000))

    with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=20) as client:
        send(client, spans(1, resource={"service.name": "old"}))
        server.store.write(make_older).result()
        send(client, spans(2, resource={"service.name": "new"}))
        assert server.store.read(names) == ["new", "old"]
        server.store.write(retention.delete_steps, project.id, [step_id(1)]).result()
        assert server.store.read(names) == ["new"]
        assert detail(client, step_id(2))["raw"]["resource"]["attributes"] == {"service.name": "new"}


@pytest.mark.parametrize("identity", ["never stored", "a/b", "x" * 300])
def test_an_unknown_step_is_not_found(server: Any, identity: str):
    answer = server.http.get(f"/api/steps/{identity}")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_an_id_that_no_step_can_have_is_no_fault(server: Any):
    assert server.http.get("/api/steps/%00").status_code in (400, 404)


def test_a_step_of_another_project_is_not_found(server: Any, other: httpx.Client):
    server.http.post("/api/import", json={"records": [{"kind": "step", "id": "mine/with slash"}]})
    assert detail(server.http, "mine/with slash")["id"] == "mine/with slash"
    assert other.get("/api/steps/mine/with slash").status_code == 404
    assert httpx.get(f"{server.url}/api/steps/mine").status_code == 401


@pytest.mark.parametrize("identity", ["two//slashes", "/first", "last/", "a?b#c", "50 % 100%25", "a+b&c=d", "шаг\\1"])
def test_an_id_of_any_characters_is_read_where_they_are_encoded(server: Any, identity: str):
    server.http.post("/api/import", json={"records": [{"kind": "step", "id": identity}]})
    for path in ("/api/steps/", "//api//steps/"):
        answer = server.http.get(f"{server.url}{path}{quote(identity, safe='')}")
        assert (answer.status_code, answer.json()["id"]) == (200, identity)


@pytest.mark.feature("P-LOG-12")
def test_thread_user_and_prompt_come_along(server: Any):
    prompt = server.data(
        'mutation { createPromptLineage(name: "greet") { id } }'
    )["createPromptLineage"]["id"]  # fmt: skip
    version = server.data(
        "mutation($id: String!, $m: Json) { createPromptVersion(lineageId: $id, templateMessages: $m) { id } }",
        {"id": prompt, "m": [{"role": "user", "content": "hi"}]},
    )["createPromptVersion"]["id"]
    records = [
        {"kind": "user", "id": "u-1", "identifier": "ada", "metadata": {"name": "Ada L."}},
        {"kind": "thread", "id": "talk", "name": "Talk", "participant": {"id": "u-1", "identifier": "ada"}},
        {"kind": "step", "id": "asked", "type": "llm", "threadId": "talk", "parentId": "run", "rootRunId": "run",
         "generation": {"type": "CHAT", "model": "m", "messages": [], "promptId": version}},
    ]  # fmt: skip
    results = server.http.post("/api/import", json={"records": records}).json()["results"]
    assert [result["message"] for result in results if not result["ok"]] == []
    found = detail(server.http, "asked")
    user = {"id": "u-1", "identifier": "ada", "metadata": {"name": "Ada L."}}
    assert found["thread"] == {"id": "talk", "name": "Talk", "participant": user}
    assert (found["generation"]["promptLineage"], found["generation"]["promptVersion"]) == ("greet", 0)
    assert (found["rootRunId"], found["parentId"]) == ("run", "run")
