"""One source for the sync and the async client (`spec/style.md` §4.4).

An operation is a flow: a generator that yields requests, receives answers and returns its result, so that several
round trips read top-down. `SyncDriver` and `AsyncDriver` run flows over one keep-alive client each; they differ by an
`await`. This is the only module that knows the HTTP library.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, Final, Generic, ParamSpec, Self, TypeVar, cast, overload

import httpx
from opentelemetry.instrumentation.utils import suppress_instrumentation

from literalai_otel import __version__
from literalai_otel.errors import ConfigError, TransportError

P = ParamSpec("P")
T = TypeVar("T")

CLIENT_NAME: Final = "py-literal-client"
DEFAULT_TIMEOUT: Final = 10.0
"""Seconds for each phase of a request (connect, send, first byte), and for reading the whole answer."""
MAX_REDIRECTS: Final = 5

_TRANSPORT_PROBLEMS: Final = (httpx.HTTPError, httpx.StreamError, RuntimeError, OSError, UnicodeError)
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
"""303 is missing on purpose: it asks for a GET, which no endpoint of ours answers."""


@dataclass(frozen=True, slots=True)
class Request:
    """A POST of JSON to `path`, below the server's address. `headers` are added to those of the client."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read to its end. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Flow = Generator[Request, Answer, T]


