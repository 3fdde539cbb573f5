"""What an operation is: a flow behind a typed descriptor (`spec/style.md` §4.4).

A flow is a generator that yields requests, receives answers and returns its result, so that several round trips read
top-down. It does no I/O of its own; the drivers in `flow` do.
"""

from collections.abc import Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, Protocol, Self, TypeVar, overload

from literalai_otel.api.current import Current

if TYPE_CHECKING:
    from literalai_otel.api.flow import AsyncDriver, SyncDriver

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """A POST of JSON to `path`, below the server's address.

    `headers` are added to those of the client; `timeout`, in seconds, takes the place of the client's.
    """

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file for an address that the server named, which may be anyone's: nothing of the client goes along.

    With `fields` the body is a form, those fields first and in their order, then the file; without, it is the file.
    """

    method: Literal["POST", "PUT"]
    url: str
    content: bytes | Path
    headers: Mapping[str, str]
    fields: Mapping[str, str] | None = None
    file_name: str = "file"
    mime: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read to its end. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Surrounded(Protocol):
    """An API that knows where in the program it is called."""

    def here(self) -> Current:
        """The thread and step around the caller."""
        ...


Flow = Generator[Request | Upload, Answer, T]


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

        async def awaitable(*args: P.args, **kwargs: P.kwargs) -> Any:
            # Not `call`, which would do: frameworks ask `inspect.iscoroutinefunction`.
            return await call(*args, **kwargs)

        method = awaitable if driver.asynchronous else call
        method.__doc__ = self.__doc__
        method.__name__ = self.__name__
        method.__wrapped__ = flow.__get__(driver)  # pyright: ignore[reportFunctionMemberAccess] - for inspect and help()
        return method


def operation(flow: Callable[Concatenate[Any, P], Flow[T]]) -> Operation[P, T]:
    """Declare an operation once, for both drivers."""
    return Operation(flow)
