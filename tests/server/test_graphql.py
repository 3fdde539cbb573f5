"""What the clients' operations rely on, against the real application on loopback (`spec/literal-wire.md` §2, §8.3)."""

import uuid
from typing import Any

import pytest

STEP_TYPES = [
    "run",
    "tool",
    "llm",
    "embedding",
    "retrieval",
    "rerank",
    "undefined",
    "user_message",
    "assistant_message",
    "system_message",
]
ARGUMENTS = {
    "id": "String!",
    "threadId": "String",
    "rootRunId": "String",
    "type": "StepType",
    "startTime": "DateTime",
    "endTime": "DateTime",
    "error": "String",
    "input": "Json",
    "output": "Json",
    "metadata": "Json",
    "parentId": "String",
    "name": "String",
    "tags": "[String!]",
    "generation": "GenerationPayloadInput",
    "scores": "[ScorePayloadInput!]",
    "attachments": "[AttachmentPayloadInput!]",
}


def add_step(count: int, *, more: str = "") -> str:
    """The clients' `AddStep` document."""
    declared = ", ".join(f"${name}_{i}: {kind}" for i in range(count) for name, kind in ARGUMENTS.items())
    fields = "\n".join(
        f"step{i}: ingestStep({', '.join(f'{name}: ${name}_{i}' for name in ARGUMENTS)}) {{ ok message }}"
        for i in range(count)
    )
    return f"mutation AddStep({declared}) {{ {fields} {more} }}"


def send(server: Any, steps: list[dict[str, Any]], *, more: str = "", **headers: str) -> list[dict[str, Any]]:
    """Ingest like a client; the answers in order."""
    variables = {f"{key}_{i}": value for i, step in enumerate(steps) for key, value in step.items()}
    data = server.data(add_step(len(steps), more=more), variables, **headers)
    return [data[f"step{i}"] for i in range(len(steps))]


def new_id() -> str:
    return str(uuid.uuid4())


# The fast path and the executor must not differ: a second root field forces the executor.
EXECUTOR = 'lastly: deleteStep(id: "never stored") { id }'
BOTH_PATHS = pytest.mark.parametrize("more", ["", EXECUTOR], ids=["fast path", "executor"])


@BOTH_PATHS
@pytest.mark.feature("P-ING-01", "P-ING-05")
def test_a_batch_is_stored_when_it_is_answered(server: Any, more: str):
    thread_id, parent, child = new_id(), new_id(), "any_shape of id/1"
    steps = [
        {"id": child, "threadId": thread_id, "parentId": parent, "type": "tool", "name": "child", "createdAt": "x"},
        {"id": parent, "threadId": thread_id, "type": "run", "name": "parent", "input": {"a": [1, None]}},
    ]
    assert [answer["ok"] for answer in send(server, steps, more=more)] == [True, True]
    thread = server.data(
        "query($id: String!) { threadDetail(id: $id) { id steps { id parentId name type input } } }",
        {"id": thread_id},
    )["threadDetail"]
    found = {step["id"]: step for step in thread["steps"]}
    assert found == {
        child: {"id": child, "parentId": parent, "name": "child", "type": "tool", "input": None},
        parent: {"id": parent, "parentId": None, "name": "parent", "type": "run", "input": {"a": [1, None]}},
    }


@pytest.mark.feature("L-LOG-08")
@pytest.mark.parametrize("step_type", STEP_TYPES)
def test_every_step_type_is_stored(server: Any, step_type: str):
    step_id = new_id()
    assert send(server, [{"id": step_id, "type": step_type}])[0]["ok"] is True
    assert server.data("query($id: String!) { step(id: $id) { type } }", {"id": step_id})["step"] == {"type": step_type}
    created = server.data(
        'mutation($t: StepType) { createStep(type: $t, name: "made") { id type name } }', {"t": step_type}
    )["createStep"]
    assert (created["type"], created["name"]) == (step_type, "made")


@pytest.mark.feature("L-LOG-08", "P-ING-01")
def test_a_bad_step_of_a_batch_is_refused_alone(server: Any):
    good, bad = new_id(), new_id()
    answers = send(server, [{"id": bad, "type": "bogus"}, {"id": good, "type": "tool"}, {"name": "no id"}])
    assert [answer["ok"] for answer in answers] == [False, True, False]
    assert "bogus" in answers[0]["message"]
    assert "id" in answers[2]["message"]
    found = server.data(
        "query($a: String!, $b: String!) { good: step(id: $a) { id } bad: step(id: $b) { id } }",
        {"a": good, "b": bad},
    )
    assert found == {"good": {"id": good}, "bad": None}


