"""The API of a Literal server, sync and async.

    with SyncApi("http://127.0.0.1:3000", api_key) as api:
        api.get_thread("…")

Errors are those of `literalai_otel.errors`: `APIStatusError` for a status of 400 or above, `GraphQLError` for an
answer that says no, `TransportError` when there is no usable answer, `NotFoundError` for what is to be changed and
does not exist; `ValueError` for arguments that cannot be right, before anything is sent.
"""

from typing import Unpack

from literalai_otel.api.current import Current
from literalai_otel.api.flow import AsyncDriver, DriverOptions, SyncDriver
from literalai_otel.api.operations import Operations, StepOutcome
from literalai_otel.api.prompts import Prompt, PromptCache, PromptLineage, PromptMessage, PromptRollout

__all__ = [
    "AsyncApi",
    "Current",
    "Prompt",
    "PromptLineage",
    "PromptMessage",
    "PromptRollout",
    "StepOutcome",
    "SyncApi",
]


class SyncApi(Operations, SyncDriver):
    """Operations that block. One object is enough for a program: it is thread-safe and keeps its connections."""

    def __init__(self, url: str, api_key: str, **options: Unpack[DriverOptions]) -> None:
        super().__init__(url, api_key, **options)
        self.prompts = PromptCache()

    def to_sync(self) -> "SyncApi":
        """This object."""
        return self


class AsyncApi(Operations, AsyncDriver):
    """Operations to await."""

    def __init__(self, url: str, api_key: str, **options: Unpack[DriverOptions]) -> None:
        super().__init__(url, api_key, **options)
        self.prompts = PromptCache()
        self._sync = SyncApi(url, api_key, **options)
        self._sync.prompts = self.prompts

    def to_sync(self) -> SyncApi:
        """The same operations, blocking: those of datasets and experiments, whose methods are never awaited.

        Called in an event loop they hold it for the time of a request; `asyncio.to_thread(dataset.create_item, …)`
        does not.
        """
        return self._sync

    async def close(self) -> None:
        """Give the connections back. A closed client sends nothing more."""
        self._sync.close()
        await super().close()
