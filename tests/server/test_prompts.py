"""Prompts over GraphQL as the published clients ask (`spec/literal-wire.md` §2.10)."""

import math
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

LINEAGE = """mutation createPromptLineage($name: String!, $description: String) {
  createPromptLineage(name: $name, description: $description) { id name description deletedAt } }"""
VERSION = """mutation createPromptVersion($lineageId: String!, $versionDesc: String, $templateMessages: Json,
  $tools: Json, $settings: Json, $variables: Json, $variablesDefaultValues: Json) {
  createPromptVersion(lineageId: $lineageId, versionDesc: $versionDesc, templateMessages: $templateMessages,
    tools: $tools, settings: $settings, variables: $variables, variablesDefaultValues: $variablesDefaultValues) {
    id lineage { name deletedAt } version versionDesc createdAt tools settings templateMessages } }"""
GET = """query GetPrompt($id: String, $name: String, $version: Int) {
  promptVersion(id: $id, name: $name, version: $version) {
    createdAt id label settings status tags templateMessages tools type updatedAt url variables
    variablesDefaultValues version versionDesc lineage { name deletedAt } } }"""
GET_ROLLOUT = """query getPromptLineageRollout($projectId: String, $lineageName: String!) {
  promptLineageRollout(projectId: $projectId, lineageName: $lineageName) {
    pageInfo { startCursor endCursor } edges { node { version rollout } } } }"""
SET_ROLLOUT = """mutation updatePromptLineageRollout(
  $projectId: String, $name: String!, $rollouts: [PromptVersionRolloutInput!]!) {
  updatePromptLineageRollout(projectId: $projectId, name: $name, rollouts: $rollouts) { ok message errorCode } }"""
MESSAGES = [{"role": "system", "content": "Hello {{name}}"}, {"role": "user", "content": "{{question}}"}]
SETTINGS = {"provider": "openai", "model": "gpt-4o", "temperature": 0.5, "stop": ["x"]}
FUNCTION = {"name": "f", "description": "does", "parameters": {"type": "object", "properties": {}}}


def new_name() -> str:
    return f"prompt {uuid.uuid4()}"


def lineage(server: Any, name: str | None = None, **fields: Any) -> dict[str, Any]:
    return server.data(LINEAGE, {"name": name or new_name(), **fields})["createPromptLineage"]


def version(server: Any, prompt: dict[str, Any], **fields: Any) -> dict[str, Any]:
    content = {"templateMessages": MESSAGES, "settings": SETTINGS, "tools": None, **fields}
    return server.data(VERSION, {"lineageId": prompt["id"], **content})["createPromptVersion"]


def pull(server: Any, **named: Any) -> dict[str, Any] | None:
    return server.data(GET, {"id": None, "name": None, "version": None, **named})["promptVersion"]


def rollouts(server: Any, prompt: dict[str, Any]) -> list[dict[str, Any]]:
    data = server.data(GET_ROLLOUT, {"lineageName": prompt["name"]})["promptLineageRollout"]
    return [edge["node"] for edge in data["edges"]]


def split(server: Any, prompt: dict[str, Any], *weights: tuple[int, float]) -> Any:
    wanted = [{"version": number, "rollout": weight} for number, weight in weights]
    return server.graphql(SET_ROLLOUT, {"name": prompt["name"], "rollouts": wanted})


def message_of(answer: Any) -> str:
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT", error
    return error["message"]


def plain(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in message.items() if name != "uuid"} for message in messages]


@pytest.mark.feature("L-PRM-02")
def test_a_lineage_is_made_once(server: Any):
    made = lineage(server, description="first")
    assert made == {"id": made["id"], "name": made["name"], "description": "first", "deletedAt": None}
    assert lineage(server, made["name"], description="second") == made
    found = server.data("query($name: String!) { promptLineage(name: $name) { id deletedAt } }", {"name": made["name"]})
    assert found == {"promptLineage": {"id": made["id"], "deletedAt": None}}
    assert server.data('{ promptLineage(name: "no such") { id } }') == {"promptLineage": None}


