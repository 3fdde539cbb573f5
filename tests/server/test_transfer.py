"""Everything that a project has, out and in again: ids and times stay, a second import changes nothing."""

import json
from typing import Any

import pytest

KINDS = [
    *("user", "model_price", "prompt_lineage", "prompt_version", "prompt_rollout", "prompt_variant"),
    *("tag", "thread", "step"),
    *("dataset", "dataset_item", "experiment", "experiment_item", "file", "score_schema", "score"),
    "attachment",
]
MADE = "2024-05-06T07:08:09.123456Z"
TIMES = {"startTime": "2024-05-06T07:00:00.000Z", "endTime": "2024-05-06T07:00:02.500Z"}
MESSAGES = [{"role": "user", "content": "Hello {{name}}", "uuid": "u-1"}]

RECORDS: list[dict[str, Any]] = [
    {"kind": "user", "id": "user-1", "identifier": "ada@example.com", "metadata": {"team": "a"}, "createdAt": MADE},
    {
        "kind": "model_price", "id": "price-1", "pattern": "m", "inputPrice": 1.0, "outputPrice": 2.0,
        "startsAt": "2024-01-01T00:00:00.000Z", "createdAt": MADE,
    },
    {"kind": "prompt_lineage", "id": "lineage-1", "name": "greeting", "description": "says hello", "createdAt": MADE},
    {
        "kind": "prompt_version", "id": "version-1", "lineageId": "lineage-1", "version": 0,
        "templateMessages": MESSAGES, "settings": {"provider": "openai", "model": "m"}, "tools": [],
        "createdAt": MADE, "updatedAt": MADE,
    },
    {"kind": "prompt_rollout", "lineageId": "lineage-1", "version": 0, "rollout": 100.0},
    {
        "kind": "prompt_variant", "id": "variant-1", "fromLineageId": "lineage-1", "templateMessages": MESSAGES,
        "settings": {"model": "m"}, "createdAt": MADE,
    },
    {"kind": "tag", "name": "x", "color": "teal"},
    {"kind": "tag", "name": "y"},
    {
        "kind": "thread", "id": "thread-1", "name": "Trip", "tags": ["x", "y"], "metadata": {"a": [1, None]},
        "environment": "prod", "participant": {"id": "user-1", "identifier": "ada@example.com"}, "createdAt": MADE,
    },
    {
        "kind": "step", "id": "run-1", "name": "run", "type": "run", "threadId": "thread-1", "createdAt": MADE,
        "input": {"content": "hi"}, "output": {"content": "ho"}, "metadata": {"k": "v"}, "tags": ["x"],
        "environment": "staging", "error": "it broke", **TIMES,
    },
    {
        "kind": "step", "id": "llm-1", "name": "m", "type": "llm", "threadId": "thread-1", "parentId": "run-1",
        "rootRunId": "run-1", "createdAt": MADE, "environment": "prod", "metadata": {}, "tags": [],
        "generation": {
            "type": "CHAT", "provider": "openai", "model": "m", "promptId": "version-1", "inputTokenCount": 3,
            "outputTokenCount": 4, "tokenCount": 7, "ttFirstToken": 210.5, "duration": 2.5,
            "tokenThroughputInSeconds": 1.6, "messages": [{"role": "user", "content": "Hello Ada"}],
            "messageCompletion": {"role": "assistant", "content": "Hi"}, "variables": {"name": "Ada"},
            "settings": {"temperature": 0}, "tools": [],
        },
        **TIMES,
    },
    {
        "kind": "dataset", "id": "dataset-1", "name": "greetings", "type": "key_value", "metadata": {},
        "description": "d", "createdAt": MADE,
    },
    {
        "kind": "dataset_item", "id": "item-1", "datasetId": "dataset-1", "input": {"q": "東京"},
        "expectedOutput": {"a": 1.5}, "metadata": {"row": 1}, "stepId": "run-1",
        "intermediarySteps": [{"id": "llm-1", "output": {"x": 1}}], "createdAt": MADE,
    },
    {
        "kind": "experiment", "id": "experiment-1", "name": "try", "datasetId": "dataset-1",
        "promptExperimentId": "variant-1", "params": [{"temperature": 0}], "createdAt": MADE,
    },
    {
        "kind": "experiment_item", "id": "measured-1", "datasetExperimentId": "experiment-1",
        "datasetItemId": "item-1", "experimentRunId": "run-1", "input": {"q": 1}, "output": {"a": 2},
        "createdAt": MADE,
    },
    {
        "kind": "score_schema", "id": "schema-1", "name": "quality", "type": "CATEGORICAL", "description": "d",
        "categories": [{"label": "fair", "value": 0.5, "description": "so so"}], "createdBy": "ann",
        "createdAt": MADE, "updatedAt": MADE,
    },
    {
        "kind": "score_schema", "id": "schema-2", "name": "match", "type": "CONTINUOUS", "min": 0.0, "max": 1.0,
        "createdAt": MADE, "updatedAt": MADE,
    },
    {
        "kind": "score", "id": "score-1", "stepId": "llm-1", "name": "quality", "type": "HUMAN", "value": 0.5,
        "label": "fair", "comment": "so so", "tags": ["t"], "scoreSchemaId": "schema-1", "createdBy": "ann",
        "createdAt": MADE, "updatedAt": MADE,
    },
    {
        "kind": "score", "id": "score-2", "datasetExperimentItemId": "measured-1", "name": "match", "type": "AI",
        "value": 1.0, "createdAt": MADE, "updatedAt": MADE,
    },
    {
        "kind": "attachment", "id": "attachment-1", "stepId": "run-1", "threadId": "thread-1", "name": "a.txt",
        "mime": "text/plain", "url": "https://example.com/a.txt", "metadata": {"size": 3}, "createdAt": MADE,
    },
]  # fmt: skip