@BOTH_PATHS
@pytest.mark.feature("P-ING-02")
def test_nul_characters_are_taken_out(server: Any, more: str):
    step_id = new_id()
    step = {"id": step_id, "type": "tool", "name": "a\0b", "input": {"x\0": ["\0y"]}, "tags": ["t\0"]}
    assert send(server, [step], more=more) == [{"ok": True, "message": "stored"}]
    stored = server.data("query($id: String!) { step(id: $id) { name input tags } }", {"id": step_id})["step"]
    assert stored == {"name": "ab", "input": {"x": ["y"]}, "tags": ["t"]}


@pytest.mark.feature("P-ING-03")
def test_sizes_have_limits_for_each_step(server: Any):
    ids = {name: new_id() for name in ("input", "output", "metadata", "fits")}
    answers = send(
        server,
        [
            {"id": ids["input"], "type": "tool", "input": {"content": "x" * 3_100_000}},
            {"id": ids["output"], "type": "tool", "output": {"content": "é" * 1_600_000}},
            {"id": ids["metadata"], "type": "tool", "metadata": {"x": "y" * 1_100_000}},
            {"id": ids["fits"], "type": "tool", "input": {"content": "x" * 2_900_000}},
        ],
    )
    assert [answer["ok"] for answer in answers] == [False, False, False, True]
    for name, answer in zip(("input", "output", "metadata"), answers, strict=False):
        assert name in answer["message"]
    stored = server.data("query($id: String!) { step(id: $id) { input } }", {"id": ids["fits"]})["step"]
    assert len(stored["input"]["content"]) == 2_900_000


@pytest.mark.feature("L-LOG-08")
def test_create_step_refuses_an_unknown_type_as_an_enum(server: Any):
    answer = server.graphql("mutation($t: StepType) { createStep(type: $t) { id } }", {"t": "bogus"})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "StepType" in error["message"]


@BOTH_PATHS
def test_null_means_absent(server: Any, more: str):
    step_id = new_id()
    send(server, [{"id": step_id, "type": "llm", "name": "kept", "tags": ["a"], "output": {"x": 1}}])
    send(server, [{"id": step_id, "name": None, "error": "late", "tags": None, "generation": None}], more=more)
    step = server.data(
        "query($id: String!) { step(id: $id) { name error tags output generation { model } } }", {"id": step_id}
    )["step"]
    assert (step["name"], step["error"], step["tags"], step["output"]) == ("kept", "late", ["a"], {"x": 1})


@BOTH_PATHS
@pytest.mark.parametrize("environment", ["dev", "staging", "prod", "experiment"])
def test_the_environment_of_a_request_is_that_of_its_steps(server: Any, environment: str, more: str):
    step_id = new_id()
    send(server, [{"id": step_id, "type": "run"}], more=more, **{"x-env": environment})
    step = server.data("query($id: String!) { step(id: $id) { environment } }", {"id": step_id})["step"]
    assert step == {"environment": environment}


def test_update_step_leaves_what_is_null_and_answers_null_for_an_unknown_step(server: Any):
    step_id = new_id()
    send(server, [{"id": step_id, "type": "tool", "name": "n", "input": {"a": 1}}])
    update = """mutation($id: String!, $i: Json, $o: Json) {
      updateStep(id: $id, input: $i, output: $o) { name input output } }"""
    variables = {"id": step_id, "i": None, "o": {"b": 2}}
    assert server.data(update, variables)["updateStep"] == {"name": "n", "input": {"a": 1}, "output": {"b": 2}}
    assert server.data(update, {**variables, "id": new_id()})["updateStep"] is None


def test_what_is_missing_is_null(server: Any):
    fields = 'step(id: "?") { id } threadDetail(id: "?") { id } participant(id: "?") { id }'
    assert server.data(f"{{ {fields} }}") == {"step": None, "threadDetail": None, "participant": None}
    deletes = 'deleteStep(id: "?") { id } deleteThread(id: "?") { id } deleteParticipant(id: "?") { id }'
    assert set(server.data(f"mutation {{ {deletes} }}").values()) == {None}
    assert server.data('mutation { updateThread(id: "?", name: "x") { id } }') == {"updateThread": None}


def test_deleting_a_thread_deletes_its_steps(server: Any):
    thread_id, step_id = new_id(), new_id()
    send(server, [{"id": step_id, "threadId": thread_id, "type": "run"}])
    deleted = server.data("mutation($id: String!) { deleteThread(id: $id) { id } }", {"id": thread_id})
    assert deleted == {"deleteThread": {"id": thread_id}}
    assert server.data("query($id: String!) { step(id: $id) { id } }", {"id": step_id}) == {"step": None}


