"""The streams of this process: each follows the channel of one project, which lives as long as somebody follows it."""

import asyncio
from collections.abc import Collection
from typing import Final

from literalai_otel.server.live.channel import Channel, News, newest_of
from literalai_otel.server.problems import Problem
from literalai_otel.server.store.store import Store

MOST_STREAMS: Final = 200
"""In one process; a page that finds no place asks every few seconds instead."""
RETRY_AFTER_SECONDS: Final = 30


class Stream:
    """One follower. `position` is the number of the feed up to which it knows everything."""

    def __init__(self, owner: "Streams", project_id: int, channel: Channel, position: int) -> None:
        self.position = position
        self._owner = owner
        self._project_id = project_id
        self._channel = channel

    @property
    def ended(self) -> bool:
        """Whether the server is about to stop."""
        return self._owner.closed

    async def next(self, seconds: float) -> News | None:
        """The next news; None when there was none within `seconds`, or the stream has `ended`."""
        if self.ended or not await self._channel.wait(self.position, seconds) or self.ended:
            return None
        news = await self._channel.after(self.position)
        self.position = news.sequence
        return news

    def close(self) -> None:
        """Gives its place back."""
        self._owner.left(self._project_id)


class Streams:
    """Opens streams on the event loop of the server, at most `MOST_STREAMS` at a time."""

    def __init__(self, store: Store) -> None:
        self.closed = False
        self._store = store
        self._loop: asyncio.AbstractEventLoop | None = None
        self._channels: dict[int, Channel] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    @property
    def count(self) -> int:
        """Streams that are open."""
        return sum(channel.streams for channel in self._channels.values())

    async def open(self, project_id: int, after: int | None = None) -> Stream:
        """A stream of what comes after number `after` of the project's feed; without one, from now on.

        Raises:
            Problem: 503 when there are too many, or the server is about to stop.
        """
        if self.closed or self.count >= MOST_STREAMS:
            raise Problem(
                "OVERLOADED", "Too many pages follow this server: ask now and then.", retry_after=RETRY_AFTER_SECONDS
            )
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._store.watch(self._heard)
        channel = self._channels.get(project_id)
        if channel is None:
            newest = await newest_of(self._store, project_id)
            channel = self._channels.get(project_id) or self._start(project_id, newest)
        channel.streams += 1
        stream = Stream(self, project_id, channel, channel.head if after is None else after)
        if after is not None and after > channel.head:
            try:
                await channel.read()  # it was told by another process, which had heard of it earlier
            except BaseException:
                stream.close()
                raise
        return stream

    def left(self, project_id: int) -> None:
        """A stream was closed."""
        channel = self._channels[project_id]
        channel.streams -= 1
        if not channel.streams:
            del self._channels[project_id]
            self._tasks.pop(project_id).cancel()

    def close(self) -> None:
        """Ends every stream at once; to be called on the event loop."""
        self.closed = True
        for channel in self._channels.values():
            channel.wake()

    def _start(self, project_id: int, head: int) -> Channel:
        channel = self._channels[project_id] = Channel(self._store, project_id, head)
        channel.poke()  # what came while it was not yet there to be told
        self._tasks[project_id] = asyncio.create_task(channel.follow(), name=f"live-{project_id}")
        return channel

    def _heard(self, projects: Collection[int] | None) -> None:
        """Called on threads of the store."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._poke, projects)

    def _poke(self, projects: Collection[int] | None) -> None:
        for project_id in self._channels if projects is None else projects:
            if (channel := self._channels.get(project_id)) is not None:
                channel.poke()
