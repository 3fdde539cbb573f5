"""Runs of tools and of retrievers."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from langchain_core.messages import ToolMessage

from literalai_otel.attributes import (
    AGENT_NAME,
    OPERATION_NAME,
    RETRIEVAL_DOCUMENTS,
    RETRIEVAL_QUERY_TEXT,
    STEP_NAME,
    STEP_OUTPUT,
    TOOL_CALL_ARGUMENTS,
    TOOL_CALL_ID,
    TOOL_CALL_RESULT,
    TOOL_DESCRIPTION,
    TOOL_NAME,
    TOOL_TYPE,
)
from literalai_otel.genai import Invocation
from literalai_otel.genai.messages import Json
from literalai_otel_langchain.frames import claim
from literalai_otel_langchain.labels import agent_of
from literalai_otel_langchain.recorder import RunRecorder, Start, keep
from literalai_otel_langchain.runs import RUNS
from literalai_otel_langchain.values import FrozenDocument

_TOOL_ERROR: Final = "tool_error"
"""Type of the error of a tool that answered with one (`handle_tool_error`) in place of raising it."""


def start_tool(
    recorder: RunRecorder, start: Start, serialized: Mapping[str, Any], arguments: Any, call_id: Any
) -> None:
    """A tool is called; `arguments` is an object, or the text that the model made."""
    if not recorder.place(start):
        return
    invocation = None
    if not start.ignored:
        attributes: dict[str, Any] = {OPERATION_NAME: "execute_tool", TOOL_NAME: start.name, TOOL_TYPE: "function"}
        if isinstance(serialized.get("description"), str):
            attributes[TOOL_DESCRIPTION] = serialized["description"]
        if call_id is not None:
            attributes[TOOL_CALL_ID] = str(call_id)
        agent = agent_of(start.metadata)
        if agent is not None:
            attributes[AGENT_NAME] = agent
        invocation = Invocation(attributes)
    run = recorder.open(start, invocation)
    claim(run, "tool")
    keep(run, TOOL_CALL_ARGUMENTS, arguments)


def end_tool(run_id: UUID, output: Any) -> None:
    """A tool gave `output`: its value, or a message to the model, which may speak of an error."""
    run = RUNS.get(run_id)
    if run is None:
        return
    try:
        is_message = isinstance(output, ToolMessage)
        if run.recording is not None and is_message and output.tool_call_id:
            run.recording.invocation.attributes.setdefault(TOOL_CALL_ID, str(output.tool_call_id))
        keep(run, TOOL_CALL_RESULT, output.content if is_message else output)
        if is_message and output.status == "error":
            run.fail_as(_TOOL_ERROR, "the tool answered with an error")
    finally:
        run.complete()


def start_retrieval(recorder: RunRecorder, start: Start, query: Any) -> None:
    """A retriever is asked `query`."""
    if not recorder.place(start):
        return
    invocation = None if start.ignored else Invocation({OPERATION_NAME: "retrieval", STEP_NAME: start.name})
    run = recorder.open(start, invocation)
    claim(run, "retrieval")
    keep(run, RETRIEVAL_QUERY_TEXT, query)


def end_retrieval(run_id: UUID, documents: Sequence[Any]) -> None:
    """A retriever found `documents`."""
    run = RUNS.get(run_id)
    if run is None:
        return
    try:
        if run.recording is not None and run.recording.wants_content:
            found = [FrozenDocument(document) for document in documents]
            run.recording.invocation.content[RETRIEVAL_DOCUMENTS] = partial(_references, found)
            keep(run, STEP_OUTPUT, documents)
    finally:
        run.complete()


def _references(documents: list[FrozenDocument]) -> list[Json]:
    return [document.reference() for document in documents]
