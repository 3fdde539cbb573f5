"""Steps, generations, threads and users over GraphQL: what the other tests of the API do not ask."""

import uuid
from typing import Any

import pytest
from dirty_equals import IsApprox, IsPartialDict

ADD = """mutation AddStep($id_0: String!, $threadId_0: String, $rootRunId_0: String, $type_0: StepType, $name_0: String,
  $generation_0: GenerationPayloadInput, $startTime_0: DateTime, $tags_0: [String!]) {
  step0: ingestStep(id: $id_0, threadId: $threadId_0, rootRunId: $rootRunId_0, type: $type_0, name: $name_0,
    generation: $generation_0, startTime: $startTime_0, tags: $tags_0) { ok message } }"""
GENERATION = """id type model tokenCount inputTokenCount outputTokenCount tokenCountEstimated tags metadata messages
  messageCompletion tools settings variables tokenThroughputInSeconds inputCost outputCost cost priceRule"""
CREATE = f"""mutation ($generation: GenerationPayloadInput!) {{
  createGeneration(generation: $generation) {{ {GENERATION} }} }}"""
CHAT = {
    "type": "CHAT",
    "messages": [{"role": "user", "content": "What is a step?"}],
    "messageCompletion": {"role": "assistant", "content": "A step is a unit of work."},
}
OLD = {"x-client-name": "py-literal-client", "x-client-version": "0.1.300"}


def new_id() -> str:
    return str(uuid.uuid4())


def add(server: Any, step: dict[str, Any], **headers: str) -> None:
    answer = server.data(ADD, {f"{name}_0": value for name, value in step.items()}, **headers)
    assert answer["step0"]["ok"], answer


def create(server: Any, generation: dict[str, Any]) -> dict[str, Any]:
    return server.data(CREATE, {"generation": generation})["createGeneration"]


def generation_of(server: Any, step_id: str, **headers: str) -> dict[str, Any]:
    query = f"query ($id: String!) {{ step(id: $id) {{ generation {{ {GENERATION} }} }} }}"
    return server.data(query, {"id": step_id}, **headers)["step"]["generation"]


@pytest.mark.feature("L-GEN-05", "L-GEN-06")
def test_a_generation_stands_alone_with_its_tags_and_metadata(server):
    made = create(server, CHAT | {"id": new_id(), "model": "m", "tags": ["solo"], "metadata": {"k": 1}, "error": None})
    assert made == IsPartialDict(type="CHAT", model="m", tags=["solo"], metadata={"k": 1})
    step = server.data(
        "query ($id: String!) { step(id: $id) { id type name parentId threadId tags metadata } }", {"id": made["id"]}
    )["step"]
    assert step == {
        "id": made["id"],
        "type": "llm",
        "name": "m",
        "parentId": None,
        "threadId": None,
        "tags": ["solo"],
        "metadata": {"k": 1},
    }
    tagged = [{"field": "tags", "operator": "in", "value": ["solo"]}]
    found = server.data(
        "query ($filters: [generationsInputType!]) { generations(filters: $filters) { edges { node { id } } } }",
        {"filters": tagged},
    )
    assert found["generations"]["edges"] == [{"node": {"id": made["id"]}}]


@pytest.mark.parametrize(
    ("generation", "message"),
    [
        ([], "generation must be an object"),
        ({"type": "SONG"}, "generation.type must be one of"),
        ({"tokenCount": -1}, "generation.tokenCount must be a whole number"),
        ({"id": "x" * 256}, "id must have 1 to 255"),
    ],
)
def test_a_bad_generation_is_refused_with_the_reason(server, generation, message):
    answer = server.graphql(CREATE, {"generation": generation}).json()
    assert answer["data"] == {"createGeneration": None}
    assert message in answer["errors"][0]["message"]


# --- token counts -------------------------------------------------------------------------------


@pytest.mark.feature("L-GEN-07")
def test_missing_usage_is_estimated_and_said_to_be(server):
    made = create(server, CHAT)
    assert made == IsPartialDict(tokenCountEstimated=True, inputTokenCount=5, outputTokenCount=8, tokenCount=13)
    completion = create(server, {"prompt": "Once upon a time", "completion": " there was"})
    assert completion == IsPartialDict(type="COMPLETION", inputTokenCount=4, outputTokenCount=2, tokenCount=6)


