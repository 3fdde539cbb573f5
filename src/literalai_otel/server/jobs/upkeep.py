"""All that a server does by itself, once an hour; of several processes on one database, one of them."""

import threading
from dataclasses import dataclass
from typing import Final

from literalai_otel.server.files import Files
from literalai_otel.server.jobs.periodic import Periodic
from literalai_otel.server.jobs.retention import Retention
from literalai_otel.server.store import state
from literalai_otel.server.store.store import Store

EVERY: Final = 3_600.0
"""Seconds."""
_LOOKS: Final = 60.0
"""Seconds between two looks whether it is time: another process may have had the last turn."""
_TURN: Final = "upkeep"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Retention, then the files that nobody uses any more."""

    store: Store
    files: Files
    days: int | None
    max_bytes: int | None
    every: float = EVERY

    def periodic(self) -> Periodic:
        """To be entered while the server runs."""
        return Periodic("upkeep", min(_LOOKS, self.every), self.run_if_due)

    def run_if_due(self, ending: threading.Event) -> None:
        """Do it all if nobody did within the last hour."""
        if self.store.write(state.take_turn, _TURN, int(self.every * 1_000_000)).result():
            Retention(self.store, self.days, self.max_bytes, ending).run()
            self.files.sweep()
