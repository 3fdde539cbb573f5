import json
import threading
from concurrent.futures import Future

import pytest
from dirty_equals import IsPartialDict, IsStr

from literalai_otel.attributes import TRUNCATED
from literalai_otel.model import STEP_TYPES
from literalai_otel.server.ingest import Ingest, Outcome, Overloaded
from literalai_otel.server.store import PageQuery
from literalai_otel.server.values import InvalidValueError
from literalai_otel.translate import SpanRecord, step_id_from_hex

WAIT = 20.0
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def project(store):
    return store.create_project("p").result(WAIT).id


@pytest.fixture
def send(store, project):
    ingest = Ingest(store)
    return lambda *steps, **options: ingest.steps(project, list(steps), **options).result(WAIT)


@pytest.fixture
def stored(store, project, send):
    """What becomes of one step with these fields."""

    def put(**fields):
        assert send({"id": "s", **fields}) == [Outcome("s", ok=True, message="stored")]
        return store.get_step(project, "s")

    return put


def test_no_steps_are_no_outcomes(send):
    assert send() == []


@pytest.mark.feature("P-ING-01", "L-LOG-08")
def test_one_bad_step_does_not_lose_the_batch(store, project, send):
    outcomes = send({"id": "a"}, {"id": "b", "type": "banana"}, {"id": "c", "parentId": "a"}, {"type": "run"})
    assert [(outcome.id, outcome.ok) for outcome in outcomes] == [("a", True), ("b", False), ("c", True), ("", False)]
    assert outcomes[1].message == (
        "type must be one of run, tool, llm, embedding, retrieval, rerank, undefined, user_message, "
        'assistant_message, system_message, not "banana"'
    )
    assert store.get_step(project, "b") is None
    assert store.get_step(project, "c")["parentId"] == "a"


@pytest.mark.feature("L-LOG-08", "L-LOG-09")
@pytest.mark.parametrize("name", STEP_TYPES)
def test_every_type_of_step_is_stored(stored, name):
    assert stored(type=name)["type"] == name


BAD = [
    ({"id": None}, "id must be a text"),
    ({"id": 5}, "id must be a text, not int"),
    ({"id": ""}, "id must have 1 to 255 characters"),
    ({"id": "x" * 256}, "id must have 1 to 255 characters, not 256"),
    ({"type": 1}, "type must be one of"),
    ({"type": ["run"]}, "type must be one of"),
    ({"name": 1}, "name must be a text"),
    ({"threadId": "x" * 256}, "threadId must have 1 to 255"),
    ({"parentId": {"a": 1}}, "parentId must be a text"),
    ({"rootRunId": 7}, "rootRunId must be a text"),
    ({"startTime": "yesterday"}, "startTime must be an ISO 8601 time"),
    ({"endTime": 1700000000}, "endTime must be an ISO 8601 time"),
    ({"startTime": "0001-01-01T00:00:00+14:00"}, "startTime must be an ISO 8601 time"),
    ({"endTime": "9999-12-31T23:59:59-14:00"}, "endTime must be an ISO 8601 time"),
    ({"metadata": [1]}, "metadata must be an object, not list"),
    ({"metadata": "x"}, "metadata must be an object"),
    ({"metadata": {"x": "y" * 1_000_000}}, r"metadata has \d+ bytes of JSON, the limit is 1000000"),
    ({"input": {"content": "é" * 1_500_000}}, r"input has \d+ bytes of JSON, the limit is 3000000"),
    ({"output": "x" * 3_000_000}, r"output has \d+ bytes"),
    ({"tags": "x"}, "tags must be a list of texts"),
    ({"tags": ["x", 1]}, "tags must be a text, not int"),
    ({"tags": ["x" * 256]}, "tags must have 1 to 255"),
    ({"generation": []}, "generation must be an object"),
    ({"generation": {"type": "IMAGE"}}, "generation.type must be one of CHAT, COMPLETION"),
    ({"generation": {"tokenCount": -1}}, r"generation.tokenCount must be a whole number of 0 to 10\^12"),
    ({"generation": {"inputTokenCount": 1.5}}, "generation.inputTokenCount must be a whole number"),
    ({"generation": {"outputTokenCount": "3"}}, "generation.outputTokenCount must be a whole number"),
    ({"generation": {"tokenCount": True}}, "generation.tokenCount must be a whole number"),
    ({"generation": {"tokenCount": 2**63}}, "generation.tokenCount must be a whole number"),
    ({"generation": {"ttFirstToken": float("nan")}}, "generation.ttFirstToken must be a finite number"),
    ({"generation": {"duration": float("inf")}}, "generation.duration must be a finite number"),
    ({"generation": {"model": 4}}, "generation.model must be a text"),
    ({"generation": {"messages": ["x" * 11_000_000]}}, "generation has"),
    ({"generation": {"metadata": [1]}}, "generation.metadata must be an object"),
    ({"scores": {}}, "scores must be a list of objects"),
    ({"scores": [1]}, "scores must be a list of objects"),
    ({"scores": [{"name": "n", "type": "DOG", "value": 1}]}, r"scores\[0\].type must be one of HUMAN, CODE, AI"),
    ({"scores": [{"name": "n", "type": "AI", "value": float("nan")}]}, r"scores\[0\].value must be a finite"),
    ({"scores": [{"name": "n", "type": "AI"}]}, r"scores\[0\].value must be a finite"),
    ({"scores": [{"type": "AI", "value": 1}]}, r"scores\[0\].name must be a text"),
    ({"attachments": "x"}, "attachments must be a list of objects"),
    ({"attachments": [{"name": 5}]}, r"attachments\[0\].name must be a text"),
    ({"attachments": [{"metadata": 5}]}, r"attachments\[0\].metadata must be an object"),
]