def test_usage_of_the_provider_is_no_estimate_and_completed_by_its_sum(server):
    made = create(server, CHAT | {"inputTokenCount": 100, "outputTokenCount": 0})
    assert made == IsPartialDict(tokenCountEstimated=False, inputTokenCount=100, outputTokenCount=0, tokenCount=100)


@pytest.mark.feature("L-GEN-07")
def test_an_estimate_gives_way_to_usage_whichever_comes_first(server):
    for first, second in ((CHAT, {"tokenCount": 40}), ({"tokenCount": 40}, CHAT)):
        made = create(server, first)
        create(server, second | {"id": made["id"]})
        counts = generation_of(server, made["id"])
        assert counts == IsPartialDict(tokenCountEstimated=False, tokenCount=40, inputTokenCount=None)


def test_an_estimate_that_is_read_and_sent_again_stays_one(server):
    made = create(server, CHAT)
    again = create(server, CHAT | {"id": "moved", "tokenCount": 13, "inputTokenCount": 5, "tokenCountEstimated": True})
    for counts in (made, again):
        assert counts == IsPartialDict(tokenCountEstimated=True, tokenCount=13, outputTokenCount=8)
    told = create(server, CHAT | {"tokenCount": 40, "tokenCountEstimated": False})
    assert told == IsPartialDict(tokenCountEstimated=False, tokenCount=40)


def test_the_parts_of_an_estimate_may_come_one_after_the_other(server):
    made = create(server, {"messages": CHAT["messages"]})
    assert made == IsPartialDict(tokenCount=5, outputTokenCount=None)
    create(server, {"id": made["id"], "messageCompletion": CHAT["messageCompletion"]})
    assert generation_of(server, made["id"]) == IsPartialDict(tokenCount=13, inputTokenCount=5, outputTokenCount=8)


@pytest.mark.parametrize(
    ("generation", "tokens"),
    [
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "one two"}]}]}, 2),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]}]}, 0),
        (
            {
                "messageCompletion": {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"function": {"name": "weather", "arguments": '{"city": "Lisbon"}'}}],
                }
            },
            9,
        ),
        ({"prompt": ["a list", "of prompts"], "completion": ""}, 4),
        ({"messages": [{"role": "user", "content": "<|endoftext|>"}]}, 7),
        ({"messages": "hello"}, 1),
        (CHAT | {"error": "rate limit"}, None),
        ({"model": "m"}, None),
    ],
)
def test_an_estimate_counts_texts_and_nothing_else(server, generation, tokens):
    assert create(server, generation)["tokenCount"] == tokens


@pytest.mark.feature("L-GEN-08")
@pytest.mark.parametrize(("sent", "stored"), [(None, 25), (26, 26), (25_000, 25), (0.025, 25)])
def test_throughput_is_tokens_per_second(server, sent, stored):
    counts = {"outputTokenCount": 50, "duration": 2, "tokenThroughputInSeconds": sent}
    assert create(server, counts)["tokenThroughputInSeconds"] == stored


# --- prices -------------------------------------------------------------------------------------

PRICE = "id pattern inputPrice outputPrice startsAt endsAt hint"
ADD_PRICE = f"""mutation ($pattern: String!, $inputPrice: Float!, $outputPrice: Float!, $startsAt: DateTime,
  $endsAt: DateTime) {{ createModelPrice(pattern: $pattern, inputPrice: $inputPrice, outputPrice: $outputPrice,
  startsAt: $startsAt, endsAt: $endsAt) {{ {PRICE} }} }}"""
CHANGE_PRICE = f"""mutation ($id: String!, $outputPrice: Float, $pattern: String) {{
  updateModelPrice(id: $id, outputPrice: $outputPrice, pattern: $pattern) {{ {PRICE} }} }}"""
DELETE_PRICE = "mutation ($id: String!) { deleteModelPrice(id: $id) { id } }"
PRICES = f"{{ modelPrices {{ totalCount edges {{ node {{ {PRICE} }} }} }} }}"
USED = {"inputTokenCount": 1000, "outputTokenCount": 1000}


@pytest.fixture
def price(server):
    """Makes rules that go after the test."""
    made: list[str] = []

    def make(pattern: str, asked: float, answered: float, **period: str) -> dict[str, Any]:
        values = {"pattern": pattern, "inputPrice": asked, "outputPrice": answered, **period}
        rule = server.data(ADD_PRICE, values)["createModelPrice"]
        made.append(rule["id"])
        return rule

    yield make
    for rule_id in made:
        server.data(DELETE_PRICE, {"id": rule_id})


