import pytest
from dirty_equals import IsPartialDict, IsStr
from sqlalchemy import event, insert

from literalai_otel.server.filters import FIELDS, ORDER_COLUMNS, parse_filters, parse_order
from literalai_otel.server.store import PageQuery, ThreadFields, narrowing
from literalai_otel.server.store.evaluation_tables import prompt_lineages, prompt_versions


@pytest.fixture
def shop(world):
    """Two users with a thread each, a thread without a user, and a step outside of any."""
    for thread_id, user, name, tags in (
        ("t1", "Ann@Example.com", "Große Frage", ["vip"]),
        ("t2", "bob", "small_talk", ["vip", "eu"]),
        ("t3", None, None, None),
    ):
        fields = ThreadFields(
            name=name, tags=tags, participant_id=user, metadata={"plan": thread_id, "deep": {"n": 1}} if user else None
        )
        world.store.upsert_thread(world.project.id, thread_id, fields).result(5)
    world.put(
        {
            "id": "run",
            "name": "Agent Run",
            "type": "run",
            "threadId": "t1",
            "startTime": "2026-01-01T10:00:00Z",
            "endTime": "2026-01-01T10:00:04Z",
            "tags": ["slow"],
            "output": {"content": "ÜBER the Moon 100%"},
        },
        {
            "id": "call",
            "name": "call",
            "type": "llm",
            "threadId": "t1",
            "parentId": "run",
            "rootRunId": "run",
            "startTime": "2026-01-01T10:00:01Z",
            "endTime": "2026-01-01T10:00:03Z",
            "input": {"content": "hello"},
            "metadata": {"n": 7, "ok": True, "a.b": "dotted", "nested": {"k": "v"}},
            "generation": {
                "model": "gpt-4o",
                "provider": "openai",
                "tokenCount": 30,
                "duration": 2,
                "messages": [],
                "error": "bad",
                "promptId": "version",
            },
            "scores": [{"name": "helpful", "type": "HUMAN", "value": 0.5}],
        },
        {
            "id": "other",
            "type": "llm",
            "threadId": "t2",
            "startTime": "2026-01-02T10:00:00Z",
            "error": "Timeout",
            "generation": {"model": "mistral-large", "prompt": "p", "completion": "c", "tokenCount": 12},
        },
        environment="dev",
    )
    world.put({"id": "alone", "type": "tool", "tags": ["slow", "new"]}, environment="prod")
    world.store.write(add_prompt, world.project.id).result(5)
    return world


def add_prompt(connection, project_id):
    """A prompt whose only version is the third, as far as filters look at it."""
    own = {"project_id": project_id, "created_at": 0}
    connection.execute(insert(prompt_lineages).values(**own, id="lineage", name="Greeting"))
    content = {"template_messages": "[]", "core_hash": "", "content_hash": ""}
    connection.execute(
        insert(prompt_versions).values(**own, id="version", lineage_id="lineage", version=3, updated_at=0, **content)
    )