@pytest.mark.parametrize(
    ("fields", "message"),
    [pytest.param(*case, id=f"{next(iter(case[0]))}-{number}") for number, case in enumerate(BAD)],
)
def test_a_bad_field_is_an_error_of_its_step_that_names_the_rule(store, project, send, fields, message):
    (outcome,) = send({"id": "s", "name": "kept out", **fields})
    assert not outcome.ok
    assert outcome.message == IsStr(regex=f"{message}.*", regex_flags=16)
    assert len(outcome.message) < 300
    assert store.get_step(project, "s") is None, "nothing is half-stored"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-11-21T08:00:00.123456Z", "2026-11-21T08:00:00.123456Z"),
        ("2026-11-21T08:00:00.123Z", "2026-11-21T08:00:00.123Z"),
        ("2026-11-21T09:00:00.5+01:00", "2026-11-21T08:00:00.500Z"),
        ("2026-11-21 08:00:00.000001", "2026-11-21T08:00:00.000001Z"),
        ("2026-11-21T08:00:00.123456789Z", "2026-11-21T08:00:00.123456Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_the_three_spellings_of_a_time_are_read_as_utc(stored, sent, read):
    step = stored(startTime=sent, endTime=sent)
    assert (step["startTime"], step["endTime"]) == (read, read)


@pytest.mark.feature("L-STEP-12")
@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("text", {"content": "text"}),
        ("", {"content": ""}),
        ({}, {}),
        ({"content": "x", "n": None}, {"content": "x", "n": None}),
        ([1, "a"], {"content": [1, "a"]}),
        (0, {"content": 0}),
        (False, {"content": False}),
    ],
)
def test_input_and_output_are_objects_and_texts_go_under_content(stored, sent, read):
    step = stored(input=sent, output=sent)
    assert (step["input"], step["output"]) == (read, read)


@pytest.mark.feature("P-ING-03")
def test_just_below_the_limits_is_stored(stored):
    text = "x" * 2_900_000
    step = stored(input={"content": text}, output=text, metadata={"m": "y" * 990_000})
    assert (len(step["input"]["content"]), len(step["output"]["content"])) == (2_900_000, 2_900_000)
    assert len(step["metadata"]["m"]) == 990_000


@pytest.mark.feature("P-ING-02")
def test_nul_characters_go_and_the_rest_stays(stored):
    step = stored(
        name="a\0b",
        input={"a": "x\x00y", "k\0ey": [{"deep": "\0"}], "written": "\\u0000", "both": "\\\0"},
        error="e\0",
        tags=["t\0"],
        generation={"model": "m\0", "messages": [{"role": "user", "content": "\0"}]},
        metadata={"n\0": 1},
    )
    assert step == IsPartialDict(
        name="ab",
        input={"a": "xy", "key": [{"deep": ""}], "written": "\\u0000", "both": "\\"},
        error="e",
        tags=["t"],
        metadata={"n": 1},
    )
    assert step["generation"] == IsPartialDict(model="m", messages=[{"role": "user", "content": ""}])
    assert "\\u0000" not in json.dumps({**step, "input": None})


