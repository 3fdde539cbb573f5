"""Generations: the model payloads of `llm` steps (`spec/literal-wire.md` §2.5)."""

from typing import Any, Final

from literalai_otel.server.resolvers.call import Call, Info


def generations(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of generations, newest first unless the query orders."""
    query = call.page_query("generations", arguments, info)
    return call.store.list_generations(call.project.id, query).to_connection()


QUERIES: Final = {"generations": generations}
