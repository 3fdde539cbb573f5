"""Ids in portions: databases bound the parameters of a statement."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

PORTION: Final = 500
"""Ids in one IN."""


def portions(ids: Sequence[T], size: int = PORTION) -> Iterator[Sequence[T]]:
    """The ids in their order, `size` at a time."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