STEP_CASES = [
    ("id", "eq", "run", "run"),
    ("name", "eq", "call", "call"),
    ("name", "neq", "call", "run other alone"),
    ("name", "ilike", "AGENT", "run"),
    ("name", "ilike", "%agent%run%", "run"),
    ("name", "ilike", "n_ R", ""),
    ("name", "nilike", "agent", "call other alone"),
    ("name", "in", ["call", "Agent Run"], "run call"),
    ("name", "nin", ["call"], "run other alone"),
    ("name", "is", None, "other alone"),
    ("name", "nis", None, "run call"),
    ("type", "eq", "llm", "call other"),
    ("type", "in", ["run", "tool"], "run alone"),
    ("output", "ilike", "über THE moon", "run"),
    ("output", "ilike", "100%", "run"),
    ("output/content", "ilike", "über", "run"),
    ("output/other", "ilike", "über", ""),
    ("output", "is", None, "call other alone"),
    ("input/content", "eq", "hello", "call"),
    ("input/content", "neq", "hello", "run other alone"),
    ("metadata/n", "eq", 7, "call"),
    ("metadata/ok", "eq", True, "call"),
    ("metadata/a.b", "eq", "dotted", "call"),
    ("metadata/nested.k", "eq", "v", "call"),
    ("metadata/n", "is", None, "run other alone"),
    ("createdAt", "gt", "2001-01-01T00:00:00Z", "run call other alone"),
    ("startTime", "gte", "2026-01-01T10:00:01Z", "call other"),
    ("startTime", "lt", "2026-01-01T11:00:01+01:00", "run"),
    ("startTime", "is", None, "alone"),
    ("endTime", "lte", "2026-01-01 10:00:03", "call"),
    ("parentId", "eq", "run", "call"),
    ("parentId", "is", None, "run other alone"),
    ("rootRunId", "eq", "run", "call"),
    ("threadId", "eq", "t1", "run call"),
    ("threadId", "is", None, "alone"),
    ("error", "ilike", "TIME", "other"),
    ("error", "is", None, "run call alone"),
    ("tags", "in", ["slow", "x"], "run alone"),
    ("tags", "nin", ["new"], "run call other"),
    ("tags", "eq", "new", "alone"),
    ("tags", "is", None, "call other"),
    ("tags", "nis", None, "run alone"),
    ("participantIdentifier", "in", ["bob"], "other"),
    ("participantIdentifiers", "nin", ["bob"], "run call alone"),
    ("participantIdentifiers", "is", None, "alone"),
    ("environment", "eq", "prod", "alone"),
    ("model", "ilike", "GPT", "call"),
    ("provider", "eq", "openai", "call"),
    ("scoreValue/helpful", "gte", 0.5, "call"),
    ("scoreValue/other", "gte", 0, ""),
    ("scoreValue", "is", None, "run other alone"),
]
GENERATION_CASES = [
    ("id", "in", ["call", "run"], "call"),
    ("createdAt", "lt", "2001-01-01T00:00:00Z", ""),
    ("startTime", "nis", None, "call other"),
    ("model", "eq", "gpt-4o", "call"),
    ("provider", "is", None, "other"),
    ("duration", "gt", 1.5, "call"),
    ("tokenCount", "lte", 12, "other"),
    ("tags", "is", None, "call other"),
    ("score/helpful", "eq", 0.5, "call"),
    ("score", "nis", None, "call"),
    ("participant", "in", ["Ann@Example.com"], "call"),
    ("error", "eq", "bad", "call"),
    ("error", "ilike", "timeout", "other"),
    ("environment", "eq", "dev", "call other"),
    ("threadId", "eq", "t2", "other"),
    ("promptLineage", "eq", "Greeting", "call"),
    ("promptLineage", "eq", "lineage", "call"),
    ("promptLineage", "ilike", "GREET", "call"),
    ("promptLineage", "neq", "Greeting", "other"),
    ("promptLineage", "is", None, "other"),
    ("promptVersion", "gte", 3, "call"),
    ("promptVersion", "gt", 3, ""),
    ("promptVersion", "neq", 3, "other"),
    ("promptVersion", "nis", None, "call"),
]
THREAD_CASES = [
    ("id", "neq", "t1", "t2 t3"),
    ("createdAt", "gt", "2001-01-01T00:00:00Z", "t1 t2 t3"),
    ("name", "ilike", "GROSSE", "t1"),
    ("name", "ilike", "small_", "t2"),
    ("name", "is", None, "t3"),
    ("metadata/plan", "eq", "t2", "t2"),
    ("metadata/deep.n", "eq", 1, "t1 t2"),
    ("metadata", "ilike", '"plan":"t1"', "t1"),
    ("tokenCount", "gte", 12, "t1 t2"),
    ("tokenCount", "is", None, "t3"),
    ("duration", "eq", 4, "t1"),
    ("stepType", "in", ["run"], "t1"),
    ("stepType", "nin", ["run"], "t2 t3"),
    ("stepName", "eq", "call", "t1"),
    ("stepName", "neq", "call", "t2 t3"),
    ("stepOutput/content", "ilike", "moon", "t1"),
    ("stepOutput/content", "nilike", "moon", "t2 t3"),
    ("tags", "in", ["vip"], "t1 t2"),
    ("tags", "nin", ["eu"], "t1 t3"),
    ("participantIdentifiers", "in", ["bob", "nobody"], "t2"),
    ("participantIdentifiers", "is", None, "t3"),
    ("participantId", "is", None, "t3"),
    ("scoreValue/helpful", "eq", 0.5, "t1"),
    ("scoreValue/helpful", "neq", 0.5, "t2 t3"),
    ("environment", "is", None, "t1 t2 t3"),
]
USER_CASES = [
    ("identifier", "in", ["bob"], "bob"),
    ("identifier", "eq", "bob", "bob"),
    ("id", "eq", "nobody", ""),
    ("createdAt", "gt", "2001-01-01T00:00:00Z", "Ann@Example.com bob"),
    ("lastEngaged", "gt", "2026-01-02T00:00:00Z", "bob"),
    ("threadCount", "eq", 1, "Ann@Example.com bob"),
    ("tokenCount", "lt", 20, "bob"),
    ("metadata", "is", None, "Ann@Example.com bob"),
]
CASES = [
    pytest.param(entity, *case, id=f"{entity}-{case[0]}-{case[1]}-{number}")
    for entity, cases in (
        ("steps", STEP_CASES),
        ("generations", GENERATION_CASES),
        ("threads", THREAD_CASES),
        ("participants", USER_CASES),
    )
    for number, case in enumerate(cases)
]
LOGS = ("steps", "generations", "threads", "participants")
"""What has its cases here; scores, datasets, experiments and prompts have theirs where they are tested."""