@pytest.mark.feature("L-PRM-01", "L-PRM-05")
def test_equal_content_is_the_same_version_and_any_difference_a_new_one(server: Any):
    prompt = lineage(server)
    first = version(server, prompt)
    assert first["version"] == 0
    assert first["lineage"] == {"name": prompt["name"], "deletedAt": None}
    assert version(server, prompt) == first
    hotter = version(server, prompt, settings={**SETTINGS, "temperature": 0.6})
    other_words = version(server, prompt, templateMessages=MESSAGES[:1])
    with_tools = version(server, prompt, tools=[{"type": "function", "function": FUNCTION}])
    other_provider = version(server, prompt, settings={**SETTINGS, "provider": "mistralai"})
    assert [one["version"] for one in (hotter, other_words, with_tools, other_provider)] == [1, 2, 3, 4]
    assert version(server, prompt) == first
    # The same content under another name is another prompt.
    assert version(server, lineage(server))["version"] == 0


@pytest.mark.feature("L-PRM-01")
@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"settings": {"model": "gpt-4o", "temperature": 0.5, "stop": ["x"]}}, id="provider taken out"),
        pytest.param({"settings": {"stop": ["x"], "temperature": 0.5, "model": "gpt-4o"}}, id="other order"),
        pytest.param({"settings": {**SETTINGS, "max_tokens": None}}, id="null setting"),
        pytest.param({"tools": []}, id="no tools"),
        pytest.param({"templateMessages": [{**one, "name": None} for one in MESSAGES]}, id="null member"),
        pytest.param({"templateMessages": [{**one, "uuid": "other"} for one in MESSAGES]}, id="another uuid"),
        pytest.param(
            {"templateMessages": [{"content": one["content"], "role": one["role"]} for one in MESSAGES]},
            id="other order in messages",
        ),
    ],
)
def test_what_does_not_count_as_a_difference(server: Any, again: dict[str, Any]):
    prompt = lineage(server)
    first = version(server, prompt)
    assert version(server, prompt, **again)["id"] == first["id"]


@pytest.mark.feature("L-PRM-01")
def test_the_published_client_sends_back_what_it_pulled(server: Any):
    """`get_prompt`, the provider popped from the settings, and `get_or_create_prompt` with the rest."""
    prompt = lineage(server)
    first = version(server, prompt, settings={**SETTINGS, "temperature": 1})
    pulled = pull(server, id=first["id"])
    assert pulled is not None
    settings = {name: value for name, value in pulled["settings"].items() if name != "provider"}
    again = version(
        server,
        prompt,
        templateMessages=pulled["templateMessages"],
        settings={**settings, "temperature": 1.0},
        tools=pulled["tools"],
    )
    assert again["id"] == first["id"]
    assert again["templateMessages"] == first["templateMessages"]


@pytest.mark.feature("L-PRM-13", "P-PRM-05")
def test_what_a_version_says(server: Any):
    prompt = lineage(server)
    made = version(
        server,
        prompt,
        versionDesc="shorter",
        variables=[{"name": "name", "language": "plaintext"}],
        variablesDefaultValues={"name": "Ann"},
        tools=[{"type": "function", "function": FUNCTION}],
    )
    pulled = pull(server, id=made["id"])
    assert pulled is not None
    project = server.http.post("/api/my-project", json={}).json()["projectId"]
    name = prompt["name"].replace(" ", "%20")
    assert pulled["url"] == f"{server.url}/projects/{project}/playground?name={name}&version=0"
    uuids = [message["uuid"] for message in pulled["templateMessages"]]
    assert len(set(uuids)) == len(MESSAGES)
    assert plain(pulled["templateMessages"]) == MESSAGES
    assert {name: value for name, value in pulled.items() if name not in ("templateMessages", "url")} == {
        "id": made["id"],
        "createdAt": made["createdAt"],
        "updatedAt": made["createdAt"],
        "type": "CHAT",
        "version": 0,
        "versionDesc": "shorter",
        "label": None,
        "status": None,
        "tags": [],
        "lineage": {"name": prompt["name"], "deletedAt": None},
        "settings": SETTINGS,
        "tools": [{"type": "function", "function": FUNCTION}],
        "variables": [{"name": "name", "language": "plaintext"}],
        "variablesDefaultValues": {"name": "Ann"},
    }
    bare = pull(server, id=version(server, lineage(server), settings=None, templateMessages=None)["id"])
    assert bare is not None
    assert (bare["templateMessages"], bare["tools"], bare["settings"], bare["variables"]) == ([], [], {}, [])


