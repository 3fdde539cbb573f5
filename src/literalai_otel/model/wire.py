"""The one codec between snake_case dataclasses and Literal's camelCase JSON.

Shapes: `spec/literal-wire.md` §4. Fields whose value is None are omitted, since null means absent on the
wire; 0, "" and empty containers are values and stay. A field with `metadata={"wire": "name"}` keeps that name.
"""

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

_JSON_TYPES: Final = frozenset({str, int, float, bool, dict})
"""Passed through without a look: every step of the process comes by here."""


def wire_name(field: dataclasses.Field[Any]) -> str:
    """`input_token_count` -> `inputTokenCount`, unless the field says otherwise."""
    explicit = field.metadata.get("wire")
    if explicit is not None:
        return cast(str, explicit)
    head, *rest = field.name.split("_")
    return head + "".join(part.capitalize() for part in rest)


@cache
def _columns(cls: type[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, wire_name(field)) for field in dataclasses.fields(cls))


@cache
def _reader(cls: type[Any]) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[str, ...]]:
    """How to get all field values of a `cls` (which has two or more) at once, and their names on the wire."""
    columns = _columns(cls)
    return attrgetter(*(attribute for attribute, _ in columns)), tuple(name for _, name in columns)


def to_wire(value: Any) -> Any:
    """`value` as JSON types: dataclasses become objects without their None fields, lists are walked."""
    if isinstance(value, list):
        return [item if item.__class__ in _JSON_TYPES else to_wire(item) for item in cast(list[Any], value)]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    read, columns = _reader(type(value))
    encoded: dict[str, Any] = {}
    for name, item in zip(columns, read(value), strict=True):
        if item is not None:
            encoded[name] = item if item.__class__ in _JSON_TYPES else to_wire(item)
    return encoded


def from_wire(cls: type[T], data: dict[str, Any]) -> T:
    """A `cls` from a JSON object. Unknown keys are ignored: a newer server may send more."""
    return cls(**{attribute: data[name] for attribute, name in _columns(cls) if data.get(name) is not None})