class Operation(Generic[P, T]):
    """A flow as a method: a call returns `T` on a sync driver and a coroutine of `T` on an async one."""

    def __init__(self, flow: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        self._flow = flow
        self.__doc__ = flow.__doc__
        self.__name__ = flow.__name__

    @overload
    def __get__(self, driver: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, driver: "SyncDriver", owner: type[Any]) -> Callable[P, T]: ...
    @overload
    def __get__(self, driver: "AsyncDriver", owner: type[Any]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, driver: "SyncDriver | AsyncDriver | None", owner: type[Any]) -> Any:
        if driver is None:
            return self
        flow = self._flow

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return driver.run(flow(driver, *args, **kwargs))

        call.__doc__ = self.__doc__
        call.__name__ = self.__name__
        call.__wrapped__ = flow.__get__(driver)  # pyright: ignore[reportFunctionMemberAccess] - for inspect and help()
        return call


def operation(flow: Callable[Concatenate[Any, P], Flow[T]]) -> Operation[P, T]:
    """Declare an operation once, for both drivers."""
    return Operation(flow)


class _Driver:
    """What both drivers know: where, as whom, and for how long.

    Args:
        url: Address of the server; a trailing slash does not matter.
        api_key: Key of a project.
        environment: `x-env` of every request that does not name its own.
        timeout: Seconds for each phase of a request, and for reading the whole answer.
        transport: Another way to carry requests, for tests.

    Raises:
        ConfigError: The address or the key cannot be used.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        environment: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        transport: Any = None,
    ) -> None:
        if not api_key.isascii() or not api_key.isprintable() or not api_key:
            raise ConfigError("the API key has characters that no HTTP header may hold; copy it again")
        try:
            self._url = httpx.URL(url.rstrip("/"))
        except httpx.InvalidURL as problem:
            raise ConfigError(f"the server address {url!r} cannot be used: {problem}") from None
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise ConfigError(f"the server address {url!r} must start with http:// or https:// and name a host")
        self._timeout = timeout
        self._transport = transport
        self._closed = False
        self._clients: dict[int, httpx.Client] = {}
        self._headers = {
            "content-type": "application/json",
            "x-api-key": api_key,
            "x-client-name": CLIENT_NAME,
            "x-client-version": __version__,
            "user-agent": f"literalai-otel/{__version__}",
        }
        if environment:
            self._headers["x-env"] = environment

    def _options(self) -> dict[str, Any]:
        if self._closed:
            raise TransportError("the client is closed", retryable=False)
        return {"headers": self._headers, "timeout": httpx.Timeout(self._timeout), "transport": self._transport}

    def _address(self, path: str) -> httpx.URL:
        return self._url.copy_with(path=self._url.path.rstrip("/") + path)

    def _redirect(self, address: httpx.URL, response: httpx.Response) -> httpx.URL | None:
        """Where to repeat the POST; None when the answer is final.

        The library's own redirects turn a POST into a GET, and would give the key to whatever host is named.
        """
        location = response.headers.get("location")
        if response.status_code not in _REDIRECTS or not location:
            return None
        try:
            target = address.join(location)
        except httpx.InvalidURL:
            return None
        upgraded = address.scheme == "http" and target.scheme == "https"
        if target.host != address.host or not (upgraded or target.scheme == address.scheme):
            message = f"{address} redirects to {target}; set the server address to that if you trust it"
            raise TransportError(message, retryable=False)
        return target

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout

    def _check(self, deadline: float) -> None:
        # The library bounds each read, not their sum: a server that drips bytes would hold us for ever.
        if time.monotonic() > deadline:
            raise TransportError(f"no complete answer from {self._url} within {self._timeout:g} s")

    def _problem(self, error: Exception) -> TransportError:
        if isinstance(error, httpx.TimeoutException):
            return TransportError(f"no answer from {self._url} within {self._timeout:g} s")
        if isinstance(error, httpx.ConnectError):
            return TransportError(f"cannot connect to {self._url}: {error}")
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError | UnicodeError):
            return TransportError(f"cannot send to {self._url}: {error}", retryable=False)
        return TransportError(f"lost the connection to {self._url}: {error or type(error).__name__}")


class SyncDriver(_Driver):
    """Runs flows in the calling thread. Thread-safe, and usable after a fork."""

    def run(self, flow: Flow[T]) -> T:
        """The result of `flow`. Raises what the flow raises, and `TransportError`."""
        try:
            request = next(flow)
            while True:
                try:
                    answer = self._send(request)
                except TransportError as error:
                    request = flow.throw(error)
                else:
                    request = flow.send(answer)
        except StopIteration as stop:
            return cast(T, stop.value)

    def open(self) -> None:
        """Load and make what a first request needs. Optional; no connection is opened."""
        self._connected()

    def close(self) -> None:
        """Give the connections back. A closed client sends nothing more."""
        self._closed = True
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> httpx.Client:
        options = self._options()
        # One for each process: a forked child must not write into its parent's connections.
        client = self._clients.get(os.getpid())
        if client is None:
            # Threads may race to here. A lock would do as well, but could be held at the moment of a fork.
            made = httpx.Client(**options)
            client = self._clients.setdefault(os.getpid(), made)
            if client is not made:
                made.close()
        return client

    def _send(self, request: Request) -> Answer:
        client, deadline = self._connected(), self._deadline()
        address = self._address(request.path)
        with suppress_instrumentation():
            try:
                for _ in range(MAX_REDIRECTS + 1):
                    with client.stream("POST", address, content=request.body, headers=request.headers) as response:
                        target = self._redirect(address, response)
                        if target is None:
                            body = bytearray()
                            for chunk in response.iter_bytes():
                                body += chunk
                                self._check(deadline)
                            return Answer(response.status_code, response.headers, bytes(body))
                    address = target
            except _TRANSPORT_PROBLEMS as error:
                raise self._problem(error) from error
        raise TransportError(f"more than {MAX_REDIRECTS} redirects from {self._url}", retryable=False)


class AsyncDriver(_Driver):
    """Runs flows in the running event loop; another loop gets connections of its own."""

    _client: httpx.AsyncClient | None = None
    _home: tuple[int, asyncio.AbstractEventLoop] | None = None

    async def run(self, flow: Flow[T]) -> T:
        """The result of `flow`. Raises what the flow raises, and `TransportError`."""
        try:
            request = next(flow)
            while True:
                try:
                    answer = await self._send(request)
                except TransportError as error:
                    request = flow.throw(error)
                else:
                    request = flow.send(answer)
        except StopIteration as stop:
            return cast(T, stop.value)

    async def close(self) -> None:
        """Give the connections back. A closed client sends nothing more."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None and self._home == self._here():
            await client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @staticmethod
    def _here() -> tuple[int, asyncio.AbstractEventLoop]:
        return os.getpid(), asyncio.get_running_loop()

    def _connected(self) -> httpx.AsyncClient:
        options, here = self._options(), self._here()
        if self._client is None or self._home != here:
            # Connections belong to their loop and process; those of another one are left to it.
            self._client, self._home = httpx.AsyncClient(**options), here
        return self._client

    async def _send(self, request: Request) -> Answer:
        client, deadline = self._connected(), self._deadline()
        address = self._address(request.path)
        with suppress_instrumentation():
            try:
                for _ in range(MAX_REDIRECTS + 1):
                    async with client.stream(
                        "POST", address, content=request.body, headers=request.headers
                    ) as response:
                        target = self._redirect(address, response)
                        if target is None:
                            body = bytearray()
                            async for chunk in response.aiter_bytes():
                                body += chunk
                                self._check(deadline)
                            return Answer(response.status_code, response.headers, bytes(body))
                    address = target
            except _TRANSPORT_PROBLEMS as error:
                raise self._problem(error) from error
        raise TransportError(f"more than {MAX_REDIRECTS} redirects from {self._url}", retryable=False)
