"""Renaming and deleting a tag on all that carries it, however much that is.

It works in small transactions with pauses between them, as retention does, so that nobody's request waits longer
than one of them; and for a few seconds at a time, so that no proxy gives up the request that asked for it. Whoever
asked asks again while there is more.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from literalai_otel.server.jobs.pace import Pace
from literalai_otel.server.store import tags
from literalai_otel.server.store.store import Store

SECONDS: Final = 5.0
"""How long one request works at most."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """Changes of the tags of all projects. Blocking: for worker threads."""

    store: Store
    seconds: float = SECONDS

    def change(self, project_id: int, tag_id: int, given: Mapping[str, Any]) -> tuple[int, bool] | None:
        """Colour and name as in `store.tags.change`: the tag that it is now, and whether all carry that name.

        None when `tag_id` is unknown.

        Raises:
            InvalidValueError: no such name or colour may be; nothing is changed then.
        """
        to = self.store.write(tags.change, project_id, tag_id, given).result()
        return None if to is None else (to, to == tag_id or self._move(project_id, tag_id, to))

    def delete(self, project_id: int, tag_id: int) -> bool:
        """Whether nothing carries the tag any more, and it is gone."""
        return self._move(project_id, tag_id, None)

    def _move(self, project_id: int, tag_id: int, to: int | None) -> bool:
        pace = Pace()
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            piece = self.store.write(tags.move, project_id, tag_id, to, pace.rows).result()
            if not piece.rows:
                return True
            pace.took(piece.seconds)
            time.sleep(piece.seconds)
        return False