def send(server: Any, records: list[Any], **more: Any) -> list[dict[str, Any]]:
    answer = server.http.post("/api/import", json={"records": records, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def refusals(server: Any, records: list[Any], **more: Any) -> list[str]:
    return [result["message"] for result in send(server, records, **more) if not result["ok"]]


def dump(server: Any, first: int = 1000, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind in KINDS:
        after = 0
        while after is not None:
            body = {"kind": kind, "after": after, "first": first, **more}
            answer = server.http.post("/api/export/records", json=body)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert len(page["records"]) <= first
            found += page["records"]
            after = page["after"]
    return found


def ordered(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By kind and id: a list of kinds comes in the order in which the rows were made."""
    return sorted(records, key=lambda record: (KINDS.index(record["kind"]), record.get("id", "")))


@pytest.fixture(scope="module")
def filled(server: Any) -> Any:
    assert refusals(server, RECORDS) == []
    return server


@pytest.mark.feature("P-XPT-01")
def test_what_was_imported_is_exported_as_it_was(filled: Any):
    assert ordered(dump(filled)) == ordered(RECORDS)


def test_a_second_import_changes_nothing(filled: Any):
    before = dump(filled)
    assert refusals(filled, RECORDS) == []
    assert dump(filled) == before


@pytest.mark.parametrize("first", [1, 2])
def test_pages_hold_everything_once(filled: Any, first: int):
    assert dump(filled, first=first) == dump(filled)


def test_an_import_is_seen_by_every_other_way_to_read(filled: Any):
    thread = filled.data('{ threadDetail(id: "thread-1") { participant { identifier } steps { id } } }')["threadDetail"]
    assert thread["participant"] == {"identifier": "ada@example.com"}
    assert {step["id"] for step in thread["steps"]} == {"run-1", "llm-1"}
    found = filled.data('{ step(id: "llm-1") { createdAt scores { id } generation { tokenCount } } }')["step"]
    assert found == {"createdAt": MADE, "scores": [{"id": "score-1"}], "generation": {"tokenCount": 7}}
    filters = '[{field: "tags", operator: "in", value: ["y"]}]'
    assert filled.data(f"{{ threads(filters: {filters}) {{ edges {{ node {{ id }} }} }} }}")["threads"]["edges"]


def test_counts_say_how_much_there_is(filled: Any):
    answer = filled.http.post("/api/export/records", json={}).json()
    counts = {kind: sum(record["kind"] == kind for record in RECORDS) for kind in KINDS}
    assert answer["kinds"] == counts
    assert list(answer["kinds"]) == KINDS


@pytest.mark.parametrize(
    ("bounds", "found"),
    [({"since": "2024-05-06T07:08:10Z"}, 0), ({"until": MADE}, 0), ({"since": MADE, "until": "2030-01-01T00:00Z"}, 17)],
)
def test_bounds_of_time(filled: Any, bounds: dict[str, str], found: int):
    timeless = ("prompt_rollout", "tag")
    exported = [record for record in dump(filled, **bounds) if record["kind"] not in timeless]
    assert len(exported) == found


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (5, "must be an object"),
        ({}, "kind must be one of user,"),
        ({"kind": ["user"]}, "kind must be one of user,"),
        ({"kind": "user", "id": "u"}, "identifier is required in a user"),
        ({"kind": "user", "id": "", "identifier": "x"}, "id must have 1 to 255 characters"),
        ({"kind": "user", "identifier": "x"}, "id is required in a user"),
        ({"kind": "thread", "id": "t", "metadata": [1]}, "metadata must be an object"),
        ({"kind": "thread", "id": 5}, "id must be a text"),
        ({"kind": "thread", "id": "t", "createdAt": "yesterday"}, "createdAt must be an ISO 8601 time"),
        ({"kind": "step", "id": "s", "type": "llama"}, "type must be one of"),
        ({"kind": "step", "id": "s", "createdAt": 5}, "createdAt must be an ISO 8601 time"),
        ({"kind": "step"}, "id must be a text"),
        ({"kind": "dataset", "id": "d", "name": "n", "type": "x"}, "type must be one of key_value, generation"),
        ({"kind": "dataset_item", "id": "i", "datasetId": "no", "input": {}}, "datasetId 'no' names nothing"),
        ({"kind": "prompt_lineage", "id": "l", "name": "greeting"}, "another prompt_lineage of the project has"),
        ({"kind": "file", "objectKey": "k"}, "send its bytes to /api/import/file"),
        (
            {"kind": "model_price", "id": "p", "pattern": "(", "inputPrice": 1, "outputPrice": 1},
            "pattern is no regular",
        ),
        ({"kind": "score", "id": "s", "name": "n", "type": "AI", "value": "high"}, "value must be a finite number"),
        ({"kind": "tag", "name": "z", "color": "mauve"}, "color must be one of gray, red"),
        ({"kind": "tag", "color": "red"}, "name is required"),
        ({"kind": "score_schema", "id": "s", "name": "n", "type": "CATEGORICAL"}, "needs categories"),
        ({"kind": "score_schema", "id": "schema-2", "type": "CONTINUOUS", "min": 1, "max": 0}, "min must be less"),
        ({"kind": "prompt_rollout", "lineageId": "lineage-1", "version": 1.5, "rollout": 1}, "version must be a whole"),
    ],
)
def test_a_record_that_breaks_a_rule_says_which_and_stores_nothing(filled: Any, record: Any, reason: str):
    before = dump(filled)
    good = {"kind": "thread", "id": "thread-1", "name": "Trip"}
    first, second, third = send(filled, [good, record, good])
    assert (first["ok"], second["ok"], third["ok"]) == (True, False, True)
    assert reason in second["message"]
    assert dump(filled) == before


def test_whole_keeps_everything_out_when_one_is_refused(filled: Any):
    before = dump(filled)
    records = [{"kind": "thread", "id": "new"}, {"kind": "user"}, {"kind": "thread", "id": "newer"}]
    results = send(filled, records, whole=True)
    assert [result["ok"] for result in results] == [False, False, False]
    assert [result["message"] for result in results].count("not stored: another record was refused") == 2
    assert dump(filled) == before
    answer = filled.http.post("/api/import", json={"records": [{"kind": "step", "id": "s"}], "whole": True})
    assert answer.status_code == 400
    assert "steps are stored each for itself" in answer.text


def test_a_user_who_is_known_under_another_id_stays_that_user(filled: Any):
    assert refusals(filled, [{"kind": "user", "id": "elsewhere", "identifier": "ada@example.com"}]) == []
    thread = {"kind": "thread", "id": "visit", "participant": {"id": "elsewhere", "identifier": "ada@example.com"}}
    assert refusals(filled, [thread]) == []
    found = filled.data('{ threadDetail(id: "visit") { participant { id } } }')["threadDetail"]["participant"]
    assert found == {"id": "user-1"}
    filled.data('mutation { deleteThread(id: "visit") { id } }')


@pytest.mark.parametrize("path", ["/api/import", "/api/export/records"])
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"records": 5, "kind": 5}',
        b'{"records": [{}], "whole": 3, "kind": "nothing"}',
        b'{"kind": "step", "after": -1, "records": null}',
        b'{"kind": "step", "first": 1001}',
        b'{"kind": "step", "since": "soon"}',
    ],
)
def test_requests_that_make_no_sense_are_refused(server: Any, path: str, body: bytes):
    answer = server.http.post(path, content=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


def test_too_many_records_are_refused(server: Any):
    answer = server.http.post("/api/import", json={"records": [{}] * 1001})
    assert answer.status_code == 400
    assert "at most 1000 records" in answer.text


# --- files -------------------------------------------------------------------------------------


def put_file(server: Any, content: bytes, **facts: Any) -> Any:
    return server.http.post("/api/import/file", content=content, headers={"x-literal-file": json.dumps(facts)})


def test_a_file_moves_under_its_own_key_and_stays_as_it_is(server: Any):
    content = bytes(range(256)) * 20_000
    facts = {"objectKey": "files/abc/a.bin", "mime": "application/x-test", "threadId": "thread-9"}
    assert put_file(server, content, **facts).json() == {"objectKey": "files/abc/a.bin", "stored": True}
    assert put_file(server, b"other", **facts).json() == {"objectKey": "files/abc/a.bin", "stored": False}
    found = b""
    while part := server.http.post(
        "/api/export/file", json={"objectKey": "files/abc/a.bin", "start": len(found)}
    ).content:
        found += part
    assert found == content
    (record,) = [record for record in dump(server) if record.get("objectKey") == "files/abc/a.bin"]
    assert {name: record[name] for name in ("size", "mime", "threadId")} == {
        "size": len(content), "mime": "application/x-test", "threadId": "thread-9",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "header", "status", "reason"),
    [
        ("export", b"{}", None, 400, "objectKey must be a text"),
        ("export", b'{"objectKey": "nothing"}', None, 404, "no file of this objectKey"),
        ("export", b'{"objectKey": "a", "start": "x"}', None, 400, "start must be a whole number"),
        ("import", b"x", None, 400, "must be a JSON object with objectKey"),
        ("import", b"x", "[]", 400, "must be a JSON object with objectKey"),
        ("import", b"x", '{"objectKey": 5}', 400, "objectKey must be a text"),
        ("import", b"x", '{"objectKey": "../../etc/passwd"}', 400, "must be a path"),
        ("import", b"x", '{"objectKey": "a/../b"}', 400, "must be a path"),
        ("import", b"x", '{"objectKey": "/a"}', 400, "must be a path"),
        ("import", b"x", '{"objectKey": "a", "mime": 5}', 400, "mime must be a text"),
    ],
)
def test_files_that_make_no_sense_are_refused(
    server: Any, path: str, body: bytes, header: str | None, status: int, reason: str
):
    headers = {} if header is None else {"x-literal-file": header}
    answer = server.http.post(f"/api/{path}/file", content=body, headers=headers)
    assert answer.status_code == status
    assert reason in answer.json()["errors"][0]["message"]
