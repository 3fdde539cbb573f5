"""Who may do what: every field of the schema and every route, as each role, by key and by session."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from engines import Engines
from literalai_otel.config import ServerConfig
from literalai_otel.server.access.first_start import account_link
from literalai_otel.server.access.keys import make_key
from literalai_otel.server.access.permissions import FIELDS, MATRIX, Need, Resource, Right, Role, includes
from literalai_otel.server.app import create_app
from literalai_otel.server.routes.gate import GatedRoute
from literalai_otel.server.store import accounts, memberships

from .schema_walk import SCHEMA, operations

OPERATIONS = {operation.name: operation for operation in operations()}
OPEN = {
    ("GET", "/api/session"),
    ("POST", "/api/session"),
    ("POST", "/api/session/link"),
    ("POST", "/api/invitations/look"),
    ("POST", "/api/invitations/accept"),
    # Signed addresses, which the published clients use without a key.
    ("POST", "/api/upload/content"),
    ("PUT", "/api/upload/content"),
    ("GET", "/api/files/{project}/{key:path}"),
    ("GET", "/health"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    # The page itself; its data come by the routes above.
    ("GET", "/assets/{path:path}"),
}
ACCOUNT = {
    ("DELETE", "/api/session"),
    ("PATCH", "/api/account"),
    ("GET", "/api/projects"),
    ("POST", "/api/projects"),
    ("GET", "/api/find/{kind}/{id:path}"),
}


def routes() -> list[tuple[str, GatedRoute]]:
    class Nothing:
        """A store that nothing is read from."""

        def read(self, *_: Any, **__: Any) -> str:
            return "secret"

    app = create_app(ServerConfig.load({}, data_dir="/nonexistent"), Nothing())  # type: ignore[arg-type]
    return [(method, route) for route in app.routes for method in sorted(route.methods - {"HEAD"})]


ROUTES = routes()
OF_PROJECTS = {
    (method, route.path): route.needs
    for method, route in ROUTES
    if isinstance(route, GatedRoute) and route.needs is not None
}
ONLY_REFUSALS = {
    ("DELETE", "/api/projects/{project_id}"),
    ("POST", "/api/projects/{project_id}/leave"),
    ("GET", "/api/live"),
}
"""Who may do these would be without a project afterwards, or wait for ever: `test_access_people.py` has them."""


@pytest.mark.feature("P-TEAM-01", "P-TEAM-02", "P-TEAM-03")
def test_the_matrix_is_that_of_the_documentation():
    shown = {Right.NONE: "none", Right.READ: "r", Right.ADD: "r+add", Right.WRITE: "rw"}
    table = {resource.name: [shown[MATRIX[role][resource]] for role in Role] for resource in Resource}
    assert list(Role) == ["ADMIN", "AI_ENGINEER", "DOMAIN_EXPERT"]
    assert table == {
        "ANNOTATIONS": ["rw", "rw", "rw"],
        "OBSERVABILITY": ["rw", "rw", "r"],
        "DATASETS": ["rw", "rw", "r+add"],
        "PROMPTS": ["rw", "rw", "none"],
        "CREDENTIALS": ["rw", "rw", "none"],
        "PROJECT": ["rw", "r", "r"],
    }


def test_the_documentation_has_the_matrix():
    shown = {Right.NONE: "nothing", Right.READ: "read", Right.ADD: "read, add items", Right.WRITE: "change"}
    text = (Path(__file__).parents[2] / "docs" / "access.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    table = {row[0].split(":")[0].removesuffix(" and experiments"): row[1:] for row in rows if len(row) == 4}
    assert table == {resource.value: [shown[MATRIX[role][resource]] for role in Role] for resource in Resource}


def test_roles_give_away_only_what_they_have():
    order = list(Role)
    assert [[includes(one, other) for other in order] for one in order] == [
        [True, True, True],
        [False, True, True],
        [False, False, True],
    ]


def test_every_field_of_the_schema_has_a_row_and_no_row_is_left_over():
    assert set(FIELDS) == {*SCHEMA.query_type.fields, *SCHEMA.mutation_type.fields}
    for name, need in FIELDS.items():
        assert (need.right is Right.READ) == (name in SCHEMA.query_type.fields), name


def test_every_route_says_what_it_needs():
    assert all(isinstance(route, GatedRoute) for _, route in ROUTES)
    found = {(method, route.path) for method, route in ROUTES if route.open}
    assert found == OPEN
    found = {(method, route.path) for method, route in ROUTES if not route.open and route.needs is None}
    assert found == ACCOUNT
    for (method, path), needs in OF_PROJECTS.items():
        if method != "GET" and needs and not path.startswith("/api/export/"):
            assert all(need.right is not Right.READ for need in needs), (method, path)


@pytest.fixture(scope="module")
def engine(engines: Engines) -> Any:
    """One engine: roles are looked at before any is asked."""
    return engines.get("sqlite")


@pytest.fixture(scope="module")
def callers(server: Any) -> Iterator[dict[tuple[str, str], httpx.Client]]:
    """(role, "key" or "session") -> a client of a project that all of them share."""
    project = server.store.create_project("shared").result()
    with ExitStack() as opened:

        def client(**headers: str) -> httpx.Client:
            return opened.enter_context(httpx.Client(base_url=server.url, headers=headers, timeout=30))

        found: dict[tuple[str, str], httpx.Client] = {}
        for role in Role:
            key = make_key(server.store, project, role.shown, role=role)
            found[role, "key"] = client(**{"x-api-key": key})
            person = server.store.write(accounts.create, name=role.shown, email=f"{role}@example.com".lower()).result()
            server.store.write(memberships.add, project.id, person.id, role).result()
            signed_in = client(**{"x-project-id": project.public_id})
            token = account_link(server.store, person, server.url).partition("#")[2]
            answer = signed_in.post("/api/session/link", json={"token": token})
            signed_in.headers["x-csrf-token"] = answer.json()["csrfToken"]
            found[role, "session"] = signed_in
        yield found


def refusals(answer: httpx.Response) -> list[str]:
    """The messages of what was forbidden."""
    errors = answer.json().get("errors", []) if answer.headers.get("content-type") == "application/json" else []
    return [error["message"] for error in errors if error["extensions"]["code"] == "FORBIDDEN"]


def lacks(role: Role, needs: tuple[Need, ...]) -> bool:
    return any(MATRIX[role][need.resource] < need.right for need in needs)


@pytest.mark.feature("P-TEAM-02")
@pytest.mark.parametrize("name", FIELDS)
def test_a_field_answers_roles_that_have_the_right(callers: dict[tuple[str, str], httpx.Client], name: str):
    operation = OPERATIONS[name]
    for (role, _), client in callers.items():
        given = dict.fromkeys(("after", "before", "last", "skip", "cursorAnchor", "projectId"))
        body = {"query": operation.document, "variables": operation.variables(given)}
        answer = client.post("/api/graphql", json=body)
        said = refusals(answer)
        assert bool(said) == lacks(role, (FIELDS[name],)), (role, answer.text)
        if said:
            assert said[0] == f"The role {Role(role).shown} may not {FIELDS[name]}."
            assert not (answer.json().get("data") or {}).get(name)


@pytest.mark.feature("P-TEAM-02")
@pytest.mark.parametrize("wanted", OF_PROJECTS, ids=" ".join)
def test_a_route_answers_roles_that_have_the_right(
    server: Any, callers: dict[tuple[str, str], httpx.Client], wanted: tuple[str, str]
):
    method, path = wanted
    needs = OF_PROJECTS[wanted]
    project = callers[Role.ADMIN, "key"].post("/api/my-project").json()["projectId"]
    address = path.replace("{project_id}", project).replace("{kind}", "threads").replace(":path}", "}")
    address = address.replace("{tag:int}", "0").replace("{key:int}", "0")
    for (role, way), client in callers.items():
        if not lacks(role, needs) and wanted in ONLY_REFUSALS:
            continue
        body = None if method == "GET" else b"{}"
        answer = client.request(method, address, content=body, headers={"content-type": "application/json"})
        if path == "/v1/traces" and answer.status_code == 403:
            assert answer.json() == {"code": 7, "message": "The role Domain Expert may not change logs."}
            said = [answer.json()["message"]]
        else:
            said = refusals(answer)
        assert bool(said) == lacks(role, needs), (role, way, answer.text)
        assert answer.status_code == 403 if said else answer.status_code not in (401, 403), answer.text
        if said:
            assert Role(role).shown in said[0]


def test_the_fast_path_of_steps_obeys_too(callers: dict[tuple[str, str], httpx.Client]):
    query = 'mutation { a: ingestStep(id: "fast", type: run) { ok } b: ingestStep(id: "fast-2", type: run) { ok } }'
    refused = callers[Role.DOMAIN_EXPERT, "key"].post("/api/graphql", json={"query": query})
    assert refused.status_code == 403
    assert refusals(refused) == ["The role Domain Expert may not change logs."]
    look = {"query": '{ step(id: "fast") { id } }'}
    assert callers[Role.ADMIN, "key"].post("/api/graphql", json=look).json() == {"data": {"step": None}}
    assert callers[Role.AI_ENGINEER, "key"].post("/api/graphql", json={"query": query}).status_code == 200


def test_one_refused_field_leaves_the_others(callers: dict[tuple[str, str], httpx.Client]):
    query = "{ promptLineages { totalCount } threads { edges { node { id } } } }"
    answer = callers[Role.DOMAIN_EXPERT, "session"].post("/api/graphql", json={"query": query}).json()
    assert answer["data"]["promptLineages"] is None
    assert isinstance(answer["data"]["threads"]["edges"], list)
    assert [error["path"] for error in answer["errors"]] == [["promptLineages"]]


def test_what_hangs_below_a_field_is_refused_as_well(callers: dict[tuple[str, str], httpx.Client]):
    create = 'mutation { createDatasetExperiment(name: "e") { id } }'
    made = callers[Role.ADMIN, "key"].post("/api/graphql", json={"query": create}).json()
    experiment = json.dumps(made["data"]["createDatasetExperiment"]["id"])
    look = {"query": f"{{ datasetExperiment(id: {experiment}) {{ id promptVariant {{ id }} }} }}"}
    assert "errors" not in callers[Role.AI_ENGINEER, "key"].post("/api/graphql", json=look).json()
    refused = callers[Role.DOMAIN_EXPERT, "key"].post("/api/graphql", json=look)
    assert refusals(refused) == ["The role Domain Expert may not read prompts."]


def test_a_project_without_its_name_or_of_others_is_none(server: Any, callers: dict[tuple[str, str], httpx.Client]):
    client = callers[Role.ADMIN, "session"]
    own = client.headers["x-project-id"]
    stranger = server.http.post("/api/my-project").json()["projectId"]
    answers = []
    for public_id in (stranger, "no-such-project", "'"):
        answer = client.get("/api/usage", headers={"x-project-id": public_id})
        assert answer.status_code == 404
        answers.append(answer.json())
        assert (
            client.get("/api/usage", params={"project": public_id}, headers={"x-project-id": ""}).json()
            == answer.json()
        )
    assert answers[0] == answers[1] == answers[2]
    assert client.get("/api/usage", headers={"x-project-id": ""}).status_code == 403
    assert client.get("/api/usage", params={"project": own}, headers={"x-project-id": ""}).status_code == 200
    for method in ("PATCH", "DELETE"):
        for one in (client, callers[Role.ADMIN, "key"]):
            assert one.request(method, f"/api/projects/{stranger}", content=b"{}").status_code == 404
