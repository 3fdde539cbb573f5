"""What a framework must bring to take part in the matrix: a driver, and the world in which the cases drive it."""

import asyncio
import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from opentelemetry.trace import TracerProvider

from literalai_otel.genai import Instrumentor
from literalai_otel.testing import Answer, Chat, FakeProvider, Gate, ToolCall
from literalai_otel.testing.twin import World

GREETING = "Hello from the fake provider."
HELLO = ({"role": "user", "content": "Hi"},)
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
WEATHER_CALLS = (ToolCall("call_1_ab", "get_weather", '{"city": "Paris"}'),)


class Address(Protocol):
    """Where a provider listens: a `FakeProvider`, or one in another process."""

    @property
    def origin(self) -> str:
        """`http://host:port`."""
        ...

    @property
    def base_url(self) -> str:
        """The same with `/v1`."""
        ...


@dataclass(frozen=True)
class Said:
    """An answer in the words of the matrix; what frameworks call it differs."""

    kind: str
    """The type of the object that the user holds."""
    text: str
    calls: Sequence[tuple[str | None, str, Any]] = ()
    """Id, name and arguments of each tool call."""


class Driver(ABC):
    """One way in which a program reaches a model: a framework, perhaps with an SDK's instrumentor below it.

    The methods return what the framework returns; for an asynchronous client that is an awaitable or an
    asynchronous iterator. Messages are dicts with `role` and `content`, as the cases write them.
    """

    id: ClassVar[str]
    scope: ClassVar[str]
    """Last part of the scope name of the spans."""
    needs: ClassVar[Sequence[str]]
    """Modules without which a lane does not run it."""
    instrumentors: ClassVar[Sequence[str]]
    """Classes to switch on, `module:class`."""
    provider_name: ClassVar[str] = "openai"
    model: ClassVar[str] = "gpt-4o"
    stream_usage: ClassVar[bool] = False
    """Whether its streams carry the usage."""
    lazy: ClassVar[bool] = False
    """Whether a stream asks the provider only when it is read."""
    answer: ClassVar[Callable[..., Answer]] = Chat
    """Builds an answer on the wire of its provider; the arguments are those of `Chat`."""

    @abstractmethod
    def client(self, provider: Address, asynchronous: bool) -> Any:
        """A client of `provider` that tries once."""

    @abstractmethod
    def ask(self, client: Any, messages: Any, tools: Sequence[Any] = (), **settings: Any) -> Any:
        """A call that is answered in one piece."""

    @abstractmethod
    def stream(self, client: Any, messages: Any, **settings: Any) -> Any:
        """A call that is answered in pieces."""

    @abstractmethod
    def said(self, answer: Any) -> Said:
        """What the answer to `ask` says."""

    @abstractmethod
    def piece(self, chunk: Any) -> str:
        """The text of one item of a stream."""

    def close(self, stream: Any) -> Any:
        """Leave `stream` before its end, as the framework documents it."""
        return stream.aclose() if hasattr(stream, "aclose") else stream.close()

    def close_client(self, client: Any) -> Any:
        """Give back what `client` holds."""
        return None

    def __str__(self) -> str:
        return self.id

    @property
    def served(self) -> str:
        """The name under which the provider serves the model."""
        return f"{self.model}-2025-01-01"

    @property
    def installed(self) -> bool:
        """Whether this environment has what it needs."""
        return all(map(installed, self.needs))

    def load(self) -> None:
        """Import the framework."""
        for name in self.needs:
            importlib.import_module(name)

    @contextmanager
    def instrumented(self, provider: TracerProvider | None = None) -> Iterator[list[Instrumentor]]:
        """Its instrumentors, switched on in their order; switched off in the end."""
        made: list[Instrumentor] = []
        try:
            for path in self.instrumentors:
                module, _, name = path.partition(":")
                instrumentor = getattr(importlib.import_module(module), name)()
                instrumentor.instrument(tracer_provider=provider)
                made.append(instrumentor)
            yield made
        finally:
            for instrumentor in made:
                instrumentor.uninstrument()


def installed(module: str) -> bool:
    """Whether `module` can be imported; its parents are imported to find out."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


class ConformanceWorld(World):
    """The world of a case: one driver, and what the program saw of it."""

    def __init__(self, driver: Driver, provider: FakeProvider, *, asynchronous: bool) -> None:
        super().__init__(provider, asynchronous=asynchronous)
        self.driver = driver
        self.caught: list[BaseException] = []
        self._clients: list[Any] = []
        self._text_has_come = asyncio.Event()
        self.script({})

    def client(self) -> Any:
        """A client, closed at the end of the case."""
        made = self.driver.client(self.provider, self.asynchronous)
        self._clients.append(made)
        return made

    def script(self, *answers: Mapping[str, Any] | Answer) -> None:
        """The next answers: those given as a dict are made on the wire of the driver's provider."""
        head = {"text": GREETING, "model": self.driver.served}
        self.provider.script(
            *(self.driver.answer(**{**head, **each}) if isinstance(each, Mapping) else each for each in answers)
        )

    async def ask(self, client: Any, messages: Any = HELLO, tools: Sequence[Any] = (), label: str = "answer") -> Said:
        """Ask, and show what was said."""
        said = self.driver.said(await self.call(self.driver.ask(client, messages, tools)))
        self.show(label, [said.kind, said.text, [list(call) for call in said.calls]])
        return said

    async def open(self, client: Any, messages: Any = HELLO) -> Any:
        """The stream of a call."""
        return await self.call(self.driver.stream(client, messages))

    async def read(self, stream: Any) -> str:
        """Read `stream` to its end and show its text."""
        pieces: list[str] = []
        async for chunk in self.each(stream):
            pieces.append(self.driver.piece(chunk))
            if pieces[-1]:
                self._text_has_come.set()
        self.show("pieces", pieces)
        return "".join(pieces)

    async def first_piece(self, stream: Any) -> None:
        """Read until some text has come, and leave the rest."""
        async for chunk in self.each(stream):
            if text := self.driver.piece(chunk):
                self.show("first", text)
                return

    async def attempt(
        self, action: Callable[[], Awaitable[Any]], caught: type[BaseException] = Exception, label: str = "attempt"
    ) -> None:
        """Await `action()`; an exception is shown and kept."""
        try:
            await action()
        except caught as error:
            # Where a recursion ends depends on the depth at which it began.
            self.show(label, type(error).__name__ if isinstance(error, RecursionError) else error)
            self.caught.append(error)

    async def in_task(self, action: Callable[[], Awaitable[Any]], gate: Gate, *, reading: bool = False) -> None:
        """Run `action()` as a task; cancel it when the provider stands at `gate` and, `reading`, text has come."""
        task = asyncio.ensure_future(action())
        await asyncio.to_thread(gate.wait_until_reached)
        if reading:
            await self._text_has_come.wait()
        task.cancel("no longer needed")
        try:
            await task
        except asyncio.CancelledError as error:
            self.show("cancelled", [error.args, task.cancelled()])
            self.caught.append(error)

    async def aclose(self) -> None:
        """Close the clients."""
        for client in self._clients:
            await self.call(self.driver.close_client(client))
        self._clients.clear()
