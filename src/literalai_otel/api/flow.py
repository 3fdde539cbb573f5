"""The two drivers, which run the flows of operations: one in the calling thread, one in the event loop.

Each has one keep-alive client; they differ by an `await`. This is the only module that knows the HTTP library.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar, Final, Self, TypedDict, TypeVar, cast

import httpx
from opentelemetry.instrumentation.utils import suppress_instrumentation

from literalai_otel import __version__
from literalai_otel.api.current import NOWHERE, Current
from literalai_otel.api.operation import Answer, Flow, Request, Upload
from literalai_otel.errors import ConfigError, TransportError

T = TypeVar("T")

CLIENT_NAME: Final = "py-literalai-otel"
"""Not that of the published client: servers spare that one what it cannot parse."""
DEFAULT_TIMEOUT: Final = 10.0
"""Seconds for each phase of a request (connect, send, first byte), and for reading the whole answer."""
MAX_REDIRECTS: Final = 5

_TRANSPORT_PROBLEMS: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    RuntimeError,
    OSError,
    UnicodeError,
)
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
"""303 is missing on purpose: it asks for a GET, which no endpoint of ours answers."""


class DriverOptions(TypedDict, total=False):
    """The keywords of the drivers, see there."""

    environment: str | None
    timeout: float
    transport: Any
    current: Callable[[], Current] | None


class _Driver:
    """What both drivers know: where, as whom, and for how long.

    Args:
        url: Address of the server; a trailing slash does not matter.
        api_key: Key of a project.
        environment: `x-env` of every request that does not name its own.
        timeout: Seconds for each phase of a request, and for reading the whole answer.
        transport: Another way to carry requests, for tests.
        current: Says where in the program an operation is called; nowhere by default.

    Raises:
        ConfigError: The address or the key cannot be used.
    """

    asynchronous: ClassVar[bool]
    """Whether operations are to be awaited."""

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        environment: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        transport: Any = None,
        current: Callable[[], Current] | None = None,
    ) -> None:
        if not api_key.isascii() or not api_key.isprintable() or not api_key:
            raise ConfigError("the API key has characters that no HTTP header may hold; copy it again")
        try:
            self._url = httpx.URL(url.rstrip("/"))
        except httpx.InvalidURL as problem:
            raise ConfigError(f"the server address {url!r} cannot be used: {problem}") from None
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise ConfigError(f"the server address {url!r} must start with http:// or https:// and name a host")
        self.api_key = api_key
        self.url = str(self._url)
        self._current = current
        self._environment = environment
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

    def here(self) -> Current:
        """Where the program is: the thread and step that an operation without ids of its own belongs to."""
        return self._current() if self._current is not None else NOWHERE

    def _options(self) -> dict[str, Any]:
        if self._closed:
            raise TransportError("the client is closed", retryable=False)
        return {"headers": self._headers, "timeout": httpx.Timeout(self._timeout), "transport": self._transport}

    def _address(self, request: Request | Upload) -> httpx.URL:
        if isinstance(request, Upload):
            return self._url.join(request.url)
        return self._url.copy_with(path=self._url.path.rstrip("/") + request.path)

    def _build(
        self, client: httpx.Client | httpx.AsyncClient, request: Request | Upload, address: httpx.URL, body: Any
    ) -> httpx.Request:
        limits = httpx.Timeout(self._limit(request))
        if isinstance(request, Request):
            headers = dict(request.headers)
            environment = self.here().environment or self._environment
            if environment and "x-env" not in headers:
                headers["x-env"] = environment
            return client.build_request("POST", address, content=body, headers=headers, timeout=limits)
        # Not by `client.build_request`, which would add our headers, the key among them.
        headers = {name.lower(): value for name, value in request.headers.items()}
        extensions = {"timeout": limits.as_dict()}
        if request.fields is None:
            return httpx.Request(request.method, address, headers=headers, content=body, extensions=extensions)
        headers.pop("content-type", None)  # has to name the boundary, which the server cannot know
        return httpx.Request(
            request.method,
            address,
            headers=headers,
            data=dict(request.fields),
            files={"file": (request.file_name, body, request.mime)},
            extensions=extensions,
        )

    def _redirect(self, request: Request | Upload, address: httpx.URL, response: httpx.Response) -> httpx.URL | None:
        """Where to repeat the POST; None when the answer is final.

        The library's own redirects turn a POST into a GET, and would give the key to whatever host is named.
        """
        location = response.headers.get("location")
        if response.status_code not in _REDIRECTS or not location or isinstance(request, Upload):
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

    def _limit(self, request: Request | Upload) -> float:
        """Seconds for each phase of `request`."""
        own = request.timeout if isinstance(request, Request) else None
        return self._timeout if own is None else own

    def _deadline(self, request: Request | Upload, begun: float) -> float:
        """When the whole answer must be here. Sending a file may take any time, as long as it moves."""
        return (time.monotonic() if isinstance(request, Upload) else begun) + self._limit(request)

    def _check(self, request: Request | Upload, deadline: float) -> None:
        # The library bounds each read, not their sum: a server that drips bytes would hold us for ever.
        if time.monotonic() > deadline:
            raise TransportError(f"no complete answer from {self._place(request)} within {self._limit(request):g} s")

    def _place(self, request: Request | Upload) -> str:
        """How messages name the other side; the rest of an address for uploads is a secret."""
        if isinstance(request, Request):
            return str(self._url)
        try:
            address = self._url.join(request.url)
        except httpx.InvalidURL:
            return "the address for uploads that the server named"
        return f"{address.scheme}://{address.netloc.decode('ascii')}"

    def _problem(self, request: Request | Upload, error: Exception) -> TransportError:
        place = self._place(request)
        if isinstance(error, httpx.TimeoutException):
            return TransportError(f"no answer from {place} within {self._limit(request):g} s")
        if isinstance(error, httpx.ConnectError):
            return TransportError(f"cannot connect to {place}: {error}")
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError | UnicodeError):
            return TransportError(f"cannot send to {place}: {error}", retryable=False)
        return TransportError(f"lost the connection to {place}: {error or type(error).__name__}")


@contextmanager
def _body(request: Request | Upload) -> Generator[bytes | IO[bytes]]:
    """What to send; a file is open meanwhile, and never in memory as a whole."""
    content = request.body if isinstance(request, Request) else request.content
    if isinstance(content, Path):
        with content.open("rb") as file:
            yield file
    else:
        yield content


class _InThreads(httpx.AsyncByteStream):
    """A body whose chunks are read in worker threads: reading a file would hold the event loop."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks: Iterator[bytes] = iter(self._stream)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk


