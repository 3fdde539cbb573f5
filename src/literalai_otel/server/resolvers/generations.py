"""Generations: the model payloads of `llm` steps (`spec/literal-wire.md` §2.5)."""

import uuid
from typing import Any, Final, cast

from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.resolvers.steps import store_step


def generations(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of generations, newest first unless the query orders."""
    query = call.page_query("generations", arguments, info)
    return call.store.list_generations(call.project.id, query).to_connection()


def create_generation(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """A generation that stands alone: an `llm` step of the same id, named by its model."""
    given = arguments["generation"]
    if not isinstance(given, dict):
        raise Problem("BAD_USER_INPUT", f"generation must be an object, not {type(given).__name__}.")
    generation = cast(dict[str, Any], given)
    step = {
        "id": generation.get("id") or str(uuid.uuid4()),
        "type": "llm",
        "name": generation.get("model"),
        "error": generation.get("error"),
        "generation": generation,
    }
    stored = store_step(call, step)
    return stored and stored["generation"]


QUERIES: Final = {"generations": generations}
MUTATIONS: Final = {"createGeneration": create_generation}
