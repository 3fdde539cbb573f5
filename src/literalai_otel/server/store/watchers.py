"""Whoever wants to hear that a project has changed: the streams of this process, told by it and by the others."""

import logging
from collections.abc import Callable, Collection
from typing import Final

from literalai_otel.server.store.database import Closing, Database

Heard = Callable[[Collection[int] | None], None]
"""Hears which projects have changed, after the commit; None: any of them may have."""

_LOGGER: Final = logging.getLogger(__name__)


class Watchers:
    """The watchers of one store. Other processes are listened to once there is somebody to tell."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: tuple[Heard, ...] = ()
        self._others: Closing | None = None

    def add(self, heard: Heard) -> None:
        """Tells `heard` from now on."""
        if not self._watchers:
            self._others = self._database.listen(lambda project: self.tell(None if project is None else (project,)))
        self._watchers = (*self._watchers, heard)

    def tell(self, projects: Collection[int] | None) -> None:
        """Tells all. A watcher that fails harms nobody else."""
        if projects is not None and not projects:
            return
        for heard in self._watchers:
            try:
                heard(projects)
            except Exception:
                _LOGGER.exception("a watcher of changes failed")

    def close(self) -> None:
        """Tells nobody any more."""
        self._watchers = ()
        if self._others is not None:
            self._others.close()