def found(world, entity, field, operator, value):
    name, _, path = field.partition("/")
    filters = [{"field": name, "operator": operator, "value": value, "path": path or None}]
    nodes = getattr(world.store, f"list_{entity}")(world.project.id, PageQuery(filters=parse_filters(entity, filters)))
    key = "identifier" if entity == "participants" else "id"
    assert nodes.total_count == len(nodes.nodes)
    return {node[key] for node in nodes.nodes}


def test_every_filter_finds_what_it_says_and_nothing_else(shop):
    wrong = {
        case.id: (got, set(case.values[-1].split()))
        for case in CASES
        if (got := found(shop, *case.values[:-1])) != set(case.values[-1].split())
    }
    assert wrong == {}


def test_every_field_of_the_grammar_has_a_case():
    tried = {(case.values[0], case.values[1].partition("/")[0]) for case in CASES}
    assert {(entity, name) for entity in LOGS for name in FIELDS[entity]} - tried == set()


def test_the_longest_text_and_a_path_deeper_than_the_data_are_searched(shop):
    deep = {}
    for _ in range(900):
        deep = {"a": deep}
    shop.put({"id": "deep", "metadata": deep})
    longest = {"field": "name", "operator": "ilike", "value": "\u0390" * 5_000}  # folds to three characters each
    path = {"field": "metadata", "operator": "nis", "value": None, "path": ".".join("a" * 900)}
    deeper = path | {"path": ".".join("a" * 2_000)}
    assert [shop.ids(filters=[one]) for one in (longest, path, deeper)] == [[], ["deep"], []]


def test_filters_are_joined_by_and(shop):
    filters = [
        {"field": "threadId", "operator": "eq", "value": "t1"},
        {"field": "type", "operator": "eq", "value": "llm"},
    ]
    assert shop.ids(filters=filters) == ["call"]