def test_default_values_are_content_when_they_are_given(server: Any):
    prompt = lineage(server)
    first = version(server, prompt, variablesDefaultValues={"name": "Ann"})
    second = version(server, prompt, variablesDefaultValues={"name": "Bob"})
    assert (first["version"], second["version"]) == (0, 1)
    # The clients never send any: they mean the messages, and get the newest that has them.
    assert version(server, prompt)["id"] == second["id"]


def test_a_uuid_stays_with_its_message(server: Any):
    prompt = lineage(server)
    first = version(server, prompt)["templateMessages"]
    changed = [first[0], {**first[1], "content": "new"}, {"role": "user", "content": "more", "uuid": first[0]["uuid"]}]
    second = version(server, prompt, templateMessages=changed)["templateMessages"]
    assert [one["uuid"] for one in second[:2]] == [one["uuid"] for one in first]
    assert second[2]["uuid"] not in (first[0]["uuid"], first[1]["uuid"])


@pytest.mark.feature("P-PLAY-04")
def test_a_tool_may_come_with_or_without_its_wrapper(server: Any):
    prompt = lineage(server)
    wrapped = version(server, prompt, tools=[{"type": "function", "function": FUNCTION}])
    for bare in (FUNCTION, {"type": "function", **FUNCTION}):
        assert version(server, prompt, tools=[bare]) == wrapped
    own = [{"type": "web_search"}]
    assert version(server, prompt, tools=own)["tools"] == own


@pytest.mark.feature("L-PRM-03", "L-PRM-04")
def test_a_version_is_pulled_by_id_or_by_name_and_number(server: Any):
    prompt = lineage(server)
    first = version(server, prompt)
    second = version(server, prompt, templateMessages=MESSAGES[:1])
    assert split(server, prompt, (1, 100), (0, 0)).json()["data"]["updatePromptLineageRollout"]["ok"] is True
    for named, expected in (
        ({"id": first["id"]}, first),
        ({"id": second["id"], "name": "another", "version": 7}, second),
        ({"name": prompt["name"], "version": 0}, first),
        ({"name": prompt["name"], "version": 1}, second),
        ({"name": prompt["name"]}, second),
    ):
        pulled = pull(server, **named)
        assert pulled is not None
        assert pulled["id"] == expected["id"]
    for unknown in ({"id": "x"}, {"name": "x"}, {"name": prompt["name"], "version": 2}, {"id": "", "name": "x"}):
        assert pull(server, **unknown) is None
    assert pull(server, name=lineage(server)["name"]) is None
    assert "id or a name" in message_of(server.graphql(GET, {}))


@pytest.mark.feature("L-PRM-05", "L-PRM-06", "L-PRM-07")
@pytest.mark.parametrize("weights", [((0, 60), (1, 40)), ((0, 0.5), (1, 0.5)), ((1, 1),), ((1, 0.25), (0, 0))])
def test_the_split_is_stored_as_sent_and_replaced_whole(server: Any, weights: tuple[tuple[int, float], ...]):
    prompt = lineage(server)
    version(server, prompt)
    assert rollouts(server, prompt) == [{"version": 0, "rollout": 100}]
    version(server, prompt, settings=None)
    assert rollouts(server, prompt) == [{"version": 0, "rollout": 100}]
    data = split(server, prompt, *weights).json()["data"]["updatePromptLineageRollout"]
    assert (data["ok"], data["errorCode"]) == (True, None)
    assert rollouts(server, prompt) == [{"version": number, "rollout": weight} for number, weight in weights]


@pytest.mark.feature("L-PRM-07", "L-PRM-16")
def test_versions_are_drawn_by_weight(server: Any):
    prompt = lineage(server)
    version(server, prompt)
    version(server, prompt, settings=None)
    document = "query($name: String) {" + "".join(
        f"p{n}: promptVersion(name: $name) {{ version }} " for n in range(500)
    )
    split(server, prompt, (0, 0.5), (1, 0.5))
    drawn = [one["version"] for _ in range(2) for one in server.data(document + "}", {"name": prompt["name"]}).values()]
    # The chance of a fair split to fall outside is below 1 in 100 million.
    assert 400 < sum(drawn) < 600
    split(server, prompt, (1, 3), (0, 0))
    assert {one["version"] for one in server.data(document + "}", {"name": prompt["name"]}).values()} == {1}


