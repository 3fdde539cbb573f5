"""The world of the OpenAI cases: clients of the installed SDK, pointed at the fake provider."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import openai

from literalai_otel.testing import CapturedSpan, FakeProvider
from literalai_otel.testing.twin import World

OPENAI = tuple(int(part) for part in openai.VERSION.split(".")[:2])
HTTP = importlib.import_module("httpx2" if OPENAI >= (3, 0) else "httpx")
"""The HTTP library of the installed SDK."""

CLOSED_TWICE = "asynchronous generator is already running"
"""What asyncio may log of a dropped stream, with us and without: it closes the SDK's generators all at the same time,
and they one another."""

HELLO = [{"role": "user", "content": "Hi"}]


class OpenAIWorld(World):
    """Adds the clients; all that a case makes are closed at its end."""

    def __init__(self, provider: FakeProvider, *, asynchronous: bool) -> None:
        super().__init__(provider, asynchronous=asynchronous)
        self._clients: list[Any] = []

    def client(self, **settings: Any) -> Any:
        """`OpenAI` or `AsyncOpenAI`, without retries unless asked."""
        kind = openai.AsyncOpenAI if self.asynchronous else openai.OpenAI
        return self.keep(
            kind(**{"base_url": self.provider.base_url, "api_key": "sk-test", "max_retries": 0, **settings})
        )

    def azure(self, **settings: Any) -> Any:
        """`AzureOpenAI` or its asynchronous twin."""
        kind = openai.AsyncAzureOpenAI if self.asynchronous else openai.AzureOpenAI
        defaults = {
            "azure_endpoint": self.provider.origin,
            "api_key": "k",
            "api_version": "2024-10-21",
            "max_retries": 0,
        }
        return self.keep(kind(**{**defaults, **settings}))

    def keep(self, client: Any) -> Any:
        """Close `client` when the case is over."""
        self._clients.append(client)
        return client

    async def chat(self, client: Any = None, **asked: Any) -> Any:
        """`chat.completions.create` with a default model and message."""
        client = client if client is not None else self.client()
        return await self.call(client.chat.completions.create(**{"model": "gpt-4o", "messages": HELLO, **asked}))

    async def attempt(self, label: str, action: Callable[[], Any], caught: type[BaseException] = Exception) -> Any:
        """The result of `action()`, or the exception that it raised; shown in either case."""
        try:
            result = await self.call(action())
        except caught as error:
            self.show(label, error)
            return error
        self.show(label, result)
        return result

    async def aclose(self) -> None:
        """Close the clients."""
        for client in self._clients:
            await self.call(client.close())
        self._clients.clear()


@dataclass(frozen=True)
class Expect:
    """What is recorded for a case, one span unless it says otherwise. None: not looked at."""

    texts: Sequence[str] | None = None
    """Text of each output message."""
    error: str | None = None
    """Last part of `error.type`; None means that the span must not be an error."""
    outcome: str | None = None
    """How the stream ended, when it was not read to its end."""
    finish: Sequence[str] | None = None
    usage: tuple[int | None, int | None] | None = None
    model: str | None = "gpt-4o"
    operation: str = "chat"
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Some of the fields that Literal gets."""
    check: Callable[[CapturedSpan], None] | None = None


ONE = Expect()
NONE: tuple[Expect, ...] = ()
