"""Whatever a body holds, the answer is 200 or 4xx in the stable shape, and the server goes on."""

import gzip
from typing import Any

import httpx
import pytest
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
STEP_KEYS = [
    *("id", "threadId", "rootRunId", "type", "startTime", "endTime", "error", "input", "output", "metadata"),
    *("parentId", "name", "tags", "generation", "scores", "attachments"),
]
step_values = values | st.sampled_from(["llm", "run", "2026-11-21T08:00:00Z", "a", "b"])
INGEST = (
    "mutation($id: String!, $threadId: String, $rootRunId: String, $type: StepType, $startTime: DateTime, "
    "$endTime: DateTime, $error: String, $input: Json, $output: Json, $metadata: Json, $parentId: String, "
    "$name: String, $tags: [String!], $generation: GenerationPayloadInput, $scores: [ScorePayloadInput!], "
    "$attachments: [AttachmentPayloadInput!]) {"
    f" step0: ingestStep({', '.join(f'{key}: ${key}' for key in STEP_KEYS)}) {{ ok message }} EXTRA }}"
)


def assert_graphql(answer: httpx.Response) -> None:
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
    body = answer.json()
    for error in body.get("errors", ()):
        assert set(error) <= {"message", "path", "extensions"}
        assert error["extensions"]["code"] not in ("INTERNAL",), body
    assert "data" in body or body["errors"]


def assert_otlp(answer: httpx.Response) -> None:
    if answer.status_code == 200:
        ExportTraceServiceResponse.FromString(answer.content)
    else:
        assert answer.status_code == 400, answer.content
        assert Status.FromString(answer.content).message


@FUZZ
@given(body=st.binary(max_size=200) | values.map(lambda value: httpx.Request("POST", "http://x", json=value).content))
def test_any_graphql_body(server: Any, body: bytes):
    assert_graphql(server.http.post("/api/graphql", content=body, headers=JSON))


@FUZZ
@given(
    query=st.text(alphabet='{}()[]!$:@."\\ #abcthreadsmutationquery123', max_size=60)
    | st.sampled_from(["{ threads%s { totalCount } }", "{ steps%s { edges { node { id } } } }"]).flatmap(
        lambda document: st.builds(
            lambda field, operator, value: document.replace(
                "%s", f'(filters: [{{field: "{field}", operator: "{operator}", value: {value}}}])'
            ),
            st.sampled_from(["id", "createdAt", "metadata", "tags", "name", "tokenCount", "x"]),
            st.sampled_from(["eq", "in", "ilike", "is", "gt", "nin", "nis", "x"]),
            st.sampled_from(["1", '"a"', "null", "[1]", '["a", null]', "{a: 1}", "1e400", "true", '"\\u0000"']),
        )
    )
)
def test_any_document(server: Any, query: str):
    assert_graphql(server.graphql(query))


@FUZZ
@given(
    variables=st.dictionaries(st.sampled_from(STEP_KEYS), step_values, max_size=16),
    executor=st.booleans(),
)
def test_any_step(server: Any, variables: dict[str, Any], executor: bool):
    document = INGEST.replace("EXTRA", 'lastly: deleteStep(id: "-") { id }' if executor else "")
    answer = server.graphql(document, variables)
    assert_graphql(answer)
    if not executor:
        assert answer.status_code == 200
        assert set(answer.json()["data"]["step0"]) == {"ok", "message"}
    assert_graphql(server.graphql("{ steps(first: 5) { totalCount edges { node { id input metadata tags } } } }"))


@FUZZ
@given(body=st.binary(max_size=300), compressed=st.booleans())
def test_any_otlp_body(server: Any, body: bytes, compressed: bool):
    headers = {**PROTOBUF, "content-encoding": "gzip"} if compressed else PROTOBUF
    assert_otlp(server.http.post("/v1/traces", content=gzip.compress(body) if compressed else body, headers=headers))


@FUZZ
@given(
    trace_id=st.binary(max_size=17),
    span_id=st.binary(max_size=9),
    parent=st.binary(max_size=9),
    name=texts,
    times=st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
    attributes=st.dictionaries(
        st.sampled_from(
            [
                *("gen_ai.operation.name", "gen_ai.request.model", "gen_ai.input.messages", "gen_ai.conversation.id"),
                *("gen_ai.usage.input_tokens", "literalai.step.type", "literalai.tags", "literalai.metadata", "x"),
            ]
        ),
        texts | st.sampled_from(["chat", "llm", "[", '[{"role": 1}]', "{}"]) | st.integers(-(2**63), 2**63 - 1),
        max_size=9,
    ),
)
def test_any_span(
    server: Any,
    trace_id: bytes,
    span_id: bytes,
    parent: bytes,
    name: str,
    times: tuple[int, int],
    attributes: dict[str, Any],
):
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(
            trace_id=trace_id,
            span_id=span_id,
            parent_span_id=parent,
            name=name,
            start_time_unix_nano=times[0],
            end_time_unix_nano=times[1],
        )
    )
    for key, value in attributes.items():
        attribute = span.attributes.add(key=key).value
        if isinstance(value, int):
            attribute.int_value = value
        else:
            attribute.string_value = value
    answer = server.http.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF)
    assert answer.status_code == 200, answer.content
    ExportTraceServiceResponse.FromString(answer.content)


