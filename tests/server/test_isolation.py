"""A caller of one project never reads or writes another's: every operation of the schema and every route is walked."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from literalai_otel.config import ServerConfig
from literalai_otel.server.access.first_start import account_link
from literalai_otel.server.access.keys import make_key
from literalai_otel.server.app import create_app
from literalai_otel.server.store import accounts, memberships, projects

from .schema_walk import SCHEMA, Operation, operations
from .test_transfer import RECORDS, dump, refusals

SECRET = "s3cret"
OPERATIONS = list(operations())
PLAIN = {
    *("kind", "type", "role", "createdAt", "updatedAt", "startTime", "endTime", "startsAt", "mime", "environment"),
    *("provider", "model", "pattern", "identifier", "color"),
}
IDS = sorted({record["id"] for record in RECORDS if "id" in record})
BY_NAME = {
    "datasetId": "dataset-1",
    "stepId": "run-1",
    "generationId": "llm-1",
    "threadId": "thread-1",
    "parentId": "run-1",
    "rootRunId": "run-1",
    "participantId": "user-1",
    "identifier": "ada@example.com",
    "lineageId": "lineage-1",
    "fromLineageId": "lineage-1",
    "lineageName": "greeting",
    "name": "greeting",
    "datasetExperimentId": "experiment-1",
    "datasetExperimentItemId": "measured-1",
    "datasetItemId": "item-1",
    "experimentRunId": "run-1",
    "scoreSchemaId": "schema-1",
    "promptId": "version-1",
    "promptExperimentId": "variant-1",
    "version": 0,
}
NOTHING = dict.fromkeys(("after", "before", "last", "skip", "cursorAnchor"))


def marked(value: Any, key: str = "") -> Any:
    """The record with the secret in every text that is no id."""
    if isinstance(value, dict):
        return {name: marked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [marked(item, key) for item in value]
    plain = value == "greeting" or key in PLAIN or key == "id" or key.endswith("Id") or not isinstance(value, str)
    return value if plain else value + SECRET


@dataclass
class Neighbours:
    """One project with secrets, and callers of another: a key, and an admin who is signed in."""

    server: Any
    stranger: httpx.Client
    visitor: httpx.Client
    object_key: str
    public_id: str
    member: str
    invitation: str
    key: str
    secrets: list[dict[str, Any]]

    def untouched(self) -> None:
        assert everything(self.server) == self.secrets


def everything(server: Any) -> list[Any]:
    """All that a project has, its people included. When a key was used last changes by looking."""
    lists = [server.http.get(path).json() for path in ("/api/members", "/api/tags", "/api/usage", "/api/keys")]
    keys = [key | {"lastUsedAt": None} for key in lists.pop()["keys"]]
    return [*dump(server), *lists, *keys]


def people(server: Any) -> tuple[str, str, str]:
    """Ids of a member, an invitation and a key of the project, all with secrets."""
    project = server.store.read(projects.first)
    server.store.write(projects.rename, project.id, f"Default{SECRET}").result()
    person = server.store.write(accounts.create, name=SECRET, email=f"{SECRET}@example.com").result()
    server.store.write(memberships.add, project.id, person.id, "ADMIN").result()
    invited = server.http.post("/api/invitations", json={"email": f"new@{SECRET}.com", "role": "ADMIN"}).json()["id"]
    key = server.http.post("/api/keys", json={"name": SECRET, "role": "ADMIN"}).json()["id"]
    return person.public_id, invited, key


@pytest.fixture(scope="module")
def neighbours(server: Any) -> Any:
    assert refusals(server, [marked(copy.deepcopy(record)) for record in RECORDS]) == []
    asked = server.http.post("/api/upload/file", json={"fileName": "a", "contentType": "text/plain"}).json()
    form = asked["post"]
    sent = httpx.post(form["url"], data=form["fields"], files={"file": ("a", SECRET.encode())})
    assert sent.is_success, sent.text
    public_id = server.http.post("/api/my-project").json()["projectId"]
    member, invitation, own_key = people(server)
    key = make_key(server.store, server.store.create_project("stranger").result(), "stranger")
    project = server.store.create_project("visitor").result()
    person = server.store.write(accounts.create, name="stranger").result()
    server.store.write(memberships.add, project.id, person.id, "ADMIN").result()
    token = account_link(server.store, person, server.url).partition("#")[2]
    with (
        httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=30) as stranger,
        httpx.Client(base_url=server.url, headers={"x-project-id": project.public_id}, timeout=30) as visitor,
    ):
        signed_in = visitor.post("/api/session/link", json={"token": token}).json()
        visitor.headers["x-csrf-token"] = signed_in["csrfToken"]
        found = Neighbours(
            server, stranger, visitor, form["fields"]["key"], public_id, member, invitation, own_key, everything(server)
        )
        assert json.dumps(found.secrets).count(SECRET) > len(RECORDS)
        yield found
        found.untouched()


def sound(answer: httpx.Response) -> dict[str, Any]:
    """An answer as clients may get it, whatever they sent."""
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    body = answer.json()
    for error in body.get("errors", ()):
        assert error["extensions"]["code"] not in ("INTERNAL", "INTERNAL_SERVER_ERROR", "NOT_IMPLEMENTED"), body
        assert error["message"]
    return body


def ask(client: httpx.Client, operation: Operation, variables: dict[str, Any]) -> dict[str, Any]:
    return sound(client.post("/api/graphql", json={"query": operation.document, "variables": variables}))


@pytest.mark.feature("P-SET-01")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_no_operation_reads_or_writes_another_project(neighbours: Neighbours, operation: Operation):
    own_ids = IDS if "id" in operation.field.args else [IDS[0]]
    public = neighbours.server.http.post("/api/my-project").json()["projectId"]
    projects = (None, public) if "projectId" in operation.field.args else (None,)
    for own_id, project in product(own_ids, projects):
        filters = [{"field": "id", "operator": "eq", "value": own_id}]
        given = {**BY_NAME, **NOTHING, "projectId": project, "id": own_id, "filters": filters}
        answer = ask(neighbours.stranger, operation, operation.variables(given))
        assert SECRET not in json.dumps(answer), answer


def test_the_operations_have_written_nothing_there(neighbours: Neighbours):
    neighbours.untouched()


def test_the_walk_reaches_what_is_there(neighbours: Neighbours):
    """The same documents with the right key do find the secrets, so that the test above can fail."""
    found = set()
    for operation in OPERATIONS:
        if operation.kind == "query":
            for step_id in IDS if "id" in operation.field.args else [IDS[0]]:
                given = {name: None for name in operation.field.args if name not in BY_NAME}
                variables = operation.variables({**BY_NAME, **given, "id": step_id})
                if operation.name in ("participant", "promptVersion"):
                    variables |= {"identifier": None, "name": None, "version": None}
                variables = {name: value for name, value in variables.items() if name in operation.field.args}
                if SECRET in json.dumps(ask(neighbours.server.http, operation, variables)):
                    found.add(operation.name)
    assert found >= {"participants", "threads", "threadDetail", "scores", "steps", "step", "generations", "datasets"}
    assert found >= {"scoreSchemas", "scoreSchema", "attachment", "datasetItem", "promptLineage", "promptVersion"}
    assert "participant" in found


# --- routes ------------------------------------------------------------------------------------


def routes(neighbours: Neighbours, client: httpx.Client) -> dict[str, list[httpx.Response]]:
    """What the stranger's `client` gets from each route for what is not the stranger's."""
    get, post, patch, delete = client.get, client.post, client.patch, client.delete
    spans = ExportTraceServiceRequest()
    span = spans.resource_spans.add().scope_spans.add().spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="chat")
    for name, value in (
        ("literalai.step.id", "run-1"),
        ("literalai.step.type", "run"),
        ("literalai.thread.id", "thread-1"),
    ):
        span.attributes.add(key=name).value.string_value = value
    protobuf = {"content-type": "application/x-protobuf"}
    facts = {"x-literal-file": json.dumps({"objectKey": neighbours.object_key})}
    upload = {"fileName": "a", "contentType": "text/plain", "threadId": "thread-1"}
    granted = post("/api/upload/file", json=upload).json()
    own = httpx.URL(granted["signedUrl"])
    public = neighbours.public_id
    other = own.copy_with(path=f"/api/files/{public}/{neighbours.object_key}")
    kinds = post("/api/export/records", json={}).json()["kinds"]
    project = f"/api/projects/{public}"
    lists = ("threads", "runs", "generations", "steps", "scores", "users")
    tags = neighbours.server.http.get("/api/tags").json()["tags"]
    assert tags
    foreign_tags = [f"/api/tags/{tag['id']}" for tag in tags]
    person = {"userId": neighbours.member, "role": "AI_ENGINEER"}
    dataset = {"stepIds": ["run-1", "llm-1"]}
    score = {"stepIds": ["run-1"], "name": "n", "type": "HUMAN", "value": 1}
    return {
        "/api/graphql": [],  # walked above
        "/api/session": [get("/api/session")],
        "/api/account": [patch("/api/account", json={})],
        "/api/projects": [get("/api/projects")],
        "/api/projects/{project_id}": [patch(project, json={"name": "mine"}), delete(project)],
        "/api/projects/{project_id}/leave": [post(f"{project}/leave")],
        "/api/projects/{project_id}/transfer": [post(f"{project}/transfer", json=person)],
        "/api/keys": [get("/api/keys")],
        "/api/keys/{key:int}": [delete(f"/api/keys/{neighbours.key}")],
        "/api/members": [get("/api/members")],
        "/api/members/{user}": [
            patch(f"/api/members/{neighbours.member}", json=person),
            delete(f"/api/members/{neighbours.member}"),
        ],
        "/api/invitations": [post("/api/invitations", json={"email": f"new@{FOREIGN}.com", "role": "ADMIN"})],
        "/api/invitations/{invitation}": [delete(f"/api/invitations/{neighbours.invitation}")],
        "/api/my-project": [post("/api/my-project")],
        "/api/export/dataset": [
            post("/api/export/dataset", json=body)
            for body in ({"id": "dataset-1"}, {"name": f"greetings{SECRET}"}, "dataset-1")
        ],
        "/api/export/records": [post("/api/export/records", json={"kind": kind}) for kind in kinds],
        "/api/export/otlp": [get("/api/export/otlp", params={"threadId": "thread-1"})],
        "/api/export/file": [post("/api/export/file", json={"objectKey": neighbours.object_key})],
        "/api/logs/{kind}": [
            get(f"/api/logs/{kind}", params={"search": search}) for kind in lists for search in ("", "s3")
        ],
        "/api/logs/{kind}/fields": [get(f"/api/logs/{kind}/fields") for kind in lists],
        "/api/logs/{kind}/facets": [
            get(f"/api/logs/{kind}/facets", params={"field": field})
            for kind in lists
            for field in ("name", "tags", "environment", "model", "participantIdentifier", "metadata")
        ],
        "/api/logs/scores": [post("/api/logs/scores", json=score)],
        "/api/logs/{kind}/tags": [
            post(f"/api/logs/{kind}/tags", json={"ids": ["run-1", "thread-1"], "add": ["mine"]}) for kind in lists
        ],
        "/api/logs/datasets/{dataset}/items": [post("/api/logs/datasets/dataset-1/items", json=dataset)],
        "/api/tags": [get("/api/tags")],
        "/api/tags/{tag:int}": [
            answer for path in foreign_tags for answer in (patch(path, json={"name": "mine"}), delete(path))
        ],
        "/api/usage": [get("/api/usage")],
        "/api/prices/models": [get("/api/prices/models", params={"pattern": ".*"})],
        "/api/dashboard": [get("/api/dashboard", params={"from": "2020-01-01", "to": "2030-01-01", "compare": "1"})],
        "/api/live": [],  # no answer ends: below, and test_live.py
        "/api/trace": [get("/api/trace", params={way: own}) for way, own in WAYS],
        "/api/find/{kind}/{id:path}": [get(f"/api/find/{way}s/{own}") for way, own in WAYS],
        "/api/steps/{id:path}": [get(f"/api/steps/{one}") for one in ("run-1", "llm-1")],
        "/api/import/file": [post("/api/import/file", content=b"mine", headers=facts)],
        "/api/import": [post("/api/import", json={"records": RECORDS})],
        "/api/upload/file": [post("/api/upload/file", json=upload)],
        "/api/upload/content": [
            httpx.post(granted["post"]["url"], data={"key": neighbours.object_key}, files={"file": b"x"})
        ],
        "/api/files/{project}/{key:path}": [httpx.get(other)],
        "/v1/traces": [post("/v1/traces", content=spans.SerializeToString(), headers=protobuf)],
    }


WAYS = [("thread", "thread-1"), ("run", "run-1"), ("step", "llm-1")]
FOREIGN = "elsewhere"
OPEN = {
    *("/healthz", "/health", "/readyz", "/assets/{path:path}"),
    # They need a token that is a secret by itself, and change nothing without (`test_access*.py`).
    *("/api/session/link", "/api/invitations/look", "/api/invitations/accept"),
}
REFUSED = {
    *("/api/projects/{project_id}", "/api/projects/{project_id}/leave", "/api/projects/{project_id}/transfer"),
    *("/api/keys/{key:int}", "/api/members/{user}", "/api/invitations/{invitation}", "/api/tags/{tag:int}"),
    *("/api/logs/datasets/{dataset}/items", "/api/trace", "/api/steps/{id:path}", "/api/export/file"),
}
"""Routes whose address names something: of another project it is not there."""


@pytest.fixture(scope="module")
def app(neighbours: Neighbours, tmp_path_factory: pytest.TempPathFactory) -> Any:
    config = ServerConfig.load({}, data_dir=str(tmp_path_factory.mktemp("unused")))
    return create_app(config, neighbours.server.store)


@pytest.fixture
def newcomer(neighbours: Neighbours) -> Iterator[httpx.Client]:
    """By the key of a project that nothing was written to: what operations left in the stranger's may have any id."""
    store = neighbours.server.store
    key = make_key(store, store.create_project("newcomer").result(), "newcomer")
    with httpx.Client(base_url=neighbours.server.url, headers={"x-api-key": key}, timeout=30) as client:
        yield client