@pytest.mark.parametrize(("entity", "column"), [(entity, name) for entity in LOGS for name in ORDER_COLUMNS[entity]])
def test_every_order_lists_everything_and_both_ways(shop, entity, column):
    lists = [
        shop.ids(entity, order={"column": column, "direction": direction}, first=2)
        + shop.ids(entity, order={"column": column, "direction": direction}, first=50)[2:]
        for direction in ("ASC", "DESC")
    ]
    assert lists[0] == lists[1][::-1]
    assert sorted(lists[0]) == sorted(shop.ids(entity))


def test_threads_are_ordered_by_their_sums(shop):
    order = {"column": "tokenCount", "direction": "DESC"}
    nodes = shop.store.list_threads(shop.project.id, PageQuery(order=parse_order("threads", order))).nodes
    assert [(node["id"], node["tokenCount"], node["duration"]) for node in nodes] == [
        ("t1", 30, 4.0),
        ("t2", 12, None),
        ("t3", None, None),
    ]


def test_a_list_of_threads_has_steps_only_when_asked_and_of_the_types_asked(shop):
    plain = shop.store.list_threads(shop.project.id, PageQuery()).nodes
    assert all("steps" not in node for node in plain)
    runs = shop.store.list_threads(shop.project.id, PageQuery(), with_steps=True, step_types=["run"]).nodes
    assert {node["id"]: [step["id"] for step in node["steps"]] for node in runs} == {"t1": ["run"], "t2": [], "t3": []}


@pytest.mark.feature("L-THR-04", "L-THR-05")
def test_a_thread_detail_is_whole_and_chronological(shop):
    thread = shop.store.thread_detail(shop.project.id, "t1")
    assert thread == IsPartialDict(
        id="t1",
        name="Große Frage",
        tags=["vip"],
        metadata={"plan": "t1", "deep": {"n": 1}},
        participant={"id": IsStr(), "identifier": "Ann@Example.com", "metadata": {}},
    )
    assert [step["id"] for step in thread["steps"]] == ["run", "call"]
    assert thread["steps"][1]["input"] == {"content": "hello"}
    assert shop.store.thread_detail(shop.project.id, "nothing") is None


def test_hot_lists_show_previews_and_leave_payloads_alone(shop):
    shop.put(
        {"id": "long", "input": {"content": "é" * 5_000}, "output": {"role": "assistant", "content": None, "x": 1}}
    )
    listed = {node["id"]: node for node in shop.store.list_steps(shop.project.id, PageQuery(), payload=False).nodes}
    assert listed["long"] == IsPartialDict(
        inputPreview="é" * 200, outputPreview='{"role":"assistant","content":null,"x":1}'
    )
    assert not {"input", "output", "metadata"} & listed["long"].keys()
    assert listed["call"]["generation"] == IsPartialDict(model="gpt-4o", tokenCount=30)


def test_generations_name_their_project_and_their_user(shop):
    nodes = shop.store.list_generations(shop.project.id, PageQuery()).nodes
    assert [node["id"] for node in nodes] == ["other", "call"]
    assert nodes[0] == IsPartialDict(
        type="COMPLETION", prompt="p", completion="c", projectId=shop.project.public_id, tags=[], metadata={}
    )
    assert nodes[1]["step"] == IsPartialDict(
        threadId="t1", thread={"id": "t1", "participant": {"identifier": "Ann@Example.com"}}
    )


def test_a_tree_holds_a_step_and_all_below_it(shop):
    shop.put({"id": "leaf", "parentId": "call"}, {"id": "stray", "parentId": "missing", "rootRunId": "run"})
    assert {step["id"] for step in shop.store.tree_steps(shop.project.id, "run")} == {"run", "call", "leaf", "stray"}
    assert shop.store.tree_steps(shop.project.id, "nothing") == []


def test_nothing_of_one_project_is_seen_in_another(shop):
    other = shop.new_project().id
    assert shop.store.get_step(other, "run") is None
    assert shop.store.thread_detail(other, "t1") is None
    assert shop.store.get_participant(other, identifier="bob") is None
    assert shop.store.tree_steps(other, "run") == []
    for entity in LOGS:
        assert getattr(shop.store, f"list_{entity}")(other, PageQuery()).nodes == []
    assert shop.store.delete_step(other, "run").result(5) is None
    assert shop.store.delete_thread(other, "t1").result(5) is None
    assert shop.store.update_thread(other, "t1", ThreadFields(name="stolen")).result(5) is None
    assert shop.step("run")["threadId"] == "t1"


