"""Threads (`spec/literal-wire.md` §2.2)."""

import logging
from typing import Any, Final

from literalai_otel.config import environment_name
from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info, selects
from literalai_otel.server.resolvers.step_payload import needs_payload
from literalai_otel.server.store.threads import ThreadFields

_LOGGER: Final = logging.getLogger(__name__)


def threads(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of threads; steps are read only when the document selects them."""
    listing = call.store.list_threads(
        call.project.id,
        call.page_query("threads", arguments, info),
        with_steps=selects(info, "edges", "node", "steps"),
        step_types=arguments.get("stepTypesToKeep"),
        payload=needs_payload(info, "edges", "node", "steps"),
    )
    return listing.to_connection()


def thread_detail(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """A thread with its steps, null when it is unknown."""
    return call.store.thread_detail(call.project.id, arguments["id"], payload=needs_payload(info, "steps"))


def create_thread(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A thread with a new id."""
    return call.wait(call.store.create_thread(call.project.id, _fields(call, arguments)))


def upsert_thread(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """Insert or merge: null leaves the stored value."""
    return call.wait(call.store.upsert_thread(call.project.id, arguments["id"], _fields(call, arguments)))


def update_thread(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Merge into a known thread, null when it is unknown."""
    return call.wait(call.store.update_thread(call.project.id, arguments["id"], _fields(call, arguments)))


def delete_thread(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete a thread with its steps; answers what was deleted."""
    deleted = call.wait(call.store.delete_thread(call.project.id, arguments["id"]))
    call.files.sweep_soon()
    return deleted


def _fields(call: Call, arguments: dict[str, Any]) -> ThreadFields:
    return ThreadFields(
        name=arguments.get("name"),
        metadata=arguments.get("metadata"),
        tags=arguments.get("tags"),
        participant_id=arguments.get("participantId"),
        environment=_environment(arguments.get("environment")) or call.environment,
    )


def _environment(given: str | None) -> str | None:
    """The environment of an argument, also by a common synonym (`spec/features.md` X-05)."""
    if not given:
        return None
    try:
        name = environment_name(given)
    except ValueError as problem:
        raise Problem("BAD_USER_INPUT", f"environment {problem}, not {given!r}.") from None
    if name != given:
        _LOGGER.warning("the environment %r of a thread is stored as %r", given, name)
    return name


QUERIES: Final = {"threads": threads, "threadDetail": thread_detail}
MUTATIONS: Final = {
    "createThread": create_thread,
    "upsertThread": upsert_thread,
    "updateThread": update_thread,
    "deleteThread": delete_thread,
}
