"""Letting go of the interpreter now and then, so that an event loop in another thread stays responsive."""

import time
from typing import Final

STRETCH_S: Final = 0.001
BREATH_S: Final = 0.00005


class Breath:
    """One thread's, during one task."""

    def __init__(self) -> None:
        self._due = time.perf_counter() + STRETCH_S

    def take(self) -> None:
        """Between two pieces of work: after a stretch of them, wait for a moment."""
        if time.perf_counter() > self._due:
            time.sleep(BREATH_S)
            self._due = time.perf_counter() + STRETCH_S
