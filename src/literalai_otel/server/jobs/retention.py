"""Retention: the oldest steps go when they are too old, or when the database is too large.

It works in small transactions with pauses between them, so that nobody's request waits longer than one of them, and
gives the room that becomes free back to the file system where the database does not do that itself.
"""

import logging
import math
import threading
from dataclasses import dataclass, field
from typing import Final

from literalai_otel.server.jobs.pace import Pace
from literalai_otel.server.store import retention, space
from literalai_otel.server.store.store import Store
from literalai_otel.server.times import now

_DAY: Final = 86_400 * 1_000_000
_FEWEST: Final = 10
"""Steps that are deleted at least where the database is too large: to measure it again costs more than they do."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Retention:
    """What is kept: steps of the last `days`, and no more than `max_bytes` of database; None is no bound."""

    store: Store
    days: int | None = None
    max_bytes: int | None = None
    ending: threading.Event = field(default_factory=threading.Event)
    _pace: Pace = field(default_factory=Pace)

    def run(self) -> int:
        """Delete what need not be kept. How many steps that were; stops early when `ending` is set."""
        deleted = 0
        if self.days is not None:
            deleted += self._by_age(now() - self.days * _DAY)
        if self.max_bytes is not None:
            deleted += self._by_size(self.max_bytes)
        while not self.ending.is_set() and self.store.write(space.give_back).result():
            pass
        if deleted:
            _log.info("retention", extra={"deleted_steps": deleted, "bytes": self.store.read(space.used)})
        return deleted

    def _by_age(self, before: int) -> int:
        deleted = 0
        for project_id in self.store.read(retention.project_ids):
            while not self.ending.is_set():
                found = self.store.read(retention.started_before, project_id, before, self._pace.rows)
                if not found.ids:
                    break
                deleted += self._delete(found)
            while not self.ending.is_set():
                empty = self.store.read(retention.empty_threads, project_id, before, self._pace.rows)
                if not empty:
                    break
                self._pause(self.store.write(retention.delete_threads, project_id, empty).result())
        return deleted

    def _by_size(self, limit: int) -> int:
        deleted = 0
        while not self.ending.is_set():
            used, steps = self.store.read(space.used), self.store.read(retention.count)
            if used <= limit or not steps:
                break
            # As if all were of one size; what is left after that is measured again.
            excess = max(math.ceil(steps * (used - limit) / used), _FEWEST)
            while excess > 0 and not self.ending.is_set():
                found = self.store.read(retention.oldest, min(self._pace.rows, excess))
                if found is None:
                    break
                gone = self._delete(found)
                excess -= gone
                deleted += gone
        return deleted

    def _delete(self, found: retention.Oldest) -> int:
        self._pause(self.store.write(retention.delete_steps, found.project_id, found.ids).result())
        return len(found.ids)

    def _pause(self, seconds: float) -> None:
        """Leave the writer to others for as long as it was taken, and fit the next transaction to the time."""
        self._pace.took(seconds)
        self.ending.wait(seconds)
