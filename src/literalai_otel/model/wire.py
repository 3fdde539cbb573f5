"""The one codec between snake_case dataclasses and Literal's camelCase JSON, and the base of all entities.

Shapes: `spec/literal-wire.md` §4. Fields whose value is None are omitted, since null means absent on the
wire; 0, "" and empty containers are values and stay. What a field's metadata may say:

| Key | Meaning |
|---|---|
| `wire` | the name on the wire, where it is not the attribute's own; None: the field never leaves the process |
| `read` | makes the attribute from what came over the wire: `one(…)` or `each(…)` |
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType
from typing import Any, Final, Literal, Self, TypeVar, cast, get_args, get_origin

T = TypeVar("T")
Reader = Callable[[Any], Any]

_JSON_TYPES: Final = frozenset({str, int, float, bool, dict})
"""Passed through without a look."""
_JSON_ANNOTATIONS: Final = frozenset({*_JSON_TYPES, NoneType})


class Entity:
    """What Literal's dataclasses share: their JSON, in and out, and as what they print."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Every field by its name on the wire, those that are None too."""
        return _complete(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The object of such a dict. Keys that it does not know are ignored."""
        return from_wire(cls, data)

    def __repr__(self) -> str:
        try:
            return json.dumps(to_wire(self), indent=2, ensure_ascii=False, default=str)
        except (TypeError, ValueError, RecursionError):  # content that is no JSON, such as a dict inside itself
            return object.__repr__(self)


def one(read: Reader) -> Mapping[str, Reader]:
    """Metadata of a field that holds another entity."""
    return {"read": read}


def each(read: Reader) -> Mapping[str, Reader]:
    """Metadata of a field that holds a list of entities."""
    return {"read": lambda values: [read(value) for value in values if value is not None]}


LOCAL: Final[Mapping[str, None]] = {"wire": None}
"""Metadata of a field that is not part of the entity's JSON."""


def wire_name(field: dataclasses.Field[Any]) -> str | None:
    """`input_token_count` -> `inputTokenCount`, unless the field says otherwise; None for a local one."""
    if "wire" in field.metadata:
        return cast("str | None", field.metadata["wire"])
    head, *rest = field.name.split("_")
    return head + "".join(part.capitalize() for part in rest)


@cache
def _columns(cls: type[Any]) -> tuple[tuple[str, str, Reader | None], ...]:
    named = ((field, wire_name(field)) for field in dataclasses.fields(cls))
    return tuple((field.name, name, field.metadata.get("read")) for field, name in named if name is not None)


_ENCODERS: Final[dict[type[Any], Callable[[Any], dict[str, Any]]]] = {}


def _encoder(cls: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """The function that `to_wire` has for a dataclass.

    It is written out field by field, as `dataclasses` writes constructors: a loop over forty fields, most of them None,
    takes three times as long, and every step of the process comes by here.
    """
    declared = {field.name: field.type for field in dataclasses.fields(cls)}
    lines = ["def encode(value):", " encoded = {}"]
    for attribute, name, _ in _columns(cls):
        walked = "" if _is_json(declared[attribute]) else " if item.__class__ in plain else to_wire(item)"
        lines.append(f" item = value.{attribute}")
        lines.append(f" if item is not None: encoded[{name!r}] = item{walked}")
    lines.append(" return encoded")
    written: dict[str, Any] = {"plain": _JSON_TYPES, "to_wire": to_wire}
    exec("\n".join(lines), written)  # of nothing but the names of our own fields
    return _ENCODERS.setdefault(cls, written["encode"])


def _is_json(annotation: Any) -> bool:
    """Whether a field so declared holds no entity where `to_wire` would find it: in objects it doesn't look."""
    if annotation in _JSON_ANNOTATIONS or get_origin(annotation) in (dict, Literal):
        return True
    parts = get_args(annotation)
    return bool(parts) and all(map(_is_json, parts))


def to_wire(value: object) -> Any:
    """`value` as JSON types: dataclasses become objects without their None fields, lists are walked."""
    encode = _ENCODERS.get(type(value))
    if encode is None:
        if isinstance(value, list):
            return [item if item.__class__ in _JSON_TYPES else to_wire(item) for item in cast("list[Any]", value)]
        if not dataclasses.is_dataclass(value) or isinstance(value, type):
            return value
        encode = _encoder(type(value))
    return encode(value)


def _complete(value: Any) -> Any:
    if isinstance(value, Entity):
        return {name: _complete(getattr(value, attribute)) for attribute, name, _ in _columns(type(value))}
    if isinstance(value, list):
        return [_complete(item) for item in cast(list[Any], value)]
    return value


def from_wire(cls: type[T], data: dict[str, Any]) -> T:
    """A `cls` from a JSON object. Unknown keys are ignored: a newer server may send more."""
    values: dict[str, Any] = {}
    for attribute, name, read in _columns(cls):
        value = data.get(name)
        if value is not None:
            values[attribute] = value if read is None else read(value)
    return cls(**values)