@pytest.mark.feature("L-PRM-14")
def test_a_change_of_the_split_is_seen_by_the_next_pull(server: Any):
    prompt = lineage(server)
    version(server, prompt)
    version(server, prompt, settings=None)
    for number in (1, 0, 1):
        assert split(server, prompt, (number, 100)).json()["data"]["updatePromptLineageRollout"]["ok"]
        pulled = pull(server, name=prompt["name"])
        assert pulled is not None
        assert pulled["version"] == number


@pytest.mark.feature("L-PRM-07")
@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (((0, -1), (1, 2)), "0 or more"),
        (((0, 0), (1, 0)), "more than 0"),
        ((), "more than 0"),
        (((0, 1e308), (1, 1e308)), "more than 0"),
        (((0, 50), (2, 50)), "no version 2"),
        (((0, 50), (-1, 50)), "no version -1"),
        (((0, 50), (0, 50)), "twice"),
    ],
)
def test_a_split_that_cannot_be_drawn_from_is_refused(server: Any, weights: Any, told: str):
    prompt = lineage(server)
    version(server, prompt)
    version(server, prompt, settings=None)
    assert told in message_of(split(server, prompt, *weights))
    assert rollouts(server, prompt) == [{"version": 0, "rollout": 100}]


@pytest.mark.feature("L-PRM-07")
@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf])
def test_a_weight_that_is_no_number_is_refused(server: Any, weight: float):
    prompt = lineage(server)
    version(server, prompt)
    body = f'[{{"version": 0, "rollout": {weight}}}]'.replace("nan", "NaN").replace("inf", "Infinity")
    content = '{"query": "%s", "variables": {"name": "%s", "rollouts": %s}}' % (  # noqa: UP031 - braces all over
        SET_ROLLOUT.replace("\n", " "),
        prompt["name"],
        body,
    )
    answer = server.http.post("/api/graphql", content=content, headers={"content-type": "application/json"})
    assert "errors" in answer.json()
    assert answer.status_code < 500
    assert rollouts(server, prompt) == [{"version": 0, "rollout": 100}]


def test_a_split_of_an_unknown_prompt_or_another_project(server: Any):
    unknown = {"name": "no such", "id": "no such"}
    assert "no such" in message_of(split(server, unknown, (0, 1)))
    # Clients read `edges` without a look: an unknown prompt has none.
    assert rollouts(server, unknown) == []
    prompt = lineage(server)
    version(server, prompt)
    for document, named in ((GET_ROLLOUT, {"lineageName": prompt["name"]}), (SET_ROLLOUT, {"name": prompt["name"]})):
        variables = {"projectId": "another", "rollouts": [{"version": 0, "rollout": 1}], **named}
        assert "another project" in message_of(server.graphql(document, variables))
    project = server.http.post("/api/my-project", json={}).json()["projectId"]
    assert server.data(GET_ROLLOUT, {"projectId": project, "lineageName": prompt["name"]})


def test_promoting_a_version_gives_it_the_whole_split(server: Any):
    prompt = lineage(server)
    version(server, prompt)
    second = version(server, prompt, settings=None)
    promote = """mutation promotePromptVersion($lineageId: String!, $version: Int!) {
      promotePromptVersion(lineageId: $lineageId, version: $version) { id championId } }"""
    data = server.data(promote, {"lineageId": prompt["id"], "version": 1})
    assert data == {"promotePromptVersion": {"id": prompt["id"], "championId": second["id"]}}
    assert rollouts(server, prompt) == [{"version": 1, "rollout": 100}]
    assert "no version 2" in message_of(server.graphql(promote, {"lineageId": prompt["id"], "version": 2}))
    assert server.data(promote, {"lineageId": "no such", "version": 0}) == {"promotePromptVersion": None}


@pytest.mark.feature("P-PRM-03", "P-PRM-05")
def test_notes_on_a_version_change_and_its_content_does_not(server: Any):
    prompt = lineage(server)
    made = version(server, prompt, versionDesc="as it was")
    update = """mutation($id: String!, $label: String, $status: String, $tags: [String!], $versionDesc: String) {
      updatePromptVersion(id: $id, label: $label, status: $status, tags: $tags, versionDesc: $versionDesc) {
        id label status tags versionDesc templateMessages } }"""
    noted = {"label": "production", "status": "deprecated", "tags": ["a", "b"]}
    changed = server.data(update, {"id": made["id"], **noted})["updatePromptVersion"]
    assert changed == {
        "id": made["id"],
        **noted,
        "versionDesc": "as it was",
        "templateMessages": made["templateMessages"],
    }
    pulled = pull(server, id=made["id"])
    assert pulled is not None
    assert {name: pulled[name] for name in noted} == noted
    assert version(server, prompt)["id"] == made["id"]
    assert server.data(update, {"id": "no such", "label": "x"}) == {"updatePromptVersion": None}


