"""What processors of other packages copy to every span: whose it is, and which conversation it belongs to.

A program may run such a processor beside any instrumentation, so these names are read for every dialect
(`spec/genai-semconv.md` §6.2). A span that says nothing else is no step.
"""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.translate.reading import (
    Reader,
    Rest,
    add_metadata,
    beginning_with,
    json_value,
    mapping,
    text,
    texts,
)

_ASSOCIATION: Final = "traceloop.association.properties."
_LITERAL: Final = f"{_ASSOCIATION}literal."
LITERAL_PROMPT: Final = f"{_LITERAL}prompt"
"""JSON of the prompt that a call was made from, as the published Python client 0.1 sets it."""
_TRACE_METADATA: Final = "langfuse.trace.metadata."
_stamps: Final = beginning_with("session.id", "traceloop.", "langfuse.", "enduser.id", "llm.user")
_CARRIED: Final[Mapping[str, tuple[str, Reader]]] = {
    # what the published Python client 0.1 hands to OpenLLMetry; "None" means absent
    f"{_LITERAL}thread_id": (names.THREAD_ID, text),
    f"{_LITERAL}parent_id": (names.STEP_PARENT_ID, text),
    f"{_LITERAL}root_run_id": (names.ROOT_RUN_ID, text),
    f"{_LITERAL}name": (names.STEP_NAME, text),
    f"{_LITERAL}tags": (names.TAGS, texts),
    f"{_LITERAL}metadata": (names.METADATA, mapping),
}
_NONE: Final = "None"
_OFFICIAL: Final[Mapping[str, str]] = {
    "session.id": names.CONVERSATION_ID,
    "langfuse.session.id": names.CONVERSATION_ID,
    f"{_ASSOCIATION}session_id": names.CONVERSATION_ID,
    f"{_ASSOCIATION}thread_id": names.CONVERSATION_ID,
    f"{_ASSOCIATION}conversation_id": names.CONVERSATION_ID,
    "langfuse.user.id": names.USER_ID,
    f"{_ASSOCIATION}user_id": names.USER_ID,
    "enduser.id": names.USER_ID,
    "llm.user": names.USER_ID,
    "langfuse.trace.tags": names.TAGS,
    "langfuse.environment": names.ENVIRONMENT,
    "langfuse.release": names.RELEASE,
}
_TO_METADATA: Final[Mapping[str, str]] = {
    "langfuse.trace.name": "trace_name",
    "langfuse.version": "version",
    "traceloop.workflow.name": "workflow",
}
_MODEL_FACTS: Final = f"{_ASSOCIATION}ls_"
"""What LangChain says of the model, which the span says too."""
_NOISE: Final = ("traceloop.entity.path", "langfuse.internal.is_app_root", "langfuse.internal.as_root")


def take_surroundings(rest: Rest) -> None:
    """Says under our names what others' processors stamped on a span; what stands under ours already counts."""
    stamped = _stamps[tuple(rest)]
    if not stamped:
        return
    found: dict[str, Any] = {}
    for name in stamped:
        official = _OFFICIAL.get(name)
        if official is not None:
            rest.setdefault(official, rest.pop(name))
        elif name in _TO_METADATA:
            found[_TO_METADATA[name]] = rest.pop(name)
        elif name.startswith(_TRACE_METADATA):
            found[name[len(_TRACE_METADATA) :]] = json_value(rest.pop(name))
        elif name.startswith(_LITERAL):
            _take_carried(rest, name)
        elif name.startswith(_ASSOCIATION):
            if not name.startswith(_MODEL_FACTS):
                found[name[len(_ASSOCIATION) :]] = rest[name]
            del rest[name]
        elif name in _NOISE:
            del rest[name]
    add_metadata(rest, found)


def _take_carried(rest: Rest, name: str) -> None:
    value = rest.pop(name)
    if value == _NONE:
        return
    ours, reader = _CARRIED.get(name, (None, text))
    understood = None if ours is None else reader(value)
    if ours is None or understood is None:
        rest[name] = value
    else:
        rest.setdefault(ours, understood)
