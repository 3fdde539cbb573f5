"""The feed of one project as the streams of this process read it: from memory as a rule, from the database behind it.

A stream is not sent to, it asks: what came after the number that it has reached? So nothing queues up for a slow one,
and one that comes back asks the same question. What is too much to answer is a reset: read anew what you show.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from anyio import to_thread

from literalai_otel.server.store import changes
from literalai_otel.server.store.changes import Entry
from literalai_otel.server.store.journal import Change
from literalai_otel.server.store.store import Store

PAUSE_SECONDS: Final = 0.1
"""Between two looks into the feed: what many transactions changed meanwhile is told at once."""
POLL_SECONDS: Final = 15.0
"""How long a channel that hears nothing waits before it looks: other programs write without a word."""
AGAIN_SECONDS: Final = 2.0
REMEMBERED: Final = 128
"""Numbers of the feed in memory."""
MOST_BEHIND: Final = 512
"""Numbers that one answer covers; a stream that is further behind is reset."""
MOST_CHANGES: Final = 500
"""Changes in one answer; of more, pages read anew what they show."""
_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """What came up to number `sequence`. `changes` is None for too much: what is shown is to be read anew."""

    sequence: int
    changes: Sequence[Change] | None


class Channel:
    """Reads the feed of a project from number `head` on, while its `follow` runs."""

    def __init__(self, store: Store, project_id: int, head: int) -> None:
        self.head = head
        self.streams = 0
        self._store = store
        self._project_id = project_id
        self._recent: deque[Entry] = deque(maxlen=REMEMBERED)
        self._poked = asyncio.Event()
        self._grown = asyncio.Event()
        self._reading = asyncio.Lock()

    def poke(self) -> None:
        """The feed has grown, or may have."""
        self._poked.set()

    def wake(self) -> None:
        """Ends every `wait`."""
        self._grown.set()
        self._grown = asyncio.Event()

    async def follow(self) -> None:
        """Reads whenever it is poked, until it is cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), POLL_SECONDS)
            self._poked.clear()
            try:
                await self.read()
            except Exception:
                _LOGGER.warning("the feed of changes cannot be read; it is tried again", exc_info=True)
                self._poked.set()
                await asyncio.sleep(AGAIN_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)

    async def read(self) -> None:
        """Reads what is new, and wakes whoever waits for it."""
        async with self._reading:
            entries = await self._since(self.head, MOST_BEHIND)
            if not entries:
                newest = await newest_of(self._store, self._project_id)
                if newest >= self.head:
                    return
                self._recent.clear()  # the database was put back to an older state
                self.head = newest
            else:
                if entries[0].sequence != self.head + 1:
                    self._recent.clear()
                self._recent.extend(entries)
                self.head = entries[-1].sequence
            if len(entries) == MOST_BEHIND:
                self.poke()
            self.wake()

    async def wait(self, position: int, seconds: float) -> bool:
        """Whether there was something to tell a stream at `position` within `seconds`; see also `wake`."""
        if self.head == position:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait(), seconds)
        return self.head != position

    async def after(self, position: int) -> News:
        """What came after `position`, each thing once, as it was told last."""
        head = self.head
        if not 0 <= head - position <= MOST_BEHIND:
            return News(head, None)
        if self._recent and self._recent[0].sequence <= position + 1:
            entries = [entry for entry in self._recent if entry.sequence > position]
        else:
            entries = await self._since(position, head - position)
        if not entries or entries[0].sequence != position + 1:
            return News(head, None)  # pruned
        merged: dict[tuple[str, str], Change] = {}
        for entry in entries:
            if entry.changes is None:
                return News(head, None)
            merged |= {(change.kind, change.id): change for change in entry.changes}
        found = None if len(merged) > MOST_CHANGES else list(merged.values())
        return News(entries[-1].sequence, found)

    async def _since(self, sequence: int, limit: int) -> list[Entry]:
        return await to_thread.run_sync(lambda: self._store.read(changes.since, self._project_id, sequence, limit))


async def newest_of(store: Store, project_id: int) -> int:
    """The newest number of a project's feed, 0 before the first."""
    return await to_thread.run_sync(lambda: store.read(changes.newest, project_id))