@pytest.fixture(autouse=True, scope="module")
def the_server_goes_on(server: Any) -> Any:
    yield
    assert server.http.get("/healthz").json() == {"status": "ok"}
    assert server.data('mutation { ingestStep(id: "after all", type: run) { ok } }') == {"ingestStep": {"ok": True}}


# --- REST --------------------------------------------------------------------------------------

KINDS = [
    *("user", "model_price", "prompt_lineage", "prompt_version", "prompt_rollout", "prompt_variant"),
    *("tag", "thread", "step"),
    *("dataset", "dataset_item", "experiment", "experiment_item", "file", "score_schema", "score"),
    "attachment",
]
MEMBERS = [
    *("id", "identifier", "name", "metadata", "createdAt", "updatedAt", "tags", "input", "output", "expectedOutput"),
    *("datasetId", "datasetExperimentId", "lineageId", "version", "rollout", "templateMessages", "settings", "tools"),
    *("type", "value", "stepId", "threadId", "participant", "participantId", "environment", "generation", "pattern"),
    *("inputPrice", "outputPrice", "params", "url", "objectKey", "mime", "size", "startTime", "variables"),
    *("categories", "min", "max", "label", "scoreSchemaId", "createdBy", "lineageName", "color"),
]
member_values = values | st.sampled_from(
    ["a", "b", "AI", "run", "llm", "generation", "2026-11-21T08:00:00Z", "files/a", "CATEGORICAL", "CONTINUOUS"]
)
records = st.dictionaries(st.sampled_from(MEMBERS), member_values, max_size=12).flatmap(
    lambda record: st.sampled_from(KINDS).map(lambda kind: {**record, "kind": kind})
)


def assert_rest(answer: httpx.Response) -> None:
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
    if answer.status_code != 200:
        (error,) = answer.json()["errors"]
        assert error["message"]
        assert error["extensions"]["code"] != "INTERNAL"


@FUZZ
@given(
    path=st.sampled_from(["import", "export/records", "export/dataset", "export/otlp", "export/file", "upload/file"]),
    body=st.binary(max_size=100)
    | values.map(lambda value: httpx.Request("POST", "http://x", json=value).content)
    | st.dictionaries(
        st.sampled_from(
            ["kind", "after", "first", "since", "until", "records", "whole", "id", "name", "objectKey", "threadId",
             "fileName", "contentType", "start"]
        ),
        member_values | st.sampled_from(KINDS) | st.integers(),
        max_size=6,
    ).map(lambda value: httpx.Request("POST", "http://x", json=value).content),
)  # fmt: skip
def test_any_rest_body(server: Any, path: str, body: bytes):
    assert_rest(server.http.post(f"/api/{path}", content=body, headers=JSON))


@FUZZ
@given(imported=st.lists(records | values, max_size=4), whole=st.booleans())
def test_any_record(server: Any, imported: list[Any], whole: bool):
    answer = server.http.post("/api/import", json={"records": imported, "whole": whole})
    assert_rest(answer)
    if answer.status_code == 200:
        results = answer.json()["results"]
        assert len(results) == len(imported)
        assert all(result["message"] for result in results)
    for kind in {record["kind"] for record in imported if isinstance(record, dict) and record.get("kind") in KINDS}:
        assert_rest(server.http.post("/api/export/records", json={"kind": kind, "first": 3}))
    assert_rest(server.http.get("/api/export/otlp", params={"first": 2}))


@FUZZ
@given(
    query=st.dictionaries(st.sampled_from(["after", "first", "since", "until", "threadId", "x"]), texts, max_size=5),
    facts=st.text(alphabet=st.characters(max_codepoint=126, min_codepoint=32), max_size=40).map(str.strip),
)
def test_any_query_and_header(server: Any, query: dict[str, str], facts: str):
    assert_rest(server.http.get("/api/export/otlp", params=query))
    assert_rest(server.http.post("/api/import/file", content=b"x", headers={"x-literal-file": facts}))


@FUZZ
@given(
    body=st.fixed_dictionaries(
        {
            "resourceSpans": st.lists(
                st.fixed_dictionaries(
                    {
                        "scopeSpans": st.lists(
                            st.fixed_dictionaries(
                                {
                                    "spans": st.lists(
                                        st.dictionaries(
                                            st.sampled_from(
                                                ["traceId", "spanId", "parentSpanId", "name", "kind", "attributes",
                                                 "startTimeUnixNano", "endTimeUnixNano", "status", "events", "links"]
                                            ),
                                            values | st.sampled_from(["a" * 32, "b" * 16, "5", 5]),
                                            max_size=8,
                                        ),
                                        max_size=2,
                                    )
                                }
                            ),
                            max_size=2,
                        )
                    }
                ),
                max_size=2,
            )
        }
    )
)  # fmt: skip
def test_any_span_in_json(server: Any, body: dict[str, Any]):
    answer = server.http.post("/v1/traces", json=body)
    assert answer.status_code in (200, 400), answer.text
    assert isinstance(answer.json(), dict)