@pytest.mark.feature("P-SET-01")
@pytest.mark.parametrize("way", ["key", "session"])
def test_no_route_reads_or_writes_another_project(neighbours: Neighbours, newcomer: httpx.Client, app: Any, way: str):
    answers = routes(neighbours, newcomer if way == "key" else neighbours.visitor)
    assert {route.path for route in app.routes} - OPEN == set(answers)
    for path, found in answers.items():
        for answer in found:
            assert answer.status_code < 500, (path, answer.text)
            assert SECRET.encode() not in answer.content, path
            if path in REFUSED:
                assert answer.status_code == 404, (path, answer.text)
    neighbours.untouched()
    assert answers["/api/files/{project}/{key:path}"][0].status_code == 403
    assert answers["/api/export/dataset"][0].json() == {"data": None}


def test_a_project_of_others_cannot_be_named(neighbours: Neighbours, app: Any):
    for route in app.routes:
        if route.needs is not None:
            path = route.path.replace("{project_id}", neighbours.public_id).replace(":int}", "}").replace("{key}", "1")
            for method in route.methods - {"HEAD"}:
                answer = neighbours.visitor.request(
                    method, path.replace("{tag}", "1"), headers={"x-project-id": neighbours.public_id}
                )
                assert answer.status_code == 404, (method, path)
                assert "no such project" in answer.text
    named = {"project": neighbours.public_id}
    assert neighbours.visitor.get("/api/live", params=named, headers={"x-project-id": ""}).status_code == 404


