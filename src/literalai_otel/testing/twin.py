"""The twin runner: a program run bare and run instrumented must look the same to its user.

A *case* is a coroutine function `case(world)`. It drives a client through `world` and shows what the user's
program can see (`world.show`, `world.here`). The same case serves a synchronous and an asynchronous client:
`await world.call(x)` awaits only what is awaitable, `world.each` and `world.entering` iterate and enter either
kind, and a synchronous run has no event loop at all.

`observe(case, …)` returns an `Observation`; two of them are compared with `==`.
"""

import asyncio
import contextlib
import contextvars
import gc
import inspect
import io
import re
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from opentelemetry import context, trace

from literalai_otel.testing.fake_provider import FakeProvider
from literalai_otel.testing.replies import RecordedRequest


class World:
    """What a case gets.

    Args:
        provider: The model provider, empty.
        asynchronous: Which kind of client the case drives.
    """

    def __init__(self, provider: FakeProvider, *, asynchronous: bool) -> None:
        self.provider = provider
        self.asynchronous = asynchronous
        self.shown: list[tuple[str, Any]] = []

    def show(self, label: str, value: Any) -> None:
        """Add to the observation how `value` looks (see `view`)."""
        self.shown.append((label, view(value)))

    def here(self, label: str) -> None:
        """Add to the observation the current span and everything else in the present context."""
        span = trace.get_current_span()
        seen = {
            "span": getattr(span, "name", None),
            "context keys": sorted(context.get_current()),
            "context variables": sorted(variable.name for variable in contextvars.copy_context()),
        }
        self.shown.append((label, seen))

    async def call(self, value: Any) -> Any:
        """`value`, awaited when it can be."""
        return await value if inspect.isawaitable(value) else value

    def each(self, stream: Any) -> AsyncIterator[Any]:
        """Iterate over `stream` as `for` or `async for` would."""
        return _AsyncSteps(stream) if self.asynchronous else _SyncSteps(stream)

    def entering(self, manager: Any) -> contextlib.AbstractAsyncContextManager[Any]:
        """Enter and leave `manager` as `with` or `async with` would."""
        return manager if self.asynchronous else _SyncBlock(manager)

    def collect(self) -> None:
        """Let the garbage collector find every cycle."""
        for _ in range(2):  # finalizers of the first round may free more
            gc.collect()

    async def settle(self) -> None:
        """Let callbacks of the event loop run, then collect again: async generators need both."""
        if self.asynchronous:
            for _ in range(5):
                await asyncio.sleep(0)
        self.collect()


class _SyncSteps(AsyncIterator[Any]):
    """A plain class: a generator in between would outlive a `break` in the case."""

    def __init__(self, stream: Any) -> None:
        self._iterator = iter(stream)

    async def __anext__(self) -> Any:
        try:
            return next(self._iterator)
        except StopIteration:
            raise StopAsyncIteration from None


class _AsyncSteps(AsyncIterator[Any]):
    def __init__(self, stream: Any) -> None:
        self._iterator = aiter(stream)

    async def __anext__(self) -> Any:
        return await anext(self._iterator)


class _SyncBlock(contextlib.AbstractAsyncContextManager[Any]):
    def __init__(self, manager: Any) -> None:
        self._manager = manager

    async def __aenter__(self) -> Any:
        return self._manager.__enter__()

    async def __aexit__(self, *details: Any) -> bool | None:
        return self._manager.__exit__(*details)


@dataclass(frozen=True)
class Observation:
    """What a run of a case looked like from outside."""

    shown: Sequence[tuple[str, Any]]
    wire: Sequence[Mapping[str, Any]]
    warned: Sequence[tuple[str, str, str]]
    """Category, message, and the file that is named as its place."""
    printed: tuple[str, str]
    """stdout, stderr."""
    raised: Any
    """The exception that left the case, as `view` shows it, or None."""


class MakeWorld(Protocol):
    """Builds the world of one run; `aclose` is awaited in the end, inside the run's event loop if it has one."""

    def __call__(self, provider: FakeProvider, *, asynchronous: bool) -> World:
        """A new world."""
        ...


Case = Callable[[Any], Coroutine[Any, Any, None]]


def observe(
    case: Case, provider: FakeProvider, make_world: MakeWorld, *, asynchronous: bool, tracer: trace.Tracer
) -> Observation:
    """Run `case` once inside a span of the user named `caller`, and tell what could be seen.

    Args:
        case: The program.
        provider: Its model provider; recorded requests and scripts are cleared before the run.
        make_world: Builds the world, by default with the clients that the case needs.
        asynchronous: Run it with asynchronous clients, in an event loop of its own.
        tracer: Opens the user's span.
    """
    provider.clear()
    world = make_world(provider, asynchronous=asynchronous)

    async def program() -> None:
        world.here("before")
        try:
            await case(world)
        finally:
            world.here("after")
            close = getattr(world, "aclose", None)
            if close is not None:
                await close()

    def run() -> Any:
        with tracer.start_as_current_span("caller", record_exception=False, set_status_on_exception=False):
            try:
                if asynchronous:
                    asyncio.run(program())
                else:
                    run_without_loop(program())
            except Exception as error:
                return view(error)
        return None

    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        warnings.simplefilter("always")
        raised = contextvars.copy_context().run(run)
        world.collect()
    return Observation(
        shown=tuple(world.shown),
        wire=tuple(wire_view(request) for request in provider.requests),
        # The collector decides when an unclosed socket is noticed, so those warnings differ between equal runs.
        warned=tuple(
            (each.category.__name__, str(each.message), each.filename)
            for each in caught
            if not issubclass(each.category, ResourceWarning)
        ),
        printed=(stdout.getvalue(), stderr.getvalue()),
        raised=raised,
    )


def run_without_loop(program: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never suspends. Raises `RuntimeError` if it does."""
    try:
        program.send(None)
    except StopIteration as stop:
        return stop.value
    program.close()
    raise RuntimeError("a synchronous case must not wait for an event loop")


def wire_view(request: RecordedRequest) -> Mapping[str, Any]:
    """A request in comparable form: everything that went over the socket, but the random boundary of a form."""
    found = re.search(r"boundary=(\S+)", request.header("content-type") or "")
    boundary = found[1] if found else ""
    return {
        "method": request.method,
        "path": request.path,
        "headers": tuple((name, value.replace(boundary, "…") if found else value) for name, value in request.headers),
        "body": request.body.replace(boundary.encode(), b"...") if found else request.body,
    }


def view(value: Any, depth: int = 0) -> Any:
    """How `value` looks to its holder: type, contents and, for an exception, all that it carries."""
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if depth > 6:
        return name
    if isinstance(value, BaseException):
        return {
            "type": name,
            "text": str(value),
            "args": view(value.args, depth + 1),
            "attributes": view(vars(value), depth + 1),
            "notes": list(getattr(value, "__notes__", ())),
            "cause": view(value.__cause__, depth + 1),
            "context": None if value.__context__ is None else type(value.__context__).__qualname__,
        }
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value).items()
        return {str(key): view(item, depth + 1) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [view(item, depth + 1) for item in cast(Sequence[Any], value)]
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        # `Parsed…[T]` types warn when they are dumped; that is the SDK's, with and without us.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {"type": name, "model": dump(mode="json"), "request id": getattr(value, "_request_id", None)}
    return name
