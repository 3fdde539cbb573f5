"""Steps (`spec/literal-wire.md` §2.3). Writes go through `Ingest`, like batches and spans."""

import uuid
from typing import Any, Final

from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.resolvers.step_payload import needs_payload


def steps(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of steps, newest start first unless the query orders."""
    listing = call.store.list_steps(
        call.project.id,
        call.page_query("steps", arguments, info),
        payload=needs_payload(info, "edges", "node"),
    )
    return listing.to_connection()


def step(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """A whole step, null when it is unknown."""
    return call.store.get_step(call.project.id, arguments["id"])


def create_step(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """A step with a new id.

    The published clients lose the root run on the way (`spec/literal-wire.md` §2.3): it is that of the parent then.
    """
    root = arguments.get("rootRunId") or _root_below(call, arguments.get("parentId"))
    return store_step(call, {**arguments, "id": str(uuid.uuid4()), "rootRunId": root})


def update_step(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Merge into a known step, null when it is unknown. The clients send every key: null leaves the value."""
    if call.store.get_step(call.project.id, arguments["id"]) is None:
        return None
    return store_step(call, arguments)


def ingest_step(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """One alias of a batch that is no pure batch, so took no fast path."""
    outcome = _ingest(call, arguments)
    return {"ok": outcome.ok, "message": outcome.message}


def delete_step(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete a step; answers what was deleted."""
    deleted = call.wait(call.store.delete_step(call.project.id, arguments["id"]))
    call.files.sweep_soon()
    return deleted


def store_step(call: Call, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The step after `arguments` were merged into it. Raises `Problem` when they are refused."""
    outcome = _ingest(call, arguments)
    if not outcome.ok:
        raise Problem("BAD_USER_INPUT", outcome.message)
    return call.store.get_step(call.project.id, arguments["id"])


def _root_below(call: Call, parent_id: str | None) -> str | None:
    parent = call.store.get_step(call.project.id, parent_id) if parent_id else None
    if parent is None:
        return None
    return parent["rootRunId"] or (parent["id"] if parent["type"] == "run" else None)


def _ingest(call: Call, arguments: dict[str, Any]) -> Any:
    given = {name: value for name, value in arguments.items() if value is not None}
    return call.wait(call.ingest.steps(call.project.id, [given], environment=call.environment))[0]


QUERIES: Final = {"steps": steps, "step": step}
MUTATIONS: Final = {
    "createStep": create_step,
    "updateStep": update_step,
    "ingestStep": ingest_step,
    "deleteStep": delete_step,
}