@pytest.fixture
def statements(shop):
    """What the readers execute, as (SQL, parameters)."""
    seen = []
    event.listen(
        shop.store._database._readers,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, parameters, *_: seen.append((statement, parameters)),
    )
    return seen


def test_hot_lists_do_not_touch_the_payload_table(shop, statements):
    shop.store.list_steps(shop.project.id, PageQuery(), payload=False)
    shop.store.list_threads(shop.project.id, PageQuery(), with_steps=True, payload=False)
    assert len(statements) > 4
    assert not [statement for statement, _ in statements if "step_payloads" in statement]


@pytest.mark.parametrize(
    ("entity", "filters", "order", "index"),
    [
        ("steps", [], None, "ix_steps_time"),
        ("steps", [("type", "eq", "run")], None, "ix_steps_type"),
        ("steps", [("name", "eq", "x")], None, "ix_steps_name"),
        ("steps", [("model", "eq", "x")], None, "ix_steps_model"),
        ("steps", [("threadId", "eq", "x")], None, "ix_steps_thread"),
        ("steps", [("environment", "eq", "x")], None, "ix_steps_environment"),
        ("steps", [("rootRunId", "eq", "x")], None, "ix_steps_root"),
        ("steps", [("parentId", "eq", "x")], None, "ix_steps_parent"),
        ("steps", [], "createdAt", "ix_steps_created"),
        ("steps", [("type", "eq", "run"), ("startTime", "gt", "2026-01-01T00:00:00Z")], None, "ix_steps_type"),
        ("generations", [], None, "ix_steps_generation"),
        ("generations", [("model", "eq", "x")], None, "ix_steps_generation"),
        ("generations", [], "tokenCount", "ix_steps_tokens"),
        ("threads", [], None, "ix_threads_created"),
        ("threads", [("participantId", "eq", "x")], None, "ix_threads_participant"),
        ("participants", [], None, "ix_participants_created"),
    ],
)
def test_lists_walk_an_index_and_sort_nothing(shop, statements, entity, filters, order, index):
    parsed = parse_filters(entity, [dict(zip(("field", "operator", "value"), one, strict=True)) for one in filters])
    by = parse_order(entity, {"column": order, "direction": "DESC"} if order else None)
    getattr(shop.store, f"list_{entity}")(shop.project.id, PageQuery(filters=parsed, order=by, count=False))
    statement, parameters = next(one for one in statements if "ORDER BY" in one[0])
    plan = PLANS[shop.store.dialect](shop.store, statement, parameters)
    assert any(index in line for line in plan), plan
    assert not any(line.startswith("sorts") for line in plan), plan


def plan_of_sqlite(store, statement, parameters):
    with store._database.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    return [f"sorts: {line}" if "TEMP B-TREE" in line else line for line in plan]


def plan_of_postgresql(store, statement, parameters):
    """For a table that is too large to be read or sorted, which these few rows are not.

    Rows of one index entry are sorted by their number all the same (`Incremental Sort`).
    """
    with store._database.read() as connection:
        for way in ("seqscan", "sort", "bitmapscan"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        plan = [row[0].strip("-> ") for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
    return [f"sorts: {line}" if line.startswith("Sort  (") else line for line in plan]


PLANS = {"sqlite": plan_of_sqlite, "postgresql": plan_of_postgresql}


@pytest.mark.parametrize("few", [0, 2_000])
def test_filters_by_other_tables_find_the_same_from_either_side(shop, monkeypatch, few):
    monkeypatch.setattr(narrowing, "FEW", dict.fromkeys(narrowing.FEW, few))
    test_every_filter_finds_what_it_says_and_nothing_else(shop)
