"""What a line or a file to import holds: records of an export, or what people saved with the published SDK.

The published objects have `to_dict()`, and lists come as pages of them; neither says what it is, so that is read off
the members (`spec/literal-wire.md` §4).
"""

from collections.abc import Iterator
from typing import Any, Final, cast

from literalai_otel.model import STEP_TYPES

Item = dict[str, Any]

SKIPPED: Final = "export"
"""`kind` of the first line of an export."""
_GENERATION_TYPES: Final = ("CHAT", "COMPLETION")
_SCORE_TYPES: Final = ("HUMAN", "AI", "CODE")


class UnknownItemError(ValueError):
    """Nothing that can be imported. The message says what was expected."""


def items_of(content: Any) -> Iterator[Any]:
    """The single items of a JSON value: those of a list, of a page, of a connection as the API answers it.

    Raises:
        UnknownItemError: a connection whose edges are no objects.
    """
    if isinstance(content, list):
        for part in cast(list[Any], content):
            yield from items_of(part)
        return
    item = cast(Item, content) if isinstance(content, dict) else {}
    if "kind" not in item and "id" not in item:
        if isinstance(item.get("data"), list | dict):
            yield from items_of(item["data"])
            return
        if isinstance(item.get("edges"), list):
            yield from items_of([edge.get("node") for edge in _members(item, "edges")])
            return
    yield content


def records_of(content: Any) -> Iterator[Item]:
    """The records of one item, what is referred to before what refers to it.

    Raises:
        UnknownItemError: it is, or holds, nothing that can be imported.
    """
    if not isinstance(content, dict):
        raise UnknownItemError(f"an object is expected, not {type(content).__name__}")
    item = cast(Item, content)
    if "kind" not in item:
        yield from _published(item)
    elif item["kind"] != SKIPPED:
        yield item


def _published(item: Item) -> Iterator[Item]:
    if "datasetExperimentId" in item:
        yield from _experiment_item(item)
    elif "templateMessages" in item:
        yield _prompt(item)
    elif "datasetId" in item and "items" in item:
        yield {"kind": "experiment", **_without(item, "items")}
        for one in _members(item, "items"):
            yield from _experiment_item({"datasetExperimentId": item.get("id"), **one})
    elif "datasetId" in item:
        yield {"kind": "dataset_item", **item}
    elif "items" in item:
        yield {"kind": "dataset", **_without(item, "items")}
        for one in _members(item, "items"):
            yield {"kind": "dataset_item", "datasetId": item.get("id"), **one}
    elif item.get("type") in _SCORE_TYPES:
        yield {"kind": "score", **item}
    elif item.get("type") in _GENERATION_TYPES:
        yield _generation(item)
    elif item.get("type") in STEP_TYPES:
        yield {"kind": "step", **item}
    elif "identifier" in item:
        yield {"kind": "user", **item}
    elif "steps" in item or "participant" in item:
        yield from _thread(item)
    else:
        raise UnknownItemError(
            "no thread, step, generation, score, user, dataset, experiment or prompt: its members are "
            + (", ".join(sorted(item)[:8]) or "none")
        )


def _thread(item: Item) -> Iterator[Item]:
    user = item.get("participant")
    if isinstance(user, dict) and cast(Item, user).get("identifier"):
        yield {"kind": "user", **cast(Item, user)}
    yield {"kind": "thread", **_without(item, "steps")}
    for step in _members(item, "steps"):
        yield {"kind": "step", **step, "threadId": step.get("threadId") or item.get("id")}


def _prompt(item: Item) -> Item:
    """A version of a prompt, which it names by its name; the provider is one of the settings again. Or a variant."""
    if "fromLineageId" in item:
        return {"kind": "prompt_variant", **item}
    lineage = item.get("lineage")
    name = (cast(Item, lineage).get("name") if isinstance(lineage, dict) else None) or item.get("name")
    if not name:
        raise UnknownItemError("a prompt without a name: give it one as the member name")
    found = {key: value for key, value in _without(item, "lineage", "name", "provider").items() if value != ""}
    settings = item.get("settings")
    if item.get("provider") and isinstance(settings, dict | None):
        found["settings"] = {"provider": item["provider"], **cast(Item, settings or {})}
    return {"kind": "prompt_version", "lineageName": name, **found}


def _generation(item: Item) -> Item:
    """A generation is a step: one that was saved alone brings its step along."""
    step = {"kind": "step", "id": item.get("id"), "type": "llm", "name": item.get("model") or "generation"}
    for name in ("tags", "metadata", "createdAt", "error"):
        if item.get(name) is not None:
            step[name] = item[name]
    saved = item.get("step")
    above = cast(Item, saved) if isinstance(saved, dict) else {}
    step["threadId"] = above.get("threadId")
    made = item.get("createdAt")
    if made is not None:
        step["startTime"] = made
    return {**step, "generation": _without(item, "step")}


def _experiment_item(item: Item) -> Iterator[Item]:
    yield {"kind": "experiment_item", **_without(item, "scores")}
    for score in _members(item, "scores"):
        yield {"kind": "score", "datasetExperimentItemId": item.get("id"), **score}


def _members(item: Item, name: str) -> list[Item]:
    members = item.get(name)
    if members is None:
        return []
    found = cast(list[Any], members) if isinstance(members, list) else [members]
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in found):
        raise UnknownItemError(f"{name} must be a list of objects")
    return found


def _without(item: Item, *names: str) -> Item:
    return {name: value for name, value in item.items() if name not in names}
