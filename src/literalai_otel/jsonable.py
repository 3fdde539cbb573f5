"""JSON of anything a user's program may hold, without ever failing on it.

`dumps` is orjson with a slow path. What orjson refuses is replaced, never dropped, and never raised:

| Value | Becomes |
|---|---|
| bytes, bytearray, memoryview | the text `STRIPPED_BINARY_DATA` (`spec/literal-wire.md` §1.4) |
| integer beyond 64 bits | its digits as a text: most readers would round the number |
| NaN, infinities | null |
| lone surrogates in a text | U+FFFD; a pair that was split is joined again |
| keys that are no texts | their JSON spelling (`1`, `true`, `null`), anything else as `str(key)` |
| sets, tuples, other sequences and mappings, numpy arrays | list or object |
| dataclasses, pydantic models, enums | fields, `model_dump()`, value |
| a container inside itself, more than 1 000 levels | a short text in its place |
| anything else | `str(value)`, cut at 10 000 characters; a text naming the type when that fails |
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence, Set
from datetime import date, time
from enum import Enum
from typing import Any, Final, cast
from uuid import UUID

import orjson

BINARY_PLACEHOLDER: Final = "STRIPPED_BINARY_DATA"
CIRCULAR_PLACEHOLDER: Final = "<circular reference>"
DEEP_PLACEHOLDER: Final = "<nested too deeply>"
MAX_DEPTH: Final = 1000
"""Levels kept. orjson reads 1 024 at most, and a request puts a few around a value."""
MAX_TEXT_OF_OBJECT: Final = 10_000
"""Characters kept of `str(value)` when a value has no JSON shape."""

_FRAGMENT_DEPTH: Final = 32
"""orjson writes 254 levels at most, so deeper trees are written in slices of this height. It must stay below 64:
orjson 3.13.0 corrupts the heap when more brackets than that close behind a `Fragment`."""
_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**64 - 1

Chain = tuple[Any, Any, int]
"""Container, the chain above it, depth."""
Cut = tuple[Any, Any, Any]
"""Parent, key in the parent, container: a place where a deep tree is cut into slices."""


def dumps(value: Any) -> bytes:
    """`value` as compact UTF-8 JSON. Never raises."""
    try:
        return orjson.dumps(value, default=_plain)
    except Exception:  # orjson refuses or a hostile object interfered: both are the slow path's business
        return _dumps_slowly(value)


def dumps_text(value: Any) -> str:
    """`dumps` as a text, for span attributes."""
    return dumps(value).decode()


def loads(data: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError when it is none."""
    try:
        return orjson.loads(data)
    except ValueError:
        # Python's reader also takes NaN and lone surrogates, which other writers produce.
        try:
            return json.loads(data)
        except RecursionError as problem:
            raise ValueError("JSON nested too deeply") from problem


def to_jsonable(value: Any) -> Any:
    """A snapshot of `value` in JSON types (dict with text keys, list, str, int, float, bool, None).

    Containers are copied, so later changes by the owner do not show; texts are shared and kept as they are
    (`dumps` repairs surrogates). Never raises.
    """
    return _snapshot(value)[0]


def _dumps_slowly(value: Any) -> bytes:
    copy, cuts = _snapshot(value, repair_texts=True)
    # Discovered from the top downwards, so the reverse order encodes every slice before the one around it.
    for parent, key, container in reversed(cuts):
        parent[key] = orjson.Fragment(orjson.dumps(container))
    return orjson.dumps(copy)


def _snapshot(value: Any, *, repair_texts: bool = False) -> tuple[Any, list[Cut]]:
    """The copy, and the places where it must be cut for orjson.

    A loop, not a recursion: the depth of the data must not depend on how deep the caller already is.
    """
    holder: list[Any] = []
    cuts: list[Cut] = []
    # Each entry: what to walk, the empty copy to fill, and the chain of open containers with their depth. The chain
    # holds the containers themselves: the address of one that was freed could be taken for a cycle.
    pending: list[tuple[Any, Any, Chain]] = [([value], holder, (None, None, -1))]
    while pending:
        source, target, chain = pending.pop()
        keyed = type(target) is dict
        depth = chain[2] + 1
        for entry in source:
            key, item = entry if keyed else (len(target), entry)
            if keyed and (type(key) is not str or repair_texts):
                key = _key(key)
            if type(item) is str:
                leaf, children = (_repaired(item) if repair_texts else item), None
            else:
                leaf, children = _open(item)
            if children is not None:
                if _is_open(item, chain):
                    leaf, children = CIRCULAR_PLACEHOLDER, None
                elif depth > MAX_DEPTH:
                    leaf, children = DEEP_PLACEHOLDER, None
            elif repair_texts and type(leaf) is str:
                leaf = _repaired(leaf)
            if keyed:
                target[key] = leaf
            else:
                target.append(leaf)
            if children is not None:
                pending.append((children, leaf, (item, chain, depth)))
                if depth and depth % _FRAGMENT_DEPTH == 0:
                    cuts.append((target, key, leaf))
    return holder[0], cuts


