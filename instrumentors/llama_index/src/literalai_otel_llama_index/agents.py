"""Readers of workflows, agents and tools.

An agent of today is a workflow whose steps call model and tools. Its own steps are noise; those of a user's workflow
are components. In a workflow of several agents each has its turns: from its set-up to that of the next one.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, cast

from literalai_otel.attributes import (
    AGENT_DESCRIPTION,
    AGENT_NAME,
    INPUT_MESSAGES,
    OPERATION_NAME,
    OUTPUT_MESSAGES,
    STEP_INPUT,
    STEP_NAME,
    STEP_OUTPUT,
    STEP_TYPE,
    TOOL_CALL_ARGUMENTS,
    TOOL_CALL_ID,
    TOOL_CALL_RESULT,
    TOOL_DEFINITIONS,
    TOOL_DESCRIPTION,
    TOOL_NAME,
    TOOL_TYPE,
    WORKFLOW_NAME,
)
from literalai_otel.genai import Invocation, Recording
from literalai_otel.genai.messages import Json
from literalai_otel.jsonable import to_jsonable
from literalai_otel_llama_index.messages import Said, message_of, snapshot, written
from literalai_otel_llama_index.node import SpanCall, class_of

_INTERNAL_TYPES: Final = frozenset({"Context", "InternalContext"})
"""Arguments by which workflows and tools reach their surroundings."""
TOOL_ERROR: Final = "tool_error"
"""`error.type` of a tool that says in its output that it failed."""


def begin_agent(call: SpanCall) -> Invocation:
    """The invocation of a run of one agent."""
    agent = call.instance
    attributes: dict[str, Any] = {OPERATION_NAME: "invoke_agent"}
    for field, name in (("name", AGENT_NAME), ("description", AGENT_DESCRIPTION)):
        value = getattr(agent, field, None)
        if isinstance(value, str) and value:
            attributes[name] = value
    invocation = Invocation(attributes)
    _add_task(invocation, call)
    tools: Any = getattr(agent, "tools", None)
    if isinstance(tools, list | tuple) and tools:
        invocation.content[TOOL_DEFINITIONS] = partial(_definitions, tuple(cast(list[Any], tools)))
    return invocation


def begin_workflow(call: SpanCall) -> Invocation:
    """The invocation of a run of a workflow."""
    invocation = Invocation({OPERATION_NAME: "invoke_workflow", WORKFLOW_NAME: call.cls.__name__})
    _add_task(invocation, call)
    return invocation


def read_run(recording: Recording, result: Any) -> None:
    """Write what a run gave: an agent's message, or whatever its last event holds."""
    if not recording.wants_content:
        return
    given = _result_of(result)
    message = getattr(given, "response", None)
    if hasattr(message, "blocks"):
        recording.invocation.content[OUTPUT_MESSAGES] = partial(written, [snapshot(message)])
    elif given is not None:
        recording.invocation.content[STEP_OUTPUT] = partial(_event, given)


def begin_step(call: SpanCall) -> Invocation:
    """The invocation of a step of a user's workflow."""
    invocation = Invocation({STEP_NAME: call.method, STEP_TYPE: "undefined"})
    event = event_of(call)
    if event is not None:
        invocation.content[STEP_INPUT] = partial(_event, event)
    return invocation


def read_step(recording: Recording, result: Any) -> None:
    """Write the event that a step gave."""
    if result is not None and recording.wants_content:
        recording.invocation.content[STEP_OUTPUT] = partial(_event, result)


def event_of(call: SpanCall) -> Any:
    """The event that a step is given: the one argument that is no surroundings."""
    for name, value in call.arguments.items():
        if name in ("ev", "event"):
            return value
    others = (value for value in call.arguments.values() if not _is_internal(value))
    return next(others, None)


def begin_turn(name: str, event: Any) -> Invocation:
    """The invocation of a turn of agent `name`."""
    invocation = Invocation({OPERATION_NAME: "invoke_agent", AGENT_NAME: name})
    messages: Any = getattr(event, "input", None)
    if isinstance(messages, list | tuple):
        invocation.content[INPUT_MESSAGES] = partial(written, [snapshot(each) for each in cast(list[Any], messages)])
    return invocation


def begin_tool(call: SpanCall) -> Invocation:
    """The invocation of a tool; its call id is known where the agent's step names it."""
    metadata = getattr(call.instance, "metadata", None)
    attributes: dict[str, Any] = {OPERATION_NAME: "execute_tool", TOOL_TYPE: "function"}
    name, about = getattr(metadata, "name", None), getattr(metadata, "description", None)
    if isinstance(name, str) and name:
        attributes[TOOL_NAME] = name
    if isinstance(about, str) and about:
        attributes[TOOL_DESCRIPTION] = about
    asked = call.parent.tool_call if call.parent is not None else None
    call_id = getattr(asked, "tool_id", None)
    if isinstance(call_id, str) and call_id:
        attributes[TOOL_CALL_ID] = call_id
    invocation = Invocation(attributes)
    invocation.content[TOOL_CALL_ARGUMENTS] = partial(to_jsonable, _tool_arguments(call.arguments))
    return invocation