def priced(server: Any, model: str, start: str | None = None, **more: Any) -> dict[str, Any]:
    step_id = new_id()
    add(server, {"id": step_id, "type": "llm", "startTime": start, "generation": {"model": model, **USED, **more}})
    return generation_of(server, step_id)


@pytest.mark.feature("P-COST-01")
def test_a_rule_prices_what_its_pattern_matches_whole(server, price):
    rule = price("gpt-4o.*", 5, 15)
    assert rule == IsPartialDict(pattern="gpt-4o.*", inputPrice=5, outputPrice=15, hint=None)
    assert priced(server, "gpt-4o-mini") == IsPartialDict(
        inputCost=IsApprox(0.005), outputCost=IsApprox(0.015), cost=IsApprox(0.02), priceRule=f"rule:{rule['id']}"
    )
    assert priced(server, "my-gpt-4o") == IsPartialDict(cost=None, priceRule=None)


@pytest.mark.feature("P-COST-01")
def test_list_prices_hold_where_no_rule_does_and_unknown_models_have_no_cost(server):
    known = priced(server, "gpt-4o", provider="openai")
    assert known == IsPartialDict(cost=IsApprox(0.0125), priceRule="default:openai/gpt-4o")
    assert priced(server, "gpt-4o", provider="openai-chat")["cost"] == known["cost"]
    for model, provider in (("made-up-model", "openai"), ("gpt-4o", "my-own-machine")):
        assert priced(server, model, provider=provider) == IsPartialDict(
            inputCost=None, outputCost=None, cost=None, priceRule=None
        )


@pytest.mark.feature("P-COST-02")
def test_the_rule_of_the_time_of_the_log_counts(server, price):
    first = price("timed", 1, 1, endsAt="2026-02-01T00:00:00Z")
    second = price("timed", 2, 2, startsAt="2026-02-01T00:00:00Z")
    for start, rule in (("2026-01-31T23:59:59Z", first), ("2026-02-01T00:00:00Z", second)):
        assert priced(server, "timed", start)["priceRule"] == f"rule:{rule['id']}"


def test_the_most_specific_rule_counts_then_the_newest(server, price):
    price("a.*", 1, 1)
    specific = price("abc.*", 2, 2)
    price("ab.*", 3, 3)
    assert priced(server, "abcd")["priceRule"] == f"rule:{specific['id']}"
    newest = price("abc.+", 4, 4)
    assert priced(server, "abcd")["priceRule"] == f"rule:{newest['id']}"


@pytest.mark.feature("P-COST-03")
def test_a_rule_is_its_project_s_own(server, price, tmp_path, start):
    price("shared-name", 1, 1)
    assert priced(server, "shared-name")["cost"] == IsApprox(0.002)
    with start(tmp_path) as other:
        assert other.data(PRICES)["modelPrices"] == {"totalCount": 0, "edges": []}
        assert priced(other, "shared-name")["cost"] is None


def test_rules_are_changed_and_deleted_and_old_costs_stay(server, price):
    rule = price("kept", 1, 1)
    before = priced(server, "kept")
    changed = server.data(CHANGE_PRICE, {"id": rule["id"], "outputPrice": 3, "pattern": None})["updateModelPrice"]
    assert changed == rule | {"outputPrice": 3}
    assert priced(server, "kept")["cost"] == IsApprox(0.004)
    assert server.data(DELETE_PRICE, {"id": rule["id"]})["deleteModelPrice"] == {"id": rule["id"]}
    assert server.data(DELETE_PRICE, {"id": rule["id"]})["deleteModelPrice"] is None
    assert server.data(CHANGE_PRICE, {"id": rule["id"], "outputPrice": 3})["updateModelPrice"] is None
    assert before["cost"] == IsApprox(0.002)
    assert priced(server, "kept")["cost"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pattern": "("}, "no regular expression"),
        ({"pattern": "(?=x)"}, "no regular expression"),
        ({"pattern": ""}, "1 to 255"),
        ({"inputPrice": -1}, "0 or more"),
        ({"startsAt": "soon"}, "ISO 8601"),
        ({"startsAt": "2026-02-01", "endsAt": "2026-01-01"}, "later than"),
    ],
)
def test_a_bad_rule_is_refused_with_the_reason(server, changes, message):
    answer = server.graphql(ADD_PRICE, {"pattern": "x", "inputPrice": 1, "outputPrice": 1} | changes).json()
    assert message in answer["errors"][0]["message"]
    assert server.data(PRICES)["modelPrices"]["totalCount"] == 0


