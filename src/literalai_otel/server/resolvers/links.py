"""Fields that lead from one entity to another: a step's thread, a generation's step.

Lists bring what the published clients ask for along; anything else is read once for each entity of a request.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from literalai_otel.server.filters import parse_filters
from literalai_otel.server.resolvers.call import Call, Info, selected, selects
from literalai_otel.server.resolvers.step_payload import needs_payload
from literalai_otel.server.store.paging import PageQuery

Link = Callable[[Call, Info, dict[str, Any]], Any]

_THREAD_OF_LISTS: Final = {"id", "participant"}
_PARTICIPANT_OF_LISTS: Final = {"identifier"}


def step_thread(call: Call, info: Info, step: dict[str, Any]) -> dict[str, Any] | None:
    """The thread of a step, null when it has none."""
    brought = step.get("thread")
    if (
        brought is not None
        and selected(info) <= _THREAD_OF_LISTS
        and selected(info, "participant") <= _PARTICIPANT_OF_LISTS
    ):
        return brought
    thread_id = step.get("threadId")
    if thread_id is None:
        return None
    # The same place in the answer has the same selection, whichever element of the list it is.
    place = tuple(key for key in info.path.as_list() if isinstance(key, str))
    return call.once((place, thread_id), lambda: _thread(call, info, thread_id))


def _thread(call: Call, info: Info, thread_id: str) -> dict[str, Any] | None:
    same = parse_filters("threads", [{"field": "id", "operator": "eq", "value": thread_id}])
    listing = call.store.list_threads(
        call.project.id,
        PageQuery(first=1, filters=same, count=False),
        with_steps=selects(info, "steps"),
        payload=needs_payload(info, "steps"),
    )
    return listing.nodes[0] if listing.nodes else None


def generation_step(call: Call, info: Info, generation: dict[str, Any]) -> dict[str, Any] | None:
    """The step of a generation."""
    brought = generation.get("step")
    if brought is not None:
        return brought
    step_id = generation["stepId"]
    return call.once(("step", step_id), lambda: call.store.get_step(call.project.id, step_id))


LINKS: Final[Mapping[str, Mapping[str, Link]]] = {
    "Step": {"thread": step_thread},
    "Generation": {"step": generation_step},
}
