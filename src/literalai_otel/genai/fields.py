"""Fields of what an SDK gives: JSON objects and pydantic models alike, without importing either library.

A reader looks at few fields, on the caller's thread, so nothing is dumped or copied.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

_EMPTY: Final[Mapping[str, Any]] = {}
_NO_MODEL: Final = object()


def fields_of(value: Any) -> Mapping[str, Any]:
    """The fields of a JSON object or of an SDK model, with those that this release of the SDK does not know.

    Anything else has none. The mapping may be the model's own: it is for reading.
    """
    if type(value) is dict:
        return cast(dict[str, Any], value)
    unknown: Any = getattr(value, "__pydantic_extra__", _NO_MODEL)
    if unknown is _NO_MODEL:
        return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else _EMPTY
    own: dict[str, Any] = value.__dict__
    return {**own, **unknown} if unknown else own


def given_fields(value: Any) -> Mapping[str, Any]:
    """`fields_of` without those that the provider left out: a model has defaults, and a default is no fact."""
    fields = fields_of(value)
    given: Any = getattr(value, "__pydantic_fields_set__", None)
    if given is None or isinstance(value, Mapping):
        return fields
    return {name: field for name, field in fields.items() if name in given}


def items_of(value: Any) -> Iterable[Any]:
    """The items of a list; nothing for anything else."""
    return cast(list[Any], value) if isinstance(value, list) else ()
