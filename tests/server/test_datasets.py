"""Datasets and their items, over GraphQL and REST as the published clients ask (`spec/literal-wire.md` §2.9, §3)."""

import uuid
from typing import Any

import pytest

DATASET = "id createdAt name description metadata type"
ITEM = "id createdAt datasetId metadata input expectedOutput intermediarySteps stepId"
CREATE = f"""mutation createDataset($name: String!, $description: String, $metadata: Json, $type: DatasetType) {{
  createDataset(name: $name, description: $description, metadata: $metadata, type: $type) {{ {DATASET} }} }}"""
CREATE_ITEM = f"""mutation CreateDatasetItem(
  $datasetId: String!, $input: Json!, $expectedOutput: Json, $metadata: Json, $generationId: String) {{
  createDatasetItem(datasetId: $datasetId, input: $input, expectedOutput: $expectedOutput, metadata: $metadata,
    generationId: $generationId) {{ {ITEM} }} }}"""
ADD_STEP = f"""mutation AddStepToDataset($datasetId: String!, $stepId: String!, $metadata: Json) {{
  addStepToDataset(datasetId: $datasetId, stepId: $stepId, metadata: $metadata) {{ {ITEM} }} }}"""
ADD_GENERATION = f"""mutation AddGenerationToDataset($datasetId: String!, $generationId: String!, $metadata: Json) {{
  addGenerationToDataset(datasetId: $datasetId, generationId: $generationId, metadata: $metadata) {{ {ITEM} }} }}"""
INGEST = """mutation AddStep($id_0: String!, $parentId_0: String, $rootRunId_0: String, $type_0: StepType,
  $name_0: String, $startTime_0: DateTime, $input_0: Json, $output_0: Json, $generation_0: GenerationPayloadInput) {
  step0: ingestStep(id: $id_0, parentId: $parentId_0, rootRunId: $rootRunId_0, type: $type_0, name: $name_0,
    startTime: $startTime_0, input: $input_0, output: $output_0, generation: $generation_0) { ok message } }"""
MESSAGES = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Name a film."}]
ANSWER = {"role": "assistant", "content": "Interstellar."}


def create(server: Any, **fields: Any) -> dict[str, Any]:
    return server.data(CREATE, {"name": f"dataset {uuid.uuid4()}", **fields})["createDataset"]


