"""Stored steps as OTLP: whatever reads OpenTelemetry understands them, and a server of ours reads the same steps."""

from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from literalai_otel.server.access.keys import make_key

TIMES = {"startTime": "2026-11-21T08:00:00.000Z", "endTime": "2026-11-21T08:00:01.500Z"}
MESSAGES = [
    {"role": "system", "content": "Be brief"},
    {"role": "user", "content": [{"type": "text", "text": "What is it?"},
                                 {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "call-1", "type": "function", "function": {"name": "look", "arguments": '{"at": "東京"}'}}]},
    {"role": "tool", "content": "a tower", "tool_call_id": "call-1"},
]  # fmt: skip
CHAT = {
    "type": "CHAT", "provider": "openai", "model": "m", "messages": MESSAGES, "promptId": "prompt-1",
    "messageCompletion": {"role": "assistant", "content": "A tower"}, "inputTokenCount": 3, "outputTokenCount": 4,
    "tokenCount": 7, "ttFirstToken": 250.0, "duration": 1.5, "tokenThroughputInSeconds": 2.5,
    "settings": {"model": "m", "temperature": 0, "stop": ["x"]}, "variables": {"a": "b"},
    "tools": [{"type": "function", "function": {"name": "look"}}],
}  # fmt: skip
COMPLETION = {
    "type": "COMPLETION", "provider": "p", "model": "c", "prompt": "Once", "completion": "upon", "tokenCount": 9,
    "inputTokenCount": 3, "outputTokenCount": 4, "settings": {"model": "c"},
}  # fmt: skip
RECORDS: list[dict[str, Any]] = [
    {"kind": "step", "id": "run", "type": "run", "name": "trip", "threadId": "talk", "input": {"a": 1}, **TIMES,
     "output": {"content": "done"}, "tags": ["x", "y"], "metadata": {"k": {"deep": [1]}}, "environment": "staging"},
    {"kind": "step", "id": "chat", "type": "llm", "name": "m", "threadId": "talk", "parentId": "run",
     "rootRunId": "run", "generation": CHAT, "input": {"content": MESSAGES},
     "output": CHAT["messageCompletion"], **TIMES},
    {"kind": "step", "id": "told", "type": "llm", "name": "c", "threadId": "talk", "parentId": "run",
     "rootRunId": "run", "generation": COMPLETION, "input": {"content": "Once"},
     "output": {"content": "upon"}, **TIMES},
    {"kind": "step", "id": "tool", "type": "tool", "name": "look", "threadId": "talk", "parentId": "chat",
     "rootRunId": "run", "input": {"at": "x"}, "output": {"content": None}, "error": "no sky", **TIMES},
    {"kind": "step", "id": "bare", "createdAt": "2026-11-20T08:00:00.000Z"},
]  # fmt: skip
SAME = [
    "name",
    "type",
    "threadId",
    "parentId",
    "rootRunId",
    "input",
    "output",
    "error",
    "tags",
    "environment",
    "startTime",
]
SAME_GENERATION = [
    *("type", "provider", "model", "messages", "messageCompletion", "prompt", "completion", "inputTokenCount"),
    *("outputTokenCount", "tokenCount", "ttFirstToken", "settings", "variables", "tools", "promptId", "duration"),
]


@pytest.fixture(scope="module")
def filled(server: Any) -> Any:
    results = server.http.post("/api/import", json={"records": RECORDS}).json()["results"]
    assert [result["message"] for result in results if not result["ok"]] == []
    return server


@pytest.fixture
def other(server: Any) -> Any:
    """A client of a project of its own."""
    key = make_key(server.store, server.store.create_project("other").result(), "test")
    with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=20) as client:
        yield client


def pages(server: Any, **wanted: Any) -> list[dict[str, Any]]:
    """Every page of an export as JSON."""
    found: list[dict[str, Any]] = []
    after: str | None = "0"
    while after is not None:
        answer = server.http.get("/api/export/otlp", params={**wanted, "after": after})
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        after = answer.headers.get("x-next-after")
    return found