def test_lone_surrogates_become_the_replacement_character(stored):
    step = stored(
        name="a\ud800",
        threadId="t\udfff",
        input={"k\ud800": "\ud800"},
        tags=["\ud800"],
        generation={"model": "\ud83d\ude00", "messages": []},
    )
    assert step == IsPartialDict(name="a�", threadId="t�", input={"k�": "�"}, tags=["�"])
    assert step["generation"]["model"] == "😀"


@pytest.mark.parametrize(
    ("generation", "kind"),
    [
        ({}, "CHAT"),
        ({"messages": []}, "CHAT"),
        ({"prompt": "p"}, "COMPLETION"),
        ({"completion": ""}, "COMPLETION"),
        ({"prompt": None, "completion": None, "messages": []}, "CHAT"),
        ({"type": "CHAT", "prompt": "p"}, "CHAT"),
        ({"type": None, "prompt": "p"}, "COMPLETION"),
    ],
)
def test_a_generation_without_a_type_gets_the_one_that_its_content_says(stored, generation, kind):
    assert stored(generation=generation)["generation"]["type"] == kind


def test_whole_floats_are_counts_and_zero_is_a_value(stored):
    generation = stored(generation={"tokenCount": 12.0, "inputTokenCount": 0, "duration": 0, "ttFirstToken": 0})
    assert generation["generation"] == IsPartialDict(tokenCount=12, inputTokenCount=0, duration=0.0, ttFirstToken=0.0)


def test_tags_and_metadata_of_a_generation_are_those_of_its_step(stored):
    step = stored(
        tags=["a"],
        metadata={"x": "step", "y": 1},
        generation={"tags": ["b", "a"], "metadata": {"x": "generation", "z": 2}},
    )
    assert step["tags"] == step["generation"]["tags"] == ["a", "b"]
    assert step["metadata"] == step["generation"]["metadata"] == {"x": "step", "y": 1, "z": 2}


def test_an_error_that_is_an_object_becomes_its_json(stored):
    assert stored(error={"code": 1})["error"] == '{"code":1}'


def test_empty_ids_of_relations_are_absent(stored):
    step = stored(threadId="", parentId="", rootRunId="")
    assert (step["threadId"], step["parentId"], step["rootRunId"]) == (None, None, None)


def test_unknown_fields_and_a_forged_creation_time_are_ignored(stored):
    step = stored(createdAt="1999-01-01T00:00:00Z", environment="forged", colour="red")
    assert step["createdAt"] > "2020"
    assert step["environment"] is None


def test_the_environment_of_the_request_is_that_of_its_steps(store, project, send):
    send({"id": "a"}, environment="staging")
    send({"id": "a", "name": "n"})
    assert store.get_step(project, "a")["environment"] == "staging"
    with pytest.raises(InvalidValueError, match="environment"):
        send({"id": "b"}, environment="x" * 256)


@pytest.mark.parametrize(
    "otel",
    [
        "text",
        {"trace_id": "xyz", "span_id": "1" * 16},
        {"trace_id": "1" * 32, "span_id": 5},
        {"trace_id": "1" * 32, "span_id": "1" * 16, "parent_span_id": "g" * 16, "bridges": "x", "user_id": 5},
        {"trace_id": "1" * 32, "span_id": "1" * 16, "bridges": [1, "zz", "2" * 16] * 100},
        {"trace_id": "1" * 32, "span_id": "1" * 16, "parent_span_id": "1" * 16},
    ],
)
def test_a_malformed_span_identity_is_no_fault_of_the_step(stored, otel):
    step = stored(metadata={"otel": otel})
    assert step["metadata"] == {"otel": otel}
    assert step["parentId"] is None


# --- records -----------------------------------------------------------------------------------


def record(span_id=1, *, content="hi", **changes):
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": content}]}]),
    }
    values = {
        "trace_id": TRACE,
        "span_id": f"{span_id:016x}",
        "name": "chat gpt-4o",
        "start_ns": 1_000_000_000,
        "end_ns": 2_000_000_000,
        "attributes": attributes | changes.pop("attributes", {}),
    }
    return SpanRecord(**{**values, **changes})


def the_only(store, project):
    (step,) = store.list_steps(project, PageQuery()).nodes
    return step


def test_a_record_is_a_step_and_a_resend_is_the_same_one(store, project):
    ingest = Ingest(store)
    for _ in range(2):
        outcome = ingest.records(project, [record()], environment="dev").result(WAIT)
        assert (outcome.rejected, outcome.message) == (0, "")
    assert the_only(store, project) == IsPartialDict(
        name="chat gpt-4o",
        type="llm",
        environment="dev",
        startTime="1970-01-01T00:00:01.000Z",
        endTime="1970-01-01T00:00:02.000Z",
    )


