"""Counting the figures of the dashboard before somebody asks for them (`store.dashboard_tables`)."""

import threading
from dataclasses import dataclass
from typing import Final

from literalai_otel.server.jobs.periodic import Periodic
from literalai_otel.server.store import dashboard_keeping, state
from literalai_otel.server.store.dashboard_keeping import Stale
from literalai_otel.server.store.figures import QUARTER
from literalai_otel.server.store.store import Store
from literalai_otel.server.times import now

EVERY: Final = 30.0
"""Seconds."""
_TURN: Final = "figures"
_AT_ONCE: Final = 50
"""Quarters of an hour whose figures are stored in one transaction: a few milliseconds."""
_SECONDS: Final = 0.3
"""Of reading in one transaction; a quarter that was begun is counted to its end."""
_SETTLED: Final = 60_000_000
"""Microseconds after a quarter of an hour in which most of its steps have arrived."""


@dataclass(frozen=True, slots=True)
class CountFigures:
    """Keeps the figures of quarters that are over; of several processes on one database, one at a time."""

    store: Store
    every: float = EVERY

    def periodic(self) -> Periodic:
        """To be entered while the server runs."""
        return Periodic("figures", self.every, self.run_if_due)

    def run_if_due(self, ending: threading.Event) -> None:
        """Do it if there is anything to do, and no other process is at it."""
        if self._stale() and self.store.write(state.take_turn, _TURN, int(self.every * 1_000_000)).result():
            self.run(ending)

    def run(self, ending: threading.Event | None = None) -> int:
        """Count what is missing or stale, the newest first. How many quarters that were; stops when `ending` is set.

        One that becomes stale again meanwhile, while old spans are brought in, waits for the next time.
        """
        counted: set[tuple[int, int]] = set()
        while stale := [one for one in self._stale() if (one.project_id, one.quarter) not in counted]:
            if ending is not None and ending.is_set():
                break
            found = self.store.read(dashboard_keeping.count_anew, stale, _SECONDS)
            if not found:  # they are being written to: later
                break
            self.store.write(dashboard_keeping.keep, found).result()
            counted.update((one.stale.project_id, one.stale.quarter) for one in found)
        return len(counted)

    def _stale(self) -> list[Stale]:
        return self.store.read(dashboard_keeping.stale_quarters, (now() - _SETTLED) // QUARTER, _AT_ONCE)
