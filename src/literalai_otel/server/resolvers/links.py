"""Fields that lead from one entity to another: a step's thread, a generation's step.

Lists bring what the published clients ask for along; anything else is read once for each entity of a request.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from literalai_otel.server import old_clients
from literalai_otel.server.filters import parse_filters
from literalai_otel.server.old_clients import readable
from literalai_otel.server.resolvers.attachments import attachment_url
from literalai_otel.server.resolvers.call import Call, Info, selected, selects
from literalai_otel.server.resolvers.step_payload import needs_payload
from literalai_otel.server.store import prompt_links, score_schemas
from literalai_otel.server.store.paging import PageQuery

Link = Callable[[Call, Info, dict[str, Any]], Any]

_THREAD_OF_LISTS: Final = {"id", "participant"}
_STEP_OF_SCORES: Final = {"id", "threadId", "thread"}
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


def score_step(call: Call, info: Info, score: dict[str, Any]) -> dict[str, Any] | None:
    """The step of a score; null when it has none, or while that is not there yet."""
    if "step" in score and selected(info) <= _STEP_OF_SCORES:
        return score["step"]
    step_id = score["stepId"]
    return (
        None if step_id is None else call.once(("step", step_id), lambda: call.store.get_step(call.project.id, step_id))
    )


def score_schema(call: Call, info: Info, score: dict[str, Any]) -> dict[str, Any] | None:
    """The schema that the score was held against; null without one."""
    schema_id = score["scoreSchemaId"]
    if schema_id is None:
        return None
    return call.once(
        ("score schema", schema_id),
        lambda: call.store.read(score_schemas.get, call.project.id, schema_id=schema_id),
    )


def score_project(call: Call, info: Info, score: dict[str, Any]) -> str:
    """The public id of the project."""
    return call.project.public_id


def _content(name: str) -> Link:
    """A field of a generation, in a form that the asking client can parse."""

    def resolve(call: Call, info: Info, generation: dict[str, Any]) -> Any:
        value = generation.get(name)
        return readable(name, value) if call.client.strict else value

    return resolve


def _prompt(name: str) -> Link:
    """What people call the prompt of a generation: `lineage` or `version`."""

    def resolve(call: Call, info: Info, generation: dict[str, Any]) -> Any:
        prompt_id = generation.get("promptId")
        if prompt_id is None:
            return None
        named = call.once(
            ("prompt", prompt_id), lambda: call.store.read(prompt_links.named, call.project.id, [prompt_id])
        )
        return getattr(named.get(prompt_id), name, None)

    return resolve


def generation_scores(call: Call, info: Info, generation: dict[str, Any]) -> list[dict[str, Any]]:
    """The scores of the generation's step."""
    step = generation_step(call, info, generation)
    return step["scores"] if step else []


def generation_input(call: Call, info: Info, generation: dict[str, Any]) -> Any:
    """What was asked last: the last message, or the prompt."""
    messages = generation.get("messages")
    return cast(list[Any], messages)[-1] if isinstance(messages, list) and messages else generation.get("prompt")


def generation_output(call: Call, info: Info, generation: dict[str, Any]) -> Any:
    """What was answered: the message, or the completion."""
    return generation.get("messageCompletion") or generation.get("completion")


def generation_tool_calls(call: Call, info: Info, generation: dict[str, Any]) -> Any:
    """The tools that the answer calls."""
    answer = generation.get("messageCompletion")
    return cast(dict[str, Any], answer).get("tool_calls") if isinstance(answer, dict) else None


LINKS: Final[Mapping[str, Mapping[str, Link]]] = {
    "Step": {"thread": step_thread},
    "Attachment": {"url": attachment_url},
    "Score": {"step": score_step, "projectId": score_project, "schema": score_schema},
    "Generation": {
        "step": generation_step,
        "scores": generation_scores,
        "input": generation_input,
        "output": generation_output,
        "toolCalls": generation_tool_calls,
        "promptLineage": _prompt("lineage"),
        "promptVersion": _prompt("version"),
        "version": _prompt("version"),
        **{name: _content(name) for name in old_clients.FIELDS},
    },
}