def test_no_route_answers_without_a_key(neighbours: Neighbours, app: Any):
    for route in app.routes:
        path = route.path.replace("{key:int}", "1").replace("{tag:int}", "1")
        for method in () if route.open else route.methods - {"HEAD"}:
            for headers in ({}, {"x-api-key": ""}):
                answer = httpx.request(method, neighbours.server.url + path, headers=headers)
                assert answer.status_code in (401, 429), (method, path)


# --- bad input ---------------------------------------------------------------------------------

WRONG: list[Any] = [5, 1e308, True, "", "\0\ud800", "x" * 70_000, [None], {"a": 1}, 2**70]
ALONE: list[Any] = [5, {"a": 1}, 2**70]
TELLING = {"filters", "after", "first", "id", "metadata", "input"}
"""Arguments of which each takes some wrong values alone; all take all of them together."""


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_no_argument_breaks_an_operation(neighbours: Neighbours, operation: Operation):
    client = neighbours.stranger
    good = operation.variables({"first": 1, "last": None, "skip": None, "after": None, "before": None})
    ask(client, operation, dict.fromkeys(operation.field.args))
    for name in operation.field.args:
        ask(client, operation, {**good, name: None})
    for wrong in WRONG:
        body = json.dumps({"query": operation.document, "variables": dict.fromkeys(operation.field.args, wrong)})
        sound(client.post("/api/graphql", content=body, headers={"content-type": "application/json"}))
        for name in TELLING & operation.field.args.keys() if wrong in ALONE else ():
            body = json.dumps({"query": operation.document, "variables": {**good, name: wrong}})
            sound(client.post("/api/graphql", content=body, headers={"content-type": "application/json"}))


