"""The content policy on a step: the last place before the spool and the wire, for our spans and for those of others.

Fields of our own spans went through the mask when they were read (`genai.content`), all but the texts of errors. The
content of another instrumentor's span is known only once it was translated, so the mask sees it here, and also what no
dialect has read; so it does messages and other steps that are no spans. Rules are applied here to all steps alike
(`genai.policy_rules`).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.content_rules import Kind
from literalai_otel.genai.content import MASK_FAILED, ContentPolicy, SpanInfo
from literalai_otel.genai.media import Media
from literalai_otel.genai.policy_rules import DROPPED, Governor, Kinds
from literalai_otel.jsonable import to_jsonable
from literalai_otel.model import Generation, Step
from literalai_otel.translate.messages import messages_of
from literalai_otel.translate.reading import content_object

logger = logging.getLogger(__name__)

_ROLES: Final = {"user_message": "user", "assistant_message": "assistant", "system_message": "system"}
_GENERATION_KEYS: Final = {
    "messages": names.INPUT_MESSAGES,
    "message_completion": names.OUTPUT_MESSAGES,
    "prompt": names.INPUT_MESSAGES,
    "completion": names.OUTPUT_MESSAGES,
    "tools": names.TOOL_DEFINITIONS,
    "variables": names.PROMPT_VARIABLES,
    "settings": names.GENERATION_SETTINGS,
}
"""How the mask is told what a field of a generation is: by the attribute that one of our own spans has for it."""


@dataclass(slots=True)
class Governed:
    """A step as it may leave the process, what is to be uploaded for it, and why content of it was dropped, if so."""

    step: Step
    media: dict[str, Media] = field(default_factory=dict[str, Media])
    withheld: frozenset[str] = frozenset()
    problem: str = ""


def govern(step: Step, in_force: ContentPolicy, *, unmasked: bool) -> Governed:
    """Apply `in_force` to `step`, which stays as it was. Never raises.

    Args:
        step: Of a span, or what the program said by itself.
        in_force: The policy of the process.
        unmasked: Whether no mask has seen its content: another instrumentor made the span, or it is no span.
    """
    masks_whole = in_force.mask is not None and not in_force.masks_pieces
    if not in_force.rules and not (masks_whole and (unmasked or step.error is not None)):
        return Governed(step)
    try:
        if masks_whole:
            step = _masked(step, in_force, unmasked=unmasked)
        return _ruled(step, in_force) if in_force.rules else Governed(step)
    except Exception as error:
        logger.debug("the content policy failed on a step", exc_info=True)
        return Governed(_without_content(step), problem=f"{type(error).__name__}: {error}")


def _info(step: Step) -> SpanInfo:
    otel: Any = (step.metadata or {}).get("otel")
    span = cast(dict[str, Any], otel) if isinstance(otel, dict) else {}
    generation = step.generation
    return SpanInfo(
        name=step.name or "",
        trace_id=str(span.get("trace_id", "")),
        span_id=str(span.get("span_id", step.id)),
        operation=step.type or "",
        provider=None if generation is None else generation.provider,
        model=None if generation is None else generation.model,
    )


# --- the mask, for what it has not seen -----------------------------------------------------------


def _masked(step: Step, in_force: ContentPolicy, *, unmasked: bool) -> Step:
    """The content of `step` that the mask has not seen as it gives it. Raises what the mask raises."""
    info, mask = _info(step), in_force.mask
    assert mask is not None, "asked for only where there is one"

    def shown(value: Any, key: str) -> Any:
        return None if value is None else to_jsonable(mask(value, key, info))

    fields: dict[str, Any] = {"metadata": _metadata(step, shown, unread=unmasked)}
    generation = step.generation
    if step.error is not None:
        fields["error"] = str(shown(step.error, names.EXCEPTION_MESSAGE) or DROPPED)
    if generation is not None and generation.error is not None:
        same = generation.error == step.error
        error = fields["error"] if same else str(shown(generation.error, names.EXCEPTION_MESSAGE) or DROPPED)
        fields["generation"] = generation = _with(generation, {"error": error})
    if not unmasked:
        return replace(step, **fields)
    seen: dict[str, Any] = {}
    if generation is not None:
        seen = {name: shown(getattr(generation, name, None), key) for name, key in _GENERATION_KEYS.items()}
        fields["generation"] = _with(generation, _typed(generation, seen))
    given = (
        {"content": messages_of(seen["messages"])} if _repeats_messages(step) else shown(step.input, names.STEP_INPUT)
    )
    said = _first(seen["message_completion"]) if _repeats_completion(step) else shown(step.output, names.STEP_OUTPUT)
    return replace(step, **fields, input=content_object(given), output=content_object(said))


def _typed(generation: Generation, seen: dict[str, Any]) -> dict[str, Any]:
    """What the mask gave, in the types that the fields have on the wire."""
    kept = {name: value for name, value in seen.items() if hasattr(generation, name)}
    if kept.get("messages") is not None:
        kept["messages"] = messages_of(kept["messages"])
    if kept.get("message_completion") is not None:
        kept["message_completion"] = _first(kept["message_completion"])
    for name in ("variables", "settings"):
        kept[name] = kept[name] if isinstance(kept[name], dict) else None
    if not isinstance(kept["tools"], list):
        kept["tools"] = None
    return kept


def _first(value: Any) -> dict[str, Any] | None:
    found = messages_of(value, "assistant")
    return found[0] if found else None


# --- the rules, for all --------------------------------------------------------------------------


def _ruled(step: Step, in_force: ContentPolicy) -> Governed:
    info = _info(step)
    governor = in_force.governor(names.STEP_INPUT, info)
    fields: dict[str, Any] = {}
    generation = step.generation
    inner: dict[str, Any] = {}
    if generation is not None:
        inner = governor.generation({name: getattr(generation, name, None) for name in _GENERATION_KEYS})
        choices = (generation.metadata or {}).get("choices")
        if choices is not None:
            inner["metadata"] = {**(generation.metadata or {}), "choices": governor.content(choices, "output")}
        if generation.error is not None:
            inner["error"] = governor.piece(generation.error, ("error",))
        fields["generation"] = _with(generation, inner)
    is_tool, role = step.type == "tool", _ROLES.get(step.type or "")
    fields["input"] = (
        {"content": inner["messages"]}
        if _repeats_messages(step)
        else _side(governor, step.input, "input", role, ("tool_call",) if is_tool else ())
    )
    fields["output"] = (
        inner["message_completion"]
        if _repeats_completion(step)
        else _side(governor, step.output, "output", role, ("tool_result",) if is_tool else ())
    )
    if step.error is not None:
        same = generation is not None and generation.error == step.error
        fields["error"] = str(inner["error"] if same else governor.piece(step.error, ("error",)))

    def ruled(value: Any, key: str) -> Any:
        return governor.piece(value, ("error",) if key == names.EXCEPTION_MESSAGE else ("attribute",))

    metadata = _metadata(step, ruled, unread=True)
    if governor.done:
        metadata = {**(metadata or {}), "content_policy": dict(sorted(governor.done.items()))}
    if governor.problem:
        metadata = {**(metadata or {}), "content_dropped": MASK_FAILED}
    fields["metadata"] = metadata
    return Governed(
        replace(step, **fields), governor.media, withheld=frozenset(governor.withheld), problem=governor.problem
    )


def _side(governor: Governor, value: Any, side: Kind, role: str | None, also: Kinds) -> Any:
    return None if value is None else content_object(governor.content(value, side, role=role, also=also))


# --- of both -------------------------------------------------------------------------------------


def _with(generation: Generation, fields: Mapping[str, Any]) -> Generation:
    return replace(generation, **{name: value for name, value in fields.items() if hasattr(generation, name)})


def _repeats_messages(step: Step) -> bool:
    """Whether the input of `step` is the messages of its generation, the very same objects."""
    messages = getattr(step.generation, "messages", None)
    given: Any = step.input
    content: Any = cast(dict[str, Any], given).get("content") if isinstance(given, dict) else None
    return messages is not None and content is messages


def _repeats_completion(step: Step) -> bool:
    completion = getattr(step.generation, "message_completion", None)
    return completion is not None and step.output is completion


def _metadata(step: Step, change: Any, *, unread: bool) -> dict[str, Any] | None:
    """The metadata, its texts of an exception and what is `unread` by a dialect as `change(value, key)` gives them."""
    otel: Any = (step.metadata or {}).get("otel")
    if not isinstance(otel, dict):
        return step.metadata
    facts = dict(cast(dict[str, Any], otel))
    attributes: Any = facts.get("attributes")
    if unread and isinstance(attributes, dict):
        facts["attributes"] = {
            key: change(item, key) if isinstance(item, str | list | dict) else item
            for key, item in cast(dict[str, Any], attributes).items()
        }
    exception: Any = facts.get("exception")
    if isinstance(exception, dict):
        facts["exception"] = {
            key: item if key == "type" else change(item, names.EXCEPTION_MESSAGE)
            for key, item in cast(dict[str, Any], exception).items()
        }
    return {**(step.metadata or {}), "otel": facts}


def _without_content(step: Step) -> Step:
    """Ids, names, times and numbers: what may go out when nobody could look at the rest."""
    metadata: dict[str, Any] = {"content_dropped": MASK_FAILED}
    otel: Any = (step.metadata or {}).get("otel")
    if isinstance(otel, dict):
        facts = cast(dict[str, Any], otel)
        metadata["otel"] = {key: item for key, item in facts.items() if key not in ("attributes", "exception")}
    generation = step.generation
    if generation is not None:
        gone = dict.fromkeys((*_GENERATION_KEYS, "metadata", "tags"))
        error = None if generation.error is None else DROPPED
        generation = _with(generation, {**gone, "error": error})
    return replace(
        step,
        input=None,
        output=None,
        metadata=metadata,
        tags=None,
        error=None if step.error is None else DROPPED,
        generation=generation,
        attachments=None,
        scores=None,
    )