def _open(item: Any) -> tuple[Any, Any]:
    """(leaf, None) for a value without contents, else (empty copy, contents)."""
    kind = cast(type[Any], type(item))  # not __class__: mocks and proxies lie about it
    if kind is str or kind is bool or item is None:
        return item, None
    if kind is dict:
        return {}, _pairs(item)
    if kind is list or kind is tuple:
        return [], tuple(item)
    if kind is int:
        return (item if _MIN_INT <= item <= _MAX_INT else _digits(item)), None
    if kind is float:
        return (item if item - item == 0 else None), None
    try:
        plain = _plain(item)
    except Exception:
        return _unprintable(item), None
    plain_kind = cast(type[Any], type(plain))
    if plain_kind is dict:
        return {}, _pairs(plain)
    if plain_kind is list:
        return [], tuple(plain)
    # `_plain` gives exact types only, so this is a text, number, bool or None: no further recursion than one.
    return plain if plain_kind is str else _open(plain)[0], None


def _pairs(mapping: dict[Any, Any]) -> Any:
    # A copy first: another thread may add keys while we walk.
    return mapping.copy().items()


def _is_open(item: Any, chain: Chain | None) -> bool:
    while chain is not None:
        if chain[0] is item:
            return True
        chain = chain[1]
    return False


def _plain(value: Any) -> Any:
    """One level of `value` as dict, list or scalar of the exact type; what is inside may still be odd."""
    if isinstance(value, bytes | bytearray | memoryview):
        return BINARY_PLACEHOLDER
    if isinstance(value, Enum):
        return _scalar(value.value)
    if isinstance(value, str | int | float):
        return _scalar(value)
    if isinstance(value, type):
        return _text(value)
    kind = cast(type[Any], type(value))
    dump = getattr(kind, "model_dump", None)
    if dump is not None:
        try:
            return _scalar(dump(value, warnings=False))
        except Exception:  # a model built around its validators, or something that only looks like a model
            return _text(value)
    if hasattr(kind, "__dataclass_fields__"):
        return {
            field.name: getattr(value, field.name, None)
            for field in dataclasses.fields(value)
            if not field.name.startswith("_")  # as orjson does
        }
    if isinstance(value, dict | Mapping):
        return dict(cast(Mapping[Any, Any], value))
    if isinstance(value, list | tuple):
        return list(cast(Sequence[Any], value))
    if isinstance(value, Set):
        return sorted(cast(Set[Any], value), key=str)
    if isinstance(value, Sequence):
        return list(cast(Sequence[Any], value))
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return _text(value)


def _scalar(value: Any) -> Any:
    """A text or number as its exact built-in type (a subclass may have overridden anything), else `_plain`."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        exact = int.__int__(value)
        return exact if _MIN_INT <= exact <= _MAX_INT else _digits(exact)
    if isinstance(value, float):
        return float.__float__(value)
    return _plain(value) if value is not None else None


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to print more than 4 300 digits; hexadecimal has no such limit
        return hex(value)


def _text(value: Any) -> str:
    try:
        text = str.__str__(str(value))
    except Exception:
        return _unprintable(value)
    return text if len(text) <= MAX_TEXT_OF_OBJECT else text[:MAX_TEXT_OF_OBJECT] + "…"


def _unprintable(value: Any) -> str:
    return f"<unprintable {type(value).__name__}>"


def _key(key: Any) -> str:
    if type(key) is str:
        return _repaired(key)
    if key is None:
        return "null"
    if key is True or key is False:
        return "true" if key else "false"
    try:
        plain = _plain(key)
    except Exception:
        return _repaired(_unprintable(key))
    return _repaired(plain if type(plain) is str else _text(plain))


def _repaired(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