def create_item(server: Any, dataset: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return server.data(CREATE_ITEM, {"datasetId": dataset["id"], **fields})["createDatasetItem"]


def export(server: Any, body: Any) -> Any:
    answer = server.http.post("/api/export/dataset", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ingest(server: Any, **step: Any) -> str:
    step = {"id": str(uuid.uuid4()), **step}
    stored = server.data(INGEST, {f"{name}_0": value for name, value in step.items()})["step0"]
    assert stored["ok"], stored
    return step["id"]


def message_of(answer: Any) -> str:
    """What a refused document is told; nothing of the inside."""
    assert answer.status_code in (200, 400), answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    return error["message"]


@pytest.mark.feature("L-DS-01")
def test_a_dataset_is_key_value_unless_it_says_otherwise(server: Any):
    made = create(server, description="what for", metadata={"team": "a"})
    assert made == {
        "id": made["id"],
        "createdAt": made["createdAt"],
        "name": made["name"],
        "description": "what for",
        "metadata": {"team": "a"},
        "type": "key_value",
    }
    bare = create(server, type="generation", description=None, metadata=None)
    assert (bare["type"], bare["description"], bare["metadata"]) == ("generation", None, {})


@pytest.mark.feature("L-DS-05", "L-DS-07")
def test_the_export_finds_by_id_and_name_with_all_items(server: Any):
    dataset = create(server)
    assert export(server, {"id": dataset["id"]}) == {**dataset, "items": []}
    items = [create_item(server, dataset, input={"n": n}) for n in range(3)]
    expected = {**dataset, "items": items}
    # The published TypeScript sample sends the id as the whole body.
    for named in ({"id": dataset["id"]}, {"name": dataset["name"]}, {"id": dataset["id"], "name": None}, dataset["id"]):
        assert export(server, named) == expected
    assert export(server, {"id": "unknown", "name": dataset["name"]}) is None
    assert export(server, {"name": "unknown"}) is None
    assert server.data(
        f"query($id: String!) {{ dataset(id: $id) {{ {DATASET} items {{ {ITEM} }} }} }}", {"id": dataset["id"]}
    ) == {"dataset": expected}


@pytest.mark.feature("L-DS-05")
def test_of_several_datasets_with_one_name_the_newest_is_found(server: Any):
    name = f"again {uuid.uuid4()}"
    create(server, name=name)
    newer = create(server, name=name)
    assert export(server, {"name": name})["id"] == newer["id"]


@pytest.mark.parametrize("body", [{}, {"id": 1}, {"name": []}, [], 7, None, {"id": None, "name": None}])
def test_an_export_that_names_no_dataset_is_refused(server: Any, body: Any):
    answer = server.http.post("/api/export/dataset", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


def test_an_export_that_is_no_json_or_names_odd_texts(server: Any):
    for body, status in ((b"{", 400), (b"", 400), (b'"\\ud800"', 200), (b'{"name": "a\\u0000b"}', 200)):
        answer = server.http.post("/api/export/dataset", content=body)
        assert answer.status_code == status, (body, answer.text)


@pytest.mark.feature("L-DS-06")
def test_a_change_leaves_what_it_does_not_name(server: Any):
    dataset = create(server, description="old", metadata={"a": 1})
    change = f"""mutation UpdadeDataset($id: String!, $name: String, $description: String, $metadata: Json) {{
      updateDataset(id: $id, name: $name, description: $description, metadata: $metadata) {{ {DATASET} }} }}"""
    renamed = {**dataset, "name": f"new {uuid.uuid4()}"}
    variables = {"id": dataset["id"], "name": renamed["name"], "description": None, "metadata": None}
    assert server.data(change, variables)["updateDataset"] == renamed
    described = {**renamed, "description": "", "metadata": {}}
    assert server.data(change, {"id": dataset["id"], "description": "", "metadata": {}})["updateDataset"] == described
    assert export(server, {"id": dataset["id"]}) == {**described, "items": []}
    assert server.data(change, {"id": "unknown", "name": "x"}) == {"updateDataset": None}


@pytest.mark.feature("L-DS-06")
def test_a_deleted_dataset_is_gone_with_its_items(server: Any):
    dataset = create(server)
    item = create_item(server, dataset, input={"n": 1})
    delete = f"mutation DeleteDataset($id: String!) {{ deleteDataset(id: $id) {{ {DATASET} }} }}"
    assert server.data(delete, {"id": dataset["id"]})["deleteDataset"] == dataset
    assert server.data(delete, {"id": dataset["id"]})["deleteDataset"] is None
    assert export(server, {"id": dataset["id"]}) is None
    assert server.data("query($id: String!) { datasetItem(id: $id) { id } }", {"id": item["id"]}) == {
        "datasetItem": None
    }


def test_the_published_client_pages_through_all_datasets(server: Any):
    """TypeScript's loop, with its literal `first: 100`, over more than one page."""
    ids = {create(server)["id"] for _ in range(103)}
    document = """query GetDatasets($after: ID) {
      datasets(after: $after, first: 100) { edges { node { id name } } pageInfo { endCursor hasNextPage } } }"""
    found: list[str] = []
    after, pages = None, 0
    while True:
        page = server.data(document, {"after": after})["datasets"]
        found += (edge["node"]["id"] for edge in page["edges"])
        pages += 1
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert pages >= 2
    assert len(found) == len(set(found))
    assert ids <= set(found)


def test_datasets_are_filtered_and_ordered(server: Any):
    mark = uuid.uuid4().hex
    for name, kind in (("b", "key_value"), ("a", "generation"), ("c", "key_value")):
        create(server, name=f"{mark} {name}", type=kind)
    document = """query($filters: [datasetsInputType!], $orderBy: DatasetsOrderByInput) {
      datasets(filters: $filters, orderBy: $orderBy) { totalCount edges { node { name } } } }"""
    mine = {"field": "name", "operator": "ilike", "value": mark.upper()}
    page = server.data(document, {"filters": [mine], "orderBy": {"column": "name", "direction": "ASC"}})["datasets"]
    assert [edge["node"]["name"][-1] for edge in page["edges"]] == ["a", "b", "c"]
    assert page["totalCount"] == 3
    kinds = {"field": "type", "operator": "eq", "value": "generation"}
    page = server.data(document, {"filters": [mine, kinds]})["datasets"]
    assert [edge["node"]["name"][-1] for edge in page["edges"]] == ["a"]


@pytest.mark.feature("L-DS-02", "L-DS-03", "L-DS-07", "L-DS-08")
def test_an_item_of_a_key_value_dataset_holds_anything(server: Any):
    dataset = create(server)
    item = create_item(
        server,
        dataset,
        input={"query": "why?", "deep": {"list": [1, None, {"x": True}]}},
        expectedOutput={"response": "since", "source": "ü\u2028"},
        metadata={"page": 4},
    )
    assert item == {
        "id": item["id"],
        "createdAt": item["createdAt"],
        "datasetId": dataset["id"],
        "metadata": {"page": 4},
        "input": {"query": "why?", "deep": {"list": [1, None, {"x": True}]}},
        "expectedOutput": {"response": "since", "source": "ü\u2028"},
        "intermediarySteps": [],
        "stepId": None,
    }
    # Another schema in the same dataset is no error.
    other = create_item(server, dataset, input=["no", "object"], expectedOutput=None)
    assert (other["input"], other["expectedOutput"], other["metadata"]) == (["no", "object"], None, {})
    get = f"query GetDataItem($id: String!) {{ datasetItem(id: $id) {{ {ITEM} }} }}"
    assert server.data(get, {"id": item["id"]})["datasetItem"] == item
    delete = f"mutation DeleteDatasetItem($id: String!) {{ deleteDatasetItem(id: $id) {{ {ITEM} }} }}"
    assert server.data(delete, {"id": item["id"]})["deleteDatasetItem"] == item
    assert server.data(get, {"id": item["id"]})["datasetItem"] is None
    assert server.data(delete, {"id": item["id"]})["deleteDatasetItem"] is None
    assert export(server, {"id": dataset["id"]})["items"] == [other]


@pytest.mark.feature("L-DS-04")
def test_a_generation_dataset_holds_conversations_only(server: Any):
    dataset = create(server, type="generation")
    item = create_item(server, dataset, input={"messages": MESSAGES}, expectedOutput=ANSWER)
    assert (item["input"], item["expectedOutput"]) == ({"messages": MESSAGES}, ANSWER)
    assert create_item(server, dataset, input={"messages": MESSAGES})["expectedOutput"] is None
    refused: list[dict[str, Any]] = [
        {"input": {"query": "x"}},
        {"input": MESSAGES},
        {"input": "text"},
        {"input": {"messages": {"role": "user"}}},
        {"input": {"messages": ["text"]}},
        {"input": {"messages": [{"content": "no role"}]}},
        {"input": {"messages": MESSAGES}, "expectedOutput": "text"},
        {"input": {"messages": MESSAGES}, "expectedOutput": {"content": "no role"}},
    ]
    for fields in refused:
        assert "messages" in message_of(server.graphql(CREATE_ITEM, {"datasetId": dataset["id"], **fields}))
    assert len(export(server, {"id": dataset["id"]})["items"]) == 2


def test_an_item_can_be_changed(server: Any):
    change = f"""mutation($id: String!, $input: Json, $expectedOutput: Json, $metadata: Json) {{
      updateDatasetItem(id: $id, input: $input, expectedOutput: $expectedOutput, metadata: $metadata) {{ {ITEM} }} }}"""
    item = create_item(server, create(server), input={"a": 1}, expectedOutput={"b": 2}, metadata={"c": 3})
    changed = server.data(change, {"id": item["id"], "expectedOutput": {"b": 3}})["updateDatasetItem"]
    assert changed == {**item, "expectedOutput": {"b": 3}}
    strict = create_item(server, create(server, type="generation"), input={"messages": MESSAGES})
    assert "messages" in message_of(server.graphql(change, {"id": strict["id"], "input": {"a": 1}}))
    assert "messages" in message_of(server.graphql(change, {"id": strict["id"], "expectedOutput": "text"}))
    assert server.data(change, {"id": strict["id"], "expectedOutput": ANSWER})["updateDatasetItem"]["input"] == {
        "messages": MESSAGES
    }
    assert server.data(change, {"id": "unknown", "input": {}}) == {"updateDatasetItem": None}


@pytest.mark.feature("L-DS-09", "L-DS-10")
def test_a_step_brings_what_lies_below_it(server: Any):
    dataset = create(server)
    run = ingest(server, type="run", name="agent", input={"question": "?"}, output={"answer": "!"})
    tool = ingest(
        server,
        type="tool",
        name="search",
        parentId=run,
        rootRunId=run,
        startTime="2026-01-01T00:00:01Z",
        input={"q": "x"},
        output={"hits": 2},
    )
    ingest(server, type="llm", name="inner", parentId=tool, startTime="2026-01-01T00:00:02Z")
    item = server.data(ADD_STEP, {"datasetId": dataset["id"], "stepId": run, "metadata": {"why": "good"}})
    item = item["addStepToDataset"]
    assert (item["input"], item["expectedOutput"]) == ({"question": "?"}, {"answer": "!"})
    assert (item["stepId"], item["metadata"]) == (run, {"why": "good"})
    first, second = item["intermediarySteps"]
    assert first == {
        "id": tool,
        "parentId": run,
        "name": "search",
        "type": "tool",
        "input": {"q": "x"},
        "output": {"hits": 2},
    }
    assert (second["name"], second["output"]) == ("inner", None)
    lone = server.data(ADD_STEP, {"datasetId": dataset["id"], "stepId": tool})["addStepToDataset"]
    assert [step["name"] for step in lone["intermediarySteps"]] == ["inner"]
    empty = ingest(server, type="run", name="nothing")
    item = server.data(ADD_STEP, {"datasetId": dataset["id"], "stepId": empty})["addStepToDataset"]
    assert (item["input"], item["expectedOutput"], item["intermediarySteps"]) == ({}, None, [])


@pytest.mark.feature("L-DS-12")
def test_a_generation_dataset_takes_no_steps(server: Any):
    dataset = create(server, type="generation")
    step = ingest(server, type="run", name="agent")
    assert "generation dataset" in message_of(server.graphql(ADD_STEP, {"datasetId": dataset["id"], "stepId": step}))
    assert export(server, {"id": dataset["id"]})["items"] == []


@pytest.mark.feature("L-DS-11")
@pytest.mark.parametrize("kind", ["generation", "key_value"])  # both kinds take generations
def test_a_generation_becomes_messages_and_the_answer(server: Any, kind: str):
    dataset = create(server, type=kind)
    chat = ingest(
        server,
        type="llm",
        generation={"type": "CHAT", "provider": "p", "messages": MESSAGES, "messageCompletion": ANSWER},
    )
    item = server.data(ADD_GENERATION, {"datasetId": dataset["id"], "generationId": chat, "metadata": {"k": 1}})
    item = item["addGenerationToDataset"]
    assert (item["input"], item["expectedOutput"]) == ({"messages": MESSAGES}, ANSWER)
    assert (item["metadata"], item["stepId"]) == ({"promptType": "CHAT", "k": 1}, chat)
    silent = ingest(server, type="llm", generation={"type": "CHAT", "messages": MESSAGES})
    item = server.data(ADD_GENERATION, {"datasetId": dataset["id"], "generationId": silent})["addGenerationToDataset"]
    assert (item["expectedOutput"], item["metadata"]) == ({}, {"promptType": "CHAT"})
    text = ingest(server, type="llm", generation={"type": "COMPLETION", "prompt": "one two", "completion": "three"})
    item = server.data(ADD_GENERATION, {"datasetId": dataset["id"], "generationId": text})["addGenerationToDataset"]
    assert item["input"] == {"messages": [{"role": "user", "content": "one two"}]}
    assert item["expectedOutput"] == {"role": "assistant", "content": "three"}
    assert item["metadata"] == {"promptType": "COMPLETION"}


@pytest.mark.feature("L-DS-11")
def test_the_batch_document_of_the_typescript_client(server: Any):
    dataset = create(server, type="generation")
    ids = [
        ingest(server, type="llm", generation={"type": "CHAT", "messages": [{"role": "user", "content": str(n)}]})
        for n in range(3)
    ]
    declared = ", ".join(f"$generationId_{n}: String!" for n in range(3))
    fields = "\n".join(
        f"datasetItem{n}: addGenerationToDataset(datasetId: $datasetId, generationId: $generationId_{n})"
        "{ id createdAt datasetId metadata input expectedOutput intermediarySteps }"
        for n in range(3)
    )
    data = server.data(
        f"mutation AddGenerationsToDataset($datasetId: String!, {declared}) {{ {fields} }}",
        {"datasetId": dataset["id"], **{f"generationId_{n}": one for n, one in enumerate(ids)}},
    )
    assert [data[f"datasetItem{n}"]["input"]["messages"][0]["content"] for n in range(3)] == ["0", "1", "2"]
    assert [item["stepId"] for item in export(server, {"id": dataset["id"]})["items"]] == ids


def test_what_is_not_there_or_of_the_wrong_kind_is_named(server: Any):
    dataset = create(server)["id"]
    step = ingest(server, type="tool")
    generation = ingest(server, type="llm", generation={"type": "CHAT", "messages": MESSAGES})
    for document, variables, named in (
        (ADD_STEP, {"datasetId": dataset, "stepId": step, "metadata": ["no object"]}, "metadata"),
        (ADD_GENERATION, {"datasetId": dataset, "generationId": generation, "metadata": ["no object"]}, "metadata"),
        (CREATE_ITEM, {"datasetId": "no such", "input": {}}, "datasetId"),
        (CREATE_ITEM, {"datasetId": dataset, "input": {}, "generationId": step}, "generationId"),
        (ADD_STEP, {"datasetId": "no such", "stepId": step}, "datasetId"),
        (ADD_STEP, {"datasetId": dataset, "stepId": "no such"}, "stepId"),
        (ADD_GENERATION, {"datasetId": "no such", "generationId": generation}, "datasetId"),
        (ADD_GENERATION, {"datasetId": dataset, "generationId": "no such"}, "generationId"),
        (ADD_GENERATION, {"datasetId": dataset, "generationId": step}, "generationId"),
    ):
        assert named in message_of(server.graphql(document, variables))
    assert export(server, {"id": dataset})["items"] == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"input": {"x": "y" * 3_000_001}}, "input"),
        ({"input": {}, "expectedOutput": "y" * 3_000_001}, "expectedOutput"),
        ({"input": {}, "metadata": {"x": "y" * 1_000_001}}, "metadata"),
        ({"input": {}, "metadata": ["no object"]}, "metadata"),
    ],
)
def test_what_is_too_large_or_of_the_wrong_kind_is_named(server: Any, fields: dict[str, Any], named: str):
    dataset = create(server)
    assert named in message_of(server.graphql(CREATE_ITEM, {"datasetId": dataset["id"], **fields}))
    assert export(server, {"id": dataset["id"]})["items"] == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [({"name": ""}, "name"), ({"name": "n" * 256}, "name"), ({"name": "x", "metadata": "text"}, "metadata")],
)
def test_a_dataset_that_breaks_a_rule_is_refused(server: Any, fields: dict[str, Any], named: str):
    assert named in message_of(server.graphql(CREATE, fields))


