"""`run_async`, the loop in which the SDK calls the model and the program's own tools until neither has more to say.

It becomes a run: the calls of the model inside are generations below it. `run_stream_async` gives a generator that
works in its reader's context; its generations are recorded without a run around them.
"""

import logging
from collections.abc import Awaitable
from functools import wraps
from typing import Any

from opentelemetry.context import attach, detach, get_current

from literalai_otel.attributes import AGENT_ID, CONVERSATION_ID, OPERATION_NAME, STEP_INPUT, STEP_OUTPUT
from literalai_otel.genai import Invocation, Patch, PatchSet, Recorder, Recording
from literalai_otel.jsonable import to_jsonable

logger = logging.getLogger(__name__)


def run_patch(module: str, recorder: Recorder) -> Patch:
    """The patch of the loop in `module`."""

    def records(original: Any, patches: PatchSet) -> Any:
        # The SDK's is a plain function that gives a coroutine: it complains about missing packages at once.
        @wraps(original)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            running = original.__get__(self, type(self))(*args, **kwargs)
            return _recorded(running, recorder, args, kwargs) if patches.enabled else running

        return wrapper

    return Patch(module, "Conversations.run_async", records)


async def _recorded(running: Awaitable[Any], recorder: Recorder, args: tuple[Any, ...], asked: dict[str, Any]) -> Any:
    recording = _open(recorder, args, asked)
    if recording is None:
        return await running
    context = recording.context
    token = attach(context)
    elsewhere = False
    try:
        result = await running
    except BaseException as error:
        # A coroutine that is collected is closed in whatever context the collector runs.
        elsewhere = isinstance(error, GeneratorExit) and get_current() is not context
        recording.fail(error)
        raise
    finally:
        if not elsewhere:
            detach(token)
    _add_result(recording, result)
    recording.complete()
    return result


def _open(recorder: Recorder, args: tuple[Any, ...], asked: dict[str, Any]) -> Recording | None:
    """`run_async(run_ctx, inputs, …)`."""
    try:
        run = _attributes_of(asked.get("run_ctx", args[0] if args else None))
        inputs = asked.get("inputs", args[1] if len(args) > 1 else None)
        attributes: dict[str, Any] = {OPERATION_NAME: "invoke_agent"}
        for key, name in (("agent_id", AGENT_ID), ("conversation_id", CONVERSATION_ID)):
            if isinstance(run.get(key), str):
                attributes[name] = run[key]
        recording = recorder.open(Invocation(attributes))
        if recording is not None and recording.wants_content:
            given = to_jsonable(inputs)
            recording.invocation.content[STEP_INPUT] = lambda: given
        return recording
    except Exception:
        logger.debug("a run is not recorded", exc_info=True)
        return None


def _attributes_of(value: Any) -> dict[str, Any]:
    """The attributes of a plain object."""
    return getattr(value, "__dict__", {})


def _add_result(recording: Recording, result: Any) -> None:
    try:
        fields = _attributes_of(result)
        if isinstance(fields.get("conversation_id"), str):
            recording.invocation.attributes[CONVERSATION_ID] = fields["conversation_id"]
        entries = fields.get("output_entries")
        if recording.wants_content and entries is not None:
            said = to_jsonable(list(entries))
            recording.invocation.content[STEP_OUTPUT] = lambda: {"entries": said}
    except Exception:
        logger.debug("the result of a run was not readable", exc_info=True)
