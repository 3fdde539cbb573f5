"""The user's hook over steps in wire form, before they are written or sent anywhere. It fails closed."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from literalai_otel.export.lanes import Unit
from literalai_otel.jsonable import to_jsonable

logger = logging.getLogger(__name__)

Preprocess = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
"""`function(steps)` gives the steps to send, each recognised by its `id`."""

_FACTS: Final = frozenset({"id", "name", "type", "threadId", "parentId", "rootRunId", "startTime", "endTime"})
_GENERATION_FACTS: Final = frozenset(
    {
        "id", "type", "provider", "model", "promptId", "tokenCount", "inputTokenCount", "outputTokenCount",
        "ttFirstToken", "tokenThroughputInSeconds", "duration",
    }
)  # fmt: skip
_METADATA_FACTS: Final = frozenset({"otel", "release"})


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """For each unit its successor, None for one that was left out.

    `problem` says why the content of all `units` was dropped; `strangers` counts steps that no unit stands for.
    """

    units: list[Unit | None]
    problem: str = ""
    strangers: int = 0


def preprocessed(function: Preprocess, units: Sequence[Unit]) -> Preprocessed:
    """`units`, all of them steps, as `function` wants them sent. Never raises."""
    steps = [cast(dict[str, Any], unit.payload) for unit in units]
    bare = [_without_content(step) for step in steps]  # now: the function may change what it is given
    waiting = {str(step["id"]): place for place, step in enumerate(bare)}
    kept: list[Unit | None] = [None] * len(units)
    strangers = 0
    try:
        wanted: Any = function(steps)
        if not isinstance(wanted, list):
            raise TypeError(f"it gave {type(wanted).__name__}, not a list")
        for step in cast(list[Any], wanted):
            if not isinstance(step, dict):
                raise TypeError(f"its list holds {type(step).__name__}, not dicts alone")
            place = waiting.pop(str(cast(dict[str, Any], step).get("id")), None)
            if place is None:
                strangers += 1
            else:
                kept[place] = replace(units[place], payload=to_jsonable(step))
    except Exception as error:
        logger.debug("preprocess function failed", exc_info=True)
        stripped: list[Unit | None] = [replace(unit, payload=step) for unit, step in zip(units, bare, strict=True)]
        return Preprocessed(stripped, problem=f"{type(error).__name__}: {error}")
    return Preprocessed(kept, strangers=strangers)


def _without_content(step: dict[str, Any]) -> dict[str, Any]:
    """What may go out when nobody could look at the rest: ids, names, times and numbers."""
    kept = {name: value for name, value in step.items() if name in _FACTS}
    metadata = cast(dict[str, Any], step.get("metadata") or {})
    kept["metadata"] = {name: value for name, value in metadata.items() if name in _METADATA_FACTS}
    kept["metadata"]["content_dropped"] = "preprocess_failed"
    generation = cast(dict[str, Any] | None, step.get("generation"))
    if generation:
        kept["generation"] = {name: value for name, value in generation.items() if name in _GENERATION_FACTS}
    return kept