def begin_missing_tool(asked: Any) -> Invocation:
    """The invocation of a tool that the model asked for and nobody has."""
    attributes: dict[str, Any] = {OPERATION_NAME: "execute_tool", TOOL_TYPE: "function", TOOL_NAME: asked.tool_name}
    if asked.tool_id:
        attributes[TOOL_CALL_ID] = asked.tool_id
    invocation = Invocation(attributes)
    invocation.content[TOOL_CALL_ARGUMENTS] = partial(to_jsonable, asked.tool_kwargs)
    return invocation


def read_tool(recording: Recording, output: Any) -> None:
    """Write what a tool gave."""
    if recording.wants_content:
        recording.invocation.content[TOOL_CALL_RESULT] = partial(_tool_result, output)


def tool_error(output: Any) -> str | None:
    """What a tool's output says about its failure, None when it did not fail."""
    return str(output) if getattr(output, "is_error", False) is True else None


def _add_task(invocation: Invocation, call: SpanCall) -> None:
    """What a run is given: messages for an agent, the fields of its first event for anything else."""
    start: Any = call.arguments.get("start_event")
    given: Any = call.arguments.get("kwargs")
    source: Any = start if start is not None else given
    task = _field(source, "user_msg")
    history = _field(source, "chat_history")
    if task is None and not history:
        if source is not None:
            invocation.content[STEP_INPUT] = partial(_event, source)
        return
    said = [snapshot(each) for each in cast(list[Any], history)] if isinstance(history, list | tuple) else []
    if task is not None:
        said.append(snapshot(task) if hasattr(task, "blocks") else Said("user", (str(task),), {}))
    invocation.content[INPUT_MESSAGES] = partial(written, said)


def _field(source: Any, name: str) -> Any:
    return cast(Mapping[str, Any], source).get(name) if isinstance(source, Mapping) else getattr(source, name, None)


def _result_of(result: Any) -> Any:
    """What a stop event holds; runs of older releases give that itself."""
    held = getattr(result, "result", None) if _is_stop(result) else None
    return result if held is None else held


def _is_stop(event: Any) -> bool:
    return any(base.__name__ == "StopEvent" for base in class_of(event).__mro__)


def _event(event: Any) -> Any:
    """An event as its fields: those of its class, and those that it was given."""
    if hasattr(event, "response") and hasattr(event.response, "blocks"):
        return message_of(snapshot(event.response))
    if isinstance(event, str):
        return event
    shown = to_jsonable(event)
    fields = cast(Json, shown) if isinstance(shown, dict) else {}
    if _is_stop(event) and not fields:
        return {"result": to_jsonable(event.result)}  # a private field up to 0.12
    if isinstance(fields.get("_data"), dict):
        return {**{key: value for key, value in fields.items() if key != "_data"}, **fields["_data"]}
    return cast(Any, shown)


def _definitions(tools: tuple[Any, ...]) -> list[Json]:
    return [definition for definition in map(_definition, tools) if definition is not None]


def _definition(tool: Any) -> Json | None:
    """A tool as a definition; one without a name or with parameters that cannot be told is left out."""
    try:
        metadata = tool.metadata
        definition: Json = {"type": "function", "name": metadata.name, "parameters": metadata.get_parameters_dict()}
        if metadata.description:
            definition["description"] = metadata.description
    except Exception:
        return None
    return definition if isinstance(definition["name"], str) and definition["name"] else None


def _tool_arguments(arguments: Mapping[str, Any]) -> Any:
    """What a tool is called with: keywords as one object, what has no name beside them under `args`."""
    told: dict[str, Any] = {}
    for name, value in arguments.items():
        if name == "kwargs" and isinstance(value, Mapping):
            keywords = cast(Mapping[str, Any], value)
            told.update({key: item for key, item in keywords.items() if not _is_internal(item)})
        elif not _is_internal(value):
            told[name] = value
    return told


def _tool_result(output: Any) -> Any:
    """The raw output where that is JSON already, else the text that the model gets."""
    raw = getattr(output, "raw_output", None)
    if isinstance(raw, dict | list | str | int | float):
        return to_jsonable(cast(Any, raw))
    content = getattr(output, "content", None)
    return content if isinstance(content, str) else to_jsonable(output)


def _is_internal(value: Any) -> bool:
    return type(value).__name__ in _INTERNAL_TYPES