def test_many_records_of_one_request_are_one_tree(store, project):
    agent = {"gen_ai.operation.name": "invoke_agent"}
    records = [record(n, attributes=agent, parent_span_id=f"{n + 1:016x}") for n in range(1, 250)]
    records.append(record(250, attributes=agent))
    assert Ingest(store).records(project, records).result(WAIT).rejected == 0
    ids = [step_id_from_hex(TRACE, f"{n:016x}") for n in range(1, 251)]
    tree = store.tree_steps(project, ids[-1], payload=False)
    assert {step["id"]: step["parentId"] for step in tree} == dict(zip(ids, [*ids[1:], None], strict=True))


def test_the_environment_of_the_resource_wins_over_the_header(store, project):
    one = record(resource={"deployment.environment.name": "staging"})
    Ingest(store).records(project, [one], environment="dev").result(WAIT)
    assert the_only(store, project)["environment"] == "staging"


def test_a_record_over_a_limit_is_cut_and_says_so(store, project):
    outcome = Ingest(store).records(project, [record(content="x" * 4_000_000)]).result(WAIT)
    assert outcome.rejected == 0
    step = the_only(store, project)
    assert len(json.dumps(step["input"])) <= 3_000_000
    assert step["metadata"][TRUNCATED]["input"] > 4_000_000
    assert step["metadata"]["otel"] == IsPartialDict(trace_id=TRACE, span_id=f"{1:016x}")


def test_a_record_that_cannot_be_stored_is_counted_with_its_reason_and_the_rest_stays(store, project):
    bad = [record(number, attributes={"literalai.thread.id": "x" * 256}) for number in range(2, 7)]
    outcome = Ingest(store).records(project, [record(1), *bad]).result(WAIT)
    assert outcome.rejected == 5
    assert outcome.message.startswith(f"span {2:016x}: threadId must have 1 to 255 characters")
    assert outcome.message.endswith("and 2 more")
    assert the_only(store, project)["name"] == "chat gpt-4o"


def test_spans_that_are_no_steps_are_accepted_and_not_listed(store, project):
    http = record(2, attributes={}, scope="http")
    http.attributes = {"http.request.method": "GET"}
    for parent in (None, f"{1:016x}"):
        http.parent_span_id = parent
        assert Ingest(store).records(project, [http, record(1)]).result(WAIT).rejected == 0
    the_only(store, project)


# --- overload ----------------------------------------------------------------------------------


class HeldStore:
    """Takes batches and answers when told to."""

    def __init__(self):
        self.waiting = []

    def upsert_steps(self, batch):
        future = Future()
        self.waiting.append((batch, future))
        return future

    def answer(self):
        batch, future = self.waiting.pop(0)
        future.set_result([None] * len(batch.rows))


def test_more_bytes_than_may_wait_are_refused_until_the_writer_catches_up():
    held = HeldStore()
    ingest = Ingest(held, max_pending_bytes=10_000)
    big = {"id": "s", "input": {"content": "x" * 20_000}}
    first = ingest.steps(1, [big])
    with pytest.raises(Overloaded) as refused:
        ingest.steps(1, [{"id": "small"}])
    assert refused.value.retry_after > 0
    assert len(held.waiting) == 1
    held.answer()
    assert first.result(0) == [Outcome("s", ok=True, message="stored")]
    assert ingest.pending_bytes == 0
    small = [ingest.steps(1, [{"id": "small"}]) for _ in range(5)]
    assert ingest.pending_bytes > 0
    for _ in small:
        held.answer()
    assert ingest.pending_bytes == 0


def test_a_failed_write_is_the_callers_error_and_frees_its_bytes():
    held = HeldStore()
    ingest = Ingest(held)
    future = ingest.steps(1, [{"id": "s"}])
    held.waiting[0][1].set_exception(OSError("disk full"))
    with pytest.raises(OSError, match="disk full"):
        future.result(0)
    assert ingest.pending_bytes == 0


def test_senders_on_many_threads_keep_the_count_right(store, project):
    ingest = Ingest(store)
    senders = [
        threading.Thread(
            target=lambda base=base: [
                ingest.steps(project, [{"id": f"{base}-{number}"}]).result(WAIT) for number in range(20)
            ]
        )
        for base in range(8)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(WAIT)
    assert ingest.pending_bytes == 0
