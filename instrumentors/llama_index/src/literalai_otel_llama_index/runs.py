"""Readers of what holds model calls together: engines, synthesizers, pipelines, and components of users."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from literalai_otel.attributes import (
    AGENT_NAME,
    INPUT_MESSAGES,
    OPERATION_NAME,
    OUTPUT_MESSAGES,
    STEP_INPUT,
    STEP_NAME,
    STEP_OUTPUT,
    STEP_TYPE,
    WORKFLOW_NAME,
)
from literalai_otel.genai import Invocation, Recording
from literalai_otel.jsonable import to_jsonable
from literalai_otel_llama_index.messages import text_message
from literalai_otel_llama_index.node import Node, SpanCall
from literalai_otel_llama_index.retrieval import image_of, query_text


def begin_query(call: SpanCall) -> Invocation:
    """The invocation of a query engine: a run."""
    invocation = Invocation({OPERATION_NAME: "invoke_workflow", WORKFLOW_NAME: call.cls.__name__})
    invocation.content[STEP_INPUT] = partial(_query, next(iter(call.arguments.values()), None))
    return invocation


def begin_chat(call: SpanCall) -> Invocation:
    """The invocation of a chat engine: a run that is talked to."""
    invocation = Invocation({OPERATION_NAME: "invoke_workflow", WORKFLOW_NAME: call.cls.__name__})
    _add_question(invocation, call)
    return invocation


def begin_agent_chat(call: SpanCall) -> Invocation:
    """The invocation of an agent that is a chat engine, as they were up to 0.12."""
    invocation = Invocation({OPERATION_NAME: "invoke_agent", AGENT_NAME: call.cls.__name__})
    _add_question(invocation, call)
    return invocation


def begin_synthesis(call: SpanCall) -> Invocation:
    """The invocation of a response synthesizer: a component."""
    invocation = Invocation({STEP_NAME: call.cls.__name__, STEP_TYPE: "undefined"})
    invocation.content[STEP_INPUT] = partial(_query, call.arguments.get("query"))
    return invocation


def begin_pipeline(call: SpanCall) -> Invocation:
    """The invocation of an ingestion pipeline: a run. Its documents are many, so they are counted."""
    invocation = Invocation({OPERATION_NAME: "invoke_workflow", WORKFLOW_NAME: call.cls.__name__})
    counts = {
        name: len(cast(list[Any], given))
        for name, given in call.arguments.items()
        if isinstance(given, list | tuple) and name in ("documents", "nodes")
    }
    invocation.content[STEP_INPUT] = lambda: dict(counts) or None
    return invocation


def read_pipeline(recording: Recording, result: Any) -> None:
    """Write how many nodes came out."""
    try:
        count = len(result)
    except TypeError:
        return
    recording.invocation.content[STEP_OUTPUT] = lambda: {"nodes": count}


def begin_component(call: SpanCall) -> Invocation:
    """The invocation of a function or method that its owner made a span."""
    invocation = Invocation({STEP_NAME: call.name, STEP_TYPE: "undefined"})
    arguments = dict(call.arguments)
    invocation.content[STEP_INPUT] = partial(to_jsonable, arguments)
    return invocation


def read_component(recording: Recording, result: Any) -> None:
    """Write a result."""
    if result is not None:
        recording.invocation.content[STEP_OUTPUT] = partial(to_jsonable, result)


def read_answer(recording: Recording, result: Any) -> None:
    """Write the answer of an engine or a synthesizer."""
    answer = getattr(result, "response", None)
    if answer is not None:
        write_answer(recording, answer if isinstance(answer, str) else partial(to_jsonable, answer))


def write_answer(recording: Recording, answer: Any) -> None:
    """Write `answer`, a text or what makes one: as a message where the question is one."""
    invocation = recording.invocation
    if not recording.wants_content:
        return
    if INPUT_MESSAGES in invocation.content:
        invocation.content[OUTPUT_MESSAGES] = lambda: [text_message("assistant", _made(answer))]
    else:
        invocation.content[STEP_OUTPUT] = lambda: _made(answer)


def keep_prompt(node: Node, call: SpanCall) -> None:
    """Of `predict` and its kin: template and variables, for the model call inside."""
    template = call.arguments.get("prompt")
    variables = call.arguments.get("prompt_args")
    if template is not None:
        node.prompt = (template, dict(cast(Mapping[str, Any], variables)) if isinstance(variables, Mapping) else {})


def _add_question(invocation: Invocation, call: SpanCall) -> None:
    message = call.arguments.get("message")
    invocation.content[INPUT_MESSAGES] = lambda: [text_message("user", message)]


def _query(query: Any) -> Any:
    text, image = query_text(query), image_of(query)
    return text if image is None else {"query": text, "image": image}


def _made(answer: Any) -> Any:
    return answer() if callable(answer) else answer