def test_empty_objects_and_lists_are_never_null(server: Any):
    thread_id, step_id = new_id(), new_id()
    send(server, [{"id": step_id, "threadId": thread_id, "type": "run"}])
    thread = server.data(
        """query($id: String!) { threadDetail(id: $id) {
          metadata tags steps { metadata tags scores { id } attachments { id } } } }""",
        {"id": thread_id},
    )["threadDetail"]
    assert thread == {
        "metadata": {},
        "tags": [],
        "steps": [{"metadata": {}, "tags": [], "scores": [], "attachments": []}],
    }
    user = server.data('mutation { createParticipant(identifier: "plain") { metadata } }')["createParticipant"]
    assert user == {"metadata": {}}


@pytest.mark.feature("P-ING-06")
def test_ids_and_double_slashes(server: Any):
    step_id = "12345678901234567890_x y"
    send(server, [{"id": step_id, "type": "run"}])
    answer = server.http.post(
        f"{server.url}//api///graphql",
        json={"query": "query($id: String!) { step(id: $id) { id } }", "variables": {"id": step_id}},
    )
    assert answer.json() == {"data": {"step": {"id": step_id}}}


def test_a_step_that_brings_only_an_attachment(server: Any):
    thread_id, step_id = new_id(), new_id()
    attachment = {"id": new_id(), "name": "a.png", "mime": "image/png", "url": "http://127.0.0.1/a.png"}
    send(server, [{"id": step_id, "threadId": thread_id, "attachments": [attachment]}])
    send(server, [{"id": step_id, "threadId": thread_id, "type": "assistant_message", "attachments": [], "scores": []}])
    step = server.data(
        "query($id: String!) { step(id: $id) { type attachments { id name mime url stepId threadId } } }",
        {"id": step_id},
    )["step"]
    assert step == {
        "type": "assistant_message",
        "attachments": [{**attachment, "stepId": step_id, "threadId": thread_id}],
    }


@pytest.mark.parametrize("document", ["mutation CreateScores() { }", "\n  mutation AddStep() {\n  }\n"])
def test_the_empty_documents_of_the_clients(server: Any, document: str):
    answer = server.graphql(document)
    assert (answer.status_code, answer.json()) == (200, {"data": {}})


