"""One fixture, both drivers: a test is written once and runs on the sync and on the async client."""

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from literalai_otel.api import AsyncApi, SyncApi

Handler = Callable[[httpx.Request], httpx.Response]


class Caller:
    """Calls operations on either client; `requests` are those that the handler saw."""

    def __init__(self, kind: type[SyncApi] | type[AsyncApi]) -> None:
        self._kind = kind
        self._opened: list[SyncApi | AsyncApi] = []
        self.requests: list[httpx.Request] = []

    def open(self, url: str = "http://literal.test", handler: Handler | None = None, **options: Any) -> Any:
        """A client, over a handler in this process or over the network."""

        def recorded(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            assert handler is not None
            return handler(request)

        transport = httpx.MockTransport(recorded) if handler else None
        api = self._kind(url, options.pop("api_key", "key"), transport=transport, **options)
        self._opened.append(api)
        return api

    async def settle(self, result: Any) -> Any:
        return await result if inspect.isawaitable(result) else result

    async def close(self) -> None:
        for api in self._opened:
            await self.settle(api.close())


@pytest.fixture(params=[SyncApi, AsyncApi], ids=["sync", "async"])
async def caller(request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    found = Caller(request.param)
    yield found
    await found.close()


def answering(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    """A handler that always answers the same: JSON of a dict or list, else the bytes or text itself."""

    def handler(_: httpx.Request) -> httpx.Response:
        if isinstance(body, bytes | str):
            return httpx.Response(status, content=body, headers=headers)
        return httpx.Response(status, json=body, headers=headers)

    return handler