def test_a_pattern_of_files_gets_a_hint(price):
    assert "'gpt-4o.*'" in price("gpt-4o*", 1, 1)["hint"]


# --- environments -------------------------------------------------------------------------------

LISTS = {
    "threads": "ThreadsInputType",
    "steps": "stepsInputType",
    "generations": "generationsInputType",
}


@pytest.mark.feature("P-ENV-01")
@pytest.mark.parametrize("name", LISTS)
def test_lists_leave_experiments_out_unless_they_are_asked_for(start, tmp_path, name):
    with start(tmp_path) as server:
        for environment in ("prod", "experiment"):
            step = {"id": environment, "threadId": environment, "type": "llm", "generation": {"model": "m"}}
            add(server, step, **{"x-env": environment})
        add(server, {"id": "none", "threadId": "none", "type": "llm", "generation": {"model": "m"}})

        def ids(filters: list[dict[str, Any]]) -> set[str]:
            query = f"""query ($filters: [{LISTS[name]}!]) {{
              {name}(filters: $filters) {{ totalCount edges {{ node {{ id }} }} }} }}"""
            found = server.data(query, {"filters": filters})[name]
            assert found["totalCount"] == len(found["edges"])
            return {edge["node"]["id"] for edge in found["edges"]}

        assert ids([]) == {"prod", "none"}
        assert ids([{"field": "environment", "operator": "eq", "value": "experiment"}]) == {"experiment"}
        assert ids([{"field": "environment", "operator": "neq", "value": "dev"}]) == {"prod", "experiment", "none"}
        assert ids([{"field": "id", "operator": "eq", "value": "experiment"}]) == {"experiment"}
        one = server.data('{ step(id: "experiment") { id } threadDetail(id: "experiment") { id } }')
        assert one == {"step": {"id": "experiment"}, "threadDetail": {"id": "experiment"}}


@pytest.mark.feature("L-THR-07")
def test_a_thread_s_environment_is_one_of_the_four_or_a_synonym(server):
    create_thread = "mutation ($environment: String) { createThread(environment: $environment) { id } }"
    listed = "query ($filters: [ThreadsInputType!]) { threads(filters: $filters) { totalCount } }"
    for given, stored in (("production", "prod"), ("development", "dev"), ("staging", "staging")):
        thread_id = server.data(create_thread, {"environment": given})["createThread"]["id"]
        filters = [
            {"field": "id", "operator": "eq", "value": thread_id},
            {"field": "environment", "operator": "eq", "value": stored},
        ]
        assert server.data(listed, {"filters": filters})["threads"]["totalCount"] == 1
    refused = server.graphql(create_thread, {"environment": "moon"}).json()
    assert "must be one of dev, staging, prod, experiment" in refused["errors"][0]["message"]


# --- steps --------------------------------------------------------------------------------------


@pytest.mark.feature("L-SAPI-01")
def put(server: Any, steps: list[dict[str, Any]]) -> list[str]:
    """Store steps in one request; what was said of each that was refused."""
    records = [{"kind": "step", "type": "tool", **step} for step in steps]
    results = server.http.post("/api/import", json={"records": records}).json()["results"]
    return [result["message"] for result in results if not result["ok"]]


@pytest.mark.feature("P-LOG-03")
def test_a_thread_comes_with_all_of_its_steps_in_their_order(server):
    """The published client truncates nothing (X-24): 100 is what a page shows first."""
    thread_id = new_id()
    times = [f"2026-01-01T00:{place // 60:02}:{place % 60:02}Z" for place in range(250)]
    steps = [{"id": f"{thread_id} {at}", "threadId": thread_id, "startTime": at} for at in times]
    assert put(server, steps[::-1]) == []
    found = server.data("query ($id: String!) { threadDetail(id: $id) { steps { id } } }", {"id": thread_id})
    assert [step["id"] for step in found["threadDetail"]["steps"]] == [step["id"] for step in steps]