@pytest.mark.feature("P-PRM-03")
def test_a_deleted_prompt_is_flagged_and_can_come_back(server: Any):
    prompt = lineage(server)
    made = version(server, prompt)
    listed = """query($filters: [promptLineagesInputType!]) { promptLineages(filters: $filters) {
      totalCount edges { node { id championId rollouts { version rollout } } } } }"""
    same = {"filters": [{"field": "name", "operator": "eq", "value": prompt["name"]}]}
    node = {"id": prompt["id"], "championId": made["id"], "rollouts": [{"version": 0, "rollout": 100.0}]}
    assert server.data(listed, same)["promptLineages"] == {"totalCount": 1, "edges": [{"node": node}]}
    deleted = server.data(
        "mutation($id: String!) { deletePromptLineage(id: $id) { id deletedAt } }", {"id": prompt["id"]}
    )["deletePromptLineage"]
    assert deleted["id"] == prompt["id"]
    assert deleted["deletedAt"] is not None
    # P300 warns of what `createPromptLineage` answers; programs that pull the prompt go on.
    assert lineage(server, prompt["name"])["deletedAt"] == deleted["deletedAt"]
    pulled = pull(server, name=prompt["name"])
    assert pulled is not None
    assert pulled["lineage"]["deletedAt"] == deleted["deletedAt"]
    assert server.data(listed, same)["promptLineages"]["totalCount"] == 0
    restored = server.data(
        "mutation($id: String!) { restorePromptLineage(id: $id) { deletedAt } }", {"id": prompt["id"]}
    )
    assert restored == {"restorePromptLineage": {"deletedAt": None}}
    assert server.data('mutation { deletePromptLineage(id: "no such") { id } }') == {"deletePromptLineage": None}


def test_the_versions_of_a_prompt_are_a_list(server: Any):
    prompt = lineage(server)
    for n in range(5):
        version(server, prompt, settings={"n": n})
    document = """query($id: String!, $after: ID) { promptVersions(lineageId: $id, first: 3, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } edges { node { version settings lineage { name } } } } }"""
    page = server.data(document, {"id": prompt["id"]})["promptVersions"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (5, True)
    rest = server.data(document, {"id": prompt["id"], "after": page["pageInfo"]["endCursor"]})["promptVersions"]
    nodes = [edge["node"] for edge in page["edges"] + rest["edges"]]
    assert nodes == [
        {"version": n, "settings": {"n": n}, "lineage": {"name": prompt["name"]}} for n in reversed(range(5))
    ]


@pytest.mark.feature("L-EXP-03")
def test_a_variant_is_no_version(server: Any):
    prompt = lineage(server)
    version(server, prompt)
    create = """mutation createPromptExperiment($fromLineageId: String, $fromVersion: Int, $scoreTemplateId: String,
      $templateMessages: Json, $settings: Json, $tools: Json, $variables: Json) {
      createPromptExperiment(fromLineageId: $fromLineageId, fromVersion: $fromVersion,
        scoreTemplateId: $scoreTemplateId, templateMessages: $templateMessages, settings: $settings, tools: $tools,
        variables: $variables) { id fromLineageId fromVersion scoreTemplateId projectId projectUserId tools settings
        variables templateMessages fromLineage { name } } }"""
    content = {"templateMessages": MESSAGES[:1], "settings": SETTINGS, "tools": None}
    made = server.data(create, {"fromLineageId": prompt["id"], **content})["createPromptExperiment"]
    project = server.http.post("/api/my-project", json={}).json()["projectId"]
    assert plain(made.pop("templateMessages")) == MESSAGES[:1]
    assert made == {
        "id": made["id"],
        "fromLineageId": prompt["id"],
        "fromVersion": None,
        "scoreTemplateId": None,
        "projectId": project,
        "projectUserId": None,
        "tools": [],
        "settings": SETTINGS,
        "variables": [],
        "fromLineage": {"name": prompt["name"]},
    }
    # Clients send null for a name that nobody knows.
    free = server.data(create, {"fromLineageId": None, **content})["createPromptExperiment"]
    assert (free["fromLineage"], free["id"] == made["id"]) == (None, False)
    pulled = pull(server, name=prompt["name"], version=1)
    assert pulled is None
    for wrong, named in (
        ({"fromLineageId": "no such"}, "fromLineageId"),
        ({"fromLineageId": prompt["id"], "fromVersion": 4}, "version 4"),
        ({"fromVersion": 0}, "fromLineageId"),
    ):
        assert named in message_of(server.graphql(create, {**content, **wrong}))


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"templateMessages": {"role": "user"}}, "templateMessages"),
        ({"templateMessages": "text"}, "templateMessages"),
        ({"templateMessages": ["text"]}, "templateMessages"),
        ({"templateMessages": [{"content": "no role"}]}, "templateMessages"),
        ({"templateMessages": [{"role": "user", "content": "x" * 3_000_001}]}, "templateMessages"),
        ({"settings": []}, "settings"),
        ({"settings": {"deep": nested(200)}}, "levels"),
        ({"settings": {"deep": nested(900)}}, "levels"),
        ({"tools": {}}, "tools"),
        ({"tools": ["text"]}, "tools"),
        ({"variables": {}}, "variables"),
        ({"variablesDefaultValues": []}, "variablesDefaultValues"),
    ],
)
def test_a_content_that_breaks_a_rule_is_refused(server: Any, content: dict[str, Any], named: str):
    prompt = lineage(server)
    answer = server.graphql(VERSION, {"lineageId": prompt["id"], "templateMessages": MESSAGES, **content})
    assert named in message_of(answer)
    assert pull(server, name=prompt["name"]) is None
    assert "lineageId" in message_of(server.graphql(VERSION, {"lineageId": "no such", "templateMessages": MESSAGES}))


