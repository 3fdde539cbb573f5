"""The two clients. They differ in what must be awaited: `api` and `flush`."""

from typing import TYPE_CHECKING

from literalai_otel.client.project import ProjectClient
from literalai_otel.client.surroundings import surroundings_of
from literalai_otel.export import FlushResult

if TYPE_CHECKING:
    from literalai_otel.api import AsyncApi, SyncApi


class LiteralClient(ProjectClient):
    """One project's way in: `client.thread`, `client.run`, `client.step`, `client.message`, `client.api`.

    Arguments and what they default to: `client.project.ProjectClient`.
    """

    _api: "SyncApi | None" = None

    @property
    def api(self) -> "SyncApi":
        """The server's API with this client's key. Raises ConfigError without an address or a key."""
        if self._api is None:
            from literalai_otel.api import SyncApi

            self._api = SyncApi(*self._address(), environment=self.default_environment, current=surroundings_of(self))
        return self._api

    def flush(self, timeout: float | None = None) -> FlushResult:
        """Send what was recorded so far and wait for it, `timeout` seconds at most (`LITERAL_FLUSH_TIMEOUT`).

        Returns:
            What happened since the flush before; true only when everything was delivered.
        """
        return self.delivery.flush(timeout)

    def to_sync(self) -> "LiteralClient":
        """This client."""
        return self


class AsyncLiteralClient(ProjectClient):
    """`LiteralClient` for asyncio: the operations of `api`, and `flush`, are awaited; all else is the same."""

    _api: "AsyncApi | None" = None

    @property
    def api(self) -> "AsyncApi":
        """The server's API with this client's key. Raises ConfigError without an address or a key."""
        if self._api is None:
            from literalai_otel.api import AsyncApi

            self._api = AsyncApi(*self._address(), environment=self.default_environment, current=surroundings_of(self))
        return self._api

    async def flush(self, timeout: float | None = None) -> FlushResult:
        """Send what was recorded so far and wait for it, `timeout` seconds at most (`LITERAL_FLUSH_TIMEOUT`).

        The event loop goes on meanwhile.

        Returns:
            What happened since the flush before; true only when everything was delivered.
        """
        return await self.aflush(timeout)

    def to_sync(self) -> LiteralClient:
        """A sync client with the same settings, environment and release included, on the same delivery."""
        return LiteralClient._beside(self)
