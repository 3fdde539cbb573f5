"""What the names of a span's attributes tell, found once: the next span of its kind has the same names in one order."""

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")
Names = tuple[str, ...]

_MAX_KINDS: Final = 512
_MAX_NAMES: Final = 256
"""A span with more of them is one of its kind."""


class PerKind(dict[Names, T]):
    """What a function of the names gives, by the names; the function itself is only asked for those that are new."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[Names], T]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, names: Names) -> T:
        """Found now, and remembered."""
        found = self._find(names)
        if len(names) <= _MAX_NAMES:
            if len(self) >= _MAX_KINDS:
                self.clear()
            self[names] = found
        return found
