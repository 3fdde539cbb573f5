"""Score schemas: what may be said in a score (`spec/features.md` P-SCR-06). No published client knows them."""

from typing import Any, Final

from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.store import score_schemas as store


def score_schemas(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of schemas, newest first unless the query orders."""
    query = call.page_query("scoreSchemas", arguments, info)
    return call.store.read(store.page, call.project.id, query).to_connection()


def score_schema(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """By id if one is given, else by name; null when unknown."""
    schema_id, name = arguments.get("id"), arguments.get("name")
    if schema_id is None and name is None:
        raise Problem("BAD_USER_INPUT", "Give an id or a name.")
    return call.store.read(store.get, call.project.id, schema_id=schema_id, name=name)


def create_score_schema(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A new schema. Its name must be free."""
    return call.wait(call.store.write(store.create, call.project.id, arguments, call.author))


def update_score_schema(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Change a schema for scores to come: null leaves a value. Null when it is unknown."""
    return call.wait(call.store.write(store.change, call.project.id, arguments["id"], arguments))


def delete_score_schema(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete a schema; its scores stay. Answers what was deleted."""
    return call.wait(call.store.write(store.remove, call.project.id, arguments["id"]))


QUERIES: Final = {"scoreSchemas": score_schemas, "scoreSchema": score_schema}
MUTATIONS: Final = {
    "createScoreSchema": create_score_schema,
    "updateScoreSchema": update_score_schema,
    "deleteScoreSchema": delete_score_schema,
}
