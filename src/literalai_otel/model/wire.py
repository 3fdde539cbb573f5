"""The one codec between snake_case dataclasses and Literal's camelCase JSON.

Shapes: `spec/literal-wire.md` §4. Fields whose value is None are omitted, since null means absent on the
wire; 0, "" and empty containers are values and stay. A field with `metadata={"wire": "name"}` keeps that name.
"""

import dataclasses
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


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


def to_wire(value: Any) -> Any:
    """`value` as JSON types: dataclasses become objects without their None fields, lists are walked."""
    if isinstance(value, list):
        return [to_wire(item) for item in cast(list[Any], value)]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    encoded: dict[str, Any] = {}
    for attribute, name in _columns(type(value)):
        item = getattr(value, attribute)
        if item is None:
            continue
        if item.__class__ is list or dataclasses.is_dataclass(item):
            item = to_wire(item)
        encoded[name] = item
    return encoded


def from_wire(cls: type[T], data: dict[str, Any]) -> T:
    """A `cls` from a JSON object. Unknown keys are ignored: a newer server may send more."""
    return cls(**{attribute: data[name] for attribute, name in _columns(cls) if data.get(name) is not None})
