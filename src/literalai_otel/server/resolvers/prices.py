"""Price rules of a project (`spec/features.md` P-COST-01 to -03)."""

from typing import Any, Final

from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.store import prices


def model_prices(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """All rules, newest first."""
    rules = call.store.read(prices.page, call.project.id)
    return {"totalCount": len(rules), "edges": [{"node": rule} for rule in rules]}


def create_model_price(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A rule for what is logged from now on."""
    return call.wait(call.store.write(prices.create, call.project.id, arguments))


def update_model_price(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Change a rule: null leaves a value, and opens an end of the period. Null when the rule is unknown."""
    return call.wait(call.store.write(prices.change, call.project.id, arguments["id"], arguments))


def delete_model_price(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete a rule; answers what was deleted."""
    return call.wait(call.store.write(prices.remove, call.project.id, arguments["id"]))


QUERIES: Final = {"modelPrices": model_prices}
MUTATIONS: Final = {
    "createModelPrice": create_model_price,
    "updateModelPrice": update_model_price,
    "deleteModelPrice": delete_model_price,
}