def test_operation_names(server: Any):
    def post(name: str | None) -> Any:
        query = 'query A { a: step(id: "x") { id } } query B { b: step(id: "x") { id } }'
        return server.http.post("/api/graphql", json={"query": query, "operationName": name, "variables": None}).json()

    assert post("B") == {"data": {"b": None}}
    assert post("C")["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert post(None)["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    add = {"query": add_step(1), "variables": {"id_0": new_id(), "type_0": "run"}}
    assert server.http.post("/api/graphql", json={**add, "operationName": "AddStep"}).status_code == 200
    assert server.http.post("/api/graphql", json={**add, "operationName": "Other"}).status_code == 400


@pytest.mark.parametrize(
    "arguments",
    [
        'filters: [{field: "colour", operator: "eq", value: "red"}]',
        'filters: [{field: "id", operator: "like", value: "red"}]',
        'orderBy: {column: "colour", direction: ASC}',
        'after: "no cursor"',
        "first: -1",
        "last: 2",
        "skip: 2",
        'projectId: "another"',
    ],
)
def test_list_arguments_that_are_refused(server: Any, arguments: str):
    body = server.graphql(f"{{ threads({arguments}) {{ totalCount }} }}").json()
    assert body["data"] == {"threads": None}
    assert body["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "Internal" not in body["errors"][0]["message"]


@pytest.mark.parametrize("field", ["threads", "steps", "generations", "participants"])
def test_lists_page_forwards(server: Any, field: str):
    who = new_id()
    for number in range(5):
        thread_id = new_id()
        server.data(
            "mutation($id: String!, $p: String) { upsertThread(id: $id, participantId: $p) { id } }",
            {"id": thread_id, "p": f"{who} {number}"},
        )
        send(server, [{"id": new_id(), "threadId": thread_id, "type": "llm", "generation": {"model": "m"}}])
    query = f"""query($after: ID) {{ {field}(first: 2, after: $after) {{
        pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }}
        totalCount edges {{ cursor node {{ id }} }} }} }}"""
    seen: list[str] = []
    after, total = None, None
    for _ in range(1_000):
        page = server.data(query, {"after": after})[field]
        total = page["totalCount"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert total is not None
    assert total >= 5
    assert len(seen) == len(set(seen)) == total


def test_a_generation_leads_to_its_step_thread_and_user(server: Any):
    thread_id, step_id, model = new_id(), new_id(), new_id()
    server.data('mutation($id: String!) { upsertThread(id: $id, participantId: "ann") { id } }', {"id": thread_id})
    generation = {"model": model, "messages": [{"role": "user", "content": "hi"}], "tags": ["g"], "tokenCount": 3}
    send(server, [{"id": step_id, "threadId": thread_id, "type": "llm", "generation": generation}])
    (edge,) = server.data(
        """query($f: [generationsInputType!]) { generations(filters: $f) { edges { node {
          id stepId type model messages tokenCount tags metadata projectId
          step { threadId thread { participant { identifier } } } } } } }""",
        {"f": [{"field": "model", "operator": "eq", "value": model}]},
    )["generations"]["edges"]
    project_id = server.http.post("/api/my-project", json={}).json()["projectId"]
    assert edge["node"] == {
        "id": step_id,
        "stepId": step_id,
        "type": "CHAT",
        "model": model,
        "messages": generation["messages"],
        "tokenCount": 3,
        "tags": ["g"],
        "metadata": {},
        "projectId": project_id,
        "step": {"threadId": thread_id, "thread": {"participant": {"identifier": "ann"}}},
    }


def test_threads_keep_only_the_steps_that_are_asked_for(server: Any):
    thread_id = new_id()
    send(server, [{"id": new_id(), "threadId": thread_id, "type": kind} for kind in ("run", "tool", "llm")])
    query = """query($f: [ThreadsInputType!], $k: [StepType!]) {
      threads(filters: $f, stepTypesToKeep: $k) { edges { node { steps { type } } } } }"""
    variables = {"f": [{"field": "id", "operator": "eq", "value": thread_id}], "k": ["tool", "llm"]}
    (edge,) = server.data(query, variables)["threads"]["edges"]
    assert sorted(step["type"] for step in edge["node"]["steps"]) == ["llm", "tool"]


def test_counts_beyond_32_bits_can_be_read(server: Any):
    thread_id = new_id()
    generation = {"model": "m", "tokenCount": 2**31 - 1, "messages": []}
    send(server, [{"id": new_id(), "threadId": thread_id, "type": "llm", "generation": generation} for _ in "ab"])
    (edge,) = server.data(
        "query($f: [ThreadsInputType!]) { threads(filters: $f) { edges { node { tokenCount } } } }",
        {"f": [{"field": "id", "operator": "eq", "value": thread_id}]},
    )["threads"]["edges"]
    assert edge["node"]["tokenCount"] == 2**32 - 2


def test_an_environment_that_is_no_name_is_refused(server: Any):
    for document in (add_step(1), add_step(1, more=EXECUTOR)):
        answer = server.graphql(document, {"id_0": new_id()}, **{"x-env": "e" * 300})
        assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


def test_a_step_leads_to_its_thread_and_back(server: Any):
    thread_id, first, second = new_id(), new_id(), new_id()
    server.data(
        'mutation($id: String!) { upsertThread(id: $id, name: "home", participantId: "bob") { id } }', {"id": thread_id}
    )
    generation = {"model": f"model {thread_id}", "messages": []}
    send(
        server,
        [
            {"id": first, "threadId": thread_id, "type": "llm", "generation": generation},
            {"id": second, "type": "run"},
        ],
    )
    steps = server.data(
        """query($f: [stepsInputType!]) { steps(filters: $f) { edges { node { ...s } } } }
        fragment s on Step { id thread { name participant { identifier } steps { id } } generation { step { id } } }""",
        {"f": [{"field": "id", "operator": "in", "value": [first, second]}]},
    )["steps"]["edges"]
    assert {edge["node"]["id"]: edge["node"] for edge in steps} == {
        first: {
            "id": first,
            "thread": {"name": "home", "participant": {"identifier": "bob"}, "steps": [{"id": first}]},
            "generation": {"step": {"id": first}},
        },
        second: {"id": second, "thread": None, "generation": None},
    }
    (edge,) = server.data(
        """query($f: [generationsInputType!]) { generations(filters: $f) { edges { node {
          step { name thread { name participant { identifier } } } } } } }""",
        {"f": [{"field": "model", "operator": "eq", "value": generation["model"]}]},
    )["generations"]["edges"]
    assert edge["node"]["step"]["thread"] == {"name": "home", "participant": {"identifier": "bob"}}