def spans_of(pages: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Spans by the id of their step."""
    spans = [
        span
        for page in pages
        for resource in page.get("resourceSpans", ())
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    return {attributes(span)["literalai.step.id"]: span for span in spans}


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: next(iter(pair["value"].values())) for pair in span["attributes"]}


def stored(client: Any, step_id: str) -> dict[str, Any]:
    fields = "id projectId " + " ".join(name for name in SAME_GENERATION)
    query = f'{{ step(id: "{step_id}") {{ {" ".join(SAME)} metadata generation {{ {fields} }} }} }}'
    answer = client.post("/api/graphql", json={"query": query}).json()
    assert "errors" not in answer, answer
    return answer["data"]["step"]


@pytest.mark.feature("P-XPT-02")
@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_a_server_of_ours_reads_the_same_steps_from_the_spans(filled: Any, other: Any, encoding: str):
    if encoding == "json":
        for page in pages(filled, first=2):
            assert other.post("/v1/traces", json=page).json() == {}
    else:
        protobuf = "application/x-protobuf"
        exported = filled.http.post("/api/export/otlp", headers={"accept": protobuf})
        sent = other.post("/v1/traces", content=exported.content, headers={"content-type": protobuf})
        assert (sent.status_code, sent.content) == (200, b"")
    for record in RECORDS:
        before, after = stored(filled.http, record["id"]), stored(other, record["id"])
        if record["id"] != "bare":
            assert {name: after[name] for name in SAME} == {name: before[name] for name in SAME}
        own = {name: value for name, value in after["metadata"].items() if name != "otel"}
        assert own == before["metadata"]
        if before["generation"] is not None:
            for name in SAME_GENERATION:
                if name != "duration" or before["generation"][name] is not None:
                    assert after["generation"][name] == before["generation"][name], name


def test_a_tree_is_one_trace_and_its_ids_stay(filled: Any):
    first, second = spans_of(pages(filled)), spans_of(pages(filled, first=1))
    assert first == second
    tree = [first[name] for name in ("run", "chat", "told", "tool")]
    assert len({span["traceId"] for span in tree}) == 1
    assert first["bare"]["traceId"] != tree[0]["traceId"]
    assert "parentSpanId" not in tree[0]
    assert {tree[1]["parentSpanId"], tree[2]["parentSpanId"]} == {tree[0]["spanId"]}
    assert tree[3]["parentSpanId"] == tree[1]["spanId"]
    assert all((len(span["traceId"]), len(span["spanId"])) == (32, 16) for span in tree)


def test_the_conventions_names_are_used_where_they_exist(filled: Any):
    spans = spans_of(pages(filled))
    chat = attributes(spans["chat"])
    assert chat["gen_ai.operation.name"] == "chat"
    assert chat["gen_ai.provider.name"] == "openai"
    assert chat["gen_ai.request.model"] == "m"
    assert chat["gen_ai.conversation.id"] == "talk"
    assert (chat["gen_ai.usage.input_tokens"], chat["gen_ai.usage.output_tokens"]) == ("3", "4")
    assert chat["gen_ai.response.time_to_first_chunk"] == 0.25
    assert "literalai.step.input" not in chat
    assert attributes(spans["told"])["gen_ai.operation.name"] == "text_completion"
    assert attributes(spans["told"])["literalai.usage.total_tokens"] == "9"
    assert attributes(spans["tool"])["gen_ai.operation.name"] == "execute_tool"
    assert spans["tool"]["status"] == {"code": "STATUS_CODE_ERROR", "message": "no sky"}
    assert spans["chat"]["kind"] == "SPAN_KIND_CLIENT"


def test_spans_that_came_in_go_out_with_their_ids(server: Any, other: Any):
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope = resource.scope_spans.add()
    for span_id, parent in ((1, 0), (2, 1)):
        span = scope.spans.add(
            trace_id=bytes.fromhex("0af7651916cd43dd8448eb211c80319c"), span_id=span_id.to_bytes(8, "big"),
            parent_span_id=parent.to_bytes(8, "big") if parent else b"", name=f"chat {span_id}",
            start_time_unix_nano=1_700_000_000_000_000_000, end_time_unix_nano=1_700_000_001_000_000_000,
        )  # fmt: skip
        operation = {"gen_ai.operation.name": "execute_tool" if parent else "chat"}
        for name, value in {**operation, "gen_ai.request.model": "m", "shop.basket": "b"}.items():
            span.attributes.add(key=name).value.string_value = value
    headers = {"content-type": "application/x-protobuf"}
    assert other.post("/v1/traces", content=request.SerializeToString(), headers=headers).status_code == 200
    exported = other.get("/api/export/otlp").json()
    (out,) = exported["resourceSpans"]
    assert MessageToDict(resource.resource) == out["resource"]
    spans = sorted(out["scopeSpans"][0]["spans"], key=lambda span: span["name"])
    assert [span["traceId"] for span in spans] == ["0af7651916cd43dd8448eb211c80319c"] * 2
    assert [span["spanId"] for span in spans] == ["0000000000000001", "0000000000000002"]
    assert spans[1]["parentSpanId"] == spans[0]["spanId"]
    assert attributes(spans[0])["shop.basket"] == "b"


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"threadId": "talk"}, {"run", "chat", "told", "tool"}),
        ({"until": "2026-11-21T00:00:00Z"}, {"bare"}),
        ({"since": "2100-01-01T00:00:00Z"}, set()),
    ],
)
def test_a_part_of_the_project(filled: Any, wanted: dict[str, str], names: set[str]):
    assert set(spans_of(pages(filled, **wanted))) == names


@pytest.mark.parametrize(
    "wanted", [{"after": "x"}, {"after": "-1"}, {"first": "0"}, {"first": "9" * 30}, {"since": "soon"}]
)
def test_a_question_that_makes_no_sense_is_refused(server: Any, wanted: dict[str, str]):
    answer = server.http.get("/api/export/otlp", params=wanted)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith(next(iter(wanted)))