class SyncDriver(_Driver):
    """Runs flows in the calling thread. Thread-safe, and usable after a fork."""

    asynchronous = False

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

    def _send(self, request: Request | Upload) -> Answer:
        client, begun = self._connected(), time.monotonic()
        with suppress_instrumentation():
            try:
                address = self._address(request)
                for _ in range(MAX_REDIRECTS + 1):
                    with (
                        _body(request) as body,
                        closing(client.send(self._build(client, request, address, body), stream=True)) as response,
                    ):
                        target, deadline = self._redirect(request, address, response), self._deadline(request, begun)
                        if target is None:
                            content = bytearray()
                            for chunk in response.iter_bytes():
                                content += chunk
                                self._check(request, deadline)
                            return Answer(response.status_code, response.headers, bytes(content))
                    address = target
            except _TRANSPORT_PROBLEMS as error:
                raise self._problem(request, error) from error
        raise TransportError(f"more than {MAX_REDIRECTS} redirects from {self._url}", retryable=False)


class AsyncDriver(_Driver):
    """Runs flows in the running event loop; another loop gets connections of its own."""

    asynchronous = True

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

    async def _send(self, request: Request | Upload) -> Answer:
        client, begun = self._connected(), time.monotonic()
        with suppress_instrumentation():
            try:
                address = self._address(request)
                for _ in range(MAX_REDIRECTS + 1):
                    with _body(request) as body:
                        built = self._build(client, request, address, body)
                        if not isinstance(body, bytes):
                            built.stream = _InThreads(built.stream)
                        async with aclosing(await client.send(built, stream=True)) as response:
                            target, deadline = (
                                self._redirect(request, address, response),
                                self._deadline(request, begun),
                            )
                            if target is None:
                                content = bytearray()
                                async for chunk in response.aiter_bytes():
                                    content += chunk
                                    self._check(request, deadline)
                                return Answer(response.status_code, response.headers, bytes(content))
                    address = target
            except _TRANSPORT_PROBLEMS as error:
                raise self._problem(request, error) from error
        raise TransportError(f"more than {MAX_REDIRECTS} redirects from {self._url}", retryable=False)