def test_a_page_of_items(server: Any):
    dataset = create(server)
    ids = [create_item(server, dataset, input={"n": n})["id"] for n in range(5)]
    document = """query($id: String!, $after: ID) { datasetItems(datasetId: $id, first: 2, after: $after) {
      totalCount edges { node { id } } pageInfo { endCursor hasNextPage } } }"""
    found: list[str] = []
    after = None
    for _ in range(3):
        page = server.data(document, {"id": dataset["id"], "after": after})["datasetItems"]
        assert page["totalCount"] == 5
        found += (edge["node"]["id"] for edge in page["edges"])
        after = page["pageInfo"]["endCursor"]
    assert found == ids
    assert page["pageInfo"]["hasNextPage"] is False


@pytest.mark.feature("L-DS-02")
def test_items_that_are_unlike_the_others_are_reported(server: Any):
    dataset = create(server)
    document = """query($id: String!) { validateDataset(id: $id) {
      itemCount drifts { datasetItemId field expected found } } }"""
    assert server.data(document, {"id": dataset["id"]})["validateDataset"] == {"itemCount": 0, "drifts": []}
    for n in range(3):
        create_item(server, dataset, input={"b": n, "a": n}, expectedOutput={"answer": n})
    odd = create_item(server, dataset, input={"a": 1, "c": 2}, expectedOutput={"answer": 1})
    text = create_item(server, dataset, input={"a": 1, "b": 2}, expectedOutput="text")
    bare = create_item(server, dataset, input=[1])
    alike = ["a", "b"]
    assert server.data(document, {"id": dataset["id"]})["validateDataset"] == {
        "itemCount": 6,
        "drifts": [
            {"datasetItemId": odd["id"], "field": "input", "expected": alike, "found": ["a", "c"]},
            {"datasetItemId": bare["id"], "field": "input", "expected": alike, "found": ["(list)"]},
            {"datasetItemId": text["id"], "field": "expectedOutput", "expected": ["answer"], "found": ["(text)"]},
            {"datasetItemId": bare["id"], "field": "expectedOutput", "expected": ["answer"], "found": ["(null)"]},
        ],
    }
    assert server.data(document, {"id": "no such"}) == {"validateDataset": None}
