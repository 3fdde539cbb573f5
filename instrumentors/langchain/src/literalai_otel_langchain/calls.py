"""Runs of models, from their start to their last chunk."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from literalai_otel.attributes import (
    GENERATION_SETTINGS,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    PROMPT_ID,
    PROMPT_VARIABLES,
    REQUEST_STREAM,
    RESPONSE_FINISH_REASONS,
    TOOL_DEFINITIONS,
)
from literalai_otel.genai import Inference, Invocation, Recording
from literalai_otel.genai.messages import Json
from literalai_otel.jsonable import to_jsonable
from literalai_otel_langchain.frames import claim
from literalai_otel_langchain.labels import choose_step_id
from literalai_otel_langchain.messages import FrozenMessage
from literalai_otel_langchain.models import (
    first_generations,
    model_invocation,
    read_request,
    read_result,
    settings,
    tools,
)
from literalai_otel_langchain.recorder import RunRecorder, Start
from literalai_otel_langchain.runs import RUNS


def start_chat(
    recorder: RunRecorder, start: Start, serialized: Mapping[str, Any], messages: list[Any], params: Mapping[str, Any]
) -> None:
    """A chat model is called with `messages`."""
    if not recorder.place(start):
        return
    invocation = None if start.ignored else model_invocation("chat", serialized, params, start.metadata)
    frozen = [FrozenMessage(message) for message in messages]
    linked = next((message for message in frozen if message.prompt_id is not None), None)
    if invocation is not None and linked is not None:
        invocation.attributes[PROMPT_ID] = linked.prompt_id
    recording = _open(recorder, start, invocation, params)
    if recording is None or not recording.wants_content:
        return
    recording.learn(
        partial(_learn_content, INPUT_MESSAGES, partial(_rendered, frozen)), sum([message.size for message in frozen])
    )
    if linked is not None:
        recording.learn(partial(_learn_content, PROMPT_VARIABLES, partial(to_jsonable, linked.variables)))


def start_text(
    recorder: RunRecorder, start: Start, serialized: Mapping[str, Any], prompt: str, params: Mapping[str, Any]
) -> None:
    """A text model is called with `prompt`."""
    if not recorder.place(start):
        return
    invocation = None if start.ignored else model_invocation("text_completion", serialized, params, start.metadata)
    recording = _open(recorder, start, invocation, params)
    if recording is not None and recording.wants_content:
        recording.learn(partial(_learn_content, INPUT_MESSAGES, partial(_texts, "user", [prompt])), len(prompt))


def _open(
    recorder: RunRecorder, start: Start, invocation: Inference | None, params: Mapping[str, Any]
) -> Recording | None:
    above = start.above
    if invocation is not None:
        choose_step_id(invocation, start.metadata, above.root if above is not None else None)
    run = recorder.open(start, invocation)
    recording = run.recording
    if recording is not None and recording.active:
        given = dict(params)
        recording.learn(partial(_learn_request, given, dict(start.metadata)))
        if above is not None and above.variables is not None and recording.wants_content:
            recording.learn(partial(_learn_content, PROMPT_VARIABLES, above.variables.render))
        run.settle = partial(recording.learn, partial(_learn_settings, given))
    if above is not None:
        above.variables = None  # a prompt belongs to the next call alone
    claim(run, "model")
    return recording


def _learn_request(params: Mapping[str, Any], metadata: Mapping[str, Any], invocation: Invocation) -> None:
    """A reader for `Recording.learn`, as are those below."""
    read_request(params, metadata, invocation.attributes)


def _learn_content(name: str, produce: Callable[[], Any], invocation: Invocation) -> None:
    invocation.content[name] = produce


def _learn_settings(params: dict[str, Any], invocation: Invocation) -> None:
    """Add what a client of the provider below knows better: it has said so by now, if there is one."""
    invocation.content.setdefault(GENERATION_SETTINGS, partial(settings, params))
    invocation.content.setdefault(TOOL_DEFINITIONS, partial(tools, params))


def take_chunk(run_id: UUID) -> bool:
    """A chunk of an answer has come; gives whether the recording must hear of the next."""
    run = RUNS.get(run_id)
    recording = run.recording if run is not None else None
    if recording is None or not recording.active:
        return False
    attributes = recording.invocation.attributes
    if recording.counts_chunks or REQUEST_STREAM not in attributes:
        attributes[REQUEST_STREAM] = True
        recording.chunk()
    return recording.counts_chunks


def end_call(run_id: UUID, result: Any, error: BaseException | None = None) -> None:
    """A model gave `result`, or as much of it as there was before `error`."""
    run = RUNS.get(run_id)
    if run is None:
        return
    try:
        if run.recording is not None and run.recording.active:
            _read(run.recording, result, failed=error is not None)
    finally:
        if error is None:
            run.complete()
        else:
            run.fail(error)


def _read(recording: Recording, result: Any, *, failed: bool) -> None:
    generations = first_generations(result)
    # Beside what came before an error, LangChain packs the error's own response into an empty message.
    if failed and not any(_says_something(generation) for generation in generations):
        return
    write = read_result(result)
    if not recording.wants_content or not generations:
        recording.learn(partial(_learn_answer, write, None))
    elif hasattr(generations[0], "message"):
        answers = [FrozenMessage(generation.message) for generation in generations]
        recording.learn(
            partial(_learn_answer, write, partial(_rendered, answers)), sum([each.size for each in answers])
        )
    else:
        texts = [str(generation.text) for generation in generations]
        recording.learn(
            partial(_learn_answer, write, lambda _reasons: _texts("assistant", texts)), sum(map(len, texts))
        )


def _learn_answer(
    write: Callable[[dict[str, Any]], None], produce: Callable[[Any], Any] | None, invocation: Invocation
) -> None:
    write(invocation.attributes)
    if produce is not None:
        reasons = invocation.attributes.get(RESPONSE_FINISH_REASONS, ())
        invocation.content[OUTPUT_MESSAGES] = partial(produce, reasons)


def _says_something(generation: Any) -> bool:
    message = getattr(generation, "message", generation)
    return bool(getattr(message, "content", None) or getattr(message, "tool_calls", None) or generation.text)


def _rendered(messages: list[FrozenMessage], reasons: Any = ()) -> list[Json]:
    rendered = [message.render() for message in messages]
    if len(reasons) == len(rendered):
        for message, reason in zip(rendered, reasons, strict=True):
            message["finish_reason"] = reason
    return rendered


def _texts(role: str, texts: list[str]) -> list[Json]:
    return [{"role": role, "parts": [{"type": "text", "content": text}]} for text in texts]
