"""The size limits of a step, kept by cutting its longest texts (`DESIGN.md` §3, Units).

Metadata may have 1 MB, input and output 3 MB each, counted on the UTF-8 bytes of the final JSON. Errors, tags and names
are held to what anybody reads of them, so that nothing absurd costs a step. What is cut stays valid JSON; the metadata
says under `attributes.TRUNCATED` which fields were cut and how many bytes they had.
"""

from dataclasses import fields, replace
from typing import Any, Final, cast

from literalai_otel.attributes import TRUNCATED
from literalai_otel.jsonable import dumps, to_jsonable
from literalai_otel.model import Attachment, Generation, Step, Thread, to_wire

MAX_METADATA_BYTES: Final = 1_000_000
MAX_CONTENT_BYTES: Final = 3_000_000

MAX_NAME_BYTES: Final = 16_384
MAX_TAGS_BYTES: Final = 65_536

_STEP_CAPS: Final = {
    "metadata": MAX_METADATA_BYTES,
    "input": MAX_CONTENT_BYTES,
    "output": MAX_CONTENT_BYTES,
    "name": MAX_NAME_BYTES,
    "tags": MAX_TAGS_BYTES,
    "error": MAX_METADATA_BYTES,
}
_ATTACHMENT_CAPS: Final = {"name": MAX_NAME_BYTES, "metadata": MAX_METADATA_BYTES, "url": MAX_TAGS_BYTES}
_THREAD_CAPS: Final = {"name": MAX_NAME_BYTES, "tags": MAX_TAGS_BYTES, "metadata": MAX_METADATA_BYTES}
_GENERATION_CAPS: Final = {
    # The generation repeats input and output, so the same caps bound a request.
    "messages": MAX_CONTENT_BYTES,
    "message_completion": MAX_CONTENT_BYTES,
    "prompt": MAX_CONTENT_BYTES,
    "completion": MAX_CONTENT_BYTES,
    "metadata": MAX_METADATA_BYTES,
    "settings": MAX_METADATA_BYTES,
    "variables": MAX_METADATA_BYTES,
    "tools": MAX_METADATA_BYTES,
    "error": MAX_METADATA_BYTES,
    "tags": MAX_TAGS_BYTES,
    "provider": MAX_NAME_BYTES,
    "model": MAX_NAME_BYTES,
}
_MARK: Final = "… [cut]"
_MARK_BYTES: Final = len(_MARK.encode())
_RESERVED_BYTES: Final = 4096
"""Room in the metadata for the flag and for what names the span."""
_IDENTITY: Final = ("trace_id", "span_id", "parent_span_id", "bridges")


def trim(step: Step) -> Step:
    """`step` itself when it is within the limits, else a copy that is."""
    generation = step.generation
    sized = [getattr(step, name) for name in _STEP_CAPS]
    if generation is not None:
        sized += [getattr(generation, name, None) for name in _GENERATION_CAPS]
    if step.attachments:
        sized += map(to_wire, step.attachments)
    if len(dumps(sized)) <= MAX_NAME_BYTES:  # the smallest limit, so each of them is kept
        return step
    cut: dict[str, int] = {}
    changed = _within(step, _STEP_CAPS, cut, "")
    if generation is not None:
        inner = _within(generation, _GENERATION_CAPS, cut, "generation.")
        if inner:
            changed["generation"] = replace(cast(Any, generation), **inner)
    if step.attachments:
        changed["attachments"] = [
            replace(each, **_within(each, _ATTACHMENT_CAPS, cut, f"attachments.{index}."))
            for index, each in enumerate(step.attachments)
        ]
    if not cut:
        return step
    metadata: dict[str, Any] = changed.get("metadata", step.metadata) or {}
    if len(dumps(metadata)) > MAX_METADATA_BYTES - _RESERVED_BYTES:
        metadata = shortened(metadata, MAX_METADATA_BYTES - _RESERVED_BYTES)
    return replace(step, **{**changed, "metadata": {**metadata, **_identity(step, metadata), TRUNCATED: cut}})


def trim_thread(thread: Thread) -> Thread:
    """`thread` itself when it is within the limits, else a copy that is; its metadata says so, as that of a step."""
    cut: dict[str, int] = {}
    changed = _within(thread, _THREAD_CAPS, cut, "")
    if not cut:
        return thread
    metadata: dict[str, Any] = changed.get("metadata", thread.metadata) or {}
    return replace(thread, **{**changed, "metadata": {**metadata, TRUNCATED: cut}})


