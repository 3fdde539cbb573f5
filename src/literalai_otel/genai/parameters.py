"""Parameters of a request that become attributes as they are."""

from collections.abc import Mapping
from typing import Any, Final

Parameters = Mapping[str, tuple[str, tuple[type, ...]]]
"""Parameter -> its attribute, and the types that it may have."""

NUMBER: Final = (int, float)


def write_parameters(request: Mapping[str, Any], known: Parameters, attributes: dict[str, Any]) -> None:
    """Write the `known` parameters of a request that have a right type."""
    for key, value in request.items():
        place = known.get(key)
        if place is not None and isinstance(value, place[1]):
            attributes[place[0]] = value