@pytest.mark.feature("P-LOG-07")
def test_steps_that_are_each_other_s_parents_break_nothing(server):
    thread_id = new_id()
    first, second, third, alone = (f"{thread_id} {name}" for name in ("a", "b", "c", "alone"))
    (problem,) = put(
        server,
        [
            {"id": first, "threadId": thread_id, "parentId": second},
            {"id": alone, "threadId": thread_id, "parentId": alone[::-1]},
            {"id": third, "threadId": thread_id, "parentId": first},
            {"id": second, "threadId": thread_id, "parentId": third},
        ],
    )
    assert "parent" in problem
    found = server.data("query ($id: String!) { threadDetail(id: $id) { steps { id parentId } } }", {"id": thread_id})
    parents = {step["id"]: step["parentId"] for step in found["threadDetail"]["steps"]}
    assert parents == {first: second, alone: alone[::-1], third: first}
    filters = [{"field": "threadId", "operator": "eq", "value": thread_id}]
    document = "query ($f: [stepsInputType!]) { steps(filters: $f) { totalCount } }"
    assert server.data(document, {"f": filters})["steps"]["totalCount"] == 3


def test_a_created_step_belongs_to_the_run_of_its_parent(server):
    make = """mutation ($type: StepType, $parentId: String, $rootRunId: String) {
      createStep(type: $type, parentId: $parentId, rootRunId: $rootRunId) { id rootRunId } }"""
    run = server.data(make, {"type": "run"})["createStep"]
    tool = server.data(make, {"type": "tool", "parentId": run["id"], "root_run_id": run["id"]})["createStep"]
    below = server.data(make, {"parentId": tool["id"]})["createStep"]
    assert (run["rootRunId"], tool["rootRunId"], below["rootRunId"]) == (None, run["id"], run["id"])
    assert server.data(make, {"parentId": "unknown"})["createStep"]["rootRunId"] is None


@pytest.mark.feature("L-SAPI-02")
def test_an_update_leaves_what_is_null_and_wraps_a_text(server):
    update = """mutation ($id: String!, $output: Json, $name: String, $tags: [String!]) {
      updateStep(id: $id, output: $output, name: $name, tags: $tags) { name output tags } }"""
    step_id = new_id()
    add(server, {"id": step_id, "name": "before", "tags": ["x"]})
    changed = server.data(update, {"id": step_id, "output": "done", "name": None, "tags": None})["updateStep"]
    assert changed == {"name": "before", "output": {"content": "done"}, "tags": ["x"]}
    assert server.data(update, {"id": new_id(), "output": "done"})["updateStep"] is None


@pytest.mark.feature("L-LOG-07")
def test_a_tool_on_its_own_is_stored_with_a_warning(start, tmp_path, caplog):
    with start(tmp_path) as server:
        for name in ("a", "b"):
            add(server, {"id": name, "type": "tool"})
        add(server, {"id": "c", "type": "tool", "threadId": "t"})
        assert server.data('{ step(id: "a") { type } }')["step"] == {"type": "tool"}
    assert len([record for record in caplog.records if "belongs to no run" in record.message]) == 1


# --- clients that parse strictly ------------------------------------------------------------------

STRANGE = {
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]},
        {
            "role": "user",
            "content": [{"type": "file", "file": {"filename": "a.pdf"}}, {"type": "image_url", "image_url": "u"}],
        },
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "u"}}]},
        {"role": "wizard", "content": {"a": 1}, "tool_calls": [1], "name": 7},
        "plain",
    ],
    "messageCompletion": "yes",
    "tools": [{"type": "function"}, "search"],
    "settings": [1],
    "inputTokenCount": 1,
}
READABLE = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "[input_audio]"}]},
        {
            "role": "user",
            "content": [{"type": "text", "text": "[file: a.pdf]"}, {"type": "image_url", "image_url": {"url": "u"}}],
        },
        STRANGE["messages"][3],
        {"role": "user", "content": '{"a":1}'},
        {"role": "user", "content": "plain"},
    ],
    "messageCompletion": {"role": "assistant", "content": "yes"},
    "tools": [{"type": "function"}],
    "settings": {"value": [1]},
}


@pytest.mark.feature("L-GEN-10")
def test_strict_clients_get_what_they_can_parse_and_others_what_was_sent(server):
    made = create(server, STRANGE)
    assert made == IsPartialDict(**{name: STRANGE[name] for name in READABLE})
    for version in ("0.1.300", "0.0.502", "0.1.201", ""):
        old = generation_of(server, made["id"], **(OLD | {"x-client-version": version}))
        assert old == IsPartialDict(**READABLE)
    for headers in (
        {},
        {"x-client-name": "ts-literal-client", "x-client-version": "0.1.5"},
        OLD | {"x-client-version": "0.2.0"},
    ):
        assert generation_of(server, made["id"], **headers)["messages"] == STRANGE["messages"]
