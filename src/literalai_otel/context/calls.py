"""Wrapping a function so that something happens around its body and nothing else changes.

One wrapper for each kind of function: functions, coroutine functions, generator functions and async generator
functions stay what `inspect` says they are, keep name, signature and pickling, and whatever reaches a
generator (`send`, `throw`, `close`) reaches its body.

The body runs in an OTel context of its own. For generators it is current only while the body runs: it is attached
for each resumption and detached before the item is handed out, so no token is ever held across a `yield`, and
what the body itself made current (an inner step, say) is kept for its next resumption. Only the OTel context is
switched: other context variables reach the body and its consumer exactly as without the wrapper. A copied
`contextvars.Context` per resumption would lose them, and `@contextmanager` functions live on that.
"""

import functools
import inspect
import sys
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, TypeVar, cast

from opentelemetry import context as otel_context
from opentelemetry.context import Context

from literalai_otel.context.state import enter

F = TypeVar("F", bound=Callable[..., Any])


class Call:
    """One call of a wrapped function. The methods must not raise."""

    def __init__(self, context: Context) -> None:
        """`context` is current while the body runs."""
        self.context = context

    def yielded(self, item: Any) -> None:
        """The body of a generator handed out `item`."""

    def returned(self, result: Any) -> None:
        """The body is done."""

    def raised(self, error: BaseException) -> None:
        """The body ended with `error`: also GeneratorExit, when a generator was closed early."""

    def left(self) -> None:
        """After the body returned, or failed with an `Exception`. May block, unlike the others."""

    async def left_async(self) -> None:
        """The same for coroutines and async generators."""
        self.left()

    def resume(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a part of the body."""
        attached = enter(self.context)
        try:
            return function(*args)
        finally:
            self._suspend(attached)

    async def resume_async(self, awaitable: Any) -> Any:
        """Await a part of the body."""
        attached = enter(self.context)
        try:
            return await awaitable
        finally:
            self._suspend(attached)

    def _suspend(self, attached: Any) -> None:
        self.context = otel_context.get_current()
        attached.leave()


Opener = Callable[[tuple[Any, ...], dict[str, Any]], Call]
"""Begins a call with these arguments. Must not raise."""


def wrap(function: F, begin: Opener) -> F:
    """`function` with `begin(args, kwargs)` around every call. Raises TypeError for what is no function."""
    wrapped = unbound(function)
    if wrapped is not function:
        return cast(Any, type(function))(wrap(wrapped, begin))
    if isinstance(wrapped, type) or not callable(wrapped):
        raise TypeError(f"{wrapped!r} is no function: decorate its functions or methods")
    if inspect.isasyncgenfunction(wrapped):
        return cast(F, _async_generator(wrapped, begin))
    if inspect.isgeneratorfunction(wrapped):
        return cast(F, _generator(wrapped, begin))
    if inspect.iscoroutinefunction(wrapped) or inspect.iscoroutinefunction(
        getattr(wrapped, "__call__", None)  # noqa: B004 - whether calling it gives a coroutine
    ):
        return cast(F, _coroutine(cast(Any, wrapped), begin))
    return cast(F, _function(wrapped, begin))


def unbound(function: Any) -> Callable[..., Any]:
    """The function inside a `staticmethod` or `classmethod` object; any other as it is."""
    found: Any = function
    return found.__func__ if isinstance(function, (staticmethod, classmethod)) else found


def _function(function: Callable[..., Any], begin: Opener) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        recording = begin(args, kwargs)
        attached = enter(recording.context)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            recording.raised(error)
            if isinstance(error, Exception):
                recording.left()
            raise
        else:
            recording.returned(result)
            recording.left()
            return result
        finally:
            attached.leave()

    return call


def _coroutine(
    function: Callable[..., Coroutine[Any, Any, Any]], begin: Opener
) -> Callable[..., Coroutine[Any, Any, Any]]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        recording = begin(args, kwargs)
        attached = enter(recording.context)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            recording.raised(error)
            if isinstance(error, Exception):
                await recording.left_async()
            raise
        else:
            recording.returned(result)
            await recording.left_async()
            return result
        finally:
            attached.leave()

    return call


def _generator(
    function: Callable[..., Generator[Any, Any, Any]], begin: Opener
) -> Callable[..., Generator[Any, Any, Any]]:
    @functools.wraps(function)
    def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        body = function(*args, **kwargs)
        recording = begin(args, kwargs)
        value: Any = None
        resume: Callable[[Any], Any] = body.send
        try:
            while True:
                item = recording.resume(resume, value)
                recording.yielded(item)
                resume, value = body.send, None
                try:
                    value = yield item
                except BaseException as thrown:  # GeneratorExit too: the body decides what closing means
                    resume, value = body.throw, thrown
        except StopIteration as stop:
            recording.returned(stop.value)
            recording.left()
            return stop.value
        except BaseException as error:
            recording.raised(error)
            if isinstance(error, Exception):
                recording.left()
            raise
        finally:
            del value  # an exception that was thrown in refers to this frame

    code = getattr(function, "__code__", None)
    if code is not None and code.co_flags & inspect.CO_ITERABLE_COROUTINE:
        return cast(Any, types.coroutine(generate))  # awaitable, as the function is
    return generate


def _async_generator(
    function: Callable[..., AsyncGenerator[Any, Any]], begin: Opener
) -> Callable[..., AsyncGenerator[Any, Any]]:
    @functools.wraps(function)
    async def generate(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        body = function(*args, **kwargs)
        recording = begin(args, kwargs)
        value: Any = None
        resume: Callable[[Any], Any] = functools.partial(_first_step, body)
        try:
            while True:
                item = await recording.resume_async(resume(value))
                recording.yielded(item)
                resume, value = body.asend, None
                try:
                    value = yield item
                except BaseException as thrown:
                    resume, value = body.athrow, thrown
        except StopAsyncIteration:
            recording.returned(None)
            await recording.left_async()
        except BaseException as error:
            recording.raised(error)
            if isinstance(error, Exception):
                await recording.left_async()
            raise
        finally:
            del value

    return generate


def _first_step(body: AsyncGenerator[Any, Any], value: Any) -> Any:
    """`body.asend(value)`, hidden from the event loop's list of async generators.

    The loop closes what is on that list at its end, each in a task of its own. It has the generator around this
    one, which closes this one; closing both at once would fail with "already running".
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return body.asend(value)
    finally:
        sys.set_asyncgen_hooks(*hooks)
