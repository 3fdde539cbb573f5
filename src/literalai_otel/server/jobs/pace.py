"""How many rows a transaction of long work takes, so that nobody waits long behind one."""

from dataclasses import dataclass
from typing import Final

_LONGEST: Final = 0.04
"""Seconds of a transaction above which the next is half as large."""
_SHORTEST: Final = 0.015
_FEWEST, _MOST = 10, 1_000


@dataclass(slots=True)
class Pace:
    """`rows` is the size of the next transaction: it follows from how long the ones before it took."""

    rows: int = 50

    def took(self, seconds: float) -> None:
        """Fits the next transaction to the time that the last one took. To pause as long is up to the caller."""
        if seconds > _LONGEST:
            self.rows = max(_FEWEST, self.rows // 2)
        elif seconds < _SHORTEST:
            self.rows = min(_MOST, self.rows * 2)