@pytest.mark.feature("L-PRM-01", "L-PRM-02")
def test_racing_clients_make_one_lineage_and_one_version_of_each_content(server: Any):
    name = new_name()

    def race(number: int) -> tuple[str, str, int]:
        prompt = lineage(server, name)
        made = version(server, prompt, settings={"n": number % 4})
        return prompt["id"], made["id"], made["version"]

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(race, range(32)))
    assert len({lineage_id for lineage_id, *_ in made}) == 1
    versions = {version_id: number for _, version_id, number in made}
    assert sorted(versions.values()) == [0, 1, 2, 3]
    assert rollouts(server, {"name": name}) == [{"version": 0, "rollout": 100}]


@pytest.mark.feature("L-GAPI-02")
def test_a_generation_names_the_prompt_that_it_was_made_from(server: Any):
    prompt = lineage(server)
    versions = [version(server, prompt, settings={"n": n}) for n in range(2)]
    document = """mutation AddStep($id_0: String!, $type_0: StepType, $generation_0: GenerationPayloadInput) {
      step0: ingestStep(id: $id_0, type: $type_0, generation: $generation_0) { ok } }"""
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for step_id, prompt_id in zip(ids, [versions[0]["id"], versions[1]["id"], "no prompt of ours"], strict=True):
        generation = {"type": "CHAT", "promptId": prompt_id, "messages": [{"role": "user", "content": "hi"}]}
        server.data(document, {"id_0": step_id, "type_0": "llm", "generation_0": generation})
    listed = """query($filters: [generationsInputType!]) { generations(filters: $filters) {
      edges { node { id promptId promptLineage promptVersion version } } } }"""

    def found(*filters: tuple[str, str, Any]) -> dict[str, tuple[str | None, int | None]]:
        wanted = [{"field": field, "operator": operator, "value": value} for field, operator, value in filters]
        nodes = [edge["node"] for edge in server.data(listed, {"filters": wanted})["generations"]["edges"]]
        assert all(node["version"] == node["promptVersion"] for node in nodes)
        return {node["id"]: (node["promptLineage"], node["promptVersion"]) for node in nodes}

    both = {ids[0]: (prompt["name"], 0), ids[1]: (prompt["name"], 1)}
    assert found(("promptLineage", "eq", prompt["name"])) == both
    assert found(("promptLineage", "eq", prompt["id"])) == both
    assert found(("promptLineage", "eq", prompt["name"]), ("promptVersion", "gte", 1)) == {ids[1]: both[ids[1]]}
    assert found(("id", "eq", ids[2])) == {ids[2]: (None, None)}
