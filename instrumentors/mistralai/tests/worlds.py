"""The world of the Mistral cases: clients of the installed SDK, pointed at the fake provider."""

import importlib
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from literalai_otel.testing import FakeProvider
from literalai_otel.testing.cases import Expect
from literalai_otel.testing.twin import World

MISTRAL = tuple(int(part) for part in version("mistralai").split(".")[:2])
HTTP = importlib.import_module("httpx2" if MISTRAL >= (3, 0) else "httpx")
"""The HTTP library of the installed SDK."""
PACKAGE = "mistralai.client" if MISTRAL >= (2, 0) else "mistralai"
"""Where the SDK keeps its classes."""
SDK: Any = importlib.import_module(PACKAGE)
for _name in ("chat", "fim", "agents", "conversations", "embeddings", "ocr", "classifiers", "transcriptions", "models"):
    # Now, so that the collections of the tests need not look at what the SDK otherwise loads when it is used.
    importlib.import_module(f"{PACKAGE}.{_name}")
UTILS: Any = importlib.import_module(f"{PACKAGE}.utils")
MODEL = "mistral-small"
HELLO = [{"role": "user", "content": "Hi"}]
GREETING = "Bonjour from the fake provider."

expect: Callable[..., Expect] = partial(Expect, name=f"chat {MODEL}", provider="mistral_ai")
"""A chat with the default model, if nothing else is said."""


class MistralWorld(World):
    """Adds the clients; all that a case makes are closed at its end."""

    def __init__(self, provider: FakeProvider, *, asynchronous: bool) -> None:
        super().__init__(provider, asynchronous=asynchronous)
        self._clients: list[Any] = []

    def client(self, **settings: Any) -> Any:
        """`Mistral`, without retries unless asked. One class serves both kinds."""
        return self.keep(
            SDK.Mistral(**{"server_url": self.provider.origin, "api_key": "k-test", **http_clients(), **settings})
        )

    def keep(self, client: Any) -> Any:
        """Close `client` when the case is over."""
        self._clients.append(client)
        return client

    async def do(self, resource: Any, method: str, **asked: Any) -> Any:
        """Call `resource.method`, or its asynchronous twin."""
        return await self.call(getattr(resource, f"{method}_async" if self.asynchronous else method)(**asked))

    async def chat(self, client: Any = None, method: str = "complete", **asked: Any) -> Any:
        """`chat.complete` with a default model and message."""
        client = client if client is not None else self.client()
        return await self.do(client.chat, method, **{"model": MODEL, "messages": HELLO, **asked})

    async def stream(self, client: Any = None, **asked: Any) -> Any:
        """`chat.stream` with a default model and message."""
        return await self.chat(client, "stream", **asked)

    async def read(self, stream: Any) -> None:
        """Read `stream` to its end, showing every event."""
        async for event in self.each(stream):
            self.show("event", event)

    async def attempt(self, label: str, action: Callable[[], Any], caught: type[BaseException] = Exception) -> Any:
        """The result of `action()`, or the exception that it raised; shown in either case."""
        try:
            result = await self.call(action())
        except caught as error:
            self.show(label, [type(error).__name__, str(error), getattr(error, "status_code", None)])
            return error
        self.show(label, result)
        return result

    async def aclose(self) -> None:
        """Close the clients."""
        for client in self._clients:
            sdk = client.sdk_configuration
            if self.asynchronous and sdk.async_client is not None:
                await sdk.async_client.aclose()
            elif sdk.client is not None:
                sdk.client.close()
        self._clients.clear()


def http_clients() -> dict[str, Any]:
    """HTTP clients that load no certificates, which takes longer than everything else."""
    return {"client": HTTP.Client(verify=False), "async_client": HTTP.AsyncClient(verify=False)}


def retrying(times: int) -> Any:
    """A retry configuration without waiting."""
    backoff = UTILS.BackoffStrategy(initial_interval=1, max_interval=1, exponent=1.0, max_elapsed_time=1000 * times)
    return UTILS.RetryConfig("backoff", backoff, retry_connection_errors=True)
