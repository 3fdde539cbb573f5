"""Renaming and deleting a tag on all that carries it, however much that is.

It works in small transactions with pauses between them, as retention does, so that nobody's request waits longer
than one of them; and for a second at a time, so that whoever asked can say how far it is. They ask again while there
is more.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from literalai_otel.server.jobs.pace import Pace
from literalai_otel.server.store import tags
from literalai_otel.server.store.store import Store

SECONDS: Final = 1.0
"""How long one request works at most."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What one request did: how many steps and threads carry the tag no longer, and how many do still.

    `left` is None for more than are counted. Without `done` the same request goes on.
    """

    changed: int
    left: int | None
    done: bool


@dataclass(frozen=True, slots=True)
class Tagging:
    """Changes of the tags of all projects. Blocking: for worker threads."""

    store: Store
    seconds: float = SECONDS

    def change(self, project_id: int, tag_id: int, given: Mapping[str, Any]) -> tuple[int, Portion] | None:
        """Colour and name as in `store.tags.change`: the tag that it is now, and how many got that name.

        None when `tag_id` is unknown.

        Raises:
            InvalidValueError: no such name or colour may be; nothing is changed then.
        """
        to = self.store.write(tags.change, project_id, tag_id, given).result()
        if to is None:
            return None
        return to, _NOTHING if to == tag_id else self._move(project_id, tag_id, to)

    def delete(self, project_id: int, tag_id: int) -> Portion:
        """Takes the tag from what carries it; with the last of them it is gone itself."""
        return self._move(project_id, tag_id, None)

    def _move(self, project_id: int, tag_id: int, to: int | None) -> Portion:
        pace = Pace()
        changed = 0
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            piece = self.store.write(tags.move, project_id, tag_id, to, pace.rows).result()
            if not piece.rows:
                return Portion(changed, 0, done=True)
            changed += piece.rows
            pace.took(piece.seconds)
            time.sleep(piece.seconds)
        tag = self.store.read(tags.get, project_id, tag_id)
        counts: tuple[int, ...] = () if tag is None else (tag["stepCount"], tag["threadCount"])
        left = None if any(count >= tags.COUNTED for count in counts) else sum(counts)
        return Portion(changed, left, done=tag is None)


_NOTHING: Final = Portion(0, 0, done=True)