LISTS = [operation for operation in OPERATIONS if "after" in operation.field.args]


def page(client: httpx.Client, operation: Operation, after: str | None) -> dict[str, Any]:
    """The first row behind `after`, of the list below the dataset, lineage or experiment that is there."""
    named = {name: BY_NAME.get(name) for name in operation.field.args if name.endswith("Id") and name != "projectId"}
    return ask(client, operation, {**named, "after": after, "first": 1})


@pytest.fixture(scope="module")
def cursors(neighbours: Neighbours) -> dict[str, str]:
    found: dict[str, str] = {}
    for operation in LISTS:
        connection = (page(neighbours.server.http, operation, None).get("data") or {}).get(operation.name) or {}
        if connection.get("pageInfo", {}).get("endCursor"):
            found[operation.name] = connection["pageInfo"]["endCursor"]
    assert len(found) >= 6
    return found


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.name)
def test_a_cursor_of_another_list_is_refused(neighbours: Neighbours, cursors: dict[str, str], operation: Operation):
    for name, cursor in cursors.items():
        strange = page(neighbours.stranger, operation, cursor)
        assert SECRET not in json.dumps(strange)
        answer = page(neighbours.server.http, operation, cursor)
        same_rows = {name, operation.name} <= {"steps", "generations"}
        if name != operation.name and not same_rows:
            assert "cursor" in answer["errors"][0]["message"], (name, answer)


def test_the_walk_has_every_field_of_the_schema():
    roots = {*SCHEMA.query_type.fields, *SCHEMA.mutation_type.fields}
    assert {operation.name for operation in OPERATIONS} == roots