def _identity(step: Step, metadata: dict[str, Any]) -> dict[str, Any]:
    """`otel` with the whole ids of the span: cutting must not detach the step from its tree."""
    before = (step.metadata or {}).get("otel")
    if not isinstance(before, dict):
        return {}
    ids = {key: item for key, item in cast("dict[str, Any]", before).items() if key in _IDENTITY}
    after = metadata.get("otel")
    return {"otel": {**(cast("dict[str, Any]", after) if isinstance(after, dict) else {}), **ids}}


def _within(
    holder: Step | Generation | Attachment | Thread, caps: dict[str, int], cut: dict[str, int], prefix: str
) -> dict[str, Any]:
    """The fields of `holder` that were too large, cut; their sizes before go to `cut`."""
    changed: dict[str, Any] = {}
    for item in fields(holder):
        cap = caps.get(item.name)
        value = getattr(holder, item.name) if cap is not None else None
        if cap is None or value is None:
            continue
        size = len(dumps(value))
        if size > cap:
            cut[prefix + item.name] = size
            changed[item.name] = shortened(value, cap - min(_RESERVED_BYTES, cap // 4))
    return changed


def shortened(value: Any, cap: int) -> Any:
    """`value` with its longest texts cut so that its JSON has at most `cap` bytes.

    All texts above one length are cut to that length, so the shorter ones stay whole. Where no text can give enough
    (very many small values), the largest entries are dropped whole.
    """
    holder = [to_jsonable(value)]
    leaves = sorted(_leaves(holder), key=lambda leaf: leaf.size)
    excess = len(dumps(holder)) - 2 - cap
    allowed = _allowed_size([leaf.size for leaf in leaves], excess)
    for leaf in leaves:
        if leaf.size > allowed:
            leaf.parent[leaf.key] = _cut(leaf.parent[leaf.key], allowed)
    result = holder[0]
    if len(dumps(result)) <= cap:
        return result
    return _without_largest(result, cap)


class _Leaf:
    """A text in a tree, with its size in JSON less the quotes."""

    __slots__ = ("key", "parent", "size")

    def __init__(self, parent: Any, key: Any, size: int) -> None:
        self.parent = parent
        self.key = key
        self.size = size


def _leaves(root: Any) -> list[_Leaf]:
    found: list[_Leaf] = []
    pending: list[Any] = [root]
    while pending:
        container = pending.pop()
        for key, item in _entries(container).items():
            if isinstance(item, str):
                found.append(_Leaf(container, key, len(dumps(item)) - 2))
            elif isinstance(item, dict | list):
                pending.append(item)
    return found


def _allowed_size(sizes: list[int], excess: int) -> int:
    """The size down to which the largest of the ascending `sizes` must shrink to save `excess` bytes."""
    saved = 0
    for index in range(len(sizes) - 1, -1, -1):
        below = sizes[index - 1] if index else 0
        count = len(sizes) - index
        saved_at_below = saved + (sizes[index] - below) * count
        if saved_at_below >= excess:
            return max(sizes[index] - -((saved - excess) // count), 0)
        saved = saved_at_below
    return 0


def _cut(text: str, size: int) -> str:
    """A beginning of `text` with a mark, together at most `size` bytes in JSON; "" when there is no room."""
    room = size - _MARK_BYTES
    if room <= 0:
        return ""
    low, high = 0, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        if len(dumps(text[:middle])) - 2 <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low] + _MARK


def _without_largest(value: Any, cap: int) -> Any:
    """`value` less its largest entries."""
    entries = _entries(value)
    sizes = {key: len(dumps([key, item])) for key, item in entries.items()}
    total = sum(sizes.values())
    for key in sorted(sizes, key=lambda name: sizes[name], reverse=True):
        if total <= cap:
            break
        total -= sizes.pop(key)
    kept = {key: item for key, item in entries.items() if key in sizes}
    return list(kept.values()) if isinstance(value, list) else kept


def _entries(container: Any) -> dict[Any, Any]:
    return dict(enumerate(cast("list[Any]", container))) if isinstance(container, list) else container
